//! `parquet`, as its documentation has it: `ArrowWriter` with Snappy, and the batches of a reader that
//! `ParquetRecordBatchReaderBuilder` makes.

use bytes::Bytes;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use ::parquet::basic::Compression;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;

use super::{Tree, Weights, arrow_ipc, documented, refused};
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
    let file = Bytes::copy_from_slice(bytes);
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(refused)?;
    let mut all = Vec::new();
    for batch in builder.build().map_err(refused)? {
        all.extend(arrow_ipc::arrays(&batch.map_err(refused)?)?);
    }
    Ok(Weights { kind: String::new(), version: 1, metadata: Tree::Null, arrays: all })
}

documented!(Documented, "parquet", "parquet", write, read);
