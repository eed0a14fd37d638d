//! One program for many targets: which of them it is, and where its first inputs come from.

use std::path::Path;
use std::sync::OnceLock;

use deadweight::formats::registry;

use crate::by_hand;

/// Names the target.
const TARGET: &str = "DEADWEIGHT_FUZZ";
/// Where first inputs are written, in place of fuzzing.
const SEEDS: &str = "DEADWEIGHT_FUZZ_SEEDS";

static CHOSEN: OnceLock<String> = OnceLock::new();

/// The target that this process is.
pub fn chosen() -> &'static str {
    CHOSEN.get().map_or("", String::as_str)
}

/// Takes the target from the environment. `list` as its name prints all of them and ends; with a
/// folder for first inputs, these are written and the process ends.
pub fn begin(targets: &[&str], seeds: fn(&str) -> Vec<Vec<u8>>) {
    let name = std::env::var(TARGET).unwrap_or_else(|_| "list".into());
    if !targets.contains(&name.as_str()) {
        println!("{}", targets.join("\n"));
        std::process::exit(i32::from(name != "list"));
    }
    if let Some(folder) = std::env::var_os(SEEDS) {
        for (number, bytes) in seeds(&name).iter().enumerate() {
            let path = Path::new(&folder).join(format!("{number}"));
            std::fs::write(path, bytes).expect("the folder of first inputs can be written to");
        }
        std::process::exit(0);
    }
    CHOSEN.set(name).expect("a process is one target");
}

/// A file of the format for every model that was calculated by hand.
pub fn files(format: &str) -> Vec<Vec<u8>> {
    let format = registry::find(format).expect("the id is of a format");
    let encoded = by_hand::parameters().into_iter().filter_map(|parameters| {
        let mut bytes = Vec::new();
        format.encode(&parameters, &mut bytes).ok().map(|()| bytes)
    });
    encoded.collect()
}

/// Each model of a kind unchanged, and with one change of each sort.
pub fn changes(kind: &str) -> Vec<Vec<u8>> {
    let models = u8::try_from(by_hand::of_kind(kind).len()).unwrap_or(u8::MAX);
    let changed = |model: u8| {
        (0..8u8).map(move |what| [vec![model], vec![what; 1], vec![model + what; 11]].concat())
    };
    (0..models).flat_map(|model| std::iter::once(vec![model]).chain(changed(model))).collect()
}
