"""One drawer for each family: `name(rng) -> Draw`. Options are those that users plausibly set.

An option that a version does not know is left out; a combination that the library refuses to fit is
drawn again and counted.
"""

import numpy as np
import sklearn
from sklearn.decomposition import PCA
from sklearn.ensemble import (ExtraTreesClassifier, ExtraTreesRegressor, GradientBoostingClassifier,
                              GradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from . import drawing

HERE = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
CLASSIFIER = ("predict", "predict_proba", "decision_function")
TRANSFORMER = ("transform",)


class Redraw(Exception):
    """This version cannot do what was drawn."""


class Draw(object):
    """An estimator to fit, its data, and what to ask it."""

    def __init__(self, estimator, data, target=None, methods=("predict",), exact=False, weights=None, sparse=False):
        self.estimator = estimator
        self.data = data
        self.target = target
        self.methods = methods
        self.exact = exact
        self.weights = weights
        self.sparse = sparse

    def fit(self):
        rows = self.data.rows
        if self.sparse:
            from scipy.sparse import csc_matrix, csr_matrix

            rows = (csr_matrix if self.sparse == "csr" else csc_matrix)(rows)
        if self.weights is not None:
            return self.estimator.fit(rows, self.target, sample_weight=self.weights)
        if self.target is None:
            return self.estimator.fit(rows)
        return self.estimator.fit(rows, self.target)


def make(kind, options):
    """The estimator with those options that this version knows."""
    known = kind().get_params()
    return kind(**{name: value for name, value in options.items() if name in known})


def maybe(rng, chance, options, **more):
    """Adds options by chance."""
    if rng.random() < chance:
        options.update(more)


def weights(rng, count, chance=0.15):
    """Sample weights that are seldom whole."""
    return np.array([rng.choice([0.5, 1.0, 1.7, 3.25]) for _ in range(count)]) if rng.random() < chance else None


def targets(rng, rows, chance=0.2):
    """One target, or several, or a column of one."""
    one = drawing.target(rng, rows)
    turn = rng.random()
    if turn < chance:
        return np.column_stack([one] + [drawing.target(rng, rows) for _ in range(rng.randrange(1, 3))])
    return one.reshape(-1, 1) if turn > 0.95 else one


def label_sets(rng, rows, chance=0.15):
    """One set of labels, or several of the same dtype as columns."""
    def numbers():
        return drawing.classes(rng, drawing.target(rng, rows))

    if rng.random() >= chance:
        return drawing.labels(rng, numbers()), False
    columns = [numbers() for _ in range(rng.randrange(2, 4))]
    if rng.random() < 0.4:
        columns = [np.array(["a", "bb", "c", "d", "e"])[column] for column in columns]
    return np.column_stack(columns), True


def sparse(rng, data, chance=0.05):
    """Whether the training rows become a sparse matrix."""
    if np.isnan(data.rows).any() or rng.random() >= chance:
        return False
    data.rows = np.where(np.abs(data.rows) < np.median(np.abs(data.rows)), 0, data.rows)
    return rng.choice(["csr", "csc"])


def regression(rng, kind, options, chance=0.2, **more):
    data = drawing.numbers(rng)
    is_sparse = sparse(rng, data) if more.pop("may_be_sparse", True) and "positive" not in options else False
    return Draw(make(kind, options), data, targets(rng, data.rows, chance), sparse=is_sparse, **more)


def linear_regression(rng):
    options = {}
    maybe(rng, 0.2, options, fit_intercept=False)
    maybe(rng, 0.1, options, positive=True)
    maybe(rng, 0.05, options, normalize=True)
    return regression(rng, LinearRegression, options)


def ridge(rng):
    options = {"alpha": rng.choice([0.01, 1.0, 1.0, 30.0])}
    maybe(rng, 0.2, options, fit_intercept=False)
    maybe(rng, 0.3, options, solver=rng.choice(["svd", "cholesky", "lsqr", "sag", "saga"]), random_state=1)
    return regression(rng, Ridge, options)


def lasso(rng):
    options = {"alpha": rng.choice([0.001, 0.1, 1.0])}
    maybe(rng, 0.2, options, fit_intercept=False)
    maybe(rng, 0.15, options, positive=True)
    maybe(rng, 0.2, options, selection="random", random_state=0)
    return regression(rng, Lasso, options)


def elastic_net(rng):
    options = {"alpha": rng.choice([0.01, 0.5]), "l1_ratio": rng.choice([0.1, 0.5, 0.9, 1.0])}
    maybe(rng, 0.2, options, fit_intercept=False)
    return regression(rng, ElasticNet, options)


def standardized(rng, **more):
    """Numbers of one scale, as solvers and distances want them."""
    data = drawing.numbers(rng, **more)
    middle, spread = data.rows.mean(axis=0), data.rows.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    narrow = data.rows.dtype
    data.rows = ((data.rows - middle) / spread).astype(narrow)
    data.inputs = (data.inputs.astype(np.float64) - middle) / spread
    return data


def logistic(rng):
    options = {"C": rng.choice([0.01, 1.0, 1.0, 100.0]), "max_iter": rng.choice([100, 400])}
    options["solver"] = rng.choice(["lbfgs", "lbfgs", "liblinear", "newton-cg", "saga", "sag", "newton-cholesky"])
    maybe(rng, 0.15, options, fit_intercept=False)
    maybe(rng, 0.2, options, class_weight="balanced")
    maybe(rng, 0.25, options, multi_class=rng.choice(["ovr", "multinomial", "auto"]))
    if options["solver"] in ("liblinear", "saga"):
        maybe(rng, 0.3, options, penalty="l1")
    data = standardized(rng)
    numbers = drawing.classes(rng, drawing.target(rng, data.rows))
    return Draw(make(LogisticRegression, options), data, drawing.labels(rng, numbers), CLASSIFIER,
                weights=weights(rng, len(numbers)))


def tree_options(rng, regressor):
    options = {"random_state": rng.randrange(100)}
    maybe(rng, 0.6, options, max_depth=rng.randrange(1, 7))
    maybe(rng, 0.2, options, max_leaf_nodes=rng.randrange(2, 20))
    maybe(rng, 0.2, options, min_samples_leaf=rng.choice([2, 5, 0.05]))
    maybe(rng, 0.1, options, min_samples_split=rng.choice([4, 0.1]))
    maybe(rng, 0.2, options, max_features=rng.choice(["sqrt", "log2", None, 0.5, 1]))
    maybe(rng, 0.08, options, ccp_alpha=0.01)
    if regressor:
        old = ["mse", "friedman_mse", "mae"]
        names = ["squared_error", "friedman_mse", "absolute_error", "poisson"] if HERE >= (1, 0) else old
        maybe(rng, 0.35, options, criterion=rng.choice(names))
    else:
        maybe(rng, 0.35, options, criterion=rng.choice(["entropy", "gini"] + (["log_loss"] if HERE >= (1, 1) else [])))
        maybe(rng, 0.2, options, class_weight="balanced")
    return options


def grow(rng, kinds, missing_since, more):
    """A tree or forest, classifier or regressor."""
    regressor = rng.random() < 0.4
    kind = kinds[1] if regressor else kinds[0]
    options = tree_options(rng, regressor)
    more(options)
    data = drawing.numbers(rng, missing=0.3 if HERE >= missing_since else 0.0, narrow=True)
    if regressor:
        target, several = targets(rng, data.rows), False
        if options.get("criterion") == "poisson":
            target = np.abs(target)
    else:
        target, several = label_sets(rng, data.rows)
    if rng.random() < 0.08 and np.ndim(target) == 1 and not np.isnan(data.rows).any():
        cycle = [1, 0, -1] if len(set(target)) == 2 or regressor else [0]
        options["monotonic_cst"] = [rng.choice(cycle) for _ in range(data.rows.shape[1])]
    methods = ("predict",) if regressor else ("predict", "predict_proba")
    return Draw(make(kind, options), data, target, methods, exact=True, weights=weights(rng, len(target)),
                sparse=sparse(rng, data))


def decision_tree(rng):
    return grow(rng, (DecisionTreeClassifier, DecisionTreeRegressor), (1, 3),
                lambda options: maybe(rng, 0.1, options, splitter="random"))


def forest_options(rng):
    def add(options):
        options["n_estimators"] = rng.choice([1, 3, 5, 10, 10, 25])
        maybe(rng, 0.15, options, bootstrap=rng.random() < 0.5)
        maybe(rng, 0.1, options, oob_score=True, bootstrap=True)
        maybe(rng, 0.1, options, max_samples=0.6, bootstrap=True)
        maybe(rng, 0.1, options, n_jobs=1)
        if options.get("class_weight") and rng.random() < 0.5:
            options["class_weight"] = "balanced_subsample"
    return add


def random_forest(rng):
    return grow(rng, (RandomForestClassifier, RandomForestRegressor), (1, 4), forest_options(rng))


def extra_trees(rng):
    return grow(rng, (ExtraTreesClassifier, ExtraTreesRegressor), (1, 6), forest_options(rng))


def gradient_boosting(rng):
    regressor = rng.random() < 0.4
    options = {"n_estimators": rng.choice([1, 5, 20, 40]), "random_state": 0}
    maybe(rng, 0.4, options, learning_rate=rng.choice([0.01, 0.5, 1.0]))
    maybe(rng, 0.5, options, max_depth=rng.randrange(1, 5))
    maybe(rng, 0.2, options, subsample=0.7)
    maybe(rng, 0.15, options, max_leaf_nodes=6)
    maybe(rng, 0.2, options, n_iter_no_change=3)
    maybe(rng, 0.2, options, max_features="sqrt")
    data = drawing.numbers(rng, narrow=True)
    made = drawing.target(rng, data.rows)
    if regressor:
        squared, absolute = ("squared_error", "absolute_error") if HERE >= (1, 0) else ("ls", "lad")
        maybe(rng, 0.5, options, loss=rng.choice([squared, absolute, "huber", "quantile"]))
        maybe(rng, 0.3, options, alpha=rng.choice([0.2, 0.95]))
        maybe(rng, 0.25, options, init=rng.choice(["zero", Ridge(), DecisionTreeRegressor(max_depth=2, random_state=0)]))
        return Draw(make(GradientBoostingRegressor, options), data, made, weights=weights(rng, len(made)))
    numbers = drawing.classes(rng, made)
    if numbers.max() == 1:
        maybe(rng, 0.3, options, loss="exponential")
    maybe(rng, 0.25, options, init=rng.choice(["zero", DecisionTreeClassifier(max_depth=2, random_state=0),
                                               LogisticRegression(C=0.01, solver="newton-cg")]))
    return Draw(make(GradientBoostingClassifier, options), data, drawing.labels(rng, numbers), CLASSIFIER,
                weights=weights(rng, len(numbers)))


def histogram_boosting(rng):
    if HERE < (0, 21):
        raise Redraw("no histogram boosting before 0.21")
    if HERE < (1, 0):
        from sklearn.experimental import enable_hist_gradient_boosting  # noqa: F401
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    regressor = rng.random() < 0.5
    options = {"max_iter": rng.choice([1, 5, 15, 40]), "random_state": 0, "min_samples_leaf": rng.choice([20, 5, 3])}
    maybe(rng, 0.3, options, learning_rate=rng.choice([0.02, 0.6]))
    maybe(rng, 0.3, options, max_depth=rng.randrange(2, 6))
    maybe(rng, 0.3, options, max_leaf_nodes=rng.randrange(2, 12))
    maybe(rng, 0.2, options, max_bins=rng.choice([5, 40]))
    maybe(rng, 0.2, options, l2_regularization=1.0)
    maybe(rng, 0.15, options, early_stopping=True)
    data = drawing.numbers(rng, missing=0.4 if HERE >= (0, 22) else 0.0, narrow=True)
    made = drawing.target(rng, data.rows)
    whole = [i for i in range(data.rows.shape[1]) if (np.nan_to_num(data.rows[:, i]) % 1 == 0).all()
             and np.nanmin(data.rows[:, i]) >= 0 and np.nanmax(data.rows[:, i]) < options.get("max_bins", 255)]
    if whole and HERE >= (0, 24):
        maybe(rng, 0.5, options, categorical_features=whole)
    elif rng.random() < 0.1:
        options["monotonic_cst"] = [rng.choice([1, 0, -1]) for _ in range(data.rows.shape[1])]
    if regressor:
        losses = ["poisson", "gamma", "quantile"] + (["absolute_error", "squared_error"] if HERE >= (1, 0) else
                                                     ["least_absolute_deviation", "least_squares"])
        maybe(rng, 0.5, options, loss=rng.choice(losses))
        if options.get("loss") == "quantile":
            options["quantile"] = rng.choice([0.1, 0.5, 0.8])
        if options.get("loss") in ("poisson", "gamma"):
            made = np.abs(made) + 0.01
        kind, methods, target = HistGradientBoostingRegressor, ("predict",), made
    else:
        numbers = drawing.classes(rng, made)
        maybe(rng, 0.15, options, class_weight="balanced")
        kind, methods, target = HistGradientBoostingClassifier, CLASSIFIER, drawing.labels(rng, numbers)
    return Draw(make(kind, options), data, target, methods,
                weights=weights(rng, len(target)) if HERE >= (0, 23) else None)


def kernel_options(rng):
    options = {"kernel": rng.choice(["rbf", "rbf", "rbf", "linear", "poly", "sigmoid"]),
               "gamma": rng.choice(["scale", "scale", "auto", 0.1, 1.0])}
    options["C"] = rng.choice([0.1, 1.0, 10.0])
    maybe(rng, 0.4, options, degree=rng.choice([2, 4]))
    maybe(rng, 0.4, options, coef0=rng.choice([0.5, 1.0, -0.2]))
    return options


def svc(rng):
    options = kernel_options(rng)
    maybe(rng, 0.3, options, decision_function_shape=rng.choice(["ovo", "ovr"]))
    maybe(rng, 0.3, options, probability=True, random_state=0)
    maybe(rng, 0.2, options, class_weight="balanced")
    if HERE >= (0, 22) and options.get("decision_function_shape") != "ovo":
        maybe(rng, 0.1, options, break_ties=True)
    data = standardized(rng)
    numbers = drawing.classes(rng, drawing.target(rng, data.rows))
    methods = CLASSIFIER if options.get("probability") else ("predict", "decision_function")
    return Draw(make(SVC, options), data, drawing.labels(rng, numbers), methods, weights=weights(rng, len(numbers), 0.1),
                sparse=sparse(rng, data))


def svr(rng):
    options = kernel_options(rng)
    maybe(rng, 0.4, options, epsilon=rng.choice([0.01, 0.5]))
    data = standardized(rng)
    return Draw(make(SVR, options), data, drawing.target(rng, data.rows), sparse=sparse(rng, data))


def linear_svc(rng):
    options = {"C": rng.choice([0.1, 1.0, 10.0]), "random_state": 0, "max_iter": 2000}
    maybe(rng, 0.2, options, fit_intercept=False)
    maybe(rng, 0.2, options, dual=False)
    maybe(rng, 0.2, options, class_weight="balanced")
    maybe(rng, 0.1, options, multi_class="crammer_singer")
    data = standardized(rng)
    numbers = drawing.classes(rng, drawing.target(rng, data.rows))
    return Draw(make(LinearSVC, options), data, drawing.labels(rng, numbers), CLASSIFIER, sparse=sparse(rng, data))


def neighbours(rng):
    regressor = rng.random() < 0.4
    options = {"n_neighbors": rng.choice([1, 3, 5, 5, 8])}
    maybe(rng, 0.3, options, weights="distance")
    maybe(rng, 0.5, options, algorithm=rng.choice(["brute", "kd_tree", "ball_tree"]))
    maybe(rng, 0.2, options, leaf_size=10)
    maybe(rng, 0.3, options, p=rng.choice([1, 3]))
    if "p" not in options:
        maybe(rng, 0.3, options, metric=rng.choice(["manhattan", "euclidean", "chebyshev", "cosine"]))
    if options.get("metric") == "cosine":
        options["algorithm"] = "brute"
    data = standardized(rng)
    if regressor:
        return Draw(make(KNeighborsRegressor, options), data, targets(rng, data.rows))
    target, _ = label_sets(rng, data.rows)
    return Draw(make(KNeighborsClassifier, options), data, target, ("predict", "predict_proba"))


def network(rng):
    options = {"hidden_layer_sizes": rng.choice([(4,), (8, 4), (16,), (3, 3, 3), 10]), "random_state": 0,
               "max_iter": rng.choice([10, 40])}
    maybe(rng, 0.5, options, activation=rng.choice(["tanh", "logistic", "identity", "relu"]))
    maybe(rng, 0.4, options, solver=rng.choice(["sgd", "lbfgs"]))
    maybe(rng, 0.15, options, early_stopping=True)
    data = standardized(rng)
    if rng.random() < 0.4:
        return Draw(make(MLPRegressor, options), data, targets(rng, data.rows))
    made = drawing.classes(rng, drawing.target(rng, data.rows))
    target = drawing.labels(rng, made)
    if rng.random() < 0.15:
        target = np.column_stack([made == 0, made >= 1, drawing.target(rng, data.rows) > 0]).astype(np.int64)
    return Draw(make(MLPClassifier, options), data, target, ("predict", "predict_proba"))


def pca(rng):
    data = standardized(rng)
    width = min(data.rows.shape)
    options = {"n_components": rng.choice([None, 1, width, max(1, width - 1), 0.8, 0.99]), "random_state": 0}
    maybe(rng, 0.3, options, whiten=True)
    if isinstance(options["n_components"], float):
        options["svd_solver"] = "full"
    else:
        maybe(rng, 0.4, options, svd_solver=rng.choice(["full", "randomized", "auto"] +
                                                       (["covariance_eigh"] if HERE >= (1, 5) else [])))
    return Draw(make(PCA, options), data, methods=TRANSFORMER)


def standard_scaler(rng):
    options = {}
    maybe(rng, 0.2, options, with_mean=False)
    maybe(rng, 0.2, options, with_std=False)
    data = drawing.numbers(rng, missing=0.2)
    if rng.random() < 0.2:
        data.rows[:, 0] = 7
    return Draw(make(StandardScaler, options), data, methods=TRANSFORMER)


def min_max_scaler(rng):
    options = {}
    maybe(rng, 0.3, options, feature_range=rng.choice([(-1, 1), (0, 255)]))
    maybe(rng, 0.3, options, clip=True)
    data = drawing.numbers(rng, missing=0.2)
    if rng.random() < 0.2:
        data.rows[:, -1] = -2.5
    return Draw(make(MinMaxScaler, options), data, methods=TRANSFORMER)


def imputer(rng):
    options = {"strategy": rng.choice(["mean", "median", "most_frequent", "constant"])}
    maybe(rng, 0.2, options, keep_empty_features=True)
    if rng.random() < 0.2:
        data = drawing.table(rng, missing=1.0)
        names = drawing.text_columns(data.rows)
        data.rows, data.inputs, data.header = data.rows[names], data.inputs[names], names
        options["strategy"] = rng.choice(["most_frequent", "constant"])
        return Draw(make(SimpleImputer, options), data, methods=TRANSFORMER)
    maybe(rng, 0.3, options, add_indicator=True)
    if options["strategy"] == "constant":
        maybe(rng, 0.5, options, fill_value=rng.choice([-1, 0.5]))
    data = drawing.numbers(rng, missing=0.9)
    if rng.random() < 0.1:
        data.rows[:, 0] = np.nan
    return Draw(make(SimpleImputer, options), data, methods=TRANSFORMER)


def categories(rng, chance=0.5):
    """Columns of texts from a table, or whole numbers."""
    if rng.random() < chance:
        data = drawing.table(rng, missing=0.2 if HERE >= (0, 24) else 0.0)
        names = drawing.text_columns(data.rows)
        data.rows, data.inputs, data.header = data.rows[names], data.inputs[names], names
        return data
    data = drawing.numbers(rng, whole=True)
    keep = data.rows.shape[1] if rng.random() < 0.5 else 2
    data.rows, data.inputs = data.rows[:, :keep], data.inputs[:, :keep]
    return data


def one_hot(rng):
    data = categories(rng)
    options = {"handle_unknown": rng.choice(["ignore", "ignore", "error"] +
                                            (["infrequent_if_exist"] if HERE >= (1, 1) else []))}
    if HERE < (0, 22):
        options["categories"] = "auto"
    maybe(rng, 0.2, options, sparse=False, sparse_output=False)
    maybe(rng, 0.3, options, drop=rng.choice(["first", "if_binary"] if HERE >= (0, 23) else ["first"]))
    maybe(rng, 0.2, options, min_frequency=rng.choice([5, 0.1]))
    maybe(rng, 0.2, options, max_categories=rng.randrange(2, 5))
    known = set(OneHotEncoder().get_params())
    if "sparse_output" in known:
        options.pop("sparse", None)
    if "drop" in options and HERE < (1, 0):
        options["handle_unknown"] = "error"
    return Draw(make(OneHotEncoder, options), data, methods=TRANSFORMER)


def ordinal(rng):
    data = categories(rng)
    options = {}
    if rng.random() < 0.7 and HERE >= (0, 24):
        options.update(handle_unknown="use_encoded_value", unknown_value=rng.choice([-1, float("nan"), 99]))
    maybe(rng, 0.2, options, encoded_missing_value=-2)
    maybe(rng, 0.1, options, min_frequency=6)
    return Draw(make(OrdinalEncoder, options), data, methods=TRANSFORMER)


def label_encoder(rng):
    numbers = drawing.classes(rng, np.arange(30) * 1.0)
    made = drawing.labels(rng, np.array(rng.sample(list(numbers), len(numbers))))
    return Draw(LabelEncoder(), drawing.Data(made, made[5:20], "labels", ["label"]), methods=TRANSFORMER)
