//! Checks the measuring by its own rows: a difference that is there has to be found, and none where
//! there is none.
//!
//! Whoever calls everything equal never says anything wrong. So some cases are measured twice more in
//! the same rounds: the same again, and slowed down by a tenth. How often the first is told apart from
//! the case, and how often the second is not, is a figure of every record.

use super::collected::Collected;
use super::slowed::{TWIN_FACTOR, Twin};
use super::stats::{Estimate, Samples, ratios};
use crate::base::case::CaseId;
use crate::base::record::Power;

/// The chance to tell an equal pair apart, each taken alone: the figure is of the samples, not of ranks,
/// which ask about many pairs at once.
const ERROR: f64 = 0.05;

/// Counts over all twins; `None` when none was measured.
pub(super) fn check(collected: &Collected) -> Option<Power> {
    let same = ratios_of(collected, Twin::Same);
    let slower = ratios_of(collected, Twin::Slower);
    let count = |ratios: &[Estimate], is: fn(&Estimate) -> bool| {
        ratios.iter().filter(|ratio| is(ratio)).count() as u64
    };
    let power = Power {
        injected_factor: TWIN_FACTOR,
        slowed_pairs: slower.len() as u64,
        // Found means told apart in the right direction.
        slowed_found: count(&slower, |ratio| ratio.low > 1.0),
        equal_pairs: same.len() as u64,
        equal_told_apart: count(&same, Estimate::differs),
    };
    (power.slowed_pairs > 0).then_some(power)
}

/// Twin / case, for every twin of a sort that has enough processes.
fn ratios_of(collected: &Collected, wanted: Twin) -> Vec<Estimate> {
    let counts = |key: &(CaseId, Twin)| key.1 == wanted && !collected.failed_twins.contains(key);
    let twins = collected.twins.iter().filter(|(key, _)| counts(key));
    let pairs: Vec<(Samples, Samples)> = twins
        .filter_map(|((case, _), twin)| {
            Some((twin.compared(), collected.samples.get(case)?.compared()))
        })
        .collect();
    let pairs: Vec<(&Samples, &Samples)> = pairs.iter().map(|(twin, case)| (twin, case)).collect();
    ratios(&pairs, ERROR).into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::case::Operation;
    use crate::bench::protocol::Event;

    fn sample(collected: &mut Collected, twin: Option<Twin>, process: usize, nanos: u64) {
        let case = CaseId {
            model: "m".to_owned(),
            format: "raw".to_owned(),
            operation: Operation::Decode,
            pages: None,
            temperature: None,
        };
        let round = None;
        collected
            .take(Event::Sample { case, twin, bytes: 1, iterations: 1, nanos, round }, process);
    }

    #[test]
    fn what_is_found_and_what_is_made_up_are_counted() {
        let mut collected = Collected::default();
        assert_eq!(check(&collected), None);
        for (process, nanos) in [10_000, 10_300, 9_900, 10_100, 10_050].into_iter().enumerate() {
            sample(&mut collected, None, process, nanos);
            sample(&mut collected, Some(Twin::Slower), process, nanos * 11 / 10);
            sample(&mut collected, Some(Twin::Same), process, nanos + 20 - 10 * process as u64);
        }
        let power = check(&collected).unwrap();
        assert_eq!((power.slowed_pairs, power.slowed_found), (1, 1));
        assert_eq!((power.equal_pairs, power.equal_told_apart), (1, 0));
        assert_eq!(power.injected_factor, 1.1);
        // A twin that failed is in no count, whatever samples it has.
        let (case, reason) = (collected.samples.keys().next().unwrap().clone(), "late".to_owned());
        collected.take(Event::Failed { case, twin: Some(Twin::Same), reason }, 4);
        assert!(collected.failed.is_empty());
        assert_eq!(check(&collected).unwrap(), Power { equal_pairs: 0, ..power });
    }
}
