//! One model after another: transformers, and at the end a predictor or one more transformer.
//!
//! Rows go through in parts, so that what is wide in between (a hundred thousand terms of a text)
//! is there for a few rows at a time only.

use ndarray::{Array2, Axis};

use super::composition::{self, Child};
use super::{Model, ModelError, Predictions, Rows, Transformed};
use crate::base::{Metadata, Parameters, kinds};

const KIND: &str = "pipeline";
const SLOT: &str = "steps";
/// Numbers between two steps that one part of the rows may become: 8 MB.
const MOST_NUMBERS: usize = 1 << 20;
const FIRST_ROWS: usize = 16;
const MOST_ROWS: usize = 4096;

/// The steps.
pub struct Pipeline {
    steps: Vec<Child>,
}

impl Pipeline {
    /// Makes the model; its arrays are shared, not copied.
    ///
    /// # Errors
    /// [`ModelError`] when the parameters do not fit the kind.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        kinds::check(parameters)?;
        let steps = composition::children(parameters, SLOT)?;
        match steps.is_empty() {
            false => Ok(Pipeline { steps }),
            true => Err(ModelError::Entry {
                entry: SLOT,
                expected: "at least one step".into(),
                found: "none".into(),
            }),
        }
    }

    /// Asks the last step about what the others make of the rows, part by part, `first` rows first.
    fn ask<T>(
        &self,
        rows: Rows<'_>,
        first: usize,
        ask: impl Fn(&dyn Model, Rows<'_>) -> Result<T, ModelError>,
    ) -> Result<Vec<T>, ModelError> {
        let Some((last, before)) = self.steps.split_last() else { return Ok(Vec::new()) };
        if before.is_empty() {
            return Ok(vec![ask(&*last.model, rows).map_err(|source| last.wrap(SLOT, source))?]);
        }
        let mut answers = Vec::new();
        let (mut start, mut count) = (0, first.max(1));
        loop {
            let part = rows.part(start..start.saturating_add(count));
            let mut widest = part.rows().width();
            let mut between: Option<Transformed> = None;
            for step in before {
                let input = between.as_ref().map_or(part.rows(), Transformed::rows);
                let output = composition::transform(SLOT, step, input)?;
                widest = widest.max(output.rows().width());
                between = Some(output);
            }
            let input = between.as_ref().map_or(part.rows(), Transformed::rows);
            answers.push(ask(&*last.model, input).map_err(|source| last.wrap(SLOT, source))?);
            start = start.saturating_add(count);
            if start >= rows.len() {
                return Ok(answers);
            }
            count = (MOST_NUMBERS / widest.max(1)).clamp(1, MOST_ROWS);
        }
    }
}

/// Rows below each other.
fn below(parts: Vec<Array2<f64>>) -> Result<Array2<f64>, ModelError> {
    match <[Array2<f64>; 1]>::try_from(parts) {
        Ok([part]) => Ok(part),
        Err(parts) => {
            let views: Vec<_> = parts.iter().map(Array2::view).collect();
            ndarray::concatenate(Axis(0), &views)
                .map_err(|error| ModelError::Table(error.to_string()))
        }
    }
}

impl Model for Pipeline {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// What the first step that says it has.
    fn n_features(&self) -> usize {
        let all = self.steps.iter().map(|step| (step.model.n_features(), step.model.kind()));
        all.into_iter().find(|(width, kind)| *width > 0 || *kind != "identity").map_or(0, |f| f.0)
    }

    fn to_parameters(&self) -> Parameters {
        let mut parameters = super::assemble(KIND, Metadata::new(), []);
        composition::set_children(&mut parameters, SLOT, &self.steps);
        parameters
    }

    fn predict(&self, rows: Rows<'_>) -> Result<Predictions, ModelError> {
        Predictions::joined(self.ask(rows, FIRST_ROWS, |model, rows| model.predict(rows))?)
    }

    fn predict_proba(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        below(self.ask(rows, FIRST_ROWS, |model, rows| model.predict_proba(rows))?)
    }

    fn decision_function(&self, rows: Rows<'_>) -> Result<Array2<f64>, ModelError> {
        let first = if self.decides_together() { rows.len() } else { FIRST_ROWS };
        below(self.ask(rows, first, |model, rows| model.decision_function(rows))?)
    }

    fn decides_together(&self) -> bool {
        self.steps.last().is_some_and(|step| step.model.decides_together())
    }

    fn transform(&self, rows: Rows<'_>) -> Result<Transformed, ModelError> {
        Transformed::joined(self.ask(rows, FIRST_ROWS, |model, rows| model.transform(rows))?)
    }

    fn validate(&self) -> Result<(), ModelError> {
        composition::validate(SLOT, &self.steps)
    }
}
