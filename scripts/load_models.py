"""Loads models that other versions of scikit-learn wrote, with the one that is installed, and asks them.

Its text is part of deadweight, which starts it and writes one JSON object a line to its standard input;
each is answered by one line. Every question has `id` and `op`, every answer the `id` and `ok`.

    about   imports what is needed and answers the versions of `python`, `scikit_learn`, `numpy`; null where
            there is none
    load    `path`, `joblib` (by which of the two it is loaded), `rows` and `methods`: answers one of
              {"answers": {method: {"shape", "values"}}}     what the model said
              {"failure": text}                              class and first line of the error
            and `warned`, true when scikit-learn said that another version wrote the model

A crash or an endless loop is an outcome too; whoever asks has to notice it. Python 3.9 or newer.
"""

import importlib
import json
import os
import pickle
import re
import sys
import warnings

# Imported before any time limit of a model begins.
PACKAGES = ("compose", "ensemble", "feature_extraction.text", "impute", "linear_model", "neighbors",
            "neural_network", "pipeline", "preprocessing", "svm", "tree")
LONGEST = 200


def installed(name):
    """A package, or None where it is not there or does not work."""
    try:
        return importlib.import_module(name)
    except Exception:
        return None


def about(_):
    """The versions, once everything is imported."""
    library, numpy = installed("sklearn"), installed("numpy")
    if library is not None:
        for name in PACKAGES:
            installed("sklearn." + name)
    return {"python": sys.version.split()[0], "scikit_learn": getattr(library, "__version__", None),
            "numpy": getattr(numpy, "__version__", None),
            "packages": [name for name in ("joblib", "lz4", "pandas") if installed(name) is not None]}


def load(question):
    """What came of one model."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            model = read(question["path"], question["joblib"])
            given = rows(question["rows"])
            outcome = {"answers": {name: described(getattr(model, name)(given)) for name in question["methods"]}}
        except Exception as error:
            outcome = {"failure": first_line(error)}
    outcome["warned"] = any(about_versions(warning) for warning in said)
    return outcome


def read(path, by_joblib):
    """The model in a file."""
    if by_joblib:
        import joblib

        return joblib.load(path)
    with open(path, "rb") as file:
        try:
            return pickle.load(file)
        except UnicodeDecodeError:
            # Byte strings of Python 2: its files ask for this, and pickle does not guess it.
            file.seek(0)
            return pickle.load(file, encoding="latin1")


def about_versions(warning):
    """True for the warning that another version wrote a model; it has a class of its own since 1.3."""
    return warning.category.__name__ == "InconsistentVersionWarning" or "when using version" in str(warning.message)


def rows(given):
    """The input as the library takes it: an array, a list of texts or a DataFrame."""
    if "documents" in given:
        return given["documents"]
    if "numbers" in given:
        import numpy

        return numpy.array(given["numbers"], dtype=numpy.float64)
    import pandas

    table = given["table"]
    columns = {name: column["numbers"] if "numbers" in column else pandas.Series(column["texts"], dtype=object)
               for name, column in zip(table["names"], table["columns"])}
    return pandas.DataFrame(columns)


def described(answer):
    """An answer as shape and values; numbers that JSON has no word for are texts."""
    import numpy

    answer = numpy.asarray(answer)
    return {"shape": list(answer.shape), "values": [plain(value) for value in answer.ravel().tolist()]}


def plain(value):
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def first_line(error):
    """Class and first line of an error, without what differs from machine to machine."""
    lines = str(error).strip().splitlines() or [""]
    text = re.sub(r" on <module '([^']+)'.*", r" on \1", lines[0])
    text = re.sub(r"0x[0-9a-f]+", "0x...", re.sub(r"/\S+/site-packages/", "", text))
    return ("%s: %s" % (type(error).__name__, text.rstrip(" :")))[:LONGEST]


def main():
    """Answers until the questions end."""
    # What a model prints must not stand between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        question = json.loads(line)
        answer = {"id": question["id"]}
        try:
            answer.update({"about": about, "load": load}[question["op"]](question), ok=True)
        except Exception as error:
            answer.update(ok=False, error=first_line(error))
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


main()
