//! What the tests of rounds and tight loops measure: cases whose time is known.

use super::around::Around;
use super::protocol::Event;
use super::runner::Planned;
use super::slowed::Twin;
use crate::base::case::{Case, CaseError, CaseId, Operation};

/// Each iteration takes `warm` nanoseconds, the first of all `cold`.
pub(super) struct Steady {
    pub(super) id: CaseId,
    pub(super) cold: u64,
    pub(super) warm: u64,
    /// The most iterations of a call.
    pub(super) most: u64,
    /// The most that were asked for.
    pub(super) largest: u64,
}

impl Case for Steady {
    fn id(&self) -> &CaseId {
        &self.id
    }

    fn bytes(&self) -> u64 {
        8
    }

    fn max_iterations(&self) -> u64 {
        self.most
    }

    fn run(&mut self, iterations: u64) -> Result<u64, CaseError> {
        self.largest = self.largest.max(iterations);
        let first = std::mem::replace(&mut self.cold, self.warm);
        Ok(first + (iterations - 1) * self.warm)
    }
}

/// Works so many times, and fails from then on.
pub(super) struct Failing {
    pub(super) inner: Box<dyn Case>,
    pub(super) runs: u64,
}

impl Around for Failing {
    fn inner(&self) -> &dyn Case {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut dyn Case {
        &mut *self.inner
    }

    fn run_around(&mut self, iterations: u64) -> Result<u64, CaseError> {
        self.runs = self.runs.checked_sub(1).ok_or_else(|| CaseError::new("worn out"))?;
        self.inner.run(iterations)
    }
}

/// A case of that name.
pub(super) fn id(operation: Operation) -> CaseId {
    let (model, format) = ("m".to_owned(), "f".to_owned());
    CaseId { model, format, operation, pages: None, temperature: None }
}

/// A case of which nothing is known.
pub(super) fn planned(case: Box<dyn Case>) -> Planned {
    Planned { case, twin: None, weight: 1.0, known: None }
}

/// A twin of a case of which nothing is known.
pub(super) fn twin(case: Box<dyn Case>, twin: Twin) -> Planned {
    Planned { twin: Some(twin), ..planned(case) }
}

/// What a reporter wrote.
pub(super) fn events(bytes: &[u8]) -> Vec<Event> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}
