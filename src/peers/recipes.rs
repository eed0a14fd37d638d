//! The estimators that Python trains: class, options and data, one entry each.
//!
//! Size S is the classic tutorial's data: `make_classification(1000, 20, random_state=42)`, 70 % to
//! train on. The large ones have the size that makes a difference: a forest of 50 MB, and one of
//! 500 MB, on targets of chance, so that every tree grows as deep as it can.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// An estimator that Python trains.
#[derive(Debug)]
pub struct PeerRecipe {
    /// Its id in records.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// `S`, `M` or `L`.
    pub size: &'static str,
    /// The profiles that measure it.
    pub profiles: &'static [&'static str],
    module: &'static str,
    class: &'static str,
    options: fn() -> Value,
    data: fn() -> Value,
}

/// The recipe of the tutorial.
pub const TUTORIAL: &str = "sklearn_random_forest-s";

fn tutorial() -> Value {
    json!({ "generator": "make_classification", "test_size": 0.3, "random_state": 42,
        "options": { "n_samples": 1000, "n_features": 20, "random_state": 42 } })
}

fn diabetes() -> Value {
    json!({ "generator": "load_diabetes", "test_size": 0.3, "random_state": 42, "options": {} })
}

fn chance(rows: u32, features: u32, targets: &str) -> Value {
    json!({ "generator": "normal", "test_size": 0.1, "random_state": 42,
        "options": { "rows": rows, "features": features, "random_state": 0, "targets": targets, "classes": 2 } })
}

fn many_classes() -> Value {
    json!({ "generator": "make_classification", "test_size": 0.3, "random_state": 42,
        "options": { "n_samples": 2000, "n_features": 2000, "n_informative": 40, "n_classes": 20, "random_state": 42 } })
}

fn larger() -> Value {
    json!({ "generator": "make_classification", "test_size": 0.3, "random_state": 42,
        "options": { "n_samples": 8000, "n_features": 40, "n_informative": 10, "flip_y": 0.1, "random_state": 42 } })
}

fn many_rows() -> Value {
    json!({ "generator": "make_classification", "test_size": 0.1, "random_state": 42,
        "options": { "n_samples": 50000, "n_features": 20, "random_state": 42 } })
}

fn wide() -> Value {
    json!({ "generator": "make_regression", "test_size": 0.3, "random_state": 42,
        "options": { "n_samples": 500, "n_features": 20000, "random_state": 42 } })
}

const ALWAYS: &[&str] = &["quick", "standard", "thorough"];
const LONGEST: &[&str] = &["thorough"];

/// Every estimator, small ones first.
pub static PEER_RECIPES: &[PeerRecipe] = &[
    PeerRecipe {
        id: TUTORIAL,
        title: "scikit-learn: random forest, 100 trees, the tutorial's",
        size: "S",
        profiles: ALWAYS,
        module: "sklearn.ensemble",
        class: "RandomForestClassifier",
        options: || json!({ "n_estimators": 100, "random_state": 42 }),
        data: tutorial,
    },
    PeerRecipe {
        id: "sklearn_linear_regression-s",
        title: "scikit-learn: linear regression",
        size: "S",
        profiles: ALWAYS,
        module: "sklearn.linear_model",
        class: "LinearRegression",
        options: || json!({}),
        data: diabetes,
    },
    PeerRecipe {
        id: "sklearn_logistic_regression-s",
        title: "scikit-learn: logistic regression",
        size: "S",
        profiles: ALWAYS,
        module: "sklearn.linear_model",
        class: "LogisticRegression",
        options: || json!({ "max_iter": 1000 }),
        data: tutorial,
    },
    PeerRecipe {
        id: "sklearn_decision_tree-s",
        title: "scikit-learn: decision tree",
        size: "S",
        profiles: ALWAYS,
        module: "sklearn.tree",
        class: "DecisionTreeClassifier",
        options: || json!({ "random_state": 42 }),
        data: tutorial,
    },
    PeerRecipe {
        id: "sklearn_support_vectors-s",
        title: "scikit-learn: support vector machine, radial kernel",
        size: "S",
        profiles: ALWAYS,
        module: "sklearn.svm",
        class: "SVC",
        options: || json!({ "random_state": 42 }),
        data: tutorial,
    },
    PeerRecipe {
        id: "sklearn_perceptron-s",
        title: "scikit-learn: multilayer perceptron",
        size: "S",
        profiles: ALWAYS,
        module: "sklearn.neural_network",
        class: "MLPClassifier",
        options: || json!({ "hidden_layer_sizes": [100], "max_iter": 300, "random_state": 42 }),
        data: tutorial,
    },
    PeerRecipe {
        id: "sklearn_neighbors-s",
        title: "scikit-learn: 5 nearest neighbours",
        size: "S",
        profiles: ALWAYS,
        module: "sklearn.neighbors",
        class: "KNeighborsClassifier",
        options: || json!({}),
        data: tutorial,
    },
    PeerRecipe {
        id: "sklearn_gradient_boosting-s",
        title: "scikit-learn: gradient boosting, 100 trees",
        size: "S",
        profiles: ALWAYS,
        module: "sklearn.ensemble",
        class: "GradientBoostingClassifier",
        options: || json!({ "random_state": 42 }),
        data: tutorial,
    },
    PeerRecipe {
        id: "sklearn_random_forest-m",
        title: "scikit-learn: random forest, 50 MB as a pickle",
        size: "M",
        profiles: ALWAYS,
        module: "sklearn.ensemble",
        class: "RandomForestRegressor",
        options: || json!({ "n_estimators": 100, "max_features": 1, "random_state": 0 }),
        data: || chance(6100, 10, "normal"),
    },
    PeerRecipe {
        id: "sklearn_linear_regression-m",
        title: "scikit-learn: linear regression, 20,000 features",
        size: "M",
        profiles: LONGEST,
        module: "sklearn.linear_model",
        class: "LinearRegression",
        options: || json!({}),
        data: wide,
    },
    PeerRecipe {
        id: "sklearn_logistic_regression-m",
        title: "scikit-learn: logistic regression, 20 classes of 2,000 features",
        size: "M",
        profiles: LONGEST,
        module: "sklearn.linear_model",
        class: "LogisticRegression",
        options: || json!({ "max_iter": 100 }),
        data: many_classes,
    },
    PeerRecipe {
        id: "sklearn_decision_tree-m",
        title: "scikit-learn: decision tree, targets of chance",
        size: "M",
        profiles: LONGEST,
        module: "sklearn.tree",
        class: "DecisionTreeRegressor",
        options: || json!({ "max_features": 1, "random_state": 42 }),
        data: || chance(50000, 10, "normal"),
    },
    PeerRecipe {
        id: "sklearn_support_vectors-m",
        title: "scikit-learn: support vector machine of thousands of vectors",
        size: "M",
        profiles: LONGEST,
        module: "sklearn.svm",
        class: "SVC",
        options: || json!({ "random_state": 42 }),
        data: larger,
    },
    PeerRecipe {
        id: "sklearn_perceptron-m",
        title: "scikit-learn: multilayer perceptron, two layers of 1,000",
        size: "M",
        profiles: LONGEST,
        module: "sklearn.neural_network",
        class: "MLPClassifier",
        options: || json!({ "hidden_layer_sizes": [1000, 1000], "max_iter": 5, "random_state": 42 }),
        data: tutorial,
    },
    PeerRecipe {
        id: "sklearn_neighbors-m",
        title: "scikit-learn: 5 nearest neighbours of 45,000",
        size: "M",
        profiles: LONGEST,
        module: "sklearn.neighbors",
        class: "KNeighborsClassifier",
        options: || json!({}),
        data: many_rows,
    },
    PeerRecipe {
        id: "sklearn_gradient_boosting-m",
        title: "scikit-learn: gradient boosting, 300 trees of depth 8",
        size: "M",
        profiles: LONGEST,
        module: "sklearn.ensemble",
        class: "GradientBoostingClassifier",
        options: || json!({ "n_estimators": 300, "max_depth": 8, "max_features": 4, "subsample": 0.5, "random_state": 42 }),
        data: larger,
    },
    PeerRecipe {
        id: "sklearn_random_forest-l",
        title: "scikit-learn: random forest, 500 MB",
        size: "L",
        profiles: LONGEST,
        module: "sklearn.ensemble",
        class: "RandomForestRegressor",
        options: || json!({ "n_estimators": 100, "max_features": 1, "random_state": 0 }),
        data: || chance(61000, 10, "normal"),
    },
];

impl PeerRecipe {
    /// What the script is told to train.
    pub fn specification(&self) -> Value {
        json!({ "module": self.module, "class": self.class, "options": (self.options)(), "data": (self.data)() })
    }

    /// The options that it is made with, as text.
    pub fn hyper_parameters(&self) -> BTreeMap<String, String> {
        let options = (self.options)();
        let options = options.as_object().into_iter().flatten();
        options.map(|(name, value)| (name.clone(), value.to_string())).collect()
    }

    /// What it was trained on, in words.
    pub fn data(&self) -> String {
        let data = (self.data)();
        let options = match &data["options"] {
            Value::Object(options) => {
                let texts = options.iter().map(|(name, value)| format!("{name}={value}"));
                texts.collect::<Vec<_>>().join(", ").replace('"', "")
            }
            _ => String::new(),
        };
        let generator = data["generator"].as_str().unwrap_or_default();
        format!("{generator}({options}), test part {}", data["test_size"])
    }
}

/// A recipe by its id.
pub fn find(id: &str) -> Option<&'static PeerRecipe> {
    PEER_RECIPES.iter().find(|recipe| recipe.id == id)
}

/// The estimators that a profile measures.
pub fn of_profile(profile: &str) -> impl Iterator<Item = &'static PeerRecipe> {
    PEER_RECIPES.iter().filter(move |recipe| recipe.profiles.contains(&profile))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_every_profile_has_the_tutorial() {
        for (position, recipe) in PEER_RECIPES.iter().enumerate() {
            assert!(PEER_RECIPES[..position].iter().all(|other| other.id != recipe.id));
            assert!(recipe.id.ends_with(&format!("-{}", recipe.size.to_lowercase())));
        }
        for profile in ALWAYS {
            assert_eq!(of_profile(profile).next().unwrap().id, TUTORIAL);
        }
        assert!(PEER_RECIPES[0].data().contains("n_samples=1000"));
    }
}
