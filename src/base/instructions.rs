//! How many instructions an operation takes, as part of a record.
//!
//! A count of instructions does not change with the load of the machine, so a small difference between
//! two versions of a program shows in it that drowns in the noise of a clock. It is no time: a cache
//! that misses and a page that faults cost instructions nothing. Only data here.

use serde::{Deserialize, Serialize};

use super::case::CaseId;

/// Instructions of one operation, or the reason why they were not counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstructionRow {
    /// What was done.
    #[serde(flatten)]
    pub case: CaseId,
    /// The count.
    #[serde(flatten)]
    pub outcome: InstructionOutcome,
}

/// A count of instructions, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum InstructionOutcome {
    /// They were counted.
    Measured {
        /// Instructions of one iteration in user space, dropping the result included.
        instructions: u64,
        /// Bytes that the operation moves.
        bytes: u64,
    },
    /// They were not counted.
    NotMeasured {
        /// Why.
        reason: String,
    },
}
