"""Loads one file with the scikit-learn that is running, asks it, and compares with what its writer answered.

Each file has a process of its own: a crash or an endless loop is an outcome like any other. This
module keeps to the syntax of Python 3.6.
"""

import json
import os
import pickle
import re
import select
import signal

import numpy as np

from sklearn_fixtures import data, outcomes

SECONDS = 60
# Relative to the largest finite value of the column. Up to here numbers are the same.
TOLERANCE = 1e-9
# Up to here they are close: another order of sums where a rounding error was enlarged.
ROUNDING = 1e-6
WORST_LAST = ("same", "close", "wrong", "predict-fails")


def plain_file(entry):
    """The file of a model that is asked: the first one that needs no buffers beside it."""
    return [name for name in entry["files"] if not name.endswith(".buffers.pkl")][0]


def load(path):
    """The object in a file, by the library that its name says."""
    if path.endswith(".joblib"):
        import joblib

        return joblib.load(path)
    with open(path, "rb") as file:
        return pickle.load(file)


def outcome(folder, entry, floats, loaded_it):
    """{"outcome": one of WORST_LAST or load-fails, and "what": errors and examples, by method}."""
    try:
        loaded = load(os.path.join(folder, plain_file(entry)))
    except Exception as error:
        return {"outcome": "load-fails", "what": first_line(error)}
    loaded_it()
    worst, texts = "same", []
    for part in entry.get("parts", [entry]):
        model = loaded
        for key in part.get("path", []):
            model = model[key]
        for method, wanted in sorted(part["outputs"].items()):
            result, text = ask(model, method, part["input"], wanted, floats)
            if result != "same":
                texts.append("%s: %s" % (method, text))
                worst = max(worst, result, key=WORST_LAST.index)
    return {"outcome": worst, "what": "; ".join(texts)} if texts else {"outcome": worst}


def ask(model, method, name, wanted, floats):
    """One answer: one of WORST_LAST, and the example or the error."""
    given = outcomes.Floats()
    try:
        answer = outcomes.answer(getattr(model, method)(data.read_input(name)), given)
    except Exception as error:
        return "predict-fails", first_line(error)
    wanted, answer = cells(wanted, floats), cells(answer, given.array())
    found = difference(wanted, answer, ROUNDING)
    if found:
        return "wrong", found
    found = difference(wanted, answer, TOLERANCE)
    return ("close", found) if found else ("same", "")


def first_line(error):
    """Class and first line of an error, without what differs from machine to machine."""
    lines = str(error).strip().splitlines() or [""]
    # Where a module lies says which machine this is.
    text = re.sub(r" on <module '([^']+)'.*", r" on \1", lines[0])
    text = re.sub(r"0x[0-9a-f]+", "0x...", re.sub(r"/\S+/site-packages/", "", text))
    return "%s: %s" % (type(error).__name__, text[:150])


def cells(answer, floats):
    """Shape and values of an answer in rows; the parts of a list of answers follow each other."""
    if "list" in answer:
        parts = [cells(part, floats) for part in answer["list"]]
        return [shape for part in parts for shape in part[0]], [cell for part in parts for cell in part[1]]
    shape = answer["shape"]
    if "at" in answer:
        count = int(np.prod(shape)) if shape else 1
        return [shape], floats[answer["at"]:answer["at"] + count].tolist()
    values = [floats[cell["at"]] if isinstance(cell, dict) else cell for cell in answer["values"]]
    return [shape], values


def difference(wanted, given, tolerance):
    """The first value that differs by more, as text; None when there is none."""
    if wanted[0] != given[0]:
        return "shape %s, was %s" % (given[0], wanted[0])
    width = wanted[0][0][1] if len(wanted[0]) == 1 and len(wanted[0][0]) == 2 else 1
    largest = {}
    for index, value in enumerate(wanted[1]):
        if is_number(value) and np.isfinite(value):
            largest[index % width] = max(abs(value), largest.get(index % width, 0.0))
    for index, (before, now) in enumerate(zip(wanted[1], given[1])):
        if is_number(before) and is_number(now):
            bound = tolerance * largest.get(index % width, 0.0)
            if before == now or abs(before - now) <= bound or (before != before and now != now):
                continue
        elif type(before) is type(now) and before == now:
            continue
        return "value %d is %s, was %s" % (index, shown(now), shown(before))
    return None


def is_number(value):
    return isinstance(value, (bool, int, float))


def shown(value):
    return "%.9g" % value if isinstance(value, float) else repr(value)


def apart(call):
    """What the call returns in a process of its own; a crash or a hang is an outcome too.

    `call` is given a function by which it says that loading is over.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            os.write(writing, json.dumps(call(lambda: os.write(writing, b"\n"))).encode("utf-8"))
        finally:
            os._exit(0)
    os.close(writing)
    text, ended = b"", False
    while not ended and select.select([reading], [], [], SECONDS)[0]:
        piece = os.read(reading, 65536)
        text, ended = text + piece, not piece
    os.close(reading)
    if not ended:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if ended and text.strip():
        return json.loads(text.decode("utf-8"))
    what = "the interpreter crashed, signal %d" % os.WTERMSIG(status)
    return {"outcome": "predict-fails" if text else "load-fails",
            "what": what if ended else "no answer in %d seconds" % SECONDS}


def ask_all(directory, writers):
    """Outcomes of all models of older versions: {writer: {model: outcome}}."""
    found = {}
    for writer in writers:
        folder = os.path.join(directory, writer)
        with open(os.path.join(folder, "expected.json")) as file:
            models = json.load(file)["models"]
        floats = np.load(os.path.join(folder, "expected.npy"))
        # Arrays alone are no business of scikit-learn.
        found[writer] = {
            entry["name"]: apart(lambda loaded_it: outcome(folder, entry, floats, loaded_it))
            for entry in models if "arrays" not in entry
        }
    return found
