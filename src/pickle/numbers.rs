//! Integers of any length, and the decimal numbers of protocol 0.
//!
//! An integer is an `i64` where it fits; a longer one is its two's complement in little-endian
//! bytes, without a superfluous byte of sign, so that equal integers have equal bytes. Numbers in
//! decimal are read as Python writes them and in no other way: its two unpicklers disagree about
//! signs, underscores, spaces, leading zeros and other bases.

use std::borrow::Cow;

/// Python reads no longer decimal number (`sys.int_info.default_max_str_digits`).
pub(super) const MAX_DIGITS: usize = 4300;

/// An integer: small, or long in two's complement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Integer<'a> {
    Small(i64),
    Big(Cow<'a, [u8]>),
}

/// The integer that two's complement bytes make; none at all are zero.
pub(super) fn twos_complement(bytes: &[u8]) -> Integer<'_> {
    let kept = significant(bytes);
    if kept > size_of::<i64>() {
        return Integer::Big(Cow::Borrowed(bytes.get(..kept).unwrap_or(bytes)));
    }
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut all = [if negative { 0xff } else { 0 }; size_of::<i64>()];
    for (to, from) in all.iter_mut().zip(bytes) {
        *to = *from;
    }
    Integer::Small(i64::from_le_bytes(all))
}

/// How many bytes are left when those that only repeat the sign are taken off.
pub(super) fn significant(bytes: &[u8]) -> usize {
    let mut kept = bytes.len();
    while let Some([below, top]) = kept.checked_sub(2).and_then(|start| bytes.get(start..kept)) {
        let repeats = (*top == 0 && below & 0x80 == 0) || (*top == 0xff && below & 0x80 != 0);
        if !repeats {
            break;
        }
        kept = kept.saturating_sub(1);
    }
    kept
}

/// A decimal integer: digits without a leading zero, behind a minus if it is negative.
pub(super) fn decimal(line: &[u8]) -> Option<Integer<'static>> {
    let (negative, digits) = match line {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let canonical = match digits {
        [] => false,
        [b'0'] => !negative,
        [first, ..] => *first != b'0' && digits.iter().all(u8::is_ascii_digit),
    };
    if !canonical || digits.len() > MAX_DIGITS {
        return None;
    }
    if let Some(small) = std::str::from_utf8(line).ok().and_then(|text| text.parse().ok()) {
        return Some(Integer::Small(small));
    }
    Some(Integer::Big(Cow::Owned(big(negative, digits))))
}

/// The two's complement of a long decimal number.
fn big(negative: bool, digits: &[u8]) -> Vec<u8> {
    // Nine digits at a time into words of 32 bits: at most 478 rounds over at most 447 words.
    let mut words: Vec<u32> = Vec::with_capacity(digits.len() / 9 + 2);
    for group in digits.chunks(9) {
        let (mut carry, mut scale) = (0u64, 1u64);
        for digit in group {
            carry = carry * 10 + u64::from(digit & 0x0f);
            scale *= 10;
        }
        for word in &mut words {
            let product = u64::from(*word) * scale + carry;
            *word = product as u32;
            carry = product >> 32;
        }
        if carry > 0 {
            words.push(carry as u32);
        }
    }
    words.push(0);
    if negative {
        let mut carry = true;
        for word in &mut words {
            (*word, carry) = (!*word).overflowing_add(u32::from(carry));
        }
    }
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.truncate(significant(&bytes));
    bytes
}

/// The decimal digits of a two's complement, behind a minus if it is negative. Quadratic, so for
/// numbers that the caller bounds.
pub(super) fn to_decimal(bytes: &[u8]) -> String {
    /// Nine digits at a time: as many as a word of 32 bits holds.
    const BASE: u64 = 1_000_000_000;
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut rest: Vec<u8> = bytes.to_vec();
    if negative {
        let mut carry = true;
        for byte in &mut rest {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |all, byte| (all << 8) | u32::from(*byte));
    let mut words: Vec<u32> = rest.chunks(4).map(word).collect();
    let mut groups: Vec<u64> = Vec::new();
    while words.last() == Some(&0) {
        words.pop();
    }
    while !words.is_empty() {
        let mut remainder = 0u64;
        for word in words.iter_mut().rev() {
            let number = (remainder << 32) | u64::from(*word);
            *word = (number / BASE) as u32;
            remainder = number % BASE;
        }
        groups.push(remainder);
        while words.last() == Some(&0) {
            words.pop();
        }
    }
    let mut text = if negative { "-".to_owned() } else { String::new() };
    text.push_str(&groups.pop().unwrap_or(0).to_string());
    for group in groups.iter().rev() {
        text.push_str(&format!("{group:09}"));
    }
    text
}

/// A float as Python's `repr` writes it.
pub(super) fn float(line: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(line).ok()?;
    match text {
        "inf" => return Some(f64::INFINITY),
        "-inf" => return Some(f64::NEG_INFINITY),
        "nan" => return Some(f64::NAN),
        _ => {}
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let numeric = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    if !digits.starts_with(|c: char| c.is_ascii_digit()) || !digits.as_bytes().iter().all(numeric) {
        return None;
    }
    // Python raises for a number that overflows, in one of its readers.
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn big_of(bytes: &[u8]) -> Integer<'static> {
        Integer::Big(Cow::Owned(bytes.to_vec()))
    }

    #[test]
    fn twos_complement_is_cut_to_what_it_says() {
        assert_eq!(twos_complement(b""), Integer::Small(0));
        assert_eq!(twos_complement(b"\xff"), Integer::Small(-1));
        assert_eq!(twos_complement(b"\xff\0\0\0\0\0\0\0\0\0\0"), Integer::Small(255));
        assert_eq!(twos_complement(b"\0\0\0\0\0\0\0\x80"), Integer::Small(i64::MIN));
        assert_eq!(twos_complement(b"\0\0\0\0\0\0\0\x80\xff\xff"), Integer::Small(i64::MIN));
        assert_eq!(twos_complement(b"\0\0\0\0\0\0\0\x80\0\0"), big_of(b"\0\0\0\0\0\0\0\x80\0"));
    }

    #[test]
    fn decimal_integers_are_exact() {
        assert_eq!(decimal(b"0"), Some(Integer::Small(0)));
        assert_eq!(decimal(b"-9223372036854775808"), Some(Integer::Small(i64::MIN)));
        assert_eq!(decimal(b"9223372036854775808"), Some(big_of(b"\0\0\0\0\0\0\0\x80\0")));
        assert_eq!(
            decimal(b"-9223372036854775809"),
            Some(big_of(b"\xff\xff\xff\xff\xff\xff\xff\x7f\xff"))
        );
        let mut power = vec![0; 16];
        power.push(1);
        assert_eq!(decimal(b"340282366920938463463374607431768211456"), Some(big_of(&power)));
        assert_eq!(to_decimal(&power), "340282366920938463463374607431768211456");
        assert_eq!(to_decimal(b"\xff\xff\xff\xff\xff\xff\xff\x7f\xff"), "-9223372036854775809");
        assert_eq!((to_decimal(b"\0\0").as_str(), to_decimal(b"\xff").as_str()), ("0", "-1"));
        for digits in [format!("1{}", "0".repeat(90)), "7".repeat(MAX_DIGITS)] {
            let Some(Integer::Big(bytes)) = decimal(digits.as_bytes()) else { panic!("{digits}") };
            assert_eq!(to_decimal(&bytes), digits);
        }
        for text in ["", "-", "-0", "00", "01", "+1", " 1", "1 ", "1_0", "0x10", "1L"] {
            assert_eq!(decimal(text.as_bytes()), None, "{text:?}");
        }
        assert!(decimal(&[b'9'; MAX_DIGITS]).is_some());
        assert_eq!(decimal(&[b'9'; MAX_DIGITS + 1]), None);
    }

    #[test]
    fn floats_are_those_that_python_writes() {
        assert_eq!(float(b"1e+300"), Some(1e300));
        assert_eq!(float(b"-0.0").map(f64::to_bits), Some((-0.0f64).to_bits()));
        assert_eq!(float(b"5e-324"), Some(5e-324));
        assert!(float(b"nan").is_some_and(f64::is_nan));
        assert_eq!(float(b"-inf"), Some(f64::NEG_INFINITY));
        for text in ["", "1e999", " 1.0", "1.0 ", "1_0.0", "infinity", "NaN", "+1.0", ".5", "0x1p3"]
        {
            assert_eq!(float(text.as_bytes()), None, "{text:?}");
        }
    }
}
