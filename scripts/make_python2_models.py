#!/usr/bin/env python2.7
# -*- coding: utf-8 -*-
"""Writes models as Python 2.7 wrote them: pickles of byte strings, with the module names of its day.

    python2.7 -m pip install --target DIR scikit-learn==0.20.4 numpy==1.14.6 scipy==1.1.0
    PYTHONPATH=DIR python2.7 scripts/make_python2_models.py

scikit-learn 0.20 is the last version that Python 2 has. The files go into tests/data/sklearn_python2,
with expected.json and expected.npy of the same shape as those of scripts/make_sklearn_fixtures.py. The
same versions give the same files.
"""

import json
import os
import pickle
import random
import sys
import warnings

warnings.filterwarnings("ignore")

import numpy as np
import scipy
import sklearn
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.externals import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

DATA = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests", "data")
TARGET = os.path.join(DATA, "sklearn_python2")
SCALE = np.array([1, 10, 0.1, 1000, 1, 2])
WORDS = [u"The quick brown fox jumps over the lazy dog", u"Pack my box with five dozen liquor jugs",
         u"na\u00efve caf\u00e9 owners and the fa\u00e7ade", u"one two two three three three four",
         u"The dog and the fox are not the same as the zebra", u"quick quick slow; the box of the judge is empty"]


def training():
    """Rows of six features like those of the other files, a target and three classes by its size."""
    rng = random.Random(11)
    rows = np.array([[rng.gauss(0, 1), rng.gauss(10, 4), rng.uniform(-0.1, 0.1), rng.gauss(0, 1000),
                      rng.expovariate(1.0), float(int(rng.random() * 5))] for _ in range(72)])
    target = rows[:, 0] + 0.2 * (rows[:, 1] - 10) - rows[:, 4] * 0.5 + 5 * rows[:, 2] + 0.3 * rows[:, 5]
    order = np.argsort(np.argsort(target, kind="mergesort"), kind="mergesort")
    return rows, target, order * 3 // len(rows)


def models():
    """Name, model, input, container."""
    X, target, classes = training()
    Z, kinds = X / SCALE, np.array([0, 1, 1, 0, 1, 0])
    return [
        ("tree_classifier", DecisionTreeClassifier(random_state=0, max_depth=4).fit(X, classes), "numbers.npy", "p0"),
        ("forest_classifier", RandomForestClassifier(5, random_state=0, max_depth=3).fit(X, classes), "numbers.npy", "p2"),
        ("forest_regressor", RandomForestRegressor(5, random_state=0, max_depth=3).fit(X, target), "numbers.npy", "joblib"),
        ("boosting_classifier", GradientBoostingClassifier(n_estimators=4, random_state=0).fit(X, classes), "numbers.npy",
         "p2"),
        ("logistic_binary", LogisticRegression(solver="newton-cg").fit(X / SCALE, classes > 0), "scaled.npy", "p0"),
        ("linear_regression", LinearRegression().fit(X, target), "numbers.npy", "zlib"),
        ("svc", SVC(gamma="scale").fit(Z, classes), "scaled.npy", "p2"),
        ("network_classifier", MLPClassifier((6,), random_state=0, max_iter=60).fit(Z, classes), "scaled.npy", "p2"),
        ("neighbours_classifier", KNeighborsClassifier().fit(Z[:40], classes[:40]), "scaled.npy", "p2"),
        ("pipeline_words", make_pipeline(TfidfVectorizer(max_features=20), LogisticRegression(solver="newton-cg"))
         .fit(WORDS, kinds), "documents.json", "p2"),
    ]


def write(model, name, container):
    """Writes one file and returns its name."""
    if name == "pipeline_words":
        # An address, which differs from run to run.
        model.steps[0][1]._stop_words_id = 0
    if container.startswith("p"):
        file_name = "%s.%s.pkl" % (name, container)
        with open(os.path.join(TARGET, file_name), "wb") as file:
            pickle.dump(model, file, protocol=int(container[1:]))
    else:
        file_name = name + (".joblib" if container == "joblib" else ".%s.joblib" % container)
        joblib.dump(model, os.path.join(TARGET, file_name), compress=0 if container == "joblib" else (container, 3))
    return file_name


def main():
    """Writes everything."""
    if sys.version_info[0] != 2:
        raise SystemExit("this is for Python 2.7")
    if not os.path.isdir(TARGET):
        os.makedirs(TARGET)
    floats, described = [], []
    for name, model, given, container in models():
        path = os.path.join(DATA, "sklearn", "inputs", given)
        if given.endswith(".npy"):
            rows = np.load(path)
        else:
            with open(path) as file:
                rows = json.load(file)
        outputs = {}
        for method in ("predict", "predict_proba", "decision_function"):
            if not hasattr(model, method):
                continue
            answer = np.asarray(getattr(model, method)(rows))
            outputs[method] = {"shape": list(answer.shape), "dtype": answer.dtype.name}
            if answer.dtype.kind == "f":
                outputs[method]["at"] = sum(len(part) for part in floats)
                floats.append(answer.ravel())
            else:
                outputs[method]["values"] = answer.ravel().tolist()
        described.append({"name": name, "class": "%s.%s" % (type(model).__module__, type(model).__name__),
                          "options": " ".join(repr(model).split())[:150], "input": given, "outputs": outputs,
                          "files": [write(model, name, container)]})
    np.save(os.path.join(TARGET, "expected.npy"), np.concatenate(floats))
    versions = {"python": sys.version.split()[0], "scikit-learn": sklearn.__version__, "numpy": np.__version__,
                "scipy": scipy.__version__, "joblib": joblib.__version__}
    lines = ",\n".join(json.dumps(entry, sort_keys=True) for entry in described)
    with open(os.path.join(TARGET, "expected.json"), "w") as file:
        file.write('{"versions": %s,\n"models": [\n%s\n]}\n' % (json.dumps(versions, sort_keys=True), lines))


main()
