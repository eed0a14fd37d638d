//! `parquet`: Apache Parquet, the file of columns that data lakes are made of.
//!
//! One row group of one row; each array is a column whose only value is a list of all elements in C order.
//! `bf16` is stored as `UINT_16`, since Parquet lacks it. Shapes, order and the rest stand as one JSON text
//! under the key `deadweight` of the footer.
//!
//! The crate writes, without compression, dictionaries, statistics and indices: a record never spans pages,
//! so that a list has one page, and a dictionary that grows too large could not be left behind in the middle
//! of it. What stands around the values is compared with what would be written (`parquet_layout.rs`). The
//! crate then decodes values alone, of some thousand elements at a time: with the levels of a whole list it
//! would take four bytes an element beside the values, however narrow they are.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, BooleanArray, LargeListArray};
use arrow_buffer::{BooleanBuffer, OffsetBuffer};
use arrow_schema::{Field, Schema};

use ::parquet::arrow::ArrowSchemaConverter;
use ::parquet::arrow::arrow_writer::{
    ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use ::parquet::basic::{Encoding as PageEncoding, Repetition, Type as Physical};
use ::parquet::column::page::{Page, PageMetadata, PageReader};
use ::parquet::column::reader::ColumnReaderImpl;
use ::parquet::data_type::{
    BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type,
    Int64Type,
};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::{ColumnDescPtr, ColumnDescriptor, ColumnPath, Type};

use super::envelope::{self, Envelope, KEY};
use super::parquet_layout::{BEGINNING, CREATED_BY, Column, Leaf, Width, columns};
use super::{
    DecodeOptions, Descriptor, Encoding, Format, FormatError, FormatKind, Warning, WarningKind,
    arrow, contain, wire,
};
use crate::base::array::count;
use crate::base::storage::ArenaLayout;
use crate::base::{Array, DType, Limits, Parameters, ParametersError, Storage};

/// The format `parquet`.
pub struct Parquet;

const ID: &str = "parquet";
/// Elements that the crate decodes at a time: a multiple of eight, so that bits end with a byte.
const PIECE: usize = 1 << 13;
/// Texts are fewer where they have more bytes than this.
const PIECE_BYTES: usize = 1 << 20;
/// A page says its size, and how many levels it has, in 32 bits with a sign. Headers and levels take less
/// than what is left.
const LARGEST_PAGE: usize = (1 << 31) - (1 << 20);

static DESCRIPTOR: Descriptor = Descriptor {
    id: ID,
    title: "Parquet",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Native,
    crate_name: Some("parquet"),
    extension: "parquet",
    view: false,
    arena: true,
    warnings: &[
        Warning {
            kind: WarningKind::NoChecksum,
            text: "changed array bytes load without an error",
            reference: None,
        },
        Warning {
            kind: WarningKind::HostileInput,
            text: "parquet takes memory on the word of footers and page headers, and panics on some; we compare them with what we write before it sees a byte",
            reference: None,
        },
        Warning {
            kind: WarningKind::Convention,
            text: "each array is one list in a column of one row; shapes stand under the key \"deadweight\"; bf16 is stored as UINT_16; an array has at most 2 GiB",
            reference: None,
        },
    ],
    losses: &[],
    specification: "https://parquet.apache.org/docs/file-format/",
};

impl Format for Parquet {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encode(&self, parameters: &Parameters, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let around = parameters.arrays().len().saturating_mul(300).saturating_add(4096);
        let sizes = parameters.arrays().map(|(_, array)| stored(array));
        out.reserve(sizes.fold(around, usize::saturating_add));
        write_file(parameters, out, || Ok(()))
    }

    fn write(&self, parameters: &Parameters, out: &mut dyn Write) -> Result<u64, FormatError> {
        let mut out = wire::Counted { out, written: 0 };
        let held = Held::default();
        write_file(parameters, held.clone(), || held.pass_on(&mut out))?;
        Ok(out.written)
    }

    fn decode(&self, bytes: &[u8], options: &DecodeOptions) -> Result<Parameters, FormatError> {
        check_beginning(bytes)?;
        contain(ID, || read(bytes, options))
    }

    fn recognizes(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(BEGINNING)
    }
}

fn codec(error: impl std::fmt::Display) -> FormatError {
    FormatError::codec(ID, error)
}

fn check_beginning(bytes: &[u8]) -> Result<(), FormatError> {
    match bytes.strip_prefix(b"PAR1") {
        Some(rest) if rest.starts_with(b"deadweight ") => wire::after_line(ID, rest).map(drop),
        _ => Err(wire::not_this_format(ID, bytes)),
    }
}

/// Bytes of the values of an array in a file.
fn stored(array: &Array) -> usize {
    let elements = array.element_count();
    match Leaf::of(array.dtype()).width {
        Width::Bytes(width) => elements.saturating_mul(width),
        Width::Bit => elements.div_ceil(8),
        // In memory eight bytes say where a text ends, and where the first begins.
        Width::Text => {
            let offsets = elements.saturating_add(1).saturating_mul(8);
            array.byte_len().saturating_sub(offsets).saturating_add(elements.saturating_mul(4))
        }
    }
}

/// All elements of an array as one list, whose page holds at most `most` bytes and levels.
fn list(array: &Array, most: usize) -> Result<ArrayRef, arrow_schema::ArrowError> {
    let (bytes, elements) = (stored(array), array.element_count());
    if bytes.max(elements) > most {
        let message = format!(
            "{bytes} bytes of {elements} elements, Parquet holds at most {most} of either in a page"
        );
        return Err(arrow_schema::ArrowError::InvalidArgumentError(message));
    }
    let values: ArrayRef = match array.dtype() {
        DType::Bool => {
            let bits: BooleanBuffer = array.as_bytes().iter().map(|byte| *byte != 0).collect();
            Arc::new(BooleanArray::new(bits, None))
        }
        _ => arrow::values(array)?,
    };
    let element = Arc::new(Field::new("element", values.data_type().clone(), false));
    let offsets = OffsetBuffer::from_lengths([values.len()]);
    Ok(Arc::new(LargeListArray::try_new(element, offsets, values, None)?))
}

/// What was written and not yet passed on: the crate asks for a target that threads may share.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<Vec<u8>>>);

impl Held {
    fn pass_on(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(&held)?;
        held.clear();
        Ok(())
    }
}

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Writes a file; `written` is called when a column is, and at the end.
fn write_file(
    parameters: &Parameters,
    out: impl Write + Send,
    mut written: impl FnMut() -> std::io::Result<()>,
) -> Result<(), FormatError> {
    let text = Envelope::text(ID, parameters)?;
    let (mut fields, mut lists) = (Vec::new(), Vec::new());
    for (name, array) in parameters.arrays() {
        let list =
            list(array, LARGEST_PAGE).map_err(|error| codec(format!("array {name:?}: {error}")))?;
        fields.push(Field::new(name, list.data_type().clone(), false));
        lists.push(list);
    }
    let properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_key_value_metadata(Some(vec![KeyValue::new(KEY.to_owned(), text)]))
        .build();
    let schema = Arc::new(Schema::new(fields));
    let columns = ArrowSchemaConverter::new().convert(&schema).map_err(codec)?;
    let mut writer =
        SerializedFileWriter::new(out, columns.root_schema_ptr(), Arc::new(properties))
            .map_err(codec)?;
    // The crate has written the magic.
    writer.write_all(BEGINNING.get(4..).unwrap_or_default())?;
    let factory = ArrowRowGroupWriterFactory::new(&writer, schema.clone());
    let chunks = factory.create_column_writers(0).map_err(codec)?;
    let mut rows = writer.next_row_group().map_err(codec)?;
    for ((chunk, list), field) in chunks.into_iter().zip(lists).zip(schema.fields()) {
        write_column(chunk, field, &list, &mut rows).map_err(codec)?;
        written()?;
    }
    rows.close().map_err(codec)?;
    writer.close().map_err(codec)?;
    Ok(written()?)
}

fn write_column<W: Write + Send>(
    mut chunk: ArrowColumnWriter,
    field: &Field,
    list: &ArrayRef,
    rows: &mut SerializedRowGroupWriter<'_, W>,
) -> Result<(), ParquetError> {
    for leaf in compute_leaves(field, list)? {
        chunk.write(&leaf)?;
    }
    chunk.close()?.append_to_row_group(rows)
}

fn read(bytes: &[u8], options: &DecodeOptions) -> Result<Parameters, FormatError> {
    let (text, columns) = columns(bytes, &options.limits)?;
    let text = std::str::from_utf8(text).map_err(codec)?;
    let (mut parameters, listed) =
        Envelope::parse(ID, text, &options.limits)?.open(&options.limits)?;
    if listed.len() != columns.len() {
        let found = format!("{} columns", columns.len());
        return Err(envelope::disagreement("all", &listed.len().to_string(), &found));
    }
    let mut layout = ArenaLayout::default();
    let mut ranges = Vec::with_capacity(columns.len());
    for ((name, dtype, shape), column) in listed.iter().zip(&columns) {
        let elements = count(*dtype, shape)
            .map_err(|source| FormatError::Array { name: name.clone(), source })?;
        if column.name != name.as_bytes()
            || column.leaf != Leaf::of(*dtype)
            || column.elements != elements
        {
            let name_there = String::from_utf8_lossy(column.name);
            let found = format!("{} elements of column {name_there:?}", column.elements);
            return Err(envelope::disagreement(name, &format!("{dtype} {shape:?}"), &found));
        }
        ranges.push(layout.reserve(size(*dtype, column))?);
    }
    check_grown(layout.len(), bytes.len(), &options.limits)?;
    let mut arena = options.spare.arena(layout.len(), options.pages)?;
    for (((name, dtype, _), column), range) in listed.iter().zip(&columns).zip(&ranges) {
        let target = arena.as_mut_slice().get_mut(range.clone()).unwrap_or_default();
        fill(*dtype, column, target).map_err(|error| codec(format!("array {name:?}: {error}")))?;
    }
    let storage = Storage::from(arena);
    for ((name, dtype, shape), range) in listed.into_iter().zip(ranges) {
        let array = Array::from_storage(dtype, &shape, storage.clone(), range)
            .map_err(|source| FormatError::Array { name: name.clone(), source })?;
        parameters.insert(name, array)?;
    }
    parameters.check_limits(&options.limits)?;
    Ok(parameters)
}

/// Arrays within the bounds on what is compressed: a bit of a boolean becomes a byte.
fn check_grown(arrays: usize, file: usize, limits: &Limits) -> Result<(), FormatError> {
    let ratio = arrays.div_ceil(file.max(1));
    let within = |what, found: usize, limit: u64| match found as u64 > limit {
        true => Err(ParametersError::Limit { what, found: found as u64, limit }),
        false => Ok(()),
    };
    within("decompressed bytes", arrays, limits.max_decompressed_bytes)?;
    within("times larger when decompressed", ratio, limits.max_decompression_ratio)?;
    Ok(())
}

/// Bytes of an array in memory.
fn size(dtype: DType, column: &Column<'_>) -> usize {
    match dtype.item_size() {
        Some(size) => column.elements.saturating_mul(size),
        // An offset takes eight bytes where a length takes four, and there is one more.
        None => {
            column.values.len().saturating_add(column.elements.saturating_add(2).saturating_mul(4))
        }
    }
}

/// What is wrong with the values of a column, in words.
type Filled = Result<(), String>;

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn fill(dtype: DType, column: &Column<'_>, target: &mut [u8]) -> Filled {
    match dtype {
        DType::F64 => copied::<DoubleType>(column, target),
        DType::F32 => copied::<FloatType>(column, target),
        DType::I64 | DType::U64 => copied::<Int64Type>(column, target),
        DType::I32 | DType::U32 => copied::<Int32Type>(column, target),
        DType::I16 => narrowed::<i16>(column, target),
        DType::I8 => narrowed::<i8>(column, target),
        DType::U16 | DType::Bf16 => narrowed::<u16>(column, target),
        DType::U8 => narrowed::<u8>(column, target),
        DType::F16 => {
            let (mut halves, _) = target.as_chunks_mut::<2>();
            pieces::<FixedLenByteArrayType>(column, |values| {
                let (to, rest) = part(std::mem::take(&mut halves), values.len())?;
                for (to, value) in to.iter_mut().zip(values) {
                    *to = value.data().try_into().map_err(words)?;
                }
                halves = rest;
                Ok(())
            })
        }
        DType::Bool => {
            let mut target = target;
            pieces::<BoolType>(column, |values| {
                let (to, rest) = part(std::mem::take(&mut target), values.len())?;
                to.iter_mut().zip(values).for_each(|(to, value)| *to = u8::from(*value));
                target = rest;
                Ok(())
            })
        }
        DType::Text => texts(column, target),
    }
}

/// The first elements of what is left to be filled, and the others.
fn part<T>(target: &mut [T], length: usize) -> Result<(&mut [T], &mut [T]), String> {
    target.split_at_mut_checked(length).ok_or_else(|| "more elements than the shape has".into())
}

/// Numbers that are stored as they are.
fn copied<T: DataType>(column: &Column<'_>, mut target: &mut [u8]) -> Filled
where
    T::T: bytemuck::NoUninit,
{
    pieces::<T>(column, |values| {
        let bytes: &[u8] = bytemuck::cast_slice(values);
        let (to, rest) = part(std::mem::take(&mut target), bytes.len())?;
        to.copy_from_slice(bytes);
        target = rest;
        Ok(())
    })
}

/// Whole numbers of less than 32 bits: Parquet has none, and stores them in as many.
fn narrowed<N: TryFrom<i32> + bytemuck::Pod>(column: &Column<'_>, target: &mut [u8]) -> Filled {
    // The arena aligns each array.
    let mut target: &mut [N] = bytemuck::try_cast_slice_mut(target).map_err(words)?;
    pieces::<Int32Type>(column, |values| {
        let (to, rest) = part(std::mem::take(&mut target), values.len())?;
        for (to, value) in to.iter_mut().zip(values) {
            let narrow = N::try_from(*value);
            *to = narrow.map_err(|_| format!("{value} has more bits than its type"))?;
        }
        target = rest;
        Ok(())
    })
}

/// Texts to the block that a text array is: where each ends, then all of them.
fn texts(column: &Column<'_>, target: &mut [u8]) -> Filled {
    let (offsets, mut bytes) = part(target, column.elements.saturating_add(1).saturating_mul(8))?;
    let (offsets, _) = offsets.as_chunks_mut::<8>();
    let (first, mut offsets) = part(offsets, 1)?;
    first.fill([0; 8]);
    let mut end = 0u64;
    pieces::<ByteArrayType>(column, |values| {
        let (ends, rest) = part(std::mem::take(&mut offsets), values.len())?;
        for (to, text) in ends.iter_mut().zip(values) {
            let (place, after) = part(std::mem::take(&mut bytes), text.len())?;
            place.copy_from_slice(text.data());
            bytes = after;
            end = end.saturating_add(text.len() as u64);
            *to = end.to_le_bytes();
        }
        offsets = rest;
        Ok(())
    })
}

/// Lets the crate decode the elements of a column, some at a time, each time as a page of its own.
fn pieces<T: DataType>(column: &Column<'_>, mut take: impl FnMut(&[T::T]) -> Filled) -> Filled {
    let descriptor = descriptor(T::get_physical_type()).map_err(words)?;
    let next = Next::default();
    let mut reader = ColumnReaderImpl::<T>::new(descriptor, Box::new(next.clone()));
    let mut values = Vec::new();
    let (mut rest, mut left) = (column.values, column.elements);
    while left > 0 {
        let piece = column.leaf.split(rest, left.min(PIECE), PIECE_BYTES);
        let (count, piece, after) = piece.ok_or("fewer values than elements")?;
        next.put(Page::DataPage {
            buf: bytes::Bytes::copy_from_slice(piece),
            num_values: u32::try_from(count).map_err(words)?,
            encoding: PageEncoding::PLAIN,
            def_level_encoding: PageEncoding::RLE,
            rep_level_encoding: PageEncoding::RLE,
            statistics: None,
        });
        values.clear();
        let read = reader.read_records(count, None, None, &mut values).map_err(words)?;
        if read != (count, count, count) || values.len() != count {
            return Err(format!("{read:?} records, values and levels, not {count} of each"));
        }
        take(&values)?;
        rest = after;
        left = left.saturating_sub(count);
    }
    Ok(())
}

/// Elements without levels: that the levels are those of one list is known before.
fn descriptor(physical: Physical) -> Result<ColumnDescPtr, ParquetError> {
    let length = if physical == Physical::FIXED_LEN_BYTE_ARRAY { 2 } else { -1 };
    let element = Type::primitive_type_builder("element", physical)
        .with_repetition(Repetition::REQUIRED)
        .with_length(length)
        .build()?;
    let path = ColumnPath::from("element");
    Ok(Arc::new(ColumnDescriptor::new(Arc::new(element), 0, 0, path)))
}

/// Hands out the page that was put there last, once.
#[derive(Clone, Default)]
struct Next(Arc<Mutex<Option<Page>>>);

impl Next {
    fn put(&self, page: Page) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(page);
    }

    fn page(&self) -> Option<Page> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Iterator for Next {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.page().map(Ok)
    }
}

impl PageReader for Next {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        Ok(self.page())
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        Ok(None)
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        self.page();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, UInt8Type};

    use super::*;

    fn encoded(arrays: Vec<(&str, Array)>) -> (Parameters, Vec<u8>) {
        let mut parameters = Parameters::new("arrays", 1);
        for (name, array) in arrays {
            parameters.insert(name, array).unwrap();
        }
        let mut bytes = Vec::new();
        Parquet.encode(&parameters, &mut bytes).unwrap();
        (parameters, bytes)
    }

    fn round_trip(arrays: Vec<(&str, Array)>) {
        let (parameters, bytes) = encoded(arrays);
        let back = Parquet.decode(&bytes, &DecodeOptions::default()).unwrap();
        assert_eq!(back.first_difference(&parameters), None);
    }

    #[test]
    fn lists_of_every_length_around_a_piece_come_back() {
        for length in [0, 1, 2, 7, 8, 9, 15, 16, 17, 18, 24, 25, 1000, PIECE - 1, PIECE, PIECE + 1]
        {
            fn array<T: crate::base::Element>(length: usize, of: impl Fn(u8) -> T) -> Array {
                let numbers = (0..length).map(|number| of(number as u8));
                Array::from_vec(numbers.collect::<Vec<T>>(), &[length]).unwrap()
            }
            let texts: Vec<String> = (0..length).map(|number| "ü".repeat(number % 5)).collect();
            let bits: Vec<bool> = (0..length).map(|number| number % 3 == 0).collect();
            round_trip(vec![
                ("f64", array(length, |n| -f64::from(n))),
                ("f32", array(length, |n| -f32::from(n))),
                ("f16", array(length, |n| half::f16::from_f32(n.into()))),
                ("bf16", array(length, |n| half::bf16::from_f32(n.into()))),
                ("i64", array(length, |n| i64::MIN + i64::from(n))),
                ("i32", array(length, |n| i32::MIN + i32::from(n))),
                ("i16", array(length, |n| i16::MIN + i16::from(n))),
                ("i8", array(length, |n| n as i8)),
                ("u64", array(length, |n| u64::MAX - u64::from(n))),
                ("u32", array(length, |n| u32::MAX - u32::from(n))),
                ("u16", array(length, |n| u16::MAX - u16::from(n))),
                ("u8", array(length, |n| n)),
                ("bool", Array::from_bools(&bits, &[length]).unwrap()),
                ("texts", Array::from_texts(&texts, &[length]).unwrap()),
            ]);
        }
    }

    /// What is held while a file is written is passed on after each column.
    #[test]
    fn columns_are_written_as_they_are_finished() {
        struct Parts(Vec<Vec<u8>>);
        impl Write for Parts {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.push(bytes.to_vec());
                Ok(bytes.len())
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let array = || Array::from_vec(vec![1.5f64; 10_000], &[10_000]).unwrap();
        let (parameters, bytes) = encoded(vec![("a", array()), ("b", array()), ("c", array())]);
        let mut parts = Parts(Vec::new());
        assert_eq!(Parquet.write(&parameters, &mut parts).unwrap(), bytes.len() as u64);
        assert!(parts.0.iter().all(|part| part.len() < 100_000));
        assert_eq!(parts.0.concat(), bytes);
        // A target that is full is no error of the crate's.
        let mut small = [0; 100];
        let said = Parquet.write(&parameters, &mut &mut small[..]).unwrap_err();
        assert!(matches!(said, FormatError::Write(_)), "{said}");
    }

    #[test]
    fn long_texts_come_back() {
        let longs = ["a".repeat(PIECE_BYTES - 5), "b".repeat(2 * PIECE_BYTES), String::new()];
        let texts: Vec<String> = longs.iter().cycle().take(7).cloned().collect();
        round_trip(vec![("texts", Array::from_texts(&texts, &[7]).unwrap())]);
    }

    #[test]
    fn many_columns_come_back() {
        let names: Vec<String> = (0..300).map(|number| format!("array.{number}")).collect();
        let array = |name| (name, Array::from_vec(vec![1.5f32, -0.0], &[2, 1]).unwrap());
        round_trip(names.iter().map(|name| array(name.as_str())).collect());
    }

    /// The file is Parquet: the crate's own reader finds the same in it.
    #[test]
    fn the_reader_of_the_crate_reads_the_file() {
        let floats: Vec<f64> = (0..20_000).map(f64::from).collect();
        let (_, bytes) = encoded(vec![
            ("floats", Array::from_vec(floats.clone(), &[20_000]).unwrap()),
            ("small", Array::from_vec(vec![7u8, 255], &[2]).unwrap()),
            ("none", Array::from_vec(Vec::<f64>::new(), &[0]).unwrap()),
        ]);
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
        let keys = builder.metadata().file_metadata().key_value_metadata().unwrap().clone();
        assert_eq!(keys.first().unwrap().key, KEY);
        let batch = builder.build().unwrap().next().unwrap().unwrap();
        assert_eq!((batch.num_rows(), batch.num_columns()), (1, 3));
        let values = |column: usize| batch.column(column).as_list::<i32>().value(0);
        assert_eq!(values(0).as_primitive::<Float64Type>().values().to_vec(), floats);
        assert_eq!(values(1).as_primitive::<UInt8Type>().values().to_vec(), [7, 255]);
        assert_eq!(values(2).len(), 0);
    }

    /// Around the values each bit is looked at: a changed one is refused, or is one of a value or the text.
    #[test]
    fn a_changed_bit_around_the_values_is_refused() {
        let halves: Vec<half::f16> = [1.5, -2.25, 7.0].map(half::f16::from_f32).to_vec();
        let bits: Vec<bool> = (0..20).map(|bit| 0xc5aa5 >> bit & 1 == 1).collect();
        let (parameters, whole) = encoded(vec![
            ("one", Array::from_vec(vec![1.5f64; 3], &[3]).unwrap()),
            ("two", Array::from_vec(vec![1i16; 9], &[9]).unwrap()),
            ("half", Array::from_vec(halves.clone(), &[3]).unwrap()),
            ("bits", Array::from_bools(&bits, &[20]).unwrap()),
            ("texts", Array::from_texts(&["first", "", "last"], &[3]).unwrap()),
            ("none", Array::from_vec(Vec::<f32>::new(), &[0]).unwrap()),
        ]);
        let text = Envelope::text(ID, &parameters).unwrap();
        let mut accepted = Vec::new();
        for (at, bit) in (0..whole.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            if Parquet.decode(&bytes, &DecodeOptions::default()).is_ok() {
                accepted.push(at * 8 + bit);
            }
        }
        // Where a part begins, and how many bits of it may be others.
        let bits_of = |part: &[u8], bits: usize| {
            let at = whole.windows(part.len()).position(|window| window == part).unwrap();
            at * 8..at * 8 + bits
        };
        let values = [
            bits_of(&[1.5f64.to_le_bytes(); 3].concat(), 24 * 8),
            bits_of(&[1, 0, 0, 0, 1, 0, 0, 0], 36 * 8),
            bits_of(bytemuck::cast_slice(&halves), 6 * 8),
            bits_of(&[0xa5, 0x5a, 0x0c], 20),
            bits_of(b"first", 5 * 8),
            bits_of(b"last", 4 * 8),
        ];
        let text = bits_of(text.as_bytes(), text.len() * 8);
        let inside = |bit: &usize| values.iter().chain([&text]).any(|range| range.contains(bit));
        assert!(accepted.iter().all(inside), "{accepted:?}");
        for range in values.iter().filter(|range| range.len() != 36 * 8) {
            let found = accepted.iter().filter(|bit| range.contains(bit)).count();
            // Texts stay UTF-8; every other value is one.
            let least = if range.len() % 40 == 0 || range.len() == 32 { 8 } else { range.len() };
            assert!(found >= least, "{found} of {range:?}");
        }
    }

    #[test]
    fn what_is_set_aside_is_what_the_values_take() {
        let texts = Array::from_texts(&["", "a", "naïve"], &[3]).unwrap();
        assert_eq!(stored(&texts), 3 * 4 + 7);
        assert_eq!(stored(&Array::from_vec(vec![7u8; 5], &[5]).unwrap()), 20);
        assert_eq!(stored(&Array::from_bools(&[true; 9], &[9]).unwrap()), 2);
        let (parameters, bytes) = encoded(vec![
            ("small", Array::from_vec(vec![7u8; 100_000], &[100_000]).unwrap()),
            ("texts", texts),
        ]);
        let mut out = Vec::new();
        Parquet.encode(&parameters, &mut out).unwrap();
        assert!(bytes.len() <= out.capacity() && out.capacity() < bytes.len() + 5000);
    }

    #[test]
    fn booleans_grow_within_the_bounds_on_what_is_compressed() {
        let bits = Array::from_bools(&[true; 80_000], &[80_000]).unwrap();
        let (_, bytes) = encoded(vec![("bits", bits)]);
        assert!(bytes.len() < 12_000);
        let decode = |change: fn(&mut Limits)| {
            let limits = Limits::default().with(change).unwrap();
            Parquet.decode(&bytes, &DecodeOptions { limits, ..DecodeOptions::default() })
        };
        assert!(decode(|limits| limits.max_decompressed_bytes = 80_000).is_ok());
        let said = decode(|limits| limits.max_decompressed_bytes = 79_999).unwrap_err();
        assert_eq!(said.to_string(), "decompressed bytes: 80000, at most 79999 allowed");
        assert!(decode(|limits| limits.max_decompression_ratio = 8).is_ok());
        let said = decode(|limits| limits.max_decompression_ratio = 7).unwrap_err();
        assert_eq!(said.to_string(), "times larger when decompressed: 8, at most 7 allowed");
    }

    #[test]
    fn an_array_beyond_a_page_is_refused() {
        let texts = Array::from_texts(&["ab", "c"], &[2]).unwrap();
        let bits = Array::from_bools(&[true; 9], &[9]).unwrap();
        let small = Array::from_vec(vec![1u8; 3], &[3]).unwrap();
        for (array, largest) in [(texts, 11), (bits, 9), (small, 12)] {
            assert!(list(&array, largest).is_ok());
            let said = list(&array, largest - 1).unwrap_err().to_string();
            assert!(said.ends_with("of either in a page"), "{said}");
        }
    }

    #[test]
    fn parquet_of_other_programs_is_named() {
        let decode = |bytes: &[u8]| Parquet.decode(bytes, &DecodeOptions::default()).unwrap_err();
        let said = decode(b"PAR1\x15\x04\x15\x10PAR1").to_string();
        assert!(said.ends_with("found a Parquet file"), "{said}");
        let said = decode(b"PAR1deadweight parquet 9\n").to_string();
        assert!(said.starts_with("parquet: file version 9"), "{said}");
    }

    #[test]
    fn numbers_beyond_their_type_are_refused() {
        let (_, mut bytes) = encoded(vec![("n", Array::from_vec(vec![7u8, 9], &[2]).unwrap())]);
        let at = bytes.windows(8).position(|w| w == [7, 0, 0, 0, 9, 0, 0, 0]).unwrap();
        bytes[at + 1] = 1;
        let said = Parquet.decode(&bytes, &DecodeOptions::default()).unwrap_err().to_string();
        assert_eq!(said, "parquet: array \"n\": 263 has more bits than its type");
    }
}
