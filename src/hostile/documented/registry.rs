//! The list of crates as documented. A new one is a file beside this one and a line here.

use super::{
    arrow_ipc, bincode, bitcode, borsh, ciborium, npyz, parquet, postcard, rkyv, rmp_serde,
    safetensors, serde_json, wincode,
};
use crate::hostile::reader::Reader;

/// Makes a reader.
pub type Make = fn() -> Box<dyn Reader>;

/// Every crate, in the order of the formats.
pub static DOCUMENTED: &[Make] = &[
    || Box::new(safetensors::Documented),
    || Box::new(rkyv::Documented),
    || Box::new(npyz::Documented),
    || Box::new(arrow_ipc::Documented),
    || Box::new(parquet::Documented),
    || Box::new(postcard::Documented),
    || Box::new(bincode::Documented),
    || Box::new(wincode::Documented),
    || Box::new(bitcode::Documented),
    || Box::new(borsh::Documented),
    || Box::new(ciborium::Documented),
    || Box::new(rmp_serde::Documented),
    || Box::new(serde_json::Documented),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::registry::find;

    #[test]
    fn each_is_the_crate_of_a_format_and_reads_what_it_writes() {
        for make in DOCUMENTED {
            let reader = make();
            assert!(find(reader.format()).is_some(), "{}", reader.format());
            assert_eq!(reader.seeds().unwrap().len(), 4, "{}", reader.format());
        }
    }

    #[test]
    fn the_files_of_the_folder_are_the_registry() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/hostile/documented");
        let files = std::fs::read_dir(folder).unwrap();
        assert_eq!(files.count(), DOCUMENTED.len() + 2);
    }
}
