//! `arrow-ipc`, as its documentation has it: `FileWriter`, `FileReader`, and the columns of each batch.

use std::sync::Arc;

use ::arrow_ipc::reader::FileReader;
use ::arrow_ipc::writer::FileWriter;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, UInt32Type};
use arrow_array::{
    Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, UInt32Array,
};
use arrow_schema::{DataType, Field, Schema};

use super::{Elements, Named, Tree, Weights, documented, refused};
use crate::hostile::reader::Failure;

/// The arrays as a table, which Parquet takes, too.
pub(super) fn batch(weights: &Weights) -> Result<RecordBatch, arrow_schema::ArrowError> {
    // A table has columns of one length: the longest array decides, the others are filled up with null.
    let rows = weights.arrays.iter().map(|array| length(&array.elements)).max().unwrap_or_default();
    let columns: Vec<ArrayRef> =
        weights.arrays.iter().map(|array| column(&array.elements, rows)).collect();
    let field = |(array, column): (&Named, &ArrayRef)| {
        Field::new(array.name.clone(), column.data_type().clone(), true)
    };
    let fields: Vec<Field> = weights.arrays.iter().zip(&columns).map(field).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn write(weights: Weights) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut written = || -> Result<(), arrow_schema::ArrowError> {
        let batch = batch(&weights)?;
        let mut writer = FileWriter::try_new(&mut bytes, &batch.schema())?;
        writer.write(&batch)?;
        writer.finish()
    };
    written().map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn length(elements: &Elements) -> usize {
    match elements {
        Elements::F64(values) => values.len(),
        Elements::I64(values) => values.len(),
        Elements::U32(values) => values.len(),
        Elements::Texts(values) => values.len(),
    }
}

fn column(elements: &Elements, rows: usize) -> ArrayRef {
    fn filled<T: Clone>(values: &[T], rows: usize) -> impl Iterator<Item = Option<T>> + '_ {
        (0..rows).map(|row| values.get(row).cloned())
    }
    match elements {
        Elements::F64(values) => Arc::new(filled(values, rows).collect::<Float64Array>()),
        Elements::I64(values) => Arc::new(filled(values, rows).collect::<Int64Array>()),
        Elements::U32(values) => Arc::new(filled(values, rows).collect::<UInt32Array>()),
        Elements::Texts(values) => Arc::new(filled(values, rows).collect::<StringArray>()),
    }
}

/// What the columns of a table hold.
pub(super) fn arrays(batch: &RecordBatch) -> Result<Vec<Named>, Failure> {
    let mut arrays = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let elements = match column.data_type() {
            DataType::Float64 => {
                Elements::F64(column.as_primitive::<Float64Type>().iter().flatten().collect())
            }
            DataType::Int64 => {
                Elements::I64(column.as_primitive::<Int64Type>().iter().flatten().collect())
            }
            DataType::UInt32 => {
                Elements::U32(column.as_primitive::<UInt32Type>().iter().flatten().collect())
            }
            DataType::Utf8 => {
                let texts = column.as_string::<i32>().iter().flatten();
                Elements::Texts(texts.map(str::to_owned).collect())
            }
            other => return Err(refused(format!("column {:?} is {other}", field.name()))),
        };
        let shape = vec![(column.len() - column.null_count()) as u64];
        arrays.push(Named { name: field.name().clone(), shape, elements });
    }
    Ok(arrays)
}

fn read(bytes: &[u8]) -> Result<Weights, Failure> {
    let reader = FileReader::try_new(super::file(bytes), None).map_err(refused)?;
    let mut all = Vec::new();
    for batch in reader {
        all.extend(arrays(&batch.map_err(refused)?)?);
    }
    Ok(Weights { kind: String::new(), version: 1, metadata: Tree::Null, arrays: all })
}

documented!(Documented, "arrow", "arrow-ipc", write, read);
