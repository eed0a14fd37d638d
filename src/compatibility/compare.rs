//! Two answers in, the first difference out.

use super::files::{Answer, Cell};
use crate::base::compatibility::CompatibilityExample;

/// Digits that show a difference, if they do.
const DIGITS: usize = 9;

/// The first value that differs: labels must be identical, numbers lie within `tolerance` times the
/// largest finite value of their column in what the writer answered.
pub fn difference(
    method: &str,
    wanted: &Answer,
    found: &Answer,
    tolerance: f64,
) -> Option<CompatibilityExample> {
    let values = wanted.values.len() as u64;
    let example = |row, column, expected, found, different_values| CompatibilityExample {
        method: method.to_owned(),
        row,
        column,
        expected,
        found,
        different_values,
        values,
    };
    if wanted.shape != found.shape || wanted.values.len() != found.values.len() {
        let shapes = (format!("shape {:?}", wanted.shape), format!("shape {:?}", found.shape));
        return Some(example(0, 0, shapes.0, shapes.1, values));
    }
    let rows = wanted.shape.first().copied().unwrap_or(1).max(1);
    let width = usize::try_from(values / rows).unwrap_or(1).max(1);
    let mut largest = vec![0.0f64; width];
    for (row, value) in wanted.values.iter().enumerate() {
        if let Cell::Number(number) = value
            && number.is_finite()
            && let Some(column) = largest.get_mut(row % width)
        {
            *column = column.max(number.abs());
        }
    }
    let bound = |index: usize| match wanted.same {
        true => 0.0,
        false => tolerance * largest.get(index % width).copied().unwrap_or(0.0),
    };
    let pairs = wanted.values.iter().zip(&found.values).enumerate();
    let mut different = pairs.filter(|(index, (a, b))| !same(a, b, bound(*index)));
    let (index, (expected, found)) = different.next()?;
    let (expected, found) = shown(expected, found);
    let (row, column) = ((index / width) as u64, (index % width) as u64);
    Some(example(row, column, expected, found, different.count() as u64 + 1))
}

fn same(wanted: &Cell, found: &Cell, bound: f64) -> bool {
    match (wanted, found) {
        (Cell::Number(a), Cell::Number(b)) => {
            a == b || (a - b).abs() <= bound || (a.is_nan() && b.is_nan())
        }
        _ => wanted == found,
    }
}

/// Both as text, numbers shortened where that does not hide the difference.
fn shown(a: &Cell, b: &Cell) -> (String, String) {
    if let (Cell::Number(a), Cell::Number(b)) = (a, b) {
        let short = (short(*a), short(*b));
        return if short.0 == short.1 { (a.to_string(), b.to_string()) } else { short };
    }
    let text = |cell: &Cell| match cell {
        Cell::Truth(truth) => truth.to_string(),
        Cell::Number(number) => short(*number),
        Cell::Text(text) => text.chars().take(60).collect(),
    };
    (text(a), text(b))
}

fn short(number: f64) -> String {
    let rounded: f64 = format!("{number:.*e}", DIGITS - 1).parse().unwrap_or(number);
    match rounded.abs() {
        size if size != 0.0 && !(1e-5..1e15).contains(&size) => format!("{rounded:e}"),
        _ => rounded.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(shape: &[u64], values: &[f64], same: bool) -> Answer {
        let values = values.iter().map(|value| Cell::Number(*value)).collect();
        Answer { shape: shape.to_vec(), values, same }
    }

    #[test]
    fn the_first_difference_is_told_with_its_place_and_how_many_there_are() {
        let wanted = answer(&[2, 2], &[0.25, 0.75, 1.0, 0.0], false);
        assert_eq!(difference("p", &wanted, &wanted, 0.0), None);
        let found = answer(&[2, 2], &[0.25, 0.75, 0.123_456_789_12, 0.5], false);
        let example = difference("predict_proba", &wanted, &found, 1e-9).unwrap();
        assert_eq!((example.row, example.column), (1, 0));
        assert_eq!((example.expected.as_str(), example.found.as_str()), ("1", "0.123456789"));
        assert_eq!((example.different_values, example.values), (2, 4));
    }

    #[test]
    fn rounding_is_told_from_difference_by_the_column() {
        let wanted = answer(&[2, 2], &[1.0, 1000.0, 0.0, 0.0], false);
        let rounded = answer(&[2, 2], &[1.0, 1000.0, 0.9e-9, 0.9e-6], false);
        assert_eq!(difference("p", &wanted, &rounded, 1e-9), None);
        assert!(difference("p", &wanted, &rounded, 1e-12).is_some());
        let labels = answer(&[2, 2], &[1.0, 1000.0, 0.0, 0.0], true);
        assert!(difference("p", &labels, &rounded, 1e-9).is_some());
        // Where nine digits are the same, all are shown.
        let example =
            difference("p", &wanted, &answer(&[2, 2], &[1.0, 1000.0, 0.0, 1e-5], false), 1e-9);
        assert_eq!(example.unwrap().found, "0.00001");
        let close = answer(&[1], &[1.0 + 1e-14], false);
        let example = difference("p", &answer(&[1], &[1.0], false), &close, 0.0).unwrap();
        assert_eq!((example.expected.as_str(), example.found.as_str()), ("1", "1.00000000000001"));
    }

    #[test]
    fn shapes_and_sorts_of_values_count() {
        let wanted = answer(&[2], &[1.0, 2.0], true);
        let column = answer(&[2, 1], &[1.0, 2.0], true);
        assert_eq!(difference("p", &wanted, &column, 1.0).unwrap().found, "shape [2, 1]");
        let texts = Answer {
            shape: vec![2],
            values: vec![Cell::Number(1.0), Cell::Text("nan".into())],
            same: false,
        };
        let example = difference("p", &wanted, &texts, 1.0).unwrap();
        assert_eq!((example.row, example.found.as_str()), (1, "nan"));
        assert!(
            difference("p", &answer(&[1], &[0.0], true), &answer(&[1], &[f64::NAN], true), 1.0)
                .is_some()
        );
    }
}
