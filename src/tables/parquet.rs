//! Apache Parquet, an array a column.
//!
//! Numbers, booleans and texts are read; dates, times and timestamps as the whole numbers they are
//! stored as. A null in a column of floats becomes NaN, one in a column of texts the empty text, and
//! both are told; a null among other values is refused, since a plain array has no place for it, and
//! so are columns inside columns.
//!
//! What a file may become is bounded by what its footer says before a page is read, and again by what
//! was read, since the footer may lie. Pages are read one after the other; one has at most 2 GiB.

use arrow_array::{Array as _, ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow_buffer::ArrowNativeType;
use arrow_schema::{DataType, Field};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use super::texts::Texts;
use super::{Table, TableError};
use crate::base::parameters::PLAIN_ARRAYS;
use crate::base::{Array, ArrayError, Limits, Parameters, Storage};
use crate::formats::contain;

/// What a file begins with, unless its footer is encrypted.
pub(super) const MAGIC: &[u8] = b"PAR1";

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 8192;

/// So much harms nobody, however small the file is: a column of one value takes a few bytes for
/// millions of rows.
const HARMLESS_BYTES: u64 = 256 << 20;

const EXPECTED: &str = "numbers, booleans, texts, dates or times";

pub(super) fn read(source: &Storage, limits: &Limits) -> Result<Table, TableError> {
    // The crate panics on some damaged files; what it says comes back as an error.
    contain("parquet", || Ok(read_all(source, limits)))?
}

fn reader_error(error: impl std::fmt::Display) -> TableError {
    TableError::Reader(error.to_string())
}

fn read_all(source: &Storage, limits: &Limits) -> Result<Table, TableError> {
    let bytes = Bytes::from_owner(Owner(source.clone()));
    // The types are those of the file itself, not those of a schema that a program left in it.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = ArrowReaderMetadata::load(&bytes, options).map_err(reader_error)?;
    let schema = metadata.schema().clone();
    if schema.fields().len() > limits.max_arrays {
        let (found, limit) = (schema.fields().len() as u64, limits.max_arrays as u64);
        return Err(TableError::Limit { what: "columns", found, limit });
    }
    let mut columns: Vec<Column> =
        schema.fields().iter().map(|field| Column::new(field)).collect::<Result<_, _>>()?;
    let most = allowed(source.len(), limits);
    let rows = u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(u64::MAX);
    let row: u64 = columns.iter().map(|column| column.values.item_size() as u64).sum();
    check(rows.saturating_mul(row), most)?;
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, metadata)
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(reader_error)?;
    for batch in reader {
        let batch: RecordBatch = batch.map_err(reader_error)?;
        for (column, array) in columns.iter_mut().zip(batch.columns()) {
            column.append(array)?;
        }
        let bytes: usize = columns.iter().map(|column| column.values.byte_len()).sum();
        check(bytes as u64, most)?;
    }
    let mut table = Table { parameters: Parameters::new(PLAIN_ARRAYS, 1), words: Vec::new() };
    for column in columns {
        table.words.extend(column.word());
        table.parameters.insert(column.name, column.values.into_array()?)?;
    }
    Ok(table)
}

/// The bytes of the file as the crate wants them.
struct Owner(Storage);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Bytes of arrays that a file of a length may become.
fn allowed(len: usize, limits: &Limits) -> u64 {
    let grown = (len as u64).saturating_mul(limits.max_decompression_ratio);
    grown.max(HARMLESS_BYTES).min(limits.max_decompressed_bytes)
}

fn check(found: u64, limit: u64) -> Result<(), TableError> {
    match found > limit {
        true => {
            Err(TableError::Limit { what: "bytes of arrays in a file of this size", found, limit })
        }
        false => Ok(()),
    }
}

/// A column in the making.
struct Column {
    name: String,
    values: Values,
    nulls: usize,
}

macro_rules! values {
    ($($variant:ident: $type:ty, $null:expr;)*) => {
        /// The values of a column so far.
        enum Values {
            $($variant(Vec<$type>),)*
            Booleans(Vec<bool>),
            Texts(Texts),
        }

        impl Values {
            /// Bytes that one more value takes at least.
            fn item_size(&self) -> usize {
                match self {
                    $(Values::$variant(_) => std::mem::size_of::<$type>(),)*
                    Values::Booleans(_) => 1,
                    Values::Texts(_) => 8,
                }
            }

            fn byte_len(&self) -> usize {
                match self {
                    $(Values::$variant(values) => std::mem::size_of_val(values.as_slice()),)*
                    Values::Booleans(values) => values.len(),
                    Values::Texts(texts) => texts.byte_len(),
                }
            }

            fn into_array(self) -> Result<Array, ArrayError> {
                match self {
                    $(Values::$variant(values) => {
                        let shape = [values.len()];
                        Array::from_vec(values, &shape)
                    })*
                    Values::Booleans(values) => Array::from_bools(&values, &[values.len()]),
                    Values::Texts(texts) => texts.into_array(),
                }
            }

            /// Adds the values of a batch; `None` when one is null and nothing can stand for it.
            fn append(&mut self, array: &ArrayRef) -> Option<()> {
                match self {
                    $(Values::$variant(values) => append_numbers(values, array, $null),)*
                    Values::Booleans(values) => {
                        let array = array.as_any().downcast_ref::<BooleanArray>()?;
                        values.extend(array.iter().map(|value| value.unwrap_or_default()));
                        (array.null_count() == 0).then_some(())
                    }
                    Values::Texts(texts) => {
                        let array = array.as_any().downcast_ref::<StringArray>()?;
                        array.iter().for_each(|text| texts.push(text.unwrap_or_default()));
                        Some(())
                    }
                }
            }
        }
    };
}

values! {
    F64: f64, Some(f64::NAN);
    F32: f32, Some(f32::NAN);
    F16: half::f16, Some(half::f16::NAN);
    I64: i64, None;
    I32: i32, None;
    I16: i16, None;
    I8: i8, None;
    U64: u64, None;
    U32: u32, None;
    U16: u16, None;
    U8: u8, None;
}

fn append_numbers<T: ArrowNativeType>(
    values: &mut Vec<T>,
    array: &ArrayRef,
    null: Option<T>,
) -> Option<()> {
    let data = array.to_data();
    let found = data.buffer::<T>(0).get(..array.len())?;
    if array.null_count() == 0 {
        values.extend_from_slice(found);
        return Some(());
    }
    let null = null?;
    let value = |(index, value): (usize, &T)| if array.is_null(index) { null } else { *value };
    values.extend(found.iter().enumerate().map(value));
    Some(())
}

impl Column {
    fn new(field: &Field) -> Result<Self, TableError> {
        let values = match field.data_type() {
            DataType::Float64 => Values::F64(Vec::new()),
            DataType::Float32 => Values::F32(Vec::new()),
            DataType::Float16 => Values::F16(Vec::new()),
            DataType::Int64
            | DataType::Timestamp(..)
            | DataType::Time64(_)
            | DataType::Date64
            | DataType::Duration(_) => Values::I64(Vec::new()),
            DataType::Int32 | DataType::Date32 | DataType::Time32(_) => Values::I32(Vec::new()),
            DataType::Int16 => Values::I16(Vec::new()),
            DataType::Int8 => Values::I8(Vec::new()),
            DataType::UInt64 => Values::U64(Vec::new()),
            DataType::UInt32 => Values::U32(Vec::new()),
            DataType::UInt16 => Values::U16(Vec::new()),
            DataType::UInt8 => Values::U8(Vec::new()),
            DataType::Boolean => Values::Booleans(Vec::new()),
            DataType::Utf8 => Values::Texts(Texts::default()),
            other => {
                let (column, found) = (field.name().clone(), found(other));
                return Err(TableError::Column { column, expected: EXPECTED, found });
            }
        };
        Ok(Column { name: field.name().clone(), values, nulls: 0 })
    }

    fn append(&mut self, array: &ArrayRef) -> Result<(), TableError> {
        self.nulls = self.nulls.saturating_add(array.null_count());
        self.values.append(array).ok_or_else(|| TableError::Column {
            column: self.name.clone(),
            expected: "values in every row, since only floats and texts have something to stand for a null; fill them or leave the column out",
            found: format!("{} nulls", self.nulls),
        })
    }

    /// What became of nulls, if there were any.
    fn word(&self) -> Option<String> {
        let became = match self.values {
            Values::Texts(_) => "the empty text",
            _ => "NaN",
        };
        let (name, nulls) = (&self.name, self.nulls);
        (nulls > 0).then(|| format!("column {name:?}: {nulls} nulls are measured as {became}"))
    }
}

/// A type in words.
fn found(other: &DataType) -> String {
    match other {
        DataType::Struct(_) | DataType::List(_) | DataType::LargeList(_) | DataType::Map(..) => {
            "columns inside it; flatten it, or leave it out".to_owned()
        }
        other => format!("{other}; convert it, or leave it out"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int32Type;
    use arrow_array::{Float64Array, Int64Array, ListArray, TimestampMillisecondArray};
    use arrow_schema::Schema;
    use parquet::arrow::ArrowWriter;
    use parquet::basic::{Compression, ZstdLevel};
    use parquet::file::properties::WriterProperties;

    use super::*;
    use crate::base::{DType, PagePolicy};

    fn file(columns: Vec<(&str, ArrayRef)>, compression: Compression) -> Storage {
        let fields =
            columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        let batch = RecordBatch::try_new(schema.clone(), arrays).unwrap();
        let properties = WriterProperties::builder().set_compression(compression).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        Storage::copy_of(&writer.into_inner().unwrap(), PagePolicy::Auto).unwrap()
    }

    fn parse(source: &Storage) -> Result<Table, TableError> {
        read(source, &Limits::default())
    }

    #[test]
    fn columns_come_back_from_every_compression() {
        let zstd = Compression::ZSTD(ZstdLevel::default());
        let all = [Compression::UNCOMPRESSED, Compression::SNAPPY, zstd];
        for compression in all.into_iter().chain([Compression::GZIP(Default::default())]) {
            let rows = 0..20_000i64;
            let source = file(
                vec![
                    ("id", Arc::new(Int64Array::from_iter_values(rows.clone()))),
                    (
                        "share",
                        Arc::new(Float64Array::from_iter(
                            rows.clone().map(|row| (row != 3).then_some(row as f64 / 4.0)),
                        )),
                    ),
                    (
                        "even",
                        Arc::new(BooleanArray::from_iter(
                            rows.clone().map(|row| Some(row % 2 == 0)),
                        )),
                    ),
                    (
                        "word",
                        Arc::new(StringArray::from_iter(
                            rows.clone().map(|row| (row != 1).then(|| format!("é{row}"))),
                        )),
                    ),
                    ("at", Arc::new(TimestampMillisecondArray::from_iter_values(rows.clone()))),
                ],
                compression,
            );
            let table = parse(&source).unwrap();
            let read = &table.parameters;
            assert_eq!(read.slice::<i64>("id").unwrap(), rows.clone().collect::<Vec<_>>());
            assert_eq!(read.slice::<i64>("at").unwrap().len(), 20_000);
            let share = read.slice::<f64>("share").unwrap();
            assert!(share[3].is_nan() && share[19_999] == 4999.75);
            assert_eq!(read.array("even").unwrap().bools().unwrap()[..3], [true, false, true]);
            let word = read.array("word").unwrap();
            assert_eq!((word.texts().unwrap()[0], word.texts().unwrap()[1]), ("é0", ""));
            assert_eq!(word.dtype(), DType::Text);
            assert_eq!(
                table.words,
                [
                    "column \"share\": 1 nulls are measured as NaN",
                    "column \"word\": 1 nulls are measured as the empty text"
                ]
            );
        }
    }

    #[test]
    fn what_is_no_plain_array_is_refused_by_its_name() {
        let nulls: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
        let error = parse(&file(vec![("n", nulls)], Compression::SNAPPY)).unwrap_err().to_string();
        assert!(error.starts_with("column \"n\": expected values in every row"), "{error}");
        assert!(error.ends_with("found 1 nulls"), "{error}");
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)])]);
        let source = file(vec![("l", Arc::new(lists))], Compression::SNAPPY);
        let error = parse(&source).unwrap_err().to_string();
        assert!(error.starts_with("column \"l\": expected numbers"), "{error}");
    }

    #[test]
    fn damaged_files_are_errors_and_bounds_hold() {
        let values: ArrayRef = Arc::new(Float64Array::from(vec![1.5; 1000]));
        let source = file(vec![("v", values)], Compression::SNAPPY);
        let whole = source.as_bytes();
        for len in 0..whole.len() {
            let cut = Storage::copy_of(&whole[..len], PagePolicy::Auto).unwrap();
            assert!(parse(&cut).is_err(), "{len} bytes");
        }
        for place in 0..whole.len() {
            let mut changed = whole.to_vec();
            changed[place] ^= 0x41;
            // Whatever it says: an answer, no abort.
            let _ = parse(&Storage::copy_of(&changed, PagePolicy::Auto).unwrap());
        }
        let small = Limits::default().with(|limits| limits.max_decompressed_bytes = 7999).unwrap();
        let error = read(&source, &small).unwrap_err().to_string();
        assert_eq!(error, "bytes of arrays in a file of this size: 8000, at most 7999 allowed");
        let limits = Limits::default();
        assert_eq!((allowed(10, &limits), allowed(1 << 40, &limits)), (256 << 20, 16 << 30));
    }
}
