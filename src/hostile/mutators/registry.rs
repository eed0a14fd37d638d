//! The list of mutators. A new one is a file beside this one and a line here; its number in a plan
//! follows from the order, so new ones go to the end.

use super::{
    Mutator, attack_file, bit_flip, byte_change, duplicate_key, foreign_file, giant_number,
    length_field, misalign, nesting, other_dtype, overlap, poisoned_number, reorder, splice,
    trailing, truncate,
};

/// Every mutator, in the order of tables.
pub static MUTATORS: &[&Mutator] = &[
    &truncate::TRUNCATE,
    &trailing::TRAILING,
    &foreign_file::FOREIGN_FILE,
    &attack_file::ATTACK_FILE,
    &nesting::NESTING,
    &bit_flip::BIT_FLIP,
    &byte_change::BYTE_CHANGE,
    &length_field::LENGTH_FIELD,
    &giant_number::GIANT_NUMBER,
    &overlap::OVERLAP,
    &misalign::MISALIGN,
    &other_dtype::OTHER_DTYPE,
    &duplicate_key::DUPLICATE_KEY,
    &reorder::REORDER,
    &poisoned_number::POISONED_NUMBER,
    &splice::SPLICE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_the_folder_are_the_registry() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/hostile/mutators");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| name.trim_end_matches(".rs").replace('_', "-"))
            .filter(|name| name != "mod" && name != "registry")
            .collect();
        files.sort();
        let mut ids: Vec<&str> = MUTATORS.iter().map(|mutator| mutator.id).collect();
        ids.sort_unstable();
        assert_eq!(ids, files);
        assert!(MUTATORS.iter().all(|mutator| !mutator.title.is_empty()));
    }
}
