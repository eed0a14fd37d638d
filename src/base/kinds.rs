//! What the arrays of each kind of model are called, which shapes they have and what they mean.
//!
//! Trainers, readers and predictors must agree on this to the last comparison, so it stands in
//! one place, is versioned, and is checked in time that grows with the number of arrays, not
//! with their length: [`check`] before a model is made from parameters of unknown origin. What
//! needs a look at every element is the model's own `validate`.
//!
//! Arrays that a kind does not name are allowed: content `full` keeps more than prediction uses.

use std::fmt;

use thiserror::Error;

use super::array::{Array, DType};
use super::parameters::{Parameters, ParametersError};

/// One length of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Exactly so many.
    Exactly(usize),
    /// As many as everywhere else where this name stands.
    Named(&'static str),
    /// One more than the name stands for (offsets).
    OneMoreThan(&'static str),
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Length::Exactly(length) => write!(f, "{length}"),
            Length::Named(name) => f.write_str(name),
            Length::OneMoreThan(name) => write!(f, "{name} + 1"),
        }
    }
}

/// One array of a kind.
#[derive(Debug, Clone, Copy)]
pub struct ArraySpec {
    /// Its name.
    pub name: &'static str,
    /// The dtypes it may have.
    pub dtypes: &'static [DType],
    /// Its shape.
    pub shape: &'static [Length],
    /// True when a model of the kind cannot do without it.
    pub required: bool,
    /// What it holds.
    pub meaning: &'static str,
}

/// One metadata entry of a kind.
#[derive(Debug, Clone, Copy)]
pub struct EntrySpec {
    /// Its name.
    pub name: &'static str,
    /// The texts it may be; empty when it is a number.
    pub choices: &'static [&'static str],
    /// What it says.
    pub meaning: &'static str,
}

/// A kind of model: names, shapes and semantics of its parameters.
#[derive(Debug, Clone, Copy)]
pub struct KindSpec {
    /// Its id: `random_forest_classifier`.
    pub id: &'static str,
    /// The layout written today; the only one so far for each kind.
    pub layout_version: u32,
    /// Its arrays.
    pub arrays: &'static [ArraySpec],
    /// Its required metadata entries.
    pub entries: &'static [EntrySpec],
    /// How a prediction is made from them.
    pub semantics: &'static str,
}

const F64: &[DType] = &[DType::F64];
const LABELS: &[DType] = &[DType::I64, DType::Text];

const fn required(
    name: &'static str,
    dtypes: &'static [DType],
    shape: &'static [Length],
    meaning: &'static str,
) -> ArraySpec {
    ArraySpec { name, dtypes, shape, required: true, meaning }
}

const CLASSES: ArraySpec = required(
    "classes",
    LABELS,
    &[Length::Named("classes")],
    "class labels, in the order of columns",
);

const TREE_ARRAYS: &[ArraySpec] = &[
    required(
        "tree_offsets",
        &[DType::U64],
        &[Length::OneMoreThan("trees")],
        "first node of each tree, then the number of nodes; tree t owns nodes offsets[t]..offsets[t + 1]",
    ),
    required(
        "feature",
        &[DType::I32],
        &[Length::Named("nodes")],
        "feature compared at the node; -1 at a leaf",
    ),
    required("threshold", F64, &[Length::Named("nodes")], "what the feature is compared with"),
    required(
        "left",
        &[DType::U32],
        &[Length::Named("nodes")],
        "child taken when the comparison holds, counted from the tree's first node and greater than its parent; 0 at a leaf",
    ),
    required(
        "right",
        &[DType::U32],
        &[Length::Named("nodes")],
        "child taken when it does not hold, counted likewise",
    ),
    required(
        "value",
        F64,
        &[Length::Named("nodes"), Length::Named("classes")],
        "fraction of the training rows at the node that belong to each class",
    ),
    CLASSES,
];

const TREE_ENTRIES: &[EntrySpec] = &[
    EntrySpec {
        name: "comparator",
        choices: &["less_or_equal", "less"],
        meaning: "x[feature] <= threshold goes left (scikit-learn), or x[feature] < threshold (linfa)",
    },
    EntrySpec {
        name: "input_cast",
        choices: &["none", "f32"],
        meaning: "what x is converted to before it is compared: scikit-learn takes f32, linfa nothing",
    },
    EntrySpec {
        name: "missing",
        choices: &["refused", "right"],
        meaning: "NaN in x is refused, or goes right as every comparison with NaN does",
    },
    EntrySpec {
        name: "aggregation",
        choices: &["mean_probability", "vote"],
        meaning: "probabilities are the mean of the leaves' fractions, or the share of trees whose largest fraction it is",
    },
    EntrySpec { name: "n_features", choices: &[], meaning: "number of features of x" },
];

const LINEAR_ARRAYS: &[ArraySpec] = &[
    required(
        "coef",
        F64,
        &[Length::Named("outputs"), Length::Named("features")],
        "weight of each feature in each output",
    ),
    required("intercept", F64, &[Length::Named("outputs")], "constant of each output"),
];

const LINEAR_CLASSIFIER_ARRAYS: &[ArraySpec] = &[
    required(
        "coef",
        F64,
        &[Length::Named("outputs"), Length::Named("features")],
        "weights; one row for two classes (towards the second), else a row a class",
    ),
    required("intercept", F64, &[Length::Named("outputs")], "constant of each row"),
    CLASSES,
];

/// Every kind, in the order of the documentation.
pub const KINDS: &[KindSpec] = &[
    KindSpec {
        id: "linear_regression",
        layout_version: 1,
        arrays: LINEAR_ARRAYS,
        entries: &[],
        semantics: "y = x . coef^T + intercept",
    },
    KindSpec {
        id: "logistic_regression",
        layout_version: 1,
        arrays: LINEAR_CLASSIFIER_ARRAYS,
        entries: &[EntrySpec {
            name: "multi_class",
            choices: &["binary", "multinomial", "one_vs_rest"],
            meaning: "how decision values become probabilities: sigmoid, softmax, or sigmoids divided by their sum",
        }],
        semantics: "z = x . coef^T + intercept; two classes: the second where z > 0; else the class of the largest z, the first of equals",
    },
    KindSpec {
        id: "decision_tree_classifier",
        layout_version: 1,
        arrays: TREE_ARRAYS,
        entries: TREE_ENTRIES,
        semantics: "one tree; the class of the leaf's largest fraction, the first of equals",
    },
    KindSpec {
        id: "random_forest_classifier",
        layout_version: 1,
        arrays: TREE_ARRAYS,
        entries: TREE_ENTRIES,
        semantics: "the trees' results aggregated in order; the class of the largest, the first of equals",
    },
    KindSpec {
        id: "linear_support_vector_classifier",
        layout_version: 1,
        arrays: LINEAR_CLASSIFIER_ARRAYS,
        entries: &[],
        semantics: "z = x . coef^T + intercept; two classes: the second where z > 0; else the class of the largest z, the first of equals",
    },
    KindSpec {
        id: "support_vector_classifier",
        layout_version: 1,
        arrays: &[
            required(
                "support_vectors",
                F64,
                &[Length::Named("vectors"), Length::Named("features")],
                "training rows that carry the decision, grouped by class",
            ),
            required(
                "dual_coef",
                F64,
                &[Length::Named("classes_less_one"), Length::Named("vectors")],
                "weight of each vector in each of the class's one-against-one decisions",
            ),
            required(
                "intercept",
                F64,
                &[Length::Named("pairs")],
                "constant of each pair of classes",
            ),
            required(
                "support_counts",
                &[DType::I64],
                &[Length::Named("classes")],
                "how many vectors each class has",
            ),
            CLASSES,
        ],
        entries: &[
            EntrySpec {
                name: "kernel",
                choices: &["linear", "rbf", "poly", "sigmoid"],
                meaning: "x.v; exp(-gamma |x-v|^2); (gamma x.v + coef0)^degree; tanh(gamma x.v + coef0)",
            },
            EntrySpec { name: "gamma", choices: &[], meaning: "factor of the kernel" },
            EntrySpec {
                name: "coef0",
                choices: &[],
                meaning: "constant of the poly and sigmoid kernels",
            },
            EntrySpec { name: "degree", choices: &[], meaning: "power of the poly kernel" },
        ],
        semantics: "two classes: z = sum of dual_coef[0][i] K(v_i, x) + intercept[0], the second class where z > 0; else one decision a pair of classes, most votes win, the first of equals",
    },
    KindSpec {
        id: "k_neighbors_classifier",
        layout_version: 1,
        arrays: &[
            required(
                "data",
                F64,
                &[Length::Named("samples"), Length::Named("features")],
                "the training rows",
            ),
            required(
                "labels",
                &[DType::I64],
                &[Length::Named("samples")],
                "index into classes of each row",
            ),
            CLASSES,
        ],
        entries: &[
            EntrySpec { name: "n_neighbors", choices: &[], meaning: "how many neighbours vote" },
            EntrySpec {
                name: "weights",
                choices: &["uniform", "distance"],
                meaning: "each neighbour counts one, or one divided by its distance",
            },
            EntrySpec { name: "metric", choices: &["euclidean"], meaning: "distance between rows" },
        ],
        semantics: "the classes of the n_neighbors nearest rows vote; of equally near rows the first; of equally voted classes the first",
    },
];

/// Why parameters do not fit the kind they claim.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KindError {
    /// No such kind.
    #[error("kind {found:?} is not known; known kinds: {known}")]
    Unknown {
        /// The kind found.
        found: String,
        /// All kinds.
        known: String,
    },
    /// The layout is of a version that this program does not read.
    #[error(
        "{kind}: layout version {found}, this program reads version {expected}; a newer deadweight wrote the file: upgrade"
    )]
    Layout {
        /// The kind.
        kind: &'static str,
        /// Version found.
        found: u32,
        /// Version that is read.
        expected: u32,
    },
    /// An array has a wrong dtype.
    #[error("{kind}: array {array:?} is {found}, expected {expected}")]
    DType {
        /// The kind.
        kind: &'static str,
        /// The array.
        array: &'static str,
        /// Its dtype.
        found: DType,
        /// Allowed dtypes.
        expected: String,
    },
    /// An array has a wrong shape.
    #[error("{kind}: array {array:?} has shape {found:?}, expected ({expected})")]
    Shape {
        /// The kind.
        kind: &'static str,
        /// The array.
        array: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// The shape with the lengths that are known so far.
        expected: String,
    },
    /// A metadata entry is none of its choices.
    #[error("{kind}: {entry} is {found:?}, expected one of {expected}")]
    Choice {
        /// The kind.
        kind: &'static str,
        /// The entry.
        entry: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        expected: String,
    },
    /// An array or entry is missing.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
}

/// The kind of an id.
pub fn find(id: &str) -> Option<&'static KindSpec> {
    KINDS.iter().find(|kind| kind.id == id)
}

/// Checks that required arrays and entries are there and that dtypes and shapes fit each other.
///
/// Takes time that grows with the number of arrays, never with their length.
///
/// # Errors
/// [`KindError`] names the first thing that does not fit.
pub fn check(parameters: &Parameters) -> Result<&'static KindSpec, KindError> {
    let kind = find(parameters.kind()).ok_or_else(|| KindError::Unknown {
        found: parameters.kind().to_owned(),
        known: KINDS.iter().map(|kind| kind.id).collect::<Vec<_>>().join(", "),
    })?;
    if parameters.layout_version() != kind.layout_version {
        return Err(KindError::Layout {
            kind: kind.id,
            found: parameters.layout_version(),
            expected: kind.layout_version,
        });
    }
    let mut lengths = Lengths::default();
    for spec in kind.arrays {
        match parameters.get(spec.name) {
            Some(array) => check_array(kind.id, spec, array, &mut lengths)?,
            None if spec.required => {
                parameters.array(spec.name)?;
            }
            None => {}
        }
    }
    for entry in kind.entries {
        check_entry(kind.id, entry, parameters)?;
    }
    Ok(kind)
}

fn check_entry(
    kind: &'static str,
    entry: &EntrySpec,
    parameters: &Parameters,
) -> Result<(), KindError> {
    if entry.choices.is_empty() {
        parameters.float(entry.name)?;
        return Ok(());
    }
    let found = parameters.text(entry.name)?;
    if entry.choices.contains(&found) {
        return Ok(());
    }
    Err(KindError::Choice {
        kind,
        entry: entry.name,
        found: found.to_owned(),
        expected: entry.choices.join(", "),
    })
}

/// The lengths that names were found to stand for.
#[derive(Default)]
struct Lengths(Vec<(&'static str, usize)>);

impl Lengths {
    fn fits(&mut self, length: Length, found: usize) -> bool {
        let (name, value) = match length {
            Length::Exactly(expected) => return found == expected,
            Length::Named(name) => (name, found),
            Length::OneMoreThan(name) => match found.checked_sub(1) {
                Some(value) => (name, value),
                None => return false,
            },
        };
        match self.get(name) {
            Some(known) => known == value,
            None => {
                self.0.push((name, value));
                true
            }
        }
    }

    fn get(&self, name: &str) -> Option<usize> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn describe(&self, shape: &[Length]) -> String {
        let describe = |length: &Length| match length {
            Length::Named(name) => match self.get(name) {
                Some(value) => format!("{name} = {value}"),
                None => (*name).to_owned(),
            },
            Length::OneMoreThan(name) => match self.get(name) {
                Some(value) => format!("{name} + 1 = {}", value.saturating_add(1)),
                None => length.to_string(),
            },
            Length::Exactly(_) => length.to_string(),
        };
        shape.iter().map(describe).collect::<Vec<_>>().join(", ")
    }
}

fn check_array(
    kind: &'static str,
    spec: &ArraySpec,
    array: &Array,
    lengths: &mut Lengths,
) -> Result<(), KindError> {
    if !spec.dtypes.contains(&array.dtype()) {
        let names: Vec<&str> = spec.dtypes.iter().map(|dtype| dtype.name()).collect();
        return Err(KindError::DType {
            kind,
            array: spec.name,
            found: array.dtype(),
            expected: names.join(" or "),
        });
    }
    let fits = array.shape().len() == spec.shape.len()
        && spec
            .shape
            .iter()
            .zip(array.shape())
            .all(|(length, found)| lengths.fits(*length, *found));
    if fits {
        return Ok(());
    }
    Err(KindError::Shape {
        kind,
        array: spec.name,
        found: array.shape().to_vec(),
        expected: lengths.describe(spec.shape),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linear(coef: &[usize], intercept: &[usize]) -> Parameters {
        let mut parameters = Parameters::new("linear_regression", 1);
        let array =
            |shape: &[usize]| Array::from_vec(vec![0.0f64; shape.iter().product()], shape).unwrap();
        parameters.insert("coef", array(coef)).unwrap();
        parameters.insert("intercept", array(intercept)).unwrap();
        parameters
    }

    #[test]
    fn shapes_must_agree_with_each_other() {
        assert_eq!(check(&linear(&[2, 3], &[2])).unwrap().id, "linear_regression");
        assert_eq!(
            check(&linear(&[2, 3], &[3])).unwrap_err().to_string(),
            "linear_regression: array \"intercept\" has shape [3], expected (outputs = 2)"
        );
        assert!(matches!(check(&linear(&[6], &[2])), Err(KindError::Shape { array: "coef", .. })));
    }

    #[test]
    fn unknown_kinds_layouts_and_missing_arrays_are_named() {
        let error = check(&Parameters::new("perceptron", 1)).unwrap_err().to_string();
        assert!(error.starts_with("kind \"perceptron\" is not known; known kinds: linear_"));
        let newer = Parameters::new("linear_regression", 2);
        assert!(check(&newer).unwrap_err().to_string().contains("upgrade"));
        let empty = Parameters::new("linear_regression", 1);
        assert!(check(&empty).unwrap_err().to_string().contains("\"coef\" is missing"));
    }

    #[test]
    fn ids_are_unique_and_names_are_documented() {
        for (position, kind) in KINDS.iter().enumerate() {
            assert!(KINDS[..position].iter().all(|other| other.id != kind.id));
            assert!(!kind.semantics.is_empty());
            assert!(kind.arrays.iter().all(|array| !array.meaning.is_empty()));
        }
    }
}
