//! Which mutant has which number.
//!
//! First come the cases that each mutator lists, each once; then random ones, mutators and files in
//! turn. A number, the seed of a run and the loader are all that a mutant follows from.

use std::path::PathBuf;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::HostileError;
use super::mutators::registry::MUTATORS;
use super::mutators::{Cases, Material, Mutator, Random};
use super::reader::{Loaded, Reader, Seed};
use super::readers;
use crate::attacks::registry::ATTACKS;
use crate::attacks::{Scene, Target, Targets};
use crate::base::hostility::Column;

/// A loader's mutants.
pub struct Plan {
    material: Material,
    /// What each seed holds.
    holds: Vec<Loaded>,
    /// Cases that are listed: mutator, seed, the number of the first.
    listed: Vec<(&'static Mutator, usize, u64)>,
    /// How many those are.
    listed_count: u64,
    random: Vec<&'static Mutator>,
    seed: u64,
}

/// A changed file.
pub struct Mutant {
    /// The mutator that made it.
    pub mutator: &'static Mutator,
    /// The number of the file that was changed.
    pub seed: usize,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Plan {
    /// Makes the valid files of a loader and counts what can become of them.
    ///
    /// # Errors
    /// [`HostileError::Seeds`] when the loader cannot write its own files.
    pub fn of(reader: &dyn Reader, seed: u64) -> Result<Self, HostileError> {
        let name = format!("{} ({})", reader.format(), reader.column().id());
        let seeds = reader
            .seeds()
            .map_err(|problem| HostileError::Seeds { reader: name.clone(), problem })?;
        let attacks = attacks(reader, seeds.first());
        let (bytes, holds): (Vec<_>, Vec<_>) =
            seeds.into_iter().map(|seed| (seed.bytes, seed.holds)).unzip();
        let material =
            Material { seeds: bytes, foreign: foreign(reader), attacks, nested: nested(reader) };
        let (mut listed, mut listed_count, mut random) = (Vec::new(), 0u64, Vec::new());
        for mutator in MUTATORS {
            match mutator.cases {
                Cases::Random => random.push(*mutator),
                Cases::Each(count) => {
                    for at in 0..material.seeds.len() {
                        listed.push((*mutator, at, listed_count));
                        listed_count += count(&material, at);
                    }
                }
            }
        }
        // A loader's own name takes part: the same number is another mutant elsewhere.
        let seed = xxh3_64_with_seed(name.as_bytes(), seed);
        Ok(Plan { material, holds, listed, listed_count, random, seed })
    }

    /// How many mutants a run of at least `wanted` has: what is listed is never left out.
    pub fn count(&self, wanted: u64) -> u64 {
        wanted.max(self.listed_count)
    }

    /// What the file that was changed holds.
    pub fn holds(&self, seed: usize) -> Option<&Loaded> {
        self.holds.get(seed)
    }

    /// Which mutator makes the mutant of this number, of which file, and which case it is.
    fn choose(&self, number: u64) -> Option<(&'static Mutator, usize, u64)> {
        if number < self.listed_count {
            let at = self.listed.partition_point(|(.., first)| *first <= number);
            let (mutator, seed, first) = self.listed.get(at.checked_sub(1)?)?;
            return Some((mutator, *seed, number - first));
        }
        let at = usize::try_from(number - self.listed_count).ok()?;
        let mutator = self.random.get(at % self.random.len().max(1))?;
        let seed = at / self.random.len().max(1) % self.material.seeds.len().max(1);
        Some((mutator, seed, number))
    }

    /// The mutant of this number. Where a mutator finds nothing to change, or puts pieces together that are a valid
    /// file to the bit, a bit is flipped: a file that is whole is no changed one, whichever it is.
    pub fn mutant(&self, number: u64) -> Option<Mutant> {
        let (mutator, seed, case) = self.choose(number)?;
        let mut random = Random::new(xxh3_64_with_seed(&number.to_le_bytes(), self.seed));
        let unchanged = |bytes: &Vec<u8>| self.material.seeds.contains(bytes);
        let made = (mutator.make)(&self.material, seed, case, &mut random);
        if let Some(bytes) = made.filter(|bytes| !unchanged(bytes)) {
            return Some(Mutant { mutator, seed, bytes });
        }
        let flip = MUTATORS.iter().find(|mutator| mutator.id == "bit-flip")?;
        let bytes = (flip.make)(&self.material, seed, case, &mut random)?;
        Some(Mutant { mutator: flip, seed, bytes })
    }
}

/// The first valid file of every other format that has another look.
fn foreign(reader: &dyn Reader) -> Vec<Vec<u8>> {
    let mut files: Vec<Vec<u8>> = vec![Vec::new(), b"\n".to_vec(), vec![0; 64], b"null".to_vec()];
    for other in readers::all() {
        let bare = other.column() != Column::Sealed;
        if bare && (other.format() != reader.format() || other.column() != reader.column()) {
            let seeds = other.seeds().unwrap_or_default();
            files.extend(seeds.into_iter().next().map(|seed: Seed| seed.bytes));
        }
    }
    files
}

/// Attacks for the format. They are files of ours, and the loader of another column may well refuse
/// them at the first byte: that is what it must do.
fn attacks(reader: &dyn Reader, first: Option<&Seed>) -> Vec<Vec<u8>> {
    let fits = |targets: &Targets| match targets {
        Targets::EveryFormat => true,
        Targets::Formats(formats) => formats.contains(&reader.format()),
        Targets::Python(_) | Targets::PythonWith(..) => false,
    };
    let Some(first) = first.filter(|_| reader.column() == Column::Guarded) else {
        return Vec::new();
    };
    // No payload of theirs names a path that is there.
    let scene = Scene { directory: PathBuf::from("/nowhere"), valid: first.bytes.clone() };
    let attacks = ATTACKS.iter().filter(|attack| fits(&attack.targets));
    attacks
        .filter_map(|attack| (attack.build)(&scene, Target::Format(reader.format())).ok())
        .collect()
}

/// Two files of neighbouring depths differ by one level: what is common before and behind it, and
/// the level itself.
fn nested(reader: &dyn Reader) -> Option<[Vec<u8>; 3]> {
    let (two, three) = (reader.nested(2)?, reader.nested(3)?);
    let common = two.iter().zip(&three).take_while(|(a, b)| a == b).count();
    let level = three.len().checked_sub(two.len())?;
    let (before, behind) = (two.get(..common)?, two.get(common..)?);
    let again = three.get(common..common.checked_add(level)?)?;
    // Lengths of what is inside, as some formats have them, differ at each level: not by repeating.
    let repeats = [before, again, behind].concat() == three;
    repeats.then(|| [before.to_vec(), again.to_vec(), behind.to_vec()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_follows_from_its_number_alone() {
        let reader = readers::find("raw", Column::Guarded).unwrap();
        let (plan, again) = (Plan::of(&*reader, 1).unwrap(), Plan::of(&*reader, 1).unwrap());
        let other = Plan::of(&*reader, 2).unwrap();
        let mut different = 0;
        for number in plan.listed_count..plan.listed_count + 200 {
            let bytes = plan.mutant(number).unwrap().bytes;
            assert_eq!(bytes, again.mutant(number).unwrap().bytes);
            different += usize::from(bytes != other.mutant(number).unwrap().bytes);
        }
        assert!(different > 150, "{different}");
        assert_eq!(plan.count(0), plan.listed_count);
    }

    /// Sealed files begin alike: the first bytes of one and the rest of another are the other.
    #[test]
    fn pieces_that_make_another_valid_file_are_no_mutant() {
        let reader = readers::find("protobuf-elements", Column::Sealed).unwrap();
        let plan = Plan::of(&*reader, 1).unwrap();
        // Which number that happens at follows from how many formats there are.
        let other_file = |number: &u64| {
            let (mutator, seed, case) = plan.choose(*number).unwrap();
            let mut random = Random::new(xxh3_64_with_seed(&number.to_le_bytes(), plan.seed));
            let seeds = &plan.material.seeds;
            mutator.id == "splice"
                && (mutator.make)(&plan.material, seed, case, &mut random)
                    .is_some_and(|bytes| bytes != seeds[seed] && seeds.contains(&bytes))
        };
        let number = (plan.listed_count..2_000_000).find(other_file).unwrap();
        let mutant = plan.mutant(number).unwrap();
        assert_eq!(mutant.mutator.id, "bit-flip");
        assert!(!plan.material.seeds.contains(&mutant.bytes));
    }

    #[test]
    fn every_mutator_makes_mutants_of_every_loader() {
        let mut unused: Vec<&str> = MUTATORS.iter().map(|mutator| mutator.id).collect();
        for reader in readers::all() {
            let plan = Plan::of(&*reader, 7).unwrap();
            for number in 0..plan.listed_count + 400 {
                let mutant = plan.mutant(number).unwrap();
                assert!(!plan.material.seeds.contains(&mutant.bytes));
                unused.retain(|id| *id != mutant.mutator.id);
            }
        }
        assert_eq!(unused, [""; 0]);
    }
}
