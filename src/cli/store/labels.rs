//! What is right for each row, from `.npy` or `.csv`.

use std::path::Path;

use anyhow::{Context, bail};

use crate::base::{DType, Limits, PagePolicy};
use crate::cli::args::Header;
use crate::cli::failure::Advise;
use crate::cli::{files, rows};
use crate::formats::npy;
use crate::models::Column;
use crate::store::metrics::Labels;

/// Reads one label a row.
///
/// # Errors
/// When the file is of another shape, or cannot be read.
pub fn read(path: &Path, header: Header) -> anyhow::Result<Labels> {
    let source = files::read(path, &Limits::default())?;
    let bytes = source.as_bytes();
    let labels = match bytes.starts_with(npy::MAGIC) {
        true => from_npy(bytes),
        false => from_csv(path, header),
    };
    labels
        .with_context(|| path.display().to_string())
        .advise("labels are a .npy of one dimension, or a .csv of one column, a label for each row")
}

fn from_npy(bytes: &[u8]) -> anyhow::Result<Labels> {
    let array = npy::read(bytes, PagePolicy::Auto)?;
    match array.shape() {
        [_] | [_, 1] => {}
        shape => bail!("expected one label a row, found shape {shape:?}"),
    }
    match array.dtype() {
        DType::Text => Ok(Labels::Texts(array.texts()?.into_iter().map(str::to_owned).collect())),
        _ => Ok(Labels::Numbers(rows::floats(&array)?)),
    }
}

fn from_csv(path: &Path, header: Header) -> anyhow::Result<Labels> {
    let rows::Input::Table(table) = rows::read(path, header)? else {
        bail!("expected one column of labels");
    };
    match table.columns() {
        [Column::Numbers(numbers)] => Ok(Labels::Numbers(numbers.clone())),
        [Column::Texts(texts)] => {
            Ok(Labels::Texts(texts.iter().map(|text| text.clone().unwrap_or_default()).collect()))
        }
        columns => bail!("expected one column of labels, found {}", columns.len()),
    }
}
