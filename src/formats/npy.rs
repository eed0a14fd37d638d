//! numpy's `.npy`: one array behind a small header (numpy enhancement proposal 1).
//!
//! ```text
//! 0   6  "\x93NUMPY"
//! 6   2  version: 1.0, 2.0 or 3.0
//! 8   2  length of the header text, u16 (version 1), or u32 in 4 bytes (2 and 3)
//!        header text: a Python dict of 'descr', 'fortran_order' and 'shape', padded with spaces
//!        the elements
//! ```
//!
//! The reader takes what data is: numbers, booleans, `<U` and `|S` texts, either byte order, C or
//! Fortran order; all come out as C order, little-endian. Object arrays are pickles, so they are
//! refused. The header is read by a scanner for exactly this dict, because general parsers of
//! Python literals recurse, and its length is compared with the input before anything else.

use std::borrow::Cow;

use super::FormatError;
use crate::base::array::{count, text_block};
use crate::base::{Array, DType, PagePolicy};

/// What every `.npy` begins with.
pub const MAGIC: &[u8] = b"\x93NUMPY";

/// Longest header text that is read; numpy itself stops at 10,000 characters.
const MAX_HEADER: usize = 64 * 1024;

/// So many bytes have the header in them, or it is refused.
pub const LONGEST_BEGINNING: u64 = MAX_HEADER as u64 + 12;

/// What the header of a `.npy` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Type of the elements as they are stored.
    element: Element,
    /// True when the first axis varies fastest.
    fortran_order: bool,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// Where the elements begin.
    pub data_start: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Number { dtype: DType, big_endian: bool },
    Unicode { characters: usize, big_endian: bool },
    Bytes { length: usize },
}

impl Element {
    fn item_size(self) -> Option<usize> {
        match self {
            Element::Number { dtype, .. } => dtype.item_size(),
            Element::Unicode { characters, .. } => characters.checked_mul(4),
            Element::Bytes { length } => Some(length),
        }
    }
}

fn malformed(what: &'static str, expected: &str, found: impl Into<String>) -> FormatError {
    FormatError::Malformed { offset: 0, what, expected: expected.to_owned(), found: found.into() }
}

/// Reads an array from the bytes of a whole `.npy` file.
///
/// # Errors
/// [`FormatError`] when the bytes are no such file, or hold Python objects.
pub fn read(bytes: &[u8], pages: PagePolicy) -> Result<Array, FormatError> {
    let header = Header::parse(bytes)?;
    let (dtype, contents) = header.contents(bytes)?;
    let array = match contents {
        Cow::Borrowed(data) => Array::copied_from(dtype, &header.shape, data, pages),
        Cow::Owned(data) => Array::adopt_bytes(dtype, &header.shape, data, pages),
    };
    array.map_err(|source| FormatError::Array { name: "npy".into(), source })
}

impl Header {
    /// Reads and checks the header at the beginning of `bytes`.
    ///
    /// # Errors
    /// [`FormatError`] says what is wrong, or that the array holds Python objects.
    pub fn parse(bytes: &[u8]) -> Result<Header, FormatError> {
        if !bytes.starts_with(MAGIC) {
            return Err(malformed("npy magic", "\"\\x93NUMPY\"", super::sniff::found(bytes)));
        }
        let (text_start, length) = match bytes.get(6..12) {
            Some([1, 0, low, high, ..]) => {
                (10usize, usize::from(u16::from_le_bytes([*low, *high])))
            }
            Some([2 | 3, 0, a, b, c, d]) => {
                let length = u32::from_le_bytes([*a, *b, *c, *d]);
                (12, usize::try_from(length).unwrap_or(usize::MAX))
            }
            found => {
                let found = format!("{:?}", found.and_then(|found| found.get(..2)));
                return Err(malformed("npy version", "1.0, 2.0 or 3.0", found));
            }
        };
        if length > MAX_HEADER {
            let expected = format!("at most {MAX_HEADER} bytes");
            return Err(malformed("npy header", &expected, length.to_string()));
        }
        let data_start = text_start.saturating_add(length);
        let text = bytes.get(text_start..data_start).ok_or(FormatError::Truncated {
            offset: text_start,
            what: "npy header",
            expected: length as u64,
            found: bytes.len().saturating_sub(text_start) as u64,
        })?;
        let text = std::str::from_utf8(text)
            .map_err(|error| malformed("npy header", "text", error.to_string()))?;
        let (descr, fortran_order, shape) = parse_dict(text)?;
        let header = Header { element: parse_descr(descr)?, fortran_order, shape, data_start };
        header.byte_len()?;
        Ok(header)
    }

    /// Bytes that the elements take as they are stored.
    fn byte_len(&self) -> Result<usize, FormatError> {
        let elements = count(DType::U8, &self.shape)
            .map_err(|source| FormatError::Array { name: "npy".into(), source })?;
        if self.element.item_size() == Some(0) && elements > 0 {
            // Else eight bytes of header could ask for any amount of memory.
            return Err(malformed("npy dtype", "elements of at least one byte", "strings of none"));
        }
        self.element
            .item_size()
            .and_then(|size| size.checked_mul(elements))
            .ok_or_else(|| malformed("npy shape", "a size that can be addressed", "more"))
    }

    /// Bytes of the whole file, as the header has it.
    ///
    /// # Errors
    /// When there would be more than can be addressed.
    pub fn file_len(&self) -> Result<usize, FormatError> {
        Ok(self.data_start.saturating_add(self.byte_len()?))
    }

    /// The dtype and the elements of the file `bytes` that this is the header of, in our form;
    /// borrowed where they have it already.
    ///
    /// # Errors
    /// When there are more or fewer elements than the header says, or texts are none.
    pub fn contents<'a>(&self, bytes: &'a [u8]) -> Result<(DType, Cow<'a, [u8]>), FormatError> {
        let data = bytes.get(self.data_start..).unwrap_or_default();
        let expected = self.byte_len()?;
        if data.len() < expected {
            return Err(FormatError::Truncated {
                offset: self.data_start,
                what: "npy elements",
                expected: expected as u64,
                found: data.len() as u64,
            });
        }
        if data.len() > expected {
            return Err(FormatError::Trailing {
                offset: self.data_start.saturating_add(expected),
                found: data.len().saturating_sub(expected),
            });
        }
        let mut data = Cow::Borrowed(data);
        if self.fortran_order && self.shape.len() > 1 {
            let item = self.element.item_size().unwrap_or(1);
            data = Cow::Owned(to_c_order(&data, &self.shape, item));
        }
        match self.element {
            Element::Number { dtype, big_endian } => {
                if big_endian {
                    swap(data.to_mut(), dtype.item_size().unwrap_or(1));
                }
                Ok((dtype, data))
            }
            Element::Unicode { characters, big_endian } => {
                if big_endian {
                    swap(data.to_mut(), 4);
                }
                let texts = unicode_texts(&data, characters)?;
                Ok((DType::Text, Cow::Owned(text_block(texts.iter().map(String::as_str)))))
            }
            Element::Bytes { length } => {
                let texts = byte_texts(&data, length)?;
                Ok((DType::Text, Cow::Owned(text_block(texts.iter().copied()))))
            }
        }
    }
}

/// Finds the three entries of the header dict, in any order. Texts have no escapes in them.
fn parse_dict(text: &str) -> Result<(&str, bool, Vec<usize>), FormatError> {
    let wrong = |found: &str| {
        let found: String = found.chars().take(40).collect();
        malformed("npy header", "{'descr': ..., 'fortran_order': ..., 'shape': ...}", found)
    };
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    let mut rest = text.trim().strip_prefix('{').ok_or_else(|| wrong(text))?.trim_start();
    while !rest.starts_with('}') {
        let (key, after) = quoted(rest).ok_or_else(|| wrong(rest))?;
        let after = after.trim_start().strip_prefix(':').ok_or_else(|| wrong(after))?.trim_start();
        rest = match key {
            "descr" if descr.is_none() && after.starts_with('[') => {
                return Err(malformed("npy dtype", "one type for all elements", "a structure"));
            }
            "descr" if descr.is_none() => {
                let (value, after) = quoted(after).ok_or_else(|| wrong(after))?;
                descr = Some(value);
                after
            }
            "fortran_order" if fortran_order.is_none() => {
                let yes = after.strip_prefix("True");
                fortran_order = Some(yes.is_some());
                yes.or_else(|| after.strip_prefix("False")).ok_or_else(|| wrong(after))?
            }
            "shape" if shape.is_none() => {
                let (inside, after) = after
                    .strip_prefix('(')
                    .and_then(|after| after.split_once(')'))
                    .ok_or_else(|| wrong(after))?;
                shape = Some(parse_shape(inside).ok_or_else(|| wrong(inside))?);
                after
            }
            _ => return Err(wrong(rest)),
        };
        rest = rest.trim_start();
        match rest.strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None if rest.starts_with('}') => {}
            None => return Err(wrong(rest)),
        }
    }
    match (descr, fortran_order, shape, rest) {
        (Some(descr), Some(fortran_order), Some(shape), "}") => Ok((descr, fortran_order, shape)),
        _ => Err(wrong(text)),
    }
}

fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    text.get(1..)?.split_once(quote)
}

/// Lengths between commas; a comma follows the last, or the only, one. Python 2 wrote `3L`.
fn parse_shape(text: &str) -> Option<Vec<usize>> {
    let text = text.trim();
    let text = text.strip_suffix(',').unwrap_or(text).trim();
    if text.is_empty() {
        return Some(Vec::new());
    }
    let length = |length: &str| {
        let length = length.trim();
        length.strip_suffix('L').unwrap_or(length).parse().ok()
    };
    text.split(',').map(length).collect()
}

fn parse_descr(descr: &str) -> Result<Element, FormatError> {
    let expected = "a number, bool, U or S type such as '<f8'";
    let wrong = || malformed("npy dtype", expected, format!("{descr:?}"));
    let mut characters = descr.chars();
    let (order, kind) = match (characters.next(), characters.next()) {
        (Some(order @ ('<' | '>' | '|' | '=')), Some(kind)) => (order, kind),
        _ => return Err(wrong()),
    };
    if kind == 'O' {
        return Err(malformed(
            "npy dtype",
            "data",
            "Python objects ('|O'), which are a pickle and could run code; save the array with a numeric or string dtype",
        ));
    }
    let size: usize = characters.as_str().parse().map_err(|_| wrong())?;
    let big_endian = order == '>';
    let number = |dtype| Ok(Element::Number { dtype, big_endian });
    match (kind, size) {
        ('f', 8) => number(DType::F64),
        ('f', 4) => number(DType::F32),
        ('f', 2) => number(DType::F16),
        ('i', 8) => number(DType::I64),
        ('i', 4) => number(DType::I32),
        ('i', 2) => number(DType::I16),
        ('i', 1) => number(DType::I8),
        ('u', 8) => number(DType::U64),
        ('u', 4) => number(DType::U32),
        ('u', 2) => number(DType::U16),
        ('u', 1) => number(DType::U8),
        ('b', 1) => number(DType::Bool),
        ('U', characters) => Ok(Element::Unicode { characters, big_endian }),
        ('S' | 'a', length) => Ok(Element::Bytes { length }),
        _ => Err(wrong()),
    }
}

/// Elements of `item` bytes, from the order in which the first axis varies fastest to ours.
fn to_c_order(data: &[u8], shape: &[usize], item: usize) -> Vec<u8> {
    let mut strides = Vec::with_capacity(shape.len());
    let mut stride = item;
    for length in shape {
        strides.push(stride);
        stride = stride.saturating_mul(*length);
    }
    let mut out = Vec::with_capacity(data.len());
    let mut index = vec![0usize; shape.len()];
    let mut offset = 0usize;
    while let Some(element) = data.get(offset..offset.saturating_add(item)) {
        out.extend_from_slice(element);
        if out.len() >= data.len() {
            break;
        }
        // Count up, the last axis fastest, and keep the offset along.
        for ((place, length), stride) in index.iter_mut().zip(shape).zip(&strides).rev() {
            *place = place.saturating_add(1);
            offset = offset.saturating_add(*stride);
            if *place < *length {
                break;
            }
            offset = offset.saturating_sub(stride.saturating_mul(*place));
            *place = 0;
        }
    }
    out
}

fn swap(data: &mut [u8], item: usize) {
    if item > 1 {
        data.chunks_exact_mut(item).for_each(<[u8]>::reverse);
    }
}

fn unicode_texts(data: &[u8], characters: usize) -> Result<Vec<String>, FormatError> {
    let mut texts = Vec::new();
    for element in data.chunks_exact(characters.saturating_mul(4).max(1)) {
        let points = element.as_chunks::<4>().0.iter().map(|point| u32::from_le_bytes(*point));
        let text: Option<String> = points.map(char::from_u32).collect();
        let mut text = text
            .ok_or_else(|| malformed("npy text", "Unicode", format!("element {}", texts.len())))?;
        text.truncate(text.trim_end_matches('\0').len());
        texts.push(text);
    }
    Ok(texts)
}

fn byte_texts(data: &[u8], length: usize) -> Result<Vec<&str>, FormatError> {
    let mut texts = Vec::new();
    for element in data.chunks_exact(length.max(1)) {
        let text = std::str::from_utf8(element).map_err(|_| {
            malformed("npy byte string", "UTF-8", format!("others in element {}", texts.len()))
        })?;
        texts.push(text.trim_end_matches('\0'));
    }
    Ok(texts)
}

/// An array as a `.npy` file: what stands before the elements, and the elements.
pub(crate) struct Encoded<'a> {
    /// Magic, version and header text; a multiple of 64 bytes.
    pub header: Vec<u8>,
    /// The elements.
    pub data: Cow<'a, [u8]>,
}

/// Encodes an array. Text becomes `<U` where that keeps it and is not much larger, else the block
/// of bytes that it is in memory; `bf16` becomes `<u2`, since numpy has none.
pub(crate) fn encode(array: &Array) -> Encoded<'_> {
    let descr = match array.dtype() {
        DType::F64 => "<f8",
        DType::F32 => "<f4",
        DType::F16 => "<f2",
        DType::Bf16 | DType::U16 => "<u2",
        DType::I64 => "<i8",
        DType::I32 => "<i4",
        DType::I16 => "<i2",
        DType::I8 => "|i1",
        DType::U64 => "<u8",
        DType::U32 => "<u4",
        DType::U8 => "|u1",
        DType::Bool => "|b1",
        DType::Text => {
            // Beyond this the padding would be most of it.
            let most = array.byte_len().saturating_mul(8).saturating_add(65_536);
            return match encode_unicode(array, most) {
                Some(encoded) => encoded,
                None => Encoded {
                    header: header_text("|u1", &[array.byte_len()]),
                    data: Cow::Borrowed(array.as_bytes()),
                },
            };
        }
    };
    Encoded { header: header_text(descr, array.shape()), data: Cow::Borrowed(array.as_bytes()) }
}

/// The bytes of a whole `.npy` file. Text is always `<U`, as numpy would write it.
///
/// # Errors
/// [`FormatError`] for a text that ends in a zero character, which numpy cannot keep.
pub fn write(array: &Array) -> Result<Vec<u8>, FormatError> {
    let encoded = match array.dtype() {
        DType::Text => encode_unicode(array, usize::MAX).ok_or_else(|| {
            malformed("npy text", "texts that end in another character than zero", "one that does")
        })?,
        _ => encode(array),
    };
    let mut bytes = encoded.header;
    bytes.extend_from_slice(&encoded.data);
    Ok(bytes)
}

/// Text as numpy has it: each string padded with zeros to the longest. `None` where a string ends
/// in a zero of its own, or it takes more than `most` bytes.
fn encode_unicode(array: &Array, most: usize) -> Option<Encoded<'static>> {
    let texts = array.texts().ok()?;
    if texts.iter().any(|text| text.ends_with('\0')) {
        return None;
    }
    let characters = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    let total = characters.checked_mul(4)?.checked_mul(texts.len())?;
    if total > most {
        return None;
    }
    let mut data = Vec::with_capacity(total);
    for text in texts {
        let end = data.len().saturating_add(characters.saturating_mul(4));
        for character in text.chars() {
            data.extend_from_slice(&u32::from(character).to_le_bytes());
        }
        data.resize(end, 0);
    }
    let header = header_text(&format!("<U{characters}"), array.shape());
    Some(Encoded { header, data: Cow::Owned(data) })
}

/// One text as an array without dimensions.
pub(crate) fn encode_text(text: &str) -> Encoded<'static> {
    let points: Vec<u8> =
        text.chars().flat_map(|character| u32::from(character).to_le_bytes()).collect();
    let descr = format!("<U{}", points.len() / 4);
    Encoded { header: header_text(&descr, &[]), data: Cow::Owned(points) }
}

fn header_text(descr: &str, shape: &[usize]) -> Vec<u8> {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let shape = lengths.join(", ");
    let mut text =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}{comma}), }}");
    // Version 1 holds 65,535 bytes: 64 dimensions of twenty digits are far below.
    let total = text.len().saturating_add(11).next_multiple_of(64);
    while text.len().saturating_add(11) < total {
        text.push(' ');
    }
    text.push('\n');
    let mut header = MAGIC.to_vec();
    header.extend_from_slice(&[1, 0]);
    header.extend_from_slice(&(text.len() as u16).to_le_bytes());
    header.extend_from_slice(text.as_bytes());
    header
}

/// True when the file that begins with `header` holds `array`'s dtype and shape in the way that
/// [`encode`] writes them.
pub(crate) fn holds(header: &Header, dtype: DType, shape: &[usize]) -> bool {
    match (header.element, dtype) {
        (Element::Number { dtype: DType::U8, .. }, DType::Text) => header.shape.len() == 1,
        (Element::Number { dtype: DType::U16, .. }, DType::Bf16) => header.shape == shape,
        (Element::Number { dtype: found, .. }, dtype) => found == dtype && header.shape == shape,
        (_, dtype) => dtype == DType::Text && header.shape == shape,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let text =
            format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n");
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&[2, 0]);
        bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
        bytes.extend_from_slice(data);
        bytes
    }

    #[test]
    fn fortran_order_and_big_endian_become_ours() {
        let values: Vec<u8> = [1i16, 4, 2, 5, 3, 6].iter().flat_map(|v| v.to_be_bytes()).collect();
        let array = read(&file(">i2", "True", "(2, 3)", &values), PagePolicy::Heap).unwrap();
        assert_eq!(array.shape(), [2, 3]);
        assert_eq!(array.as_slice::<i16>().unwrap(), [1, 2, 3, 4, 5, 6]);
        let three: Vec<u8> = (0..24u8).collect();
        let array = read(&file("|u1", "True", "(2, 3, 4)", &three), PagePolicy::Heap).unwrap();
        let value =
            |i: usize, j: usize, k: usize| array.as_slice::<u8>().unwrap()[(i * 3 + j) * 4 + k];
        assert!((0..2).all(|i| {
            (0..3).all(|j| (0..4).all(|k| usize::from(value(i, j, k)) == i + 2 * j + 6 * k))
        }));
    }

    #[test]
    fn what_is_no_data_is_refused_with_the_reason() {
        let refuse = |bytes: &[u8]| read(bytes, PagePolicy::Heap).unwrap_err().to_string();
        assert!(refuse(&file("|O", "False", "(1,)", b"....")).contains("could run code"));
        assert!(refuse(&file("<c16", "False", "(1,)", &[0; 16])).contains("<c16"));
        assert!(refuse(&file("<U0", "False", "(1000000000000,)", b"")).contains("strings of none"));
        assert!(refuse(&file("<f8", "False", "(2,)", &[0; 8])).contains("needs 16 bytes, found 8"));
        assert!(refuse(&file("<f8", "False", "(1,)", &[0; 9])).contains("1 more bytes"));
        assert!(refuse(&file("<U1", "False", "(1,)", &[0, 0xd8, 0, 0])).contains("Unicode"));
        let mut lying = MAGIC.to_vec();
        lying.extend_from_slice(&[2, 0, 0, 0, 0, 0x40]);
        assert!(refuse(&lying).contains("at most 65536 bytes"));
    }

    #[test]
    fn texts_lose_only_the_padding() {
        let data: Vec<u8> = "ab\0c\0\0".chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
        let array = read(&file("<U3", "False", "(2,)", &data), PagePolicy::Heap).unwrap();
        assert_eq!(array.texts().unwrap(), ["ab", "c"]);
        let array = read(&file("|S2", "False", "(2,)", b"xyz\0"), PagePolicy::Heap).unwrap();
        assert_eq!(array.texts().unwrap(), ["xy", "z"]);
    }
}
