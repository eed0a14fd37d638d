"""Support vector machines, nearest neighbours and neural networks."""

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.svm import NuSVC, NuSVR, SVC, SVR, LinearSVC, LinearSVR

from .catalogue import ALL, FEW, ONE, REGRESSOR, model
from .data import SCALE
from .linear import BINARY, CLASSES, TARGET, TARGETS, TEXTS, WEIGHTS, X

Z = X / SCALE
FOUR = CLASSES + 10 * (X[:, 5] > 2)


def support(name, make, y, where=ONE, regressor=False, rows=Z, weights=None, input="scaled.npy", **more):
    methods = REGRESSOR if regressor else ("predict", "decision_function", "predict_proba")
    def fit():
        return make().fit(rows, y) if weights is None else make().fit(rows, y, sample_weight=weights)
    model(name, fit, methods=methods, where=where, input=input, **more)


support("svc", lambda: SVC(gamma="scale"), CLASSES, where=ALL)
support("svc_binary", lambda: SVC(gamma="scale"), BINARY, where=ALL)
support("svc_texts", lambda: SVC(gamma="auto", C=10), TEXTS, where=FEW)
support("svc_text_pair", lambda: SVC(gamma=0.3), np.array(["no", "yes"])[BINARY])
support("svc_linear", lambda: SVC(kernel="linear"), CLASSES, where=FEW)
support("svc_linear_binary", lambda: SVC(kernel="linear", C=0.1), BINARY)
support("svc_poly", lambda: SVC(kernel="poly", gamma="scale", coef0=1.0), CLASSES, where=FEW)
support("svc_poly_two", lambda: SVC(kernel="poly", degree=2, gamma=0.5), BINARY)
support("svc_poly_zero", lambda: SVC(kernel="poly", degree=5, gamma=0.1, coef0=-0.5), CLASSES)
support("svc_sigmoid", lambda: SVC(kernel="sigmoid", gamma=0.05, coef0=0.1), CLASSES, where=FEW)
support("svc_ovo", lambda: SVC(gamma="scale", decision_function_shape="ovo"), FOUR, where=FEW)
support("svc_ovr_four", lambda: SVC(gamma="scale", decision_function_shape="ovr"), FOUR)
support("svc_ovo_binary", lambda: SVC(gamma="scale", decision_function_shape="ovo"), BINARY)
support("svc_break_ties", lambda: SVC(gamma="scale", break_ties=True), FOUR, since=(0, 22))
support("svc_probability", lambda: SVC(gamma="scale", probability=True, random_state=0), CLASSES, where=FEW)
support("svc_probability_binary", lambda: SVC(gamma="scale", probability=True, random_state=0), BINARY, where=FEW)
support("svc_probability_four", lambda: SVC(kernel="linear", probability=True, random_state=0), FOUR)
support("svc_class_weight", lambda: SVC(gamma="scale", class_weight={0: 0.4, 1: 3, 2: 1}), CLASSES)
support("svc_balanced", lambda: SVC(gamma="scale", class_weight="balanced"), TEXTS)
support("svc_weighted", lambda: SVC(gamma="scale"), CLASSES, weights=WEIGHTS)
support("svc_float32", lambda: SVC(gamma="scale"), CLASSES, rows=Z.astype(np.float32))
support("nu_svc", lambda: NuSVC(gamma="scale", nu=0.3), CLASSES, where=FEW)
support("nu_svc_binary", lambda: NuSVC(gamma="scale", nu=0.4, probability=True, random_state=0), BINARY)
support("svr", lambda: SVR(gamma="scale", C=5), TARGET, where=ALL, regressor=True)
support("svr_linear", lambda: SVR(kernel="linear", epsilon=0.3), TARGET, where=FEW, regressor=True)
support("svr_poly", lambda: SVR(kernel="poly", gamma="auto", coef0=1), TARGET, regressor=True)
support("svr_sigmoid", lambda: SVR(kernel="sigmoid", gamma=0.02), TARGET, regressor=True)
support("nu_svr", lambda: NuSVR(gamma="scale", nu=0.4), TARGET, where=FEW, regressor=True)
support("linear_svc", lambda: LinearSVC(random_state=0, max_iter=5000), CLASSES, where=ALL)
support("linear_svc_binary", lambda: LinearSVC(random_state=0, max_iter=5000), np.array(["no", "yes"])[BINARY],
        where=FEW)
support("linear_svc_crammer_singer", lambda: LinearSVC(multi_class="crammer_singer", random_state=0), TEXTS)
support("linear_svc_no_intercept", lambda: LinearSVC(fit_intercept=False, random_state=0, loss="hinge"), BINARY)
support("linear_svc_no_intercept_multi", lambda: LinearSVC(fit_intercept=False, dual=False, penalty="l1", random_state=0), CLASSES)
support("linear_svr", lambda: LinearSVR(random_state=0, max_iter=5000), TARGET, where=ALL, regressor=True)
support("linear_svr_no_intercept", lambda: LinearSVR(random_state=0, fit_intercept=False, epsilon=0.2), TARGET,
        regressor=True)


def sparse_support(kind, y, **options):
    def fit():
        from scipy.sparse import csr_matrix

        return kind(gamma="scale", **options).fit(csr_matrix(np.where(Z > 0.2, Z, 0)), y)
    return fit


model("svc_sparse_data", sparse_support(SVC, CLASSES), methods=("predict", "decision_function"), where=FEW,
      input="scaled.npy")
model("svc_sparse_binary", sparse_support(SVC, BINARY, kernel="linear"), methods=("predict", "decision_function"),
      input="scaled.npy")
model("svr_sparse_data", sparse_support(SVR, TARGET), methods=REGRESSOR, input="scaled.npy")


def near(name, make, y, where=ONE, rows=Z, regressor=False, input="scaled.npy", **more):
    methods = REGRESSOR if regressor else ("predict", "predict_proba")
    model(name, lambda: make().fit(rows, y), methods=methods, where=where, input=input, **more)


def neighbours(**options):
    return lambda: KNeighborsClassifier(**options)


def neighbours_regressor(**options):
    return lambda: KNeighborsRegressor(**options)


SMALL = slice(0, 40)
near("neighbours_classifier", neighbours(), CLASSES[SMALL], where=ALL, rows=Z[SMALL])
near("neighbours_kd_tree", neighbours(algorithm="kd_tree", leaf_size=10), TEXTS, where=FEW)
near("neighbours_ball_tree", neighbours(algorithm="ball_tree", weights="distance"), CLASSES, where=FEW)
near("neighbours_brute", neighbours(algorithm="brute", n_neighbors=3), CLASSES, where=FEW)
near("neighbours_brute_distance", neighbours(algorithm="brute", n_neighbors=4, weights="distance"), CLASSES)
near("neighbours_manhattan", neighbours(p=1, n_neighbors=4), BINARY)
near("neighbours_p3", neighbours(p=3, weights="distance"), CLASSES)
near("neighbours_brute_p3", neighbours(p=3, algorithm="brute"), CLASSES)
near("neighbours_brute_manhattan", neighbours(metric="manhattan", algorithm="brute"), CLASSES)
near("neighbours_chebyshev", neighbours(metric="chebyshev", algorithm="ball_tree"), CLASSES)
near("neighbours_euclidean", neighbours(metric="euclidean", algorithm="kd_tree"), CLASSES)
near("neighbours_cosine", neighbours(metric="cosine", algorithm="brute", n_neighbors=3), CLASSES, where=FEW)
near("neighbours_two_outputs", neighbours(), np.column_stack([CLASSES, BINARY]), where=FEW)
near("neighbours_text_outputs", neighbours(weights="distance"), np.column_stack([TEXTS, np.array(["n", "y"])[BINARY]]))
near("neighbours_column", neighbours(), CLASSES.reshape(-1, 1))
near("neighbours_bools", neighbours(n_neighbors=1), BINARY == 1)
near("neighbours_float32", neighbours(algorithm="brute"), CLASSES, rows=Z.astype(np.float32))
near("neighbours_whole", neighbours(algorithm="brute", n_neighbors=2), FOUR, rows=np.round(X[:, :3]).astype(np.int64),
     input="whole.npy")
near("neighbours_wide", neighbours(), CLASSES, rows=np.tile(Z, 3), input="scaled_wide.npy")
near("neighbours_regressor", neighbours_regressor(), TARGET[SMALL], where=ALL, rows=Z[SMALL], regressor=True)
near("neighbours_regressor_distance", neighbours_regressor(weights="distance", n_neighbors=3), TARGET, where=FEW,
     regressor=True)
near("neighbours_regressor_two_targets", neighbours_regressor(n_neighbors=3), TARGETS, regressor=True)
near("neighbours_regressor_two_targets_distance", neighbours_regressor(weights="distance"), TARGETS, regressor=True)
near("neighbours_regressor_whole_targets", neighbours_regressor(), CLASSES * 3, regressor=True)
near("neighbours_regressor_brute_p1", neighbours_regressor(p=1, algorithm="brute"), TARGET, regressor=True)


def network(name, make, y, where=ONE, regressor=False, rows=Z, **more):
    methods = REGRESSOR if regressor else ("predict", "predict_proba")
    model(name, lambda: make().fit(rows, y), methods=methods, where=where, input="scaled.npy", **more)


def perceptron(kind, *hidden, **options):
    made = dict(hidden_layer_sizes=hidden, max_iter=25, random_state=0)
    made.update(options)
    return lambda: kind(**made)


network("network_classifier", perceptron(MLPClassifier, 6), CLASSES, where=ALL)
network("network_classifier_binary", perceptron(MLPClassifier, 6, 4, activation="tanh"), BINARY, where=FEW)
network("network_classifier_texts", perceptron(MLPClassifier, 5, activation="logistic"), TEXTS)
network("network_classifier_text_pair", perceptron(MLPClassifier, 5), np.array(["no", "yes"])[BINARY])
network("network_classifier_identity", perceptron(MLPClassifier, 5, activation="identity", solver="lbfgs"), CLASSES)
network("network_classifier_labels", perceptron(MLPClassifier, 6), np.column_stack([BINARY, CLASSES == 0, CLASSES > 0])
        .astype(np.int64), where=FEW)
network("network_classifier_sgd", perceptron(MLPClassifier, 6, solver="sgd", learning_rate="adaptive"), CLASSES)
network("network_classifier_early", perceptron(MLPClassifier, 6, early_stopping=True), CLASSES)
network("network_classifier_float32", perceptron(MLPClassifier, 6), CLASSES, rows=Z.astype(np.float32))
network("network_classifier_no_hidden", perceptron(MLPClassifier), CLASSES)
network("network_regressor", perceptron(MLPRegressor, 6), TARGET, where=ALL, regressor=True)
network("network_regressor_two_targets", perceptron(MLPRegressor, 6, activation="logistic"), TARGETS, regressor=True)
network("network_regressor_deep", perceptron(MLPRegressor, 4, 4, 4, activation="tanh", solver="lbfgs"), TARGET,
        regressor=True)
network("network_regressor_poisson", perceptron(MLPRegressor, 6, loss="poisson"), np.abs(TARGET), regressor=True,
        since=(1, 7))
