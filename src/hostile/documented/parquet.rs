//! `parquet`, as its documentation has it: `ArrowWriter` with Snappy, and the batches of a reader that
//! `ParquetRecordBatchReaderBuilder` makes.

use bytes::Bytes;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ::parquet::basic::Compression;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;

use super::{Elements, Named, Tree, Weights, arrow_ipc, documented, refused};
use crate::hostile::reader::Failure;

fn write(weights: Weights) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut written = || -> Result<(), ParquetError> {
        let batch = arrow_ipc::batch(&weights)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties))?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(())
    };
    written().map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn read(bytes: &[u8]) -> Result<Weights, Failure> {
    // The crate wants memory that it can keep: this copy of the file is part of what is measured.
    let file = Bytes::copy_from_slice(bytes);
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(refused)?;
    let mut all: Vec<Named> = Vec::new();
    // A batch has 1024 rows, and more would be set aside on the word of the footer: one array a column is
    // made of all batches.
    for batch in builder.build().map_err(refused)? {
        let next = arrow_ipc::arrays(&batch.map_err(refused)?)?;
        if all.is_empty() {
            all = next;
            continue;
        }
        for (array, next) in all.iter_mut().zip(next) {
            append(array, next)?;
        }
    }
    Ok(Weights { kind: String::new(), version: 1, metadata: Tree::Null, arrays: all })
}

/// Adds what the next batch has of a column.
fn append(array: &mut Named, next: Named) -> Result<(), Failure> {
    match (&mut array.elements, next.elements) {
        (Elements::F64(all), Elements::F64(more)) => all.extend(more),
        (Elements::I64(all), Elements::I64(more)) => all.extend(more),
        (Elements::U32(all), Elements::U32(more)) => all.extend(more),
        (Elements::Texts(all), Elements::Texts(more)) => all.extend(more),
        _ => return Err(refused(format!("column {:?} changes its type", array.name))),
    }
    for (length, more) in array.shape.iter_mut().zip(next.shape) {
        *length += more;
    }
    Ok(())
}

documented!(Documented, "parquet", "parquet", write, read);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_many_batches_is_one_array() {
        let numbers: Vec<f64> = (0..3000).map(f64::from).collect();
        let named = |name: &str, elements, length| Named {
            name: name.to_owned(),
            shape: vec![length],
            elements,
        };
        let arrays = || {
            vec![
                named("long", Elements::F64(numbers.clone()), 3000),
                named("texts", Elements::Texts(vec!["a".to_owned()]), 1),
            ]
        };
        let weights =
            || Weights { kind: String::new(), version: 1, metadata: Tree::Null, arrays: arrays() };
        let read = read(&write(weights()).unwrap());
        let said = read.map(|read| format!("{read:?}"));
        assert!(said.is_ok_and(|said| said == format!("{:?}", weights())));
    }
}
