//! A length that claims far more than is there.

use super::*;

/// An array, or a header, of 2^60 bytes.
pub const ATTACK: Attack = Attack {
    id: "length-lie",
    title: "a length that claims more than the file has",
    summary: "One length of a valid file is changed to a number that no file has. A loader that allocates or seeks on \
              the word of it aborts, or reads memory that is not the file's.",
    severity: Severity::High,
    targets: Targets::EveryFormat,
    techniques: &[
        techniques::APPLICATION_OR_SYSTEM_EXPLOITATION,
        techniques::EXPLOITATION_FOR_CLIENT_EXECUTION,
    ],
    cwe: &[130, 789, 190],
    references: &[
        Reference {
            title: "CVE-2024-23496",
            url: "https://nvd.nist.gov/vuln/detail/CVE-2024-23496",
        },
        Reference {
            title: "GGML GGUF File Format Vulnerabilities",
            url: "https://www.databricks.com/blog/ggml-gguf-file-format-vulnerabilities",
        },
    ],
    build,
    expected: Expected::Refused,
    quick: false,
};

const LIE: u64 = 1 << 60;

fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let id = target.id();
    let elements = id.ends_with("-elements");
    let changed = match id.strip_suffix("-elements").unwrap_or(id) {
        "raw" => data_file::overwritten(&scene.valid, 8, &LIE.to_le_bytes()),
        "safetensors" => data_file::overwritten(&scene.valid, 0, &LIE.to_le_bytes()),
        "rkyv" => data_file::overwritten(&scene.valid, 56, &LIE.to_le_bytes()),
        "npz" => npz(&scene.valid),
        // Offset and length of the buffer stand side by side.
        "arrow" => data_file::replaced_all(&scene.valid, &16u64.to_le_bytes(), &LIE.to_le_bytes()),
        // The number of elements stands before them.
        "flatbuffers" => data_file::replaced(
            &scene.valid,
            &[&2u32.to_le_bytes()[..], &data_file::coef()].concat(),
            &[&0xffff_fff0u32.to_le_bytes()[..], &data_file::coef()].concat(),
        ),
        "json" | "json-simd" => data_file::replaced(
            &scene.valid,
            br#""shape":[1,2]"#,
            format!(r#""shape":[1,{LIE}]"#).as_bytes(),
        ),
        "bitcode" => bitcode(&scene.valid, elements),
        codec => before_the_numbers(&scene.valid, codec, elements),
    };
    changed.ok_or_else(|| data_file::unlike(ATTACK.id, target))
}

/// In the codecs the length stands right before the numbers of the array.
fn before_the_numbers(valid: &[u8], codec: &str, elements: bool) -> Option<Vec<u8>> {
    // Eight bytes in two elements; a number of seven bits is one byte as a varint.
    let count: u8 = if elements { 2 } else { 16 };
    let big_endian = elements && matches!(codec, "cbor" | "cbor4ii" | "msgpack");
    let first = data_file::COEF[0];
    let number = if big_endian { first.to_be_bytes() } else { first.to_le_bytes() };
    let (old, new) = match (codec, elements) {
        ("postcard", _) => (vec![count], [vec![0x80; 8], vec![0x10]].concat()),
        ("bincode", _) => (vec![count], [&[0xfd], &LIE.to_le_bytes()[..]].concat()),
        ("wincode", _) => (u64::from(count).to_le_bytes().to_vec(), LIE.to_le_bytes().to_vec()),
        ("borsh", _) => (u32::from(count).to_le_bytes().to_vec(), vec![0xf0, 0xff, 0xff, 0xff]),
        ("cbor" | "cbor4ii", false) => (vec![0x50], [&[0x5b], &LIE.to_be_bytes()[..]].concat()),
        ("cbor" | "cbor4ii", true) => {
            (vec![0x82, 0xfb], [&[0x9b], &LIE.to_be_bytes()[..], &[0xfb]].concat())
        }
        ("msgpack", false) => (vec![0xc4, 16], vec![0xc6, 0xff, 0xff, 0xff, 0xf0]),
        ("msgpack", true) => (vec![0x92, 0xcb], vec![0xdd, 0xff, 0xff, 0xff, 0xf0, 0xcb]),
        ("protobuf", false) => (vec![0x22, 16], [vec![0x22], vec![0x80; 8], vec![0x10]].concat()),
        ("protobuf", true) => (vec![0x0a, 16], [vec![0x0a], vec![0x80; 8], vec![0x10]].concat()),
        ("serde-pickle", false) => (b"C\x10".to_vec(), b"B\xf0\xff\xff\xff".to_vec()),
        // A list of numbers has no length; a text has.
        ("serde-pickle", true) => {
            return data_file::replaced(valid, b"X\x04\0\0\0coef", b"X\xf0\xff\xff\xffcoef");
        }
        // How many bytes the levels take that stand before the numbers.
        ("parquet", _) => (vec![2, 0, 0, 0, 4, 1], vec![0xf0, 0xff, 0xff, 0x7f, 4, 1]),
        ("pco", _) => (16u64.to_le_bytes().to_vec(), LIE.to_le_bytes().to_vec()),
        _ => return None,
    };
    data_file::replaced(valid, &[old, number.to_vec()].concat(), &[new, number.to_vec()].concat())
}

/// Both sizes of the entry, where the entry begins and in the directory.
fn npz(valid: &[u8]) -> Option<Vec<u8>> {
    let name = b"coef.npy";
    let mut bytes = valid.to_vec();
    let places = valid.windows(name.len()).enumerate().filter(|(_, window)| window == name);
    for (place, _) in places {
        // The fixed part before the name has 30 bytes in the entry, 46 in the directory.
        let entry = place.checked_sub(30).filter(|at| valid[*at..].starts_with(b"PK\x03\x04"));
        let listed = place.checked_sub(46).filter(|at| valid[*at..].starts_with(b"PK\x01\x02"));
        let sizes = entry.map(|at| at + 18).or(listed.map(|at| at + 20))?;
        bytes = data_file::overwritten(&bytes, sizes, &[0xf0, 0xff, 0xff, 0x7f].repeat(2))?;
    }
    (bytes != valid).then_some(bytes)
}

/// Lengths of one field stand together, here those of both arrays, then a mark of how the numbers
/// behind are packed. A length of 255 says that it stands among the long ones, which come between.
fn bitcode(valid: &[u8], elements: bool) -> Option<Vec<u8>> {
    let (first, second) = if elements { (2, 1) } else { (16, 8) };
    let old = [&[first, second, 0], &data_file::coef()[..]].concat();
    let new = [&[0xff, second, 0], &LIE.to_le_bytes()[..], &[0], &data_file::coef()].concat();
    data_file::replaced(valid, &old, &new)
}
