//! `flatbuffers`: a FlatBuffers file, written by Google's crate.
//!
//! ```text
//! table Array {
//!   name: string (required);  dtype: string (required);  shape: [ulong] (required);
//!   // The elements, in C order, in the one field of their type.
//!   f64: [double];  f32: [float];  i64: [long];  i32: [int];  i16: [short];  i8: [byte];
//!   u64: [ulong];   u32: [uint];   u16: [ushort];  // u16, and the bits of f16 and bf16
//!   u8: [ubyte];                                   // u8, and bool
//!   text: [string];
//! }
//! table Parameters {
//!   kind: string (required);  layout_version: uint;  metadata: string (required);  // JSON
//!   arrays: [Array] (required);
//! }
//! root_type Parameters;
//! file_identifier "DWF1";  // with a size prefix
//! ```
//!
//! Elements lie aligned for their type, from the start of the file, so that a view borrows them.
//!
//! The crate writes. What it would read with calls that are unsafe, behind a verifier, `flat_reader.rs` reads.

use ::flatbuffers::{FlatBufferBuilder, Push, Table, UnionWIPOffset, VOffsetT, WIPOffset};
use bytemuck::AnyBitPattern;

use super::flat_reader::{FlatFile, FlatTable};
use super::{
    DecodeOptions, Descriptor, Encoding, Format, FormatError, FormatKind, Warning, WarningKind,
    borrow_or_copy, documents, sniff,
};
use crate::base::array::text_block;
use crate::base::{Array, DType, Limits, PagePolicy, Parameters, Storage, value};

/// The format `flatbuffers`.
pub struct FlatBuffers;

const ID: &str = "flatbuffers";
/// Behind the size and the offset of the root.
const IDENTIFIER: &str = "DWF1";
const IDENTIFIER_START: usize = 8;
const SIZE_PREFIX: usize = 4;
/// Offsets have 32 bits, one of them for the sign.
const MOST_BYTES: u64 = (1 << 31) - 1;

static DESCRIPTOR: Descriptor = Descriptor {
    id: ID,
    title: "FlatBuffers",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Native,
    crate_name: Some("flatbuffers"),
    extension: "fb",
    view: true,
    arena: true,
    warnings: &[
        Warning {
            kind: WarningKind::NoChecksum,
            text: "changed array bytes load without an error",
            reference: None,
        },
        Warning {
            kind: WarningKind::HostileInput,
            text: "a file may point to the same bytes many times, so that it looks far larger than it is; our reader takes each byte of a file once",
            reference: Some("https://flatbuffers.dev/languages/rust/"),
        },
        Warning {
            kind: WarningKind::PastAdvisory,
            text: "versions before 22.9 had safe calls, and generated code, that read and wrote out of bounds; a newer one is used here, and reads nothing",
            reference: Some("RUSTSEC-2020-0009, RUSTSEC-2021-0122"),
        },
        Warning {
            kind: WarningKind::Convention,
            text: "other programs need the schema; at most 2 GiB",
            reference: None,
        },
    ],
    losses: &[],
    specification: "https://flatbuffers.dev/internals/",
};

/// The place of a field in a vtable.
const fn slot(field: VOffsetT) -> VOffsetT {
    4 + 2 * field
}

const KIND: VOffsetT = slot(0);
const LAYOUT_VERSION: VOffsetT = slot(1);
const METADATA: VOffsetT = slot(2);
const ARRAYS: VOffsetT = slot(3);

const NAME: VOffsetT = slot(0);
const DTYPE: VOffsetT = slot(1);
const SHAPE: VOffsetT = slot(2);
const F64: VOffsetT = slot(3);
const F32: VOffsetT = slot(4);
const I64: VOffsetT = slot(5);
const I32: VOffsetT = slot(6);
const I16: VOffsetT = slot(7);
const I8: VOffsetT = slot(8);
const U64: VOffsetT = slot(9);
const U32: VOffsetT = slot(10);
const U16: VOffsetT = slot(11);
const U8: VOffsetT = slot(12);
const TEXT: VOffsetT = slot(13);

/// A finished file.
fn build(parameters: &Parameters) -> Result<FlatBufferBuilder<'static>, FormatError> {
    let metadata = value::to_json(parameters.metadata());
    let most = largest(parameters, &metadata);
    if most > MOST_BYTES {
        let found = format!("{most} bytes are needed, {MOST_BYTES} are possible");
        return Err(FormatError::codec(ID, found));
    }
    let mut builder = FlatBufferBuilder::with_capacity(most as usize);
    let mut arrays = Vec::with_capacity(parameters.arrays().len());
    for (name, array) in parameters.arrays() {
        let table = write_array(&mut builder, name, array)
            .map_err(|source| FormatError::Array { name: name.to_owned(), source })?;
        arrays.push(table);
    }
    let arrays = builder.create_vector(&arrays);
    let metadata = builder.create_string(&metadata);
    let kind = builder.create_string(parameters.kind());
    let table = builder.start_table();
    builder.push_slot_always(KIND, kind);
    builder.push_slot(LAYOUT_VERSION, parameters.layout_version(), 0);
    builder.push_slot_always(METADATA, metadata);
    builder.push_slot_always(ARRAYS, arrays);
    let root = builder.end_table(table);
    builder.finish_size_prefixed(root, Some(IDENTIFIER));
    Ok(builder)
}

impl Format for FlatBuffers {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encode(&self, parameters: &Parameters, out: &mut Vec<u8>) -> Result<(), FormatError> {
        // The crate builds from the end of a buffer of its own, in which the file is not the beginning.
        out.extend_from_slice(build(parameters)?.finished_data());
        Ok(())
    }

    fn write(
        &self,
        parameters: &Parameters,
        out: &mut dyn std::io::Write,
    ) -> Result<u64, FormatError> {
        let builder = build(parameters)?;
        let bytes = builder.finished_data();
        out.write_all(bytes)?;
        Ok(bytes.len() as u64)
    }

    fn decode(&self, bytes: &[u8], options: &DecodeOptions) -> Result<Parameters, FormatError> {
        check_beginning(bytes)?;
        // Its elements lie as they are needed: the file is copied once, and viewed there.
        self.view(&options.spare.copy_of(bytes, options.pages)?, options)
    }

    fn view(&self, source: &Storage, options: &DecodeOptions) -> Result<Parameters, FormatError> {
        check_beginning(source.as_bytes())?;
        read(source, &options.limits, options.pages)
    }

    fn recognizes(&self, bytes: &[u8]) -> bool {
        let end = IDENTIFIER_START.saturating_add(IDENTIFIER.len());
        bytes.get(IDENTIFIER_START..end) == Some(IDENTIFIER.as_bytes())
    }
}

/// The most that a file of the parameters may take.
fn largest(parameters: &Parameters, metadata: &str) -> u64 {
    let array = |(name, array): (&str, &Array)| {
        // Tables, vtables, lengths and alignment; a text has an offset, a length, an end and padding.
        let texts = if array.dtype() == DType::Text { array.element_count() } else { 0 };
        let shape = array.shape().len() as u64 * 8;
        (name.len() as u64)
            .saturating_add(array.byte_len() as u64)
            .saturating_add((texts as u64).saturating_mul(8))
            .saturating_add(shape)
            .saturating_add(160)
    };
    let arrays = parameters.arrays().map(array).fold(0, u64::saturating_add);
    let around = (metadata.len() as u64).saturating_add(parameters.kind().len() as u64);
    arrays.saturating_add(around).saturating_add(256)
}

type Built<T> = Result<T, crate::base::ArrayError>;

fn write_array<'a>(
    builder: &mut FlatBufferBuilder<'a>,
    name: &str,
    array: &Array,
) -> Built<WIPOffset<Table<'a>>> {
    let elements = write_elements(builder, array)?;
    let shape = builder.create_vector(&documents::wide(array.shape()));
    let dtype = builder.create_string(array.dtype().name());
    let name = builder.create_string(name);
    let table = builder.start_table();
    builder.push_slot_always(NAME, name);
    builder.push_slot_always(DTYPE, dtype);
    builder.push_slot_always(SHAPE, shape);
    builder.push_slot_always(field(array.dtype()), elements);
    let table = builder.end_table(table);
    Ok(WIPOffset::new(table.value()))
}

type Elements = WIPOffset<UnionWIPOffset>;

/// The field for elements of a type.
fn field(dtype: DType) -> VOffsetT {
    match dtype {
        DType::F64 => F64,
        DType::F32 => F32,
        DType::I64 => I64,
        DType::I32 => I32,
        DType::I16 => I16,
        DType::I8 => I8,
        DType::U64 => U64,
        DType::U32 => U32,
        DType::U16 | DType::F16 | DType::Bf16 => U16,
        DType::U8 | DType::Bool => U8,
        DType::Text => TEXT,
    }
}

/// The elements as a vector: of what has their size, and so their alignment.
fn write_elements(builder: &mut FlatBufferBuilder<'_>, array: &Array) -> Built<Elements> {
    if array.dtype() == DType::Text {
        let texts = array.texts()?.into_iter();
        let texts: Vec<_> = texts.map(|text| builder.create_string(text)).collect();
        return Ok(builder.create_vector(&texts).as_union_value());
    }
    Ok(match array.dtype().alignment() {
        8 => vector::<u64>(builder, array),
        4 => vector::<u32>(builder, array),
        2 => vector::<u16>(builder, array),
        _ => vector::<u8>(builder, array),
    })
}

fn vector<T: Push + AnyBitPattern>(builder: &mut FlatBufferBuilder<'_>, array: &Array) -> Elements {
    // An empty slice need not lie at an aligned address; all others of an array do.
    let elements: &[T] = bytemuck::try_cast_slice(array.as_bytes()).unwrap_or_default();
    builder.create_vector(elements).as_union_value()
}

/// Looks at the identifier, and whether the file is as long as it says.
fn check_beginning(bytes: &[u8]) -> Result<(), FormatError> {
    if !FlatBuffers.recognizes(bytes) {
        return Err(FormatError::Malformed {
            offset: IDENTIFIER_START,
            what: "identifier of a FlatBuffers file",
            expected: format!("{IDENTIFIER:?}"),
            found: sniff::found(bytes),
        });
    }
    let length = bytes.first_chunk().map_or(0, |length| u32::from_le_bytes(*length));
    let (expected, found) = (u64::from(length), bytes.len().saturating_sub(SIZE_PREFIX));
    match usize::try_from(length) {
        Ok(length) if length == found => Ok(()),
        Ok(length) if length < found => Err(FormatError::Trailing {
            offset: length.saturating_add(SIZE_PREFIX),
            found: found.saturating_sub(length),
        }),
        _ => Err(FormatError::Truncated {
            offset: SIZE_PREFIX,
            what: "FlatBuffers file",
            expected,
            found: found as u64,
        }),
    }
}

fn read(source: &Storage, limits: &Limits, pages: PagePolicy) -> Result<Parameters, FormatError> {
    let file = FlatFile::new(source.as_bytes());
    let document = file.table(SIZE_PREFIX, "parameters")?;
    let metadata = value::from_json(document.text(METADATA, "metadata")?, limits)?;
    let kind = document.text(KIND, "kind")?;
    let layout_version = document.number(LAYOUT_VERSION, "layout version")?;
    let mut parameters = Parameters::new(kind, layout_version).with_metadata(metadata);
    for at in document.places(ARRAYS, "arrays")? {
        let table = file.table(at, "array")?;
        let name = table.text(NAME, "name of an array")?;
        let array = read_array(&file, table, name, source, pages)?
            .map_err(|source| FormatError::Array { name: name.to_owned(), source })?;
        parameters.insert(name, array)?;
    }
    parameters.check_limits(limits)?;
    Ok(parameters)
}

fn read_array(
    file: &FlatFile<'_>,
    table: FlatTable<'_, '_>,
    name: &str,
    source: &Storage,
    pages: PagePolicy,
) -> Result<Built<Array>, FormatError> {
    let dtype = documents::dtype(table.text(DTYPE, "dtype of an array")?, name)?;
    let lengths = table.vector(SHAPE, 8, "shape of an array")?.as_chunks().0;
    let lengths: Vec<u64> = lengths.iter().map(|length| u64::from_le_bytes(*length)).collect();
    let shape = documents::addressable(&lengths)?;
    if dtype == DType::Text {
        let places = table.places(TEXT, "texts of an array")?;
        let texts: Result<Vec<_>, _> = places.map(|at| file.text(at, "text of an array")).collect();
        let block = text_block(texts?.into_iter());
        return Ok(Array::copied_from(dtype, &shape, &block, pages));
    }
    let elements = table.vector(field(dtype), dtype.alignment(), "elements of an array")?;
    Ok(borrow_or_copy(dtype, &shape, source, elements, pages))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Result<Parameters, FormatError> {
        FlatBuffers.decode(bytes, &DecodeOptions::default())
    }

    #[test]
    fn arrays_lie_aligned_and_a_view_borrows_them() {
        let mut parameters = Parameters::new("arrays", 7).with("note", "ü");
        for (name, array) in [
            ("bytes", Array::from_vec(vec![1u8, 2, 3], &[3]).unwrap()),
            ("doubles", Array::from_vec(vec![0.5f64; 5], &[5, 1]).unwrap()),
            ("empty", Array::from_vec(Vec::<u64>::new(), &[0, 4]).unwrap()),
            ("texts", Array::from_texts(&["", "ö", "\0"], &[3]).unwrap()),
        ] {
            parameters.insert(name, array).unwrap();
        }
        let mut bytes = Vec::new();
        FlatBuffers.encode(&parameters, &mut bytes).unwrap();
        let most = largest(&parameters, &value::to_json(parameters.metadata()));
        assert!(bytes.len() as u64 <= most, "{} {most}", bytes.len());
        let source = Storage::copy_of(&bytes, PagePolicy::Heap).unwrap();
        let view = FlatBuffers.view(&source, &DecodeOptions::default()).unwrap();
        assert_eq!(view.first_difference(&parameters), None);
        let range = source.range_of(view.get("doubles").unwrap().as_bytes()).unwrap();
        assert_eq!(range.start % 8, 0);
    }

    /// A file of arrays that are all the same vector.
    fn shared(dtype: &str, count: usize) -> Vec<u8> {
        let mut builder = FlatBufferBuilder::new();
        let (field, length, elements) = match dtype {
            "text" => {
                let texts = vec![builder.create_string(&"x".repeat(500)); 16];
                (TEXT, 16u64, builder.create_vector(&texts).as_union_value())
            }
            _ => (U8, 4096, builder.create_vector(&[7u8; 4096]).as_union_value()),
        };
        let mut tables = Vec::new();
        for number in 0..count {
            let name = builder.create_string(&format!("array {number}"));
            let dtype = builder.create_string(dtype);
            let shape = builder.create_vector(&[length]);
            let table = builder.start_table();
            builder.push_slot_always(NAME, name);
            builder.push_slot_always(DTYPE, dtype);
            builder.push_slot_always(SHAPE, shape);
            builder.push_slot_always(field, elements);
            tables.push(builder.end_table(table));
        }
        let tables = builder.create_vector(&tables);
        let (text, kind) = (builder.create_string("{}"), builder.create_string("arrays"));
        let table = builder.start_table();
        builder.push_slot_always(KIND, kind);
        builder.push_slot_always(METADATA, text);
        builder.push_slot_always(ARRAYS, tables);
        let root = builder.end_table(table);
        builder.finish_size_prefixed(root, Some(IDENTIFIER));
        builder.finished_data().to_vec()
    }

    #[test]
    fn bytes_that_are_shared_are_no_way_to_more_memory() {
        decoded(&shared("u8", 1)).unwrap();
        for (dtype, count) in [("u8", 2), ("u8", 1000), ("text", 1), ("text", 1000)] {
            let error = decoded(&shared(dtype, count)).unwrap_err().to_string();
            assert!(error.contains("offsets that share bytes"), "{dtype} {count}: {error}");
        }
    }

    #[test]
    fn every_byte_may_lie() {
        let mut parameters = Parameters::new("arrays", 1);
        let texts = Array::from_texts(&["a", "b"], &[2]).unwrap();
        parameters.insert("texts", texts).unwrap();
        let numbers = Array::from_vec(vec![1i16, 2, 3], &[3]).unwrap();
        parameters.insert("numbers", numbers).unwrap();
        let mut bytes = Vec::new();
        FlatBuffers.encode(&parameters, &mut bytes).unwrap();
        let mut refused = 0;
        for place in IDENTIFIER_START..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[place] = value;
                refused += usize::from(decoded(&changed).is_err());
            }
        }
        assert!(refused > bytes.len(), "{refused} of {}", 5 * bytes.len());
    }

    /// A field that an older or another writer left out.
    #[test]
    fn what_the_schema_requires_is_missed() {
        let mut builder = FlatBufferBuilder::new();
        let table = builder.start_table();
        let root = builder.end_table(table);
        builder.finish_size_prefixed(root, Some(IDENTIFIER));
        let error = decoded(builder.finished_data()).unwrap_err().to_string();
        assert!(error.contains("metadata: expected a field of the table, found none"), "{error}");
    }

    #[test]
    fn a_file_that_is_cut_or_goes_on_says_so() {
        let mut bytes = shared("u8", 1);
        let error = decoded(&bytes[..bytes.len() - 1]).unwrap_err();
        assert!(matches!(error, FormatError::Truncated { .. }), "{error}");
        bytes.push(0);
        let error = decoded(&bytes).unwrap_err();
        assert!(matches!(error, FormatError::Trailing { found: 1, .. }), "{error}");
    }
}
