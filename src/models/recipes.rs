//! What is trained: data, hyper-parameters and seed of each model, one entry each.
//!
//! A recipe is known without training ([`Recipe::fingerprint`]), so that what was trained once
//! is found again. Size S is the classic tutorial: 1,000 rows of 20 features, 70 % to train on,
//! seed 42, a forest of 100 trees. Size M has about 10 MB of parameters, L about 100 MB.

use std::collections::BTreeMap;

use ndarray::Array2;

use super::dataset::{Classification, Dataset, Source, Targets, accuracy, r2};
use super::registry::from_parameters;
use super::{ModelError, Predictions, train_linear, train_perceptron, train_trees};
use crate::base::parameters::{CONTENT_KEY, ORIGIN_KEY};
use crate::base::{Array, Metadata, Parameters, Value};

/// How large a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// The classic tutorial.
    S,
    /// About 10 MB of parameters.
    M,
    /// About 100 MB of parameters.
    L,
}

impl Size {
    /// The name used in records and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Size::S => "S",
            Size::M => "M",
            Size::L => "L",
        }
    }
}

/// Share of the rows that is kept to test on.
const TEST_SHARE: f64 = 0.3;

/// Seed of split, bootstrap and feature draws, as in the tutorial.
const SEED: u64 = 42;

/// Grows when the same recipe would train another model.
const TRAINER_VERSION: u32 = 2;

/// Numbers that training is told, by name.
#[derive(Debug, Clone, Copy)]
pub struct Hyper<'a>(pub(super) &'a [(&'static str, f64)]);

impl Hyper<'_> {
    /// The number of a name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// The number of a name as a count, 1 where there is none.
    pub fn count(&self, name: &str) -> usize {
        self.get(name).map_or(1, |value| value as usize)
    }
}

/// One size of a recipe.
#[derive(Debug)]
pub struct Plan {
    size: Size,
    source: Source,
    hyper: &'static [(&'static str, f64)],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trainer {
    Regression,
    Logistic,
    Trees,
    SupportVectors,
    Neighbors,
    Perceptron,
}

/// A model that can be trained.
#[derive(Debug)]
pub struct Recipe {
    /// Its id on the command line.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// The kind of model it trains.
    pub kind: &'static str,
    /// The sizes it comes in.
    pub sizes: &'static [Size],
    trainer: Trainer,
    /// Trained on features at mean 0 and deviation 1, as gradient methods ask for; the linear model
    /// that comes out is made one of the features as they are.
    standardize: bool,
    plans: &'static [Plan],
}

const TUTORIAL: Classification = Classification {
    rows: 1000,
    features: 20,
    informative: 5,
    redundant: 3,
    classes: 2,
    clusters_per_class: 2,
    class_separation: 1.0,
    flipped: 0.01,
    seed: 42,
};

/// Clusters that no linear model tells apart, far enough from each other to be learnt in a few epochs.
const WIDE: Classification = Classification {
    rows: 4000,
    informative: 8,
    classes: 4,
    clusters_per_class: 3,
    class_separation: 2.0,
    ..TUTORIAL
};

/// Every recipe, in the order of tables.
pub static RECIPES: &[Recipe] = &[
    Recipe {
        id: "linear_regression",
        title: "Linear regression",
        kind: "linear_regression",
        sizes: &[Size::S],
        trainer: Trainer::Regression,
        standardize: false,
        plans: &[Plan { size: Size::S, source: Source::Diabetes, hyper: &[] }],
    },
    Recipe {
        id: "logistic_regression",
        title: "Logistic regression",
        kind: "logistic_regression",
        sizes: &[Size::S],
        trainer: Trainer::Logistic,
        standardize: true,
        plans: &[Plan {
            size: Size::S,
            source: Source::Generated(TUTORIAL),
            hyper: &[("alpha", 1.0), ("max_iterations", 1000.0)],
        }],
    },
    Recipe {
        id: "logistic_regression_iris",
        title: "Logistic regression, three named classes",
        kind: "logistic_regression",
        sizes: &[Size::S],
        trainer: Trainer::Logistic,
        standardize: true,
        plans: &[Plan {
            size: Size::S,
            source: Source::Iris,
            hyper: &[("alpha", 1.0), ("max_iterations", 1000.0)],
        }],
    },
    Recipe {
        id: "decision_tree_classifier",
        title: "Decision tree",
        kind: "decision_tree_classifier",
        sizes: &[Size::S],
        trainer: Trainer::Trees,
        standardize: false,
        plans: &[Plan { size: Size::S, source: Source::WineQuality, hyper: &[("max_depth", 8.0)] }],
    },
    Recipe {
        id: "random_forest_classifier",
        title: "Random forest",
        kind: "random_forest_classifier",
        sizes: &[Size::S, Size::M],
        trainer: Trainer::Trees,
        standardize: false,
        plans: &[
            Plan {
                size: Size::S,
                source: Source::Generated(TUTORIAL),
                hyper: &[("trees", 100.0), ("rows_per_tree", 700.0), ("features_per_tree", 10.0)],
            },
            Plan {
                size: Size::M,
                source: Source::Generated(Classification {
                    rows: 10_000,
                    informative: 8,
                    redundant: 4,
                    clusters_per_class: 8,
                    flipped: 0.1,
                    ..TUTORIAL
                }),
                hyper: &[("trees", 380.0), ("rows_per_tree", 2000.0), ("features_per_tree", 8.0)],
            },
        ],
    },
    Recipe {
        id: "linear_support_vector_classifier",
        title: "Linear support vector machine",
        kind: "linear_support_vector_classifier",
        sizes: &[Size::S],
        trainer: Trainer::SupportVectors,
        standardize: true,
        plans: &[Plan { size: Size::S, source: Source::Generated(TUTORIAL), hyper: &[("c", 1.0)] }],
    },
    Recipe {
        id: "support_vector_classifier",
        title: "Support vector machine, radial kernel",
        kind: "support_vector_classifier",
        sizes: &[Size::S],
        trainer: Trainer::SupportVectors,
        standardize: false,
        plans: &[Plan {
            size: Size::S,
            source: Source::Generated(TUTORIAL),
            hyper: &[("c", 1.0), ("gamma", 0.05)],
        }],
    },
    Recipe {
        id: "k_neighbors_classifier",
        title: "Nearest neighbours",
        kind: "k_neighbors_classifier",
        sizes: &[Size::S, Size::M, Size::L],
        trainer: Trainer::Neighbors,
        standardize: false,
        plans: &[
            Plan {
                size: Size::S,
                source: Source::Generated(TUTORIAL),
                hyper: &[("n_neighbors", 5.0)],
            },
            Plan {
                size: Size::M,
                source: Source::Generated(Classification { rows: 85_000, ..TUTORIAL }),
                hyper: &[("n_neighbors", 5.0)],
            },
            Plan {
                size: Size::L,
                source: Source::Generated(Classification { rows: 860_000, ..TUTORIAL }),
                hyper: &[("n_neighbors", 5.0)],
            },
        ],
    },
    Recipe {
        id: "multilayer_perceptron_classifier",
        title: "Multilayer perceptron",
        kind: "multilayer_perceptron_classifier",
        sizes: &[Size::S, Size::M, Size::L],
        trainer: Trainer::Perceptron,
        standardize: true,
        plans: &[
            Plan {
                size: Size::S,
                source: Source::Generated(TUTORIAL),
                hyper: &[("hidden_layers", 1.0), ("units", 100.0), ("epochs", 200.0)],
            },
            Plan {
                size: Size::M,
                source: Source::Generated(WIDE),
                hyper: &[("hidden_layers", 2.0), ("units", 1100.0), ("epochs", 12.0)],
            },
            Plan {
                size: Size::L,
                source: Source::Generated(WIDE),
                hyper: &[("hidden_layers", 2.0), ("units", 3600.0), ("epochs", 6.0)],
            },
        ],
    },
];

/// The recipe of an id.
pub fn find(id: &str) -> Option<&'static Recipe> {
    RECIPES.iter().find(|recipe| recipe.id == id)
}

/// What to say of an id that no recipe has: the nearest one and all of them.
pub fn unknown(id: &str) -> String {
    let nearest = RECIPES
        .iter()
        .map(|recipe| (strsim::normalized_damerau_levenshtein(id, recipe.id), recipe.id))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(similarity, _)| *similarity > 0.4);
    let guess = nearest.map_or(String::new(), |(_, id)| format!(" Did you mean {id:?}?"));
    let all: Vec<&str> = RECIPES.iter().map(|recipe| recipe.id).collect();
    format!("there is no model {id:?}.{guess} Models: {}", all.join(", "))
}

/// A figure of quality on the test part.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// `accuracy` or `r2`.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// Rows of the test part.
    pub rows: usize,
}

/// A model that was trained, and what it was tested on.
#[derive(Debug)]
pub struct Trained {
    /// Its parameters, content `predict`.
    pub parameters: Parameters,
    /// The test part.
    pub evaluation: Dataset,
    /// What our own predictor makes of the test part.
    pub metric: Metric,
    /// The data in words.
    pub data: String,
    /// Hyper-parameters in words.
    pub hyper_parameters: BTreeMap<String, String>,
    /// Seed of everything random.
    pub seed: u64,
}

impl Recipe {
    fn plan(&self, size: Size) -> Result<&'static Plan, ModelError> {
        self.plans.iter().find(|plan| plan.size == size).ok_or_else(|| ModelError::Training {
            what: self.id,
            message: format!("there is no size {}", size.id()),
        })
    }

    /// Everything that determines the result, known without training.
    pub fn fingerprint(&self, size: Size) -> String {
        let plan = self.plans.iter().find(|plan| plan.size == size);
        let layout = crate::base::kinds::find(self.kind).map(|kind| kind.layout_version);
        let words = plan.map(|plan| format!("{} {:?}", plan.source, plan.hyper));
        format!(
            "{} {} trainer {TRAINER_VERSION} layout {layout:?} standardize {} test {TEST_SHARE} seed {SEED} {words:?}",
            self.id,
            size.id(),
            self.standardize
        )
    }

    /// Trains the model and tests it. `progress` is told the share of the training that is done.
    ///
    /// # Errors
    /// [`ModelError`] when the recipe has no such size or the trainer fails.
    pub fn train(
        &self,
        size: Size,
        progress: &(dyn Fn(f64) + Sync),
    ) -> Result<Trained, ModelError> {
        let plan = self.plan(size)?;
        let (train, test) = plan.source.load().split(TEST_SHARE, SEED);
        let mut parameters = match self.standardize {
            false => self.fit(plan, &train, progress)?,
            true => {
                let scaling = train.scaling();
                let scaled = self.fit(plan, &train.scaled(&scaling), progress)?;
                match self.trainer {
                    Trainer::Perceptron => train_perceptron::unscaled(&scaled, &scaling)?,
                    _ => train_linear::unscaled(&scaled, &scaling)?,
                }
            }
        };
        let library = match self.trainer {
            Trainer::Neighbors | Trainer::Perceptron => ("deadweight", env!("CARGO_PKG_VERSION")),
            _ => ("linfa", "0.8.1"),
        };
        let hyper =
            plan.hyper.iter().map(|(name, value)| ((*name).to_owned(), Value::Float(*value)));
        let origin: Metadata = [("library", library.0), ("version", library.1)]
            .map(|(name, value)| (name.to_owned(), value.into()))
            .into();
        parameters.set(CONTENT_KEY, "predict");
        parameters.set(ORIGIN_KEY, origin);
        parameters.set("data", plan.source.to_string());
        parameters.set("hyper_parameters", hyper.collect::<Metadata>());
        parameters.set("seed", SEED as i64);
        let metric = measure(&parameters, &test)?;
        let mut hyper_parameters: BTreeMap<String, String> = plan
            .hyper
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.to_string()))
            .collect();
        if self.standardize {
            hyper_parameters.insert("standardize".to_owned(), "true, folded into coef".to_owned());
        }
        Ok(Trained {
            parameters,
            evaluation: test,
            metric,
            data: plan.source.to_string(),
            hyper_parameters,
            seed: SEED,
        })
    }

    fn fit(
        &self,
        plan: &Plan,
        train: &Dataset,
        progress: &(dyn Fn(f64) + Sync),
    ) -> Result<Parameters, ModelError> {
        let hyper = Hyper(plan.hyper);
        let classes = match (&train.targets, self.trainer) {
            (Targets::Values(values), Trainer::Regression) => {
                return train_linear::regression(&train.rows, values);
            }
            (Targets::Classes(classes), _) => classes,
            (Targets::Values(_), _) => {
                let message = "the data has values, a classifier needs classes".to_owned();
                return Err(ModelError::Training { what: self.id, message });
            }
        };
        let mut parameters = match self.trainer {
            Trainer::Regression | Trainer::Logistic => {
                train_linear::logistic(&train.rows, classes, hyper)?
            }
            Trainer::SupportVectors => train_linear::support_vectors(&train.rows, classes, hyper)?,
            Trainer::Trees => {
                train_trees::fit(self.kind, &train.rows, classes, hyper, SEED, progress)?
            }
            Trainer::Perceptron => {
                train_perceptron::fit(&train.rows, classes, hyper, SEED, progress)?
            }
            Trainer::Neighbors => neighbors(&train.rows, classes, hyper)?,
        };
        let count = classes.iter().max().map_or(0, |largest| largest + 1);
        let labels = match plan.source.class_names() {
            Some(names) => Array::from_texts(names, &[names.len()])?,
            None => Array::from_vec((0..count as i64).collect(), &[count])?,
        };
        parameters.insert("classes", labels)?;
        Ok(parameters)
    }
}

/// "Training" keeps the data.
fn neighbors(
    rows: &Array2<f64>,
    classes: &[usize],
    hyper: Hyper<'_>,
) -> Result<Parameters, ModelError> {
    let mut parameters = Parameters::new("k_neighbors_classifier", 1)
        .with("n_neighbors", hyper.count("n_neighbors") as i64)
        .with("weights", "uniform")
        .with("metric", "euclidean");
    let data = rows.iter().copied().collect();
    let labels = classes.iter().map(|class| *class as i64).collect();
    parameters.insert("data", Array::from_vec(data, rows.shape())?)?;
    parameters.insert("labels", Array::from_vec(labels, &[classes.len()])?)?;
    Ok(parameters)
}

/// Rows of the test part that a metric is computed on at the most: brute-force neighbours over
/// 25,000 rows would take longer than all training.
const MOST_TESTED: usize = 2000;

fn measure(parameters: &Parameters, test: &Dataset) -> Result<Metric, ModelError> {
    let rows = test.rows.nrows().min(MOST_TESTED);
    let tested = test.rows.slice(ndarray::s![..rows, ..]);
    let model = from_parameters(parameters)?;
    match (model.predict(tested.into())?, &test.targets) {
        (Predictions::Values(values), Targets::Values(expected)) => {
            Ok(Metric { name: "r2", value: r2(values.column(0), &expected[..rows]), rows })
        }
        (found, Targets::Classes(expected)) => {
            let found = indices(&found, parameters)?;
            Ok(Metric { name: "accuracy", value: accuracy(&found, &expected[..rows]), rows })
        }
        _ => Err(ModelError::Training {
            what: "metric",
            message: "the model predicts classes, the data has values".to_owned(),
        }),
    }
}

/// The position of each predicted label among the classes.
fn indices(found: &Predictions, parameters: &Parameters) -> Result<Vec<usize>, ModelError> {
    let classes = parameters.array("classes")?;
    Ok(match found {
        Predictions::Texts(labels) => {
            let texts = classes.texts()?;
            labels.iter().filter_map(|l| texts.iter().position(|text| text == l)).collect()
        }
        Predictions::Integers(labels) => {
            let numbers = classes.as_slice::<i64>()?;
            labels.iter().filter_map(|l| numbers.iter().position(|number| number == l)).collect()
        }
        _ => Vec::new(),
    })
}
