//! The way from the result of a file to a value in it: a list of steps that shares its beginning with
//! the ways of all values nearby.
//!
//! A file of a megabyte can put a million tuples into each other, and below them a list of a million
//! values. So a step costs the same however far it is from the result, no text is made before
//! somebody wants to read it, and what is read has a bound: long names and very long ways are cut in
//! their middle. Dropping a way is a loop.

use std::fmt;
use std::rc::Rc;

/// Most steps that are shown of the beginning of a way.
const FIRST_STEPS: usize = 40;
/// Most steps that are shown of its end.
const LAST_STEPS: usize = 24;
/// Most characters that are shown of a name or key.
const LONGEST_NAME: usize = 128;

/// One step.
#[derive(Debug, Clone)]
pub(super) enum Step<'d> {
    /// The result of the file itself.
    Result,
    /// A member of a list, tuple or array.
    Index(usize),
    /// What a dict has under a text.
    Key(&'d str),
    /// What a dict has under something that is no text: the number of the entry.
    Entry(usize),
    /// The key of an entry.
    KeyAt(usize),
    /// An attribute.
    Name(&'d str),
    /// Anything else, as it is shown.
    Other(Box<str>),
}

/// A way: the last step, and those before it.
#[derive(Debug, Clone)]
pub(super) struct Way<'d> {
    before: Option<Rc<Link<'d>>>,
    step: Step<'d>,
}

#[derive(Debug)]
struct Link<'d> {
    before: Option<Rc<Link<'d>>>,
    step: Step<'d>,
    /// How many steps there are up to this one.
    length: usize,
    /// The last of the first steps, for ways that are too long to be walked along.
    head: Option<Rc<Link<'d>>>,
}

impl Drop for Link<'_> {
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(mut link) = next.and_then(Rc::into_inner) {
            next = link.before.take();
        }
    }
}

/// What ways have in common but for their last step.
#[derive(Debug, Clone)]
pub(super) struct Fork<'d>(Option<Rc<Link<'d>>>);

impl<'d> Fork<'d> {
    pub fn to(&self, step: Step<'d>) -> Way<'d> {
        Way { before: self.0.clone(), step }
    }
}

impl<'d> Way<'d> {
    /// The way to the result itself.
    pub fn to_result() -> Self {
        Way { before: None, step: Step::Result }
    }

    pub fn is_to_result(&self) -> bool {
        matches!(self.step, Step::Result)
    }

    /// The way that begins with this one.
    pub fn then(&self, step: Step<'d>) -> Self {
        Way { before: self.link(), step }
    }

    /// Where the ways to many values begin that lie beside each other below this one.
    pub fn fork(&self) -> Fork<'d> {
        Fork(self.link())
    }

    fn link(&self) -> Option<Rc<Link<'d>>> {
        if self.is_to_result() {
            return None;
        }
        let length = self.before.as_ref().map_or(1, |link| link.length.saturating_add(1));
        let head = self.before.as_ref().and_then(|link| match link.length {
            FIRST_STEPS => Some(link.clone()),
            _ => link.head.clone(),
        });
        Some(Rc::new(Link { before: self.before.clone(), step: self.step.clone(), length, head }))
    }
}

impl fmt::Display for Way<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = vec![&self.step];
        let mut next = self.before.as_ref();
        let mut left_out = 0;
        while let Some(link) = next {
            if last.len() >= LAST_STEPS && link.length > FIRST_STEPS {
                left_out = link.length.saturating_sub(FIRST_STEPS);
                next = link.head.as_ref();
                break;
            }
            last.push(&link.step);
            next = link.before.as_ref();
        }
        let mut first = Vec::new();
        while let Some(link) = next {
            first.push(&link.step);
            next = link.before.as_ref();
        }
        let mut is_first = true;
        for step in first.iter().rev() {
            show(f, step, std::mem::take(&mut is_first))?;
        }
        if left_out > 0 {
            write!(f, "...({left_out} steps)...")?;
        }
        for step in last.iter().rev() {
            show(f, step, std::mem::take(&mut is_first))?;
        }
        Ok(())
    }
}

fn show(f: &mut fmt::Formatter<'_>, step: &Step<'_>, is_first: bool) -> fmt::Result {
    match step {
        Step::Result => Ok(()),
        Step::Index(index) => write!(f, "[{index}]"),
        Step::Key(key) => match cut(key) {
            Some((start, end)) => write!(f, "[{start:?}...{end:?}]"),
            None => write!(f, "[{key:?}]"),
        },
        Step::Entry(index) => write!(f, "[entry {index}]"),
        Step::KeyAt(index) => write!(f, "[key {index}]"),
        Step::Name(name) => {
            let dot = if is_first { "" } else { "." };
            match cut(name) {
                Some((start, end)) => write!(f, "{dot}{start}...{end}"),
                None => write!(f, "{dot}{name}"),
            }
        }
        Step::Other(text) => f.write_str(text),
    }
}

/// Beginning and end of a text that is too long to be shown.
fn cut(text: &str) -> Option<(&str, &str)> {
    if text.len() <= LONGEST_NAME {
        return None;
    }
    let start = text.floor_char_boundary(LONGEST_NAME / 2);
    let end = text.ceil_char_boundary(text.len().saturating_sub(LONGEST_NAME / 2));
    Some((text.get(..start)?, text.get(end..)?))
}

/// A text of a file as a part of a name, cut in its middle where it is very long.
pub(super) fn shortened(text: &str) -> std::borrow::Cow<'_, str> {
    match cut(text) {
        Some((start, end)) => format!("{start}...{end}").into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_shown_as_python_would_spell_them() {
        let way = Way::to_result().then(Step::Name("steps")).then(Step::Index(1));
        let way = way.then(Step::Index(1)).then(Step::Name("coef_"));
        assert_eq!(way.to_string(), "steps[1][1].coef_");
        let way = Way::to_result().then(Step::Key("a\n")).then(Step::Name("b"));
        assert_eq!(way.to_string(), "[\"a\\n\"].b");
        assert_eq!(Way::to_result().to_string(), "");
    }

    #[test]
    fn long_names_and_ways_are_cut_in_the_middle() {
        let name = "x".repeat(LONGEST_NAME + 1);
        let shown = Way::to_result().then(Step::Name(&name)).to_string();
        assert_eq!(shown, format!("{0}...{0}", "x".repeat(LONGEST_NAME / 2)));
        for length in [1, FIRST_STEPS, FIRST_STEPS + LAST_STEPS, FIRST_STEPS + LAST_STEPS + 1, 300]
        {
            let mut way = Way::to_result();
            for index in 0..length {
                way = way.then(Step::Index(index));
            }
            let all: Vec<String> = (0..length).map(|index| format!("[{index}]")).collect();
            let most = FIRST_STEPS + LAST_STEPS;
            let expected = match length.checked_sub(most).filter(|more| *more > 0) {
                None => all.concat(),
                Some(more) => format!(
                    "{}...({more} steps)...{}",
                    all[..FIRST_STEPS].concat(),
                    all[length - LAST_STEPS..].concat()
                ),
            };
            assert_eq!(way.to_string(), expected, "{length}");
        }
    }

    #[test]
    fn a_way_of_a_million_steps_is_dropped_in_a_loop() {
        let mut way = Way::to_result();
        for index in 0..1_000_000 {
            way = way.then(Step::Index(index));
        }
        // Shown as often as there are steps: the middle is not walked along.
        let length: usize = (0..10_000).map(|_| way.to_string().len()).sum();
        assert!(length > 0);
        drop(way.fork());
    }
}
