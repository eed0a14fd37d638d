//! Regular expressions that say what a word is, with the meaning they have in Python.
//!
//! A pattern comes from a model, so it is a stranger's: it is compiled into a program of bounded
//! length and run by advancing all of its threads together over the text, so that no pattern and
//! no text make it go back and forth. Threads stand in the order in which Python would try them,
//! which makes the first that ends the match that Python finds.
//!
//! Supported: characters, `.`, classes, `\w \d \s \b` and their opposites, `^ $ \A \Z`, groups,
//! alternatives, and repetitions, greedy or lazy. Anything else is refused by name.

mod parse;
mod program;

use super::python_text::is_word;
use program::{Instruction, Program};

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(super) struct TokenPattern {
    program: Program,
    /// Words of at least so many word characters need no program: `\b\w\w+\b` and the like.
    plain: Option<usize>,
}

impl TokenPattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// What is not supported, and where.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        let plain = match pattern.strip_prefix("(?u)").unwrap_or(pattern) {
            r"\b\w\w+\b" | r"\w\w+" | r"\b\w{2,}\b" | r"\w{2,}" => Some(2),
            r"\b\w+\b" | r"\w+" => Some(1),
            _ => None,
        };
        Ok(TokenPattern { program: program::compile(&parse::parse(pattern)?)?, plain })
    }

    /// All matches that do not overlap, from the left: of a pattern with a group, that group.
    pub(super) fn find_all<'t>(&self, text: &'t str) -> Vec<&'t str> {
        match self.plain {
            // A word ends where no word character follows, so each is taken as a whole.
            Some(least) => text
                .split(|c| !is_word(c))
                .filter(|word| word.chars().nth(least.saturating_sub(1)).is_some())
                .collect(),
            None => self.run(text),
        }
    }

    fn run<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let characters: Vec<(usize, char)> = text.char_indices().collect();
        let at = |index: usize| characters.get(index).map_or(text.len(), |(byte, _)| *byte);
        let mut found = Vec::new();
        let mut start = 0;
        while let Some(slots) = self.next_match(&characters, start) {
            let (first, last) = match self.program.has_group {
                true => (slots[2], slots[3]),
                false => (slots[0], slots[1]),
            };
            // A group that took no part is the empty text in Python.
            let token = match (first, last) {
                (Some(first), Some(last)) => text.get(at(first)..at(last)),
                _ => None,
            };
            found.push(token.unwrap_or_default());
            // No match is empty: the pattern would have been refused.
            start = slots[1].unwrap_or(start).max(start + 1);
        }
        found
    }

    /// Beginnings and ends of the first match from `start` on: of the whole, and of the group.
    fn next_match(&self, text: &[(usize, char)], start: usize) -> Option<[Option<usize>; 4]> {
        let mut threads = Threads::new(self.program.instructions.len());
        let mut next = Threads::new(self.program.instructions.len());
        let mut matched = None;
        for position in start..=text.len() {
            if matched.is_none() {
                self.follow(&mut threads, 0, position, [None; 4], text);
            }
            if threads.list.is_empty() && matched.is_some() {
                break;
            }
            let character = text.get(position).map(|(_, c)| *c);
            next.clear();
            for (instruction, slots) in &threads.list {
                match &self.program.instructions[*instruction] {
                    Instruction::Character(class)
                        if character.is_some_and(|c| class.contains(c)) =>
                    {
                        self.follow(&mut next, instruction + 1, position + 1, *slots, text);
                    }
                    Instruction::Character(_) => {}
                    Instruction::Match => {
                        matched = Some(*slots);
                        // Threads behind this one would have been tried later.
                        break;
                    }
                    _ => {}
                }
            }
            std::mem::swap(&mut threads, &mut next);
        }
        matched
    }

    /// Adds the threads that an instruction leads to without taking a character, in order.
    fn follow(
        &self,
        threads: &mut Threads,
        instruction: usize,
        position: usize,
        slots: [Option<usize>; 4],
        text: &[(usize, char)],
    ) {
        let mut waiting = vec![(instruction, slots)];
        while let Some((at, mut slots)) = waiting.pop() {
            if std::mem::replace(&mut threads.seen[at], true) {
                continue;
            }
            match &self.program.instructions[at] {
                Instruction::Jump(target) => waiting.push((*target, slots)),
                Instruction::Split(first, second) => {
                    waiting.push((*second, slots));
                    waiting.push((*first, slots));
                }
                Instruction::Save(slot) => {
                    slots[*slot] = Some(position);
                    waiting.push((at + 1, slots));
                }
                Instruction::Assert(condition) => {
                    if condition.holds(text, position) {
                        waiting.push((at + 1, slots));
                    }
                }
                Instruction::Character(_) | Instruction::Match => threads.list.push((at, slots)),
            }
        }
    }
}

/// Threads in the order in which they would be tried, each instruction once.
struct Threads {
    list: Vec<(usize, [Option<usize>; 4])>,
    seen: Vec<bool>,
}

impl Threads {
    fn new(instructions: usize) -> Self {
        Threads { list: Vec::new(), seen: vec![false; instructions] }
    }

    fn clear(&mut self) {
        self.list.clear();
        self.seen.fill(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all<'t>(pattern: &str, text: &'t str) -> Vec<&'t str> {
        let pattern = TokenPattern::new(pattern).unwrap();
        let found = pattern.find_all(text);
        assert_eq!(pattern.run(text), found, "the program finds what the plain search finds");
        found
    }

    #[test]
    fn words_are_pythons() {
        assert_eq!(all(r"(?u)\b\w\w+\b", "a bc d_e é1 x²y \u{301}z -"), ["bc", "d_e", "é1", "x²y"]);
        assert_eq!(all(r"\b\w+\b", "a-b c's 日本"), ["a", "b", "c", "s", "日本"]);
        assert_eq!(all(r"\w+", ""), Vec::<&str>::new());
    }

    #[test]
    fn the_first_alternative_and_the_longest_repetition_win() {
        assert_eq!(all("a|ab|abc", "abcab"), ["a", "a"]);
        assert_eq!(all("abc|ab|a", "abcab"), ["abc", "ab"]);
        assert_eq!(all(r"\d+?", "123"), ["1", "2", "3"]);
        assert_eq!(all(r"[a-c]{2,3}", "abcabcab"), ["abc", "abc", "ab"]);
        assert_eq!(all(r"a{,2}b", "aaab b"), ["aab", "b"]);
        assert_eq!(all(r"<(\w+)>", "<a> <bc> <>"), ["a", "bc"]);
        assert_eq!(all(r"(a)|b", "ab"), ["a", ""]);
        assert_eq!(all(r"(?:ab)+", "ababxab"), ["abab", "ab"]);
        assert_eq!(all(r"[^\s,]+", "a,b c\u{1c}d"), ["a", "b", "c", "d"]);
        assert_eq!(all(r"[]a-]+", "]a-b"), ["]a-"]);
        assert_eq!(all(r"^\w+|\w+$", "one two three"), ["one", "three"]);
        assert_eq!(all(r"\B\w", "abc"), ["b", "c"]);
        assert_eq!(all(r"x{y", "x{y"), ["x{y"]);
    }

    #[test]
    fn what_is_not_supported_is_named() {
        for (pattern, expected) in [
            ("(?i)a", "flag"),
            ("(?=a)b", "(?="),
            (r"(a)\1", r"\1"),
            ("a*", "empty"),
            ("(?:a*)+b", "empty"),
            ("(a", ")"),
            ("a)", ")"),
            ("[a", "]"),
            ("*a", "repeat"),
            ("a**", "repeat"),
            ("a{1000000}", "long"),
            (r"(a)(b)", "group"),
            (r"\q", r"\q"),
            ("[z-a]", "range"),
        ] {
            let error = TokenPattern::new(pattern).unwrap_err();
            assert!(error.contains(expected), "{pattern}: {error}");
        }
        assert!(TokenPattern::new(&"(?:".repeat(100_000)).unwrap_err().contains("nested"));
    }

    #[test]
    fn patterns_that_go_back_and_forth_elsewhere_end_here() {
        let pattern = TokenPattern::new("(?:a|aa)+b").unwrap();
        assert!(pattern.find_all(&"a".repeat(2000)).is_empty());
    }
}
