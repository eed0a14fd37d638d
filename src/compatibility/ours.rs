//! The reader of this program: bytes of a file in, outcome out. Nothing is imported, nothing is called.

use ndarray::Array2;
use serde::Deserialize;

use super::compare::difference;
use super::files::{Answer, Cell, Input, InputColumn, Task};
use crate::base::Storage;
use crate::base::compatibility::CompatibilityOutcome;
use crate::formats::pickle::{ImportOptions, import};
use crate::models::registry::from_parameters;
use crate::models::{Column, Model, ModelError, Predictions, Rows, Table};

/// What our sums may differ by, as a share of the largest value of a column; trees by nothing.
const TOLERANCE: f64 = 1e-12;

/// Reads, predicts and compares.
pub fn outcome(task: &Task<'_>) -> CompatibilityOutcome {
    match answers(task) {
        Ok(answers) => {
            let tolerance = if task.entry.bits { 0.0 } else { TOLERANCE };
            let pairs = task.expected.iter().zip(&answers);
            let mut examples = pairs.filter_map(|((method, wanted), found)| {
                difference(method, wanted, found, tolerance)
            });
            match examples.next() {
                Some(example) => CompatibilityOutcome::Wrong { example, warned: false },
                None => CompatibilityOutcome::Right { warned: false },
            }
        }
        Err(reason) => CompatibilityOutcome::Fails { reason },
    }
}

fn answers(task: &Task<'_>) -> Result<Vec<Answer>, String> {
    let file = Storage::adopt(task.bytes.clone());
    let imported = import(&file, &ImportOptions::default()).map_err(|error| error.to_string())?;
    let model = from_parameters(&imported.parameters).map_err(|error| error.to_string())?;
    let input = Input::deserialize(task.input).map_err(|error| format!("the input: {error}"))?;
    let asked = |rows: Rows<'_>| {
        let methods = task.expected.iter();
        methods
            .map(|(method, _)| ask(&*model, method, rows).map_err(|e| format!("{method}: {e}")))
            .collect()
    };
    match input {
        Input::Numbers(rows) => {
            let shape = (rows.len(), rows.first().map_or(0, Vec::len));
            let rows = Array2::from_shape_vec(shape, rows.concat())
                .map_err(|error| format!("the input: {error}"))?;
            asked(rows.view().into())
        }
        Input::Documents(texts) => asked((&Table::of_texts(texts)).into()),
        Input::Table { names, columns } => {
            let columns = columns.into_iter().map(column).collect();
            let table = Table::new(Some(names), columns).map_err(|error| error.to_string())?;
            asked((&table).into())
        }
    }
}

fn column(column: InputColumn) -> Column {
    match column {
        InputColumn::Numbers(numbers) => Column::Numbers(numbers),
        InputColumn::Texts(texts) => Column::Texts(texts.into_iter().map(Some).collect()),
    }
}

fn ask(model: &dyn Model, method: &str, rows: Rows<'_>) -> Result<Answer, ModelError> {
    Ok(match method {
        "predict_proba" => numbers(&model.predict_proba(rows)?),
        "decision_function" => numbers(&model.decision_function(rows)?),
        _ => match model.predict(rows)? {
            Predictions::Integers(labels) => {
                column_of(labels.into_iter().map(|label| Cell::Number(label as f64)))
            }
            Predictions::Booleans(labels) => column_of(labels.into_iter().map(Cell::Truth)),
            Predictions::Texts(labels) => column_of(labels.into_iter().map(Cell::Text)),
            Predictions::Values(values) => numbers(&values),
            Predictions::Outputs(_) => {
                return Err(ModelError::Table(
                    "answers of several outputs are not compared".into(),
                ));
            }
        },
    })
}

fn column_of(values: impl Iterator<Item = Cell>) -> Answer {
    let values: Vec<Cell> = values.collect();
    Answer { shape: vec![values.len() as u64], values, same: false }
}

/// scikit-learn answers one column without its second dimension.
fn numbers(values: &Array2<f64>) -> Answer {
    let mut shape = vec![values.nrows() as u64];
    if values.ncols() != 1 {
        shape.push(values.ncols() as u64);
    }
    Answer { shape, values: values.iter().map(|value| Cell::Number(*value)).collect(), same: false }
}
