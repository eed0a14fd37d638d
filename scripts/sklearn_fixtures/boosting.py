"""Gradient boosting, with trees of its own and with histograms."""

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier

from .catalogue import ALL, CLASSIFIER, FEW, HERE, ONE, REGRESSOR, model
from .data import blocks
from .linear import BINARY, CLASSES, TARGET, TEXTS, WEIGHTS, X
from .trees import COUNTS, MISSING

SQUARED = "squared_error" if HERE >= (1, 0) else "ls"
ABSOLUTE = "absolute_error" if HERE >= (1, 0) else "lad"
LOG_LOSS = "log_loss" if HERE >= (1, 1) else "deviance"


def boosted(name, y, where=ONE, weights=None, since=(0, 0), **options):
    regressor = options.pop("regressor", False)
    kind = GradientBoostingRegressor if regressor else GradientBoostingClassifier
    made = dict(n_estimators=3, max_depth=2, random_state=0)
    made.update(options)
    if callable(made.get("init")):
        made["init"] = made["init"]()
    methods = REGRESSOR if regressor else CLASSIFIER
    model(name, lambda: kind(**made).fit(X, y, sample_weight=weights), methods=methods, where=where, since=since)


boosted("boosting_classifier", CLASSES, where=ALL)
boosted("boosting_classifier_binary", BINARY, where=ALL, n_estimators=5)
boosted("boosting_classifier_texts", TEXTS, learning_rate=0.5, loss=LOG_LOSS)
boosted("boosting_classifier_text_pair", np.array(["no", "yes"])[BINARY], subsample=0.6)
boosted("boosting_classifier_exponential", BINARY, where=FEW, loss="exponential")
boosted("boosting_classifier_zero", CLASSES, where=FEW, init="zero", since=(0, 21))
boosted("boosting_classifier_zero_binary", BINARY, init="zero", since=(0, 21))
boosted("boosting_classifier_zero_exponential", BINARY, init="zero", loss="exponential", since=(0, 21))
boosted("boosting_classifier_init", CLASSES, where=FEW, since=(0, 21),
        init=lambda: DecisionTreeClassifier(max_depth=1, random_state=0))
boosted("boosting_classifier_init_binary", BINARY, since=(0, 21),
        init=lambda: LogisticRegression(solver="liblinear", C=0.01))
boosted("boosting_classifier_init_exponential", BINARY, loss="exponential", since=(0, 22),
        init=lambda: LogisticRegression(solver="liblinear", C=0.01))
boosted("boosting_classifier_weighted", CLASSES, weights=WEIGHTS)
boosted("boosting_classifier_leaves", BINARY, max_leaf_nodes=4, max_depth=None)
boosted("boosting_classifier_early", BINARY, n_iter_no_change=2, n_estimators=20)
boosted("boosting_regressor", TARGET, where=ALL, regressor=True)
boosted("boosting_regressor_absolute", TARGET, where=FEW, loss=ABSOLUTE, regressor=True)
boosted("boosting_regressor_huber", TARGET, loss="huber", alpha=0.8, regressor=True)
boosted("boosting_regressor_quantile", TARGET, where=FEW, loss="quantile", alpha=0.3, regressor=True)
boosted("boosting_regressor_zero", TARGET, where=FEW, init="zero", since=(0, 21), regressor=True)
boosted("boosting_regressor_init", TARGET, init=lambda: Ridge(), where=FEW, since=(0, 21), regressor=True)
boosted("boosting_regressor_init_forest", TARGET, since=(0, 21), regressor=True,
        init=lambda: RandomForestRegressor(n_estimators=2, max_depth=2, random_state=0))
boosted("boosting_regressor_weighted", TARGET, weights=WEIGHTS, subsample=0.7, criterion="friedman_mse", regressor=True)


def histogram(name, y, where=ONE, weights=None, rows=X, input="numbers_missing.npy", since=(0, 22), until=(9, 9),
              regressor=False, **options):
    made = dict(max_iter=3, max_leaf_nodes=6, min_samples_leaf=5, random_state=0)
    made.update(options)

    def fit():
        if HERE < (1, 0):
            from sklearn.experimental import enable_hist_gradient_boosting  # noqa: F401
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        kind = HistGradientBoostingRegressor if regressor else HistGradientBoostingClassifier
        if weights is None:
            return kind(**made).fit(rows, y)
        return kind(**made).fit(rows, y, sample_weight=weights)

    model(name, fit, input=input, methods=REGRESSOR if regressor else CLASSIFIER, where=where, since=since, until=until)


B, BLOCK_TARGET = blocks()
BLOCK_CLASSES = (BLOCK_TARGET > 1).astype(np.int64) + (BLOCK_TARGET > 3)
HIST_SQUARED = "squared_error" if HERE >= (1, 0) else "least_squares"
HIST_ABSOLUTE = "absolute_error" if HERE >= (1, 0) else "least_absolute_deviation"

histogram("histogram_classifier", CLASSES, where=ALL, since=(0, 21), input="numbers.npy")
histogram("histogram_classifier_missing", BINARY, where=ALL, rows=MISSING)
histogram("histogram_classifier_texts", TEXTS, where=FEW, rows=MISSING, max_iter=2)
histogram("histogram_classifier_text_pair", np.array(["no", "yes"])[BINARY], learning_rate=0.7)
histogram("histogram_classifier_few_bins", CLASSES, max_bins=8, max_depth=3, l2_regularization=0.5)
histogram("histogram_classifier_weighted", CLASSES, weights=WEIGHTS, since=(0, 23))
histogram("histogram_classifier_class_weight", TEXTS, class_weight="balanced", since=(1, 2))
histogram("histogram_classifier_early", BINARY, early_stopping=True, max_iter=20, since=(0, 23), validation_fraction=0.2)
histogram("histogram_classifier_categories", BLOCK_CLASSES, where=FEW, rows=B, input="blocks.npy",
          categorical_features=[0, 2], since=(0, 24))
histogram("histogram_classifier_mask", (BLOCK_TARGET > 2), rows=B, input="blocks.npy",
          categorical_features=[True, False, True, False], since=(0, 24))
histogram("histogram_classifier_monotonic", BINARY, monotonic_cst=[1, 0, 0, 0, -1, 0], since=(0, 23))
histogram("histogram_classifier_interaction", BINARY, interaction_cst=[[0, 1, 2], [3, 4, 5]], since=(1, 2))
histogram("histogram_regressor", TARGET, where=ALL, since=(0, 21), input="numbers.npy", regressor=True)
histogram("histogram_regressor_missing", TARGET, where=FEW, rows=MISSING, regressor=True)
histogram("histogram_regressor_absolute", TARGET, loss=HIST_ABSOLUTE, since=(0, 23), regressor=True)
histogram("histogram_regressor_poisson", COUNTS, where=FEW, loss="poisson", since=(0, 23), regressor=True)
histogram("histogram_regressor_gamma", COUNTS + 0.5, where=FEW, loss="gamma", since=(1, 3), regressor=True)
histogram("histogram_regressor_quantile", TARGET, loss="quantile", quantile=0.2, since=(1, 1), regressor=True)
histogram("histogram_regressor_categories", BLOCK_TARGET, where=ALL, rows=B, input="blocks.npy",
          categorical_features=[0, 2], since=(0, 24), regressor=True)
histogram("histogram_regressor_one_leaf", TARGET, max_iter=1, min_samples_leaf=80, regressor=True)


def with_frame():
    """Categories by name and by the frame's own types, which an encoder inside turns into numbers."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    from .data import frame, table

    rows, target = table()
    made = frame(rows)
    made["city"] = made["city"].astype("category")
    made = made[["age", "income", "city", "visits"]]
    return HistGradientBoostingRegressor(max_iter=3, max_leaf_nodes=5, min_samples_leaf=5, random_state=0,
                                         categorical_features="from_dtype").fit(made, target)


model("histogram_regressor_frame", with_frame, input="table_category.csv", methods=REGRESSOR, where=FEW, since=(1, 4))
