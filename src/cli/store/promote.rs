//! `store promote`: an alias takes a version over if a condition holds on data.

use std::path::PathBuf;

use anyhow::Context;

use super::{Place, advised, labels, parsed, print, text};
use crate::base::digest;
use crate::cli::args::Header;
use crate::cli::rows;
use crate::store::condition::Condition;
use crate::store::promote::Promotion;
use crate::store::{Alias, Reference};

/// Arguments of `store promote`.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "The condition compares metrics that are computed on the data, here and now: accuracy, error_rate, precision_macro, recall_macro, f1_macro, mae, mse, rmse, r2. ALIAS.METRIC is that of the version an alias stands on. Numbers, + - *, >= > <= < == != and `and`; no brackets."
)]
pub struct PromoteArguments {
    /// The version that is to take the alias over: NAME, NAME@3, NAME@candidate
    #[arg(value_name = "NAME[@VERSION|ALIAS]", value_parser = parsed::<Reference>)]
    pub version: Reference,
    /// The alias
    #[arg(long, value_name = "ALIAS", value_parser = parsed::<Alias>)]
    pub to: Alias,
    /// What must hold: 'accuracy >= production.accuracy + 0.01'
    #[arg(long = "if", value_name = "CONDITION", value_parser = parsed::<Condition>)]
    pub condition: Condition,
    /// Rows to predict: .npy or .csv
    #[arg(long, value_name = "X.npy|X.csv")]
    pub data: PathBuf,
    /// What is right for each row: .npy or .csv
    #[arg(long, value_name = "Y.npy|Y.csv")]
    pub labels: PathBuf,
    /// Whether the first line of a .csv is the names of its columns (auto: when it has no number)
    #[arg(long, value_enum, default_value_t = Header::Auto)]
    pub header: Header,
}

/// Promotes, and prints where the alias stands; a condition that does not hold is exit code 13.
pub fn run(place: &Place, arguments: &PromoteArguments) -> anyhow::Result<()> {
    let store = place.open()?;
    let rows = rows::read(&arguments.data, arguments.header)?;
    let labels = labels::read(&arguments.labels, arguments.header)?;
    let hash = |path: &PathBuf| {
        digest::sha256_of_file(path).with_context(|| format!("cannot read {}", path.display()))
    };
    let promoted = advised(store.promote(&Promotion {
        name: &arguments.version.name,
        candidate: &arguments.version.selector,
        alias: &arguments.to,
        condition: &arguments.condition,
        rows: rows.rows(),
        labels: &labels,
        data_sha256: hash(&arguments.data)?,
        labels_sha256: hash(&arguments.labels)?,
    }))?;
    let (entry, reason) = (&promoted.entry, &promoted.reason);
    let mut document = text::with_schema(text::MOVE_SCHEMA, entry)?;
    if let Some(document) = document.as_object_mut() {
        // That of an older entry is of the day when it was written.
        document.insert("reason".to_owned(), serde_json::to_value(reason)?);
        document.insert("moved".to_owned(), promoted.is_new.into());
    }
    print(place, document, || match promoted.is_new {
        true => text::moved(entry),
        false => format!(
            "{}: already stands on version {}, because {}",
            entry.alias, entry.version, reason.because
        ),
    })
}
