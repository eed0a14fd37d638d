//! Rows to predict, from `.npy` and `.csv`; predictions, to the same.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use ndarray::Array2;

use super::args::Header;
use super::failure::{Advise, UsageError};
use super::files;
use crate::base::{Array, DType, Element, Limits, PagePolicy};
use crate::formats::npy;
use crate::models::{Column, Predictions, Rows, Table, Transformed};
use crate::tables;

/// The rows of a file.
pub enum Input {
    /// Rows of numbers, and the type they had.
    Numbers(Array2<f64>, DType),
    /// Columns with names or texts.
    Table(Table),
}

impl Input {
    /// The rows, for a model.
    pub fn rows(&self) -> Rows<'_> {
        match self {
            Input::Numbers(rows, _) => rows.view().into(),
            Input::Table(table) => table.into(),
        }
    }
}

/// Reads rows; the content says whether it is `.npy` or text. A `.csv` is a table: its columns hold
/// texts where not all fields are numbers, and have names when `header` says so.
///
/// # Errors
/// Names the row and column, or the dtype or shape, that is wrong.
pub fn read(path: &Path, header: Header) -> anyhow::Result<Input> {
    let source = files::read(path, &Limits::default())?;
    let bytes = source.as_bytes();
    let name = path.display();
    let rows = match bytes.starts_with(npy::MAGIC) {
        true => from_npy(bytes),
        false => from_csv(bytes, header).map(Input::Table),
    };
    rows.with_context(|| format!("{name}"))
        .advise("the input is a .npy of numbers or texts, or a .csv, a row for each prediction")
}

fn from_npy(bytes: &[u8]) -> anyhow::Result<Input> {
    let array = npy::read(bytes, PagePolicy::Auto)?;
    let (rows, columns) = match (array.shape(), array.dtype()) {
        ([rows, columns], _) => (*rows, *columns),
        ([rows], DType::Text) => (*rows, 1),
        (shape, DType::Text) => bail!("expected 1 or 2 dimensions of texts, found shape {shape:?}"),
        (shape, _) => bail!("expected 2 dimensions (rows, features), found shape {shape:?}"),
    };
    if array.dtype() != DType::Text {
        let rows = Array2::from_shape_vec((rows, columns), floats(&array)?)?;
        return Ok(Input::Numbers(rows, array.dtype()));
    }
    let texts = array.texts()?;
    let column = |column: usize| {
        let cells = texts.iter().skip(column).step_by(columns);
        Column::Texts(cells.map(|text| Some((*text).to_owned())).collect())
    };
    Ok(Input::Table(Table::new(None, (0..columns).map(column).collect())?))
}

/// Any number as the f64 that holds it exactly, or as the nearest.
///
/// # Errors
/// When it is text.
pub fn floats(array: &Array) -> anyhow::Result<Vec<f64>> {
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

/// Whether the first line of fields is the names of the columns.
fn is_header(first: &csv::StringRecord, header: Header) -> anyhow::Result<bool> {
    tables::csv::is_header(first, header.into())
        .map_err(|error| anyhow!(UsageError(error.to_string())))
        .advise("say --header yes or --header no")
}

/// Fields between commas. A column is one of numbers when every field of it is a number or empty.
fn from_csv(bytes: &[u8], header: Header) -> anyhow::Result<Table> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        anyhow!("byte {}: expected .npy or text in UTF-8, found neither", error.valid_up_to())
    })?;
    // Spreadsheets write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .trim(csv::Trim::Headers)
        .from_reader(text.as_bytes());
    let mut names: Option<Vec<String>> = None;
    let mut fields: Vec<Vec<String>> = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let record = record?;
        if index == 0 && is_header(&record, header)? {
            names = Some(record.iter().map(|name| name.trim().to_owned()).collect());
            continue;
        }
        fields.resize(record.len(), Vec::new());
        fields.iter_mut().zip(&record).for_each(|(column, field)| column.push(field.to_owned()));
    }
    if fields.is_empty() {
        bail!("expected a row for each prediction, found none");
    }
    let columns: Vec<Column> = fields.into_iter().map(column).collect();
    if header == Header::Auto
        && names.is_some()
        && columns.iter().all(|column| matches!(column, Column::Texts(_)))
    {
        // Where all is text, nothing tells names from a row.
        anstream::eprintln!(
            "note: the first line is taken for the names of the columns; --header no takes it for a row"
        );
    }
    Ok(Table::new(names, columns)?)
}

/// Numbers where every field is one or empty, else texts; an empty field is missing.
fn column(fields: Vec<String>) -> Column {
    let number = |field: &String| match field.trim() {
        "" => Some(f64::NAN),
        field => field.parse().ok(),
    };
    match fields.iter().map(number).collect::<Option<Vec<f64>>>() {
        Some(numbers) => Column::Numbers(numbers),
        None => Column::Texts(
            fields.into_iter().map(|field| Some(field).filter(|field| !field.is_empty())).collect(),
        ),
    }
}

/// What a model answered.
pub enum Answer {
    /// A label or a row of values for each row.
    Predictions(Predictions),
    /// A row of values for each row.
    Scores(Array2<f64>),
    /// Features made of each row.
    Transformed(Transformed),
}

impl Answer {
    /// How many rows were answered.
    pub fn len(&self) -> usize {
        match self {
            Answer::Predictions(predictions) => predictions.len(),
            Answer::Scores(scores) => scores.nrows(),
            Answer::Transformed(transformed) => transformed.rows().len(),
        }
    }

    /// The answer as the array that numpy users expect: one dimension where each row has one
    /// label or value, as scikit-learn returns it; transformed rows always have two.
    pub fn to_array(&self) -> anyhow::Result<Array> {
        let both = |values: &Array2<f64>| {
            let data: Vec<f64> = values.iter().copied().collect();
            Array::from_vec(data, &[values.nrows(), values.ncols()])
        };
        let values = |values: &Array2<f64>| match values.ncols() {
            1 => Array::from_vec(values.iter().copied().collect(), &[values.nrows()]),
            _ => both(values),
        };
        Ok(match self {
            Answer::Scores(scores) => values(scores)?,
            Answer::Transformed(Transformed::Numbers(found)) => both(found)?,
            Answer::Transformed(Transformed::Table(table)) => {
                let shape = [table.len(), table.columns().len()];
                Array::from_texts(&self.cells().concat(), &shape)?
            }
            Answer::Predictions(Predictions::Values(found)) => values(found)?,
            Answer::Predictions(Predictions::Integers(labels)) => {
                Array::from_vec(labels.clone(), &[labels.len()])?
            }
            Answer::Predictions(Predictions::Texts(labels)) => {
                Array::from_texts(labels, &[labels.len()])?
            }
            Answer::Predictions(Predictions::Booleans(labels)) => {
                Array::from_bools(labels, &[labels.len()])?
            }
            Answer::Predictions(Predictions::Outputs(outputs)) => self.side_by_side(outputs)?,
        })
    }

    /// Labels of several outputs as one array of the type that holds them all, as numpy has it.
    fn side_by_side(&self, outputs: &[Predictions]) -> anyhow::Result<Array> {
        let shape = [self.len(), outputs.len()];
        if let Some(columns) = columns(outputs, |output| match output {
            Predictions::Integers(labels) => Some(labels.clone()),
            _ => None,
        }) {
            return Ok(Array::from_vec(by_rows(&columns, self.len()), &shape)?);
        }
        if let Some(columns) = columns(outputs, |output| match output {
            Predictions::Booleans(labels) => Some(labels.clone()),
            _ => None,
        }) {
            return Ok(Array::from_bools(&by_rows(&columns, self.len()), &shape)?);
        }
        if let Some(columns) = columns(outputs, |output| match output {
            Predictions::Integers(labels) => Some(labels.iter().map(|v| *v as f64).collect()),
            Predictions::Values(values) if values.ncols() == 1 => {
                Some(values.iter().copied().collect())
            }
            _ => None,
        }) {
            return Ok(Array::from_vec(by_rows(&columns, self.len()), &shape)?);
        }
        Ok(Array::from_texts(&self.cells().concat(), &shape)?)
    }

    /// One value or row a line; fields are quoted where CSV asks for it. Floats have the fewest
    /// digits that give the same f64 back; what is missing is an empty field.
    pub fn to_csv(&self) -> anyhow::Result<Vec<u8>> {
        let mut writer =
            csv::WriterBuilder::new().has_headers(false).flexible(true).from_writer(Vec::new());
        self.cells().into_iter().try_for_each(|row| writer.write_record(row))?;
        Ok(writer.into_inner()?)
    }

    /// The fields of each row.
    fn cells(&self) -> Vec<Vec<String>> {
        let mut cells = vec![Vec::new(); self.len()];
        match self {
            Answer::Scores(found)
            | Answer::Transformed(Transformed::Numbers(found))
            | Answer::Predictions(Predictions::Values(found)) => add_values(&mut cells, found),
            Answer::Predictions(predictions) => add_predictions(&mut cells, predictions),
            Answer::Transformed(Transformed::Table(table)) => {
                for column in table.columns() {
                    match column {
                        Column::Numbers(values) => add(&mut cells, values, |v| format!("{v:?}")),
                        Column::Texts(texts) => {
                            add(&mut cells, texts, |text| text.clone().unwrap_or_default());
                        }
                    }
                }
            }
        }
        cells
    }
}

fn add<T>(cells: &mut [Vec<String>], values: &[T], spell: impl Fn(&T) -> String) {
    cells.iter_mut().zip(values).for_each(|(row, value)| row.push(spell(value)));
}

fn add_values(cells: &mut [Vec<String>], values: &Array2<f64>) {
    for (row, values) in cells.iter_mut().zip(values.rows()) {
        row.extend(values.iter().map(|value| format!("{value:?}")));
    }
}

/// The labels of all outputs, if `of` has them of each.
fn columns<T>(
    outputs: &[Predictions],
    of: impl Fn(&Predictions) -> Option<Vec<T>>,
) -> Option<Vec<Vec<T>>> {
    outputs.iter().map(of).collect()
}

/// Columns of one length, row after row.
fn by_rows<T: Copy>(columns: &[Vec<T>], rows: usize) -> Vec<T> {
    (0..rows)
        .flat_map(|row| columns.iter().filter_map(move |column| column.get(row)))
        .copied()
        .collect()
}

fn add_predictions(cells: &mut [Vec<String>], predictions: &Predictions) {
    match predictions {
        Predictions::Integers(labels) => add(cells, labels, i64::to_string),
        Predictions::Texts(labels) => add(cells, labels, String::clone),
        Predictions::Booleans(labels) => add(cells, labels, bool::to_string),
        Predictions::Values(values) => add_values(cells, values),
        Predictions::Outputs(outputs) => {
            outputs.iter().for_each(|output| add_predictions(cells, output));
        }
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
            let table = from_csv(text.as_bytes(), Header::Auto).unwrap();
            assert_eq!(Rows::from(&table).numbers().unwrap(), expected, "{text:?}");
        }
        let error = |text: &str| from_csv(text.as_bytes(), Header::Auto).unwrap_err().to_string();
        assert!(error("1,2\n3\n").contains("line: 2"), "{}", error("1,2\n3\n"));
        assert_eq!(error("a,b\n"), "expected a row for each prediction, found none");
        assert!(
            from_csv(b"\xff\x00", Header::Auto)
                .unwrap_err()
                .to_string()
                .starts_with("byte 0: expected")
        );
    }

    #[test]
    fn csv_columns_keep_names_texts_and_what_is_missing() {
        let table = from_csv(b"age,city\n 1.5,Oslo\n,\" Rome\"\n", Header::Auto).unwrap();
        assert_eq!(table.names().unwrap(), ["age", "city"]);
        let [Column::Numbers(age), Column::Texts(city)] = table.columns() else { panic!() };
        assert!(age[0] == 1.5 && age[1].is_nan());
        assert_eq!(city, &[Some("Oslo".to_owned()), Some(" Rome".to_owned())]);
        let table = from_csv(b"x\n,\n", Header::Auto).unwrap_err().to_string();
        assert!(table.contains("found record with 2 fields"), "{table}");
    }

    #[test]
    fn the_first_line_of_a_csv_is_what_it_is_said_to_be() {
        let rows = |text: &str, header| from_csv(text.as_bytes(), header).map(|table| table.len());
        assert_eq!(rows("a,b\nc,d\n", Header::Auto).unwrap(), 1);
        assert_eq!(rows("a,b\nc,d\n", Header::No).unwrap(), 2);
        assert_eq!(rows("1,2\n3,4\n", Header::Auto).unwrap(), 2);
        assert_eq!(rows("1,2\n3,4\n", Header::Yes).unwrap(), 1);
        // As pandas writes columns without names.
        let error = rows("0,1,2\n3,4,5\n", Header::Auto).unwrap_err().root_cause().to_string();
        assert!(error.contains("may be names of columns or a row"), "{error}");
        assert_eq!(rows("0,1,2\n3,4,5\n", Header::No).unwrap(), 2);
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
