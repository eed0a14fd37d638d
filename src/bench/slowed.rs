//! Cases that are slower than they need to be, by a known factor: to see that such a difference is
//! found, and that none is found where there is none.

use std::hint::spin_loop;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::around::Around;
use super::clock::Clock;
use crate::base::case::{Case, CaseError};

/// The factor of the slower twin: the difference that has to be found nearly always.
pub const TWIN_FACTOR: f64 = 1.1;

/// A second measurement of a case in the same rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Twin {
    /// The same case again: whoever tells the two apart is wrong.
    Same,
    /// The case slowed down by [`TWIN_FACTOR`]: whoever does not tell the two apart is blind.
    Slower,
}

impl Twin {
    /// Both.
    pub const ALL: [Twin; 2] = [Twin::Same, Twin::Slower];

    /// How many times as long it takes as the case.
    pub fn factor(self) -> f64 {
        match self {
            Twin::Same => 1.0,
            Twin::Slower => TWIN_FACTOR,
        }
    }
}

/// A case that goes on computing after its work is done.
struct Slowed {
    inner: Box<dyn Case>,
    factor: f64,
    clock: Arc<dyn Clock>,
}

/// Makes a case take `factor` (at least 1) times as long.
pub fn slowed(inner: Box<dyn Case>, factor: f64, clock: &Arc<dyn Clock>) -> Box<dyn Case> {
    Box::new(Slowed { inner, factor, clock: clock.clone() })
}

impl Around for Slowed {
    fn inner(&self) -> &dyn Case {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut dyn Case {
        &mut *self.inner
    }

    fn run_around(&mut self, iterations: u64) -> Result<u64, CaseError> {
        let nanos = self.inner.run(iterations)?;
        let more = (nanos as f64 * (self.factor - 1.0)) as u64;
        let start = self.clock.now_nanos();
        let mut spent = 0;
        while spent < more {
            spin_loop();
            spent = self.clock.now_nanos().saturating_sub(start);
        }
        Ok(nanos + spent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::case::{CaseId, Operation};
    use crate::bench::clock::ManualClock;

    /// Moves on by 20 microseconds whenever it is read.
    #[derive(Default)]
    struct Running(ManualClock);

    impl Clock for Running {
        fn now_nanos(&self) -> u64 {
            self.0.advance(20_000);
            self.0.now_nanos()
        }
    }

    struct Fixed(CaseId);

    impl Case for Fixed {
        fn id(&self) -> &CaseId {
            &self.0
        }

        fn bytes(&self) -> u64 {
            1
        }

        fn max_iterations(&self) -> u64 {
            10
        }

        fn run(&mut self, iterations: u64) -> Result<u64, CaseError> {
            Ok(iterations * 1_000_000)
        }
    }

    #[test]
    fn it_takes_longer_by_the_factor_and_neither_less_nor_more() {
        let id = CaseId {
            model: "m".to_owned(),
            format: "f".to_owned(),
            operation: Operation::Decode,
            pages: None,
            temperature: None,
        };
        let clock: Arc<dyn Clock> = Arc::new(Running::default());
        let mut same = slowed(Box::new(Fixed(id.clone())), Twin::Same.factor(), &clock);
        assert_eq!(same.run(3).unwrap(), 3_000_000);
        let mut slower = slowed(Box::new(Fixed(id)), Twin::Slower.factor(), &clock);
        // A tenth of it is five steps of the clock, that of three is fifteen.
        assert_eq!(slower.run(1).unwrap(), 1_100_000);
        assert_eq!(slower.run(3).unwrap(), 3_300_000);
    }
}
