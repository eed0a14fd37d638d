//! Multilayer perceptron classifiers, trained here.
//!
//! linfa has no neural networks, and the libraries that do bring a framework for devices and graphs
//! along; this is what `MLPClassifier` of scikit-learn does by default (`_multilayer_perceptron.py`):
//! rectified linear units, softmax or logistic at the end, cross-entropy, Adam over shuffled batches. The
//! products of matrices are ndarray's.

use ndarray::{Array1, Array2, ArrayView2, Axis, Zip};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::ModelError;
use super::activations::{sigmoid, softmax};
use super::recipes::Hyper;
use crate::base::{Array, Parameters};

/// Adam's constants (Kingma and Ba 2015), the defaults of scikit-learn.
const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Rows of a batch at most, as in scikit-learn.
const BATCH: usize = 200;

/// One layer, and what Adam remembers of it.
struct Layer {
    coef: Array2<f64>,
    intercept: Array1<f64>,
    coef_moments: [Array2<f64>; 2],
    intercept_moments: [Array1<f64>; 2],
}

impl Layer {
    /// Uniform within sqrt(6 / (inputs + outputs)): Glorot and Bengio 2010.
    fn new(inputs: usize, outputs: usize, rng: &mut ChaCha8Rng) -> Self {
        let bound = (6.0 / (inputs + outputs) as f64).sqrt();
        let mut draw = || bound * (2.0 * rng.random::<f64>() - 1.0);
        let coef = Array2::from_shape_simple_fn((inputs, outputs), &mut draw);
        let intercept = Array1::from_shape_simple_fn(outputs, &mut draw);
        let coef_moments = [Array2::zeros(coef.dim()), Array2::zeros(coef.dim())];
        let intercept_moments = [Array1::zeros(outputs), Array1::zeros(outputs)];
        Layer { coef, intercept, coef_moments, intercept_moments }
    }

    fn forward(&self, inputs: &Array2<f64>) -> Array2<f64> {
        inputs.dot(&self.coef) + &self.intercept
    }

    /// One step of Adam along the gradients of this batch.
    fn step(&mut self, coef: &Array2<f64>, intercept: &Array1<f64>, rate: f64) {
        let [first, second] = &mut self.coef_moments;
        Zip::from(&mut self.coef).and(first).and(second).and(coef).for_each(adam(rate));
        let [first, second] = &mut self.intercept_moments;
        Zip::from(&mut self.intercept).and(first).and(second).and(intercept).for_each(adam(rate));
    }
}

/// Adam for one weight: moves the moments along and the weight against them.
fn adam(rate: f64) -> impl Fn(&mut f64, &mut f64, &mut f64, &f64) {
    move |weight, first, second, gradient| {
        *first = BETA_1 * *first + (1.0 - BETA_1) * gradient;
        *second = BETA_2 * *second + (1.0 - BETA_2) * gradient * gradient;
        *weight -= rate * *first / (second.sqrt() + EPSILON);
    }
}

/// The layers, from the features to the classes.
struct Network {
    layers: Vec<Layer>,
    steps: i32,
    rate: f64,
    alpha: f64,
}

impl Network {
    /// What each layer is given, and last what the network answers.
    fn forward(&self, rows: ArrayView2<'_, f64>) -> Vec<Array2<f64>> {
        let mut values = vec![rows.to_owned()];
        for (index, layer) in self.layers.iter().enumerate() {
            let mut next = layer.forward(&values[index]);
            if index + 1 < self.layers.len() {
                next.mapv_inplace(|value| value.max(0.0));
            } else if next.ncols() == 1 {
                next.mapv_inplace(sigmoid);
            } else {
                next.outer_iter_mut().for_each(|mut row| softmax(row.iter_mut()));
            }
            values.push(next);
        }
        values
    }

    /// Learns from one batch.
    fn learn(&mut self, rows: ArrayView2<'_, f64>, targets: ArrayView2<'_, f64>) {
        let count = rows.nrows() as f64;
        let mut values = self.forward(rows);
        let Some(answers) = values.pop() else { return };
        // Of cross-entropy over softmax, and over the logistic function alike.
        let mut delta = (answers - targets) / count;
        self.steps += 1;
        let corrected = (1.0 - BETA_2.powi(self.steps)).sqrt() / (1.0 - BETA_1.powi(self.steps));
        let rate = self.rate * corrected;
        for (index, layer) in self.layers.iter_mut().enumerate().rev() {
            let Some(inputs) = values.pop() else { return };
            let mut gradient = inputs.t().dot(&delta);
            gradient.scaled_add(self.alpha / count, &layer.coef);
            let constants = delta.sum_axis(Axis(0));
            if index > 0 {
                delta = delta.dot(&layer.coef.t());
                Zip::from(&mut delta).and(&inputs).for_each(|delta, input| {
                    *delta *= f64::from(u8::from(*input > 0.0));
                });
            }
            layer.step(&gradient, &constants, rate);
        }
    }
}

/// Trains on rows, which should be at mean 0 and deviation 1. `progress` is told the share of the
/// epochs that is done.
///
/// # Errors
/// When there are fewer than two classes, or the weights did not stay finite.
pub(super) fn fit(
    rows: &Array2<f64>,
    classes: &[usize],
    hyper: Hyper<'_>,
    seed: u64,
    progress: &(dyn Fn(f64) + Sync),
) -> Result<Parameters, ModelError> {
    let what = "multilayer perceptron";
    let count = classes.iter().max().map_or(0, |largest| largest + 1);
    if count < 2 || rows.nrows() != classes.len() {
        let message = format!("{} rows with {count} classes: expected two or more", rows.nrows());
        return Err(ModelError::Training { what, message });
    }
    let outputs = if count == 2 { 1 } else { count };
    let mut targets = Array2::zeros((classes.len(), outputs));
    for (mut row, class) in targets.outer_iter_mut().zip(classes) {
        match outputs {
            1 => row.fill(*class as f64),
            _ => row[*class] = 1.0,
        }
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let hidden = vec![hyper.count("units"); hyper.count("hidden_layers")];
    let widths = [&[rows.ncols()], hidden.as_slice(), &[outputs]].concat();
    let layers = widths.windows(2).map(|pair| Layer::new(pair[0], pair[1], &mut rng)).collect();
    let rate = hyper.get("learning_rate").unwrap_or(0.001);
    let alpha = hyper.get("alpha").unwrap_or(0.0001);
    let mut network = Network { layers, steps: 0, rate, alpha };
    let epochs = hyper.count("epochs");
    let mut order: Vec<usize> = (0..classes.len()).collect();
    for epoch in 0..epochs {
        order.shuffle(&mut rng);
        for batch in order.chunks(BATCH) {
            let (rows, targets) = (rows.select(Axis(0), batch), targets.select(Axis(0), batch));
            network.learn(rows.view(), targets.view());
        }
        progress((epoch + 1) as f64 / epochs as f64);
    }
    parameters(network, outputs, what)
}

fn parameters(
    network: Network,
    outputs: usize,
    what: &'static str,
) -> Result<Parameters, ModelError> {
    let output = if outputs == 1 { "logistic" } else { "softmax" };
    let mut parameters = Parameters::new("multilayer_perceptron_classifier", 1)
        .with("activation", "relu")
        .with("output_activation", output);
    for (index, layer) in network.layers.into_iter().enumerate() {
        if !layer.coef.iter().chain(&layer.intercept).all(|weight| weight.is_finite()) {
            let message = format!("the weights of layer {index} did not stay finite");
            return Err(ModelError::Training { what, message });
        }
        let shape = [layer.coef.nrows(), layer.coef.ncols()];
        let coef = Array::from_vec(layer.coef.into_iter().collect(), &shape)?;
        let intercept = Array::from_vec(layer.intercept.to_vec(), &[shape[1]])?;
        parameters.insert(format!("coef.{index}"), coef)?;
        parameters.insert(format!("intercept.{index}"), intercept)?;
    }
    Ok(parameters)
}

/// The network of scaled rows as one of the rows as they are: only its first layer sees features.
pub(super) fn unscaled(
    parameters: &Parameters,
    scaling: &[(f64, f64)],
) -> Result<Parameters, ModelError> {
    let mut coef = parameters.array("coef.0")?.view::<f64, ndarray::Ix2>()?.to_owned();
    let mut intercept = parameters.array("intercept.0")?.as_slice::<f64>()?.to_vec();
    for (mut weights, (mean, deviation)) in coef.outer_iter_mut().zip(scaling) {
        for (weight, constant) in weights.iter_mut().zip(&mut intercept) {
            *weight /= deviation;
            *constant -= *weight * mean;
        }
    }
    let shape = [coef.nrows(), coef.ncols()];
    let mut unscaled =
        Parameters::new(parameters.kind(), 1).with_metadata(parameters.metadata().clone());
    for (name, array) in parameters.arrays() {
        let array = match name {
            "coef.0" => Array::from_vec(coef.iter().copied().collect(), &shape)?,
            "intercept.0" => Array::from_vec(intercept.clone(), &[shape[1]])?,
            _ => array.clone(),
        };
        unscaled.insert(name, array)?;
    }
    Ok(unscaled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Predictions;
    use crate::models::registry::from_parameters;

    const HYPER: &[(&str, f64)] =
        &[("hidden_layers", 2.0), ("units", 16.0), ("epochs", 400.0), ("learning_rate", 0.01)];

    /// Four corners of a square, opposite ones alike: no linear model tells them apart.
    fn corners(third: bool) -> (Array2<f64>, Vec<usize>) {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut rows = Array2::zeros((400, 2));
        let mut classes = Vec::new();
        for (index, mut row) in rows.outer_iter_mut().enumerate() {
            let (x, y) = (index % 2, index / 2 % 2);
            row[0] = x as f64 * 2.0 - 1.0 + 0.6 * (rng.random::<f64>() - 0.5);
            row[1] = y as f64 * 2.0 - 1.0 + 0.6 * (rng.random::<f64>() - 0.5);
            classes.push(if third && x + y == 2 { 2 } else { x ^ y });
        }
        (rows, classes)
    }

    fn share_of_right(parameters: &Parameters, rows: &Array2<f64>, classes: &[usize]) -> f64 {
        let labels = classes.iter().max().map_or(0, |largest| *largest as i64 + 1);
        let mut parameters = parameters.clone();
        let array = Array::from_vec((0..labels).collect(), &[labels as usize]).unwrap();
        parameters.insert("classes", array).unwrap();
        let model = from_parameters(&parameters).unwrap();
        model.validate().unwrap();
        let Predictions::Integers(found) = model.predict(rows.view().into()).unwrap() else {
            panic!()
        };
        let right = found.iter().zip(classes).filter(|(found, class)| **found == **class as i64);
        right.count() as f64 / classes.len() as f64
    }

    #[test]
    fn it_learns_what_no_linear_model_can_with_one_output_and_with_three() {
        for third in [false, true] {
            let (rows, classes) = corners(third);
            let parameters = fit(&rows, &classes, Hyper(HYPER), 1, &|_| ()).unwrap();
            let right = share_of_right(&parameters, &rows, &classes);
            assert!(right > 0.99, "{right}");
            let again = fit(&rows, &classes, Hyper(HYPER), 1, &|_| ()).unwrap();
            assert_eq!(parameters.first_difference(&again), None, "seeded");
        }
    }

    #[test]
    fn the_unscaled_network_says_the_same_of_rows_as_they_are() {
        let (rows, classes) = corners(true);
        let parameters = fit(&rows, &classes, Hyper(HYPER), 1, &|_| ()).unwrap();
        let scaling = [(5.0, 0.25), (-3.0, 40.0)];
        let mut raw = rows.clone();
        for (mut column, (mean, deviation)) in raw.columns_mut().into_iter().zip(scaling) {
            column.mapv_inplace(|value| value * deviation + mean);
        }
        let unscaled = unscaled(&parameters, &scaling).unwrap();
        let right = share_of_right(&unscaled, &raw, &classes);
        assert!(right > 0.99, "{right}");
    }

    #[test]
    fn one_class_is_nothing_to_learn() {
        let error = fit(&Array2::zeros((3, 1)), &[0, 0, 0], Hyper(HYPER), 1, &|_| ()).unwrap_err();
        assert!(error.to_string().contains("3 rows with 1 classes"), "{error}");
    }
}
