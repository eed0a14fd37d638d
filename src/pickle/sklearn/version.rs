//! Versions of scikit-learn, as far as the meaning of a file depends on them.

use std::fmt;

/// A released version: major, minor, patch. What follows (`.post1`, `rc1`) does not matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// Reads `1.2.2`, `0.22.2.post1`, `1.5.dev0`; `None` without at least two numbers.
    ///
    /// ```
    /// use deadweight::pickle::sklearn::Version;
    /// assert_eq!(Version::parse("0.22.2.post1"), Some(Version(0, 22, 2)));
    /// assert!(Version::parse("1.4.0").unwrap() > Version(1, 3, 2));
    /// assert_eq!(Version::parse("new"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Version> {
        let mut parts = text.split('.').map(|part| {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part.get(..digits)?.parse::<u32>().ok()
        });
        let (major, minor) = (parts.next()??, parts.next()??);
        Some(Version(major, minor, parts.next().flatten().unwrap_or(0)))
    }
}

/// The first version whose files are read, and the first that is not known.
const KNOWN: (Version, Version) = (Version(0, 20, 0), Version(1, 10, 0));

/// True for a version as a file tells it whose files are understood: a release from 0.20 to 1.9, or a
/// candidate for one. What somebody built in between can mean anything.
pub(super) fn is_known(told: &str) -> bool {
    let (first, beyond) = KNOWN;
    let released = !["dev", "a", "b", "+"].iter().any(|mark| told.contains(mark));
    released && Version::parse(told).is_some_and(|version| first <= version && version < beyond)
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_versions_are_known_and_others_are_not() {
        for known in ["0.20.0", "0.22.2.post1", "1.0", "1.4.0rc1", "1.9.9"] {
            assert!(is_known(known), "{known}");
        }
        for other in ["0.19.2", "1.10.0", "3.0.0", "1.4.dev0", "1.4a1", "1.9.1+local", "", "new"] {
            assert!(!is_known(other), "{other}");
        }
    }
}
