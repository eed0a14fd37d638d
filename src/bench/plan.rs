//! Which cases take part, in how many processes and for how long.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::PagePolicy;
use crate::base::case::{CaseId, Operation};

/// How thorough a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A first honest answer in a few minutes.
    #[default]
    Quick,
    /// The same models in more processes and rounds, and every operation on those that are `whole`.
    Standard,
    /// Every format and operation on every model, and the largest models too.
    Thorough,
}

impl Profile {
    /// The name used in records and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Profile::Quick => "quick",
            Profile::Standard => "standard",
            Profile::Thorough => "thorough",
        }
    }

    /// Fresh processes that measure. The interval of every row is over these.
    pub fn processes(self) -> u32 {
        match self {
            Profile::Quick => 3,
            Profile::Standard => 8,
            Profile::Thorough => 9,
        }
    }

    /// Time for the rounds of one model in one process, by the number of its cases, so that all rows of
    /// a run rest on about as many samples. Large models need more for as many.
    pub fn budget(self, array_bytes: usize, cases: usize) -> Duration {
        let large = array_bytes >= LARGE_BYTES;
        let micros = match (self, large) {
            (Profile::Quick, false) => 3_000,
            (Profile::Quick, true) => 10_000,
            (Profile::Standard, false) => 12_000,
            (Profile::Standard, true) => 40_000,
            (Profile::Thorough, false) => 40_000,
            (Profile::Thorough, true) => 200_000,
        };
        Duration::from_micros(micros) * u32::try_from(cases).unwrap_or(u32::MAX)
    }

    /// A case whose single iteration takes longer has no row in this profile, and says so.
    pub fn slowest_iteration(self) -> Duration {
        match self {
            Profile::Quick => Duration::from_millis(800),
            Profile::Standard => Duration::from_secs(4),
            Profile::Thorough => Duration::from_secs(60),
        }
    }

    /// Samples of one case in one process after which it takes part in no further round.
    pub fn enough_samples(self) -> usize {
        match self {
            Profile::Quick => 15,
            Profile::Standard => 60,
            Profile::Thorough => 100,
        }
    }

    /// The operations on a format, with the page policies that are named rows of their own. A standard
    /// run has all of them on the models that are `whole`, and on the others those of a quick one.
    pub fn operations(
        self,
        is_whole: bool,
        array_bytes: usize,
    ) -> Vec<(Operation, Option<PagePolicy>)> {
        let large = array_bytes >= LARGE_BYTES;
        let few = match self {
            Profile::Quick => true,
            Profile::Standard => !is_whole,
            Profile::Thorough => false,
        };
        let mut operations: Vec<(Operation, Option<PagePolicy>)> = Operation::ALL
            .iter()
            .filter(|operation| operation.group() != crate::base::case::Group::Floor)
            .filter(|operation| !few || !SKIPPED_BY_QUICK.contains(operation))
            .filter(|operation| {
                let is_skipped = SKIPPED_WHEN_HUGE.contains(operation)
                    && !(self == Profile::Standard && **operation == Operation::DecompressZstd3);
                !(few && self.hurries(array_bytes) && is_skipped)
            })
            .filter(|operation| !self.skips_zstd_19(array_bytes) || !is_zstd_19(**operation))
            .map(|operation| (*operation, None))
            .collect();
        let named = [PagePolicy::Small, PagePolicy::Heap].map(Some);
        let operations_named: &[Operation] = match few {
            true => &[Operation::Decode],
            false => &[Operation::Decode, Operation::DecodePredictOne, Operation::LoadFile],
        };
        if large && !(few && self.hurries(array_bytes)) {
            for operation in operations_named {
                operations.extend(named.map(|pages| (*operation, pages)));
            }
        }
        operations
    }

    /// Why a format is not measured on a model of so many bytes, if it is not. All formats are measured
    /// on the models that are `whole`, on the others the core.
    pub fn leaves_out(self, format: &str, is_whole: bool) -> Option<String> {
        self.is_core_only(is_whole).filter(|_| !CORE.contains(&format))
    }

    /// Why only the core formats are measured on a model, if only they are.
    pub fn is_core_only(self, is_whole: bool) -> Option<String> {
        (self != Profile::Thorough && !is_whole).then(|| self.on_few_models())
    }

    fn on_few_models(self) -> String {
        format!("profile {} measures it on a few models; measured by --profile thorough", self.id())
    }

    /// True where cases run in tight loops too: in a standard run on the models that are `whole`, in a
    /// thorough one on all.
    pub fn is_hot(self, is_whole: bool) -> bool {
        match self {
            Profile::Quick => false,
            Profile::Standard => is_whole,
            Profile::Thorough => true,
        }
    }

    /// The most time that the measuring of all models may take: it is planned to end before.
    pub fn limit(self) -> Duration {
        Duration::from_secs(match self {
            Profile::Quick => 195,
            Profile::Standard => 580,
            Profile::Thorough => 3 * 3600,
        })
    }

    /// True where zstd at level 19 takes too long to tell a size by it.
    pub fn skips_zstd_19(self, array_bytes: usize) -> bool {
        match self {
            Profile::Quick => array_bytes >= 128 << 10,
            Profile::Standard => array_bytes >= 256 << 10,
            Profile::Thorough => false,
        }
    }

    /// True where a model is so large that only what decides is measured, unless it is one of the `whole`.
    fn hurries(self, array_bytes: usize) -> bool {
        self != Profile::Thorough && array_bytes >= HUGE_BYTES
    }

    /// Why an operation has no row in this profile, if it has none.
    pub fn skips(self, operation: Operation, is_whole: bool, array_bytes: usize) -> Option<String> {
        let takes = |is_whole| {
            self.operations(is_whole, array_bytes).iter().any(|(taken, _)| *taken == operation)
        };
        if takes(is_whole) {
            return None;
        }
        if takes(true) {
            return Some(self.on_few_models());
        }
        let profile = if is_zstd_19(operation) { Profile::Thorough } else { Profile::Standard };
        Some(format!("not in profile {}; measured by --profile {}", self.id(), profile.id()))
    }

    /// The floors.
    pub fn floors(self) -> Vec<(Operation, Option<PagePolicy>)> {
        let mut floors: Vec<_> = [
            Operation::FloorCopy,
            Operation::FloorCopyWarm,
            Operation::FloorRead,
            Operation::FloorMapTouch,
            Operation::FloorWrite,
        ]
        .map(|operation| (operation, None))
        .into();
        floors.push((Operation::FloorCopy, Some(PagePolicy::Small)));
        floors.push((Operation::FloorCopy, Some(PagePolicy::Heap)));
        if self != Profile::Quick {
            floors.push((Operation::FloorReadCold, None));
            floors.push((Operation::FloorWriteSync, None));
            floors.push((Operation::FloorRead, Some(PagePolicy::Small)));
            floors.push((Operation::FloorRead, Some(PagePolicy::Heap)));
        }
        floors
    }
}

/// From here on a model counts as large: page policy and compression level matter.
pub const LARGE_BYTES: usize = 1 << 20;

/// From here on a model takes most of a quick run, and compressing it most of that.
pub const HUGE_BYTES: usize = 20 << 20;

/// The formats that every run measures on every model: those that people ask for first, each in the
/// encoding that they would choose.
pub const CORE: &[&str] = &[
    "raw",
    "safetensors",
    "rkyv",
    "npz",
    "arrow",
    "postcard",
    "bincode",
    "cbor",
    "msgpack",
    "json",
];

/// The operations whose rows are read first. In the formats of this program they get four times as many
/// samples as others that cost as much, and their cases have twins.
pub const HEADLINES: &[Operation] =
    &[Operation::Encode, Operation::Decode, Operation::DecodePredictOne, Operation::ViewPredictOne];

/// How much the variance of a case counts when the time of the rounds is divided: the number of samples
/// goes with the root of it.
///
/// Samples of another program cost many times as much, and what they show is as far from the formats of
/// this one: they weigh as little as the rest.
pub fn weight(case: &CaseId, is_ours: bool) -> f64 {
    let is_headline = case.is_usual() && HEADLINES.contains(&case.operation);
    if is_headline && is_ours { 16.0 } else { 1.0 }
}

/// A standard run has one of them: whether to send a large file compressed is what people ask.
const SKIPPED_WHEN_HUGE: &[Operation] = &[
    Operation::DecodePredictThousand,
    Operation::DecodeValidate,
    Operation::CompressZstd3,
    Operation::DecompressZstd3,
    Operation::CompressLz4,
    Operation::DecompressLz4,
];

const SKIPPED_BY_QUICK: &[Operation] = &[
    Operation::EncodeReused,
    Operation::SaveSync,
    Operation::LoadFileColdPredictOne,
    Operation::MapFileColdPredictOne,
    Operation::DecodeReused,
    Operation::DecodeChecksum,
    Operation::ViewReady,
    Operation::ViewPredictThousand,
    Operation::ViewValidate,
    Operation::ViewChecksum,
    Operation::CompressZstd1,
    Operation::DecompressZstd1,
    Operation::CompressZstd19,
    Operation::DecompressZstd19,
];

fn is_zstd_19(operation: Operation) -> bool {
    matches!(operation, Operation::CompressZstd19 | Operation::DecompressZstd19)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_is_registered_and_measured_everywhere() {
        for id in CORE {
            assert!(crate::formats::registry::find(id).is_some(), "{id}");
            assert_eq!(Profile::Quick.leaves_out(id, false), None);
        }
        let left_out =
            |profile: Profile, is_whole| profile.leaves_out("json-elements", is_whole).is_some();
        let (quick, standard) = (Profile::Quick, Profile::Standard);
        assert!(!left_out(quick, true) && left_out(quick, false));
        assert!(!left_out(standard, true) && left_out(standard, false));
        assert!(!left_out(Profile::Thorough, false));
    }

    #[test]
    fn what_a_profile_skips_it_says_and_thorough_skips_nothing() {
        for operation in Operation::ALL {
            if operation.group() == crate::base::case::Group::Floor {
                continue;
            }
            for profile in [Profile::Quick, Profile::Standard] {
                for is_whole in [false, true] {
                    let skipped = profile.skips(*operation, is_whole, 10 << 20);
                    let operations = profile.operations(is_whole, 10 << 20);
                    let taken = operations.iter().any(|(o, _)| o == operation);
                    assert_ne!(taken, skipped.is_some());
                }
            }
            assert_eq!(Profile::Thorough.skips(*operation, false, 10 << 20), None);
        }
        let why = Profile::Standard.skips(Operation::SaveSync, false, 1).unwrap();
        assert_eq!(
            why,
            "profile standard measures it on a few models; measured by --profile thorough"
        );
        let why = Profile::Standard.skips(Operation::CompressZstd19, true, 10 << 20).unwrap();
        assert_eq!(why, "not in profile standard; measured by --profile thorough");
    }
}
