//! How a failed command ends: the chain of causes, one remedy, an exit code.

use std::fmt;
use std::io::{ErrorKind, Write};

use super::table::printable;
use crate::store::StoreError;

/// What to do about an error. Added as the outermost context of a chain, printed once at its end.
#[derive(Debug)]
pub struct Remedy(String);

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The arguments were understood, but do not fit each other: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// This system cannot do it: exit code 3.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NotSupported(pub String);

/// Formats got slower than a baseline: exit code 12.
#[derive(Debug, thiserror::Error)]
#[error("slower than the baseline: {0}")]
pub struct Slower(pub String);

/// Adds a remedy to an error.
pub trait Advise<T> {
    /// The same result, with what to do about it.
    fn advise(self, remedy: impl Into<String>) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> Advise<T> for Result<T, E> {
    fn advise(self, remedy: impl Into<String>) -> anyhow::Result<T> {
        self.map_err(|error| error.into().context(Remedy(remedy.into())))
    }
}

/// The text of an error, printable: causes from the outermost in, then the remedy on a line of its own.
pub fn text(error: &anyhow::Error) -> String {
    let remedy = error.downcast_ref::<Remedy>().map(|remedy| printable(&remedy.to_string()));
    let mut causes: Vec<String> = Vec::new();
    for cause in error.chain() {
        // What a file calls itself is among them.
        let cause = printable(&cause.to_string());
        // Errors of libraries often repeat their source in their own words.
        let repeated = causes.last().is_some_and(|last| last.contains(&cause));
        if Some(&cause) != remedy.as_ref() && !repeated {
            causes.push(cause);
        }
    }
    let mut text = format!("error: {}", causes.join(": "));
    if let Some(remedy) = remedy {
        text.push_str("\n  ");
        text.push_str(&remedy);
    }
    text
}

/// 1 for a job that could not be done, 2 for wrong usage, 3 for what this system cannot do, 12 for a
/// comparison that found a format slower, 13 for a promotion
/// whose condition does not hold, and 0 when the reader of our output went away, which is no
/// failure of ours.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        let error = cause.downcast_ref::<std::io::Error>();
        error.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
    };
    if error.chain().any(closed) {
        return 0;
    }
    match () {
        () if error.chain().any(|cause| cause.is::<UsageError>()) => 2,
        () if error.chain().any(|cause| cause.is::<NotSupported>()) => 3,
        () if error.chain().any(|cause| cause.is::<Slower>()) => 12,
        () if error.chain().any(is_refused) => 13,
        () => 1,
    }
}

/// True for a promotion whose condition does not hold.
fn is_refused(cause: &(dyn std::error::Error + 'static)) -> bool {
    matches!(cause.downcast_ref::<StoreError>(), Some(StoreError::Refused { .. }))
}

/// Prints an error to standard error, unless nobody reads our output any more.
pub fn print(error: &anyhow::Error) {
    if exit_code(error) != 0 {
        // Where standard error is closed too there is nobody left to tell.
        let _ = writeln!(anstream::stderr(), "{}", text(error));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context, anyhow};

    #[test]
    fn a_chain_is_one_line_and_the_remedy_another() {
        let error: anyhow::Result<()> = Err(anyhow!("byte 3: expected 4, found 5"))
            .context("model.dw")
            .advise("fetch the file again");
        let error = error.context("cannot convert").unwrap_err();
        assert_eq!(
            text(&error),
            "error: cannot convert: model.dw: byte 3: expected 4, found 5\n  fetch the file again"
        );
        assert_eq!(text(&anyhow!("found \x1b[31m\u{202e}")), "error: found \\u{1b}[31m\\u{202e}");
        assert_eq!(exit_code(&error), 1);
        assert_eq!(exit_code(&anyhow!(UsageError("no".into())).context("outer")), 2);
        assert_eq!(exit_code(&anyhow!(NotSupported("no".into())).context("outer")), 3);
        assert_eq!(exit_code(&anyhow!(Slower("raw".into()))), 12);
        let closed = std::io::Error::from(ErrorKind::BrokenPipe);
        assert_eq!(exit_code(&anyhow!(closed).context("printing")), 0);
    }
}
