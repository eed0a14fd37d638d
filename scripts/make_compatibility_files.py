#!/usr/bin/env python3
"""Puts the models of the compatibility table, and what their writers answered, into one file.

    scripts/make_compatibility_files.py

Reads tests/data/sklearn (scripts/make_sklearn_fixtures.py) and tests/data/sklearn_python2
(scripts/make_python2_models.py), and writes src/compatibility/files.zip: a dozen common models of every
version, each in the container that its version's turn gave it, and one forest of the newest version in
every container. Besides the models it has `index.json`:

    inputs    name -> {"numbers": rows} or {"documents": texts} or {"table": {"names", "columns"}}
    answers   a list of {"shape", "values", "same": true where they must be identical}
    files     a list, oldest writer first: `file`, `written_by`, the `python` and `numpy` of the writer,
              `model`, `title`, `container`, `needs` (packages besides scikit-learn), `input`,
              `bits` (true where deadweight promises every bit), and `methods`: [name, place in answers]

A model is asked what people ask it: `predict`, and `predict_proba` or else `decision_function`. The same
fixtures and zlib give the same file, byte for byte.
"""

import csv
import io
import json
import os
import zipfile

import numpy

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATA = os.path.join(ROOT, "tests", "data")
TARGET = os.path.join(ROOT, "src", "compatibility", "files.zip")

# Models in the order of the table's columns.
MODELS = {
    "linear_regression": "linear regression",
    "logistic_binary": "logistic regression",
    "tree_classifier": "decision tree",
    "forest_classifier": "random forest, classes",
    "forest_regressor": "random forest, numbers",
    "boosting_classifier": "gradient boosting",
    "histogram_classifier": "histogram boosting",
    "svc": "support vectors",
    "network_classifier": "neural network",
    "neighbours_classifier": "nearest neighbours",
    "table_logistic": "table: imputers, encoder, logistic",
    "pipeline_words": "words: TF-IDF, logistic",
}
# One model that the newest version wrote in every container.
EVERY_CONTAINER = "forest_classifier"


def versions():
    """Folder and name of each writer, oldest first."""
    with open(os.path.join(ROOT, "scripts", "sklearn_versions.txt")) as file:
        found = [line.split()[0] for line in file if line.strip() and not line.startswith("#")]
    return [("sklearn_python2", "0.20.4, Python 2.7")] + [("sklearn/" + version, version) for version in found]


def container(file_name):
    """What a file is, in words, and the package that it needs: from `svc.zlib.joblib`."""
    kind = file_name.split(".")[1]
    if file_name.endswith(".pkl"):
        return "pickle, protocol %s" % kind[1:], []
    if file_name.count(".") == 1:
        return "joblib", ["joblib"]
    if kind.startswith("joblib_p"):
        return "joblib, protocol %s" % kind[8:], ["joblib"]
    if kind.startswith("vendored"):
        compressed = ", zlib" if kind.endswith("zlib") else ""
        return "joblib inside scikit-learn%s" % compressed, ["joblib"]
    return "joblib, %s" % kind, ["joblib"] + (["lz4"] if kind == "lz4" else [])


def given(name):
    """An input as JSON that both readers take."""
    path = os.path.join(DATA, "sklearn", "inputs", name)
    if name.endswith(".npy"):
        rows = numpy.load(path)
        if not numpy.isfinite(rows).all():
            raise SystemExit("%s: index.json has no place for missing numbers" % name)
        return {"numbers": rows.tolist()}
    if name.endswith(".json"):
        with open(path, encoding="utf-8") as file:
            return {"documents": json.load(file)}
    with open(path, encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    return {"table": {"names": names, "columns": [column(cells) for cells in zip(*rows)]}}


def column(cells):
    """Whole numbers, numbers or texts, whichever all cells are."""
    for kind in (int, float):
        try:
            return {"numbers": [kind(cell) for cell in cells]}
        except ValueError:
            pass
    return {"texts": list(cells)}


def answer(described, floats):
    """What the writer answered."""
    shape = described["shape"]
    if "at" in described:
        count = int(numpy.prod(shape))
        return {"shape": shape, "values": floats[described["at"]:described["at"] + count].tolist()}
    return {"shape": shape, "values": described["values"], "same": True}


def asked(outputs):
    """The methods that people ask, in the order in which a difference is told."""
    second = "predict_proba" if "predict_proba" in outputs else "decision_function"
    return [method for method in ("predict", second) if method in outputs]


def collect():
    """The index, and the path of each file."""
    inputs, answers, files, paths = {}, [], [], {}
    places = {}
    for folder, writer in versions():
        with open(os.path.join(DATA, folder, "expected.json")) as file:
            expected = json.load(file)
        floats = numpy.load(os.path.join(DATA, folder, "expected.npy"))
        models = {entry["name"]: entry for entry in expected["models"]}
        for name, title in MODELS.items():
            entry = models.get(name)
            if entry is None:
                continue
            plain = [file for file in entry["files"] if not file.endswith(".buffers.pkl")]
            every = name == EVERY_CONTAINER and writer == versions()[-1][1]
            inputs.setdefault(entry["input"], None)
            methods = []
            for method in asked(entry["outputs"]):
                text = json.dumps(answer(entry["outputs"][method], floats), sort_keys=True)
                if text not in places:
                    places[text] = len(answers)
                    answers.append(json.loads(text))
                methods.append([method, places[text]])
            for file in plain if every else plain[:1]:
                words, needs = container(file)
                if entry["input"].endswith(".csv"):
                    needs = needs + ["pandas"]
                stored = "%s/%s" % (folder.split("/")[-1], file)
                paths[stored] = os.path.join(DATA, folder, file)
                files.append({
                    "file": stored, "written_by": writer, "python": expected["versions"]["python"],
                    "numpy": expected["versions"]["numpy"], "model": name, "title": title, "container": words,
                    "needs": needs, "input": entry["input"], "methods": methods,
                    "bits": "tree." in entry["class"] or "forest." in entry["class"],
                })
    inputs = {name: given(name) for name in sorted(inputs)}
    return {"inputs": inputs, "answers": answers, "files": files}, paths


def main():
    """Writes the file."""
    index, paths = collect()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        def add(name, content):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)

        add("index.json", json.dumps(index, sort_keys=True, separators=(",", ":")).encode("utf-8"))
        for name, path in paths.items():
            with open(path, "rb") as file:
                add(name, file.read())
    with open(TARGET, "wb") as file:
        file.write(made.getvalue())
    print("%d files of %d versions, %d answers, %d bytes"
          % (len(paths), len({entry["written_by"] for entry in index["files"]}), len(index["answers"]),
             len(made.getvalue())))


if __name__ == "__main__":
    main()
