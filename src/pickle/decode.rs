//! Opcodes and their arguments, one at a time, borrowed from the bytes.
//!
//! The decoder knows where instructions begin and end and nothing of what they do. Text, bytes and
//! long integers are ranges of the input; only escapes of protocol 0 make memory of their own.
//!
//! CPython has two readers which disagree at the edges: one reads on behind the end of a frame, the
//! other takes a number with underscores. Where they differ a file can be two programs, so this
//! decoder takes what both of them read alike:
//!
//! - a frame lies inside the input, and no other begins before it ends;
//! - an opcode lies with its whole argument inside one frame, or outside of all;
//! - STOP is the last byte of its frame;
//! - decimal numbers look as Python writes them.

use std::borrow::Cow;
use std::ops::Range;

use super::error::{PickleError, Place, shown};
use super::numbers::{self, Integer};
use super::opcode::{ArgumentKind, Op, Opcode, by_byte};
use super::texts::{self, EscapeError, Text};

/// What stands behind an opcode.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument<'a> {
    /// Nothing.
    None,
    /// A boolean of protocol 0.
    Bool(bool),
    /// An integer; also the number of an extension.
    Int(i64),
    /// An integer of more than 64 bits: the shortest little-endian two's complement.
    BigInt(Cow<'a, [u8]>),
    /// A floating-point number.
    Float(f64),
    /// Bytes, or the content of a bytearray.
    Bytes(&'a [u8]),
    /// A Python 2 string, which is bytes or text depending on who reads it.
    String(Cow<'a, [u8]>),
    /// A text.
    Text(Text<'a>),
    /// A persistent identifier.
    Line(&'a str),
    /// A module and a name in it.
    Pair(&'a str, &'a str),
    /// A memo index.
    Index(u64),
    /// The length of a frame.
    Frame(u64),
}

/// One opcode with its argument.
#[derive(Debug, Clone, PartialEq)]
pub struct Instruction<'a> {
    /// Where the opcode's byte stands.
    pub offset: usize,
    /// Its line of the table.
    pub opcode: &'static Opcode,
    /// What stands behind it.
    pub argument: Argument<'a>,
}

/// Reads instructions until STOP or the first error.
#[derive(Debug, Clone)]
pub struct Decoder<'a> {
    bytes: &'a [u8],
    position: usize,
    frame_end: Option<usize>,
    done: bool,
}

impl<'a> Decoder<'a> {
    /// Begins at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Decoder::at(bytes, 0)
    }

    /// Begins at byte `offset`; offsets in instructions and errors count from the first byte.
    pub fn at(bytes: &'a [u8], offset: usize) -> Self {
        Decoder { bytes, position: offset, frame_end: None, done: false }
    }

    /// Where the next instruction begins; behind STOP, where the pickle ends.
    pub fn position(&self) -> usize {
        self.position
    }

    /// All bytes, from the first on.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Takes the next `length` bytes as they are, as joblib puts arrays between two frames.
    ///
    /// # Errors
    /// When a frame has not ended here, or fewer bytes are left.
    pub fn raw(&mut self, length: u64) -> Result<&'a [u8], PickleError> {
        let place = Place { offset: self.position, opcode: "raw bytes" };
        if let Some(end) = self.frame_end.filter(|end| *end != self.position) {
            let found = format!("{} bytes of it", end.saturating_sub(self.position));
            return Err(place.malformed("raw bytes", "the end of the frame", found));
        }
        self.frame_end = None;
        let mut reader =
            Reader { place, bytes: self.bytes, at: self.position, end: self.bytes.len() };
        let raw = reader.take("raw bytes", length)?;
        self.position = reader.at;
        Ok(raw)
    }

    /// Goes behind the floats and the integers of one, two and four bytes that come next, as far as each is
    /// whole and inside its frame: a step would say nothing of them. In a list of numbers that is many times
    /// faster than a step each.
    pub fn skip_numbers(&mut self) {
        if self.done {
            return;
        }
        let end = self.frame_end.unwrap_or(self.bytes.len());
        let within = self.bytes.get(..end).unwrap_or(self.bytes);
        while let Some(&opcode) = within.get(self.position) {
            let length = number_bytes(opcode);
            let mut next = self.position.saturating_add(length);
            if length == 0 || next > within.len() {
                return;
            }
            if opcode == b'G' {
                next =
                    next.saturating_add(floats_in_blocks(within.get(next..).unwrap_or_default()));
            }
            self.position = next;
        }
    }

    /// The next instruction; `None` behind STOP.
    ///
    /// # Errors
    /// What is wrong with it. The decoder is done then.
    pub fn step(&mut self) -> Result<Option<Instruction<'a>>, PickleError> {
        if self.done {
            return Ok(None);
        }
        let result = self.instruction();
        self.done = !matches!(&result, Ok(instruction) if instruction.opcode.op != Op::Stop);
        result.map(Some)
    }

    fn instruction(&mut self) -> Result<Instruction<'a>, PickleError> {
        let offset = self.position;
        if self.frame_end == Some(offset) {
            self.frame_end = None;
        }
        let Some(&found) = self.bytes.get(offset) else {
            return Err(PickleError::NoStop { offset });
        };
        let opcode = by_byte(found).ok_or(PickleError::UnknownOpcode { offset, found })?;
        let mut reader = Reader {
            place: Place { offset, opcode: opcode.name },
            bytes: self.bytes,
            at: offset.saturating_add(1),
            end: self.frame_end.unwrap_or(self.bytes.len()),
        };
        let argument = reader.argument(opcode.argument)?;
        self.position = reader.at;
        match argument {
            Argument::Frame(length) => self.open_frame(&reader, length)?,
            _ if opcode.op == Op::Stop => self.close_frame(&reader)?,
            _ => {}
        }
        Ok(Instruction { offset, opcode, argument })
    }

    fn open_frame(&mut self, reader: &Reader, length: u64) -> Result<(), PickleError> {
        if let Some(end) = self.frame_end {
            let found = format!("a frame in a frame that ends at byte {end}");
            return Err(reader.place.malformed("frame", "the end of the frame before", found));
        }
        let end = reader.end_of("frame", length)?;
        self.frame_end = Some(end);
        Ok(())
    }

    fn close_frame(&mut self, reader: &Reader) -> Result<(), PickleError> {
        match self.frame_end.take() {
            Some(end) if end != self.position => {
                let found = format!("{} more bytes", end.saturating_sub(self.position));
                Err(reader.place.malformed("frame", "its end behind STOP", found))
            }
            _ => Ok(()),
        }
    }

    /// Where a borrowed part of these bytes lies in them.
    pub fn range_of(&self, part: &[u8]) -> Option<Range<usize>> {
        let start = part.as_ptr().addr().checked_sub(self.bytes.as_ptr().addr())?;
        let end = start.checked_add(part.len())?;
        (end <= self.bytes.len()).then_some(start..end)
    }
}

impl<'a> Iterator for Decoder<'a> {
    type Item = Result<Instruction<'a>, PickleError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// The length of an instruction that pushes a float or an integer of one, two or four bytes; zero for all
/// others. Lists mix them, and a branch for each would be guessed wrong often: this becomes a table.
fn number_bytes(opcode: u8) -> usize {
    match opcode {
        b'G' => 9,
        b'J' => 5,
        b'M' => 3,
        b'K' => 2,
        _ => 0,
    }
}

/// Floats that are looked at together.
const FLOATS: usize = 8;
const FLOAT_BYTES: usize = 9;

/// Bytes at the beginning that are floats and nothing else, in whole groups: no opcode has to wait for the
/// one before it.
fn floats_in_blocks(bytes: &[u8]) -> usize {
    let blocks = bytes.chunks_exact(FLOATS * FLOAT_BYTES).take_while(|block| {
        block
            .chunks_exact(FLOAT_BYTES)
            .fold(true, |all, float| all & (float.first() == Some(&b'G')))
    });
    blocks.count().saturating_mul(FLOATS * FLOAT_BYTES)
}

/// Reads one argument, never behind `end`.
struct Reader<'a> {
    place: Place,
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    /// Where `length` bytes from here end.
    fn end_of(&self, what: &'static str, length: u64) -> Result<usize, PickleError> {
        let found = self.end.saturating_sub(self.at);
        let fits = usize::try_from(length).ok().filter(|length| *length <= found);
        let length = fits.ok_or(PickleError::Truncated {
            offset: self.place.offset,
            opcode: self.place.opcode,
            what,
            expected: length,
            found: found as u64,
        })?;
        Ok(self.at.saturating_add(length))
    }

    fn take(&mut self, what: &'static str, length: u64) -> Result<&'a [u8], PickleError> {
        let end = self.end_of(what, length)?;
        let taken = self.bytes.get(self.at..end).unwrap_or_default();
        self.at = end;
        Ok(taken)
    }

    /// An unsigned little-endian number of `width` bytes, at most 8.
    fn unsigned(&mut self, what: &'static str, width: u64) -> Result<u64, PickleError> {
        let taken = self.take(what, width)?;
        Ok(taken.iter().rev().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    fn signed4(&mut self, what: &'static str) -> Result<i64, PickleError> {
        let number = self.unsigned(what, 4)?;
        Ok(i64::from(number as u32 as i32))
    }

    /// Bytes behind their length, which has `width` bytes of its own.
    fn counted(&mut self, what: &'static str, width: u64) -> Result<&'a [u8], PickleError> {
        let length = self.unsigned("length", width)?;
        self.take(what, length)
    }

    /// Bytes behind a signed length of four bytes.
    fn counted_signed(&mut self, what: &'static str) -> Result<&'a [u8], PickleError> {
        let length = self.signed4("length")?;
        let length = u64::try_from(length)
            .map_err(|_| self.place.malformed("length", "at least 0", length.to_string()))?;
        self.take(what, length)
    }

    /// What stands before the next line feed, which is taken too.
    fn line(&mut self) -> Result<&'a [u8], PickleError> {
        let rest = self.bytes.get(self.at..self.end).unwrap_or_default();
        let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
            return Err(self.place.malformed("argument", "a line feed behind it", shown(rest)));
        };
        let line = rest.get(..length).unwrap_or_default();
        self.at = self.at.saturating_add(length).saturating_add(1);
        Ok(line)
    }

    fn name(&mut self, what: &'static str) -> Result<&'a str, PickleError> {
        let line = self.line()?;
        let text = std::str::from_utf8(line).ok().filter(|text| !text.is_empty());
        text.ok_or_else(|| self.place.malformed(what, "a name in UTF-8", shown(line)))
    }

    fn text(&mut self, width: u64) -> Result<Argument<'a>, PickleError> {
        let bytes = self.counted("text", width)?;
        let text = Text::read(Cow::Borrowed(bytes)).map_err(|at| {
            let rest = bytes.get(at..).unwrap_or_default();
            self.place.malformed("text", "UTF-8", format!("{} at its byte {at}", shown(rest)))
        })?;
        Ok(Argument::Text(text))
    }

    fn long(&mut self, bytes: &'a [u8]) -> Argument<'a> {
        match numbers::twos_complement(bytes) {
            Integer::Small(number) => Argument::Int(number),
            Integer::Big(bytes) => Argument::BigInt(bytes),
        }
    }

    fn argument(&mut self, kind: ArgumentKind) -> Result<Argument<'a>, PickleError> {
        Ok(match kind {
            ArgumentKind::None => Argument::None,
            ArgumentKind::Number1 => Argument::Int(self.unsigned("number", 1)? as i64),
            ArgumentKind::Number2 => Argument::Int(self.unsigned("number", 2)? as i64),
            ArgumentKind::Signed4 => Argument::Int(self.signed4("number")?),
            ArgumentKind::Index1 => Argument::Index(self.unsigned("index", 1)?),
            ArgumentKind::Index4 => Argument::Index(self.unsigned("index", 4)?),
            ArgumentKind::FrameLength => Argument::Frame(self.unsigned("length", 8)?),
            ArgumentKind::Float8 => {
                let bits = self.unsigned("number", 8)?.swap_bytes();
                Argument::Float(f64::from_bits(bits))
            }
            ArgumentKind::Long1 => {
                let bytes = self.counted("number", 1)?;
                self.long(bytes)
            }
            ArgumentKind::Long4 => {
                let bytes = self.counted_signed("number")?;
                self.long(bytes)
            }
            ArgumentKind::String1 => Argument::String(Cow::Borrowed(self.counted("string", 1)?)),
            ArgumentKind::String4 => {
                Argument::String(Cow::Borrowed(self.counted_signed("string")?))
            }
            ArgumentKind::Bytes1 => Argument::Bytes(self.counted("bytes", 1)?),
            ArgumentKind::Bytes4 => Argument::Bytes(self.counted("bytes", 4)?),
            ArgumentKind::Bytes8 | ArgumentKind::ByteArray8 => {
                Argument::Bytes(self.counted("bytes", 8)?)
            }
            ArgumentKind::Unicode1 => self.text(1)?,
            ArgumentKind::Unicode4 => self.text(4)?,
            ArgumentKind::Unicode8 => self.text(8)?,
            ArgumentKind::LinePair => Argument::Pair(self.name("module")?, self.name("name")?),
            kind => self.line_argument(kind)?,
        })
    }

    /// The arguments of protocol 0 that are one line.
    fn line_argument(&mut self, kind: ArgumentKind) -> Result<Argument<'a>, PickleError> {
        let line = self.line()?;
        let wrong = |expected: &str| self.place.malformed("argument", expected, shown(line));
        let escape = |(at, expected): EscapeError| {
            let rest = line.get(at..).unwrap_or_default();
            self.place.malformed("escape", expected, shown(rest))
        };
        match kind {
            ArgumentKind::IntLine => match (line, numbers::decimal(line)) {
                (b"00", _) => Ok(Argument::Bool(false)),
                (b"01", _) => Ok(Argument::Bool(true)),
                (_, number) => integer(number).ok_or_else(|| wrong("a decimal integer")),
            },
            ArgumentKind::LongLine => {
                let number = numbers::decimal(line.strip_suffix(b"L").unwrap_or(line));
                integer(number).ok_or_else(|| wrong("a decimal integer of at most 4300 digits"))
            }
            ArgumentKind::FloatLine => {
                numbers::float(line).map(Argument::Float).ok_or_else(|| wrong("a decimal number"))
            }
            ArgumentKind::IndexLine => match numbers::decimal(line) {
                Some(Integer::Small(index @ 0..)) => Ok(Argument::Index(index.unsigned_abs())),
                _ => Err(wrong("a memo index")),
            },
            ArgumentKind::QuotedLine => match line {
                [b'\'', inside @ .., b'\''] | [b'"', inside @ .., b'"'] => {
                    // Positions inside the quotes are one less than in the line.
                    let decoded = texts::quoted(inside).map(Argument::String);
                    decoded.map_err(|(at, expected)| escape((at.saturating_add(1), expected)))
                }
                _ => Err(wrong("a string in quotes")),
            },
            ArgumentKind::UnicodeLine => {
                texts::raw_unicode(line).map(Argument::Text).map_err(escape)
            }
            _ => match std::str::from_utf8(line) {
                Ok(text) if text.is_ascii() => Ok(Argument::Line(text)),
                _ => Err(wrong("ASCII")),
            },
        }
    }
}

fn integer(number: Option<Integer<'static>>) -> Option<Argument<'static>> {
    number.map(|number| match number {
        Integer::Small(number) => Argument::Int(number),
        Integer::Big(bytes) => Argument::BigInt(bytes),
    })
}
