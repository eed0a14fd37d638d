//! The command line: one file per command, each thin glue over the library.
//!
//! ```text
//! arguments -> command -> library -> record, file or text
//! ```
//!
//! Data goes to standard output, progress and summaries to standard error. Nothing here
//! measures, parses a model or draws: a command opens files, calls the library and says how it
//! went. Nobody imports this module but `main`.

use std::ffi::OsString;
use std::io::Write;

use clap::Parser;

pub mod args;
mod baseline;
mod bench;
mod comparison;
mod completions;
mod convert;
mod convert_folder;
mod criterion;
mod demo;
mod detonate;
pub mod failure;
mod files;
mod formats;
mod helper;
mod hostile;
mod inspect;
mod measure;
mod newer_versions;
mod outputs;
mod predict;
mod progress;
mod python;
mod report;
mod rows;
mod run;
mod sandbox_arguments;
mod store;
mod table;
mod train;
mod tutorial;
mod twin;

use args::{Arguments, Command};

/// Runs what the arguments ask for. Wrong usage and `--help` end the process here, as clap does.
///
/// # Errors
/// A chain from what was being done down to its cause; [`failure::exit_code`] maps it.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> anyhow::Result<()> {
    let arguments = Arguments::parse_from(arguments);
    match arguments.command.unwrap_or(Command::Run(arguments.run)) {
        Command::Run(arguments) => run::run(&arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Formats(arguments) => formats::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Predict(arguments) => predict::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Detonate(arguments) => detonate::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Hostile(arguments) => hostile::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Store(arguments) => store::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Helper(arguments) => helper::run(arguments.role),
    }
}

/// A line of data on standard output.
///
/// # Errors
/// When nobody reads it any more, among others.
fn print_line(text: &str) -> std::io::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
