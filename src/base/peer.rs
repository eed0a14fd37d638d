//! Rows that another program measures, and what a measuring process says to whoever speaks to it.
//!
//! The benchmark shuffles cases of both sides into the same rounds and asks each for its own figure;
//! it does not know what stands behind one. Whoever drives the other program implements
//! [`CaseSource`].

use std::path::Path;
use std::time::Duration;

use super::case::{Case, CaseError, CaseId, Operation};
use super::record::Memory;

/// What the other program is given to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held<'a> {
    /// An estimator of its own, from a file that it wrote itself.
    Estimator(&'a Path),
    /// Named arrays, from an `.npz` file.
    Arrays(&'a Path),
}

/// One model for which rows are asked.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Id of the model, as rows name it.
    pub model: &'a str,
    /// What is to be stored and loaded.
    pub held: Held<'a>,
    /// Rows to predict, `.npy`, float64; none for arrays that are no model.
    pub rows: Option<&'a Path>,
    /// What a model of the same parameters predicts here, as the predictions' JSON.
    pub expected: Option<&'a Path>,
    /// Bytes of the model's arrays.
    pub bytes: u64,
    /// How much free memory the C library's allocator may keep there while the model is measured, in bytes.
    pub most_free_bytes: usize,
    /// Private directory for files.
    pub directory: &'a Path,
    /// The operations of the plan.
    pub operations: &'a [Operation],
    /// Those that the plan leaves out, and why.
    pub left_out: &'a [(Operation, String)],
    /// A case of which one iteration takes longer has no row.
    pub slowest: Duration,
    /// Why the formats that nobody leaves out are enough, if they are: most models in a quick run.
    pub core_only: Option<String>,
    /// False when an earlier process has verified the same formats of the same model.
    pub verify: bool,
}

/// What comes back for one row, or for one format.
pub enum Offer {
    /// A case, whose result was verified in this process or an earlier one of the run.
    Case(Box<dyn Case>),
    /// It was tried and failed.
    Failed(CaseId, CaseError),
    /// There is no such row, or it was not tried.
    NotMeasured(CaseId, CaseError),
    /// Bytes of the model in a format.
    Size {
        /// Id of the format.
        format: String,
        /// Bytes as encoded, all files together.
        bytes: u64,
        /// The encoded file.
        path: std::path::PathBuf,
    },
}

/// Where rows of another program come from.
pub trait CaseSource {
    /// Every row of a model: each as a case or with the reason why there is none.
    fn offers(&mut self, request: &Request<'_>) -> Vec<Offer>;

    /// Memory of one load of the model that was offered last.
    ///
    /// # Errors
    /// Why it was not measured.
    fn memory(&mut self, case: &CaseId) -> Result<Memory, CaseError>;

    /// What the other program complained of until now, for the record; each is told once.
    fn complaints(&mut self) -> Vec<String>;
}
