//! What a model is asked about: rows of numbers, or a table whose columns have names and texts.
//!
//! Most models take numbers. Encoders, imputers and vectorizers take texts as well, and column
//! transformers pick columns by name, so that a pipeline may begin with a table and end in numbers.

use ndarray::{Array2, ArrayView2, CowArray, Ix2};

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
                        if let Some(text) = text {
                            let found = text.clone();
                            return Err(ModelError::Text { row, column: index, found });
                        }
                        *target = f64::NAN;
                    }
                }
            }
        }
        Ok(numbers.into())
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

/// One column of a [`Table`].
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers; NaN is what is missing.
    Numbers(Vec<f64>),
    /// Texts; `None` is what is missing.
    Texts(Vec<Option<String>>),
}

impl Column {
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

/// What a model made of rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Transformed {
    /// Rows by features.
    Numbers(Array2<f64>),
    /// Columns that may hold texts.
    Table(Table),
}

impl Transformed {
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
    fn columns_must_be_of_one_length() {
        let columns = vec![Column::Numbers(vec![1.0]), Column::Numbers(vec![])];
        assert!(Table::new(None, columns).is_err());
        assert!(Table::new(Some(vec![]), vec![Column::Numbers(vec![])]).is_err());
    }
}
