//! A model inside gradient boosting: where its sums begin.

use ndarray::{Array2, ArrayView2};

use super::{Model, ModelError, Predictions, Rows, registry};
use crate::base::Parameters;

pub(super) const INIT: &str = "init";

/// A model that says where the sums begin, and what is made of its answer.
pub(super) struct Start {
    model: Box<dyn Model>,
    parameters: Parameters,
    link: StartLink,
    clip: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StartLink {
    Identity,
    Logit,
    HalfLogit,
    Log,
    CenteredLog,
}

fn inside(source: ModelError) -> ModelError {
    ModelError::Child { path: INIT.into(), source: Box::new(source) }
}

impl Start {
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let child = parameters.child(INIT)?;
        let model = registry::from_parameters(&child).map_err(inside)?;
        let link = match parameters.text("start_link").unwrap_or("identity") {
            "logit" => StartLink::Logit,
            "half_logit" => StartLink::HalfLogit,
            "log" => StartLink::Log,
            "centered_log" => StartLink::CenteredLog,
            _ => StartLink::Identity,
        };
        let clip = match link {
            StartLink::Identity => None,
            _ => Some(parameters.float("start_clip")?),
        };
        if let Some(clip) = clip.filter(|clip| !(0.0..0.5).contains(clip)) {
            return Err(ModelError::Entry {
                entry: "start_clip",
                expected: "at least 0 and below 0.5".into(),
                found: clip.to_string(),
            });
        }
        let parameters = model.to_parameters();
        Ok(Start { model, parameters, link, clip })
    }

    pub(super) fn parameters(&self) -> Parameters {
        self.parameters.clone()
    }

    pub(super) fn validate(&self) -> Result<(), ModelError> {
        self.model.validate().map_err(inside)
    }

    pub(super) fn begin(
        &self,
        rows: ArrayView2<'_, f64>,
        sums: usize,
        classifier: bool,
    ) -> Result<Array2<f64>, ModelError> {
        // The model inside is given what the trees compare.
        if let Some(((row, column), found)) = rows.indexed_iter().find(|(_, v)| v.is_nan()) {
            return Err(ModelError::Input { row, column, found: *found });
        }
        let single = rows.mapv(|value| f64::from(value as f32));
        let view = Rows::from(single.view());
        let answer = match classifier {
            true => self.model.predict_proba(view).map_err(inside)?,
            false => match self.model.predict(view).map_err(inside)? {
                Predictions::Values(values) => values,
                _ => return Err(self.unfit("values of a regression", "labels")),
            },
        };
        let expected = if classifier && sums == 1 { 2 } else { sums };
        if answer.ncols() != expected {
            let found = format!("{} columns", answer.ncols());
            return Err(self.unfit(&format!("{expected} columns"), &found));
        }
        let Some(clip) = self.clip else {
            // Both probabilities of two classes are no single sum.
            return match answer.ncols() == sums {
                true => Ok(answer),
                false => Err(self.unfit("a start_link from two columns to one sum", "identity")),
            };
        };
        let clipped = answer.mapv(|p| p.clamp(clip, 1.0 - clip));
        let of_second = |factor: f64| {
            Array2::from_shape_fn((rows.nrows(), 1), |(row, _)| {
                let p = clipped[[row, 1]];
                factor * (p / (1.0 - p)).ln()
            })
        };
        Ok(match self.link {
            StartLink::Logit if sums == 1 => of_second(1.0),
            StartLink::HalfLogit if sums == 1 => of_second(0.5),
            StartLink::Log if sums > 1 => clipped.mapv(f64::ln),
            StartLink::CenteredLog if sums > 1 => {
                let mut centered = clipped;
                for mut row in centered.outer_iter_mut() {
                    let mean = row.iter().map(|p| p.ln()).sum::<f64>() / row.len() as f64;
                    let center = mean.exp();
                    row.mapv_inplace(|p| (p / center).ln());
                }
                centered
            }
            _ => return Err(self.unfit(&format!("a start_link for {sums} sums"), "another")),
        })
    }

    fn unfit(&self, expected: &str, found: &str) -> ModelError {
        ModelError::Entry { entry: INIT, expected: expected.into(), found: found.into() }
    }
}
