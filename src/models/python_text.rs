//! Characters and texts as Python sees them, where Rust sees them differently.
//!
//! Vocabularies were made by Python's `re` and `str`; a term that is cut elsewhere is counted as
//! another term, or not at all.

use std::sync::OnceLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Letters and numbers: general categories L and N. This is `str.isalnum`, and with the underscore
/// Python's `\w`; Rust's has marks and connectors as well.
fn letters_and_numbers() -> &'static [(char, char)] {
    static RANGES: OnceLock<Vec<(char, char)>> = OnceLock::new();
    RANGES.get_or_init(|| ranges(r"[\p{L}\p{N}]"))
}

/// Decimal digits: general category Nd, Python's `\d`.
fn digits() -> &'static [(char, char)] {
    static RANGES: OnceLock<Vec<(char, char)>> = OnceLock::new();
    RANGES.get_or_init(|| ranges(r"\p{Nd}"))
}

/// The characters of a class, in order.
fn ranges(class: &str) -> Vec<(char, char)> {
    use regex_syntax::hir::{Class, HirKind};
    // The classes are constants of this file that parse: an empty list never comes about.
    match regex_syntax::parse(class).map(|hir| hir.into_kind()) {
        Ok(HirKind::Class(Class::Unicode(class))) => {
            class.ranges().iter().map(|range| (range.start(), range.end())).collect()
        }
        _ => Vec::new(),
    }
}

fn is_in(ranges: &[(char, char)], c: char) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let compare = |(first, last): &(char, char)| match c {
        c if c < *first => Greater,
        c if c > *last => Less,
        _ => Equal,
    };
    ranges.binary_search_by(compare).is_ok()
}

/// Python's `\w`.
pub(super) fn is_word(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || c == '_',
        false => is_in(letters_and_numbers(), c),
    }
}

/// Python's `\d`.
pub(super) fn is_digit(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_digit(),
        false => is_in(digits(), c),
    }
}

/// Python's `\s` and `str.isspace`: four separators of ASCII more than Unicode's property.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// How accents are taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accents {
    Keep,
    /// Only what is ASCII after NFKD.
    Ascii,
    /// NFKD without combining characters, for texts that are not ASCII.
    Unicode,
    /// NFKD without combining characters, for texts that NFKD changes: before version 0.22.
    UnicodeIfChanged,
}

impl Accents {
    /// Takes them off.
    pub(super) fn strip(self, text: String) -> String {
        let combining = |c: &char| canonical_combining_class(*c) != 0;
        match self {
            Accents::Keep => text,
            _ if text.is_ascii() => text,
            Accents::Ascii => text.nfkd().filter(char::is_ascii).collect(),
            Accents::Unicode => text.nfkd().filter(|c| !combining(c)).collect(),
            Accents::UnicodeIfChanged => {
                let normalized: String = text.nfkd().collect();
                match normalized == text {
                    true => text,
                    false => normalized.chars().filter(|c| !combining(c)).collect(),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_what_python_says() {
        // str.isalnum of letters, numbers, marks, connectors, symbols.
        let word = ['a', 'Z', '0', '_', 'é', 'ß', '日', '²', '½', 'Ⅷ', '٣', 'ª', 'ʰ', '𝔸'];
        assert!(word.into_iter().all(is_word));
        let none = [' ', '-', '\u{301}', '\u{93e}', '‿', 'Ⓐ', '€', '\u{200d}', '、'];
        assert!(!none.into_iter().any(is_word));
        assert!(is_digit('٣') && !is_digit('²') && !is_digit('½'));
        assert!(
            is_space('\u{1c}') && is_space('\u{a0}') && is_space('\u{85}') && !is_space('\u{200b}')
        );
    }

    #[test]
    fn accents_are_taken_off_as_each_version_does() {
        let strip = |accents: Accents, text: &str| accents.strip(text.to_owned());
        assert_eq!(strip(Accents::Ascii, "Ångström ﬁ ß ½"), "Angstrom fi  12");
        assert_eq!(strip(Accents::Unicode, "Ångström ﬁ ß"), "Angstrom fi ß");
        // Decomposed already: the older rule sees nothing to do.
        assert_eq!(strip(Accents::Unicode, "e\u{301}"), "e");
        assert_eq!(strip(Accents::UnicodeIfChanged, "e\u{301}"), "e\u{301}");
        assert_eq!(strip(Accents::UnicodeIfChanged, "e\u{301}é"), "ee");
    }
}
