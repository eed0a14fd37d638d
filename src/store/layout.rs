//! Where everything stands in a store. Nothing else in this module spells a place.
//!
//! ```text
//! store.json                              that this is a store, and of which layout
//! blobs/sha256/ab/abcd...                 a file by the hash of its bytes
//! models/NAME/versions/00000001.json      one manifest a version, never changed
//! models/NAME/versions/00000001.sig       its signature, if it has one
//! models/NAME/aliases/ALIAS/00000001.json what the alias stands on, one entry a move
//! trash/sha256/ab/abcd....NONCE           blobs that a collection is about to delete, one place for each
//! clock/NONCE                             written to learn the time of the backend, and deleted
//! ```

use super::{Alias, Name};

/// The layout that is written, and the newest that is read.
pub const LAYOUT: u32 = 1;
/// Says that a place is a store.
pub const STORE: &str = "store.json";
/// Where the models are.
pub const MODELS: &str = "models";
/// Where the blobs are.
pub const BLOBS: &str = "blobs/sha256";
/// Where blobs wait for their deletion.
pub const TRASH: &str = "trash/sha256";
/// Where the time of the backend is looked at.
pub const CLOCK: &str = "clock";
/// Most numbers of one log: what eight digits hold.
pub const MAX_NUMBER: u64 = 99_999_999;

const DOCUMENT: &str = ".json";
/// Digits of a number that no other writer draws: 128 bits.
const NONCE_DIGITS: usize = 32;

/// Entries with numbers from 1 on, without a gap, each written once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The folder that the entries are in.
    pub folder: String,
}

impl Log {
    /// The manifests of a model.
    pub fn versions(name: &Name) -> Self {
        Log { folder: format!("{MODELS}/{name}/versions") }
    }

    /// What an alias stood on.
    pub fn alias(name: &Name, alias: &Alias) -> Self {
        Log { folder: format!("{}/{alias}", aliases(name)) }
    }

    /// The place of an entry. Eight digits, so that every listing is in order.
    pub fn place(&self, number: u64) -> String {
        format!("{}/{number:08}{DOCUMENT}", self.folder)
    }

    /// The place of the signature of an entry.
    pub fn signature(&self, number: u64) -> String {
        format!("{}/{number:08}.sig", self.folder)
    }
}

/// The folder of the aliases of a model.
pub fn aliases(name: &Name) -> String {
    format!("{MODELS}/{name}/aliases")
}

/// The number of an entry by the name of its file; `None` for what is no entry.
pub fn number(file: &str) -> Option<u64> {
    let digits = file.strip_suffix(DOCUMENT)?;
    let number = digits.parse().ok()?;
    (digits == format!("{number:08}") && (1..=MAX_NUMBER).contains(&number)).then_some(number)
}

/// What an object below [`MODELS`] is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The manifest of a version.
    Manifest(Name, u64),
    /// An entry of an alias.
    Alias(Name, Alias, u64),
    /// The signature of the manifest of a version.
    Signature(Name, u64),
}

/// What an object below [`MODELS`] is by its place; `None` for what no store puts there.
pub fn entry(place: &str) -> Option<Entry> {
    let parts: Vec<&str> = place.split('/').collect();
    match parts.as_slice() {
        [MODELS, name, "versions", file] => match file.strip_suffix(".sig") {
            Some(stem) => {
                let number = number(&format!("{stem}{DOCUMENT}"))?;
                Some(Entry::Signature(name.parse().ok()?, number))
            }
            None => Some(Entry::Manifest(name.parse().ok()?, number(file)?)),
        },
        [MODELS, name, "aliases", alias, file] => {
            Some(Entry::Alias(name.parse().ok()?, alias.parse().ok()?, number(file)?))
        }
        _ => None,
    }
}

/// The place of a blob below `root`. The first two digits spread them over folders.
pub fn blob(root: &str, sha256: &str) -> String {
    format!("{root}/{}/{sha256}", sha256.get(..2).unwrap_or("00"))
}

/// The place of a blob that a collection is about to delete. It has the number of the collection in it,
/// since two that shared a place would delete what the other one put there.
pub fn trash(sha256: &str, nonce: &str) -> String {
    format!("{}.{nonce}", blob(TRASH, sha256))
}

/// The folder that a blob waits in.
pub fn trash_folder(sha256: &str) -> String {
    format!("{TRASH}/{}", sha256.get(..2).unwrap_or("00"))
}

/// The hash that a blob's place says; `None` for what no store puts there. In the trash the number of a
/// collection follows it; the first stores of this layout put none.
pub fn sha256_of(place: &str) -> Option<&str> {
    let (rest, in_trash) = match place.strip_prefix(BLOBS) {
        Some(rest) => (rest, false),
        None => (place.strip_prefix(TRASH)?, true),
    };
    let (spread, file) = rest.strip_prefix('/')?.split_once('/')?;
    let sha256 = match file.split_once('.') {
        None => file,
        Some((sha256, nonce)) => (in_trash && is_nonce(nonce)).then_some(sha256)?,
    };
    (spread.len() == 2 && sha256.starts_with(spread) && is_sha256(sha256)).then_some(sha256)
}

/// Where the time is looked at. Each look has a number of its own.
pub fn clock(nonce: &str) -> String {
    format!("{CLOCK}/{nonce}")
}

/// True for what a writer that was killed leaves in a directory: the piece `PLACE#1` of an object that
/// the backend writes and renames, and an object of the clock. A store may lie among files of others,
/// so no more is taken for its own than what it could have put there itself.
pub fn is_leftover(place: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let piece = place.rsplit_once('#').filter(|(_, number)| digits(number));
    let whole = piece.map_or(place, |(whole, _)| whole);
    let nonce = whole.strip_prefix(CLOCK).and_then(|rest| rest.strip_prefix('/'));
    if nonce.is_some_and(is_nonce) {
        return true;
    }
    piece.is_some() && (whole == STORE || entry(whole).is_some() || sha256_of(whole).is_some())
}

/// True for 64 lower-case hexadecimal digits.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && is_hexadecimal(text)
}

fn is_nonce(text: &str) -> bool {
    text.len() == NONCE_DIGITS && is_hexadecimal(text)
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_back() {
        let name: Name = "churn".parse().unwrap();
        let alias: Alias = "production".parse().unwrap();
        let place = Log::versions(&name).place(12);
        assert_eq!(place, "models/churn/versions/00000012.json");
        assert_eq!(entry(&place), Some(Entry::Manifest(name.clone(), 12)));
        let place = Log::versions(&name).signature(12);
        assert_eq!(entry(&place), Some(Entry::Signature(name.clone(), 12)));
        let place = Log::alias(&name, &alias).place(3);
        assert_eq!(entry(&place), Some(Entry::Alias(name, alias, 3)));
        let sha256 = "ab".repeat(32);
        let place = blob(BLOBS, &sha256);
        assert_eq!(place, format!("blobs/sha256/ab/{sha256}"));
        assert_eq!(sha256_of(&place), Some(&*sha256));
        let nonce = "0f".repeat(16);
        let place = trash(&sha256, &nonce);
        assert_eq!(place, format!("trash/sha256/ab/{sha256}.{nonce}"));
        assert_eq!(sha256_of(&place), Some(&*sha256));
        // Of a collection before it wrote its number there.
        assert_eq!(sha256_of(&blob(TRASH, &sha256)), Some(&*sha256));
    }

    #[test]
    fn strangers_are_no_entries() {
        for file in [
            "1.json",
            "00000000.json",
            "0000001.json",
            "+0000001.json",
            "000000001.json",
            "00000001",
            "x.json",
        ] {
            assert_eq!(number(file), None, "{file}");
        }
        for place in [
            "models/A/versions/00000001.json",
            "models/a/00000001.json",
            "models/a/aliases/latest/00000001.json",
            "models/A/versions/00000001.sig",
        ] {
            assert_eq!(entry(place), None, "{place}");
        }
        assert!(!is_sha256(&"AB".repeat(32)) && !is_sha256("ab"));
        let sha256 = "ab".repeat(32);
        for place in [
            sha256.clone(),
            format!("src/{sha256}"),
            format!("blobs/sha256/{sha256}"),
            format!("blobs/sha256/cd/{sha256}"),
            format!("blobs/sha256/ab/x/{sha256}"),
            format!("blobs/sha256ab/{sha256}"),
            format!("blobs/sha256/ab/{sha256}.{}", "0f".repeat(16)),
            format!("trash/sha256/ab/{sha256}.0f"),
            format!("trash/sha256/ab/{sha256}."),
        ] {
            assert_eq!(sha256_of(&place), None, "{place}");
        }
    }

    #[test]
    fn a_leftover_is_of_the_store_itself() {
        let (sha256, nonce) = ("ab".repeat(32), "0f".repeat(16));
        for place in [
            "store.json#1".to_owned(),
            "models/a/versions/00000009.json#1".to_owned(),
            "models/a/versions/00000009.sig#12".to_owned(),
            "models/a/aliases/clock/00000001.json#1".to_owned(),
            format!("blobs/sha256/ab/{sha256}#1"),
            format!("trash/sha256/ab/{sha256}#0"),
            format!("trash/sha256/ab/{sha256}.{nonce}#2"),
            format!("clock/{nonce}"),
            format!("clock/{nonce}#1"),
        ] {
            assert!(is_leftover(&place), "{place}");
        }
        for place in [
            "store.json".to_owned(),
            "notes#1".to_owned(),
            "clock/time.py".to_owned(),
            "clock/time.py#1".to_owned(),
            format!("src/clock/{nonce}"),
            format!("clock/src/{nonce}"),
            "models/a/aliases/clock/00000001.json".to_owned(),
            "models/a/versions/00000001.json".to_owned(),
            "models/a/versions/00000001.json#".to_owned(),
            "models/a/versions/00000001.json#1x".to_owned(),
            "models/a/versions/notes#1".to_owned(),
            "models/notes#1".to_owned(),
            format!("blobs/sha256/ab/{sha256}"),
            format!("blobs/sha256/cd/{sha256}#1"),
        ] {
            assert!(!is_leftover(&place), "{place}");
        }
    }
}
