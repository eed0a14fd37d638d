//! The pattern as a tree.

use super::super::python_text::{is_digit, is_space, is_word};

/// Deepest nesting of groups.
const MOST_DEPTH: usize = 50;
/// Most times that a part may be repeated by a number.
const MOST_REPEATS: usize = 1000;

/// A part of a pattern.
#[derive(Debug, Clone)]
pub(super) enum Part {
    Character(Class),
    Assert(Condition),
    /// A group in parentheses; true when it is the one that is the word.
    Group(Box<Part>, bool),
    Sequence(Vec<Part>),
    Alternatives(Vec<Part>),
    Repeat {
        part: Box<Part>,
        least: usize,
        most: Option<usize>,
        greedy: bool,
    },
}

/// A set of characters.
#[derive(Debug, Clone, Default)]
pub(super) struct Class {
    ranges: Vec<(char, char)>,
    /// Named sets, and whether each is meant or its opposite.
    sets: Vec<(Set, bool)>,
    negated: bool,
}

/// A set with a name.
#[derive(Debug, Clone, Copy)]
enum Set {
    Word,
    Digit,
    Space,
}

/// What must hold between two characters.
#[derive(Debug, Clone, Copy)]
pub(super) enum Condition {
    Boundary,
    NoBoundary,
    Start,
    /// The end, or before a line feed that is the last character.
    EndOrLastLine,
    End,
}

impl Class {
    pub(super) fn contains(&self, c: char) -> bool {
        let in_set = |(set, meant): &(Set, bool)| {
            *meant
                == match set {
                    Set::Word => is_word(c),
                    Set::Digit => is_digit(c),
                    Set::Space => is_space(c),
                }
        };
        let within = self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&c));
        (within || self.sets.iter().any(in_set)) != self.negated
    }
}

impl Condition {
    pub(super) fn holds(self, text: &[(usize, char)], position: usize) -> bool {
        let word = |index: Option<usize>| {
            index.and_then(|index| text.get(index)).is_some_and(|(_, c)| is_word(*c))
        };
        let boundary = word(position.checked_sub(1)) != word(Some(position));
        match self {
            Condition::Boundary => boundary,
            // Python before 3.14 finds no such place in an empty text; no match is empty anyway.
            Condition::NoBoundary => !boundary,
            Condition::Start => position == 0,
            Condition::End => position == text.len(),
            Condition::EndOrLastLine => {
                position == text.len()
                    || (position + 1 == text.len()
                        && text.get(position).map(|(_, c)| *c) == Some('\n'))
            }
        }
    }
}

impl Part {
    /// True when it can match the empty text.
    pub(super) fn may_be_empty(&self) -> bool {
        match self {
            Part::Character(_) => false,
            Part::Assert(_) => true,
            Part::Group(part, _) => part.may_be_empty(),
            Part::Sequence(parts) => parts.iter().all(Part::may_be_empty),
            Part::Alternatives(parts) => parts.iter().any(Part::may_be_empty),
            Part::Repeat { part, least, .. } => *least == 0 || part.may_be_empty(),
        }
    }
}

/// Reads a pattern.
pub(super) fn parse(pattern: &str) -> Result<Part, String> {
    let characters: Vec<char> = pattern.strip_prefix("(?u)").unwrap_or(pattern).chars().collect();
    let mut parser = Parser { characters, position: 0, groups: 0 };
    let part = parser.alternatives(0)?;
    match parser.peek() {
        Some(_) => Err(parser.wrong("an unmatched )")),
        None if part.may_be_empty() => Err("a pattern that matches the empty text".to_owned()),
        None => Ok(part),
    }
}

struct Parser {
    characters: Vec<char>,
    position: usize,
    groups: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.position).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.position += usize::from(next.is_some());
        next
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.characters.get(self.position..).unwrap_or_default();
        let length = text.chars().count();
        let fits = rest.len() >= length && rest.iter().zip(text.chars()).all(|(a, b)| *a == b);
        self.position += if fits { length } else { 0 };
        fits
    }

    fn wrong(&self, what: &str) -> String {
        format!("{what} at character {}", self.position)
    }

    /// Nests as deep as the groups of the pattern, which are bounded.
    fn alternatives(&mut self, depth: usize) -> Result<Part, String> {
        if depth > MOST_DEPTH {
            return Err(self.wrong(&format!("groups nested deeper than {MOST_DEPTH}")));
        }
        let mut all = vec![self.sequence(depth)?];
        while self.take("|") {
            all.push(self.sequence(depth)?);
        }
        Ok(match <[Part; 1]>::try_from(all) {
            Ok([part]) => part,
            Err(all) => Part::Alternatives(all),
        })
    }

    fn sequence(&mut self, depth: usize) -> Result<Part, String> {
        let mut parts = Vec::new();
        while let Some(c) = self.peek().filter(|c| !['|', ')'].contains(c)) {
            let part = self.single(c, depth)?;
            parts.push(self.repeated(part)?);
        }
        Ok(Part::Sequence(parts))
    }

    fn single(&mut self, c: char, depth: usize) -> Result<Part, String> {
        self.position += 1;
        Ok(match c {
            '(' => return self.group(depth),
            '[' => Part::Character(self.class()?),
            '.' => Part::Character(Class {
                ranges: vec![('\n', '\n')],
                negated: true,
                ..Class::default()
            }),
            '^' => Part::Assert(Condition::Start),
            '$' => Part::Assert(Condition::EndOrLastLine),
            '\\' => return self.escape(),
            '*' | '+' | '?' => return Err(self.wrong("nothing to repeat")),
            c => literal(c),
        })
    }

    fn group(&mut self, depth: usize) -> Result<Part, String> {
        let is_word = if self.take("?:") {
            false
        } else if self.take("?P<") {
            while self.next().is_some_and(|c| c != '>') {}
            true
        } else if self.peek() == Some('?') {
            let end = (self.position + 2).min(self.characters.len());
            let shown: String =
                self.characters.get(self.position..end).unwrap_or_default().iter().collect();
            return Err(self.wrong(&format!("a flag or look-around ({shown}")));
        } else {
            true
        };
        self.groups += usize::from(is_word);
        if self.groups > 1 {
            return Err(self.wrong("more than one capturing group"));
        }
        let part = self.alternatives(depth + 1)?;
        match self.take(")") {
            true => Ok(Part::Group(Box::new(part), is_word)),
            false => Err(self.wrong("a missing )")),
        }
    }

    fn repeated(&mut self, part: Part) -> Result<Part, String> {
        let Some((least, most)) = self.repetition()? else { return Ok(part) };
        let greedy = !self.take("?");
        if matches!(part, Part::Assert(_)) {
            return Err(self.wrong("a repeated assertion"));
        }
        if part.may_be_empty() {
            return Err(self.wrong("a repeated part that may be empty"));
        }
        if self.peek().is_some_and(|c| ['*', '+', '?'].contains(&c)) {
            return Err(self.wrong("a repeated repetition"));
        }
        let before = self.position;
        if self.repetition()?.is_some() {
            self.position = before;
            return Err(self.wrong("a repeated repetition"));
        }
        Ok(Part::Repeat { part: Box::new(part), least, most, greedy })
    }

    /// `*`, `+`, `?`, `{m}`, `{m,}`, `{,n}` or `{m,n}`; a brace of another form is a character.
    fn repetition(&mut self) -> Result<Option<(usize, Option<usize>)>, String> {
        for (sign, least, most) in [("*", 0, None), ("+", 1, None), ("?", 0, Some(1))] {
            if self.take(sign) {
                return Ok(Some((least, most)));
            }
        }
        let before = self.position;
        if !self.take("{") {
            return Ok(None);
        }
        let (least, least_digits) = self.number()?;
        let comma = self.take(",");
        let (most, most_digits) = if comma { self.number()? } else { (least, least_digits) };
        if !self.take("}") || !(least_digits || (comma && most_digits)) {
            // `{}`, `{,}` and what is no number: Python takes the brace as it is, or, for `{,}`,
            // as a star that nobody writes.
            self.position = before;
            return Ok(None);
        }
        let most = (most_digits || !comma).then_some(most);
        if most.is_some_and(|most| most < least) {
            return Err(self.wrong("a repetition whose least is above its most"));
        }
        Ok(Some((least, most)))
    }

    fn number(&mut self) -> Result<(usize, bool), String> {
        let (mut number, mut digits) = (0usize, false);
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            number = number.saturating_mul(10).saturating_add(digit as usize);
            digits = true;
            self.position += 1;
        }
        match number > MOST_REPEATS {
            true => Err(self.wrong(&format!("too long a repetition, more than {MOST_REPEATS}"))),
            false => Ok((number, digits)),
        }
    }

    fn escape(&mut self) -> Result<Part, String> {
        let condition = match self.peek() {
            Some('b') => Some(Condition::Boundary),
            Some('B') => Some(Condition::NoBoundary),
            Some('A') => Some(Condition::Start),
            Some('Z') => Some(Condition::End),
            _ => None,
        };
        if let Some(condition) = condition {
            self.position += 1;
            return Ok(Part::Assert(condition));
        }
        Ok(match self.escaped()? {
            Escaped::Set(set, meant) => {
                Part::Character(Class { sets: vec![(set, meant)], ..Class::default() })
            }
            Escaped::Character(c) => literal(c),
        })
    }

    /// What stands behind a backslash, inside a class and outside.
    fn escaped(&mut self) -> Result<Escaped, String> {
        let Some(c) = self.next() else { return Err(self.wrong("a backslash") + ", the last") };
        Ok(match c {
            'w' | 'W' => Escaped::Set(Set::Word, c == 'w'),
            'd' | 'D' => Escaped::Set(Set::Digit, c == 'd'),
            's' | 'S' => Escaped::Set(Set::Space, c == 's'),
            'n' => Escaped::Character('\n'),
            't' => Escaped::Character('\t'),
            'r' => Escaped::Character('\r'),
            'f' => Escaped::Character('\u{c}'),
            'v' => Escaped::Character('\u{b}'),
            'a' => Escaped::Character('\u{7}'),
            'x' => self.hexadecimal(2)?,
            'u' => self.hexadecimal(4)?,
            'U' => self.hexadecimal(8)?,
            c if c.is_ascii_alphanumeric() => return Err(self.wrong(&format!("the escape \\{c}"))),
            c => Escaped::Character(c),
        })
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<Escaped, String> {
        let mut code = 0u32;
        for _ in 0..digits {
            let digit = self.next().and_then(|c| c.to_digit(16));
            let digit = digit.ok_or_else(|| self.wrong("an escape with too few digits"))?;
            code = code.saturating_mul(16).saturating_add(digit);
        }
        match char::from_u32(code) {
            Some(c) => Ok(Escaped::Character(c)),
            None => Err(self.wrong("an escape that is no character")),
        }
    }

    fn class(&mut self) -> Result<Class, String> {
        let mut class = Class { negated: self.take("^"), ..Class::default() };
        let mut first = true;
        loop {
            let Some(c) = self.next() else { return Err(self.wrong("a missing ]")) };
            if c == ']' && !first {
                return Ok(class);
            }
            first = false;
            let low = match self.class_member(c)? {
                Escaped::Set(set, meant) => {
                    class.sets.push((set, meant));
                    continue;
                }
                Escaped::Character(low) => low,
            };
            let range = self.peek() == Some('-')
                && self.characters.get(self.position + 1).is_some_and(|c| *c != ']');
            if !range {
                class.ranges.push((low, low));
                continue;
            }
            self.position += 1;
            let c = self.next().unwrap_or(']');
            match self.class_member(c)? {
                Escaped::Character(high) if low <= high => class.ranges.push((low, high)),
                _ => return Err(self.wrong("a bad character range")),
            }
        }
    }

    fn class_member(&mut self, c: char) -> Result<Escaped, String> {
        match c {
            '\\' if self.take("b") => Ok(Escaped::Character('\u{8}')),
            '\\' => self.escaped(),
            c => Ok(Escaped::Character(c)),
        }
    }
}

/// What a backslash makes of the character behind it.
enum Escaped {
    Set(Set, bool),
    Character(char),
}

fn literal(c: char) -> Part {
    Part::Character(Class { ranges: vec![(c, c)], ..Class::default() })
}
