//! Sparse matrices of scipy: the formats csr, csc and coo, of all versions.
//!
//! A matrix is an instance with a dict of attributes: `_shape`, `data`, and `indices` with `indptr`
//! or `row` with `col` (from scipy 1.12 on `coords`). `format`, `maxprint` and flags that say what
//! was found out about the indices come and go with the versions; the flags are not believed.
//! Every index is compared with the shape here, so that whoever uses them need not.

use std::borrow::Cow;

use super::document::Document;
use super::error::PickleError;
use super::globals::{self, Known};
use super::numpy::NumpyArray;
use super::value::{Node, NodeId};

/// Where the values of a sparse matrix stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Positions {
    /// Row by row: `pointers[i]..pointers[i + 1]` are the values of row `i`.
    Csr {
        /// One more than there are rows, never falling.
        pointers: Vec<usize>,
        /// The column of each value.
        indices: Vec<usize>,
    },
    /// Column by column.
    Csc {
        /// One more than there are columns, never falling.
        pointers: Vec<usize>,
        /// The row of each value.
        indices: Vec<usize>,
    },
    /// Value by value.
    Coo {
        /// The row of each value.
        rows: Vec<usize>,
        /// The column of each value.
        columns: Vec<usize>,
    },
}

/// A sparse matrix whose indices lie inside of its shape.
#[derive(Debug, Clone)]
pub struct SparseMatrix<'d> {
    /// Rows and columns.
    pub shape: [usize; 2],
    /// Where the values stand.
    pub positions: Positions,
    /// The values. There may be more than the positions speak of; those do not count.
    pub data: NumpyArray<'d>,
}

impl SparseMatrix<'_> {
    /// True when the columns rise within each row of a csr matrix, as scipy has them after
    /// `sort_indices`; the other formats say it of nothing.
    pub fn has_sorted_rows(&self) -> bool {
        let Positions::Csr { pointers, indices } = &self.positions else { return true };
        pointers.windows(2).all(|ends| match ends {
            [start, end] => indices.get(*start..*end).is_none_or(<[usize]>::is_sorted),
            _ => true,
        })
    }
}

/// A sparse matrix row by row, with its values as floats.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// Rows and columns.
    pub shape: [usize; 2],
    /// `pointers[i]..pointers[i + 1]` are the values of row `i`.
    pub pointers: Vec<usize>,
    /// The column of each value, in the order of the file within a row.
    pub indices: Vec<usize>,
    /// The values; those at the same place add up.
    pub values: Vec<f64>,
}

impl Document<'_> {
    /// True for a node that is a sparse matrix by its class. Reading it may still fail.
    pub fn is_sparse(&self, node: NodeId) -> bool {
        self.instance(node).is_some_and(|instance| {
            let class = instance.class;
            globals::known(&class.module, &class.name) == Some(Known::Sparse)
        })
    }

    /// The sparse matrix that a node is: of scipy's formats csr, csc or coo.
    ///
    /// # Errors
    /// When it is none, of another format, or what it says does not fit together.
    pub fn sparse(&self, node: NodeId) -> Result<SparseMatrix<'_>, PickleError> {
        let wrong = |what, expected: &str| self.unexpected(what, expected, node);
        let instance = self.instance(node).filter(|_| self.is_sparse(node));
        let instance = instance.ok_or_else(|| wrong("sparse matrix", "one of scipy"))?;
        let format = instance.class.name.get(..3).unwrap_or_default();
        if !["csr", "csc", "coo"].contains(&format) {
            return Err(wrong("sparse matrix", "csr, csc or coo"));
        }
        let object = instance.object;
        if !object.items.is_empty() || !object.entries.is_empty() || !instance.arguments.is_empty()
        {
            return Err(wrong("sparse matrix", "one with attributes alone"));
        }
        let state = instance.state.ok_or_else(|| wrong("sparse matrix", "one state"))?;
        let attribute = |name: &str| {
            let missing = format!("the attribute {name}");
            self.values().entry(state, name).ok_or_else(|| wrong("sparse matrix", &missing))
        };
        let shape = self.matrix_shape(attribute("_shape")?)?;
        let data = self.array(attribute("data")?)?;
        let positions = if format == "coo" {
            let (rows, columns) = match self.values().entry(state, "coords") {
                Some(coordinates) => match self.values().get(coordinates) {
                    Some(Node::Tuple(both)) if both.len() == 2 => {
                        (both.first().copied(), both.last().copied())
                    }
                    _ => return Err(self.unexpected("coords", "two arrays", coordinates)),
                },
                None => (Some(attribute("row")?), Some(attribute("col")?)),
            };
            let (rows, columns) = (rows.unwrap_or(node), columns.unwrap_or(node));
            let [row_count, column_count] = shape;
            let count = data.element_count();
            Positions::Coo {
                rows: self.indices(rows, row_count, Some(count))?,
                columns: self.indices(columns, column_count, Some(count))?,
            }
        } else {
            let [row_count, column_count] = shape;
            let by_row = format == "csr";
            let (major, minor) =
                if by_row { (row_count, column_count) } else { (column_count, row_count) };
            let pointers = self.pointers(attribute("indptr")?, major, data.element_count())?;
            let used = pointers.last().copied().unwrap_or(0);
            let mut indices = self.indices(attribute("indices")?, minor, None)?;
            if indices.len() < used {
                let expected = format!("indices of {used} values");
                return Err(wrong("sparse matrix", &expected));
            }
            indices.truncate(used);
            if by_row {
                Positions::Csr { pointers, indices }
            } else {
                Positions::Csc { pointers, indices }
            }
        };
        if data.shape().len() != 1 {
            return Err(wrong("sparse matrix", "values in one dimension"));
        }
        Ok(SparseMatrix { shape, positions, data })
    }

    fn matrix_shape(&self, node: NodeId) -> Result<[usize; 2], PickleError> {
        let lengths: Option<Vec<usize>> = match self.values().get(node) {
            Some(Node::Tuple(lengths)) if lengths.len() <= 2 => {
                lengths.iter().map(|id| self.length(*id)).collect()
            }
            _ => None,
        };
        match lengths.as_deref() {
            Some([rows, columns]) => Ok([*rows, *columns]),
            // An array of one dimension is one row.
            Some([columns]) => Ok([1, *columns]),
            _ => Err(self.unexpected("shape", "rows and columns", node)),
        }
    }

    /// A length, of Python or of numpy.
    fn length(&self, node: NodeId) -> Option<usize> {
        let number = self.scalar(node).ok()?.as_i64()?;
        usize::try_from(number).ok()
    }

    /// An array of indices below `bound`; of exactly `count` of them where that is known.
    fn indices(
        &self,
        node: NodeId,
        bound: usize,
        count: Option<usize>,
    ) -> Result<Vec<usize>, PickleError> {
        let indices = self.array(node)?.as_i64_vec()?;
        if let Some(count) = count.filter(|count| *count != indices.len()) {
            let expected = format!("{count} of them, found {}", indices.len());
            return Err(self.unexpected("indices", &expected, node));
        }
        let inside = |index: i64| usize::try_from(index).ok().filter(|index| *index < bound);
        let checked: Option<Vec<usize>> = indices.into_iter().map(inside).collect();
        checked.ok_or_else(|| {
            let expected = format!("numbers from 0 to below {bound}");
            self.unexpected("indices", &expected, node)
        })
    }

    fn pointers(
        &self,
        node: NodeId,
        major: usize,
        count: usize,
    ) -> Result<Vec<usize>, PickleError> {
        let numbers = self.array(node)?.as_i64_vec()?;
        let pointers: Option<Vec<usize>> =
            numbers.into_iter().map(|number| usize::try_from(number).ok()).collect();
        let pointers = pointers.filter(|pointers| {
            Some(pointers.len()) == major.checked_add(1)
                && pointers.first() == Some(&0)
                && pointers.is_sorted()
                && pointers.last().is_some_and(|last| *last <= count)
        });
        pointers.ok_or_else(|| {
            let expected = format!("{major} and one numbers that rise from 0 to at most {count}");
            self.unexpected("indptr", &expected, node)
        })
    }
}

impl SparseMatrix<'_> {
    /// The matrix row by row, with its values as floats.
    ///
    /// # Errors
    /// When a value is not exactly a float, or there are more rows than a reader bears.
    pub fn rows(&self, limits: &crate::base::Limits) -> Result<Rows, PickleError> {
        let mut values = self.data.as_f64_vec()?;
        let (row_of, column_of) = match &self.positions {
            Positions::Csr { pointers, indices } => {
                values.truncate(indices.len());
                let (pointers, indices) = (pointers.clone(), indices.clone());
                return Ok(Rows { shape: self.shape, pointers, indices, values });
            }
            Positions::Csc { pointers, indices } => {
                values.truncate(indices.len());
                let counts = pointers.windows(2).enumerate().flat_map(|(column, ends)| {
                    let count = match ends {
                        [start, end] => end.saturating_sub(*start),
                        _ => 0,
                    };
                    std::iter::repeat_n(column, count)
                });
                (Cow::Borrowed(indices), Cow::Owned(counts.collect()))
            }
            Positions::Coo { rows, columns } => (Cow::Borrowed(rows), Cow::Borrowed(columns)),
        };
        self.sorted(limits, &row_of, &column_of, &values)
    }

    /// Sorts values by their row, keeping their order within a row.
    fn sorted(
        &self,
        limits: &crate::base::Limits,
        row_of: &[usize],
        column_of: &[usize],
        values: &[f64],
    ) -> Result<Rows, PickleError> {
        let [rows, _] = self.shape;
        // Rows without values cost memory that the file did not pay for.
        if rows > limits.max_pickle_nodes {
            return Err(self.data.place.limit("max_pickle_nodes", limits.max_pickle_nodes));
        }
        let mut pointers = vec![0usize; rows.saturating_add(1)];
        for row in row_of {
            if let Some(next) = pointers.get_mut(row.saturating_add(1)) {
                *next = next.saturating_add(1);
            }
        }
        let mut sum = 0usize;
        for pointer in &mut pointers {
            sum = sum.saturating_add(*pointer);
            *pointer = sum;
        }
        let mut next = pointers.clone();
        let mut indices = vec![0usize; values.len()];
        let mut sorted = vec![0f64; values.len()];
        for ((row, column), value) in row_of.iter().zip(column_of).zip(values) {
            let Some(slot) = next.get_mut(*row) else { continue };
            if let (Some(index), Some(target)) = (indices.get_mut(*slot), sorted.get_mut(*slot)) {
                (*index, *target) = (*column, *value);
            }
            *slot = slot.saturating_add(1);
        }
        Ok(Rows { shape: self.shape, pointers, indices, values: sorted })
    }
}
