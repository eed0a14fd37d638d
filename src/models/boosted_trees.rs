//! Sums of trees: a start, and what the leaves add to it, one tree after the other.
//!
//! Gradient boosting compares in single precision and multiplies each leaf's value with a learning
//! rate; the histogram variant compares as x is, and knows categories and missing values.

use ndarray::{Array2, ArrayView2};

use super::boosting_start::{INIT, Start};
use super::labels::{Classes, largest};
use super::tree_categories::{Encoder, Sets};
use super::tree_columns::{LessOrEqual, Missing, Trees, invalid};
use super::{ModelError, Predictions, Rows};
use crate::base::{Array, Metadata, Parameters, kinds};

const VALUE: &str = "value";
const BASELINE: &str = "baseline";

/// What is made of a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Identity,
    Log,
    Logistic,
    HalfLogistic,
    Softmax,
}

/// How a class is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Probability,
    Positive,
    NotNegative,
    Largest,
}

/// Trees whose values are added up.
pub(super) struct BoostedTrees {
    kind: &'static str,
    trees: Trees,
    value: Array,
    baseline: Array,
    learning_rate: Option<f64>,
    link: Link,
    decision: Decision,
    classes: Option<Classes>,
    start: Option<Start>,
    sets: Option<Sets>,
    encoder: Option<Encoder>,
    entries: Metadata,
}

impl BoostedTrees {
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let kind = kinds::check(parameters)?;
        let histograms = kind.id.starts_with("hist");
        let missing = match parameters.text("missing")? {
            "learned" => Missing::Learned,
            _ => Missing::Refused,
        };
        let single_precision = !histograms && parameters.text("input_cast")? == "f32";
        let trees = Trees::from_parameters(parameters, missing, single_precision)?;
        let classes = match kind.id.ends_with("classifier") {
            true => Some(Classes::from_parameters(parameters)?),
            false => None,
        };
        let start = match histograms || parameters.text("start")? == "constant" {
            true => None,
            false => Some(Start::from_parameters(parameters)?),
        };
        let sets = if histograms { Sets::from_parameters(parameters, &trees)? } else { None };
        let encoder = match histograms {
            true => Encoder::from_parameters(parameters, trees.n_features())?,
            false => None,
        };
        let boosted = BoostedTrees {
            kind: kind.id,
            value: parameters.array(VALUE)?.clone(),
            baseline: parameters.array(BASELINE)?.clone(),
            learning_rate: match histograms {
                true => None,
                false => Some(parameters.float("learning_rate")?),
            },
            link: link_of(parameters),
            decision: decision_of(parameters),
            classes,
            start,
            sets,
            encoder,
            entries: super::entries_of(kind, parameters),
            trees,
        };
        boosted.check_sums()?;
        Ok(boosted)
    }

    /// As many sums as the classes ask for, and as many trees for each.
    fn check_sums(&self) -> Result<(), ModelError> {
        let sums = self.sums();
        let fits = match &self.classes {
            None => sums == 1,
            Some(classes) if self.link == Link::Softmax => sums == classes.len() && sums > 1,
            Some(classes) => sums == 1 && classes.len() == 2,
        };
        if !fits {
            let classes = self.classes.as_ref().map_or(0, Classes::len);
            let expected =
                format!("one sum, or one for each of more than two of {classes} classes");
            return Err(invalid(BASELINE, 0, expected, sums));
        }
        if !self.trees.count().is_multiple_of(sums) {
            let expected = format!("a multiple of {sums} trees");
            return Err(invalid("tree_offsets", 0, expected, self.trees.count()));
        }
        let fits = match self.decision {
            Decision::Probability => true,
            Decision::Positive | Decision::NotNegative => sums == 1,
            Decision::Largest => sums > 1 || self.classes.is_none(),
        };
        if !fits {
            return Err(ModelError::Entry {
                entry: "decision",
                expected:
                    "positive or not_negative for one sum, largest for several, or probability"
                        .into(),
                found: format!("{:?} for {sums}", self.decision),
            });
        }
        Ok(())
    }

    fn sums(&self) -> usize {
        self.baseline.element_count()
    }

    /// The sums of each row: rows by sums.
    pub(super) fn decision_function(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        match &self.encoder {
            Some(encoder) => self.raw_of_numbers(encoder.encode(rows)?.view()),
            None => self.raw_of_numbers(rows.numbers()?.view()),
        }
    }

    fn raw_of_numbers(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, ModelError> {
        super::check_features(self.trees.n_features(), &rows)?;
        let mut raw = self.begin(rows)?;
        let sums = self.sums();
        let value: &[f64] = self.value.as_slice()?;
        let rate = self.learning_rate;
        let target = raw.as_slice_mut().unwrap_or_default();
        let add = |row: usize, first: usize, leaves: &[usize]| {
            let of_row = target.get_mut(row * sums..(row + 1) * sums).unwrap_or_default();
            for (tree, leaf) in (first..).zip(leaves) {
                let added = value
                    .get(*leaf)
                    .ok_or_else(|| invalid(VALUE, *leaf, "the value of the node", "none"))?;
                if let Some(sum) = of_row.get_mut(tree % sums) {
                    *sum += rate.map_or(*added, |rate| rate * added);
                }
            }
            Ok(())
        };
        match (&self.sets, self.trees.missing()) {
            (Some(sets), _) => self.trees.walk(sets.rule(self.trees.learned())?, rows, add)?,
            (None, Missing::Learned) => self.trees.walk(self.trees.learned(), rows, add)?,
            (None, _) => self.trees.walk(LessOrEqual, rows, add)?,
        }
        Ok(raw)
    }

    /// Where the sums begin.
    fn begin(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, ModelError> {
        let baseline: &[f64] = self.baseline.as_slice()?;
        match &self.start {
            Some(start) => start.begin(rows, baseline.len(), self.classes.is_some()),
            None => {
                Ok(Array2::from_shape_fn((rows.nrows(), baseline.len()), |(_, sum)| baseline[sum]))
            }
        }
    }

    fn probabilities(&self, raw: &Array2<f64>) -> Array2<f64> {
        let of_two = |factor: f64| {
            let mut both = Array2::zeros((raw.nrows(), 2));
            for (sum, mut pair) in raw.iter().zip(both.outer_iter_mut()) {
                let second = logistic(factor * sum);
                pair[0] = 1.0 - second;
                pair[1] = second;
            }
            both
        };
        match self.link {
            Link::HalfLogistic => of_two(2.0),
            Link::Softmax => {
                let mut all = raw.clone();
                for mut row in all.outer_iter_mut() {
                    let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    row.mapv_inplace(|sum| (sum - most).exp());
                    let total: f64 = row.iter().sum();
                    row.mapv_inplace(|power| power / total);
                }
                all
            }
            _ => of_two(1.0),
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn n_features(&self) -> usize {
        self.trees.n_features()
    }

    pub(super) fn predict_proba(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        Ok(self.probabilities(&self.decision_function(rows)?))
    }

    pub(super) fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        let mut raw = self.decision_function(rows)?;
        let Some(classes) = &self.classes else {
            if self.link == Link::Log {
                raw.mapv_inplace(f64::exp);
            }
            return Ok(Predictions::Values(raw));
        };
        let indices: Vec<usize> = match self.decision {
            Decision::Positive => raw.iter().map(|sum| usize::from(*sum > 0.0)).collect(),
            Decision::NotNegative => raw.iter().map(|sum| usize::from(*sum >= 0.0)).collect(),
            Decision::Largest => rows_largest(&raw),
            Decision::Probability => rows_largest(&self.probabilities(&raw)),
        };
        classes.label(&indices)
    }

    pub(super) fn to_parameters(&self) -> Parameters {
        let own = [(VALUE, &self.value), (BASELINE, &self.baseline)];
        let sets = self.sets.iter().flat_map(Sets::arrays);
        let columns = self.trees.arrays().chain(own).chain(sets);
        let classes = self.classes.iter().map(|classes| ("classes", classes.array()));
        let mut parameters =
            super::assemble(self.kind, self.entries.clone(), columns.chain(classes));
        for (name, array) in self.encoder.iter().flat_map(Encoder::arrays) {
            // The known categories may be there already: trees and encoder share them.
            let _ = parameters.insert(name, array.clone());
        }
        if let Some(start) = &self.start {
            let _ = parameters.set_child(INIT, start.parameters());
        }
        parameters
    }

    pub(super) fn validate(&self) -> Result<(), ModelError> {
        if let Some(classes) = &self.classes {
            classes.validate()?;
        }
        // A histogram's last threshold is infinite: all that is there goes left of what is missing.
        self.trees.validate(self.learning_rate.is_none())?;
        super::check_finite(VALUE, self.value.as_slice()?)?;
        super::check_finite(BASELINE, self.baseline.as_slice()?)?;
        if let Some(rate) = self.learning_rate.filter(|rate| !rate.is_finite()) {
            return Err(ModelError::Entry {
                entry: "learning_rate",
                expected: "a finite number".into(),
                found: rate.to_string(),
            });
        }
        if let Some(sets) = &self.sets {
            sets.validate()?;
        }
        match &self.start {
            Some(start) => start.validate(),
            None => Ok(()),
        }
    }
}

fn link_of(parameters: &Parameters) -> Link {
    match parameters.text("link") {
        Ok("log") => Link::Log,
        Ok("logistic") => Link::Logistic,
        Ok("half_logistic") => Link::HalfLogistic,
        Ok("softmax") => Link::Softmax,
        _ => Link::Identity,
    }
}

fn decision_of(parameters: &Parameters) -> Decision {
    match parameters.text("decision") {
        Ok("positive") => Decision::Positive,
        Ok("not_negative") => Decision::NotNegative,
        Ok("probability") => Decision::Probability,
        _ => Decision::Largest,
    }
}

fn rows_largest(values: &Array2<f64>) -> Vec<usize> {
    values.outer_iter().map(|row| largest(row.iter().copied())).collect()
}

fn logistic(value: f64) -> f64 {
    1.0 / (1.0 + (-value).exp())
}
