//! The program: calls the command line and maps its error to an exit code.

use std::process::ExitCode;

use deadweight::bench::memory::CountingAllocator;
use deadweight::cli::{self, failure};

/// Counts in the processes that measure memory; elsewhere it is one branch per allocation.
#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn main() -> ExitCode {
    match cli::run(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            failure::print(&error);
            failure::exit_code(&error).into()
        }
    }
}
