//! Rows to predict, from `.npy` and `.csv`; predictions, to the same.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use ndarray::Array2;

use super::failure::Advise;
use super::files;
use crate::base::{Array, DType, Element, Limits, PagePolicy};
use crate::formats::npy;
use crate::models::Predictions;

/// Reads a two-dimensional array of numbers; the content says whether it is `.npy` or text.
///
/// # Errors
/// Names the row and column, or the dtype or shape, that is wrong.
pub fn read(path: &Path) -> anyhow::Result<Array2<f64>> {
    let source = files::read(path, &Limits::default())?;
    let bytes = source.as_bytes();
    let name = path.display();
    let rows = match bytes.starts_with(npy::MAGIC) {
        true => from_npy(bytes),
        false => from_csv(bytes),
    };
    rows.with_context(|| format!("{name}")).advise(
        "the input is a two-dimensional .npy of numbers, or a .csv of numbers, a row for each prediction",
    )
}

fn from_npy(bytes: &[u8]) -> anyhow::Result<Array2<f64>> {
    let array = npy::read(bytes, PagePolicy::Auto)?;
    let [rows, columns] = array.shape() else {
        bail!("expected 2 dimensions (rows, features), found shape {:?}", array.shape());
    };
    Ok(Array2::from_shape_vec((*rows, *columns), floats(&array)?)?)
}

/// Any number as the f64 that holds it exactly, or as the nearest.
fn floats(array: &Array) -> anyhow::Result<Vec<f64>> {
    fn cast<T: Element>(array: &Array, cast: impl Fn(T) -> f64) -> anyhow::Result<Vec<f64>> {
        Ok(array.as_slice::<T>()?.iter().map(|value| cast(*value)).collect())
    }
    match array.dtype() {
        DType::F64 => Ok(array.as_slice()?.to_vec()),
        DType::F32 => cast::<f32>(array, f64::from),
        DType::F16 => cast::<half::f16>(array, f64::from),
        DType::Bf16 => cast::<half::bf16>(array, f64::from),
        DType::I64 => cast::<i64>(array, |value| value as f64),
        DType::I32 => cast::<i32>(array, f64::from),
        DType::I16 => cast::<i16>(array, f64::from),
        DType::I8 => cast::<i8>(array, f64::from),
        DType::U64 => cast::<u64>(array, |value| value as f64),
        DType::U32 => cast::<u32>(array, f64::from),
        DType::U16 => cast::<u16>(array, f64::from),
        DType::U8 => cast::<u8>(array, f64::from),
        DType::Bool => Ok(array.bools()?.into_iter().map(|b| f64::from(u8::from(b))).collect()),
        DType::Text => bail!("expected numbers, found text"),
    }
}

/// Numbers between commas. A first line in which nothing is a number is a header.
fn from_csv(bytes: &[u8]) -> anyhow::Result<Array2<f64>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        anyhow!("byte {}: expected .npy or text in UTF-8, found neither", error.valid_up_to())
    })?;
    // Spreadsheets write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let (mut values, mut columns, mut rows) = (Vec::new(), 0, 0);
    for (index, record) in reader.records().enumerate() {
        let record = record?;
        if index == 0 && record.iter().all(|field| field.parse::<f64>().is_err()) {
            continue;
        }
        columns = record.len();
        rows += 1;
        let line = record.position().map_or(0, csv::Position::line);
        for (column, field) in record.iter().enumerate() {
            let value = field.parse::<f64>().map_err(|_| {
                anyhow!("line {line}, column {}: expected a number, found {field:?}", column + 1)
            })?;
            values.push(value);
        }
    }
    if rows == 0 {
        bail!("expected rows of numbers, found none");
    }
    Ok(Array2::from_shape_vec((rows, columns), values)?)
}

/// What a model answered.
pub enum Answer {
    /// A label or a row of values for each row.
    Predictions(Predictions),
    /// A row of values for each row.
    Scores(Array2<f64>),
}

impl Answer {
    /// How many rows were answered.
    pub fn len(&self) -> usize {
        match self {
            Answer::Predictions(predictions) => predictions.len(),
            Answer::Scores(scores) => scores.nrows(),
        }
    }

    /// The answer as the array that numpy users expect: one dimension where each row has one
    /// value, as scikit-learn returns it.
    pub fn to_array(&self) -> anyhow::Result<Array> {
        let values = |values: &Array2<f64>| {
            let data: Vec<f64> = values.iter().copied().collect();
            let shape = match values.dim() {
                (rows, 1) => vec![rows],
                (rows, columns) => vec![rows, columns],
            };
            Array::from_vec(data, &shape)
        };
        Ok(match self {
            Answer::Scores(scores) => values(scores)?,
            Answer::Predictions(Predictions::Values(found)) => values(found)?,
            Answer::Predictions(Predictions::Integers(labels)) => {
                Array::from_vec(labels.clone(), &[labels.len()])?
            }
            Answer::Predictions(Predictions::Texts(labels)) => {
                Array::from_texts(labels, &[labels.len()])?
            }
        })
    }

    /// One value or row a line; fields are quoted where CSV asks for it. Floats have the fewest
    /// digits that give the same f64 back.
    pub fn to_csv(&self) -> anyhow::Result<Vec<u8>> {
        let mut writer =
            csv::WriterBuilder::new().has_headers(false).flexible(true).from_writer(Vec::new());
        let mut field = String::new();
        let mut values = |values: &Array2<f64>| -> anyhow::Result<()> {
            for row in values.rows() {
                for value in row {
                    field.clear();
                    write!(field, "{value:?}")?;
                    writer.write_field(&field)?;
                }
                writer.write_record(None::<&[u8]>)?;
            }
            Ok(())
        };
        match self {
            Answer::Scores(scores) => values(scores)?,
            Answer::Predictions(Predictions::Values(found)) => values(found)?,
            Answer::Predictions(Predictions::Integers(labels)) => {
                for label in labels {
                    writer.write_record([label.to_string()])?;
                }
            }
            Answer::Predictions(Predictions::Texts(labels)) => {
                for label in labels {
                    writer.write_record([label])?;
                }
            }
        }
        Ok(writer.into_inner()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn csv_has_a_header_or_not_and_errors_have_a_place() {
        let expected = array![[1.0, -2.5], [3e300, 4.0]];
        for text in
            ["1,-2.5\n3e300,4", "\u{feff}a, b\n1 , -2.5\r\n3e300,4\r\n", "1,-2.5\n\n3e300,4\n"]
        {
            assert_eq!(from_csv(text.as_bytes()).unwrap(), expected, "{text:?}");
        }
        let error = |text: &str| from_csv(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error("a,b\n1,2\n3,x"), "line 3, column 2: expected a number, found \"x\"");
        assert_eq!(error("1,\n"), "line 1, column 2: expected a number, found \"\"");
        assert!(error("1,2\n3\n").contains("line: 2"), "{}", error("1,2\n3\n"));
        assert_eq!(error("a,b\n"), "expected rows of numbers, found none");
        assert!(from_csv(b"\xff\x00").unwrap_err().to_string().starts_with("byte 0: expected"));
    }

    #[test]
    fn answers_become_arrays_and_lines() {
        let answer = Answer::Scores(array![[0.1, 0.9], [1e300, f64::NAN]]);
        assert_eq!(String::from_utf8(answer.to_csv().unwrap()).unwrap(), "0.1,0.9\n1e300,NaN\n");
        assert_eq!(answer.to_array().unwrap().shape(), [2, 2]);
        let single = Answer::Predictions(Predictions::Values(array![[1.0], [2.0]]));
        assert_eq!(single.to_array().unwrap().shape(), [2]);
        assert_eq!(single.to_csv().unwrap(), b"1.0\n2.0\n");
        let texts = Answer::Predictions(Predictions::Texts(vec!["a".into(), "b,c".into()]));
        assert_eq!(texts.to_csv().unwrap(), b"a\n\"b,c\"\n");
        assert_eq!(texts.to_array().unwrap().texts().unwrap(), ["a", "b,c"]);
        let labels = Answer::Predictions(Predictions::Integers(vec![-1, 7]));
        assert_eq!(labels.to_csv().unwrap(), b"-1\n7\n");
        assert_eq!(labels.to_array().unwrap().dtype(), DType::I64);
    }
}
