//! Names of models and formats as a page can bear them.
//!
//! A name comes from whoever wrote the record. It may turn a line's direction, hold what cannot be seen, or
//! be ten thousand letters long, and then every table and drawing that it stands in is lost. Such a name is
//! shown with what steers written out, and cut; two names that would look the same are numbered. Records as
//! they usually are pass without a copy.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::base::record::BenchRecord;
use crate::base::text::printable;

/// Longest name that is shown in full, in characters.
const LONGEST: usize = 120;
/// What is left of a longer one.
const KEPT: usize = 60;

/// The record with names that can be shown.
pub fn tame(record: &BenchRecord) -> Cow<'_, BenchRecord> {
    let mut copy = record.clone();
    let (mut models, mut formats) = (Names::default(), Names::default());
    let mut changed = false;
    each(&mut copy, |name, of| {
        let names = match of {
            Of::Model => &mut models,
            Of::Format => &mut formats,
            Of::Title => return changed |= replace(name, short(name)),
        };
        changed |= replace(name, names.of(name));
    });
    if changed { Cow::Owned(copy) } else { Cow::Borrowed(record) }
}

fn replace(name: &mut String, by: String) -> bool {
    let changed = *name != by;
    *name = by;
    changed
}

/// What a text is.
#[derive(Clone, Copy)]
enum Of {
    Model,
    Format,
    Title,
}

/// Every name in a record.
fn each(record: &mut BenchRecord, mut visit: impl FnMut(&mut String, Of)) {
    for model in &mut record.models {
        visit(&mut model.id, Of::Model);
        visit(&mut model.title, Of::Title);
    }
    for format in &mut record.formats {
        visit(&mut format.id, Of::Format);
        visit(&mut format.title, Of::Title);
    }
    let timed = record.rows.iter_mut().map(|row| &mut row.case);
    let measured = record.memory.iter_mut().map(|row| &mut row.case);
    let counted = record.instructions.iter_mut().map(|row| &mut row.case);
    let criterion = record.criterion.iter_mut().flat_map(|of| &mut of.rows);
    let criterion = criterion.map(|row| &mut row.case);
    for case in timed.chain(measured).chain(counted).chain(criterion) {
        visit(&mut case.model, Of::Model);
        visit(&mut case.format, Of::Format);
    }
    for size in &mut record.sizes {
        visit(&mut size.model, Of::Model);
        visit(&mut size.format, Of::Format);
    }
    if let Some(tutorial) = &mut record.tutorial {
        visit(&mut tutorial.model, Of::Model);
        tutorial.methods.iter_mut().for_each(|of| visit(&mut of.method, Of::Format));
    }
    record.programs.iter_mut().for_each(|row| visit(&mut row.model, Of::Model));
}

/// A name for people.
fn short(name: &str) -> String {
    let shown = printable(name);
    let length = shown.chars().count();
    if length <= LONGEST {
        return shown;
    }
    let start: String = shown.chars().take(KEPT).collect();
    format!("{start}… ({length} characters)")
}

/// Names that were given, each to one other.
#[derive(Default)]
struct Names {
    given: BTreeMap<String, String>,
    taken: BTreeSet<String>,
}

impl Names {
    fn of(&mut self, name: &str) -> String {
        if let Some(known) = self.given.get(name) {
            return known.clone();
        }
        let shown = short(name);
        let numbered = (2..).map(|number: u64| format!("{shown} ({number})"));
        let mut free = std::iter::once(shown.clone()).chain(numbered);
        let chosen = free.find(|one| !self.taken.contains(one)).unwrap_or(shown);
        self.taken.insert(chosen.clone());
        self.given.insert(name.to_owned(), chosen.clone());
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_steering_names_are_shown_and_stay_apart() {
        let mut names = Names::default();
        let long = "x".repeat(10_000);
        let first = names.of(&long);
        assert_eq!(first, format!("{}… (10000 characters)", "x".repeat(60)));
        let other = names.of(&format!("{}y", &long[1..]));
        assert_eq!(other, format!("{first} (2)"));
        assert_eq!(names.of(&long), first, "the same name is shown the same everywhere");
        assert_eq!(names.of("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(names.of("<b> & \"quotes\""), "<b> & \"quotes\"", "escaping is the page's");
    }
}
