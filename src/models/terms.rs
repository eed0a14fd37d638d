//! The terms of a text, and how often each term of a vocabulary is among them.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::python_text::{Accents, is_space};
use super::token_pattern::TokenPattern;
use super::{Column, ModelError, Rows};
use crate::base::{Array, Parameters};

/// Longest sequence: more words than any text of a vocabulary has.
const LONGEST: i64 = 1 << 31;

/// What terms are made of.
#[derive(Debug, Clone)]
enum Analyzer {
    Words(TokenPattern),
    Characters,
    CharactersInWords,
}

/// A vocabulary and how texts are cut into its terms.
#[derive(Debug)]
pub(super) struct Terms {
    vocabulary: Array,
    stop_words: Option<Array>,
    analyzer: Analyzer,
    shortest: usize,
    longest: usize,
    lowercase: bool,
    accents: Accents,
    binary: bool,
    /// Made when the first text is counted: it looks at every term.
    index: OnceLock<Index>,
}

#[derive(Debug)]
struct Index {
    columns: HashMap<String, usize>,
    stop_words: HashSet<String>,
    /// No term has more characters, or more words: longer sequences are not even made.
    most_words: usize,
    most_characters: usize,
}

impl Terms {
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let length = |entry: &'static str| {
            let found = parameters.integer(entry)?;
            let length = usize::try_from(found).ok().filter(|_| (1..=LONGEST).contains(&found));
            length.ok_or_else(|| ModelError::Entry {
                entry,
                expected: format!("1 to {LONGEST}"),
                found: found.to_string(),
            })
        };
        let analyzer = match parameters.text("analyzer")? {
            "char" => Analyzer::Characters,
            "char_wb" => Analyzer::CharactersInWords,
            _ => {
                let pattern = parameters.text("token_pattern")?;
                Analyzer::Words(TokenPattern::new(pattern).map_err(|what| ModelError::Entry {
                    entry: "token_pattern",
                    expected: "a pattern that is supported".to_owned(),
                    found: format!("{what} in {pattern:?}"),
                })?)
            }
        };
        Ok(Terms {
            vocabulary: parameters.array("vocabulary")?.clone(),
            stop_words: parameters.get("stop_words").cloned(),
            analyzer,
            shortest: length("ngram_min")?,
            longest: length("ngram_max")?,
            lowercase: parameters.boolean("lowercase")?,
            accents: match parameters.text("strip_accents")? {
                "ascii" => Accents::Ascii,
                "unicode" => Accents::Unicode,
                "unicode_if_changed" => Accents::UnicodeIfChanged,
                _ => Accents::Keep,
            },
            binary: parameters.boolean("binary")?,
            index: OnceLock::new(),
        })
    }

    pub(super) fn arrays(&self) -> impl Iterator<Item = (&'static str, &Array)> {
        let stop_words = self.stop_words.iter().map(|array| ("stop_words", array));
        std::iter::once(("vocabulary", &self.vocabulary)).chain(stop_words)
    }

    /// How many terms there are.
    pub(super) fn len(&self) -> usize {
        self.vocabulary.element_count()
    }

    fn index(&self) -> Result<&Index, ModelError> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let mut columns = HashMap::with_capacity(self.len());
        let (mut most_words, mut most_characters) = (0, 0);
        for (column, term) in self.vocabulary.texts()?.into_iter().enumerate() {
            // Words hold no spaces as a rule; where a pattern lets them, this counts too many.
            most_words = most_words.max(term.matches(' ').count() + 1);
            most_characters = most_characters.max(term.chars().count());
            columns.entry(term.to_owned()).or_insert(column);
        }
        let stop_words = match &self.stop_words {
            Some(words) => words.texts()?.into_iter().map(str::to_owned).collect(),
            None => HashSet::new(),
        };
        let index = Index { columns, stop_words, most_words, most_characters };
        Ok(self.index.get_or_init(|| index))
    }

    /// Column and count of each term in a text, in no order.
    fn count(&self, text: &str, index: &Index) -> HashMap<usize, f64> {
        let text = match self.lowercase {
            true => text.to_lowercase(),
            false => text.to_owned(),
        };
        let text = self.accents.strip(text);
        let mut counts: HashMap<usize, f64> = HashMap::new();
        let mut add = |term: &str| {
            if let Some(column) = index.columns.get(term) {
                let count = counts.entry(*column).or_insert(0.0);
                *count = if self.binary { 1.0 } else { *count + 1.0 };
            }
        };
        match &self.analyzer {
            Analyzer::Words(pattern) => {
                let mut words = pattern.find_all(&text);
                words.retain(|word| !index.stop_words.contains(*word));
                self.word_sequences(&words, index, &mut add);
            }
            Analyzer::Characters => {
                let text = single_spaces(&text);
                let longest = self.longest.min(index.most_characters);
                let starts = starts(&text);
                for length in self.shortest..=longest {
                    windows(&text, &starts, length).for_each(&mut add);
                }
            }
            Analyzer::CharactersInWords => {
                for word in text.split(is_space).filter(|word| !word.is_empty()) {
                    self.characters_in_word(word, index, &mut add);
                }
            }
        }
        counts
    }

    fn word_sequences(&self, words: &[&str], index: &Index, add: &mut impl FnMut(&str)) {
        let mut term = String::new();
        for length in self.shortest..=self.longest.min(index.most_words).min(words.len()) {
            if length == 1 {
                words.iter().for_each(|word| add(word));
                continue;
            }
            for sequence in words.windows(length) {
                term.clear();
                for (place, word) in sequence.iter().enumerate() {
                    if place > 0 {
                        term.push(' ');
                    }
                    term.push_str(word);
                }
                add(&term);
            }
        }
    }

    /// Sequences in a word between two spaces; a word that is too short for a length is taken as a
    /// whole, once.
    fn characters_in_word(&self, word: &str, index: &Index, add: &mut impl FnMut(&str)) {
        let padded = format!(" {word} ");
        let starts = starts(&padded);
        let count = starts.len() - 1;
        for length in self.shortest..=self.longest {
            if length >= count {
                add(&padded);
                break;
            }
            if length > index.most_characters {
                // Longer ones are no terms, up to the word as a whole, which is longer still.
                break;
            }
            windows(&padded, &starts, length).for_each(&mut *add);
        }
    }

    /// For each row its texts' terms, by column in order; `add` is given row, columns and counts.
    pub(super) fn count_rows(
        &self,
        rows: Rows<'_>,
        mut add: impl FnMut(usize, Vec<(usize, f64)>),
    ) -> Result<(), ModelError> {
        if rows.width() != 1 {
            return Err(ModelError::Features { expected: 1, found: rows.width() });
        }
        let texts = match rows {
            Rows::Table(table) => match &table.columns()[0] {
                Column::Texts(texts) => texts,
                Column::Numbers(_) => return Err(no_text()),
            },
            Rows::Numbers(_) => return Err(no_text()),
        };
        let index = self.index()?;
        for (row, text) in texts.iter().enumerate() {
            let Some(text) = text else {
                return Err(ModelError::Table(format!("row {row}: expected a text, found none")));
            };
            let mut counts: Vec<(usize, f64)> = self.count(text, index).into_iter().collect();
            counts.sort_unstable_by_key(|(column, _)| *column);
            add(row, counts);
        }
        Ok(())
    }

    pub(super) fn validate(&self) -> Result<(), ModelError> {
        let distinct = self.index()?.columns.len();
        match distinct == self.len() {
            true => Ok(()),
            false => Err(ModelError::Invalid {
                array: "vocabulary",
                index: 0,
                expected: "terms that stand once".into(),
                found: format!("{distinct} different ones among {}", self.len()),
            }),
        }
    }
}

fn no_text() -> ModelError {
    ModelError::Table("expected one column of texts, found numbers".into())
}

/// Two or more white characters become one space, as in Python's `\s\s+`; a single one stays.
fn single_spaces(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if is_space(c) && characters.peek().is_some_and(|next| is_space(*next)) {
            while characters.next_if(|next| is_space(*next)).is_some() {}
            result.push(' ');
        } else {
            result.push(c);
        }
    }
    result
}

/// Where each character begins, and where the text ends.
fn starts(text: &str) -> Vec<usize> {
    text.char_indices().map(|(start, _)| start).chain([text.len()]).collect()
}

/// All sequences of so many characters.
fn windows<'t>(text: &'t str, starts: &'t [usize], length: usize) -> impl Iterator<Item = &'t str> {
    let pairs = starts.iter().zip(starts.get(length..).unwrap_or_default());
    pairs.filter_map(|(first, last)| text.get(*first..*last))
}

impl Clone for Terms {
    fn clone(&self) -> Self {
        Terms {
            vocabulary: self.vocabulary.clone(),
            stop_words: self.stop_words.clone(),
            analyzer: self.analyzer.clone(),
            index: OnceLock::new(),
            ..*self
        }
    }
}
