//! What stands around the values in the Parquet files that this program writes, and nothing else: a walk
//! over every other byte of a file, before the crate sees any.
//!
//! The crate takes memory on the word of a footer and of page headers. Here neither is parsed: with one
//! row group, one page a column, no compression, dictionary, statistics or index, all of it follows from
//! names, types and lengths, so that it is compared with what would be written. What is left of a file
//! are slices of values, each of the length that its column has.
//!
//! ```text
//! PAR1, a mark, for each column a page, the footer, its length (4 bytes), PAR1
//! page    header in Thrift's compact protocol, repetition levels, definition levels, values
//! footer  in the same: schema, one row group, our text, who wrote it, the order of each column
//! ```
//!
//! Numbers in it are varints. There is no recursion, and nothing is allocated but one entry a column,
//! which has more bytes than that in the footer.

use super::FormatError;
use crate::base::{DType, Limits, ParametersError};

/// What a Parquet file begins and ends with.
const MAGIC: &[u8] = b"PAR1";
/// What a file of ours begins with. Readers find pages by their offsets, and see none of it.
pub(super) const BEGINNING: &[u8] = b"PAR1deadweight parquet 1\n";
/// Who wrote the file, for the footer: no version of the crate, so that equal parameters give equal bytes.
pub(super) const CREATED_BY: &str = "deadweight version 1";
/// What stands behind the footer: its length, and the magic.
const TRAILER: usize = 8;
/// The footer has more bytes than this for a column, whatever its name is.
const LEAST_COLUMN: usize = 80;
/// Thrift's number for structures, in the headers of lists.
const STRUCTURE: u8 = 0x0c;

/// How the elements of a column are stored.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// In so many bytes each.
    Bytes(usize),
    /// In a bit each, the first one the lowest of its byte.
    Bit,
    /// A length of four bytes before each.
    Text,
}

/// A type of elements: what the schema says of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    /// Its entry in the schema.
    schema: &'static [u8],
    /// Number of the physical type, as a varint.
    physical: u8,
    /// What the footer says of how values are ordered: by their type, or as IEEE 754 orders floats.
    order: u8,
    /// How elements are stored.
    pub width: Width,
}

macro_rules! leaves {
    ($($name:ident: $schema:literal, $physical:literal, $order:literal, $width:expr;)*) => {
        $(static $name: Leaf =
            Leaf { schema: $schema, physical: $physical, order: $order, width: $width };)*
        static LEAVES: &[&Leaf] = &[$(&$name),*];
    };
}

// Physical type, length of a type that has one, repetition (required), name; then what the type stands for.
leaves! {
    F64: b"\x15\x0a\x25\0\x18\x07element\0", 0x0a, 0x2c, Width::Bytes(8);
    F32: b"\x15\x08\x25\0\x18\x07element\0", 0x08, 0x2c, Width::Bytes(4);
    F16: b"\x15\x0e\x15\x04\x15\0\x18\x07element\x6c\xfc\0\0\0", 0x0e, 0x2c, Width::Bytes(2);
    I64: b"\x15\x04\x25\0\x18\x07element\0", 0x04, 0x1c, Width::Bytes(8);
    I32: b"\x15\x02\x25\0\x18\x07element\0", 0x02, 0x1c, Width::Bytes(4);
    I16: b"\x15\x02\x25\0\x18\x07element\x25\x20\x4c\xac\x13\x10\x11\0\0\0", 0x02, 0x1c, Width::Bytes(4);
    I8: b"\x15\x02\x25\0\x18\x07element\x25\x1e\x4c\xac\x13\x08\x11\0\0\0", 0x02, 0x1c, Width::Bytes(4);
    U64: b"\x15\x04\x25\0\x18\x07element\x25\x1c\x4c\xac\x13\x40\x12\0\0\0", 0x04, 0x1c, Width::Bytes(8);
    U32: b"\x15\x02\x25\0\x18\x07element\x25\x1a\x4c\xac\x13\x20\x12\0\0\0", 0x02, 0x1c, Width::Bytes(4);
    U16: b"\x15\x02\x25\0\x18\x07element\x25\x18\x4c\xac\x13\x10\x12\0\0\0", 0x02, 0x1c, Width::Bytes(4);
    U8: b"\x15\x02\x25\0\x18\x07element\x25\x16\x4c\xac\x13\x08\x12\0\0\0", 0x02, 0x1c, Width::Bytes(4);
    BOOL: b"\x15\0\x25\0\x18\x07element\0", 0x00, 0x1c, Width::Bit;
    TEXT: b"\x15\x0c\x25\0\x18\x07element\x25\0\x4c\x1c\0\0\0", 0x0c, 0x1c, Width::Text;
}

impl Leaf {
    /// What elements of a dtype are stored as.
    pub fn of(dtype: DType) -> &'static Leaf {
        match dtype {
            DType::F64 => &F64,
            DType::F32 => &F32,
            DType::F16 => &F16,
            DType::I64 => &I64,
            DType::I32 => &I32,
            DType::I16 => &I16,
            DType::I8 => &I8,
            DType::U64 => &U64,
            DType::U32 => &U32,
            DType::U16 | DType::Bf16 => &U16,
            DType::U8 => &U8,
            DType::Bool => &BOOL,
            DType::Text => &TEXT,
        }
    }

    /// The values of the first `count` elements, and those of the others; `None` where there are fewer. Texts
    /// are fewer than `count` where those before have `most` bytes: how many there are comes first.
    pub fn split<'a>(&self, values: &'a [u8], count: usize, most: usize) -> Option<Split<'a>> {
        let (first, rest) = match self.width {
            Width::Bytes(width) => values.split_at_checked(count.checked_mul(width)?)?,
            Width::Bit => values.split_at_checked(count.div_ceil(8))?,
            Width::Text => {
                let (mut rest, mut taken) = (values, 0usize);
                while taken < count && values.len().saturating_sub(rest.len()) < most {
                    let (length, after) = rest.split_first_chunk::<4>()?;
                    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
                    (_, rest) = after.split_at_checked(length)?;
                    taken = taken.saturating_add(1);
                }
                let length = values.len().saturating_sub(rest.len());
                return Some((taken, values.get(..length)?, rest));
            }
        };
        Some((count, first, rest))
    }
}

/// A number of elements, their values, and the values of the others.
type Split<'a> = (usize, &'a [u8], &'a [u8]);

/// A column: one list of elements.
pub(super) struct Column<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// The type of its elements.
    pub leaf: &'static Leaf,
    /// How many levels the footer says there are: one for an empty list, else one an element.
    levels: usize,
    /// Bytes that its page takes as the footer says, header and all.
    size: usize,
    /// How many elements there are.
    pub elements: usize,
    /// Their values.
    pub values: &'a [u8],
}

/// The text in the footer, and the columns of a file.
///
/// # Errors
/// Where a byte around the values is not what this program writes.
pub(super) fn columns<'a>(
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<(&'a [u8], Vec<Column<'a>>), FormatError> {
    let (start, end) = footer_range(bytes)?;
    super::check_header_len(end.saturating_sub(start), limits)?;
    let mut footer =
        Input { what: "Parquet footer", bytes: bytes.get(..end).unwrap_or_default(), at: start };
    let (text, mut columns) = read_footer(&mut footer, limits)?;
    let mut pages = Input {
        what: "Parquet page",
        bytes: bytes.get(..start).unwrap_or_default(),
        at: BEGINNING.len(),
    };
    for column in &mut columns {
        read_page(&mut pages, column)?;
    }
    pages.end()?;
    Ok((text, columns))
}

/// Where the footer begins and ends.
fn footer_range(bytes: &[u8]) -> Result<(usize, usize), FormatError> {
    let end = bytes.len().saturating_sub(TRAILER);
    let mut trailer = Input { what: "end of the Parquet file", bytes, at: end };
    let length = trailer.take(4)?.first_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    trailer.expect(MAGIC)?;
    let start = usize::try_from(length).ok().and_then(|length| end.checked_sub(length));
    let start = start.filter(|start| *start >= BEGINNING.len());
    Ok((
        start.ok_or_else(|| FormatError::Truncated {
            offset: BEGINNING.len(),
            what: "Parquet footer",
            expected: length.into(),
            found: end.saturating_sub(BEGINNING.len()) as u64,
        })?,
        end,
    ))
}

/// The columns by what the footer says, their values not yet looked for.
fn read_footer<'a>(
    footer: &mut Input<'a>,
    limits: &Limits,
) -> Result<(&'a [u8], Vec<Column<'a>>), FormatError> {
    footer.expect(b"\x15\x02\x19")?;
    // The root, and three elements for each column: list, repeated group, element.
    let elements = footer.list()?;
    let count = elements.saturating_sub(1) / 3;
    if count > limits.max_arrays {
        let (found, limit) = (count as u64, limits.max_arrays as u64);
        return Err(ParametersError::Limit { what: "arrays", found, limit }.into());
    }
    if elements != count.saturating_mul(3).saturating_add(1)
        || count > footer.rest().len() / LEAST_COLUMN
    {
        return Err(footer.wrong("a schema of the columns that are there", elements));
    }
    footer.expect(b"\x48\x0carrow_schema\x15")?;
    footer.expect_number(count)?;
    footer.expect(b"\0")?;
    let mut columns = Vec::with_capacity(count);
    for _ in 0..count {
        footer.expect(b"\x35\0\x18")?;
        let name = footer.binary()?;
        footer.expect(b"\x15\x02\x15\x06\x4c\x3c\0\0\0\x35\x04\x18\x04list\x15\x02\0")?;
        let leaf = LEAVES.iter().find(|leaf| footer.rest().starts_with(leaf.schema));
        let leaf = *leaf.ok_or_else(|| footer.wrong("a type of elements", "another"))?;
        footer.expect(leaf.schema)?;
        columns.push(Column { name, leaf, levels: 0, size: 0, elements: 0, values: &[] });
    }
    // Rows, then one row group.
    footer.expect(if count == 0 { b"\x16\0\x19\x1c\x19" } else { b"\x16\x02\x19\x1c\x19" })?;
    footer.expect_list(count)?;
    let mut at = BEGINNING.len();
    for column in &mut columns {
        read_chunk(footer, column, at)?;
        at = at.saturating_add(column.size);
    }
    let size = at.saturating_sub(BEGINNING.len());
    footer.expect(b"\x16")?;
    footer.expect_number(size)?;
    footer.expect(if count == 0 { b"\x16\0\x26" } else { b"\x16\x02\x26" })?;
    footer.expect_number(BEGINNING.len())?;
    footer.expect(b"\x16")?;
    footer.expect_number(size)?;
    footer.expect(b"\x14\0\0\x19\x1c\x18\x0adeadweight\x18")?;
    let text = footer.binary()?;
    footer.expect(b"\0\x18\x14")?;
    footer.expect(CREATED_BY.as_bytes())?;
    footer.expect(b"\x19")?;
    footer.expect_list(count)?;
    for column in &columns {
        footer.expect(&[column.leaf.order, 0, 0])?;
    }
    footer.expect(b"\0")?;
    footer.end()?;
    Ok((text, columns))
}

/// What the row group says of a column that begins at byte `at`: its size, and how many levels it has.
fn read_chunk(
    footer: &mut Input<'_>,
    column: &mut Column<'_>,
    at: usize,
) -> Result<(), FormatError> {
    footer.expect(b"\x26\0\x1c")?;
    // The type; encodings PLAIN and RLE; the path.
    footer.expect(&[0x15, column.leaf.physical, 0x19, 0x25, 0, 6, 0x19, 0x38])?;
    if footer.binary()? != column.name {
        return Err(footer.wrong("the name of the column", "another"));
    }
    // No compression.
    footer.expect(b"\x04list\x07element\x15\0\x16")?;
    column.levels = footer.number()?;
    footer.expect(b"\x16")?;
    column.size = footer.number()?;
    footer.expect(b"\x16")?;
    footer.expect_number(column.size)?;
    footer.expect(b"\x26")?;
    footer.expect_number(at)?;
    // One page of data, PLAIN.
    footer.expect(b"\x49\x1c\x15\0\x15\0\x15\x02\0\0\0")
}

/// The one page of a column: its header and what that says to follow are as long as the footer says. The
/// next page, or the footer, begins behind it.
fn read_page<'a>(pages: &mut Input<'a>, column: &mut Column<'a>) -> Result<(), FormatError> {
    let start = pages.at;
    pages.expect(b"\x15\0\x15")?;
    let size = pages.number()?;
    // Both are 32 bits with a sign in a page header, and a list has one level where it is empty.
    let largest = usize::try_from(i32::MAX).unwrap_or(usize::MAX);
    if size > largest || !(1..=largest).contains(&column.levels) {
        let found = format!("{size} bytes and {} levels", column.levels);
        return Err(pages.wrong("sizes and levels that a page can have", found));
    }
    pages.expect(b"\x15")?;
    pages.expect_number(size)?;
    pages.expect(b"\x2c\x15")?;
    pages.expect_number(column.levels)?;
    // PLAIN, levels as runs.
    pages.expect(b"\x15\0\x15\x06\x15\x06\0\0")?;
    let at = pages.at;
    let page = pages.take(size)?;
    let whole = pages.at.saturating_sub(start);
    if whole != column.size {
        pages.at = start;
        return Err(
            pages.wrong(&format!("a page of the {} bytes in the footer", column.size), whole)
        );
    }
    let mut page = Input { what: "Parquet page", bytes: page, at: 0 };
    let (repetition, definition) = (page.levels()?, page.levels()?);
    let levels = column.levels;
    // An element that continues the list has repetition level 1. All have definition level 1; an empty
    // list has one level, and it is 0.
    let empty = levels == 1 && levels_are(definition, 1, 0);
    if !levels_are(repetition, levels, 0) || !(empty || levels_are(definition, levels, 1)) {
        pages.at = at;
        return Err(pages.wrong("levels of one list", "others"));
    }
    column.elements = if empty { 0 } else { levels };
    column.values = page.rest();
    let split = column.leaf.split(column.values, column.elements, usize::MAX);
    let fits = split.is_some_and(|(_, _, rest)| rest.is_empty());
    let unused = match (&column.leaf.width, column.values.last(), column.elements % 8) {
        (Width::Bit, Some(last), used @ 1..) => last >> used,
        _ => 0,
    };
    match fits && unused == 0 {
        true => Ok(()),
        false => {
            pages.at = at;
            let expected = format!("values of {} elements", column.elements);
            Err(pages.wrong(&expected, format!("{} bytes", column.values.len())))
        }
    }
}

/// True when `data`, runs and packed bits of the levels 0 and 1, stands for `count` levels: `first`, and
/// ones behind it.
fn levels_are(data: &[u8], count: usize, first: u8) -> bool {
    let (mut rest, mut seen) = (data, 0usize);
    while seen < count {
        let left = count.saturating_sub(seen);
        let Some(header) = varint(&mut rest) else { return false };
        let Ok(length) = usize::try_from(header >> 1) else { return false };
        if header & 1 == 0 {
            let Some((level, after)) = rest.split_first() else { return false };
            let expected = if seen == 0 { first } else { 1 };
            let alone = seen > 0 || first == 1 || length == 1;
            if *level != expected || !alone || !(1..=left).contains(&length) {
                return false;
            }
            rest = after;
            seen = seen.saturating_add(length);
            continue;
        }
        // So many times eight levels; what is left over in the last byte is zero. A level that is alone is a
        // run in what is written: in a packed byte it would be the same, one bit away.
        if count == 1 || !(1..=left.div_ceil(8)).contains(&length) {
            return false;
        }
        let Some((packed, after)) = rest.split_at_checked(length) else { return false };
        for byte in packed {
            let left = count.saturating_sub(seen).min(8);
            let ones = u8::try_from((1u16 << left) - 1).unwrap_or(u8::MAX);
            let expected = if seen == 0 { ones & !1 | first } else { ones };
            if *byte != expected {
                return false;
            }
            seen = seen.saturating_add(left);
        }
        rest = after;
    }
    rest.is_empty()
}

/// A number of seven bits a byte, the lowest first, in as few bytes as it needs.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return (*byte != 0 || shift == 0).then_some(value);
        }
    }
    None
}

/// A part of the file that is read from its beginning to its end.
struct Input<'a> {
    what: &'static str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, expected: &str, found: impl std::fmt::Display) -> FormatError {
        FormatError::Malformed {
            offset: self.at,
            what: self.what,
            expected: expected.to_owned(),
            found: found.to_string(),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], FormatError> {
        let rest = self.rest();
        let (part, _) = rest.split_at_checked(length).ok_or(FormatError::Truncated {
            offset: self.at,
            what: self.what,
            expected: length as u64,
            found: rest.len() as u64,
        })?;
        self.at = self.at.saturating_add(length);
        Ok(part)
    }

    fn expect(&mut self, expected: &[u8]) -> Result<(), FormatError> {
        let at = self.at;
        let found = self.take(expected.len())?;
        if found != expected {
            self.at = at;
            let words = format!("\"{}\"", expected.escape_ascii());
            return Err(self.wrong(&words, format!("\"{}\"", found.escape_ascii())));
        }
        Ok(())
    }

    fn varint(&mut self) -> Result<usize, FormatError> {
        let mut rest = self.rest();
        let before = rest.len();
        let value = varint(&mut rest).and_then(|value| usize::try_from(value).ok());
        let value = value.ok_or_else(|| self.wrong("a number as it is written", "none"))?;
        self.at = self.at.saturating_add(before.saturating_sub(rest.len()));
        Ok(value)
    }

    /// A number with a sign, which stands in the lowest bit and is never set.
    fn number(&mut self) -> Result<usize, FormatError> {
        let value = self.varint()?;
        match value & 1 {
            0 => Ok(value >> 1),
            _ => Err(self.wrong("a number that is not negative", "a negative one")),
        }
    }

    fn expect_number(&mut self, expected: usize) -> Result<(), FormatError> {
        let found = self.number()?;
        if found != expected {
            return Err(self.wrong(&expected.to_string(), found));
        }
        Ok(())
    }

    fn binary(&mut self) -> Result<&'a [u8], FormatError> {
        let length = self.varint()?;
        self.take(length)
    }

    /// How many structures a list has.
    fn list(&mut self) -> Result<usize, FormatError> {
        let header = self.take(1)?.first().copied().unwrap_or_default();
        if header & 0x0f != STRUCTURE {
            return Err(self.wrong("a list of structures", header));
        }
        match header >> 4 {
            15 => {
                let length = self.varint()?;
                // Fewer stand in the header itself.
                (length >= 15).then_some(length).ok_or_else(|| self.wrong("15 or more", length))
            }
            short => Ok(short.into()),
        }
    }

    fn expect_list(&mut self, expected: usize) -> Result<(), FormatError> {
        let found = self.list()?;
        if found != expected {
            return Err(self.wrong(&format!("a list of {expected}"), found));
        }
        Ok(())
    }

    /// Levels, after their length.
    fn levels(&mut self) -> Result<&'a [u8], FormatError> {
        let length = self.take(4)?.first_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn end(&self) -> Result<(), FormatError> {
        match self.rest().len() {
            0 => Ok(()),
            found => Err(self.wrong("its end", format!("{found} more bytes"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_one_list_have_many_spellings() {
        // As the crate writes them: packed bits at the beginning, then a run.
        assert!(levels_are(&[2, 0], 1, 0) && levels_are(&[2, 1], 1, 1));
        assert!(levels_are(&[3, 0b110], 3, 0) && levels_are(&[6, 1], 3, 1));
        assert!(levels_are(&[3, 0xfe, 0xc0, 0x0f, 1], 1000, 0));
        assert!(levels_are(&[5, 0xfe, 1], 9, 0));
        assert!(levels_are(&[2, 0, 4, 1], 3, 0));
    }

    #[test]
    fn levels_of_anything_else_are_none() {
        let others: [(&[u8], usize, u8); 13] = [
            (&[3, 0], 1, 0),
            (&[3, 1], 1, 1),
            (&[4, 0], 2, 0),
            (&[2, 1], 1, 0),
            (&[3, 0b111], 3, 0),
            (&[3, 0b1110], 3, 0),
            (&[6, 1], 2, 1),
            (&[6, 1, 0], 3, 1),
            (&[0, 1, 6, 1], 3, 1),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 3, 1),
            (&[7, 6], 3, 0),
            (&[0x82, 0, 0], 1, 0),
            (&[0x86, 0, 1], 3, 1),
        ];
        for (data, count, first) in others {
            assert!(!levels_are(data, count, first), "{data:?}");
        }
        assert!(!levels_are(&[], 1, 0));
    }

    /// A number with a sign.
    fn number(value: usize) -> Vec<u8> {
        let (mut bytes, mut rest) = (Vec::new(), value << 1);
        while rest >= 0x80 {
            bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
        bytes
    }

    /// A file of two arrays of three numbers each.
    fn two() -> Vec<u8> {
        let mut parameters = crate::base::Parameters::new("arrays", 1);
        for name in ["one", "two"] {
            let array = crate::base::Array::from_vec(vec![1.5f64; 3], &[3]).unwrap();
            parameters.insert(name, array).unwrap();
        }
        let mut bytes = Vec::new();
        super::super::Format::encode(&super::super::parquet::Parquet, &parameters, &mut bytes)
            .unwrap();
        bytes
    }

    #[test]
    fn pages_are_as_long_as_the_footer_says() {
        let whole = two();
        let (_, found) = columns(&whole, &Limits::default()).unwrap();
        let (one, two) = (found[0].size, found[1].size);
        let chunk = |size: usize, at: usize| {
            let size = [vec![0x16], number(size)].concat();
            [size.clone(), size, vec![0x26], number(at)].concat()
        };
        let changed = |less: usize| {
            let mut bytes = whole.clone();
            let at = BEGINNING.len();
            for (old, new) in [
                (chunk(one, at), chunk(one - less, at)),
                (chunk(two, at + one), chunk(two + less, at + one - less)),
            ] {
                let place = bytes.windows(old.len()).position(|part| part == old).unwrap();
                bytes.splice(place..place + old.len(), new);
            }
            bytes
        };
        assert_eq!(changed(0), whole);
        let bytes = changed(3);
        assert_eq!(bytes.len(), whole.len());
        let said = columns(&bytes, &Limits::default()).map(drop).unwrap_err().to_string();
        let expected = format!("a page of the {} bytes in the footer, found {one}", one - 3);
        assert!(said.contains(&expected), "{said}");
    }

    #[test]
    fn texts_are_split_before_they_are_too_many() {
        let values = b"\x01\0\0\0a\x02\0\0\0bc\0\0\0\0";
        let split = |count, most| TEXT.split(values, count, most);
        assert_eq!(split(3, usize::MAX), Some((3, &values[..], &[][..])));
        assert_eq!(split(2, usize::MAX), Some((2, &values[..11], &values[11..])));
        // The one with which they reach the bound is among them, however long it is.
        assert_eq!(split(3, 1), Some((1, &values[..5], &values[5..])));
        assert_eq!(split(3, 6), Some((2, &values[..11], &values[11..])));
        assert_eq!(split(4, usize::MAX), None);
        assert_eq!(TEXT.split(&values[..10], 2, usize::MAX), None);
    }

    #[test]
    fn numbers_have_one_spelling() {
        let number = |mut bytes: &[u8]| varint(&mut bytes);
        assert_eq!(number(&[0]), Some(0));
        assert_eq!(number(&[0x80, 1]), Some(0x80));
        assert_eq!(number(&[0x82, 0]), None);
        assert_eq!(number(&[0x80, 0x80, 0]), None);
        let list = |bytes: &[u8]| Input { what: "list", bytes, at: 0 }.list();
        assert_eq!(list(&[0xec]).unwrap(), 14);
        assert_eq!(list(&[0xfc, 15]).unwrap(), 15);
        assert!(list(&[0xfc, 14]).is_err());
    }

    /// The header of a page whose values and levels are whatever the footer says.
    fn page(size: usize, levels: usize, rest: &[u8]) -> Vec<u8> {
        let (size, levels) = (number(size), number(levels));
        let header = [b"\x15\0\x15", &size[..], b"\x15", &size, b"\x2c\x15", &levels].concat();
        [&header[..], b"\x15\0\x15\x06\x15\x06\0\0", rest].concat()
    }

    fn read(bytes: &[u8], levels: usize) -> Result<usize, FormatError> {
        let (name, size) = (&b"name"[..], bytes.len());
        let mut column = Column { name, leaf: &F64, levels, size, elements: 0, values: &[] };
        read_page(&mut Input { what: "page", bytes, at: 0 }, &mut column)?;
        Ok(column.elements)
    }

    #[test]
    fn a_page_has_a_level_and_no_more_than_fit_its_header() {
        let levels = [2, 0, 0, 0, 2, 0];
        assert_eq!(read(&page(12, 1, &[levels, levels].concat()), 1).unwrap(), 0);
        // No level at all: two lists of runs that are empty.
        let said = read(&page(8, 0, &[0; 8]), 0).unwrap_err().to_string();
        assert!(said.contains("8 bytes and 0 levels"), "{said}");
        let largest = i32::MAX as usize;
        for (size, levels) in [(largest + 1, 1), (12, largest + 1)] {
            let said = read(&page(size, levels, &[]), levels).unwrap_err().to_string();
            assert!(said.contains("levels that a page can have"), "{said}");
        }
        let said = read(&page(largest, 1, &[]), 1).unwrap_err().to_string();
        assert!(!said.contains("levels that a page can have"), "{said}");
    }

    #[test]
    fn the_beginning_is_the_mark_of_the_format() {
        let mark = super::super::wire::mark("parquet");
        assert_eq!(BEGINNING, [MAGIC, mark.as_bytes(), b"\n"].concat());
        assert_eq!(CREATED_BY.len(), 0x14);
    }
}
