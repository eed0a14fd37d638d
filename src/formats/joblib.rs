//! `joblib`: what scikit-learn's tutorials save models with. A pickle with the bytes of its arrays
//! between the instructions, compressed or not; read by [`super::pickle::import`].

use super::pickle::CAN_RUN_CODE;
use super::{Descriptor, Encoding, FormatKind};

/// What is true of joblib files.
pub static DESCRIPTOR: Descriptor = Descriptor {
    id: "joblib",
    title: "joblib",
    kind: FormatKind::Executable,
    encoding: Encoding::Native,
    crate_name: None,
    extension: "joblib",
    view: false,
    arena: false,
    warnings: &[CAN_RUN_CODE],
    losses: &[],
    specification: "https://joblib.readthedocs.io/en/stable/persistence.html",
};
