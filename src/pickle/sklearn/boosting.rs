//! Gradient boosting: `sklearn/ensemble/_gb.py`, `_gb_losses.py`, `sklearn/dummy.py`.

use super::error::ReadError;
use super::estimator::Estimator;
use super::item::Item;
use super::members;
use super::registry::Class;
use super::trees::{Assembly, keep_members, read_members};
use super::version::Version;
use super::{loss, precision, tree_values};
use crate::base::{Metadata, Parameters};
use crate::pickle::Node;

const ENSEMBLE: &str = "sklearn.ensemble";

pub(super) const CLASSES: &[Class] = &[
    (ENSEMBLE, "GradientBoostingClassifier", classifier),
    (ENSEMBLE, "GradientBoostingRegressor", regressor),
];

/// Since this version losses have links, and classes are chosen by the sums.
const LINKS_SINCE: Version = Version(1, 4, 0);

fn classifier(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    let version = estimator.version("how the class is chosen")?;
    let exponential =
        loss::named(estimator, &["deviance", "log_loss", "exponential"])? == "exponential";
    let item = estimator.attribute("classes_")?;
    let labels = item.labels()?;
    let classes = labels.element_count();
    if classes < 2 || (exponential && classes != 2) {
        return Err(item
            .found("at least two classes, exactly two of exponential loss", classes.to_string()));
    }
    let sums = if classes == 2 { 1 } else { classes };
    let loss = Loss { classes, exponential, version };
    let mut parameters = sum(estimator, "gradient_boosting_classifier", sums, Some(&loss))?;
    estimator.put(&mut parameters, "classes", "classes_", labels)?;
    parameters.set(
        "link",
        match (sums, exponential) {
            (1, false) => "logistic",
            (1, true) => "half_logistic",
            _ => "softmax",
        },
    );
    parameters.set(
        "decision",
        match (sums, exponential) {
            (_, false) if version < LINKS_SINCE => "probability",
            (1, _) => "not_negative",
            _ => "largest",
        },
    );
    Ok(parameters)
}

fn regressor(estimator: &Estimator<'_>) -> Result<Parameters, ReadError> {
    const LOSSES: [&str; 6] = ["ls", "lad", "squared_error", "absolute_error", "huber", "quantile"];
    loss::named(estimator, &LOSSES)?;
    sum(estimator, "gradient_boosting_regressor", 1, None)
}

/// Trees, learning rate and start.
fn sum(
    estimator: &Estimator<'_>,
    kind: &'static str,
    sums: usize,
    loss: Option<&Loss>,
) -> Result<Parameters, ReadError> {
    let list = estimator.attribute("estimators_")?;
    let array = list.array()?;
    let Some(elements) = array.elements().filter(|_| matches!(array.shape(), [_, k] if *k == sums))
    else {
        let found = format!("{} of shape {:?}", array.dtype().notation(), array.shape());
        return Err(list.found(format!("objects, {sums} a stage"), found));
    };
    let member = |(index, node): (usize, &crate::pickle::NodeId)| {
        list.step(&format!("[{}, {}]", index / sums.max(1), index % sums.max(1)), *node)
    };
    let members: Vec<Item<'_>> = elements.iter().enumerate().map(member).collect();
    let trees = read_members(&list, &members, "Regressor")?;
    if let Some(tree) = trees.iter().find(|tree| tree.n_classes != [1]) {
        return Err(list.found("trees of one output", format!("{:?}", tree.n_classes)));
    }
    let mut assembly = Assembly::new(estimator, kind, &trees, "estimators_")?;
    assembly.structure(false)?;
    let value = tree_values::plain(&trees, &[1], estimator.item())?;
    let value = value.into_array(&[assembly.nodes], estimator.item())?;
    assembly.insert("value", value)?;
    let mut kept = Metadata::new();
    let mut parameters = assembly.rest(&mut kept)?;
    let attributes = members::keep("estimators_", &members, &["tree_"], &mut parameters)?;
    keep_members(estimator, "estimators_", attributes, kept);
    parameters.set("learning_rate", estimator.attribute("learning_rate")?.float()?);
    start(estimator, &mut parameters, sums, loss)?;
    Ok(parameters)
}

/// What is made of the probabilities of a start.
struct Loss {
    classes: usize,
    exponential: bool,
    version: Version,
}

impl Loss {
    fn link(&self) -> &'static str {
        match (self.classes, self.exponential) {
            (2, false) => "logit",
            (2, true) => "half_logit",
            _ if self.version < LINKS_SINCE => "log",
            _ => "centered_log",
        }
    }

    /// How far probabilities are kept from 0 and 1: the smallest step of float32 at 1, of float64
    /// from 1.8 on.
    fn clip(&self) -> f64 {
        match self.version < Version(1, 8, 0) {
            true => f64::from(f32::EPSILON),
            false => f64::EPSILON,
        }
    }

    /// The sums that begin with these probabilities.
    fn raw(&self, probabilities: &[f64]) -> Vec<f64> {
        let clip = self.clip();
        let mut clipped = probabilities.iter().map(|p| p.clamp(clip, 1.0 - clip));
        match self.link() {
            "log" => clipped.map(f64::ln).collect(),
            "centered_log" => {
                let clipped: Vec<f64> = clipped.collect();
                let logarithms: f64 = clipped.iter().map(|p| p.ln()).sum();
                let center = (logarithms / clipped.len().max(1) as f64).exp();
                clipped.iter().map(|p| (p / center).ln()).collect()
            }
            link => {
                let p = clipped.next_back().unwrap_or(0.5);
                let odds = (p / (1.0 - p)).ln();
                vec![if link == "logit" { odds } else { 0.5 * odds }]
            }
        }
    }
}

fn start(
    estimator: &Estimator<'_>,
    parameters: &mut Parameters,
    sums: usize,
    loss: Option<&Loss>,
) -> Result<(), ReadError> {
    let item = estimator.attribute("init_")?;
    let constant = match item.value() {
        Node::Text(_) | Node::String(_) if item.text()? == "zero" => Some(vec![0.0; sums]),
        Node::Object(_) => constant(&item.object()?, estimator, loss)?,
        _ => return Err(item.expected("an estimator or \"zero\"")),
    };
    let (baseline, name) = match constant {
        Some(values) if values.len() == sums => (values, "constant"),
        Some(values) => {
            return Err(
                item.found(format!("{sums} values to begin with"), values.len().to_string())
            );
        }
        None => (vec![0.0; sums], "model"),
    };
    let baseline = item.from_vec(baseline, &[sums])?;
    parameters.insert("baseline", baseline).map_err(|source| estimator.wrong(source))?;
    parameters.set("start", name);
    if name == "model" {
        let version = estimator.version("how the sums begin")?;
        if version < Version(0, 21, 0) {
            let supported = "None, \"zero\"";
            return Err(estimator.refuse("init", estimator.shown("init"), supported));
        }
        let mut child = super::build(&item)?;
        precision::receive(&item, &mut child)?;
        parameters.set_child("init", child).map_err(|source| estimator.wrong(source))?;
        parameters.set("start_link", loss.map_or("identity", Loss::link));
        if let Some(loss) = loss {
            parameters.set("start_clip", loss.clip());
        }
    }
    Ok(())
}

/// The values that the sums begin with, where they are the same for every row; `None` for a model.
fn constant(
    init: &Estimator<'_>,
    outer: &Estimator<'_>,
    loss: Option<&Loss>,
) -> Result<Option<Vec<f64>>, ReadError> {
    let one = |name: &str| Ok(Some(vec![init.attribute(name)?.float()?]));
    let old = init.module().starts_with(ENSEMBLE);
    let dummy = init.module().starts_with("sklearn.dummy");
    match (init.class_name(), loss) {
        // Until 0.20, and as an option after it, where they are regressors alone.
        ("QuantileEstimator", None) if old => one("quantile"),
        ("MeanEstimator", None) if old => one("mean"),
        ("ZeroEstimator", None) if old => Ok(Some(vec![0.0])),
        ("LogOddsEstimator" | "ScaledLogOddsEstimator", Some(loss))
            if old && loss.version < Version(0, 21, 0) =>
        {
            one("prior")
        }
        ("PriorProbabilityEstimator", Some(loss)) if old && loss.version < Version(0, 21, 0) => {
            let priors = init.attribute("priors")?;
            priors.array()?.as_f64_vec().map(Some).map_err(priors.at())
        }
        ("ZeroEstimator", Some(loss)) if old && loss.version < Version(0, 21, 0) => {
            Ok(Some(vec![0.0; if loss.classes == 2 { 1 } else { loss.classes }]))
        }
        ("DummyRegressor", None) if dummy => {
            let constant = init.attribute("constant_")?;
            let values = constant.array()?.as_f64_vec().map_err(constant.at())?;
            match values.as_slice() {
                [value] => Ok(Some(vec![*value])),
                _ => Err(constant.found("one value", values.len().to_string())),
            }
        }
        ("DummyClassifier", Some(loss)) if dummy => {
            let strategy = match init.given("_strategy") {
                Some(strategy) => strategy.text()?,
                None => init.attribute("strategy")?.text()?,
            };
            if strategy != "prior" {
                let option = format!("init={}", init.class_name());
                return Err(outer.refuse(
                    &option,
                    format!("strategy {strategy}"),
                    "strategy prior",
                ));
            }
            let prior = init.attribute("class_prior_")?;
            let values = prior.array()?.as_f64_vec().map_err(prior.at())?;
            match values.len() == loss.classes {
                true => Ok(Some(loss.raw(&values))),
                false => {
                    Err(prior.found(format!("{} classes", loss.classes), values.len().to_string()))
                }
            }
        }
        _ => Ok(None),
    }
}
