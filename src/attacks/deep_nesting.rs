//! 100,000 levels of lists: a parser that calls itself for each runs out of stack, which no language catches.

use super::*;

/// Lists in lists.
pub const ATTACK: Attack = Attack {
    id: "deep-nesting",
    title: "a hundred thousand levels of nesting",
    summary: "A few hundred kilobytes of opening brackets. A recursive parser overflows its stack, and the process is \
              gone: in a server, with everything else that it was doing.",
    severity: Severity::Medium,
    targets: Targets::Formats(&[
        "json",
        "json-elements",
        "cbor",
        "cbor-elements",
        "msgpack",
        "msgpack-elements",
        "safetensors",
    ]),
    techniques: &[techniques::APPLICATION_OR_SYSTEM_EXPLOITATION],
    cwe: &[674],
    references: &[
        Reference {
            title: "RUSTSEC-2019-0025: a flaw in a CBOR deserializer allows stack overflow",
            url: "https://rustsec.org/advisories/RUSTSEC-2019-0025.html",
        },
        Reference {
            title: "msgpack-rust: stack overflow by nesting",
            url: "https://github.com/3Hren/msgpack-rust/issues/381",
        },
    ],
    build,
    expected: Expected::Refused,
    quick: false,
};

const LEVELS: usize = 100_000;

/// The formats of bytes nest their own lists. Those that write each number nest in the JSON text that
/// they keep metadata as: to the format it is one string, to the second parser it is lists.
fn build(scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    let json = format!(r#"{{"a":{}1{}}}"#, "[".repeat(LEVELS), "]".repeat(LEVELS));
    let length = u32::try_from(json.len()).unwrap_or(u32::MAX).to_be_bytes();
    let lists = |list: u8, inside: u8| [vec![list; LEVELS], vec![inside]].concat();
    let text = |mark: u8| [&[mark], &length[..], json.as_bytes()].concat();
    let (key, old, new): (&[u8], &[u8], Vec<u8>) = match target.id() {
        "safetensors" => return Ok(data_file::safetensors(&json, &[])),
        "cbor" => (b"\x68metadata", b"\x62{}", lists(0x81, 0x00)),
        "cbor-elements" => (b"\x68metadata", b"\x62{}", text(0x7a)),
        "msgpack" => (b"\xa8metadata", b"\xa2{}", lists(0x91, 0xc0)),
        "msgpack-elements" => (b"\xa8metadata", b"\xa2{}", text(0xdb)),
        _ => (br#""metadata":"#, b"{}", json.into_bytes()),
    };
    data_file::replaced(&scene.valid, &[key, old].concat(), &[key, &new].concat())
        .ok_or_else(|| data_file::unlike(ATTACK.id, target))
}
