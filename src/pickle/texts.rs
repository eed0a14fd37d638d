//! Text as pickles hold it: UTF-8 in which lone surrogates may stand, and the two escapes of
//! protocol 0.
//!
//! A Python text is a sequence of code points, surrogates among them, which UTF-8 has no place for;
//! Python's own codec writes one as the three bytes that the rule of UTF-8 would give. Such texts
//! are kept byte for byte. Nothing is ever replaced: two different texts stay different.

use std::borrow::Cow;

/// A text of Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text<'a> {
    /// What nearly every text is.
    Plain(Cow<'a, str>),
    /// A text with at least one surrogate: UTF-8 by rule, surrogates included.
    Surrogates(Cow<'a, [u8]>),
}

impl<'a> Text<'a> {
    /// The text, unless it has surrogates.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Text::Plain(text) => Some(text),
            Text::Surrogates(_) => None,
        }
    }

    /// UTF-8, with surrogates as Python's `surrogatepass` writes them.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Text::Plain(text) => text.as_bytes(),
            Text::Surrogates(bytes) => bytes,
        }
    }

    /// How many code points there are.
    pub fn character_count(&self) -> usize {
        // All bytes but those that continue a code point.
        self.as_bytes().iter().filter(|byte| **byte & 0xc0 != 0x80).count()
    }

    /// The code points, surrogates among them.
    pub fn code_points(&self) -> Vec<u32> {
        self.as_bytes().iter().fold(Vec::new(), |mut codes, byte| {
            let bits = u32::from(*byte);
            match byte {
                0x80..=0xbf => {
                    if let Some(code) = codes.last_mut() {
                        *code = (*code << 6) | (bits & 0x3f);
                    }
                }
                0xc0..=0xdf => codes.push(bits & 0x1f),
                0xe0..=0xef => codes.push(bits & 0x0f),
                0xf0.. => codes.push(bits & 0x07),
                _ => codes.push(bits),
            }
            codes
        })
    }

    /// Reads UTF-8 with surrogates; `Err` says at which byte it is neither.
    pub(super) fn read(bytes: Cow<'a, [u8]>) -> Result<Self, usize> {
        let surrogates = check(&bytes)?;
        if surrogates {
            return Ok(Text::Surrogates(bytes));
        }
        match bytes {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes)
                .map(|text| Text::Plain(Cow::Borrowed(text)))
                .map_err(|error| error.valid_up_to()),
            Cow::Owned(bytes) => String::from_utf8(bytes)
                .map(|text| Text::Plain(Cow::Owned(text)))
                .map_err(|error| error.utf8_error().valid_up_to()),
        }
    }
}

/// True when there are surrogates, false when it is UTF-8, else where it is neither.
fn check(bytes: &[u8]) -> Result<bool, usize> {
    let (mut surrogates, mut start) = (false, 0usize);
    while let Err(error) = std::str::from_utf8(bytes.get(start..).unwrap_or_default()) {
        let at = start.saturating_add(error.valid_up_to());
        match bytes.get(at..at.saturating_add(3)) {
            Some([0xed, 0xa0..=0xbf, 0x80..=0xbf]) => surrogates = true,
            _ => return Err(at),
        }
        start = at.saturating_add(3);
    }
    Ok(surrogates)
}

/// Appends a code point, surrogates by the same rule as all others.
fn push_code_point(bytes: &mut Vec<u8>, code: u32) {
    if let Some(character) = char::from_u32(code) {
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        return;
    }
    let [low, high] = [code & 0x3f, (code >> 6) & 0x3f].map(|bits| 0x80 | bits as u8);
    bytes.extend_from_slice(&[0xed, high, low]);
}

/// An escape that Python would not accept: where in the line, and what is wrong.
pub(super) type EscapeError = (usize, &'static str);

/// The number that exactly `count` hexadecimal digits at `at` make.
fn hexadecimal(line: &[u8], at: usize, count: usize) -> Option<u32> {
    let digits = line.get(at..at.checked_add(count)?)?;
    digits.iter().try_fold(0u32, |number, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        number.checked_mul(16)?.checked_add(digit)
    })
}

/// Decodes raw-unicode-escape: `\uXXXX` and `\UXXXXXXXX` are code points, any other byte is the
/// code point of its number, and a backslash before anything else stays, with what follows it.
pub(super) fn raw_unicode(line: &[u8]) -> Result<Text<'_>, EscapeError> {
    if line.is_ascii() && !line.contains(&b'\\') {
        return Text::read(Cow::Borrowed(line)).map_err(|at| (at, "ASCII"));
    }
    let mut decoded = Vec::with_capacity(line.len());
    let mut at = 0usize;
    while let Some(&byte) = line.get(at) {
        let next = line.get(at.saturating_add(1)).copied();
        let digits = match (byte, next) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            (b'\\', Some(next)) => {
                decoded.push(b'\\');
                push_code_point(&mut decoded, u32::from(next));
                at = at.saturating_add(2);
                continue;
            }
            _ => {
                push_code_point(&mut decoded, u32::from(byte));
                at = at.saturating_add(1);
                continue;
            }
        };
        let code = hexadecimal(line, at.saturating_add(2), digits)
            .ok_or((at, "4 hexadecimal digits after \\u, 8 after \\U"))?;
        if code > 0x10_ffff {
            return Err((at, "a code point of at most 10ffff"));
        }
        push_code_point(&mut decoded, code);
        at = at.saturating_add(2).saturating_add(digits);
    }
    Text::read(Cow::Owned(decoded)).map_err(|at| (at, "code points"))
}

/// Decodes what stands between the quotes of a Python 2 string.
pub(super) fn quoted(inside: &[u8]) -> Result<Cow<'_, [u8]>, EscapeError> {
    if !inside.contains(&b'\\') {
        return Ok(Cow::Borrowed(inside));
    }
    let mut decoded = Vec::with_capacity(inside.len());
    let mut at = 0usize;
    while let Some(&byte) = inside.get(at) {
        let start = at;
        at = at.saturating_add(1);
        if byte != b'\\' {
            decoded.push(byte);
            continue;
        }
        let escape = *inside.get(at).ok_or((start, "something after the backslash"))?;
        at = at.saturating_add(1);
        match escape {
            b'\\' | b'\'' | b'"' => decoded.push(escape),
            b'a' => decoded.push(0x07),
            b'b' => decoded.push(0x08),
            b'f' => decoded.push(0x0c),
            b'n' => decoded.push(b'\n'),
            b'r' => decoded.push(b'\r'),
            b't' => decoded.push(b'\t'),
            b'v' => decoded.push(0x0b),
            b'x' => {
                let byte = hexadecimal(inside, at, 2).and_then(|byte| u8::try_from(byte).ok());
                decoded.push(byte.ok_or((start, "2 hexadecimal digits after \\x"))?);
                at = at.saturating_add(2);
            }
            b'0'..=b'7' => {
                let (byte, digits) = octal(inside, at.saturating_sub(1));
                decoded.push(byte);
                at = at.saturating_sub(1).saturating_add(digits);
            }
            _ => decoded.extend_from_slice(&[b'\\', escape]),
        }
    }
    Ok(Cow::Owned(decoded))
}

/// Up to three octal digits at `at`; of a number above 377 Python keeps the low eight bits.
fn octal(inside: &[u8], at: usize) -> (u8, usize) {
    let digits = inside.get(at..).unwrap_or_default().iter().take(3);
    digits.take_while(|digit| matches!(digit, b'0'..=b'7')).fold((0, 0), |(byte, count), digit| {
        (byte.wrapping_mul(8_u8).wrapping_add(digit & 7), count.saturating_add(1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Text<'_> {
        Text::Plain(text.into())
    }

    #[test]
    fn surrogates_are_kept_and_other_damage_is_found() {
        assert_eq!(
            Text::read(Cow::Borrowed("naïve 日本 😀".as_bytes())),
            Ok(plain("naïve 日本 😀"))
        );
        let lone = b"a\xed\xa0\x80b\xed\xbf\xbf";
        assert_eq!(
            Text::read(Cow::Borrowed(lone)),
            Ok(Text::Surrogates(Cow::Borrowed(lone.as_slice())))
        );
        assert_eq!(Text::read(Cow::Borrowed(b"ab\xff")), Err(2));
        assert_eq!(Text::read(Cow::Borrowed(b"ab\xed\xa0")), Err(2));
        assert_eq!(Text::read(Cow::Borrowed(b"\xed\xa0\x80\xc0\x80")), Err(3));
    }

    #[test]
    fn raw_unicode_escapes_are_those_of_python() {
        assert_eq!(raw_unicode(b"plain"), Ok(plain("plain")));
        assert_eq!(raw_unicode(b"\\u65e5\\U0001f600\xe9"), Ok(plain("日😀é")));
        assert_eq!(raw_unicode(b"\\\\u0041\\n\\"), Ok(plain("\\\\u0041\\n\\")));
        assert_eq!(
            raw_unicode(b"\\ud83d\\ude00"),
            Ok(Text::Surrogates(Cow::Owned(b"\xed\xa0\xbd\xed\xb8\x80".to_vec())))
        );
        assert_eq!(raw_unicode(b"ab\\u12g4").unwrap_err().0, 2);
        assert_eq!(raw_unicode(b"\\U00110000").unwrap_err().1, "a code point of at most 10ffff");
    }

    #[test]
    fn quoted_escapes_are_those_of_python() {
        assert_eq!(quoted(b"plain").unwrap().as_ref(), b"plain");
        let all = quoted(b"\\\\\\'\\\"\\a\\b\\f\\n\\r\\t\\v\\x7f\\0\\18\\377\\777\\q").unwrap();
        assert_eq!(all.as_ref(), b"\\'\"\x07\x08\x0c\n\r\t\x0b\x7f\0\x018\xff\xff\\q");
        assert_eq!(quoted(b"ab\\x1").unwrap_err().0, 2);
        assert_eq!(quoted(b"ab\\").unwrap_err(), (2, "something after the backslash"));
    }
}
