//! `parquet`: a row of a table, columns by their place or by their name. The schema stands in each file.

use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, Float64Array, ListArray, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;

use super::{Cell, Codec, reading};
use crate::base::hostility::{Change, Reading};

/// Columns by their place.
pub(super) const PLAIN: Codec = Codec {
    id: "parquet",
    way: "columns of a table by their place, each with the type that is expected",
    crate_name: "parquet",
    read: |change, old_reads_new| read(change, old_reads_new, false),
};

/// As tables are read that change.
pub(super) const RECOMMENDED: Codec = Codec {
    id: "parquet-recommended",
    way: "columns by their name, which the file keeps; one that is missing is null, and whole numbers may be of any width",
    crate_name: "parquet",
    read: |change, old_reads_new| read(change, old_reads_new, true),
};

/// A column of one row: its name in the program, its meaning (and its name in files that keep it), its value.
struct Column {
    name: &'static str,
    meaning: &'static str,
    value: ArrayRef,
}

fn column(name: &'static str, meaning: &'static str, value: impl Array + 'static) -> Column {
    Column { name, meaning, value: Arc::new(value) }
}

fn float(name: &'static str, meaning: &'static str, value: f64) -> Column {
    column(name, meaning, Float64Array::from(vec![value]))
}

fn text(name: &'static str, value: Option<&str>) -> Column {
    column(name, name, StringArray::from(vec![value]))
}

/// The columns before and after a change, in the words of `versions.rs`.
fn versions(change: Change) -> (Vec<Column>, Vec<Column>) {
    let name = || text("name", Some("forest"));
    let count = || column("count", "count", UInt32Array::from(vec![300]));
    let rate = || float("rate", "rate", 0.25);
    let limit = || float("limit", "limit", 4.5);
    let momentum = || float("momentum", "momentum", 0.875);
    let weights = || {
        let values = Arc::new(Float64Array::from(vec![1.0, -2.0, 3.5]));
        let item = Arc::new(Field::new("element", DataType::Float64, false));
        column(
            "weights",
            "weights",
            ListArray::new(item, OffsetBuffer::from_lengths([3]), values, None),
        )
    };
    let old = vec![name(), count(), rate(), limit(), weights()];
    match change {
        Change::AddedAtEnd => (old, vec![name(), count(), rate(), limit(), weights(), momentum()]),
        Change::AddedInMiddle => {
            (old, vec![name(), count(), momentum(), rate(), limit(), weights()])
        }
        Change::Removed => (old, vec![name(), count(), limit(), weights()]),
        Change::Reordered => (old, vec![name(), count(), limit(), rate(), weights()]),
        Change::Renamed => {
            let renamed = float("learning_rate", "rate", 0.25);
            (old, vec![name(), count(), renamed, limit(), weights()])
        }
        Change::Widened => {
            let count = column("count", "count", UInt64Array::from(vec![300]));
            (old, vec![name(), count, rate(), limit(), weights()])
        }
        Change::OptionalMadeRequired => (
            vec![name(), text("note", None), count(), weights()],
            vec![name(), text("note", Some("a")), count(), weights()],
        ),
    }
}

/// The value of a column of the reader's in the table of the writer's.
fn find(
    batch: &RecordBatch,
    place: usize,
    wanted: &Column,
    by_name: bool,
) -> Result<Option<ArrayRef>, String> {
    let found = match by_name {
        true => batch.column_by_name(wanted.meaning),
        false => batch.columns().get(place),
    };
    let found = match (found, by_name) {
        (Some(found), _) => found,
        (None, true) => return Ok(None),
        (None, false) => return Err(format!("there is no column {place}")),
    };
    let (expected, there) = (wanted.value.data_type(), found.data_type());
    let wider = by_name && expected.is_integer() && there.is_integer();
    let column = if by_name { format!("{:?}", wanted.meaning) } else { place.to_string() };
    match expected == there || wider {
        true => Ok(Some(found.clone())),
        false => Err(format!("column {column} is {there}, {expected} is expected")),
    }
}

fn read(change: Change, old_reads_new: bool, by_name: bool) -> Reading {
    let (old, new) = versions(change);
    let (writer, reader) = if old_reads_new { (new, old) } else { (old, new) };
    let written: Vec<_> =
        writer.iter().map(|column| (column.meaning, cell(&column.value))).collect();
    reading(&written, &mut || {
        let bytes = write(&writer, by_name).map_err(|error| error.to_string())?;
        let batches = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes));
        let mut batches = batches.and_then(|builder| builder.build()).map_err(|e| e.to_string())?;
        let batch = batches.next().ok_or("there is no row")?.map_err(|error| error.to_string())?;
        let field = |(place, column): (usize, &Column)| {
            let found = find(&batch, place, column, by_name)?;
            Ok((column.meaning, found.map_or(Cell::Absent, |value| cell(&value))))
        };
        reader.iter().enumerate().map(field).collect()
    })
}

fn write(
    columns: &[Column],
    keeps_names: bool,
) -> Result<Vec<u8>, ::parquet::errors::ParquetError> {
    let field = |column: &Column| {
        let name = if keeps_names { column.meaning } else { column.name };
        Field::new(name, column.value.data_type().clone(), true)
    };
    let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
    let values = columns.iter().map(|column| column.value.clone()).collect();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema.clone(), None)?;
    writer.write(&RecordBatch::try_new(schema, values)?)?;
    writer.close()?;
    Ok(bytes)
}

/// The value of a column's only row.
fn cell(value: &ArrayRef) -> Cell {
    if value.is_null(0) {
        return Cell::Absent;
    }
    match value.data_type() {
        DataType::Float64 => Cell::Number(value.as_primitive::<Float64Type>().value(0)),
        DataType::UInt32 => Cell::Number(value.as_primitive::<UInt32Type>().value(0).into()),
        DataType::UInt64 => Cell::Number(value.as_primitive::<UInt64Type>().value(0) as f64),
        DataType::Utf8 => Cell::Text(value.as_string::<i32>().value(0).to_owned()),
        _ => {
            let list = value.as_list::<i32>().value(0);
            Cell::Numbers(list.as_primitive::<Float64Type>().values().to_vec())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_of_any_width_are_one_by_name_and_nothing_else_is() {
        let count = column("count", "count", UInt64Array::from(vec![300]));
        let bytes = write(&[text("rate", Some("high")), count], true).unwrap();
        let batches = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
        let batch = batches.build().unwrap().next().unwrap().unwrap();
        let narrow = column("count", "count", UInt32Array::from(vec![0]));
        assert!(find(&batch, 0, &narrow, true).unwrap().is_some());
        assert!(find(&batch, 1, &narrow, false).is_err());
        assert!(find(&batch, 0, &float("limit", "limit", 0.0), true).unwrap().is_none());
        let said = find(&batch, 0, &float("rate", "rate", 0.0), true).unwrap_err();
        assert_eq!(said, "column \"rate\" is Utf8, Float64 is expected");
    }
}
