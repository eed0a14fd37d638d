//! Weights of a small network that was really trained: on the diabetes data, by gradient descent.
//!
//! Rectified units and the squared error need only sums and products, done here in one order, so that
//! the weights are the same to the bit on every machine.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{Arrays, Payload};
use crate::base::ParametersError;
use crate::models::dataset::{Source, Targets};

/// Inputs, hidden units, outputs.
const WIDTHS: [usize; 4] = [10, 256, 128, 1];
const EPOCHS: usize = 8;
const LEARNING_RATE: f32 = 0.002;

pub(super) static PAYLOAD: Payload = Payload {
    id: "trained-weights",
    title: "Weights of a trained network",
    why: "what most people save: floats whose size has a pattern and whose last bits have none",
    fill,
};

/// The arrays of the network, with their shapes.
pub(super) fn shapes() -> Vec<(String, Vec<usize>)> {
    let layer = |(index, widths): (usize, &[usize])| {
        let (inputs, units) = (widths[0], widths[1]);
        let name = |what: &str| format!("layers.{index}.{what}");
        [(name("weights"), vec![units, inputs]), (name("bias"), vec![units])]
    };
    WIDTHS.windows(2).enumerate().flat_map(layer).collect()
}

fn fill(arrays: &mut Arrays, rng: &mut ChaCha8Rng) -> Result<(), ParametersError> {
    let (rows, targets) = data();
    let mut layers: Vec<Layer> = WIDTHS.windows(2).map(|w| Layer::new(w[0], w[1], rng)).collect();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    for _ in 0..EPOCHS {
        order.shuffle(rng);
        for index in &order {
            step(&mut layers, &rows[*index], targets[*index]);
        }
    }
    let parts = layers.into_iter().flat_map(|layer| [layer.weights, layer.bias]);
    for ((name, shape), values) in shapes().into_iter().zip(parts) {
        arrays.put(&name, values, &shape)?;
    }
    Ok(())
}

/// Rows and targets, each column with mean 0 and deviation 1.
fn data() -> (Vec<Vec<f32>>, Vec<f32>) {
    let dataset = Source::Diabetes.load();
    let values = match dataset.targets {
        Targets::Values(values) => values,
        Targets::Classes(classes) => classes.into_iter().map(|class| class as f64).collect(),
    };
    let columns: Vec<Vec<f32>> =
        dataset.rows.columns().into_iter().map(|column| standard(column.to_vec())).collect();
    let row = |index: usize| columns.iter().map(|column| column[index]).collect();
    ((0..dataset.rows.nrows()).map(row).collect(), standard(values))
}

fn standard(values: Vec<f64>) -> Vec<f32> {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    let deviation = variance.sqrt();
    values.into_iter().map(|value| ((value - mean) / deviation) as f32).collect()
}

struct Layer {
    inputs: usize,
    /// Units by inputs.
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Layer {
    /// Uniform draws with the deviation that rectified units need (He et al. 2015).
    fn new(inputs: usize, units: usize, rng: &mut ChaCha8Rng) -> Self {
        let bound = (6.0 / inputs as f32).sqrt();
        let weights = (0..units * inputs).map(|_| (rng.random::<f32>() * 2.0 - 1.0) * bound);
        Layer { inputs, weights: weights.collect(), bias: vec![0.0; units] }
    }

    fn answers(&self, input: &[f32]) -> Vec<f32> {
        let unit = |(weights, bias): (&[f32], &f32)| {
            weights.iter().zip(input).fold(*bias, |sum, (weight, value)| sum + weight * value)
        };
        self.weights.chunks_exact(self.inputs).zip(&self.bias).map(unit).collect()
    }

    /// Goes down the slope, and returns the slope of the inputs.
    fn learn(&mut self, input: &[f32], slopes: &[f32]) -> Vec<f32> {
        let mut back = vec![0.0; self.inputs];
        let units = self.weights.chunks_exact_mut(self.inputs).zip(&mut self.bias).zip(slopes);
        for ((weights, bias), slope) in units.filter(|(_, slope)| **slope != 0.0) {
            for ((weight, value), back) in weights.iter_mut().zip(input).zip(&mut back) {
                *back += *weight * slope;
                *weight -= LEARNING_RATE * slope * value;
            }
            *bias -= LEARNING_RATE * slope;
        }
        back
    }
}

/// What each layer is given, and what the last one answers.
fn forward(layers: &[Layer], row: &[f32]) -> (Vec<Vec<f32>>, Vec<f32>) {
    let mut inputs = Vec::with_capacity(layers.len());
    let mut values = row.to_vec();
    for (index, layer) in layers.iter().enumerate() {
        let mut answers = layer.answers(&values);
        if index + 1 < layers.len() {
            answers.iter_mut().for_each(|answer| *answer = answer.max(0.0));
        }
        inputs.push(std::mem::replace(&mut values, answers));
    }
    (inputs, values)
}

fn step(layers: &mut [Layer], row: &[f32], target: f32) {
    let (inputs, answers) = forward(layers, row);
    let mut slopes: Vec<f32> = answers.iter().map(|answer| answer - target).collect();
    for (layer, input) in layers.iter_mut().zip(&inputs).rev() {
        slopes = layer.learn(input, &slopes);
        // A unit that was cut off at zero passes nothing back.
        slopes.iter_mut().zip(input).for_each(|(slope, value)| {
            if *value <= 0.0 {
                *slope = 0.0;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payloads::SEED;

    #[test]
    fn the_network_explains_what_it_was_trained_on() {
        let parameters = PAYLOAD.make(SEED).unwrap();
        let part = |name: &str| parameters.slice::<f32>(name).unwrap().to_vec();
        let layer = |index: usize| Layer {
            inputs: WIDTHS[index],
            weights: part(&format!("layers.{index}.weights")),
            bias: part(&format!("layers.{index}.bias")),
        };
        let layers: Vec<Layer> = (0..3).map(layer).collect();
        let (rows, targets) = data();
        let error = rows.iter().zip(&targets).map(|(row, target)| {
            let difference = f64::from(forward(&layers, row).1[0] - target);
            difference * difference
        });
        // The targets have variance 1.
        let explained = 1.0 - error.sum::<f64>() / rows.len() as f64;
        assert!((0.45..0.999).contains(&explained), "R2 {explained}");
    }
}
