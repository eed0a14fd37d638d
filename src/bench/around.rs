//! Cases that measure another case, and change one thing about it.

use crate::base::case::{Case, CaseError, CaseId};

/// A case around another: all that it does not say itself is what the other one says.
pub(super) trait Around {
    /// The other case.
    fn inner(&self) -> &dyn Case;

    /// The other case, to run it.
    fn inner_mut(&mut self) -> &mut dyn Case;

    /// As [`Case::move_on`].
    fn move_around(&mut self) {
        self.inner_mut().move_on();
    }

    /// As [`Case::run`].
    fn run_around(&mut self, iterations: u64) -> Result<u64, CaseError> {
        self.inner_mut().run(iterations)
    }
}

impl<A: Around> Case for A {
    fn id(&self) -> &CaseId {
        self.inner().id()
    }

    fn bytes(&self) -> u64 {
        self.inner().bytes()
    }

    fn max_iterations(&self) -> u64 {
        self.inner().max_iterations()
    }

    fn sample_nanos(&self) -> u64 {
        self.inner().sample_nanos()
    }

    fn move_on(&mut self) {
        self.move_around();
    }

    fn run(&mut self, iterations: u64) -> Result<u64, CaseError> {
        self.run_around(iterations)
    }
}
