//! What models and aliases may be called, and how one version is spoken of.
//!
//! Names become parts of paths on every backend, so they are checked before anything else: no way
//! out of the store, nothing that two file systems would take for different or for the same.

use std::fmt;
use std::str::FromStr;

use super::StoreError;

/// Longest name. File systems have 255 bytes for a file, and temporary names add to it.
const MAX_NAME: usize = 100;
/// What stands for the newest version wherever an alias may stand.
const LATEST: &str = "latest";

/// The name of a model: 1 to 100 lower-case letters, digits, `.`, `_` and `-`, beginning with a
/// letter or digit. There are no capitals, because some file systems do not tell them apart.
///
/// ```
/// use deadweight::store::Name;
/// assert!("churn-eu.v2".parse::<Name>().is_ok());
/// assert!("../churn".parse::<Name>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// The name of an alias: 1 to 100 lower-case letters, digits and `_`, beginning with a letter. It
/// has no dash, because that is a minus in a condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alias(String);

macro_rules! text {
    ($type:ident) => {
        impl $type {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
text!(Name);
text!(Alias);

fn plain(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

impl FromStr for Name {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let fits = text.len() <= MAX_NAME
            && text.starts_with(plain)
            && text.chars().all(|c| plain(c) || matches!(c, '.' | '_' | '-'))
            && !text.contains("..")
            && !text.ends_with('.');
        match fits {
            true => Ok(Name(text.to_owned())),
            false => Err(StoreError::Name {
                what: "name",
                found: shortened(text),
                expected: "1 to 100 of a-z, 0-9, '.', '_' and '-', a letter or digit first, no \"..\" and no '.' at the end",
            }),
        }
    }
}

impl FromStr for Alias {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let fits = text.len() <= MAX_NAME
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| plain(c) || c == '_')
            && !matches!(text, LATEST | "and");
        match fits {
            true => Ok(Alias(text.to_owned())),
            false => Err(StoreError::Name {
                what: "alias",
                found: shortened(text),
                expected: "1 to 100 of a-z, 0-9 and '_', a letter first, neither \"latest\" nor \"and\"",
            }),
        }
    }
}

/// Which version of a model is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// The newest.
    Latest,
    /// The one of this number.
    Version(u64),
    /// The one that an alias stands on.
    Alias(Alias),
}

impl FromStr for Selector {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text == LATEST {
            return Ok(Selector::Latest);
        }
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return match text.parse() {
                Ok(number @ 1..) => Ok(Selector::Version(number)),
                _ => Err(StoreError::Name {
                    what: "version",
                    found: shortened(text),
                    expected: "a whole number from 1 on",
                }),
            };
        }
        text.parse().map(Selector::Alias)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::Latest => f.write_str(LATEST),
            Selector::Version(number) => write!(f, "{number}"),
            Selector::Alias(alias) => write!(f, "{alias}"),
        }
    }
}

/// A version of a model as it is typed: `NAME`, `NAME@3`, `NAME@production`, `NAME@latest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The model.
    pub name: Name,
    /// The version; the newest where none was typed.
    pub selector: Selector,
}

impl FromStr for Reference {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let (name, selector) = match text.split_once('@') {
            Some((name, selector)) => (name, selector.parse()?),
            None => (text, Selector::Latest),
        };
        Ok(Reference { name: name.parse()?, selector })
    }
}

/// As much of a text as a message bears.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 120;
    text.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere_else() {
        for good in ["churn", "a", "0", "churn-eu_2.v1", &"x".repeat(100)] {
            assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
        }
        let long = "x".repeat(101);
        for bad in [
            "", ".", "..", "../a", "a/b", "a\\b", "/a", "a..b", "a.", ".a", "-a", "_a", "A", "ä",
            "a b", "a\0", "a#1", "a%2e", "a@1", "a:b", "a\n", &long,
        ] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?}");
        }
        for bad in ["", "latest", "and", "1", "1a", "a-b", "a.b", "A", "../a", &long] {
            assert!(bad.parse::<Alias>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_reference_is_a_name_and_which_version() {
        let of = |text: &str| text.parse::<Reference>().map(|r| (r.name.0, r.selector));
        assert_eq!(of("churn").unwrap(), ("churn".into(), Selector::Latest));
        assert_eq!(of("churn@12").unwrap().1, Selector::Version(12));
        assert_eq!(of("churn@latest").unwrap().1, Selector::Latest);
        assert_eq!(of("churn@production").unwrap().1.to_string(), "production");
        for bad in ["churn@", "churn@0", "churn@99999999999999999999", "churn@1x", "@1", "a@b@c"] {
            assert!(of(bad).is_err(), "{bad:?}");
        }
    }
}
