//! `completions`: prints what a shell needs to complete our command line.

use std::io::Write;

use clap::CommandFactory;

use super::args::{Arguments, CompletionsArguments};

/// Prints the script for one shell.
pub fn run(arguments: &CompletionsArguments) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "deadweight", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}
