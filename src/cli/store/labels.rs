//! What is right for each row, from `.npy` or `.csv`.

use std::path::Path;

use anyhow::{Context, anyhow, bail};

use crate::base::{Array, DType, Element, Limits, PagePolicy};
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
        false => from_csv(path, bytes, header),
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
    fn whole<T: Element + Into<i64>>(array: &Array) -> anyhow::Result<Labels> {
        let labels = array.as_slice::<T>()?.iter().map(|label| (*label).into());
        Ok(Labels::Integers(labels.collect()))
    }
    match array.dtype() {
        DType::Text => Ok(Labels::Texts(array.texts()?.into_iter().map(str::to_owned).collect())),
        DType::I64 => whole::<i64>(&array),
        DType::I32 => whole::<i32>(&array),
        DType::I16 => whole::<i16>(&array),
        DType::I8 => whole::<i8>(&array),
        DType::U32 => whole::<u32>(&array),
        DType::U16 => whole::<u16>(&array),
        DType::U8 => whole::<u8>(&array),
        DType::U64 => {
            let whole = |(row, label): (usize, &u64)| {
                i64::try_from(*label).map_err(|_| {
                    anyhow!(
                        "row {}: expected at most {}, as of int64, found {label}",
                        row + 1,
                        i64::MAX
                    )
                })
            };
            let labels = array.as_slice::<u64>()?.iter().enumerate().map(whole);
            Ok(Labels::Integers(labels.collect::<anyhow::Result<_>>()?))
        }
        _ => Ok(Labels::Numbers(rows::floats(&array)?)),
    }
}

fn from_csv(path: &Path, bytes: &[u8], header: Header) -> anyhow::Result<Labels> {
    let rows::Input::Table(table) = rows::read(path, header)? else {
        bail!("expected one column of labels");
    };
    match table.columns() {
        [Column::Numbers(numbers)] => Ok(whole_numbers(bytes, numbers)?
            .map_or_else(|| Labels::Numbers(numbers.clone()), Labels::Integers)),
        [Column::Texts(texts)] => {
            let texts = texts.iter().enumerate().map(|(row, text)| {
                let text = text.clone();
                text.ok_or_else(|| anyhow!("row {}: expected a label, found nothing", row + 1))
            });
            Ok(Labels::Texts(texts.collect::<anyhow::Result<_>>()?))
        }
        columns => bail!("expected one column of labels, found {}", columns.len()),
    }
}

/// The numbers of a column once more, as whole ones: f64 has no room for the last digits of large ones.
/// `None` where that changes nothing, or where one is not whole.
fn whole_numbers(bytes: &[u8], numbers: &[f64]) -> anyhow::Result<Option<Vec<i64>>> {
    /// From here on not every whole number is an f64.
    const LARGE: f64 = 9_007_199_254_740_992.0;
    if !numbers.iter().any(|number| number.abs() >= LARGE) {
        return Ok(None);
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let fields = reader.records().map(|record| Ok(record?.get(0).unwrap_or_default().to_owned()));
    let fields = fields.collect::<anyhow::Result<Vec<String>>>()?;
    // The names of the columns are the one line that is no row.
    let fields = fields.iter().skip(fields.len().saturating_sub(numbers.len()));
    Ok(fields.map(|field| field.trim().parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(name: &str, bytes: &[u8]) -> Result<Labels, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        read(&path, Header::Auto).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn whole_labels_keep_all_their_digits() {
        let large = (1i64 << 53) + 1;
        let array = Array::from_vec(vec![large, -large], &[2]).unwrap();
        let whole = Labels::Integers(vec![large, -large]);
        assert_eq!(labels("y.npy", &npy::write(&array).unwrap()).unwrap(), whole);
        for csv in
            ["9007199254740993\n-9007199254740993\n", "y\n9007199254740993\n -9007199254740993\n"]
        {
            assert_eq!(labels("y.csv", csv.as_bytes()).unwrap(), whole, "{csv}");
        }
        let mixed = labels("y.csv", b"9007199254740993\n0.5\n").unwrap();
        assert_eq!(mixed, Labels::Numbers(vec![9_007_199_254_740_992.0, 0.5]));
        let array = Array::from_vec(vec![1u64, 1 << 63], &[2]).unwrap();
        let error = labels("y.npy", &npy::write(&array).unwrap()).unwrap_err();
        assert!(error.contains("row 2: expected at most 9223372036854775807"), "{error}");
        let error = labels("y.csv", b"y\nyes\n\"\"\nno\n").unwrap_err();
        assert!(error.contains("row 2: expected a label, found nothing"), "{error}");
    }
}
