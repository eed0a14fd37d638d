//! The loss of boosted trees: an option, and the object that fitting made of it.
//!
//! scikit-learn predicts by the object. An option that was changed after fitting says something else
//! and is refused: which of the two was meant, nobody can tell.

use super::Estimator;
use super::error::ReadError;

/// Options, and the classes that versions from 0.20 to 1.9 made of them.
const LOSSES: &[(&[&str], &[&str])] = &[
    (
        &["deviance", "log_loss", "auto", "binary_crossentropy", "categorical_crossentropy"],
        &[
            "BinomialDeviance",
            "MultinomialDeviance",
            "BinaryCrossEntropy",
            "CategoricalCrossEntropy",
            "HalfBinomialLoss",
            "HalfMultinomialLoss",
        ],
    ),
    (&["exponential"], &["ExponentialLoss"]),
    (
        &["ls", "squared_error", "least_squares"],
        &["LeastSquaresError", "LeastSquares", "HalfSquaredError"],
    ),
    (
        &["lad", "absolute_error", "least_absolute_deviation"],
        &["LeastAbsoluteError", "LeastAbsoluteDeviation", "AbsoluteError"],
    ),
    (&["huber"], &["HuberLossFunction", "HuberLoss"]),
    (&["quantile"], &["QuantileLossFunction", "PinballLoss"]),
    (&["poisson"], &["Poisson", "HalfPoissonLoss"]),
    (&["gamma"], &["HalfGammaLoss"]),
];

/// The option `loss`, one of `known`, which the object must agree with.
///
/// # Errors
/// When it is another one, or the object was made of another one.
pub(super) fn named(estimator: &Estimator<'_>, known: &[&str]) -> Result<String, ReadError> {
    let option = estimator.attribute("loss")?.text().ok().filter(|loss| known.contains(&&**loss));
    let Some(option) = option else {
        return Err(estimator.refuse("loss", estimator.shown("loss"), known.join(", ")));
    };
    let object = estimator.any_of(&["_loss", "loss_"])?;
    let class = object.class().map_or("", |(_, class)| class);
    let made = LOSSES.iter().find(|(_, classes)| classes.contains(&class));
    match made {
        Some((options, _)) if options.contains(&option.as_str()) => Ok(option),
        _ => Err(object.found(format!("the loss object of {option}"), format!("`{class}`"))),
    }
}
