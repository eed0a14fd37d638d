//! `arrow`: the Arrow IPC file, which pandas, polars, DuckDB and others open.
//!
//! One record batch of one row; each array is a column of type `LargeList` whose only value holds
//! all elements in C order. `bool` is stored as `UInt8` and `bf16` as `UInt16`, because Arrow packs
//! booleans into bits and lacks bf16: a view could not borrow them. Text is a list of `LargeUtf8`.
//! Shapes, order and the rest stand as one JSON text under the schema's metadata key `deadweight`.
//!
//! Buffers begin at multiples of 64, so a view borrows them from the bytes of the file.

use std::io::Write;
use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array as _, ArrayRef, LargeListArray, LargeStringArray, PrimitiveArray, RecordBatch,
    RecordBatchOptions,
};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field, Schema};

use super::envelope::{self, Envelope, KEY};
use super::{
    DecodeOptions, Descriptor, Encoding, Format, FormatError, FormatKind, Warning, WarningKind,
    borrow_or_copy, contain, wire,
};
use crate::base::array::text_block;
use crate::base::{Array, DType, PagePolicy, Parameters, Storage};

/// The format `arrow`.
pub struct Arrow;

const ID: &str = "arrow";
const MAGIC: &[u8] = b"ARROW1\0\0";
/// Length of the footer, then the magic without its padding.
const TRAILER: usize = 10;
/// Bytes of the mark between the last record batch and the footer.
const END_OF_STREAM: usize = 8;

static DESCRIPTOR: Descriptor = Descriptor {
    id: ID,
    title: "Arrow IPC file",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Native,
    crate_name: Some("arrow-ipc"),
    extension: "arrow",
    view: true,
    arena: true,
    warnings: &[
        Warning {
            kind: WarningKind::HostileInput,
            text: "arrow-ipc panics on some damaged schemas; the panic is contained and reported as an error",
            reference: Some("https://github.com/apache/arrow-rs/issues"),
        },
        Warning {
            kind: WarningKind::NoChecksum,
            text: "changed array bytes load without an error",
            reference: None,
        },
        Warning {
            kind: WarningKind::Convention,
            text: "each array is one list value in a column of one row; shapes stand under the metadata key \"deadweight\"; bool is stored as UInt8, bf16 as UInt16",
            reference: None,
        },
    ],
    losses: &[],
    specification: "https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format",
};

impl Format for Arrow {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encode(&self, parameters: &Parameters, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let around = parameters.arrays().len().saturating_mul(1200).saturating_add(4096);
        out.reserve(parameters.byte_len().saturating_add(around));
        write_file(parameters, out)
    }

    fn write(&self, parameters: &Parameters, out: &mut dyn Write) -> Result<u64, FormatError> {
        let mut out = wire::Counted { out, written: 0 };
        write_file(parameters, &mut out)?;
        Ok(out.written)
    }

    fn decode(&self, bytes: &[u8], options: &DecodeOptions) -> Result<Parameters, FormatError> {
        check_magic(bytes)?;
        // The crate reads from memory that it can keep alive: the whole file is copied once,
        // and viewed there.
        self.view(&options.spare.copy_of(bytes, options.pages)?, options)
    }

    fn view(&self, source: &Storage, options: &DecodeOptions) -> Result<Parameters, FormatError> {
        check_magic(source.as_bytes())?;
        contain(ID, || read(source, options))
    }

    fn recognizes(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }
}

fn write_file(parameters: &Parameters, out: &mut dyn Write) -> Result<(), FormatError> {
    let mut fields = Vec::with_capacity(parameters.arrays().len());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(parameters.arrays().len());
    for (name, array) in parameters.arrays() {
        let column = column(array).map_err(|error| codec(format!("array {name:?}: {error}")))?;
        fields.push(Field::new(name, column.data_type().clone(), false));
        columns.push(Arc::new(column));
    }
    let ours = [(KEY.to_owned(), Envelope::text(ID, parameters)?)];
    let schema = Arc::new(Schema::new_with_metadata(fields, ours));
    let row = RecordBatchOptions::new().with_row_count(Some(1));
    let batch = RecordBatch::try_new_with_options(schema.clone(), columns, &row).map_err(codec)?;
    let mut writer = FileWriter::try_new(out, &schema).map_err(codec)?;
    writer.write(&batch).map_err(codec)?;
    writer.finish().map_err(codec)
}

fn codec(error: impl std::fmt::Display) -> FormatError {
    FormatError::codec(ID, error)
}

fn check_magic(bytes: &[u8]) -> Result<(), FormatError> {
    match bytes.starts_with(MAGIC) {
        true => Ok(()),
        false => Err(wire::not_this_format(ID, bytes)),
    }
}

/// Keeps an array alive as long as a buffer of the crate's.
struct ArrayBytes(Array);

impl AsRef<[u8]> for ArrayBytes {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Keeps a storage alive as long as a buffer of the crate's.
struct StorageBytes(Storage);

impl AsRef<[u8]> for StorageBytes {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// The bytes of an array as a buffer, without copying.
fn buffer(array: &Array) -> Buffer {
    match array.byte_len() {
        // An empty slice need not lie at an aligned address; the crate's own empty buffer does.
        0 => Buffer::default(),
        _ => Buffer::from(bytes::Bytes::from_owner(ArrayBytes(array.clone()))),
    }
}

fn primitive<T: ArrowPrimitiveType>(array: &Array) -> ArrayRef {
    let values = ScalarBuffer::<T::Native>::new(buffer(array), 0, array.element_count());
    Arc::new(PrimitiveArray::<T>::new(values, None))
}

/// The elements of an array as the crate's, without copying.
pub(super) fn values(array: &Array) -> Result<ArrayRef, arrow_schema::ArrowError> {
    Ok(match array.dtype() {
        DType::F64 => primitive::<Float64Type>(array),
        DType::F32 => primitive::<Float32Type>(array),
        DType::F16 => primitive::<Float16Type>(array),
        DType::I64 => primitive::<Int64Type>(array),
        DType::I32 => primitive::<Int32Type>(array),
        DType::I16 => primitive::<Int16Type>(array),
        DType::I8 => primitive::<Int8Type>(array),
        DType::U64 => primitive::<UInt64Type>(array),
        DType::U32 => primitive::<UInt32Type>(array),
        DType::Bf16 | DType::U16 => primitive::<UInt16Type>(array),
        DType::Bool | DType::U8 => primitive::<UInt8Type>(array),
        DType::Text => {
            // The block of a text array is what Arrow has, too: offsets, then bytes.
            let block = buffer(array);
            let offsets = array.element_count().saturating_add(1);
            let (offsets, texts) = (
                ScalarBuffer::<i64>::new(block.clone(), 0, offsets),
                block.slice(offsets.saturating_mul(8)),
            );
            Arc::new(LargeStringArray::try_new(OffsetBuffer::new(offsets), texts, None)?)
        }
    })
}

/// The column of an array: one list of all elements.
fn column(array: &Array) -> Result<LargeListArray, arrow_schema::ArrowError> {
    let values = values(array)?;
    let item = Arc::new(Field::new("item", values.data_type().clone(), false));
    let offsets = OffsetBuffer::from_lengths([values.len()]);
    LargeListArray::try_new(item, offsets, values, None)
}

fn read(source: &Storage, options: &DecodeOptions) -> Result<Parameters, FormatError> {
    let file = Buffer::from(bytes::Bytes::from_owner(StorageBytes(source.clone())));
    let batch = read_batch(&file)?;
    let schema = batch.schema();
    let text = schema.metadata().get(KEY).ok_or_else(|| FormatError::Malformed {
        offset: 0,
        what: "Arrow schema metadata",
        expected: "the key \"deadweight\" that this program writes".into(),
        found: "an Arrow file of another program".into(),
    })?;
    let (mut parameters, listed) =
        Envelope::parse(ID, text, &options.limits)?.open(&options.limits)?;
    if listed.len() != batch.num_columns() || batch.num_rows() != 1 {
        let found = format!("{} columns, {} rows", batch.num_columns(), batch.num_rows());
        return Err(envelope::disagreement("all", &format!("{} of one row", listed.len()), &found));
    }
    for (((name, dtype, shape), column), field) in
        listed.into_iter().zip(batch.columns()).zip(schema.fields())
    {
        if *field.name() != name {
            return Err(envelope::disagreement(&name, "the next column", field.name()));
        }
        let array = array(dtype, &shape, column, source, options.pages)
            .ok_or_else(|| {
                let found = format!("a column of type {}", column.data_type());
                envelope::disagreement(&name, &format!("{dtype} {shape:?}"), &found)
            })?
            .map_err(|source| FormatError::Array { name: name.clone(), source })?;
        parameters.insert(name, array)?;
    }
    parameters.check_limits(&options.limits)?;
    Ok(parameters)
}

/// The only record batch of a file.
fn read_batch(file: &Buffer) -> Result<RecordBatch, FormatError> {
    let truncated = |what| FormatError::Truncated {
        offset: 0,
        what,
        expected: TRAILER as u64,
        found: file.len() as u64,
    };
    let end = file.len().checked_sub(TRAILER).ok_or_else(|| truncated("Arrow trailer"))?;
    let trailer = file.get(end..).and_then(|trailer| trailer.try_into().ok());
    let trailer: [u8; TRAILER] = trailer.ok_or_else(|| truncated("Arrow trailer"))?;
    let length = read_footer_length(trailer).map_err(codec)?;
    let footer_start = end.checked_sub(length).ok_or_else(|| truncated("Arrow footer"))?;
    let footer = file.get(footer_start..end).unwrap_or_default();
    let footer = arrow_ipc::root_as_footer(footer).map_err(codec)?;
    let schema = footer.schema().ok_or_else(|| codec("the footer has no schema"))?;
    let schema = Arc::new(try_fb_to_schema(schema).map_err(codec)?);
    let blocks = footer.recordBatches().ok_or_else(|| codec("the footer lists no batches"))?;
    let dictionaries = footer.dictionaries().map_or(0, |blocks| blocks.len());
    if blocks.len() != 1 || dictionaries != 0 {
        return Err(codec(format!(
            "expected one record batch and no dictionary, found {} and {dictionaries}",
            blocks.len()
        )));
    }
    let block = blocks.get(0);
    let range = usize::try_from(block.offset()).ok().and_then(|start| {
        let header = usize::try_from(block.metaDataLength()).ok()?;
        let body = usize::try_from(block.bodyLength()).ok()?;
        let length = header.checked_add(body)?;
        (start.checked_add(length)? <= file.len()).then_some((start, length))
    });
    let (start, length) = range.ok_or_else(|| truncated("Arrow record batch"))?;
    // The footer is found from the end: what was put behind the file would be taken for it.
    if start.saturating_add(length).saturating_add(END_OF_STREAM) != footer_start {
        return Err(codec(format!(
            "the footer at byte {footer_start} does not follow the record batch; other bytes stand between or behind them"
        )));
    }
    let message = file.get(start..start.saturating_add(length)).unwrap_or_default();
    check_buffers(message, block.bodyLength())?;
    FileDecoder::new(schema, footer.version())
        .read_record_batch(block, &file.slice_with_length(start, length))
        .map_err(codec)?
        .ok_or_else(|| codec("the record batch is empty"))
}

/// Refuses columns that share bytes: where they are copied, a small file could ask for any amount
/// of memory.
fn check_buffers(message: &[u8], body: i64) -> Result<(), FormatError> {
    // A mark of four bytes that older writers lack, and the length.
    let metadata = message.strip_prefix(&[0xff; 4]).unwrap_or(message).get(4..);
    let message = arrow_ipc::root_as_message(metadata.unwrap_or_default()).map_err(codec)?;
    let batch = message.header_as_record_batch().ok_or_else(|| codec("there is no batch"))?;
    let mut end = 0i64;
    for buffer in batch.buffers().iter().flatten() {
        if buffer.offset() < end || buffer.length() < 0 {
            let found = format!("{} bytes at {}", buffer.length(), buffer.offset());
            return Err(codec(format!("buffers overlap: {found} after one that ends at {end}")));
        }
        end = buffer.offset().saturating_add(buffer.length());
    }
    match end <= body {
        true => Ok(()),
        false => Err(codec(format!("buffers end at {end}, the batch has {body} bytes"))),
    }
}

type Found = Option<Result<Array, crate::base::ArrayError>>;

/// The array in a column, borrowed where it lies aligned; `None` when the column is not what the
/// dtype is stored as.
fn array(
    dtype: DType,
    shape: &[usize],
    column: &ArrayRef,
    source: &Storage,
    pages: PagePolicy,
) -> Found {
    let list = column.as_any().downcast_ref::<LargeListArray>()?;
    let whole = list.value_offsets() == [0, i64::try_from(list.values().len()).ok()?];
    if !whole || list.null_count() != 0 || list.values().null_count() != 0 {
        return None;
    }
    let values = list.values();
    if dtype == DType::Text {
        let texts = values.as_any().downcast_ref::<LargeStringArray>()?;
        let block = text_block((0..texts.len()).map(|index| texts.value(index)));
        return Some(Array::copied_from(dtype, shape, &block, pages));
    }
    let bytes = match (dtype, values.data_type()) {
        (DType::F64, DataType::Float64) => elements::<Float64Type>(values)?,
        (DType::F32, DataType::Float32) => elements::<Float32Type>(values)?,
        (DType::F16, DataType::Float16) => elements::<Float16Type>(values)?,
        (DType::I64, DataType::Int64) => elements::<Int64Type>(values)?,
        (DType::I32, DataType::Int32) => elements::<Int32Type>(values)?,
        (DType::I16, DataType::Int16) => elements::<Int16Type>(values)?,
        (DType::I8, DataType::Int8) => elements::<Int8Type>(values)?,
        (DType::U64, DataType::UInt64) => elements::<UInt64Type>(values)?,
        (DType::U32, DataType::UInt32) => elements::<UInt32Type>(values)?,
        (DType::U16 | DType::Bf16, DataType::UInt16) => elements::<UInt16Type>(values)?,
        (DType::U8 | DType::Bool, DataType::UInt8) => elements::<UInt8Type>(values)?,
        _ => return None,
    };
    Some(borrow_or_copy(dtype, shape, source, bytes, pages))
}

/// The bytes behind the values of an array of the crate's.
fn elements<T: ArrowPrimitiveType>(values: &ArrayRef) -> Option<&[u8]> {
    let values = values.as_any().downcast_ref::<PrimitiveArray<T>>()?.values();
    Some(values.inner().as_slice())
}
