//! What multilayer perceptrons share: the layers and the way through them.

use ndarray::{Array2, ArrayView2, Axis};

use super::ModelError;
use super::activations::{sigmoid, softmax};
use crate::base::{Array, Parameters, kinds};

/// What is done with the sums of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    Identity,
    Logistic,
    Tanh,
    Relu,
    Softmax,
    Exponential,
}

impl Activation {
    fn from_text(text: &str) -> Self {
        match text {
            "logistic" => Activation::Logistic,
            "tanh" => Activation::Tanh,
            "relu" => Activation::Relu,
            "softmax" => Activation::Softmax,
            "exp" => Activation::Exponential,
            _ => Activation::Identity,
        }
    }

    fn apply(self, values: &mut Array2<f64>) {
        match self {
            Activation::Identity => {}
            Activation::Logistic => values.mapv_inplace(sigmoid),
            Activation::Tanh => values.mapv_inplace(f64::tanh),
            Activation::Relu => values.mapv_inplace(|value| value.max(0.0)),
            Activation::Softmax => {
                values.outer_iter_mut().for_each(|mut row| softmax(row.iter_mut()));
            }
            Activation::Exponential => values.mapv_inplace(f64::exp),
        }
    }
}

/// Weights and constants of each layer.
#[derive(Debug, Clone)]
pub(super) struct Perceptron {
    layers: Vec<(Array, Array)>,
    hidden: Activation,
    pub(super) output: Activation,
}

impl Perceptron {
    /// Takes the layers from parameters, whose kind is checked, and looks whether they fit.
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        kinds::check(parameters)?;
        let in_order = |name: &str| {
            let mut found: Vec<_> =
                parameters.numbered(name).map(|(index, array)| (index, array.clone())).collect();
            found.sort_by_key(|(index, _)| *index);
            found.into_iter().map(|(_, array)| array).collect::<Vec<Array>>()
        };
        let (coef, intercept) = (in_order("coef"), in_order("intercept"));
        let wrong = |index, expected: String, found: String| {
            Err(ModelError::Invalid { array: "coef", index, expected, found })
        };
        if coef.is_empty() || coef.len() != intercept.len() {
            let found = format!("{} and {}", coef.len(), intercept.len());
            return wrong(0, "a layer or more, each with coef and intercept".into(), found);
        }
        let layers: Vec<_> = coef.into_iter().zip(intercept).collect();
        let mut inputs = None;
        for (index, (coef, intercept)) in layers.iter().enumerate() {
            let fits = inputs.is_none_or(|inputs| coef.shape().first() == Some(&inputs))
                && coef.shape().get(1) == intercept.shape().first();
            if !fits {
                let expected = format!(
                    "layer {index} to take what the one before gives, a constant an output"
                );
                let found = format!("shapes {:?} and {:?}", coef.shape(), intercept.shape());
                return wrong(0, expected, found);
            }
            inputs = coef.shape().get(1).copied();
        }
        Ok(Perceptron {
            layers,
            hidden: Activation::from_text(parameters.text("activation")?),
            output: Activation::from_text(parameters.text("output_activation")?),
        })
    }

    pub(super) fn n_features(&self) -> usize {
        self.layers.first().and_then(|(coef, _)| coef.shape().first().copied()).unwrap_or(0)
    }

    pub(super) fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |(_, intercept)| intercept.element_count())
    }

    /// Puts the layers into parameters.
    pub(super) fn add_to(&self, parameters: &mut Parameters) {
        for (index, (coef, intercept)) in self.layers.iter().enumerate() {
            // Names that differ by their numbers: none is refused.
            let _ = parameters.insert(format!("coef.{index}"), coef.clone());
            let _ = parameters.insert(format!("intercept.{index}"), intercept.clone());
        }
    }

    /// Rows by outputs. Each sum runs over the inputs in order, so that it is the same to the bit
    /// however many rows are asked at once.
    pub(super) fn forward(&self, rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, ModelError> {
        super::check_rows(self.n_features(), &rows)?;
        let mut values = rows.to_owned();
        for (index, (coef, intercept)) in self.layers.iter().enumerate() {
            let (coef, intercept) = (coef.as_slice::<f64>()?, intercept.as_slice::<f64>()?);
            let mut next = Array2::zeros((values.nrows(), intercept.len()));
            for (row, mut target) in values.outer_iter().zip(next.axis_iter_mut(Axis(0))) {
                // `max` because a layer without outputs has no chunks to speak of.
                for (x, weights) in row.iter().zip(coef.chunks_exact(intercept.len().max(1))) {
                    target.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += x * weight);
                }
                target.iter_mut().zip(intercept).for_each(|(sum, constant)| *sum += constant);
            }
            let last = index + 1 == self.layers.len();
            if last { self.output } else { self.hidden }.apply(&mut next);
            values = next;
        }
        Ok(values)
    }

    pub(super) fn validate(&self) -> Result<(), ModelError> {
        for (coef, intercept) in &self.layers {
            super::check_finite("coef", coef.as_slice()?)?;
            super::check_finite("intercept", intercept.as_slice()?)?;
        }
        Ok(())
    }
}
