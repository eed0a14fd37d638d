//! What a file is by its first bytes, in words: for messages that say what was given instead of
//! what was expected. It loads nothing and decides nothing; [`super::registry::recognize`] picks
//! the format that a file is read with.

use crate::base::Limits;
use crate::pickle::Machine;
use crate::pickle::machine::Event;

/// A beginning that tells a kind of file, and what to call it.
const BEGINNINGS: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a zip archive (torch .pt and many others are zip archives)"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "gzip data (joblib compresses this way)"),
    (b"BZh", "bzip2 data (joblib compresses this way)"),
    (b"\xfd7zXZ\x00", "xz data (joblib compresses this way)"),
    (b"\x28\xb5\x2f\xfd", "zstd data"),
    (b"\x04\x22\x4d\x18", "lz4 data (joblib compresses this way)"),
    (b"\x93NUMPY", "a single numpy array (.npy)"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras .h5)"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"%PDF-", "a PDF document"),
    (b"ARROW1", "an Arrow IPC file"),
    (b"PAR1", "a Parquet file"),
    (b"GGUF", "a GGUF model"),
    (b"\x7fELF", "a program (ELF)"),
    (b"MZ", "a program (PE)"),
    (b"#!", "a script"),
    (b"DWEIGHT", "a deadweight raw file"),
    (b"deadweight ", "a deadweight file of another format or version"),
    (b"<?xml", "an XML document"),
    (b"<!DOCTYPE html", "an HTML page (was a web page downloaded in place of the file?)"),
    (b"<html", "an HTML page (was a web page downloaded in place of the file?)"),
    (
        b"version https://git-lfs",
        "a Git LFS pointer, not the file it stands for (run `git lfs pull`)",
    ),
];

/// Says what a file is, as far as its beginning tells.
///
/// ```
/// use deadweight::formats::sniff;
/// let pickle = b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00]\x94.";
/// assert!(sniff::describe(pickle).unwrap().starts_with("a pickle"));
/// assert_eq!(sniff::describe(b"who knows"), None);
/// ```
pub fn describe(bytes: &[u8]) -> Option<&'static str> {
    if bytes.is_empty() {
        return Some("an empty file");
    }
    if let [0x80, protocol @ 2..=5, ..] = bytes {
        return Some(match protocol {
            2 => "a pickle (protocol 2)",
            3 => "a pickle (protocol 3)",
            4 => "a pickle (protocol 4)",
            _ => "a pickle (protocol 5)",
        });
    }
    let known = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning));
    if let Some((_, description)) = known {
        return Some(description);
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Some("a tar archive");
    }
    if is_zlib(bytes) {
        return Some("zlib data (joblib compresses this way)");
    }
    if is_safetensors(bytes) {
        return Some("a safetensors file");
    }
    if is_onnx(bytes) {
        return Some("an ONNX model");
    }
    if is_old_pickle(bytes) {
        return Some("a pickle (protocol 0 or 1)");
    }
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => Some("JSON or a text like it"),
        _ => None,
    }
}

/// True for what begins as a pickle does.
pub fn is_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 2..=5, ..]) || is_old_pickle(bytes)
}

/// Words for an error's `found`: what the bytes are, or how they begin.
pub(crate) fn found(bytes: &[u8]) -> String {
    match describe(bytes) {
        Some(description) => description.to_owned(),
        None => format!("\"{}\"", bytes.get(..24).unwrap_or(bytes).escape_ascii()),
    }
}

/// Two bytes: deflate with a window, and a check that makes them a multiple of 31 (RFC 1950).
fn is_zlib(bytes: &[u8]) -> bool {
    match bytes {
        [method, flags, ..] => {
            let word = u16::from_be_bytes([*method, *flags]);
            *method == 0x78 && word.is_multiple_of(31) && flags & 0x20 == 0
        }
        _ => false,
    }
}

fn is_safetensors(bytes: &[u8]) -> bool {
    let length = bytes.first_chunk::<8>().map(|word| u64::from_le_bytes(*word));
    matches!(length, Some(2..=100_000_000)) && matches!(bytes.get(8..10), Some([b'{', b'"' | b'}']))
}

/// A protobuf whose first field is `ir_version` (field 1, varint) with a small version, followed
/// by a field that `ModelProto` has (2 to 8, 14, 20, 25).
fn is_onnx(bytes: &[u8]) -> bool {
    const NEXT: [u8; 7] = [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42];
    matches!(bytes, [0x08, 1..=20, next, ..] if NEXT.contains(next))
}

/// Protocols 0 and 1 have no header: their last byte is STOP, and their first instructions can be
/// carried out. A text that ends with a full stop fails within a word.
fn is_old_pickle(bytes: &[u8]) -> bool {
    const INSTRUCTIONS: usize = 4;
    if bytes.last() != Some(&b'.') {
        return false;
    }
    let limits = Limits::default();
    let mut machine = Machine::new(bytes, &limits);
    for _ in 0..INSTRUCTIONS {
        match machine.step() {
            Ok(Some(step)) if matches!(step.event, Event::Stopped(_)) => {
                return machine.position() == bytes.len();
            }
            Ok(Some(_)) => {}
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_named_and_nothing_is_guessed() {
        let cases: [(&[u8], &str); 12] = [
            (b"", "an empty file"),
            (b"\x80\x02}q\x00.", "a pickle (protocol 2)"),
            (b"\x80\x05\x95", "a pickle (protocol 5)"),
            (b"cos\nsystem\n(S'id'\ntR.", "a pickle (protocol 0 or 1)"),
            (b"PK\x03\x04rest", "a zip archive"),
            (b"\x1f\x8b\x08", "gzip data"),
            (b"\x78\x9c\x01", "zlib data"),
            (b"\x93NUMPY\x01\x00", "a single numpy array"),
            (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
            (b"\x08\x08\x12\x07pytorch", "an ONNX model"),
            (b"\x02\x00\x00\x00\x00\x00\x00\x00{}", "a safetensors file"),
            (b" {\"a\": 1}", "JSON"),
        ];
        for (bytes, expected) in cases {
            let found = describe(bytes).unwrap_or("nothing");
            assert!(found.starts_with(expected), "{bytes:?}: {found}");
        }
        for old in [&b"(VText\np0\nI1\ntp1\n."[..], b"(lp0\nI1\na.", b"]q\0K\x01a.", b"I1\n."] {
            assert!(is_pickle(old), "{old:?}");
        }
        for text in ["(hello.", "I am a text.", "No.", "end.", "12.", "]", "(a list)."] {
            assert!(!is_pickle(text.as_bytes()), "{text}");
        }
        assert_eq!(describe(b"plain words"), None);
        assert_eq!(describe(&[0x80]), None);
        assert_eq!(describe(&[0x78, 0x00]), None);
        assert_eq!(found(b"\x00\xffwords"), "\"\\x00\\xffwords\"");
    }
}
