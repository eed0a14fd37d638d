#!/usr/bin/env python3
"""Writes the scikit-learn files that the tests read, and what the library that wrote them answers.

    scripts/provision_sklearn DIR
    scripts/make_sklearn_fixtures.py DIR [VERSION]...

DIR holds one environment for each version of scripts/sklearn_versions.txt. Each version trains its
share of the models in scripts/sklearn_fixtures/ and writes into tests/data/sklearn:

    inputs/                  the rows to predict, shared by all versions
    VERSION/NAME.CONTAINER   a model: .p0.pkl to .p5.pkl, .joblib, .zlib.joblib, ..., or
                             .buffers.pkl with its buffers in .buffers.N.bin
    VERSION/expected.json    for each model: class, files, input, and its answers
    VERSION/expected.npy     the floats of all answers in a row; an answer gives place and shape

A model in expected.json has `name`, `class`, `options` (for people), `input` (a file of inputs/),
`files` (all the same model, `buffers` for the one that has them) and `outputs`: for each method
{"dtype": float64|int64|bool|text|object, "shape", and "at" (where its floats begin in expected.npy)
or "values"}, or {"list": [...]} where the library answers several arrays. Sparse answers are dense
here. An object of several models has `parts`, each with a `path`; one of arrays alone has `arrays`:
`path`, `dtype`, `shape` and the bytes in C order as `hex`, or `values`.

The same environments give the same files, byte for byte. This file and its package keep to the
syntax of Python 3.6, because each version runs them with its own interpreter.
"""

import json
import os
import shutil
import subprocess
import sys

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(os.path.dirname(SCRIPTS), "tests", "data", "sklearn")


def table():
    """The versions in order, oldest first."""
    with open(os.path.join(SCRIPTS, "sklearn_versions.txt")) as file:
        return [line.split()[0] for line in file if line.strip() and not line.startswith("#")]


def drive(directory, asked):
    """Runs this file with the interpreter of each version."""
    failed = []
    for version in asked or table():
        python = os.path.join(directory, version, "bin", "python")
        if not os.path.exists(python):
            print("%s: skipped, there is no %s" % (version, python))
            continue
        settings = dict(os.environ, PYTHONHASHSEED="0", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1",
                        PYTHONDONTWRITEBYTECODE="1")
        if subprocess.call([python, os.path.abspath(__file__), "--inside", version], env=settings) != 0:
            failed.append(version)
    if failed:
        raise SystemExit("failed: %s" % ", ".join(failed))


def inside(version):
    """Writes the models of the version that is running."""
    import warnings

    warnings.filterwarnings("ignore")
    sys.path.insert(0, SCRIPTS)
    import joblib
    import numpy
    import scipy
    import sklearn

    from sklearn_fixtures import linear, trees, neighbours, boosting, preprocessing, texts, composed, arrays  # noqa: F401
    from sklearn_fixtures import catalogue, containers, data, outcomes

    if sklearn.__version__ != version:
        raise SystemExit("expected scikit-learn %s, found %s" % (version, sklearn.__version__))
    folder = os.path.join(DATA, version)
    if os.path.isdir(folder):
        shutil.rmtree(folder)
    os.makedirs(folder)
    data.write_inputs(os.path.join(DATA, "inputs"))
    floats = outcomes.Floats()
    versions = table()
    # Each version begins at another place of the rotation, so a model meets other containers there.
    turn = versions.index(version) * 5
    models, failures = [], []
    for entry in catalogue.chosen(versions)[version]:
        names = containers.rotation()
        picked = [names[turn % len(names)]]
        if entry.name in EVERYWHERE and version in EVERY_CONTAINER:
            picked = containers.all_containers()
        elif entry.name in BUFFERED and version in BUFFERS_IN:
            picked.append("buffers")
        turn += 1
        try:
            models.append(one(entry, picked, folder, floats, data, containers, outcomes))
        except Exception as error:
            failures.append("%s: %s: %s" % (entry.name, type(error).__name__, str(error)[:300]))
    numpy.save(os.path.join(folder, "expected.npy"), floats.array())
    expected = {
        "versions": {"python": sys.version.split()[0], "scikit-learn": version, "numpy": numpy.__version__,
                     "scipy": scipy.__version__, "joblib": joblib.__version__},
        "models": models,
    }
    with open(os.path.join(folder, "expected.json"), "w") as file:
        file.write(json_lines(expected))
    print("%s: %d models, %d failed" % (version, len(models), len(failures)))
    for failure in failures:
        print("  " + failure)
    if failures:
        raise SystemExit(1)


# These stand in every container, in these versions.
EVERYWHERE = ("forest_classifier", "arrays_weights")
EVERY_CONTAINER = ("0.20.4", "1.2.2", "1.9.1")
# Pickles with their buffers beside them: a file for each array, so not for many.
BUFFERED = ("svc", "network_classifier", "pipeline_scaler_logistic", "neighbours_classifier", "arrays_orders",
            "histogram_classifier")
BUFFERS_IN = ("0.23.2", "1.3.2", "1.9.1")


def json_lines(expected):
    """JSON with one model a line, so that a change shows as the lines it touches."""
    models = ",\n".join(json.dumps(model, sort_keys=True) for model in expected["models"])
    return '{"versions": %s,\n"models": [\n%s\n]}\n' % (json.dumps(expected["versions"], sort_keys=True), models)


def one(entry, picked, folder, floats, data, containers, outcomes):
    """Makes, writes and asks one model."""
    made = entry.fit()
    described = {"name": entry.name}
    value = getattr(made, "whole", made)
    if entry.array_like:
        described["arrays"] = outcomes.describe(value)
    elif value is not made:
        described["parts"] = [
            dict(answers(at(value, path), name, methods, floats, data, outcomes), path=path)
            for path, name, methods in made.parts
        ]
    else:
        described.update(answers(made, entry.input, entry.methods, floats, data, outcomes))
    settle(value)
    files = [containers.write(value, os.path.join(folder, entry.name), container) for container in picked]
    described["files"] = [names[0] for names in files]
    buffers = {names[0]: names[1:] for names in files if len(names) > 1}
    if buffers:
        described["buffers"] = buffers
    return described


def settle(model):
    """Takes out what differs from run to run: times of a search, addresses, memory never written to."""
    if getattr(model, "multi_class", None) == "crammer_singer":
        model.n_iter_ = 0
    if hasattr(model, "_stop_words_id"):
        model._stop_words_id = 0
    if hasattr(model, "refit_time_"):
        model.refit_time_ = 0.0
    for name, value in getattr(model, "cv_results_", {}).items():
        if name.endswith("_time"):
            value[:] = 0.0
    inner = [step for _, step in getattr(model, "steps", [])]
    inner += [step for _, step, _ in getattr(model, "transformers_", [])]
    for step in inner + [getattr(model, "best_estimator_", None)]:
        if step is not None and not isinstance(step, str):
            settle(step)


def at(value, path):
    for key in path:
        value = value[key]
    return value


def answers(model, name, methods, floats, data, outcomes):
    """Class, options, input and what each method answers; a method that the model lacks is left out."""
    described = {"class": "%s.%s" % (type(model).__module__, type(model).__name__),
                 "options": " ".join(repr(model).split())[:150], "input": name, "outputs": {}}
    for method in methods:
        if not hasattr(model, method):
            continue
        described["outputs"][method] = outcomes.answer(getattr(model, method)(data.read_input(name)), floats)
    if methods and not described["outputs"]:
        raise ValueError("none of %s" % (methods,))
    return described


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--inside":
        inside(sys.argv[2])
    elif len(sys.argv) >= 2 and not sys.argv[1].startswith("-"):
        drive(sys.argv[1], sys.argv[2:])
    else:
        raise SystemExit(__doc__)
