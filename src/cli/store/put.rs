//! `store put`: a model file becomes a new version.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, anyhow};

use super::progress::Bar;
use super::sign::private_key;
use super::{Place, advised, parsed, print, text};
use crate::base::digest;
use crate::cli::args::{ContentName, PickleArguments};
use crate::cli::convert::wanted;
use crate::cli::failure::{Advise, UsageError};
use crate::cli::files;
use crate::store::manifest::is_metric;
use crate::store::put::ImportedFile;
use crate::store::{Alias, Metrics, Name, NewVersion};

/// Arguments of `store put`.
#[derive(Debug, Clone, clap::Args)]
pub struct PutArguments {
    /// The model file; its content says what it is, not its name
    pub file: PathBuf,
    /// The model that it is a version of
    #[arg(long, value_name = "NAME", value_parser = parsed::<Name>)]
    pub name: Name,
    /// What was measured of it, for the record: accuracy=0.93; repeat for more
    #[arg(long = "metric", value_name = "NAME=VALUE", value_parser = metric)]
    pub metrics: Vec<(String, f64)>,
    /// Let this alias stand on the new version
    #[arg(long, value_name = "ALIAS", value_parser = parsed::<Alias>)]
    pub alias: Option<Alias>,
    /// Sign the new version with this private key, P-256, PEM
    #[arg(long, value_name = "KEY")]
    pub sign: Option<PathBuf>,
    /// The file that it was trained on, of which the SHA-256 is kept
    #[arg(long, value_name = "FILE")]
    pub dataset: Option<PathBuf>,
    /// The seed of its training (default: its random_state, where it has one)
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How much to keep: all that FILE holds, or what prediction needs (default: full)
    #[arg(long, value_enum)]
    pub content: Option<ContentName>,
    /// What a pickle or joblib file needs beside itself.
    #[command(flatten)]
    pub pickle: PickleArguments,
}

/// Puts the version and prints its number.
pub fn run(place: &Place, arguments: &PutArguments) -> anyhow::Result<()> {
    let metrics = once_each(&arguments.metrics)?;
    let key = arguments.sign.as_deref().map(private_key).transpose()?;
    let (file, sha256) = files::load_hashed(&arguments.file, &arguments.pickle)?;
    let name = arguments.file.display().to_string();
    let imported = ImportedFile { format: file.format.id.to_owned(), sha256, bytes: file.bytes };
    let parameters = wanted(file.parameters, arguments.content, &arguments.file)?;
    let dataset_sha256 = match &arguments.dataset {
        None => None,
        Some(path) => Some(
            digest::sha256_of_file(path)
                .with_context(|| format!("cannot read {}", path.display()))
                .advise("check the path and its permissions")?,
        ),
    };
    let version = NewVersion {
        name: arguments.name.clone(),
        parameters,
        metrics,
        dataset_sha256,
        seed: arguments.seed,
        file: Some(imported),
    };
    let store = place.create()?;
    let bar = Bar::new();
    let put = store.put_watched(version, &|done, size| bar.update(done, size));
    drop(bar);
    let manifest = advised(put).with_context(|| name.clone())?;
    if let Some(key) = &key {
        advised(store.sign(&arguments.name, manifest.version, key)).with_context(|| {
            format!("{name} is version {}, but was not signed", manifest.version)
        })?;
    }
    if let Some(alias) = &arguments.alias {
        advised(store.set_alias(&arguments.name, alias, manifest.version)).with_context(|| {
            format!("{name}: stored as version {}, and {alias} was not moved", manifest.version)
        })?;
    }
    anstream::eprintln!(
        "{name} ({}) -> {} version {} at {}",
        manifest.origin.format,
        manifest.name,
        manifest.version,
        store.url()
    );
    let document = text::with_schema(text::VERSION_SCHEMA, &manifest)?;
    print(place, document, || manifest.version.to_string())
}

/// The metrics by name; none may come twice.
fn once_each(given: &[(String, f64)]) -> anyhow::Result<Metrics> {
    let mut metrics = BTreeMap::new();
    for (name, value) in given {
        if let Some(first) = metrics.insert(name.clone(), *value) {
            let message = format!("--metric {name} was given twice, as {first} and as {value}");
            return Err(anyhow!(UsageError(message))).advise("give each metric once");
        }
    }
    Ok(Metrics(metrics))
}

fn metric(text: &str) -> Result<(String, f64), String> {
    let wrong = || format!("expected NAME=VALUE, as in accuracy=0.93, found {text:?}");
    let (name, value) =
        text.split_once('=').filter(|(name, _)| is_metric(name)).ok_or_else(wrong)?;
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((name.to_owned(), number)),
        Ok(_) => Err(format!("expected a finite number, found {value:?}")),
        Err(_) => Err(wrong()),
    }
}
