//! Checks the measuring by its own rows: a difference that is there has to be found, and none where
//! there is none.
//!
//! Whoever calls everything equal never says anything wrong. So some cases are measured twice more in
//! the same rounds: the same again, and slowed down by a tenth. How often the first is told apart from
//! the case, and how often the second is not, is a figure of every record.

use super::collected::Collected;
use super::slowed::{TWIN_FACTOR, Twin};
use super::stats::Samples;
use crate::base::record::Power;

/// Counts over all twins; `None` when none was measured.
pub(super) fn check(collected: &Collected, seed: u64) -> Option<Power> {
    let mut power = Power { injected_factor: TWIN_FACTOR, ..Power::default() };
    for ((case, twin), samples) in &collected.twins {
        let Some(single) = collected.samples.get(case) else { continue };
        let single = Samples::new(single.processes.clone());
        let twin_samples = Samples::new(samples.processes.clone());
        let Some(ratio) = twin_samples.ratio(&single, seed) else { continue };
        match twin {
            Twin::Same => {
                power.equal_pairs += 1;
                power.equal_told_apart += u64::from(ratio.differs());
            }
            Twin::Slower => {
                power.slowed_pairs += 1;
                // Found means told apart in the right direction.
                power.slowed_found += u64::from(ratio.low > 1.0);
            }
        }
    }
    (power.slowed_pairs > 0).then_some(power)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::case::{CaseId, Operation};
    use crate::bench::protocol::Event;

    fn sample(collected: &mut Collected, twin: Option<Twin>, process: usize, nanos: u64) {
        let case = CaseId {
            model: "m".to_owned(),
            format: "raw".to_owned(),
            operation: Operation::Decode,
            pages: None,
            temperature: None,
        };
        collected.take(Event::Sample { case, twin, bytes: 1, iterations: 1, nanos }, process);
    }

    #[test]
    fn what_is_found_and_what_is_made_up_are_counted() {
        let mut collected = Collected::default();
        assert_eq!(check(&collected, 1), None);
        for (process, nanos) in [10_000, 10_300, 9_900, 10_100, 10_050].into_iter().enumerate() {
            sample(&mut collected, None, process, nanos);
            sample(&mut collected, Some(Twin::Slower), process, nanos * 11 / 10);
            sample(&mut collected, Some(Twin::Same), process, nanos + 20 - 10 * process as u64);
        }
        let power = check(&collected, 1).unwrap();
        assert_eq!((power.slowed_pairs, power.slowed_found), (1, 1));
        assert_eq!((power.equal_pairs, power.equal_told_apart), (1, 0));
        assert_eq!(power.injected_factor, 1.1);
    }
}
