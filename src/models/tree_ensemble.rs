//! One tree or many whose results are averaged: classes or values at the leaves.

use ndarray::{Array2, ArrayView2};

use super::labels::largest;
use super::output_labels::OutputClasses;
use super::tree_columns::{Less, LessOrEqual, Missing, Trees, invalid};
use super::{ModelError, Predictions, Rows};
use crate::base::{Array, Metadata, Parameters, kinds};

const VALUE: &str = "value";
const DECIDED: &str = "decided";

/// Trees, what is at their nodes, and how it is put together.
#[derive(Debug, Clone)]
pub(super) struct TreeEnsemble {
    kind: &'static str,
    trees: Trees,
    strict: bool,
    /// One tree that is no forest: its leaf is the result.
    alone: bool,
    vote: bool,
    value: Array,
    decided: Option<Array>,
    /// Of classifiers.
    classes: Option<OutputClasses>,
    entries: Metadata,
}

impl TreeEnsemble {
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let missing = match parameters.text("missing")? {
            "right" => Missing::Right,
            "learned" => Missing::Learned,
            _ => Missing::Refused,
        };
        let trees =
            Trees::from_parameters(parameters, missing, parameters.text("input_cast")? == "f32")?;
        let alone = kind.id.starts_with("decision_tree");
        if alone && trees.count() != 1 {
            let found = trees.count();
            let expected = format!(
                "one tree; more are a {}",
                kind.id.replace("decision_tree", "random_forest")
            );
            return Err(invalid("tree_offsets", 0, expected, found));
        }
        let value = parameters.array(VALUE)?.clone();
        let classes = match kind.id.ends_with("classifier") {
            true => Some(OutputClasses::from_parameters(parameters)?),
            false => None,
        };
        let strict = parameters.text("comparator")? == "less";
        if strict && missing == Missing::Learned {
            return Err(ModelError::Entry {
                entry: "missing",
                expected: "refused or right where comparator is less".into(),
                found: "learned".into(),
            });
        }
        let ensemble = TreeEnsemble {
            kind: kind.id,
            trees,
            strict,
            alone,
            vote: classes.is_some() && parameters.text("aggregation")? == "vote",
            decided: parameters.get(DECIDED).filter(|_| alone && classes.is_some()).cloned(),
            value,
            classes,
            entries: super::entries_of(kind, parameters),
        };
        ensemble.check_widths()?;
        Ok(ensemble)
    }

    /// Classes and values fit each other; the kind leaves their number open.
    fn check_widths(&self) -> Result<(), ModelError> {
        let Some(classes) = &self.classes else { return Ok(()) };
        let shape = |array: &Array| array.shape().get(1).copied().unwrap_or(0);
        let (found, expected) = (shape(&self.value), classes.columns());
        if found != expected {
            return Err(invalid(VALUE, 0, format!("{expected} columns, one a class"), found));
        }
        match self.decided.as_ref().map(shape) {
            Some(found) if found != classes.len() => {
                let expected = format!("{} columns, one an output", classes.len());
                Err(invalid(DECIDED, 0, expected, found))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn n_features(&self) -> usize {
        self.trees.n_features()
    }

    pub(super) fn to_parameters(&self) -> Parameters {
        let decided = self.decided.iter().map(|array| (DECIDED, array));
        let columns = self.trees.arrays().chain([(VALUE, &self.value)]).chain(decided);
        let mut parameters = super::assemble(self.kind, self.entries.clone(), columns);
        for (name, array) in self.classes.iter().flat_map(OutputClasses::arrays) {
            // The names of a kind are different from each other: none is refused.
            let _ = parameters.insert(name, array.clone());
        }
        parameters
    }

    pub(super) fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        let rows = rows.numbers()?;
        let rows = rows.view();
        let Some(classes) = &self.classes else {
            return Ok(Predictions::Values(self.aggregate(rows)?));
        };
        match &self.decided {
            Some(decided) => classes.label(&self.decide(decided, classes, rows)?),
            None => classes.largest(self.aggregate(rows)?.view()),
        }
    }

    pub(super) fn predict_proba(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        match self.classes {
            Some(_) => self.aggregate(rows.numbers()?.view()),
            None => Err(ModelError::Unsupported { kind: self.kind, method: "predict_proba" }),
        }
    }

    /// The classes that the leaves name, of each output those of all rows.
    fn decide(
        &self,
        decided: &Array,
        classes: &OutputClasses,
        rows: ArrayView2<'_, f64>,
    ) -> Result<Vec<Vec<usize>>, ModelError> {
        let outputs = classes.len();
        let decided: &[u32] = decided.as_slice()?;
        let mut indices = vec![Vec::with_capacity(rows.nrows()); outputs];
        self.walk(rows, |_, _, leaves| {
            let first = leaves.first().map_or(0, |leaf| leaf.saturating_mul(outputs));
            let of_leaf = decided.get(first..first.saturating_add(outputs));
            let of_leaf =
                of_leaf.ok_or_else(|| invalid(DECIDED, first, "classes of the node", "none"))?;
            indices.iter_mut().zip(of_leaf).for_each(|(all, index)| all.push(*index as usize));
            Ok(())
        })?;
        Ok(indices)
    }

    /// What the trees say together: rows by columns of `value`.
    fn aggregate(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, ModelError> {
        let width = self.value.shape().get(1).copied().unwrap_or(0);
        let value: &[f64] = self.value.as_slice()?;
        let trees = self.trees.count();
        // Checked before the results are allocated, whose size the rows decide.
        super::check_features(self.n_features(), &rows)?;
        let mut results = Array2::zeros((rows.nrows(), width));
        let target = results.as_slice_mut().unwrap_or_default();
        self.walk(rows, |row, _, leaves| {
            let sums = target.get_mut(row * width..(row + 1) * width).unwrap_or_default();
            // The sums are taken tree by tree, so that walking abreast changes no bit.
            for leaf in leaves {
                let first = leaf.saturating_mul(width);
                let at_leaf = value
                    .get(first..first.saturating_add(width))
                    .ok_or_else(|| invalid(VALUE, first, "values of the node", "none"))?;
                match (self.alone, self.vote) {
                    (_, true) => self.count_votes(sums, at_leaf),
                    (true, false) => sums.copy_from_slice(at_leaf),
                    (false, false) => {
                        sums.iter_mut().zip(at_leaf).for_each(|(sum, value)| *sum += value);
                    }
                }
            }
            Ok(())
        })?;
        if !self.alone {
            target.iter_mut().for_each(|sum| *sum /= trees as f64);
        }
        Ok(results)
    }

    /// Adds a vote for the largest fraction of each output.
    fn count_votes(&self, sums: &mut [f64], fractions: &[f64]) {
        let mut first = 0;
        for count in self.classes.iter().flat_map(OutputClasses::counts) {
            let of_output = fractions.get(first..first + count).unwrap_or_default();
            if let Some(sum) = sums.get_mut(first + largest(of_output.iter().copied())) {
                *sum += 1.0;
            }
            first += count;
        }
    }

    fn walk(
        &self,
        rows: ArrayView2<'_, f64>,
        take: impl FnMut(usize, usize, &[usize]) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        match (self.trees.missing(), self.strict) {
            (Missing::Learned, _) => self.trees.walk(self.trees.learned(), rows, take),
            (_, true) => self.trees.walk(Less, rows, take),
            (_, false) => self.trees.walk(LessOrEqual, rows, take),
        }
    }

    pub(super) fn validate(&self) -> Result<(), ModelError> {
        if let Some(classes) = &self.classes {
            classes.validate()?;
        }
        // What is missing is separated from all that is there by an infinite threshold.
        self.trees.validate(self.trees.missing() == Missing::Learned)?;
        let value: &[f64] = self.value.as_slice()?;
        match &self.classes {
            Some(classes) => validate_fractions(value, classes)?,
            None => super::check_finite(VALUE, value)?,
        }
        self.validate_decided()
    }

    fn validate_decided(&self) -> Result<(), ModelError> {
        let (Some(decided), Some(classes)) = (&self.decided, &self.classes) else {
            return Ok(());
        };
        let decided: &[u32] = decided.as_slice()?;
        let counts: Vec<usize> = classes.counts().collect();
        for (index, (class, count)) in decided.iter().zip(counts.iter().cycle()).enumerate() {
            if *class as usize >= *count {
                return Err(invalid(DECIDED, index, format!("a class below {count}"), class));
            }
        }
        Ok(())
    }
}

/// How far from 1 fractions may add up to, as they are rounded.
const ROUNDING: f64 = 1e-9;

fn validate_fractions(value: &[f64], classes: &OutputClasses) -> Result<(), ModelError> {
    let mut counts = classes.counts();
    if let (Some(count), None) = (counts.next(), counts.next())
        && are_fractions(value, count)
    {
        return Ok(());
    }
    let mut rest = value;
    let mut first = 0;
    while !rest.is_empty() {
        for count in classes.counts() {
            let (fractions, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            let sum: f64 = fractions.iter().sum();
            let inside = fractions.iter().all(|fraction| (0.0..=1.0).contains(fraction));
            if !inside || (sum - 1.0).abs() > ROUNDING {
                let found = format!("{fractions:?}");
                return Err(invalid(VALUE, first, "fractions that add up to 1", found));
            }
            first += count;
            rest = after;
        }
    }
    Ok(())
}

/// True where every so many numbers are fractions that add up to 1. Without a branch a number: which is
/// wrong is not asked. With as many as few classes have, that number is known beforehand, so that
/// several rows are looked at at once.
fn are_fractions(value: &[f64], count: usize) -> bool {
    match count {
        1 => are_fractions_of::<1>(value),
        2 => are_fractions_of::<2>(value),
        3 => are_fractions_of::<3>(value),
        4 => are_fractions_of::<4>(value),
        _ => {
            let mut all = count > 0 && value.len().is_multiple_of(count);
            for fractions in value.chunks_exact(count.max(1)) {
                all &= add_up(fractions);
            }
            all
        }
    }
}

fn are_fractions_of<const COUNT: usize>(value: &[f64]) -> bool {
    let (rows, rest) = value.as_chunks::<COUNT>();
    rows.iter().fold(rest.is_empty(), |all, fractions| all & add_up(fractions))
}

#[inline(always)]
fn add_up(fractions: &[f64]) -> bool {
    let (mut all, mut sum) = (true, 0.0);
    for fraction in fractions {
        all &= (*fraction >= 0.0) & (*fraction <= 1.0);
        sum += fraction;
    }
    all & ((sum - 1.0f64).abs() <= ROUNDING)
}
