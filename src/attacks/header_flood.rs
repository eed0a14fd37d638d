//! A directory of very many entries: each costs the file a few bytes and the loader an allocation.

use super::*;

/// Many arrays of nothing.
pub const ATTACK: Attack = Attack {
    id: "header-flood",
    title: "a header with a flood of entries",
    summary: "Tens of thousands of arrays without an element, in a file of a few megabytes. A loader that does more \
              than a little for each entry is kept busy, or out of memory.",
    severity: Severity::Low,
    targets: Targets::Formats(&["safetensors", "npz"]),
    techniques: &[techniques::APPLICATION_OR_SYSTEM_EXPLOITATION],
    cwe: &[400, 770],
    references: &[
        Reference {
            title: "Audit shows that safetensors is safe and ready to become the default",
            url: "https://huggingface.co/blog/safetensors-security-audit",
        },
        Reference {
            title: "safetensors: the format and its benefits",
            url: "https://github.com/huggingface/safetensors",
        },
    ],
    build,
    expected: Expected::Inert,
    quick: false,
};

const TENSORS: usize = 50_000;
const ENTRIES: usize = 100_000;

fn build(_scene: &Scene, target: Target) -> Result<Vec<u8>, BuildError> {
    if target.id() == "safetensors" {
        let tensor = |number: usize| {
            format!(r#""{number}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#)
        };
        let tensors: Vec<String> = (0..TENSORS).map(tensor).collect();
        return Ok(data_file::safetensors(&format!("{{{}}}", tensors.join(",")), &[]));
    }
    let names: Vec<String> = (0..ENTRIES).map(|number| format!("{number}.npy")).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    payload::archive(&members).map_err(|error| data_file::failed(ATTACK.id, target, error))
}
