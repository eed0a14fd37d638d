//! Reads everything that is in a store, and names what is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::layout::{self, BLOBS, Entry, MODELS, sha256_of};
use super::{Alias, Blob, Manifest, Name, Progress, Store, StoreError, silent, transfer};
use crate::base::digest;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: an object of the store, or the version that cannot be loaded.
    pub place: String,
    /// What was expected and what was found.
    pub message: String,
}

/// What was looked at, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many models there are.
    pub models: usize,
    /// How many versions.
    pub versions: usize,
    /// How many moves of aliases.
    pub moves: usize,
    /// How many blobs versions refer to.
    pub blobs: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Blobs that no version refers to: of writers that did not finish, or are about to.
    pub unreferenced: usize,
    /// Pieces of writes that were never finished.
    pub leftovers: usize,
    /// What is wrong, in the order of places.
    pub problems: Vec<Problem>,
}

/// What is found on the way.
#[derive(Default)]
struct Findings {
    versions: BTreeMap<Name, BTreeSet<u64>>,
    moves: BTreeMap<(Name, Alias), BTreeSet<u64>>,
    signatures: BTreeMap<Name, BTreeSet<u64>>,
    /// Each blob with the versions that refer to it.
    blobs: BTreeMap<String, (Blob, Vec<String>)>,
    /// The hashes of the manifests that could be read.
    manifests: BTreeMap<(String, u64), String>,
    problems: Vec<Problem>,
}

/// Of a number that is not there.
const MISSING: &str = "it is missing, though later ones are there";

impl Findings {
    fn problem(&mut self, place: impl Into<String>, message: impl ToString) {
        let (place, message) = (place.into(), message.to_string());
        // What is wrong with a document begins with its place.
        let message =
            message.strip_prefix(&format!("{place}: ")).map(str::to_owned).unwrap_or(message);
        self.problems.push(Problem { place, message });
    }

    /// Names what is not there, or why that cannot be told. True when it is there.
    fn is_there(
        &mut self,
        place: impl Into<String>,
        there: Result<bool, StoreError>,
        message: impl ToString,
    ) -> bool {
        match there {
            Ok(true) => return true,
            Ok(false) => self.problem(place, message),
            Err(error) => self.problem(place, error),
        }
        false
    }
}

impl Store {
    /// Reads every document and every byte of every blob, and names all that is wrong. `progress` is
    /// told how many bytes of blobs were read.
    ///
    /// # Errors
    /// When the store cannot be listed; what is wrong in it is no error.
    pub fn verify(&self, progress: Progress<'_>) -> Result<Verified, StoreError> {
        let mut findings = self.list_entries()?;
        self.verify_versions(&mut findings);
        self.verify_signatures(&mut findings);
        self.verify_aliases(&mut findings);
        let bytes: u64 = findings.blobs.values().map(|(blob, _)| blob.size).sum();
        let done = AtomicU64::new(0);
        // A progress that is called from several threads would have to be prepared for it.
        let wrong: Vec<(String, Vec<String>, StoreError)> = {
            let blobs: Vec<&(Blob, Vec<String>)> = findings.blobs.values().collect();
            let checked = blobs.chunks(64).flat_map(|some| {
                let wrong: Vec<_> = some
                    .par_iter()
                    .filter_map(|(blob, versions)| {
                        let result = transfer::check(&self.backend, blob, &silent);
                        done.fetch_add(blob.size, Ordering::Relaxed);
                        Some((blob.sha256.clone(), versions.clone(), result.err()?))
                    })
                    .collect();
                progress(done.load(Ordering::Relaxed), bytes);
                wrong
            });
            checked.collect()
        };
        for (sha256, versions, error) in wrong {
            let place = layout::blob(BLOBS, &sha256);
            findings.problem(place, format!("{error}; of {}", versions.join(", ")));
        }
        let mut unreferenced = 0;
        self.backend.each(BLOBS, |place, _| {
            // What is no blob is not the store's own.
            let blob = sha256_of(&place);
            let is_without = blob.is_some_and(|sha256| !findings.blobs.contains_key(sha256));
            unreferenced += usize::from(is_without);
            Ok(())
        })?;
        findings.problems.sort_by(|a, b| a.place.cmp(&b.place));
        Ok(Verified {
            models: findings.versions.len(),
            versions: findings.versions.values().map(BTreeSet::len).sum(),
            moves: findings.moves.values().map(BTreeSet::len).sum(),
            blobs: findings.blobs.len(),
            bytes,
            unreferenced,
            leftovers: self.leftovers().len(),
            problems: findings.problems,
        })
    }

    fn list_entries(&self) -> Result<Findings, StoreError> {
        let mut findings = Findings::default();
        self.backend.each(MODELS, |place, _| {
            match layout::entry(&place) {
                Some(Entry::Manifest(name, version)) => {
                    findings.versions.entry(name).or_default().insert(version);
                }
                Some(Entry::Alias(name, alias, number)) => {
                    findings.moves.entry((name, alias)).or_default().insert(number);
                }
                Some(Entry::Signature(name, version)) => {
                    findings.signatures.entry(name).or_default().insert(version);
                }
                None => findings.problem(
                    place,
                    "expected a manifest, a signature or an entry of an alias, found another name",
                ),
            }
            Ok(())
        })?;
        Ok(findings)
    }

    fn verify_versions(&self, findings: &mut Findings) {
        for (name, versions) in findings.versions.clone() {
            for missing in missing(&versions) {
                let place = layout::Log::versions(&name).place(missing);
                let came = self.has_version(&name, missing, findings);
                findings.is_there(place, came, MISSING);
            }
            for version in versions {
                self.verify_version(&name, version, findings);
            }
        }
    }

    fn verify_version(&self, name: &Name, version: u64, findings: &mut Findings) {
        let place = layout::Log::versions(name).place(version);
        let read = || -> Result<(Manifest, Vec<u8>), StoreError> {
            let bytes = self.manifest_bytes(name, version)?;
            Ok((Manifest::open(name, version, &bytes)?, bytes))
        };
        let (manifest, bytes) = match read() {
            Ok(read) => read,
            Err(error) => return findings.problem(place, error),
        };
        // What a policy refuses is whole, and refers to its blobs all the same.
        if let Err(error) = self.admit(name, version, &bytes) {
            findings.problem(&place, error);
        }
        findings.manifests.insert((name.to_string(), version), digest::sha256(&bytes));
        for blob in manifest.blobs {
            let known = findings.blobs.entry(blob.sha256.clone());
            let (first, versions) = known.or_insert_with(|| (blob.clone(), Vec::new()));
            versions.push(format!("{name} version {version}"));
            if first.size != blob.size {
                let (size, other) = (blob.size, first.size);
                let message =
                    format!("blob {} has {size} bytes here and {other} elsewhere", blob.sha256);
                findings.problem(&place, message);
            }
        }
    }

    /// True for a version that is there. One that a writer put while the store was listed is verified first:
    /// one folder is listed before another, and a listing may leave out what is new while it shows what is newer.
    fn has_version(
        &self,
        name: &Name,
        version: u64,
        findings: &mut Findings,
    ) -> Result<bool, StoreError> {
        if findings.versions.get(name).is_some_and(|known| known.contains(&version)) {
            return Ok(true);
        }
        let place = layout::Log::versions(name).place(version);
        let is_there = self.backend.head(&place)?.is_some();
        if is_there {
            findings.versions.entry(name.clone()).or_default().insert(version);
            self.verify_version(name, version, findings);
        }
        Ok(is_there)
    }

    fn verify_signatures(&self, findings: &mut Findings) {
        for (name, versions) in findings.signatures.clone() {
            for version in versions {
                let place = layout::Log::versions(&name).signature(version);
                let there = self.has_version(&name, version, findings);
                let missing = "the version that it is a signature of is missing";
                if !findings.is_there(&place, there, missing) {
                    continue;
                }
                let checked = self.signature(&name, version).and_then(|signature| {
                    signature.map_or(Ok(()), |of| self.check_signature(&name, version, &of))
                });
                // What is wrong with the manifest has a line of its own.
                let is_read = findings.manifests.contains_key(&(name.to_string(), version));
                if let (Err(error), true) = (checked, is_read) {
                    findings.problem(place, error);
                }
            }
        }
    }

    fn verify_aliases(&self, findings: &mut Findings) {
        for ((name, alias), numbers) in findings.moves.clone() {
            let log = layout::Log::alias(&name, &alias);
            for missing in missing(&numbers) {
                let place = log.place(missing);
                let came = self.backend.head(&place).map(|found| found.is_some());
                if findings.is_there(place, came, MISSING) {
                    self.verify_move(&name, &alias, missing, findings);
                }
            }
            for number in numbers {
                self.verify_move(&name, &alias, number, findings);
            }
        }
    }

    fn verify_move(&self, name: &Name, alias: &Alias, number: u64, findings: &mut Findings) {
        let place = layout::Log::alias(name, alias).place(number);
        let entry = match self.alias_entry(name, alias, number) {
            Ok(entry) => entry,
            Err(error) => return findings.problem(place, error),
        };
        let version = entry.version;
        let there = self.has_version(name, version, findings);
        match findings.manifests.get(&(name.to_string(), version)) {
            Some(found) if *found == entry.manifest_sha256 => {}
            Some(found) => {
                let expected = &entry.manifest_sha256;
                let message = format!(
                    "version {version} had SHA-256 {expected} when this was written, it has {found}"
                );
                findings.problem(place, message);
            }
            // A manifest that cannot be read has its own line.
            None => {
                findings.is_there(place, there, format!("version {version} is missing"));
            }
        }
    }
}

/// The numbers from 1 on that are not there, though later ones are. Names of files may say any
/// number, so no more are listed than a person reads.
fn missing(numbers: &BTreeSet<u64>) -> Vec<u64> {
    const MOST: usize = 100;
    let mut missing = Vec::new();
    let mut expected = 1u64;
    for number in numbers {
        while expected < *number && missing.len() < MOST {
            missing.push(expected);
            expected = expected.saturating_add(1);
        }
        expected = number.saturating_add(1);
    }
    missing
}
