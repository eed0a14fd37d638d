//! Writes opcodes: for tests, and for files that are meant to do harm.
//!
//! [`Assembler::write`] takes any opcode with any argument that its kind can hold and checks that
//! they fit; the other methods are short for what is written often. Nothing checks the stack or the
//! frames, since a file that breaks their rules is what a test may need, and [`Assembler::raw`] puts
//! in any bytes at all.
//!
//! ```
//! use deadweight::base::Limits;
//! use deadweight::pickle::{Assembler, Op, load};
//!
//! let mut assembler = Assembler::new();
//! assembler.proto(2).global("os", "system").text("echo").op(Op::Tuple1).op(Op::Reduce);
//! let bytes = assembler.op(Op::Stop).finish()?;
//! assert_eq!(bytes, b"\x80\x02cos\nsystem\nX\x04\0\0\0echo\x85R.");
//! assert!(load(&bytes, &Limits::default()).is_ok());
//! # Ok::<(), deadweight::pickle::assemble::AssembleError>(())
//! ```

use thiserror::Error;

use super::decode::Argument;
use super::numbers;
use super::opcode::{ArgumentKind, Op};

/// An argument that an opcode cannot hold.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("{opcode}: expected an argument of kind {expected:?}, found {found}")]
pub struct AssembleError {
    /// The opcode's name.
    pub opcode: &'static str,
    /// What it holds.
    pub expected: ArgumentKind,
    /// What it was given.
    pub found: String,
}

/// Bytes of a pickle in the making.
#[derive(Debug, Clone, Default)]
pub struct Assembler {
    bytes: Vec<u8>,
    error: Option<AssembleError>,
}

impl Assembler {
    /// Nothing yet.
    pub fn new() -> Self {
        Assembler::default()
    }

    /// Adds an opcode with its argument. An argument that does not fit is reported by
    /// [`Assembler::finish`], so that calls can be chained.
    pub fn write(&mut self, op: Op, argument: &Argument) -> &mut Self {
        let start = self.bytes.len();
        self.bytes.push(op.opcode().code);
        if put(&mut self.bytes, op.opcode().argument, argument).is_none() {
            self.bytes.truncate(start);
            self.error.get_or_insert_with(|| AssembleError {
                opcode: op.opcode().name,
                expected: op.opcode().argument,
                found: format!("{argument:?}"),
            });
        }
        self
    }

    /// Adds an opcode that has no argument.
    pub fn op(&mut self, op: Op) -> &mut Self {
        self.write(op, &Argument::None)
    }

    /// Adds bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// Adds PROTO.
    pub fn proto(&mut self, protocol: u8) -> &mut Self {
        self.write(Op::Proto, &Argument::Int(protocol.into()))
    }

    /// Adds GLOBAL.
    pub fn global(&mut self, module: &str, name: &str) -> &mut Self {
        self.write(Op::Global, &Argument::Pair(module, name))
    }

    /// Adds a text, by BINUNICODE.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.write(Op::BinUnicode, &Argument::Text(super::Text::Plain(text.into())))
    }

    /// Adds an integer, by the shortest of BININT1, BININT2, BININT and LONG1.
    pub fn int(&mut self, number: i64) -> &mut Self {
        let op = match number {
            0..=0xff => Op::BinInt1,
            0x100..=0xffff => Op::BinInt2,
            _ if i32::try_from(number).is_ok() => Op::BinInt,
            _ => Op::Long1,
        };
        self.write(op, &Argument::Int(number))
    }

    /// Adds bytes, by SHORT_BINBYTES or BINBYTES8.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let op = if bytes.len() < 256 { Op::ShortBinBytes } else { Op::BinBytes8 };
        self.write(op, &Argument::Bytes(bytes))
    }

    /// Adds a memo opcode with its index.
    pub fn index(&mut self, op: Op, index: u64) -> &mut Self {
        self.write(op, &Argument::Index(index))
    }

    /// Adds a FRAME of exactly what `inside` writes.
    pub fn frame(&mut self, inside: impl FnOnce(&mut Assembler)) -> &mut Self {
        let mut inner = Assembler::new();
        inside(&mut inner);
        self.write(Op::Frame, &Argument::Frame(inner.bytes.len() as u64));
        self.error = self.error.take().or(inner.error);
        self.raw(&inner.bytes)
    }

    /// How many bytes there are so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// True before the first opcode.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes.
    ///
    /// # Errors
    /// The first argument that did not fit its opcode.
    pub fn finish(&mut self) -> Result<Vec<u8>, AssembleError> {
        match self.error.take() {
            Some(error) => Err(error),
            None => Ok(std::mem::take(&mut self.bytes)),
        }
    }
}

/// Appends an argument; `None` when it is not of this kind.
fn put(to: &mut Vec<u8>, kind: ArgumentKind, argument: &Argument) -> Option<()> {
    use ArgumentKind as Kind;
    match (kind, argument) {
        (Kind::None, Argument::None) => {}
        (Kind::Number1, Argument::Int(number)) => to.push(u8::try_from(*number).ok()?),
        (Kind::Number2, Argument::Int(number)) => {
            to.extend(u16::try_from(*number).ok()?.to_le_bytes());
        }
        (Kind::Signed4, Argument::Int(number)) => {
            to.extend(i32::try_from(*number).ok()?.to_le_bytes());
        }
        (Kind::Index1, Argument::Index(index)) => to.push(u8::try_from(*index).ok()?),
        (Kind::Index4, Argument::Index(index)) => {
            to.extend(u32::try_from(*index).ok()?.to_le_bytes());
        }
        (Kind::FrameLength, Argument::Frame(length)) => to.extend(length.to_le_bytes()),
        (Kind::Float8, Argument::Float(number)) => to.extend(number.to_bits().to_be_bytes()),
        (Kind::Long1 | Kind::Long4, Argument::Int(number)) => {
            let all = number.to_le_bytes();
            let kept = if *number == 0 { 0 } else { numbers::significant(&all) };
            counted(to, kind, all.get(..kept)?)?;
        }
        (Kind::Long1 | Kind::Long4, Argument::BigInt(bytes)) => counted(to, kind, bytes)?,
        (Kind::String1 | Kind::String4, Argument::String(bytes)) => counted(to, kind, bytes)?,
        (Kind::Bytes1 | Kind::Bytes4 | Kind::Bytes8 | Kind::ByteArray8, Argument::Bytes(bytes)) => {
            counted(to, kind, bytes)?
        }
        (Kind::Unicode1 | Kind::Unicode4 | Kind::Unicode8, Argument::Text(text)) => {
            counted(to, kind, text.as_bytes())?;
        }
        (Kind::LinePair, Argument::Pair(module, name)) => {
            line(to, module.as_bytes())?;
            line(to, name.as_bytes())?;
        }
        _ => line(to, &line_of(kind, argument)?)?,
    }
    Some(())
}

/// Appends a line, which must not have a line feed inside.
fn line(to: &mut Vec<u8>, text: &[u8]) -> Option<()> {
    if text.contains(&b'\n') {
        return None;
    }
    to.extend_from_slice(text);
    to.push(b'\n');
    Some(())
}

/// Appends a length, as wide as the kind has it, and the bytes.
fn counted(to: &mut Vec<u8>, kind: ArgumentKind, bytes: &[u8]) -> Option<()> {
    use ArgumentKind as Kind;
    let length = bytes.len();
    match kind {
        Kind::Long1 | Kind::String1 | Kind::Bytes1 | Kind::Unicode1 => {
            to.push(u8::try_from(length).ok()?);
        }
        Kind::Long4 | Kind::String4 => to.extend(i32::try_from(length).ok()?.to_le_bytes()),
        Kind::Bytes4 | Kind::Unicode4 => to.extend(u32::try_from(length).ok()?.to_le_bytes()),
        _ => to.extend((length as u64).to_le_bytes()),
    }
    to.extend_from_slice(bytes);
    Some(())
}

/// The line that an argument of protocol 0 is.
fn line_of(kind: ArgumentKind, argument: &Argument) -> Option<Vec<u8>> {
    use ArgumentKind as Kind;
    Some(match (kind, argument) {
        (Kind::IntLine, Argument::Bool(value)) => format!("0{}", u8::from(*value)).into(),
        (Kind::IntLine, Argument::Int(number)) => number.to_string().into(),
        (Kind::LongLine, Argument::Int(number)) => format!("{number}L").into(),
        (Kind::LongLine | Kind::IntLine, Argument::BigInt(bytes)) => {
            let suffix = if kind == Kind::LongLine { "L" } else { "" };
            format!("{}{suffix}", numbers::to_decimal(bytes)).into()
        }
        (Kind::FloatLine, Argument::Float(number)) => match number {
            number if number.is_nan() => "nan".into(),
            number if number.is_infinite() => format!("{number}").into(),
            number => format!("{number:?}").into(),
        },
        (Kind::IndexLine, Argument::Index(index)) => index.to_string().into(),
        (Kind::Line, Argument::Line(text)) => text.as_bytes().to_vec(),
        (Kind::QuotedLine, Argument::String(bytes)) => {
            let escaped = bytes.iter().flat_map(|byte| match byte {
                b'\\' | b'\'' => vec![b'\\', *byte],
                b' '..=b'~' => vec![*byte],
                byte => format!("\\x{byte:02x}").into_bytes(),
            });
            [b'\''].into_iter().chain(escaped).chain([b'\'']).collect()
        }
        (Kind::UnicodeLine, Argument::Text(text)) => {
            let mut line = Vec::new();
            for code in text.code_points() {
                match code {
                    0x5c | 0..0x20 | 0x7f..=0xffff => line.extend(format!("\\u{code:04x}").bytes()),
                    0x20..=0x7e => line.push(code as u8),
                    _ => line.extend(format!("\\U{code:08x}").bytes()),
                }
            }
            line
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pickle::{Decoder, Text};

    fn arguments(kind: ArgumentKind) -> Vec<Argument<'static>> {
        use ArgumentKind as Kind;
        let big = |n: u8| Argument::BigInt(vec![n, 2, 3, 4, 5, 6, 7, 8, n].into());
        let surrogates = Text::Surrogates(b"\\\xed\xa0\x80\n\xf0\x9f\x98\x80".into());
        let texts = vec![Argument::Text(Text::Plain("".into())), Argument::Text(surrogates)];
        let ints = |numbers: &[i64]| numbers.iter().map(|n| Argument::Int(*n)).collect::<Vec<_>>();
        match kind {
            Kind::None => vec![Argument::None],
            Kind::Number1 => ints(&[0, 5, 255]),
            Kind::Number2 => ints(&[0, 65535]),
            Kind::Signed4 => ints(&[i32::MIN.into(), -1, i32::MAX.into()]),
            Kind::Index1 => vec![Argument::Index(255)],
            Kind::Index4 => vec![Argument::Index(u32::MAX.into())],
            Kind::IndexLine => vec![Argument::Index(0), Argument::Index(i64::MAX as u64)],
            Kind::FrameLength => vec![Argument::Frame(0)],
            Kind::Float8 | Kind::FloatLine => {
                [0.1, -0.0, 5e-324, f64::MAX, f64::INFINITY, f64::NEG_INFINITY]
                    .map(Argument::Float)
                    .into()
            }
            Kind::IntLine | Kind::LongLine | Kind::Long1 | Kind::Long4 => {
                let mut all = ints(&[i64::MIN, -129, -1, 0, 1, 128, i64::MAX]);
                all.extend([big(1), big(0x90)]);
                if kind == Kind::IntLine {
                    all.extend([Argument::Bool(false), Argument::Bool(true)]);
                }
                all
            }
            Kind::QuotedLine | Kind::String1 | Kind::String4 => {
                vec![Argument::String(b"".into()), Argument::String(b"a'\"\\\n\xff".into())]
            }
            Kind::Bytes1 | Kind::Bytes4 | Kind::Bytes8 | Kind::ByteArray8 => {
                vec![Argument::Bytes(b""), Argument::Bytes(b"\0.\n")]
            }
            Kind::UnicodeLine | Kind::Unicode1 | Kind::Unicode4 | Kind::Unicode8 => texts,
            Kind::Line => vec![Argument::Line(""), Argument::Line("an id")],
            Kind::LinePair => vec![Argument::Pair("módulo.a", "b.c")],
        }
    }

    #[test]
    fn every_opcode_comes_back_as_it_was_written() {
        for opcode in super::super::opcode::OPCODES {
            for argument in arguments(opcode.argument) {
                let mut assembler = Assembler::new();
                let bytes = assembler.write(opcode.op, &argument).finish().unwrap();
                let read = Decoder::new(&bytes).step().unwrap().unwrap();
                assert_eq!((read.opcode, &read.argument), (opcode, &argument), "{}", opcode.name);
                assert_eq!(assembler.len(), 0);
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut assembler = Assembler::new();
        assembler.write(Op::BinInt1, &Argument::Int(256)).op(Op::Stop);
        let error = assembler.finish().unwrap_err().to_string();
        assert_eq!(error, "BININT1: expected an argument of kind Number1, found Int(256)");
        assert!(Assembler::new().global("a\nb", "c").finish().is_err());
        assert!(
            Assembler::new()
                .frame(|inside| {
                    inside.global("a\nb", "c");
                })
                .finish()
                .is_err()
        );
    }

    #[test]
    fn frames_are_as_long_as_what_is_in_them() {
        let mut assembler = Assembler::new();
        let bytes = assembler
            .frame(|inside| {
                inside.int(7).op(Op::Stop);
            })
            .finish()
            .unwrap();
        assert_eq!(bytes, b"\x95\x03\0\0\0\0\0\0\0K\x07.");
    }
}
