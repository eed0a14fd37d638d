//! The kernels of support vector machines, and the look at their entries.

use super::ModelError;
use super::activations::fused_dot;
use crate::base::{Metadata, Parameters, Value};

#[derive(Debug, Clone, Copy)]
enum Function {
    Linear,
    Rbf { gamma: f64 },
    Poly { gamma: f64, coef0: f64, degree: i32 },
    Sigmoid { gamma: f64, coef0: f64 },
}

/// A function of two rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kernel {
    function: Function,
    fused: bool,
}

impl Kernel {
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let gamma = parameters.float("gamma")?;
        let coef0 = parameters.float("coef0")?;
        let degree = parameters.float("degree")?;
        let function = match parameters.text("kernel")? {
            "linear" => Function::Linear,
            "rbf" => Function::Rbf { gamma },
            // A cast from float saturates: a hostile degree gives infinities, not a panic.
            "poly" => Function::Poly { gamma, coef0, degree: degree as i32 },
            _ => Function::Sigmoid { gamma, coef0 },
        };
        let fused = parameters.text("products").is_ok_and(|products| products == "fused");
        Ok(Kernel { function, fused })
    }

    pub(super) fn apply(self, x: &[f64], v: &[f64]) -> f64 {
        let dot = || match self.fused {
            true => fused_dot(x.iter().copied().zip(v.iter().copied())),
            false => x.iter().zip(v).map(|(x, v)| x * v).sum::<f64>(),
        };
        match self.function {
            Function::Linear => dot(),
            Function::Rbf { gamma } => {
                let differences = x.iter().zip(v).map(|(x, v)| x - v);
                let square: f64 = match self.fused {
                    true => fused_dot(differences.map(|d| (d, d))),
                    false => differences.map(|d| d * d).sum(),
                };
                (-gamma * square).exp()
            }
            Function::Poly { gamma, coef0, degree } => (gamma * dot() + coef0).powi(degree),
            Function::Sigmoid { gamma, coef0 } => (gamma * dot() + coef0).tanh(),
        }
    }
}

/// The numbers of a kernel are finite.
pub(super) fn validate(entries: &Metadata) -> Result<(), ModelError> {
    for entry in ["gamma", "coef0", "degree"] {
        if let Some(Value::Float(value)) = entries.get(entry)
            && !value.is_finite()
        {
            let (expected, found) = ("a finite number".into(), value.to_string());
            return Err(ModelError::Entry { entry, expected, found });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_those_of_the_definition() {
        let (x, v) = ([1.0, 2.0], [3.0, 5.0]);
        for fused in [false, true] {
            let apply = |function| Kernel { function, fused }.apply(&x, &v);
            assert_eq!(apply(Function::Linear), 13.0);
            assert_eq!(apply(Function::Rbf { gamma: 0.5 }), (-0.5f64 * 13.0).exp());
            assert_eq!(apply(Function::Poly { gamma: 0.5, coef0: 0.5, degree: 2 }), 49.0);
            assert_eq!(apply(Function::Sigmoid { gamma: 0.1, coef0: -1.0 }), 0.3f64.tanh());
        }
    }
}
