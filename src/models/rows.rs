//! What a model is asked about: rows of numbers, or a table whose columns have names and texts.
//!
//! Most models take numbers. Encoders, imputers and vectorizers take texts as well, and column
//! transformers pick columns by name, so that a pipeline may begin with a table and end in numbers.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, Axis, CowArray, Ix2, s};

use super::ModelError;

/// Rows to predict from or to transform, borrowed.
#[derive(Debug, Clone, Copy)]
pub enum Rows<'a> {
    /// Rows by features.
    Numbers(ArrayView2<'a, f64>),
    /// Columns that may hold texts.
    Table(&'a Table),
}

impl<'a> From<ArrayView2<'a, f64>> for Rows<'a> {
    fn from(rows: ArrayView2<'a, f64>) -> Self {
        Rows::Numbers(rows)
    }
}

impl<'a> From<&'a Table> for Rows<'a> {
    fn from(table: &'a Table) -> Self {
        Rows::Table(table)
    }
}

impl<'a> Rows<'a> {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Rows::Numbers(rows) => rows.nrows(),
            Rows::Table(table) => table.len(),
        }
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many columns each row has.
    pub fn width(&self) -> usize {
        match self {
            Rows::Numbers(rows) => rows.ncols(),
            Rows::Table(table) => table.columns.len(),
        }
    }

    /// The rows as numbers; of a table only when no column holds text. What is missing is NaN.
    ///
    /// # Errors
    /// [`ModelError::Text`] names the first text.
    pub fn numbers(self) -> Result<CowArray<'a, f64, Ix2>, ModelError> {
        let table = match self {
            Rows::Numbers(rows) => return Ok(rows.into()),
            Rows::Table(table) => table,
        };
        let mut numbers = Array2::zeros((table.len(), table.columns.len()));
        for (index, (column, mut target)) in
            table.columns.iter().zip(numbers.columns_mut()).enumerate()
        {
            match column {
                Column::Numbers(values) => {
                    target.iter_mut().zip(values).for_each(|(target, value)| *target = *value);
                }
                Column::Texts(texts) => {
                    for (row, (target, text)) in target.iter_mut().zip(texts).enumerate() {
                        // One word makes a column of texts: its other fields may be numbers.
                        *target =
                            match text {
                                None => f64::NAN,
                                Some(text) => text.trim().parse().map_err(|_| {
                                    ModelError::Text { row, column: index, found: text.clone() }
                                })?,
                            };
                    }
                }
            }
        }
        Ok(numbers.into())
    }

    /// Some of the rows; numbers are not copied.
    pub(super) fn part(&self, rows: Range<usize>) -> Part<'a> {
        match self {
            Rows::Numbers(all) => {
                let end = rows.end.min(all.nrows());
                Part::Numbers((*all).slice_move(s![rows.start.min(end)..end, ..]))
            }
            Rows::Table(table) => Part::Table(table.part(rows)),
        }
    }

    /// The same rows as a table without names.
    pub fn to_table(self) -> Table {
        match self {
            Rows::Table(table) => table.clone(),
            Rows::Numbers(rows) => Table {
                names: None,
                rows: rows.nrows(),
                columns: rows.columns().into_iter().map(|c| Column::Numbers(c.to_vec())).collect(),
            },
        }
    }
}

/// Some of many rows.
#[derive(Debug)]
pub(super) enum Part<'a> {
    Numbers(ArrayView2<'a, f64>),
    Table(Table),
}

impl Part<'_> {
    pub(super) fn rows(&self) -> Rows<'_> {
        match self {
            Part::Numbers(rows) => Rows::Numbers(rows.view()),
            Part::Table(table) => Rows::Table(table),
        }
    }
}

/// One column of a [`Table`].
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers; NaN is what is missing.
    Numbers(Vec<f64>),
    /// Texts; `None` is what is missing.
    Texts(Vec<Option<String>>),
}

impl Column {
    /// Puts more rows behind these. A column of numbers in which all are missing may go on as texts.
    fn append(&mut self, more: Column) -> Result<(), ModelError> {
        match (&mut *self, more) {
            (Column::Numbers(values), Column::Numbers(more)) => values.extend(more),
            (Column::Texts(texts), Column::Texts(more)) => texts.extend(more),
            (Column::Texts(texts), Column::Numbers(more)) if more.iter().all(|v| v.is_nan()) => {
                texts.extend(more.iter().map(|_| None));
            }
            (Column::Numbers(values), Column::Texts(more)) if values.iter().all(|v| v.is_nan()) => {
                let absent = values.iter().map(|_| None);
                *self = Column::Texts(absent.chain(more).collect());
            }
            _ => return Err(ModelError::Table("numbers and texts in one column".into())),
        }
        Ok(())
    }

    fn len(&self) -> usize {
        match self {
            Column::Numbers(values) => values.len(),
            Column::Texts(texts) => texts.len(),
        }
    }
}

/// Columns of equal length, with names or without.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    names: Option<Vec<String>>,
    columns: Vec<Column>,
    rows: usize,
}

impl Table {
    /// A table of columns.
    ///
    /// # Errors
    /// [`ModelError::Table`] when the columns differ in length, or there is not a name for each.
    pub fn new(names: Option<Vec<String>>, columns: Vec<Column>) -> Result<Self, ModelError> {
        let rows = columns.first().map_or(0, Column::len);
        if let Some(odd) = columns.iter().position(|column| column.len() != rows) {
            return Err(ModelError::Table(format!(
                "column {odd} has {} rows, the first {rows}",
                columns[odd].len()
            )));
        }
        if let Some(names) = &names
            && names.len() != columns.len()
        {
            return Err(ModelError::Table(format!(
                "{} names for {} columns",
                names.len(),
                columns.len()
            )));
        }
        Ok(Table { names, columns, rows })
    }

    /// One column of texts without a name: documents.
    pub fn of_texts<S: Into<String>>(texts: impl IntoIterator<Item = S>) -> Self {
        let texts: Vec<Option<String>> = texts.into_iter().map(|text| Some(text.into())).collect();
        Table { names: None, rows: texts.len(), columns: vec![Column::Texts(texts)] }
    }

    /// The table of some of the columns, in the order given; of columns that are not there, none.
    pub fn select(&self, columns: &[usize]) -> Table {
        let names = self.names.as_ref();
        let names = names
            .map(|names| columns.iter().filter_map(|index| names.get(*index).cloned()).collect());
        let columns = columns.iter().filter_map(|index| self.columns.get(*index).cloned());
        Table { names, columns: columns.collect(), rows: self.rows }
    }

    /// The table of some of the rows.
    pub fn part(&self, rows: Range<usize>) -> Table {
        // The last part may be shorter than was asked for.
        let rows = rows.start.min(self.rows)..rows.end.min(self.rows);
        fn part<T: Clone>(values: &[T], rows: &Range<usize>) -> Vec<T> {
            values.get(rows.clone()).unwrap_or_default().to_vec()
        }
        let columns = self.columns.iter().map(|column| match column {
            Column::Numbers(values) => Column::Numbers(part(values, &rows)),
            Column::Texts(texts) => Column::Texts(part(texts, &rows)),
        });
        let columns = columns.collect();
        Table { names: self.names.clone(), columns, rows: rows.len() }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The names of the columns, if they have some.
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }
}

/// Rows of zeros.
///
/// # Errors
/// [`ModelError::Table`] when there is no memory for so many.
pub(super) fn zeros(rows: usize, columns: usize) -> Result<Array2<f64>, ModelError> {
    let too_many = || ModelError::Table(format!("no memory for {rows} rows of {columns} features"));
    let count = rows.checked_mul(columns).ok_or_else(too_many)?;
    let mut values = Vec::new();
    values.try_reserve_exact(count).map_err(|_| too_many())?;
    values.resize(count, 0.0);
    Array2::from_shape_vec((rows, columns), values).map_err(|_| too_many())
}

/// What a model made of rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Transformed {
    /// Rows by features.
    Numbers(Array2<f64>),
    /// Columns that may hold texts.
    Table(Table),
}

impl Transformed {
    /// The results of parts of rows, below each other.
    ///
    /// # Errors
    /// [`ModelError::Table`] when they do not fit each other.
    pub(super) fn joined(parts: Vec<Transformed>) -> Result<Self, ModelError> {
        let parts = match <[Transformed; 1]>::try_from(parts) {
            Ok([part]) => return Ok(part),
            Err(parts) => parts,
        };
        let views: Option<Vec<_>> = parts
            .iter()
            .map(|part| match part {
                Transformed::Numbers(values) => Some(values.view()),
                Transformed::Table(_) => None,
            })
            .collect();
        if let Some(views) = views {
            return ndarray::concatenate(Axis(0), &views)
                .map(Transformed::Numbers)
                .map_err(|error| ModelError::Table(error.to_string()));
        }
        let mut tables = parts.into_iter().map(|part| part.rows().to_table());
        let mut all = tables.next().unwrap_or_default();
        for table in tables {
            if table.columns.len() != all.columns.len() {
                let (found, expected) = (table.columns.len(), all.columns.len());
                return Err(ModelError::Features { expected, found });
            }
            all.rows += table.rows;
            for (column, more) in all.columns.iter_mut().zip(table.columns) {
                column.append(more)?;
            }
        }
        Ok(Transformed::Table(all))
    }

    /// Columns side by side: numbers where all of them are, else a table without names.
    ///
    /// # Errors
    /// [`ModelError::Table`] when the columns differ in length.
    pub(super) fn of_columns(rows: usize, columns: Vec<Column>) -> Result<Self, ModelError> {
        let mut table = Table::new(None, columns)?;
        table.rows = if table.columns.is_empty() { rows } else { table.rows };
        let texts = table.columns.iter().any(|column| matches!(column, Column::Texts(_)));
        Ok(match texts {
            true => Transformed::Table(table),
            false => Transformed::Numbers(Rows::Table(&table).numbers()?.into_owned()),
        })
    }

    /// The result as rows for another model.
    pub fn rows(&self) -> Rows<'_> {
        match self {
            Transformed::Numbers(rows) => Rows::Numbers(rows.view()),
            Transformed::Table(table) => Rows::Table(table),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_become_numbers_where_there_is_no_text() {
        let columns = vec![Column::Numbers(vec![1.0, 2.0]), Column::Texts(vec![None, None])];
        let table = Table::new(Some(vec!["a".into(), "b".into()]), columns).unwrap();
        let numbers = Rows::from(&table).numbers().unwrap();
        assert_eq!(numbers.column(0).to_vec(), [1.0, 2.0]);
        assert!(numbers.column(1).iter().all(|value| value.is_nan()));
        let error = Rows::from(&Table::of_texts(["x"])).numbers().unwrap_err().to_string();
        assert_eq!(error, "input row 0, column 0: expected a number, found the text \"x\"");
    }

    #[test]
    fn the_last_part_may_be_shorter() {
        let table = Table::of_texts(["a", "b", "c"]);
        let part = table.part(2..16);
        assert_eq!(part.len(), 1);
        assert_eq!(part.columns(), [Column::Texts(vec![Some("c".into())])]);
        assert!(table.part(5..9).is_empty());
    }

    #[test]
    fn columns_must_be_of_one_length() {
        let columns = vec![Column::Numbers(vec![1.0]), Column::Numbers(vec![])];
        assert!(Table::new(None, columns).is_err());
        assert!(Table::new(Some(vec![]), vec![Column::Numbers(vec![])]).is_err());
    }
}
