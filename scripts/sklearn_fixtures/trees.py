"""Decision trees and forests."""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from .catalogue import ALL, FEW, HERE, ONE, REGRESSOR, model
from .data import training, with_missing
from .linear import BINARY, CLASSES, TARGET, TARGETS, TEXTS, WEIGHTS, X

TWO_OUTPUTS = np.column_stack([CLASSES, BINARY])
THREE_OUTPUTS = np.column_stack([CLASSES * 5 - 3, BINARY, (X[:, 5] > 2) + CLASSES])
TEXT_OUTPUTS = np.column_stack([TEXTS, np.array(["no", "yes"])[BINARY]])
MISSING = with_missing(X, 3)
COUNTS = np.round(np.exp(TARGET / 3))
SQUARED = "squared_error" if HERE >= (1, 0) else "mse"
ABSOLUTE = "absolute_error" if HERE >= (1, 0) else "mae"


def tree(name, make, y, where=ONE, rows=X, weights=None, regressor=False, **more):
    methods = REGRESSOR if regressor else ("predict", "predict_proba")
    model(name, lambda: make().fit(rows, y, sample_weight=weights), methods=methods, where=where, **more)


def single(**options):
    return lambda: DecisionTreeClassifier(random_state=0, **options)


def single_regressor(**options):
    return lambda: DecisionTreeRegressor(random_state=0, **options)


tree("tree_classifier", single(max_depth=4), CLASSES, where=ALL)
tree("tree_classifier_texts", single(max_depth=4), TEXTS, where=FEW)
tree("tree_classifier_bools", single(max_depth=3), BINARY == 1)
tree("tree_classifier_floats", single(max_depth=3), CLASSES * 2.0 - 1)
tree("tree_classifier_int8", single(max_depth=3), CLASSES.astype(np.int8))
tree("tree_classifier_full", single(), CLASSES)
tree("tree_classifier_entropy", single(criterion="entropy", max_leaf_nodes=7), CLASSES)
tree("tree_classifier_log_loss", single(criterion="log_loss", splitter="random"), CLASSES, since=(1, 1))
tree("tree_classifier_weighted", single(max_depth=4), CLASSES, where=ALL, weights=WEIGHTS)
tree("tree_classifier_class_weight", single(max_depth=3, class_weight={0: 0.3, 1: 2.7, 2: 1}), CLASSES, where=FEW)
tree("tree_classifier_balanced", single(max_depth=3, class_weight="balanced"), TEXTS)
tree("tree_classifier_two_outputs", single(max_depth=3), TWO_OUTPUTS, where=ALL)
tree("tree_classifier_three_outputs", single(max_depth=3), THREE_OUTPUTS, weights=WEIGHTS)
tree("tree_classifier_text_outputs", single(max_depth=3), TEXT_OUTPUTS)
tree("tree_classifier_class_weight_outputs",
     single(max_depth=3, class_weight=[{0: 1, 1: 2.5, 2: 1}, {0: 0.5, 1: 1}]), TWO_OUTPUTS)
tree("tree_classifier_one_node", single(), np.zeros(len(X), dtype=np.int64), where=FEW)
tree("tree_classifier_one_node_two_classes", single(min_samples_leaf=60), BINARY)
tree("tree_classifier_float32", single(max_depth=4), CLASSES, rows=X.astype(np.float32))
tree("tree_classifier_pruned", single(ccp_alpha=0.02), CLASSES, since=(0, 22))
tree("tree_classifier_missing", single(max_depth=5), CLASSES, rows=MISSING, input="numbers_missing.npy", where=ALL,
     since=(1, 3))
tree("tree_classifier_missing_weighted", single(max_depth=5), TEXTS, rows=MISSING, input="numbers_missing.npy",
     since=(1, 3), weights=WEIGHTS)
tree("tree_classifier_no_missing_seen", single(max_depth=4), CLASSES, input="numbers.npy", since=(1, 3))
tree("tree_classifier_monotonic", single(max_depth=4, monotonic_cst=[1, 0, -1, 0, 0, 1]), BINARY, since=(1, 4))
tree("extra_tree_classifier", lambda: ExtraTreeClassifier(random_state=0, max_depth=4), CLASSES, where=FEW)

tree("tree_regressor", single_regressor(max_depth=4), TARGET, where=ALL, regressor=True)
tree("tree_regressor_two_targets", single_regressor(max_depth=3), TARGETS, where=FEW, regressor=True)
tree("tree_regressor_absolute", single_regressor(max_depth=3, criterion=ABSOLUTE), TARGET, regressor=True)
tree("tree_regressor_friedman", single_regressor(max_leaf_nodes=9, criterion="friedman_mse"), TARGET,
     regressor=True, until=(1, 8))
tree("tree_regressor_poisson", single_regressor(max_depth=3, criterion="poisson"), COUNTS, regressor=True,
     since=(0, 24))
tree("tree_regressor_weighted", single_regressor(max_depth=4), TARGET, regressor=True, weights=WEIGHTS)
tree("tree_regressor_one_node", single_regressor(), np.full(len(X), 2.5), regressor=True)
tree("tree_regressor_missing", single_regressor(max_depth=4), TARGET, rows=MISSING, input="numbers_missing.npy",
     regressor=True, since=(1, 3), where=FEW)
tree("tree_regressor_monotonic", single_regressor(max_depth=4, monotonic_cst=[1, 0, 0, 0, -1, 0]), TARGET,
     regressor=True, since=(1, 4))
tree("extra_tree_regressor", lambda: ExtraTreeRegressor(random_state=0, max_depth=4), TARGET, regressor=True)


def random_forest(kind, **options):
    """Few trees: the files stay small."""
    made = dict(n_estimators=4, random_state=1)
    made.update(options)
    return lambda: kind(**made)


tree("forest_classifier", random_forest(RandomForestClassifier, max_depth=3), CLASSES, where=ALL)
tree("forest_classifier_texts", random_forest(RandomForestClassifier, max_depth=3), TEXTS, where=FEW)
tree("forest_classifier_binary", random_forest(RandomForestClassifier, max_depth=3, n_estimators=7), BINARY, where=FEW)
tree("forest_classifier_bools", random_forest(RandomForestClassifier, max_depth=2), BINARY == 1)
tree("forest_classifier_weighted", random_forest(RandomForestClassifier, max_depth=3), CLASSES, weights=WEIGHTS,
     where=FEW)
tree("forest_classifier_balanced", random_forest(RandomForestClassifier, max_depth=3, class_weight="balanced_subsample"),
     CLASSES)
tree("forest_classifier_two_outputs", random_forest(RandomForestClassifier, max_depth=3), TWO_OUTPUTS, where=FEW)
tree("forest_classifier_text_outputs", random_forest(RandomForestClassifier, max_depth=2), TEXT_OUTPUTS)
tree("forest_classifier_oob", random_forest(RandomForestClassifier, max_depth=2, oob_score=True, n_estimators=10),
     CLASSES)
tree("forest_classifier_no_bootstrap",
     random_forest(RandomForestClassifier, bootstrap=False, max_features=None, max_leaf_nodes=5), CLASSES)
tree("forest_classifier_samples", random_forest(RandomForestClassifier, max_samples=0.5, ccp_alpha=0.01), CLASSES,
     since=(0, 22))
tree("forest_classifier_missing", random_forest(RandomForestClassifier, max_depth=4), CLASSES, rows=MISSING,
     input="numbers_missing.npy", since=(1, 4), where=ALL)
tree("forest_classifier_monotonic", random_forest(RandomForestClassifier, max_depth=3, monotonic_cst=[1, 0, 0, 0, -1, 0]),
     BINARY, since=(1, 4))
tree("forest_classifier_one_class", random_forest(RandomForestClassifier, n_estimators=2), np.full(len(X), 4))
tree("forest_regressor", random_forest(RandomForestRegressor, max_depth=3), TARGET, where=ALL, regressor=True)
tree("forest_regressor_two_targets", random_forest(RandomForestRegressor, max_depth=3), TARGETS, regressor=True,
     where=FEW)
tree("forest_regressor_absolute", random_forest(RandomForestRegressor, max_depth=2, criterion=ABSOLUTE), TARGET,
     regressor=True)
tree("forest_regressor_float32", random_forest(RandomForestRegressor, max_depth=3), TARGET.astype(np.float32),
     regressor=True, rows=X.astype(np.float32))
tree("forest_regressor_missing", random_forest(RandomForestRegressor, max_depth=4), TARGET, rows=MISSING,
     input="numbers_missing.npy", since=(1, 4), regressor=True)
tree("extra_trees_classifier", random_forest(ExtraTreesClassifier, max_depth=3), CLASSES, where=ALL)
tree("extra_trees_classifier_texts", random_forest(ExtraTreesClassifier, bootstrap=True, max_depth=3), TEXTS)
tree("extra_trees_classifier_missing", random_forest(ExtraTreesClassifier, max_depth=4), CLASSES, rows=MISSING,
     input="numbers_missing.npy", since=(1, 6))
tree("extra_trees_regressor", random_forest(ExtraTreesRegressor, max_depth=3), TARGET, where=ALL, regressor=True)
tree("extra_trees_regressor_two_targets", random_forest(ExtraTreesRegressor, max_depth=3), TARGETS, regressor=True)


def sparse_forest():
    from scipy.sparse import csc_matrix

    rows = np.where(X > 0, X, 0)
    return RandomForestClassifier(n_estimators=3, max_depth=3, random_state=0).fit(csc_matrix(rows), CLASSES)


model("forest_classifier_sparse_data", sparse_forest, methods=("predict", "predict_proba"))


def many_rows():
    """Node counts above what one byte holds, from another draw."""
    rows, _, classes = training(seed=91, count=700)
    return DecisionTreeClassifier(random_state=0).fit(rows, classes)


model("tree_classifier_larger", many_rows, methods=("predict", "predict_proba"))
