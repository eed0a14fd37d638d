//! The models inside this program: an archive with an index in, one task for each file out.
//!
//! The layout of the index stands in `scripts/make_compatibility_files.py`.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use serde::Deserialize;
use serde_json::Value;
use zip::ZipArchive;

use super::CompatibilityError;

const ARCHIVE: &[u8] = include_bytes!("files.zip");
const INDEX: &str = "index.json";
/// More than any file of the archive has.
const MAX_FILE_BYTES: u64 = 8 << 20;

/// What the archive says of itself.
#[derive(Debug, Deserialize)]
pub struct Index {
    inputs: BTreeMap<String, Value>,
    answers: Vec<Answer>,
    pub files: Vec<Entry>,
}

/// One file.
#[derive(Debug, Deserialize)]
pub struct Entry {
    pub file: String,
    pub written_by: String,
    pub python: String,
    pub numpy: String,
    pub title: String,
    pub container: String,
    /// Packages that Python needs for it besides scikit-learn.
    pub needs: Vec<String>,
    input: String,
    methods: Vec<(String, usize)>,
    /// True where our answers must be those of the writer to the bit.
    pub bits: bool,
}

/// What a model answers: values in C order.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Answer {
    pub shape: Vec<u64>,
    pub values: Vec<Cell>,
    /// True for labels, which must be identical.
    #[serde(default)]
    pub same: bool,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    Truth(bool),
    Number(f64),
    Text(String),
}

/// The rows to predict.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Input {
    Numbers(Vec<Vec<f64>>),
    Documents(Vec<String>),
    Table { names: Vec<String>, columns: Vec<InputColumn> },
}

/// A column of a table.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputColumn {
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

/// One file, with everything that a reader needs.
#[derive(Debug)]
pub struct Task<'a> {
    pub entry: &'a Entry,
    pub bytes: Vec<u8>,
    /// As Python is given it.
    pub input: &'a Value,
    /// What is asked and what the writer answered.
    pub expected: Vec<(&'a str, &'a Answer)>,
}

/// The open archive.
pub struct Collection {
    pub index: Index,
    contents: BTreeMap<String, Vec<u8>>,
}

#[cfg(test)]
impl Index {
    pub fn answers_mut(&mut self) -> &mut [Answer] {
        &mut self.answers
    }
}

impl Collection {
    /// Reads everything.
    ///
    /// # Errors
    /// [`CompatibilityError::Files`] when this program was built of something else.
    pub fn open() -> Result<Self, CompatibilityError> {
        let wrong = |expected, found: &dyn ToString| CompatibilityError::Files {
            expected,
            found: found.to_string(),
        };
        let mut archive =
            ZipArchive::new(Cursor::new(ARCHIVE)).map_err(|e| wrong("a zip archive", &e))?;
        let mut contents = BTreeMap::new();
        for position in 0..archive.len() {
            let mut file = archive.by_index(position).map_err(|e| wrong("an entry", &e))?;
            let name = file.name().map_err(|e| wrong("a name of an entry", &e))?.into_owned();
            let mut bytes = Vec::new();
            let read = file.by_ref().take(MAX_FILE_BYTES).read_to_end(&mut bytes);
            read.map_err(|e| wrong("a readable entry", &format!("{name}: {e}")))?;
            contents.insert(name, bytes);
        }
        let index = contents.remove(INDEX).ok_or_else(|| wrong(INDEX, &"none"))?;
        let index = serde_json::from_slice(&index).map_err(|e| wrong("a readable index", &e))?;
        Ok(Collection { index, contents })
    }

    /// What is to be done with a file.
    ///
    /// # Errors
    /// [`CompatibilityError::Files`] when a part of it is missing.
    pub fn task<'a>(&'a self, entry: &'a Entry) -> Result<Task<'a>, CompatibilityError> {
        let missing = |expected| CompatibilityError::Files {
            expected,
            found: format!("none for {}", entry.file),
        };
        let bytes = self.contents.get(&entry.file).ok_or_else(|| missing("a model"))?;
        let input = self.index.inputs.get(&entry.input).ok_or_else(|| missing("an input"))?;
        let expected = entry.methods.iter().map(|(method, place)| {
            self.index.answers.get(*place).map(|answer| (method.as_str(), answer))
        });
        let expected: Option<Vec<_>> = expected.collect();
        let expected = expected.ok_or_else(|| missing("an answer"))?;
        Ok(Task { entry, bytes: bytes.clone(), input, expected })
    }
}
