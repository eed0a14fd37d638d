//! `store`: versions of models, one file for each subcommand.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::failure::Advise;
use crate::base::cache;
use crate::base::text::printable;
use crate::store::{SignaturePolicy, Store, StoreError};

mod alias;
mod diff;
mod gc;
mod get;
mod labels;
mod list;
mod progress;
mod promote;
mod put;
mod rollback;
mod show;
mod sign;
mod text;
mod verify;

/// Arguments of `store`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "NAME is a-z, 0-9, '.', '_' and '-'. NAME@3, NAME@production and NAME@latest are versions of it; NAME alone is the newest.\n\nExit codes: 0 done, 1 the job could not be done, 2 wrong usage, 13 not promoted, since the condition does not hold."
)]
pub struct StoreArguments {
    /// The store: a directory, file:///PATH, or s3://, gs://, az:// with the cargo features s3, gcs,
    /// azure and the credentials of the usual environment variables (default: $DEADWEIGHT_STORE,
    /// else deadweight/store in the user's data directory)
    #[arg(long, value_name = "URL", global = true)]
    pub store: Option<String>,
    /// Use only versions that this policy admits (TOML): which models need a signature, and by whose
    /// key
    #[arg(long, value_name = "FILE", global = true)]
    pub policy: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: StoreCommand,
}

/// What to do with a store.
#[derive(Debug, Clone, Subcommand)]
pub enum StoreCommand {
    /// Put a model file as a new version; pickle and joblib are read without running them
    Put(put::PutArguments),
    /// Write the file of a version, safetensors, with its hash checked
    Get(get::GetArguments),
    /// List the models, or the versions of one
    List(list::ListArguments),
    /// Say what is known of a version, and where the aliases stand
    Show(show::ShowArguments),
    /// Sign a version with a key, so that a policy admits it and Python's model-signing verifies it
    Sign(sign::SignArguments),
    /// Let an alias stand on a version
    Alias(alias::AliasArguments),
    /// Let an alias take a version over if a condition holds on data
    Promote(promote::PromoteArguments),
    /// Let an alias stand on what it stood on before
    Rollback(rollback::RollbackArguments),
    /// Say what differs between two versions
    Diff(diff::DiffArguments),
    /// Read everything, and name what is wrong
    Verify,
    /// Delete blobs that no version refers to
    Gc(gc::GcArguments),
}

/// Runs one subcommand.
pub fn run(arguments: &StoreArguments) -> anyhow::Result<()> {
    let policy = arguments.policy.as_deref();
    let policy = policy.map(|path| advised(SignaturePolicy::read(path))).transpose()?;
    let (url, json) = (url(arguments.store.as_deref()), arguments.json);
    let place = Place { url, policy: policy.map(Arc::new), json };
    match &arguments.command {
        StoreCommand::Put(arguments) => put::run(&place, arguments),
        StoreCommand::Get(arguments) => get::run(&place, arguments),
        StoreCommand::List(arguments) => list::run(&place, arguments),
        StoreCommand::Show(arguments) => show::run(&place, arguments),
        StoreCommand::Sign(arguments) => sign::run(&place, arguments),
        StoreCommand::Alias(arguments) => alias::run(&place, arguments),
        StoreCommand::Promote(arguments) => promote::run(&place, arguments),
        StoreCommand::Rollback(arguments) => rollback::run(&place, arguments),
        StoreCommand::Diff(arguments) => diff::run(&place, arguments),
        StoreCommand::Verify => verify::run(&place),
        StoreCommand::Gc(arguments) => gc::run(&place, arguments),
    }
}

/// Which store, and how to print.
struct Place {
    url: String,
    policy: Option<Arc<SignaturePolicy>>,
    json: bool,
}

impl Place {
    /// The store, which must be there.
    fn open(&self) -> anyhow::Result<Store> {
        Ok(self.guarded(advised(Store::open(&self.url))?))
    }

    /// The store, which is made where there is none. What is sent to a cloud can be gone on with.
    fn create(&self) -> anyhow::Result<Store> {
        let store = self.guarded(advised(Store::create(&self.url))?);
        Ok(store.with_uploads(cache::default_directory().join("uploads")))
    }

    /// With the policy that was given, if one was.
    fn guarded(&self, store: Store) -> Store {
        match &self.policy {
            Some(policy) => store.with_policy(policy.clone()),
            None => store,
        }
    }
}

/// The address that was given, that of the environment, or the user's own.
fn url(given: Option<&str>) -> String {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(url) = given.map(str::to_owned).or_else(|| variable("DEADWEIGHT_STORE")) {
        return url;
    }
    let data = variable("XDG_DATA_HOME").map(PathBuf::from);
    let data = data.or_else(|| Some(std::env::home_dir()?.join(".local/share")));
    let path = match data {
        Some(data) => data.join("deadweight/store"),
        None => PathBuf::from(".deadweight/store"),
    };
    path.to_string_lossy().into_owned()
}

/// An error with what to do about it.
fn advised<T>(result: Result<T, StoreError>) -> anyhow::Result<T> {
    match result {
        Ok(value) => Ok(value),
        Err(error) => {
            let remedy = error.remedy();
            Err(error).advise(remedy)
        }
    }
}

/// Prints a document, or lines for people.
fn print(
    place: &Place,
    document: serde_json::Value,
    lines: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    let text = match place.json {
        true => serde_json::to_string_pretty(&document)?,
        false => lines(),
    };
    Ok(super::print_line(&text)?)
}

/// `name` of a reference as it is typed, for `value_parser`.
fn parsed<T: std::str::FromStr<Err = StoreError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: StoreError| printable(&error.to_string()))
}
