//! The sandbox, with this package's own program as supervisor and a real CPython as loader.
//!
//! What the system lacks is said on standard error, and the test ends; in a run of CI, which has all of
//! it, that is a failure.

#[path = "sandbox/support.rs"]
mod support;

#[path = "sandbox/ablation.rs"]
mod ablation;
#[path = "sandbox/around.rs"]
mod around;
#[path = "sandbox/benign.rs"]
mod benign;
#[path = "sandbox/command.rs"]
mod command;
#[path = "sandbox/ends.rs"]
mod ends;
#[path = "sandbox/faults.rs"]
mod faults;
#[path = "sandbox/interpreters.rs"]
mod interpreters;
#[path = "sandbox/kernels.rs"]
mod kernels;
#[path = "sandbox/privileges.rs"]
mod privileges;
