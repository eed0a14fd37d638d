#!/usr/bin/env python3
"""Compares what scripts/peer.py measures with `timeit`, and tests how it answers.

    python scripts/check_peer.py                  # times, with the packages of this interpreter
    python scripts/check_peer.py --control        # the same, with the loops on both sides
    python scripts/check_peer.py --self-test      # the answers to good and to bad requests

The times: the statements below are written anew and timed by `timeit`; nothing is shared with the
script. Each side is a process of its own, since two processes differ by several percent whatever
they run: where memory lies, and what of it the system takes back, is drawn once for a process.
Samples are taken as a run takes them: rows shuffled anew in each round, as few iterations as last
0.1 ms. A sample of one side stands next to one of the other, so that noise of the machine meets
both; what counts is the ratio of the two, its median and an interval over processes and pairs. It
ends with 0 when the interval of every row of more than 100 microseconds is within the tolerance,
else with 1. `--control` has the loops on both sides: what it finds is the noise of the check itself.
Run by hand: it needs numpy, scikit-learn and joblib, which the tests of the package do not.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import timeit
import unittest
from pathlib import Path

# Before numpy is imported: as in the process that is measured.
THREADS = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
os.environ.update(THREADS)

SCRIPT = (Path(__file__).resolve().parent / "peer.py").read_text(encoding="utf-8")
# Linux passes no longer argument.
MAX_SCRIPT_BYTES = 128 << 10
SHORTEST_MICROSECONDS = 100
MOST_ITERATIONS = 1000
TUTORIAL = {"module": "sklearn.ensemble", "class": "RandomForestClassifier",
            "options": {"n_estimators": 100, "random_state": 42},
            "data": {"generator": "make_classification", "test_size": 0.3, "random_state": 42,
                     "options": {"n_samples": 1000, "n_features": 20, "random_state": 42}}}


class Peer:
    """A running script; a prelude runs before it, in the same process."""

    def __init__(self, prelude="", python=sys.executable):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [python, "-I", "-B", "-u", "-c", prelude + SCRIPT], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.errors)
        self.asked = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.code = self.process.wait(timeout=60)
        self.rest = self.process.stdout.read()
        self.process.stdout.close()
        self.errors.close()

    def send(self, line):
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise AssertionError(f"it ended without an answer:\n{self.complaints()}")
        return json.loads(answer)

    def ask(self, op, /, **request):
        self.asked += 1
        answer = self.send(json.dumps({"id": self.asked, "op": op, **request}).encode())
        assert answer["id"] == self.asked, answer
        return answer

    def good(self, op, /, **request):
        answer = self.ask(op, **request)
        assert answer["ok"] is True, answer
        return answer

    def refused(self, op, /, **request):
        answer = self.ask(op, **request)
        assert answer["ok"] is False and set(answer) == {"id", "ok", "error"}, answer
        return answer["error"]

    def complaints(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")


def write_arrays(path, megabytes):
    """A dict of arrays as models have them: one large, some small, one of text."""
    import numpy

    random = numpy.random.RandomState(7)
    rows = max(1, int(megabytes * (1 << 20) / 8 / 64))
    arrays = {"weights": random.normal(size=(rows, 64)), "bias": random.normal(size=64),
              "labels": numpy.arange(10), "mask": random.rand(1000) > 0.5,
              "single": random.normal(size=(100, 64)).astype("f4"),
              "names": numpy.array(["a", "naïve", "日本"])}
    with open(path, "wb") as file:
        numpy.savez(file, **arrays)
    return arrays


# ---------------------------------------------------------------- times

# Format, operation, what makes `data`, and the statement. Each result is kept until the time is taken.
ESTIMATOR_ROWS = [
    ("pickle-5", "encode", None, "kept.append(pickle.dumps(value, protocol=5))"),
    ("pickle-5", "decode-ready", "pickle.dumps(value, 5)", "kept.append(pickle.loads(data))"),
    ("pickle-5", "decode-predict-1", "pickle.dumps(value, 5)",
     "model = pickle.loads(data); kept.append((model, model.predict(row)))"),
    ("pickle-5", "save", None,
     "with open(fresh(), 'wb') as file: pickle.dump(value, file, protocol=5)"),
    ("pickle-5", "load-file-predict-1", "stored(pickle.dumps(value, 5))",
     "with open(data, 'rb') as file: model = pickle.load(file)\n"
     "kept.append((model, model.predict(row)))"),
    ("joblib", "encode", None,
     "file = BytesIO(); joblib.dump(value, file); kept.append(file.getvalue())"),
    ("joblib", "decode-ready", "joblib_bytes(value)", "kept.append(joblib.load(BytesIO(data)))"),
    ("joblib", "decode-predict-1", "joblib_bytes(value)",
     "model = joblib.load(BytesIO(data)); kept.append((model, model.predict(row)))"),
    ("joblib", "save", None, "joblib.dump(value, fresh())"),
    ("joblib", "load-file-predict-1", "stored(joblib_bytes(value))",
     "model = joblib.load(data); kept.append((model, model.predict(row)))"),
]
ARRAY_ROWS = [
    ("pickle-5", "encode", None, ESTIMATOR_ROWS[0][3]),
    ("pickle-5", "decode", "pickle.dumps(value, 5)", ESTIMATOR_ROWS[1][3]),
    ("pickle-5", "load-file", "stored(pickle.dumps(value, 5))",
     "with open(data, 'rb') as file: kept.append(pickle.load(file))"),
    ("joblib", "encode", None, ESTIMATOR_ROWS[5][3]),
    ("joblib", "decode", "joblib_bytes(value)", ESTIMATOR_ROWS[6][3]),
    ("joblib", "save", None, ESTIMATOR_ROWS[8][3]),
    ("npz-python", "encode", None,
     "file = BytesIO(); numpy.savez(file, **value); kept.append(file.getvalue())"),
    ("npz-python", "decode", "npz_bytes(value)",
     "archive = numpy.load(BytesIO(data))\n"
     "kept.append({name: archive[name] for name in archive.files})\narchive.close()"),
]
TABLES = {"forest": ESTIMATOR_ROWS, "arrays": ARRAY_ROWS}
DRAWS = 1000


class Loops:
    """The other side, in a process of its own: what `timeit` says of the statements."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-u", os.path.abspath(__file__), "--loops"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()

    def ask(self, *request):
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())


def answer_loops():
    """Answers `Loops.ask`: a subject and its files make the timers, a row and a number run one."""
    timers = {}
    with tempfile.TemporaryDirectory() as folder:
        for line in sys.stdin:
            first, second = json.loads(line)
            if first in TABLES:
                timers = timers_of(first, second, folder)
                answer = len(timers)
            else:
                answer = timers[first].timeit(second) / second * 1e6
                for name in os.listdir(folder):
                    if name.startswith("fresh"):
                        os.remove(os.path.join(folder, name))
            print(json.dumps(answer), flush=True)


def timers_of(subject, files, folder):
    import joblib
    import numpy

    row = None
    if subject == "forest":
        value, row = joblib.load(files["path"]), numpy.load(files["rows"])[:1]
    else:
        with numpy.load(files["path"]) as archive:
            value = dict(archive)
    names = names_of_statements(value, row, folder)
    timers = {}
    for format, operation, data, statement in TABLES[subject]:
        own = dict(names, data=eval(data, dict(names)) if data else None)
        timers[f"{format} {operation}"] = timeit.Timer(statement, "kept = []", globals=own)
    return timers


def names_of_statements(value, row, folder):
    import itertools
    import pickle
    from io import BytesIO

    import joblib
    import numpy

    def joblib_bytes(value):
        file = BytesIO()
        joblib.dump(value, file)
        return file.getvalue()

    def npz_bytes(value):
        file = BytesIO()
        numpy.savez(file, **value)
        return file.getvalue()

    counter = itertools.count()

    def fresh(name="fresh"):
        return f"{folder}/{name}-{os.getpid()}-{next(counter)}"

    def stored(data):
        path = fresh("stored")
        Path(path).write_bytes(data)
        return path

    return {"pickle": pickle, "BytesIO": BytesIO, "joblib": joblib, "numpy": numpy, "value": value,
            "row": row, "joblib_bytes": joblib_bytes, "npz_bytes": npz_bytes, "fresh": fresh,
            "stored": stored}


class Measured:
    """The side of scripts/peer.py, asked as `Loops` is."""

    def __init__(self):
        self.peer = Peer()

    def __enter__(self):
        return self

    def __exit__(self, *given):
        self.peer.__exit__(*given)

    def ask(self, first, second):
        if first not in TABLES:
            format, operation = first.split()
            request = {"format": format, "operation": operation, "iterations": second}
            return self.peer.good("run", **request)["nanos"] / second / 1e3
        kind = "estimator" if "rows" in second else "arrays"
        self.peer.good("open", kind=kind, **second)
        for format in dict.fromkeys(entry[0] for entry in TABLES[first]):
            path = f"{second['path']}.{format}"
            self.peer.good("prepare", format=format, path=path, expected=None)


def draw(values):
    return random.choices(values, k=len(values))


def estimate(processes):
    """The median over processes of each one's median, and 95 % of a bootstrap over both."""
    def point(lists):
        return statistics.median(statistics.median(values) for values in lists)

    draws = sorted(point([draw(values) for values in draw(processes)]) for _ in range(DRAWS))
    return point(processes), draws[round(DRAWS * 0.025)], draws[round(DRAWS * 0.975) - 1]


def sample_rounds(sides, rows, rounds, shortest):
    """Pairs of samples of every row, one of each side: rows shuffled, and who is first too."""
    pairs = {row: [] for row in rows}
    numbers = {}
    for row in rows:
        once = min(sides[1].ask(row, 1) for _ in range(3))
        numbers[row] = max(1, min(MOST_ITERATIONS, int(shortest / once)))
    for number_of_round in range(-1, rounds):
        for row in random.sample(rows, len(rows)):
            found = {}
            for side in random.sample((0, 1), 2):
                found[side] = sides[side].ask(row, numbers[row])
            if number_of_round >= 0:  # one round to get warm
                pairs[row].append((found[0], found[1]))
    return pairs


def verdict(low, high, longest, tolerance):
    """What an interval of a ratio says."""
    if longest <= SHORTEST_MICROSECONDS:
        return "short, not judged"
    if 1 - tolerance <= low and high <= 1 + tolerance:
        return "agrees"
    return "differs" if low > 1 + tolerance or high < 1 - tolerance else "cannot be told"


def check_times(options):
    subjects, found = list(TABLES), {}
    with tempfile.TemporaryDirectory() as folder:
        files = {"forest": {"path": f"{folder}/m.joblib", "rows": f"{folder}/r.npy"},
                 "arrays": {"path": f"{folder}/a.npz"}}
        with Peer() as peer:
            peer.good("train", jobs=2, model=files["forest"]["path"],
                      rows=files["forest"]["rows"], **TUTORIAL)
        write_arrays(files["arrays"]["path"], options.megabytes)
        for _ in range(options.processes):
            with (Loops() if options.control else Measured()) as measured, Loops() as loops:
                for subject in random.sample(subjects, len(subjects)):
                    for side in (measured, loops):
                        side.ask(subject, files[subject])
                    rows = [f"{format} {operation}" for format, operation, *_ in TABLES[subject]]
                    pairs = sample_rounds((measured, loops), rows, options.rounds, options.sample)
                    for row in rows:
                        found.setdefault((subject, row), []).append(pairs[row])
    return print_times(found, options)


def print_times(found, options):
    print(f"{'subject':8} {'row':30} {'peer us':>10} {'timeit us':>10} {'ratio':>6} {'95 %':>13}  "
          "of each process")
    counts = {}
    for (subject, row), processes in found.items():
        medians = [statistics.median(statistics.median(pair[side] for pair in pairs)
                                     for pairs in processes) for side in (0, 1)]
        ratios = [[ours / theirs for ours, theirs in pairs] for pairs in processes]
        ratio, low, high = estimate(ratios)
        said = verdict(low, high, max(medians), options.tolerance / 100)
        counts[said] = counts.get(said, 0) + 1
        each = " ".join(f"{statistics.median(values):.2f}" for values in ratios)
        print(f"{subject:8} {row:30} {medians[0]:10.1f} {medians[1]:10.1f} {ratio:6.3f} "
              f"{low:6.3f} {high:6.3f}  {each}  {said}", flush=True)
    print(", ".join(f"{said}: {count}" for said, count in sorted(counts.items()))
          + f"; the tolerance is {options.tolerance:g} %")
    return 1 if {"differs", "cannot be told"} & set(counts) else 0


# ---------------------------------------------------------------- answers

BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {names!r}:
            raise ModuleNotFoundError(f'No module named {{name!r}}', name=name.split('.')[0])
sys.meta_path.insert(0, Block())
del sys, Block
"""
NOISE = """
import os, pickle
def loads(*given, _loads=pickle.loads, **more):
    print('{"id": 1, "ok": true}')
    os.write(1, b'noise of C\\n')
    os.system('echo noise of a child')
    return _loads(*given, **more)
pickle.loads = loads
del loads
"""


def has(*names):
    from importlib.util import find_spec
    return all(find_spec(name) is not None for name in names)


class Subjects(unittest.TestCase):
    """Files that the tests open, made once."""

    @classmethod
    def setUpClass(cls):
        cls.held = tempfile.TemporaryDirectory()
        cls.folder = cls.held.name
        cls.trained = {}
        with Peer() as peer:
            for name, request in {
                "logistic": dict(TUTORIAL, module="sklearn.linear_model",
                                 **{"class": "LogisticRegression"}, options={"max_iter": 500}),
                "linear": dict(module="sklearn.linear_model", **{"class": "LinearRegression"},
                               options={}, data={"generator": "load_diabetes", "options": {},
                                                 "test_size": 0.3, "random_state": 42}),
                "forest": dict(TUTORIAL, options={"n_estimators": 5, "random_state": 42}),
            }.items():
                files = {"model": cls.path(name + ".joblib"), "rows": cls.path(name + ".npy")}
                cls.trained[name] = peer.good("train", jobs=2, **files, **request)
        write_arrays(cls.path("arrays.npz"), 0.01)

    @classmethod
    def tearDownClass(cls):
        cls.held.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    def open(self, peer, name):
        if name == "arrays":
            return peer.ask("open", kind="arrays", path=self.path("arrays.npz"))
        return peer.ask("open", kind="estimator", path=self.path(name + ".joblib"),
                        rows=self.path(name + ".npy"), jobs=1)

    def expected(self, predictions):
        path = self.path("expected.json")
        Path(path).write_text(json.dumps(predictions), encoding="utf-8")
        return path

    def predictions(self, name):
        import joblib
        import numpy
        model = joblib.load(self.path(name + ".joblib"))
        return model.predict(numpy.load(self.path(name + ".npy"))).tolist()


class Requests(Subjects):
    def test_garbage_is_answered_and_the_process_goes_on(self):
        with Peer() as peer:
            for line in (b"", b"garbage", b"\xff\xfe", b"[1]", b"7", b"null", b"{", b"[" * 100000):
                answer = peer.send(line)
                self.assertEqual((answer["id"], answer["ok"]), (None, False), line[:20])
                self.assertIn("JSON", answer["error"])
            self.assertEqual(peer.send(b'{"id": NaN, "op": "nothing"}')["id"], None)
            self.assertIn("no operation None", peer.refused(None))
            self.assertTrue(peer.good("versions")["python"])

    def test_unknown_names_are_refused_with_those_that_are_known(self):
        with Peer() as peer:
            self.assertIn("'answer'", peer.refused("answer"))  # a method, not an operation
            self.assertIn("versions", peer.refused("dance"))
            self.assertIn("open", peer.refused("prepare", format="pickle-5", path="x"))
            self.assertTrue(self.open(peer, "logistic")["ok"])
            path = self.path("x")
            self.assertIn("pickle-5-buffers", peer.refused("prepare", format="yaml", path=path))
            self.assertIn("'path' has to be str", peer.refused("prepare", format="joblib"))
            request = {"format": "pickle-5", "operation": "encode", "iterations": 1}
            self.assertIn("not prepared", peer.refused("run", **request))
            peer.good("prepare", format="pickle-5", path=path, expected=None)
            self.assertGreater(peer.good("run", **request)["nanos"], 0)
            for iterations in (0, -1, "3", None, True, 1.5):
                error = peer.refused("run", **dict(request, iterations=iterations))
                self.assertIn("'iterations'", error)
            self.assertIn("dance", peer.refused("run", **dict(request, operation="dance")))
            error = peer.refused("run", **dict(request, operation="view-ready"))
            self.assertIn("borrows", error)
            self.assertIn("generator 'x'", peer.refused(
                "train", jobs=1, model=path, rows=path, **dict(TUTORIAL, data={"generator": "x"})))
            self.assertIn("no module of scikit-learn", peer.refused(
                "train", jobs=1, model=path, rows=path, **dict(TUTORIAL, module="subprocess")))

    def test_a_missing_file_is_an_answer_without_folders(self):
        with Peer() as peer:
            for request in ({"kind": "estimator", "rows": self.path("logistic.npy")},
                            {"kind": "arrays"}):
                error = peer.refused("open", path=self.path("gone.file"), **request)
                self.assertIn("FileNotFoundError", error)
                self.assertIn("gone.file", error)
                self.assertNotIn(self.folder, error)
            # What was open before is not what is asked about.
            self.assertTrue(self.open(peer, "logistic")["ok"])
            peer.refused("open", kind="arrays", path=self.path("gone.file"))
            self.assertIn("nothing is open", peer.refused("prepare", format="joblib", path="x"))

    def test_free_memory_is_bounded_where_it_is_asked_for(self):
        with Peer() as peer:
            request = {"kind": "arrays", "path": self.path("arrays.npz")}
            for free_bytes in (2 << 20, 64 << 20):
                peer.good("open", **request, most_free_bytes=free_bytes)
            error = peer.refused("open", **request, most_free_bytes="many")
            self.assertIn("'most_free_bytes'", error)

    def test_close_and_the_end_of_the_input_end_it_with_0(self):
        with Peer() as peer:
            peer.good("close")
            self.assertEqual(peer.process.wait(timeout=60), 0)
        with Peer() as peer:
            peer.good("versions")
        self.assertEqual((peer.code, peer.rest), (0, b""))

    def test_a_package_that_is_missing_fails_what_needs_it_alone(self):
        blocked = ["skops", "skl2onnx", "safetensors", "lz4"]
        with Peer(BLOCK.format(names=blocked)) as peer:
            for subject, formats in (
                ("logistic", {"skops": "skops", "onnx": "skl2onnx",
                              "joblib-lz4": "lz4"}),
                ("arrays", {"safetensors-python": "safetensors"}),
            ):
                self.assertEqual(self.open(peer, subject).get("error"), None)
                for format, name in formats.items():
                    error = peer.refused("prepare", format=format, path=self.path("x"))
                    self.assertEqual(error, f"the Python package {name} is missing")
                peer.good("prepare", format="pickle-5", path=self.path("x"), expected=None)
        with Peer(BLOCK.format(names=["sklearn", "numpy", "joblib"])) as peer:
            # joblib itself needs neither, but its file of an estimator does.
            error = peer.refused("open", kind="arrays", path=self.path("arrays.npz"))
            self.assertEqual(error, "the Python package numpy is missing")
            self.assertIn("is missing", peer.refused("tutorial", dir=self.folder))
            peer.good("versions")

    def test_what_a_library_prints_is_no_answer(self):
        with Peer(NOISE) as peer:
            self.assertTrue(self.open(peer, "logistic")["ok"])
            peer.good("prepare", format="pickle-5", path=self.path("x"), expected=None)
            peer.good("run", format="pickle-5", operation="decode-ready", iterations=3)
            noise = peer.complaints()
            for text in ('{"id": 1, "ok": true}', "noise of C", "noise of a child"):
                self.assertIn(text, noise)
        self.assertEqual(peer.rest, b"")

    def test_no_library_reads_our_requests(self):
        prelude = NOISE.replace("print('{\"id\": 1, \"ok\": true}')", "import sys; sys.stdin.read()")
        self.assertIn("sys.stdin.read()", prelude)
        with Peer(prelude) as peer:
            self.assertTrue(self.open(peer, "logistic")["ok"])
            peer.good("prepare", format="pickle-5", path=self.path("x"), expected=None)

    def test_an_error_names_no_folder_of_the_interpreter(self):
        places = {sys.prefix, sys.base_prefix, os.path.dirname(sys.executable)}
        for place in sorted(places):
            prelude = f"""
import importlib
def broken(name, _import=importlib.import_module):
    if name == 'joblib':
        raise ImportError('cannot load {place}/lib/some where/x.so: see\\n /opt/a/b.py, 1/2 and https://a.example/b/c')
    return _import(name)
importlib.import_module = broken
"""
            with Peer(prelude) as peer:
                error = self.open(peer, "logistic")["error"]
                self.assertNotIn(place, error)
                self.assertNotIn("/opt/a", error)
                self.assertNotIn("\n", error)
                self.assertIn("b.py, 1/2 and https://a.example/b/c", error)

    def test_a_library_that_exits_does_not_end_the_process(self):
        prelude = "import pickle\ndef loads(*_, **__): raise SystemExit(3)\npickle.loads = loads\n"
        with Peer(prelude) as peer:
            self.assertTrue(self.open(peer, "logistic")["ok"])
            error = peer.refused("prepare", format="pickle-5", path=self.path("x"), expected=None)
            self.assertEqual(error, "SystemExit: 3")
            peer.good("versions")

    def test_the_script_fits_into_an_argument(self):
        self.assertLess(len(SCRIPT.encode()), MAX_SCRIPT_BYTES)


class Verified(Subjects):
    def test_expected_labels(self):
        labels = self.predictions("logistic")
        others = list(labels)
        for row in (5, 7, 999):
            others[row] = 1 - others[row]
        with Peer() as peer:
            self.assertTrue(self.open(peer, "logistic")["ok"])

            def prepare(predictions):
                return peer.ask("prepare", format="pickle-5", path=self.path("x"),
                                expected=self.expected(predictions))

            self.assertTrue(prepare({"integers": labels})["ok"])
            self.assertTrue(prepare({"outputs": [{"integers": labels}]})["ok"])
            self.assertEqual(prepare({"integers": others})["error"],
                             "predictions differ: 3 of 1000 rows, the first is row 5: "
                             f"{labels[5]} against {others[5]}")
            # It has no figure, although it had one before.
            self.assertIn("not prepared", peer.refused(
                "run", format="pickle-5", operation="encode", iterations=1))
            for wrong in ({"integers": labels[:-1]}, {"texts": [str(label) for label in labels]},
                          {"booleans": [label == 1 for label in labels]},
                          {"outputs": [{"integers": labels}] * 2}):
                self.assertIn("predictions differ", prepare(wrong)["error"])
            for wrong in ({"words": labels}, [labels], {}, {"integers": None}, "text"):
                self.assertFalse(prepare(wrong)["ok"], wrong)

    def test_expected_values(self):
        values = self.predictions("linear")
        with Peer() as peer:
            self.assertTrue(self.open(peer, "linear")["ok"])

            def prepare(change):
                changed = [[value] for value in values]
                changed[4] = [change(values[4])]
                return peer.ask("prepare", format="joblib", path=self.path("x"),
                                expected=self.expected({"values": changed}))

            self.assertTrue(prepare(lambda value: value * (1 + 1e-13))["ok"])
            for wrong in (lambda value: value * (1 + 1e-11), lambda _: None, lambda _: 0.0):
                self.assertIn("1 of 1000 rows, the first is row 4", prepare(wrong)["error"])

    def test_what_comes_back_wrong_is_refused(self):
        # Whoever reads pickles here gets a model of other numbers.
        prelude = """
import pickle
def loads(*given, _loads=pickle.loads, **more):
    value = _loads(*given, **more)
    if isinstance(value, dict):
        value['bias'] = value['bias'] + 1e-9
    else:
        value.coef_ = value.coef_ * (1 + 1e-15 if value.coef_.ndim == 1 else -1)
    return value
pickle.loads = loads
del loads
"""
        with Peer(prelude) as peer:
            for name, error in (("logistic", "predictions differ: "), ("linear", "predictions differ: "),
                                ("arrays", "arrays differ: the values of 'bias' are others")):
                self.assertTrue(self.open(peer, name)["ok"])
                self.assertIn(error, peer.refused("prepare", format="pickle-5", path=self.path("x")))

    def test_training_and_its_files(self):
        import joblib
        import numpy
        answer = self.trained["forest"]
        rows = numpy.load(self.path("forest.npy"))
        self.assertEqual((rows.shape, rows.dtype.str, rows.flags.c_contiguous), ((1000, 20), "<f8", True))
        self.assertTrue((rows[:100] == rows[300:400]).all() and (rows[0] != rows[1]).any())
        self.assertEqual((answer["train_rows"], answer["features"]), (700, 20))
        self.assertEqual((answer["metric"]["name"], answer["metric"]["rows"]), ("accuracy", 300))
        self.assertEqual(answer["hyper_parameters"], {"n_estimators": "5", "random_state": "42"})
        self.assertIsNone(joblib.load(self.path("forest.joblib")).n_jobs)
        self.assertEqual(self.trained["linear"]["metric"]["name"], "r2")

    def test_the_tutorial(self):
        import numpy
        folder = self.path("tutorial")
        os.mkdir(folder)
        with Peer() as peer:
            answer = peer.good("tutorial", dir=folder)
        self.assertEqual([method["method"] for method in answer["methods"]], ["pickle", "joblib"])
        for method in answer["methods"]:
            self.assertEqual(method["bytes"], os.path.getsize(os.path.join(folder, method["file"])))
            self.assertEqual(method["accuracy_after"], answer["accuracy_before"])
        self.assertEqual(answer["metric"]["value"], answer["accuracy_before"])
        shapes = [numpy.load(os.path.join(folder, name)).shape
                  for name in ("test_rows.npy", "test_labels.npy", "rows.npy")]
        self.assertEqual(shapes, [(300, 20), (300,), (1000, 20)])

    def formats(self, subject):
        formats = ["pickle-2", "pickle-4", "pickle-5", "pickle-5-buffers", "joblib",
                   "joblib-zlib-3", "joblib-xz"]
        optional = {"joblib-lz4": ["lz4"], "cloudpickle": ["cloudpickle"], "skops": ["skops"]}
        if subject == "arrays":
            formats.append("npz-python")
        else:
            formats.append("joblib-mmap")
            optional["onnx"] = ["skl2onnx", "onnx", "onnxruntime"]
        return formats + [name for name, needs in optional.items() if has(*needs)]

    def test_every_operation_of_every_format_runs_and_leaves_no_file(self):
        with Peer() as peer:
            for subject in ("logistic", "linear", "forest", "arrays"):
                self.assertEqual(self.open(peer, subject).get("error"), None)
                for format in self.formats(subject):
                    folder = tempfile.mkdtemp(dir=self.folder)
                    path = os.path.join(folder, "x")
                    answer = peer.good("prepare", format=format, path=path, expected=None)
                    files = os.listdir(folder)
                    self.assertEqual(
                        answer["bytes"], sum(os.path.getsize(os.path.join(folder, f)) for f in files))
                    self.assertTrue(answer["operations"])
                    self.assertFalse(set(answer["operations"]) & set(answer["reasons"]))
                    self.assertEqual(len(answer["operations"]) + len(answer["reasons"]), 16)
                    for operation in answer["operations"]:
                        with self.subTest(subject=subject, format=format, operation=operation):
                            request = {"format": format, "operation": operation}
                            self.assertGreater(peer.good("run", iterations=2, **request)["nanos"], 0)
                            if format == "onnx":
                                self.assertIn("onnxruntime", peer.refused("memory", **request))
                                continue
                            memory = peer.good("memory", **request)
                            self.assertGreater(memory["peak_bytes"], 0)
                            self.assertLessEqual(memory["held_bytes"], memory["peak_bytes"])
                            self.assertEqual(memory["unseen"] is None, subject != "forest")
                    self.assertEqual(sorted(os.listdir(folder)), sorted(files))

    def test_reasons(self):
        live = "a live estimator comes back, not parameters: see + model ready"
        plain = "Python has no model for plain arrays"
        with Peer() as peer:
            self.open(peer, "logistic")
            path = self.path("x")
            reasons = peer.good("prepare", format="joblib", path=path, expected=None)["reasons"]
            self.assertEqual({reasons[name] for name in ("decode", "load-file", "view")}, {live})
            self.assertEqual(peer.refused("prepare", format="npz-python", path=path),
                             "npz-python does not hold estimators")
            self.open(peer, "arrays")
            answer = peer.good("prepare", format="joblib", path=path, expected=None)
            names = ("decode-ready", "decode-predict-1", "view-predict-1000", "map-predict-1")
            self.assertEqual({answer["reasons"][name] for name in names}, {plain})
            answer = peer.good("prepare", format="joblib-mmap", path=path, expected=None)
            self.assertEqual((answer["operations"], len(answer["reasons"])), ([], 16))
            self.assertEqual(peer.refused("prepare", format="onnx", path=path),
                             "onnx does not hold plain arrays")

    @unittest.skipUnless(has("safetensors"), "safetensors is missing")
    def test_safetensors_holds_no_text(self):
        import numpy
        with Peer() as peer:
            self.open(peer, "arrays")
            request = {"format": "safetensors-python", "path": self.path("x"), "expected": None}
            self.assertIn("'names' is of <U5", peer.refused("prepare", **request))
            numpy.savez(self.path("numbers.npz"), a=numpy.arange(6.0).reshape(2, 3), b=numpy.array(True))
            peer.good("open", kind="arrays", path=self.path("numbers.npz"))
            for operation in peer.good("prepare", **request)["operations"]:
                peer.good("run", format="safetensors-python", operation=operation, iterations=2)

    @unittest.skipUnless(has("skl2onnx", "onnxruntime"), "skl2onnx or onnxruntime is missing")
    def test_onnx_says_how_far_off_it_is_and_is_refused_when_it_is_too_far(self):
        with Peer() as peer:
            values = self.predictions("linear")
            self.open(peer, "linear")
            for change, good in ((1e-6, True), (1e-4, False)):
                expected = self.expected({"values": [[value * (1 + change)] for value in values]})
                answer = peer.ask("prepare", format="onnx", path=self.path("x"), expected=expected)
                self.assertEqual(answer["ok"], good, answer)
                if good:
                    self.assertAlmostEqual(answer["difference"], change, delta=change / 100)
            labels = self.predictions("forest")
            self.open(peer, "forest")
            expected = self.expected({"integers": [1 - label for label in labels]})
            self.assertIn("1000 of 1000 rows", peer.refused(
                "prepare", format="onnx", path=self.path("x"), expected=expected))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--control", action="store_true", help="the loops on both sides")
    parser.add_argument("--loops", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--self-test", action="store_true", help="test the answers, not the times")
    parser.add_argument("--tolerance", type=float, default=10, help="percent (default 10)")
    parser.add_argument("--processes", type=int, default=7, help="of each side (default 7)")
    parser.add_argument("--rounds", type=int, default=20, help="in a process (default 20)")
    parser.add_argument("--sample", type=float, default=100,
                        help="microseconds of iterations, or one if it takes longer (default 100)")
    parser.add_argument("--megabytes", type=float, default=4, help="of arrays (default 4)")
    options, rest = parser.parse_known_args()
    if options.self_test:
        unittest.main(argv=[sys.argv[0], *rest])
    if rest:
        parser.error(f"unknown: {' '.join(rest)}")
    if options.loops:
        return answer_loops()
    return check_times(options)


if __name__ == "__main__":
    sys.exit(main())
