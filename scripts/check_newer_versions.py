#!/usr/bin/env python3
"""Measures what newer versions of scikit-learn do with the files of older ones.

    scripts/provision_sklearn DIR
    scripts/check_newer_versions.py DIR [--keep FOLDER]

Each version loads one file of every model that each older version wrote (scripts/make_sklearn_fixtures.py),
asks it the same questions and compares. What came of it is one of

    same           every label is the same, every number within 1e-9 of the largest in its column
    close          every label is the same, every number within 1e-6: the sums of another BLAS
    wrong          it loads and answers, and the answers are others; with an example
    load-fails     loading it is an error, or crashes
    predict-fails  it loads, and answering is an error, crashes or does not end

and goes into tests/data/sklearn/newer_versions.json, from which tests/newer_versions.rs checks the
rules in src/pickle/sklearn/newer. `--keep` leaves the outcomes of each version in FOLDER, and takes
those that are there. The same environments give the same file.

This file and its package keep to the syntax of Python 3.6, because each version runs them with its
own interpreter.
"""

import json
import os
import subprocess
import sys
import tempfile

SCRIPTS = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(os.path.dirname(SCRIPTS), "tests", "data", "sklearn")
# Imported once, before a process is split off for each file: loading them again would take hours.
PACKAGES = ("calibration", "compose", "decomposition", "ensemble", "experimental.enable_hist_gradient_boosting",
            "feature_extraction.text", "impute", "linear_model", "model_selection", "neighbors", "neural_network",
            "pipeline", "preprocessing", "svm", "tree")


def table():
    """The versions in order, oldest first."""
    with open(os.path.join(SCRIPTS, "sklearn_versions.txt")) as file:
        return [line.split()[0] for line in file if line.strip() and not line.startswith("#")]


def drive(directory, folder):
    """Runs this file with the interpreter of each version, and writes the matrix."""
    from newer_versions import matrix

    versions = table()
    found, about = {}, {}
    for version in versions:
        kept = os.path.join(folder, version + ".json")
        if not os.path.exists(kept):
            python = os.path.join(directory, version, "bin", "python")
            settings = dict(os.environ, PYTHONHASHSEED="0", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1",
                            PYTHONDONTWRITEBYTECODE="1")
            subprocess.check_call([python, os.path.abspath(__file__), "--inside", version, kept], env=settings)
        with open(kept) as file:
            result = json.load(file)
        found[version], about[version] = result["found"], result["about"]
    with open(os.path.join(DATA, "newer_versions.json"), "w") as file:
        file.write(matrix.text(matrix.matrix(versions, about, found)))


def inside(version, target):
    """Asks the version that is running; the answers go into the file `target`."""
    import importlib
    import warnings

    warnings.filterwarnings("ignore")
    sys.path.insert(0, SCRIPTS)
    import joblib
    import numpy
    import scipy
    import sklearn

    from newer_versions import asking

    if sklearn.__version__ != version:
        raise SystemExit("expected scikit-learn %s, found %s" % (version, sklearn.__version__))
    for package in PACKAGES:
        try:
            importlib.import_module("sklearn." + package)
        except ImportError:
            pass
    versions = table()
    found = asking.ask_all(DATA, versions[:versions.index(version)])
    about = {"python": sys.version.split()[0], "numpy": numpy.__version__, "scipy": scipy.__version__,
             "joblib": joblib.__version__}
    with open(target + ".part", "w") as file:
        json.dump({"about": about, "found": found}, file, sort_keys=True)
    os.rename(target + ".part", target)
    counts = {}
    for models in found.values():
        for outcome in models.values():
            counts[outcome["outcome"]] = counts.get(outcome["outcome"], 0) + 1
    shown = ", ".join("%d %s" % (count, name) for name, count in sorted(counts.items()))
    print("%s: %s" % (version, shown or "no older version"))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if len(arguments) == 3 and arguments[0] == "--inside":
        inside(*arguments[1:])
    elif len(arguments) == 3 and arguments[1] == "--keep":
        drive(arguments[0], arguments[2])
    elif len(arguments) == 1 and not arguments[0].startswith("-"):
        with tempfile.TemporaryDirectory() as folder:
            drive(arguments[0], folder)
    else:
        raise SystemExit(__doc__)
