"""Linear and logistic models, with labels of every kind."""

import numpy as np
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge

from .catalogue import ALL, FEW, ONE, REGRESSOR, model
from .data import training

X, TARGET, CLASSES = training()
BINARY = (CLASSES == 1).astype(np.int64)
TARGETS = np.column_stack([TARGET, TARGET ** 2 - X[:, 4]])
TEXTS = np.array(["low", "middle", "über"])[CLASSES]
WEIGHTS = 0.25 + (np.arange(len(X)) % 7) / 3.0


def regression(name, make, y=TARGET, where=ONE, rows=X, **more):
    model(name, lambda: make().fit(rows, y), methods=REGRESSOR, where=where, **more)


regression("linear_regression", lambda: LinearRegression(), where=ALL)
regression("linear_regression_two_targets", lambda: LinearRegression(), TARGETS, where=FEW)
regression("linear_regression_column", lambda: LinearRegression(), TARGET.reshape(-1, 1))
regression("linear_regression_no_intercept", lambda: LinearRegression(fit_intercept=False), where=FEW)
regression("linear_regression_no_intercept_two", lambda: LinearRegression(fit_intercept=False), TARGETS)
regression("linear_regression_positive", lambda: LinearRegression(positive=True), since=(0, 24))
regression("linear_regression_normalized", lambda: LinearRegression(normalize=True), until=(1, 1))
regression("linear_regression_float32", lambda: LinearRegression(), rows=X.astype(np.float32))
regression("linear_regression_float32_all", lambda: LinearRegression(), TARGET.astype(np.float32),
           rows=X.astype(np.float32))
regression("linear_regression_whole_targets", lambda: LinearRegression(), CLASSES)
model("linear_regression_weighted", lambda: LinearRegression().fit(X, TARGET, sample_weight=WEIGHTS),
      methods=REGRESSOR)
regression("ridge", lambda: Ridge(), where=ALL)
regression("ridge_two_targets", lambda: Ridge(alpha=np.array([0.5, 3.0])), TARGETS)
regression("ridge_no_intercept", lambda: Ridge(fit_intercept=False, alpha=10, solver="cholesky"))
regression("ridge_sag", lambda: Ridge(solver="sag", random_state=0, max_iter=5000))
regression("ridge_positive", lambda: Ridge(positive=True), since=(1, 0))
regression("lasso", lambda: Lasso(alpha=0.05), where=ALL)
regression("lasso_two_targets", lambda: Lasso(alpha=0.1), TARGETS, where=FEW)
regression("lasso_no_intercept", lambda: Lasso(alpha=0.01, fit_intercept=False, positive=True))
regression("lasso_random", lambda: Lasso(alpha=0.01, selection="random", random_state=3))
regression("elastic_net", lambda: ElasticNet(alpha=0.05, l1_ratio=0.3), where=ALL)
regression("elastic_net_two_targets", lambda: ElasticNet(alpha=0.1), TARGETS)


def sparse_lasso():
    from scipy.sparse import csr_matrix

    return Lasso(alpha=0.05).fit(csr_matrix(X), TARGET)


model("lasso_sparse_data", sparse_lasso, methods=REGRESSOR)


def logistic(name, make, y, where=ONE, **more):
    model(name, lambda: make().fit(X / [1, 10, 1, 1000, 1, 1], y), where=where, **more)


def newton():
    return LogisticRegression(solver="lbfgs", max_iter=500)


logistic("logistic_binary", newton, BINARY, where=ALL)
logistic("logistic_default", lambda: LogisticRegression(), CLASSES, where=FEW)
logistic("logistic_multinomial", lambda: LogisticRegression(multi_class="multinomial", solver="lbfgs", max_iter=500),
         CLASSES, where=ALL, until=(1, 7))
logistic("logistic_multinomial_new", newton, CLASSES, where=ALL, since=(1, 8))
logistic("logistic_multinomial_binary", lambda: LogisticRegression(multi_class="multinomial", solver="newton-cg"),
         BINARY, where=FEW, until=(1, 7))
logistic("logistic_auto", lambda: LogisticRegression(multi_class="auto", solver="lbfgs", max_iter=500), TEXTS,
         where=FEW, until=(1, 7))
logistic("logistic_auto_liblinear", lambda: LogisticRegression(multi_class="auto", solver="liblinear"), TEXTS,
         until=(1, 7))
logistic("logistic_ovr", lambda: LogisticRegression(multi_class="ovr", solver="lbfgs", max_iter=500), TEXTS,
         where=FEW, until=(1, 7))
logistic("logistic_ovr_binary", lambda: LogisticRegression(multi_class="ovr", solver="lbfgs"), BINARY, until=(1, 7))
logistic("logistic_liblinear", lambda: LogisticRegression(solver="liblinear", C=0.1), BINARY, where=FEW)
logistic("logistic_liblinear_multi", lambda: LogisticRegression(solver="liblinear", penalty="l1", random_state=0), CLASSES,
         until=(1, 5))
logistic("logistic_liblinear_scaled", lambda: LogisticRegression(solver="liblinear", intercept_scaling=5.0),
         TEXTS == "über")
logistic("logistic_no_intercept", lambda: LogisticRegression(solver="lbfgs", fit_intercept=False), BINARY)
logistic("logistic_no_intercept_multi", lambda: LogisticRegression(solver="newton-cg", fit_intercept=False, C=30),
         CLASSES)
logistic("logistic_saga", lambda: LogisticRegression(solver="saga", random_state=0, C=0.05, max_iter=2000), BINARY)
logistic("logistic_class_weight", lambda: LogisticRegression(solver="lbfgs", class_weight="balanced"), BINARY)
logistic("logistic_texts", newton, TEXTS, where=FEW)
logistic("logistic_text_pair", newton, np.array(["no", "yes"])[BINARY], where=FEW)
logistic("logistic_object_texts", newton, TEXTS.astype(object), where=FEW)
logistic("logistic_bools", newton, BINARY.astype(bool))
logistic("logistic_floats", newton, np.array([-0.0, 1.0, 2.0])[CLASSES])
logistic("logistic_negative", newton, np.array([-7, 0, 100])[CLASSES])
logistic("logistic_small_integers", newton, CLASSES.astype(np.int8))
logistic("logistic_unsigned", newton, (CLASSES * 100).astype(np.uint8))
logistic("logistic_int32", newton, CLASSES.astype(np.int32))
logistic("logistic_sharp", lambda: LogisticRegression(solver="lbfgs", C=1e6, max_iter=3000), CLASSES)


def sparsified():
    return newton().fit(X / [1, 10, 1, 1000, 1, 1], CLASSES).sparsify()


model("logistic_sparsified", sparsified)
