//! The kernels of support vector machines, and the look at their entries.

use super::ModelError;
use crate::base::{Metadata, Parameters, Value};

#[derive(Debug, Clone, Copy)]
pub(super) enum Kernel {
    Linear,
    Rbf { gamma: f64 },
    Poly { gamma: f64, coef0: f64, degree: i32 },
    Sigmoid { gamma: f64, coef0: f64 },
}

impl Kernel {
    pub(super) fn from_parameters(parameters: &Parameters) -> Result<Self, ModelError> {
        let gamma = parameters.float("gamma")?;
        let coef0 = parameters.float("coef0")?;
        let degree = parameters.float("degree")?;
        Ok(match parameters.text("kernel")? {
            "linear" => Kernel::Linear,
            "rbf" => Kernel::Rbf { gamma },
            // A cast from float saturates: a hostile degree gives infinities, not a panic.
            "poly" => Kernel::Poly { gamma, coef0, degree: degree as i32 },
            _ => Kernel::Sigmoid { gamma, coef0 },
        })
    }

    pub(super) fn apply(self, x: &[f64], v: &[f64]) -> f64 {
        let pairs = || x.iter().zip(v);
        let dot = || pairs().map(|(x, v)| x * v).sum::<f64>();
        match self {
            Kernel::Linear => dot(),
            Kernel::Rbf { gamma } => {
                (-gamma * pairs().map(|(x, v)| (x - v) * (x - v)).sum::<f64>()).exp()
            }
            Kernel::Poly { gamma, coef0, degree } => (gamma * dot() + coef0).powi(degree),
            Kernel::Sigmoid { gamma, coef0 } => (gamma * dot() + coef0).tanh(),
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
        assert_eq!(Kernel::Linear.apply(&x, &v), 13.0);
        assert_eq!(Kernel::Rbf { gamma: 0.5 }.apply(&x, &v), (-0.5f64 * 13.0).exp());
        assert_eq!(Kernel::Poly { gamma: 0.5, coef0: 0.5, degree: 2 }.apply(&x, &v), 49.0);
        assert_eq!(Kernel::Sigmoid { gamma: 0.1, coef0: -1.0 }.apply(&x, &v), 0.3f64.tanh());
    }
}
