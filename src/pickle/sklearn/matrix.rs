//! Matrices that may be sparse, as arrays of rows by columns.

use super::error::ReadError;
use super::item::Item;
use crate::base::Array;
use crate::pickle::SparseMatrix;

/// How much larger a sparse matrix may become beyond what other conversions may: one value in a
/// thousand is common for texts, and the budget counts a file's bytes sixteen times.
const SPARSE_ALLOWANCE: usize = 16;

impl Item<'_> {
    /// True for a sparse matrix of scipy.
    pub fn is_sparse(&self) -> bool {
        self.source.document().is_sparse(self.node)
    }

    /// True when it is no sparse matrix, or one whose rows are sorted by column.
    ///
    /// # Errors
    /// When it is a sparse matrix that cannot be read.
    pub fn has_sorted_rows(&self) -> Result<bool, ReadError> {
        if !self.is_sparse() {
            return Ok(true);
        }
        Ok(self.sparse()?.has_sorted_rows())
    }

    /// The sum of squares of each row of a sparse matrix, added in the order in which the file has
    /// them: scikit-learn takes them so.
    ///
    /// # Errors
    /// When it is no sparse matrix, or cannot be read.
    pub fn square_lengths(&self) -> Result<Array, ReadError> {
        let document = self.source.document();
        let matrix = self.sparse()?;
        let rows = matrix.rows(document.limits()).map_err(self.at())?;
        let lengths: Vec<f64> = rows
            .pointers
            .windows(2)
            .map(|ends| match ends {
                [start, end] => rows.values.get(*start..*end).unwrap_or_default(),
                _ => &[],
            })
            .map(|values| values.iter().fold(0.0, |sum, value| sum + value * value))
            .collect();
        let shape = [lengths.len()];
        self.from_vec(lengths, &shape)
    }

    /// The matrix with its positions as numbers. Its rows may be but a number in the file, and many
    /// values may lie at one place.
    fn sparse(&self) -> Result<SparseMatrix<'_>, ReadError> {
        let matrix = self.source.document().sparse(self.node).map_err(self.at())?;
        let [rows, _] = matrix.shape;
        let numbers = rows.saturating_add(matrix.data.element_count());
        self.charge_bytes(numbers.saturating_mul(8))?;
        Ok(matrix)
    }

    /// A matrix of f64: an array of two dimensions, or a sparse matrix with its zeros written out.
    ///
    /// # Errors
    /// When it is neither, or a sparse one would become too large for its file.
    pub fn matrix(&self) -> Result<Array, ReadError> {
        if !self.is_sparse() {
            return self.floats(2);
        }
        let document = self.source.document();
        let matrix = self.sparse()?;
        let [rows, columns] = matrix.shape;
        let elements = rows.checked_mul(columns).and_then(|count| {
            count.checked_mul(8).filter(|bytes| isize::try_from(*bytes).is_ok())?;
            Some(count)
        });
        let Some(elements) = elements else {
            return Err(
                self.found("a matrix that fits into memory", format!("{rows} by {columns}"))
            );
        };
        self.charge_bytes(elements.saturating_mul(8) / SPARSE_ALLOWANCE)?;
        let sparse = matrix.rows(document.limits()).map_err(self.at())?;
        let mut values = vec![0f64; elements];
        for (row, ends) in sparse.pointers.windows(2).enumerate() {
            let [start, end] = ends else { continue };
            let target = row.checked_mul(columns).and_then(|first| values.get_mut(first..));
            let Some(target) = target else { continue };
            let indices = sparse.indices.get(*start..*end).unwrap_or_default();
            let found = sparse.values.get(*start..*end).unwrap_or_default();
            for (column, value) in indices.iter().zip(found) {
                if let Some(target) = target.get_mut(*column) {
                    *target += value;
                }
            }
        }
        self.from_vec(values, &[rows, columns])
    }
}
