//! Tables and paragraphs on a terminal, as wide as it is.

use comfy_table::{CellAlignment, ContentArrangement, presets};

pub use crate::base::text::printable;

/// Width of what is not a terminal.
const DEFAULT_WIDTH: u16 = 100;
/// Where neighbouring columns of figures are still told apart.
const NARROWEST: u16 = 40;

/// Columns that the terminal has, `COLUMNS` where it is set.
pub fn width() -> u16 {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = set.or_else(|| comfy_table::Table::new().width());
    width.unwrap_or(DEFAULT_WIDTH).max(NARROWEST)
}

/// A table with a head.
pub struct Table(comfy_table::Table);

impl Table {
    /// A table without rows.
    pub fn new(head: &[&str]) -> Self {
        let mut table = comfy_table::Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width())
            .set_header(head);
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        Table(table)
    }

    /// Aligns every column but the first to the right, for figures.
    pub fn of_figures(head: &[&str]) -> Self {
        let mut table = Self::new(head);
        for column in table.0.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    /// Adds a row. Cells may have several lines.
    pub fn row(&mut self, cells: Vec<String>) {
        let cell = |cell: String| cell.split('\n').map(printable).collect::<Vec<_>>().join("\n");
        self.0.add_row(cells.into_iter().map(cell));
    }

    /// The table as text without trailing spaces.
    pub fn text(&self) -> String {
        let lines: Vec<String> =
            self.0.lines().map(|line| format!(" {}", line.trim_end())).collect();
        lines.join("\n")
    }
}

/// A paragraph broken at spaces, its lines after the first indented by `indent` more than the
/// first, which is indented by one.
pub fn wrapped(text: &str, indent: usize) -> String {
    broken(" ".to_owned(), 1 + indent, text)
}

/// A paragraph beside a label that is `indent` wide.
pub fn labelled(label: &str, indent: usize, text: &str) -> String {
    broken(format!(" {label:<indent$}"), 1 + indent, text)
}

fn broken(mut line: String, indent: usize, text: &str) -> String {
    let width = usize::from(width());
    let mut out = String::new();
    let mut is_empty = true;
    for word in text.split_whitespace().map(printable) {
        let used = line.chars().count();
        if !is_empty && used + word.chars().count() > width {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(indent);
        }
        line.push_str(&word);
        line.push(' ');
        is_empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown() {
        assert_eq!(wrapped("a\x1b[31m b", 0), " a\\u{1b}[31m b\n");
        let mut table = Table::new(&["what"]);
        table.row(vec!["a\x1b[31m".into()]);
        assert!(table.text().ends_with(" a\\u{1b}[31m"), "{}", table.text());
    }

    #[test]
    fn a_paragraph_stays_in_its_width() {
        let text = wrapped(&"word ".repeat(100), 2);
        assert!(text.lines().all(|line| line.len() <= usize::from(width())), "{text}");
        assert!(text.lines().nth(1).unwrap().starts_with("   word"));
        assert_eq!(text.split_whitespace().count(), 100);
        assert_eq!(labelled("kind", 9, "a  b"), " kind     a b\n");
    }
}
