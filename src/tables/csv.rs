//! Text with fields between commas, as arrays: whole numbers where every field of a column is one,
//! numbers where every field is one or empty (an empty one is NaN), else texts.
//!
//! The text is gone through twice: once to see what the columns are, once to fill them. So no field
//! is kept as a text of its own, and memory is asked for when the number of rows is known.

use super::texts::Texts;
use super::{Table, TableError};
use crate::base::parameters::PLAIN_ARRAYS;
use crate::base::{Array, ArrayError, Limits, Parameters};

/// Whether the first line is the names of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Header {
    /// When nothing in it is a number.
    #[default]
    Auto,
    /// It is.
    Yes,
    /// It is a row.
    No,
}

/// Whether the first line of fields is the names of the columns, where nobody says it: where nothing
/// in it is a number. Numbers from 0 on are names as pandas writes them where there were none; or a
/// row, and nobody can tell.
///
/// # Errors
/// [`TableError::Header`] when the line may be either.
pub fn is_header(first: &csv::StringRecord, header: Header) -> Result<bool, TableError> {
    let is_number = |field: &str| field.trim().parse::<f64>().is_ok();
    match header {
        Header::Yes => Ok(true),
        Header::No => Ok(false),
        Header::Auto => {
            let counted = first.iter().enumerate().all(|(i, field)| field == i.to_string());
            if counted && first.len() > 1 {
                return Err(TableError::Header);
            }
            Ok(!first.iter().any(is_number))
        }
    }
}

/// True for text in UTF-8 that can be a table: no control characters, and not the beginning of a
/// document, a script or a pointer to a file.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    const OTHERS: [&str; 5] = ["<", "{", "[", "#!", "version https://git-lfs"];
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let is_other = OTHERS.iter().any(|other| start.starts_with(other));
    let controls = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    !start.is_empty() && !is_other && !text.contains(controls)
}

/// What every field of a column can be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Content {
    Integers,
    Numbers,
    Texts,
}

impl Content {
    fn of(field: &str) -> Content {
        let field = field.trim();
        if field.parse::<i64>().is_ok() {
            Content::Integers
        } else if field.is_empty() || field.parse::<f64>().is_ok() {
            Content::Numbers
        } else {
            Content::Texts
        }
    }
}

/// What the first time through the text tells.
struct Outline {
    names: Option<Vec<String>>,
    contents: Vec<Content>,
    rows: usize,
}

pub(super) fn read(bytes: &[u8], header: Header, limits: &Limits) -> Result<Table, TableError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() as u64;
        let (expected, found) = ("text in UTF-8".to_owned(), "other bytes".to_owned());
        TableError::Text { line: line.saturating_add(1), expected, found }
    })?;
    // Spreadsheets write a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let outline = outline(text, header, limits)?;
    let columns = columns(text, &outline)?;
    let mut parameters = Parameters::new(PLAIN_ARRAYS, 1);
    for (index, column) in columns.into_iter().enumerate() {
        let name = outline.names.as_ref().and_then(|names| names.get(index));
        let name = match name.map(|name| name.trim()) {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => format!("column_{index}"),
        };
        parameters.insert(name, column.into_array()?)?;
    }
    Ok(Table { parameters, words: Vec::new() })
}

fn reader(text: &str) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes())
}

fn malformed(error: &csv::Error) -> TableError {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => TableError::Text {
            line,
            expected: format!("{expected_len} fields, as in the lines before"),
            found: format!("{len}"),
        },
        _ => TableError::Reader(error.to_string()),
    }
}

fn outline(text: &str, header: Header, limits: &Limits) -> Result<Outline, TableError> {
    let mut reader = reader(text);
    let mut record = csv::StringRecord::new();
    let mut outline = Outline { names: None, contents: Vec::new(), rows: 0 };
    let mut is_first = true;
    while reader.read_record(&mut record).map_err(|error| malformed(&error))? {
        if is_first {
            is_first = false;
            if record.len() > limits.max_arrays {
                let (found, limit) = (record.len() as u64, limits.max_arrays as u64);
                return Err(TableError::Limit { what: "columns", found, limit });
            }
            outline.contents = vec![Content::Integers; record.len()];
            if is_header(&record, header)? {
                outline.names = Some(record.iter().map(str::to_owned).collect());
                continue;
            }
        }
        outline.rows = outline.rows.saturating_add(1);
        for (content, field) in outline.contents.iter_mut().zip(&record) {
            // Texts stay texts, whatever follows.
            if *content != Content::Texts {
                *content = (*content).max(Content::of(field));
            }
        }
    }
    let table = "a table: fields between commas, a line for each row";
    let found = match (outline.rows, outline.contents.as_slice()) {
        (0, _) => "no row below the names",
        (_, [Content::Texts]) => "one column of texts",
        _ => return Ok(outline),
    };
    Err(TableError::Text { line: 1, expected: table.to_owned(), found: found.to_owned() })
}

/// A column in the making.
enum Column {
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Texts(Texts),
}

impl Column {
    fn into_array(self) -> Result<Array, ArrayError> {
        match self {
            Column::Integers(values) => {
                let shape = [values.len()];
                Array::from_vec(values, &shape)
            }
            Column::Numbers(values) => {
                let shape = [values.len()];
                Array::from_vec(values, &shape)
            }
            Column::Texts(texts) => texts.into_array(),
        }
    }
}

fn columns(text: &str, outline: &Outline) -> Result<Vec<Column>, TableError> {
    let column = |content: &Content| match content {
        Content::Integers => Column::Integers(Vec::with_capacity(outline.rows)),
        Content::Numbers => Column::Numbers(Vec::with_capacity(outline.rows)),
        Content::Texts => Column::Texts(Texts::default()),
    };
    let mut columns: Vec<Column> = outline.contents.iter().map(column).collect();
    let mut reader = reader(text);
    let mut record = csv::StringRecord::new();
    let mut is_names = outline.names.is_some();
    while reader.read_record(&mut record).map_err(|error| malformed(&error))? {
        if std::mem::take(&mut is_names) {
            continue;
        }
        for (column, field) in columns.iter_mut().zip(&record) {
            // That every field parses is known from the first time through.
            match column {
                Column::Integers(values) => values.push(field.trim().parse().unwrap_or_default()),
                Column::Numbers(values) => values.push(field.trim().parse().unwrap_or(f64::NAN)),
                Column::Texts(texts) => texts.push(field),
            }
        }
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::DType;

    fn parse(text: &str, header: Header) -> Result<Parameters, TableError> {
        Ok(read(text.as_bytes(), header, &Limits::default())?.parameters)
    }

    #[test]
    fn a_column_is_whole_numbers_numbers_or_texts() {
        let text = "\u{feff}id, price,city,\r\n1,2.5,Oslo,3\r\n-7, ,\"Rome, Italy\",4\r\n";
        let table = parse(text, Header::Auto).unwrap();
        let names: Vec<&str> = table.arrays().map(|(name, _)| name).collect();
        assert_eq!(names, ["id", "price", "city", "column_3"]);
        assert_eq!(table.slice::<i64>("id").unwrap(), [1, -7]);
        let price = table.slice::<f64>("price").unwrap();
        assert!(price[0] == 2.5 && price[1].is_nan());
        let city = table.array("city").unwrap();
        assert_eq!(city.texts().unwrap(), ["Oslo", "Rome, Italy"]);
        assert_eq!((city.dtype(), city.shape()), (DType::Text, &[2usize][..]));
        // More digits than a whole number has are a number still.
        let table = parse("1\n99999999999999999999\n", Header::Auto).unwrap();
        assert_eq!(table.slice::<f64>("column_0").unwrap(), [1.0, 1e20]);
    }

    #[test]
    fn the_first_line_is_what_it_is_said_to_be() {
        let len = |text: &str, header| {
            parse(text, header).map(|table| table.array("column_0").map_or(0, |a| a.shape()[0]))
        };
        assert_eq!(len("1,2\n3,4\n", Header::Auto).unwrap(), 2);
        assert_eq!(len("0,1\n3,4\n", Header::No).unwrap(), 2);
        assert!(matches!(parse("0,1\n3,4\n", Header::Auto), Err(TableError::Header)));
        let table = parse("0,1\n3,4\n", Header::Yes).unwrap();
        assert_eq!(table.slice::<i64>("1").unwrap(), [4]);
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_place() {
        let error = |text: &str| parse(text, Header::Auto).unwrap_err().to_string();
        assert_eq!(
            error("1,2\n3,4\n5\n"),
            "line 3: expected 2 fields, as in the lines before, found 1"
        );
        assert!(error("a,b\n").ends_with("found no row below the names"), "{}", error("a,b\n"));
        assert!(error("some\nwords\n").ends_with("found one column of texts"));
        assert_eq!(error("x,x\n1,2\n"), "array \"x\" stands twice");
        let few = Limits::default().with(|limits| limits.max_arrays = 1).unwrap();
        let error = read(b"1,2\n", Header::No, &few).unwrap_err().to_string();
        assert_eq!(error, "columns: 2, at most 1 allowed");
        let error = read(b"1,2\n1,\xff\n", Header::No, &few).unwrap_err().to_string();
        assert_eq!(error, "line 2: expected text in UTF-8, found other bytes");
    }

    #[test]
    fn text_of_other_languages_is_no_table() {
        for text in
            ["<html>", " {\"a\": 1}", "[1, 2]", "#!/bin/sh\n", "a\0b", "", "  \n", "\x1b[31m"]
        {
            assert!(!is_text(text.as_bytes()), "{text:?}");
        }
        assert!(is_text("x;y\n1;2\n".as_bytes()) && is_text(b"MZ,intensity\n1,2\n"));
        assert!(!is_text(b"\xff\xfe"));
    }
}
