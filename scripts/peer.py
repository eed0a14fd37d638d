"""Measures what Python does with a model: one JSON object a line comes in, one goes out.

    python -I -B -u -c "$(cat scripts/peer.py)"

The program that asks has this text inside itself, so that it needs no file. A request names its
operation in `op`; the answer repeats its `id` and says `ok`, or `error` in one sentence. A request
that fails never ends the process: it ends with `close`, or when its input does.

Nothing is measured that was not verified: `prepare` stores the subject, reads it back in every way
that has a figure, and refuses what is not the same. Only standard modules are imported at the
start; a package that is missing is the answer to the requests that need it.
"""

import ctypes
import filecmp
import gc
import importlib
import importlib.metadata
import io
import itertools
import json
import os
import pickle
import platform
import re
import struct
import sys
import time
import traceback
import tracemalloc

PACKAGES = ["numpy", "scipy", "scikit-learn", "joblib", "cloudpickle", "skops", "safetensors",
            "lz4", "skl2onnx", "onnx", "onnxruntime"]
GENERATORS = ["make_classification", "make_regression", "load_iris", "load_diabetes", "load_wine",
              "load_digits", "load_breast_cancer"]
ROWS = 1000
# Relative: sums in another order, and sums of 32-bit floats.
EXPECTED_TOLERANCE = 1e-12
ONNX_TOLERANCE = 1e-5
# Encoded bytes beyond this are read again for each request: many large ones do not fit together.
KEPT_BYTES = 64 << 20
# Results beyond this are worth a collection of garbage, which takes a tenth of a second.
COLLECTED_BYTES = 16 << 20
LONGEST_SENTENCE = 400

SAVES = ("save", "save-sync")
STORING = ("encode",) + SAVES
LIVE = ("decode-ready", "decode-predict-1", "decode-predict-1000", "load-file-predict-1",
        "load-file-cold-predict-1")
LIVE_VIEWS = ("view-ready", "view-predict-1", "view-predict-1000")
MAPS = ("map-predict-1", "map-file-cold-predict-1")
COLD = ("load-file-cold-predict-1", "map-file-cold-predict-1")
PLAIN = ("decode", "load-file")
PLAIN_VIEWS = ("view",)
OPERATIONS = STORING + LIVE + LIVE_VIEWS + MAPS + PLAIN + PLAIN_VIEWS


class Refusal(Exception):
    """What was asked for cannot be done; the message is the whole sentence."""


def package(name):
    """Imports a module, or refuses with the name of the package that is missing."""
    top = name.split(".")[0]
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != top:
            raise
        distribution = {"sklearn": "scikit-learn"}.get(top, top)
        raise Refusal(f"the Python package {distribution} is missing") from error


def member(request, name, kind):
    """A member of a request that has to be there, of a type."""
    value = request.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Refusal(f"{name!r} has to be {kind.__name__}, not {type(value).__name__}")
    return value


# ---------------------------------------------------------------- formats


class Format:
    """A way to bytes and to a file, and back. What `adapt` finds out is in no figure."""

    holds = ("estimator", "arrays")
    packages = ()
    suffix = ""
    tolerance = None
    views = False
    maps = False
    unseen = None  # why tracemalloc cannot tell what it takes

    def __init__(self, identifier):
        self.id = identifier

    def adapt(self, subject):
        """Imports what is needed and looks at the subject, before anything is timed."""
        for name in self.packages:
            package(name)

    def encode(self, value):
        """Fresh bytes."""
        raise NotImplementedError

    def decode(self, data):
        """What `encode` was given, in memory of its own."""
        raise NotImplementedError

    def save(self, value, path):
        """To a new file, as the library does it; closed, not synced."""
        raise NotImplementedError

    def load(self, path):
        """From a file, as the library does it."""
        raise NotImplementedError

    def rows(self, rows):
        """Rows of the type that `predict` wants."""
        return rows

    def predict(self, ready, rows):
        return ready.predict(rows)

    def files(self, path):
        """The files that are stored under a path."""
        return [path]

    def write(self, data, path):
        with open(path, "wb") as file:
            file.write(data)

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()

    def operations(self, kind):
        views = (LIVE_VIEWS if kind == "estimator" else PLAIN_VIEWS) if self.views else ()
        return STORING + (LIVE if kind == "estimator" else PLAIN) + views


class Pickle(Format):
    def __init__(self, identifier, protocol):
        super().__init__(identifier)
        self.protocol = protocol

    def encode(self, value):
        return pickle.dumps(value, protocol=self.protocol)

    def decode(self, data):
        return pickle.loads(data)

    def save(self, value, path):
        with open(path, "wb") as file:
            pickle.dump(value, file, protocol=self.protocol)

    def load(self, path):
        with open(path, "rb") as file:
            return pickle.load(file)


class PickleBuffers(Format):
    """Protocol 5 with its buffers out of band: `(stream, [buffer, ...])`.

    Python leaves open how the buffers are stored. Here a second file has their number and lengths,
    8 bytes each, then one after the other.
    """

    views = True

    def encode(self, value):
        buffers = []
        stream = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        # Until they are copied they are memory of the subject, not fresh bytes.
        return stream, [bytes(buffer.raw()) for buffer in buffers]

    def decode(self, data):
        stream, buffers = data
        return pickle.loads(stream, buffers=[bytearray(buffer) for buffer in buffers])

    def view(self, data):
        stream, buffers = data
        return pickle.loads(stream, buffers=[memoryview(buffer) for buffer in buffers])

    def files(self, path):
        return [path, path + ".buffers"]

    def save(self, value, path):
        buffers = []
        with open(path, "wb") as file:
            pickle.dump(value, file, protocol=5, buffer_callback=buffers.append)
        self.write_buffers([buffer.raw() for buffer in buffers], path)

    def load(self, path):
        stream, buffers = self.read(path)
        return pickle.loads(stream, buffers=buffers)

    def write(self, data, path):
        super().write(data[0], path)
        self.write_buffers(data[1], path)

    def write_buffers(self, buffers, path):
        lengths = [len(buffer) for buffer in buffers]
        with open(self.files(path)[1], "wb") as file:
            file.write(struct.pack(f"<{1 + len(lengths)}Q", len(lengths), *lengths))
            for buffer in buffers:
                file.write(buffer)

    def read(self, path):
        stream, buffers = super().read(path), []
        with open(self.files(path)[1], "rb") as file:
            (count,) = struct.unpack("<Q", file.read(8))
            for length in struct.unpack(f"<{count}Q", file.read(8 * count)):
                buffers.append(bytearray(length))
                file.readinto(buffers[-1])
        return stream, buffers


class Joblib(Format):
    packages = ("joblib",)

    def __init__(self, identifier, compress, *more):
        super().__init__(identifier)
        self.compress = compress
        self.packages += more

    def adapt(self, subject):
        super().adapt(subject)
        self.library = package("joblib")

    def encode(self, value):
        file = io.BytesIO()
        self.library.dump(value, file, compress=self.compress)
        return file.getvalue()

    def decode(self, data):
        return self.library.load(io.BytesIO(data))

    def save(self, value, path):
        self.library.dump(value, path, compress=self.compress)

    def load(self, path):
        return self.library.load(path)


class JoblibMapped(Joblib):
    """The file of joblib, mapped: it is loaded in no other way."""

    maps = True

    def load(self, path):
        return self.library.load(path, mmap_mode="r")

    def operations(self, kind):
        return MAPS if kind == "estimator" else ()


class Cloudpickle(Format):
    packages = ("cloudpickle",)

    def adapt(self, subject):
        self.library = package("cloudpickle")

    def encode(self, value):
        return self.library.dumps(value)

    def decode(self, data):
        return self.library.loads(data)

    def save(self, value, path):
        with open(path, "wb") as file:
            self.library.dump(value, file)

    def load(self, path):
        with open(path, "rb") as file:
            return self.library.load(file)


class Skops(Format):
    packages = ("skops",)

    def adapt(self, subject):
        self.library = package("skops.io")
        # Our own file: whatever it names is what was saved.
        data = self.library.dumps(subject.value)
        self.trusted = self.library.get_untrusted_types(data=data)

    def encode(self, value):
        return self.library.dumps(value)

    def decode(self, data):
        return self.library.loads(data, trusted=self.trusted)

    def save(self, value, path):
        self.library.dump(value, path)

    def load(self, path):
        return self.library.load(path, trusted=self.trusted)


class Onnx(Format):
    """Converted by skl2onnx, run by onnxruntime on one thread."""

    holds = ("estimator",)
    packages = ("skl2onnx", "onnx", "onnxruntime")
    tolerance = ONNX_TOLERANCE
    unseen = "onnxruntime has memory of its own, which tracemalloc does not see"

    def adapt(self, subject):
        super().adapt(subject)
        self.convert = package("skl2onnx").to_onnx
        self.runtime = package("onnxruntime")
        self.settings = self.runtime.SessionOptions()
        self.settings.intra_op_num_threads = self.settings.inter_op_num_threads = 1
        self.settings.log_severity_level = 4
        numpy, types = package("numpy"), package("skl2onnx.common.data_types")
        reasons = []
        # Trees are defined for 32-bit floats alone, the rest is closer with 64 bits.
        for tensor, dtype in ((types.DoubleTensorType, numpy.float64),
                              (types.FloatTensorType, numpy.float32)):
            self.dtype, self.inputs = dtype, [("X", tensor([None, subject.rows.shape[1]]))]
            try:
                subject.verify(self, self.decode(self.encode(subject.value)))
                return
            except Exception as error:
                reasons.append(f"with {dtype.__name__} rows: {sentence(error, 180)}")
        raise Refusal("; ".join(reasons))

    def encode(self, value):
        options = {id(value): {"zipmap": False}} if hasattr(value, "classes_") else None
        model = self.convert(value, initial_types=self.inputs, options=options)
        return model.SerializeToString()

    def decode(self, data):
        return self.runtime.InferenceSession(
            data, self.settings, providers=["CPUExecutionProvider"])

    load = decode  # it takes a path as well

    def save(self, value, path):
        self.write(self.encode(value), path)

    def rows(self, rows):
        return rows.astype(self.dtype)

    def predict(self, ready, rows):
        # Of a classifier, the labels come before the probabilities.
        return ready.run(None, {"X": rows})[0]


class Safetensors(Format):
    holds = ("arrays",)
    packages = ("safetensors",)

    def adapt(self, subject):
        self.library = package("safetensors.numpy")
        for name, array in subject.value.items():
            if array.dtype.kind not in "biufc":
                raise Refusal(f"cannot hold texts: safetensors is for numbers, array {name!r} is of {array.dtype.str}")

    def encode(self, value):
        return self.library.save(value)

    def decode(self, data):
        return self.library.load(data)

    def save(self, value, path):
        self.library.save_file(value, path)

    def load(self, path):
        return self.library.load_file(path)


class Npz(Format):
    holds = ("arrays",)
    packages = ("numpy",)
    suffix = ".npz"  # numpy appends it to other names

    def adapt(self, subject):
        self.library = package("numpy")

    def encode(self, value):
        file = io.BytesIO()
        self.library.savez(file, **value)
        return file.getvalue()

    def decode(self, data):
        return self.load(io.BytesIO(data))

    def save(self, value, path):
        self.library.savez(path, **value)

    def load(self, path):
        with self.library.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}


FORMATS = {format.id: format for format in [
    Pickle("pickle-2", 2),
    Pickle("pickle-4", 4),
    Pickle("pickle-5", 5),
    PickleBuffers("pickle-5-buffers"),
    Joblib("joblib", 0),
    Joblib("joblib-zlib-3", ("zlib", 3)),
    Joblib("joblib-lz4", "lz4", "lz4"),
    Joblib("joblib-xz", "xz"),
    JoblibMapped("joblib-mmap", 0),
    Cloudpickle("cloudpickle"),
    Skops("skops"),
    Onnx("onnx"),
    Safetensors("safetensors-python"),
    Npz("npz-python"),
]}


def reason(format, kind, operation):
    """Why a format has no such operation on what is held."""
    if kind == "estimator" and operation in PLAIN + PLAIN_VIEWS:
        return "a live estimator comes back, not parameters: see + model ready"
    if kind == "arrays" and operation in LIVE + LIVE_VIEWS + MAPS:
        return "Python has no model for plain arrays"
    if format.maps:
        return "this is the file of joblib, mapped: the rest is in its rows"
    if operation in MAPS:
        return "only joblib without compression maps its file"
    return "only pickle 5 with buffers out of band borrows the bytes it is given"


# ---------------------------------------------------------------- the page cache


def cached_pages(descriptor):
    """Pages of an open file in the page cache, by cachestat(2) of Linux 6.5."""
    whole, found = (ctypes.c_uint64 * 2)(0, 0), (ctypes.c_uint64 * 5)()
    library = ctypes.CDLL(None, use_errno=True)
    # The number is the same on every architecture but alpha; Python has no function for it.
    if library.syscall(ctypes.c_long(451), ctypes.c_int(descriptor), whole, found, ctypes.c_uint(0)):
        reason = os.strerror(ctypes.get_errno())
        raise Refusal(f"cold not verified: the system does not tell what is cached: {reason}")
    return max(found[:3])


def evict(path):
    """Puts a file out of the page cache; refuses when its pages stay."""
    if not hasattr(os, "posix_fadvise") or sys.platform != "linux":
        raise Refusal("cold not verified: only Linux tells what is cached")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        pages = None
        for _ in range(5):
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            pages = cached_pages(descriptor)
            if pages == 0:
                return
        raise Refusal(f"cold not verified: {pages} pages stayed in the page cache")
    finally:
        os.close(descriptor)


# ---------------------------------------------------------------- what is the same


def columns(predictions):
    """Predictions as a list of outputs."""
    table = package("numpy").asarray(predictions)
    if table.ndim not in (1, 2):
        raise Refusal(f"predictions differ: they have the shape {table.shape}")
    return [table] if table.ndim == 1 else list(table.T)


def expected_columns(path):
    """The outputs that another program predicts, from its JSON file."""
    numpy = package("numpy")

    def outputs(predictions):
        ((kind, given),) = predictions.items()
        if kind == "outputs":
            return [column for output in given for column in outputs(output)]
        if kind == "values":
            # JSON has no NaN and no infinity: both are null, and NaN from here on.
            return list(numpy.array(given, dtype=float).reshape(len(given), -1).T)
        return [numpy.array(given, {"integers": "i8", "texts": object, "booleans": "?"}[kind])]

    with open(path, encoding="utf-8") as file:
        try:
            return outputs(json.load(file))
        except (KeyError, AttributeError) as error:
            raise Refusal("the expected predictions are of no known kind") from error


def relative_differences(found, expected):
    """Of each value, relative to the larger one; infinite where only one is a number."""
    numpy = package("numpy")
    found, expected = found.astype(float), expected.astype(float)
    with numpy.errstate(all="ignore"):
        scale = numpy.maximum(numpy.abs(found), numpy.abs(expected))
        differences = numpy.abs(found - expected) / scale
    differences[found == expected] = 0
    missing = numpy.isnan(expected)
    differences[missing] = numpy.where(numpy.isfinite(found[missing]), numpy.inf, 0)
    differences[numpy.isnan(differences)] = numpy.inf
    return differences


def compare(found, expected, tolerance):
    """Refuses outputs that differ. A tolerance of None is: to the bit.

    Returns the largest relative difference of values, None when all are labels.
    """
    numpy = package("numpy")
    shapes = [[len(column) for column in side] for side in (found, expected)]
    if shapes[0] != shapes[1]:
        raise Refusal(f"predictions differ: rows of each output are {shapes[0]}, not {shapes[1]}")
    equal, largest = numpy.ones(shapes[0][0], dtype=bool), None
    for one, other in zip(found, expected):
        kinds = one.dtype.kind + other.dtype.kind
        if tolerance is None and one.dtype != other.dtype:
            raise Refusal(f"predictions differ: they are {one.dtype}, not {other.dtype}")
        if "f" in kinds and not set(kinds) - set("iuf"):
            differences = relative_differences(one, other)
            largest = max(largest or 0.0, float(differences.max(initial=0)))
            if tolerance is None:
                bits = [numpy.ascontiguousarray(side).view("u1").reshape(len(side), -1)
                        for side in (one, other)]
                equal &= (bits[0] == bits[1]).all(axis=1)
            else:
                equal &= differences <= tolerance
        elif ("b" in kinds) != (kinds == "bb"):
            raise Refusal(f"predictions differ: they are {one.dtype}, not {other.dtype}")
        else:
            equal &= (one.astype(object) == other.astype(object)).astype(bool)
    if not equal.all():
        row = int(numpy.flatnonzero(~equal)[0])
        values = [[column[row].item() if hasattr(column[row], "item") else column[row]
                   for column in side] for side in (found, expected)]
        one, other = (value[0] if len(value) == 1 else value for value in values)
        raise Refusal(f"predictions differ: {int((~equal).sum())} of {len(equal)} rows, "
                      f"the first is row {row}: {one!r} against {other!r}")
    return largest


def compare_arrays(found, expected):
    """Refuses a dict of arrays that is not the same to the bit."""
    if sorted(found) != sorted(expected):
        raise Refusal(f"arrays differ: their names are {sorted(found)}, not {sorted(expected)}")
    for name, array in expected.items():
        back = found[name]
        for what in ("dtype", "shape"):
            one, other = getattr(back, what), getattr(array, what)
            if one != other:
                raise Refusal(f"arrays differ: {what} of {name!r} is {one}, not {other}")
        if back.tobytes() != array.tobytes():
            raise Refusal(f"arrays differ: the values of {name!r} are others")


# ---------------------------------------------------------------- subjects


def parts(estimator):
    """An estimator, every one inside it, and whatever else they hold."""
    numpy = package("numpy")
    seen, waiting = {}, [estimator]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value  # kept, so that no other gets its id
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, (list, tuple)):
            waiting.extend(value)
        elif isinstance(value, numpy.ndarray) and value.dtype == object:
            waiting.extend(value.flat)
        elif hasattr(value, "get_params") and hasattr(value, "__dict__"):
            waiting.extend(vars(value).values())
    return list(seen.values())


class Subject:
    """What is stored and read back: an estimator with rows to predict, or a dict of arrays."""

    def __init__(self, request):
        numpy = package("numpy")
        self.kind, self.rows, self.unseen = request.get("kind"), None, None
        path = member(request, "path", str)
        if self.kind == "estimator":
            self.rows = numpy.load(member(request, "rows", str), allow_pickle=False)
            self.value = package("joblib").load(path)
            for part in parts(self.value):
                if "n_jobs" in getattr(part, "__dict__", {}):
                    part.n_jobs = None
                if type(part).__module__ == "sklearn.tree._tree":
                    self.unseen = "trees have memory of their own, which tracemalloc does not see"
            # One row alone may take another way through a library than many.
            self.predictions = [columns(self.value.predict(rows)) for rows in self.row_sets()]
        elif self.kind == "arrays":
            with open(path, "rb") as file:
                archive = numpy.load(file, allow_pickle=False)
                if not isinstance(archive, numpy.lib.npyio.NpzFile):
                    raise Refusal("a dict of arrays has to be an .npz file")
                # The file's own entry is no array of the model.
                self.value = {name: archive[name] for name in archive.files if name != "__deadweight__"}
        else:
            raise Refusal(f"'kind' has to be 'estimator' or 'arrays', not {self.kind!r}")

    def row_sets(self):
        return [self.rows[:1], self.rows]

    def predict(self, format, ready):
        return [columns(format.predict(ready, format.rows(rows))) for rows in self.row_sets()]

    def verify(self, format, back):
        """Refuses what came back when it is not the same; returns the outputs of all rows."""
        if self.kind == "arrays":
            return compare_arrays(back, self.value)
        found = self.predict(format, back)
        for one, other in zip(found, self.predictions):
            compare(one, other, format.tolerance)
        return found[1]


class Prepared:
    """A subject in a format: stored, read back and verified."""

    names = itertools.count()

    def __init__(self, format, subject, path, expected, verify):
        self.format, self.subject, self.path = format, subject, path
        format.adapt(subject)
        if not verify and all(os.path.exists(file) for file in format.files(path)):
            # An earlier process stored the same model, and verified it.
            data = format.read(path)
        else:
            data = format.encode(subject.value)
            format.write(data, path)
        self.bytes = sum(os.path.getsize(file) for file in format.files(path))
        self.kept = data if self.bytes <= KEPT_BYTES else None
        self.rows = None if subject.rows is None else format.rows(subject.rows)
        self.operations = list(format.operations(subject.kind))
        self.reasons = {operation: reason(format, subject.kind, operation)
                        for operation in OPERATIONS if operation not in self.operations}
        self.leave_out_cold()
        self.difference = self.compare_expected(self.verify(data), expected) if verify else None

    def verify(self, data):
        """Each way back that has a figure, also from the file that the library itself writes.

        Returns what is predicted by what came back.
        """
        format, subject = self.format, self.subject
        found = subject.verify(format, format.decode(data))
        subject.verify(format, format.load(self.path))
        saved = self.fresh_path()
        try:
            format.save(subject.value, saved)
            pairs = zip(format.files(saved), format.files(self.path))
            if not all(filecmp.cmp(one, other, shallow=False) for one, other in pairs):
                subject.verify(format, format.load(saved))
        finally:
            self.remove([saved])
        if format.views:
            try:
                subject.verify(format, format.view(data))
            except Exception as error:
                # The bytes are good, and the other figures too.
                traceback.print_exc()
                for operation in PLAIN_VIEWS + LIVE_VIEWS:
                    if operation in self.operations:
                        self.operations.remove(operation)
                        self.reasons[operation] = sentence(error)
        return found

    def leave_out_cold(self):
        """Files that cannot be put out of the page cache are not read cold."""
        for operation in COLD:
            if operation in self.operations:
                try:
                    self.evict()
                    self.warm()
                except Refusal as error:
                    self.operations.remove(operation)
                    self.reasons[operation] = str(error)

    def evict(self):
        """Puts the files out of the page cache, or refuses when they stay."""
        for file in self.format.files(self.path):
            evict(file)

    def warm(self):
        """Reads the files to their ends: other figures are about files that are in the cache."""
        for file in self.format.files(self.path):
            with open(file, "rb") as stream:
                while stream.read(1 << 20):
                    pass

    def compare_expected(self, found, expected):
        """Against another program; returns the difference when a format may have one."""
        if found is None:
            return None
        tolerance = self.format.tolerance
        differences = [compare(found, self.subject.predictions[1], tolerance)]
        if expected is not None:
            expected = expected_columns(expected)
            differences.append(compare(found, expected, tolerance or EXPECTED_TOLERANCE))
        measured = [difference for difference in differences if difference is not None]
        return max(measured) if measured and tolerance else None

    def fresh_path(self):
        return f"{self.path}.{next(self.names)}{self.format.suffix}"

    def remove(self, paths):
        for file in (file for path in paths for file in self.format.files(path)):
            if os.path.exists(file):
                os.remove(file)

    def save_and_sync(self, path):
        self.format.save(self.subject.value, path)
        for file in self.format.files(path):
            descriptor = os.open(file, os.O_RDWR)
            os.fsync(descriptor)
            os.close(descriptor)

    def action(self, operation):
        """One iteration, given a path that nobody used. What it returns is freed by the caller."""
        if operation not in self.operations:
            raise Refusal(self.reasons.get(operation, f"there is no operation {operation!r}"))
        format, value, path = self.format, self.subject.value, self.path
        if operation == "encode":
            return lambda _: format.encode(value)
        if operation == "save":
            return lambda fresh: format.save(value, fresh)
        if operation == "save-sync":
            return self.save_and_sync
        source, _, rung = operation.partition("-predict-")
        if source in ("load-file", "load-file-cold", "map", "map-file-cold"):
            obtain, given = format.load, path
        else:
            obtain = format.view if source.startswith("view") else format.decode
            given = self.kept if self.kept is not None else format.read(path)
        if not rung:
            return lambda _: obtain(given)
        rows = self.rows[:int(rung)]

        def predict(_):
            # Both are returned: freeing the estimator belongs to no figure.
            ready = obtain(given)
            return ready, format.predict(ready, rows)

        return predict


def keep_at_most(free_bytes):
    """Has the C library's allocator give back free memory beyond this. Only glibc's can be told."""
    try:
        library = ctypes.CDLL(None)
        library.mallopt(-1, free_bytes)  # M_TRIM_THRESHOLD
        library.malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        pass


# ---------------------------------------------------------------- training


def generate(data):
    """Rows and targets of a generator."""
    numpy, datasets = package("numpy"), package("sklearn.datasets")
    name, options = data.get("generator"), data.get("options", {})
    if name in GENERATORS:
        more = {"return_X_y": True} if name.startswith("load_") else {}
        return getattr(datasets, name)(**options, **more)
    if name != "normal":
        raise Refusal(f"there is no generator {name!r}; there are {', '.join(GENERATORS)}, normal")
    random = numpy.random.RandomState(options.get("random_state"))
    rows = random.normal(size=(options["rows"], options["features"]))
    if options.get("targets") == "classes":
        return rows, random.randint(0, options["classes"], size=len(rows))
    return rows, random.normal(size=len(rows))


class Training:
    """An estimator that was fitted, and the part of the data that it has not seen."""

    def __init__(self, request):
        module, options = member(request, "module", str), request.get("options", {})
        if not module.startswith("sklearn."):
            raise Refusal(f"{module!r} is no module of scikit-learn")
        data = member(request, "data", dict)
        split = package("sklearn.model_selection").train_test_split
        rows, self.rows, targets, self.labels = split(
            *generate(data), test_size=data.get("test_size"), random_state=data.get("random_state"))
        estimator = getattr(package(module), member(request, "class", str))(**options)
        has_jobs, jobs = hasattr(estimator, "n_jobs"), getattr(estimator, "n_jobs", None)
        if has_jobs and request.get("jobs"):
            estimator.n_jobs = request["jobs"]
        start = time.perf_counter_ns()
        estimator.fit(rows, targets)
        nanos = time.perf_counter_ns() - start
        if has_jobs:
            estimator.n_jobs = jobs
        self.estimator = estimator
        self.is_classifier = package("sklearn.base").is_classifier(estimator)
        self.answer = {
            "metric": {"name": "accuracy" if self.is_classifier else "r2",
                       "value": self.score(estimator), "rows": len(self.rows)},
            "training_nanos": nanos, "train_rows": len(rows), "features": rows.shape[1],
            "hyper_parameters": {name: value if isinstance(value, str) else json.dumps(value)
                                 for name, value in options.items()},
        }

    def score(self, estimator):
        metrics = package("sklearn.metrics")
        score = metrics.accuracy_score if self.is_classifier else metrics.r2_score
        return float(score(self.labels, estimator.predict(self.rows)))

    def save_rows(self, path, count=None):
        """The rows of the test part; with a count so many of them, in turn."""
        numpy = package("numpy")
        rows = self.rows
        if count is not None:
            rows = rows[numpy.arange(count) % min(count, len(rows))]
        save_array(path, numpy.ascontiguousarray(rows, dtype=numpy.float64))


def save_array(path, array):
    # numpy would append .npy to the name, not to an open file.
    with open(path, "wb") as file:
        package("numpy").save(file, array, allow_pickle=False)


# ---------------------------------------------------------------- requests


class Peer:
    """Answers requests: one method for each operation of the protocol."""

    def __init__(self):
        self.subject, self.prepared, self.closed = None, {}, False

    def versions(self, _):
        found = {}
        for name in PACKAGES:
            try:
                found[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                pass
        return {"python": platform.python_version(), "packages": found,
                "implementation": platform.python_implementation()}

    def train(self, request):
        training = Training(request)
        package("joblib").dump(training.estimator, member(request, "model", str))
        training.save_rows(member(request, "rows", str), ROWS)
        if request.get("labels") is not None:
            save_array(request["labels"], training.labels)
        return training.answer

    def tutorial(self, request):
        joblib, folder = package("joblib"), member(request, "dir", str)
        training = Training({
            "module": "sklearn.ensemble", "class": "RandomForestClassifier",
            "options": {"n_estimators": 100, "random_state": 42},
            "data": {"generator": "make_classification", "test_size": 0.3, "random_state": 42,
                     "options": {"n_samples": 1000, "n_features": 20, "random_state": 42}}})
        before = training.score(training.estimator)
        paths = [os.path.join(folder, name) for name in ("model.pkl", "model.joblib")]
        with open(paths[0], "wb") as file:
            pickle.dump(training.estimator, file)
        joblib.dump(training.estimator, paths[1])
        with open(paths[0], "rb") as file:
            loaded = [pickle.load(file), joblib.load(paths[1])]
        methods = [{"method": method, "file": os.path.basename(path),
                    "bytes": os.path.getsize(path), "accuracy_after": training.score(estimator)}
                   for method, path, estimator in zip(("pickle", "joblib"), paths, loaded)]
        training.save_rows(os.path.join(folder, "test_rows.npy"))
        training.save_rows(os.path.join(folder, "rows.npy"), ROWS)
        save_array(os.path.join(folder, "test_labels.npy"), training.labels)
        return {"accuracy_before": before, "methods": methods, **training.answer}

    def open(self, request):
        self.prepared.clear()
        self.subject = None
        gc.unfreeze()
        gc.collect()
        if "most_free_bytes" in request:
            keep_at_most(member(request, "most_free_bytes", int))
        self.subject = Subject(request)
        gc.freeze()
        return {}

    def format(self, request):
        name = member(request, "format", str)
        if name not in FORMATS:
            raise Refusal(f"there is no format {name!r}; there are {', '.join(FORMATS)}")
        return FORMATS[name]

    def prepare(self, request):
        if self.subject is None:
            raise Refusal("nothing is open: send 'open' first")
        format, path = self.format(request), member(request, "path", str)
        self.prepared.pop(format.id, None)
        if self.subject.kind not in format.holds:
            held = {"estimator": "estimators", "arrays": "plain arrays"}[self.subject.kind]
            raise Refusal(f"{format.id} does not hold {held}")
        try:
            made = Prepared(format, self.subject, path, request.get("expected"),
                            request.get("verify", True))
        finally:
            # What the libraries have imported is looked through once, not after every sample:
            # that takes longer than most of them.
            gc.collect()
            gc.freeze()
        self.prepared[format.id] = made
        return {"bytes": made.bytes, "operations": made.operations, "reasons": made.reasons,
                "difference": made.difference}

    def find(self, request):
        format = self.format(request)
        if format.id not in self.prepared:
            raise Refusal(f"{format.id} was not prepared: send 'prepare' first")
        return self.prepared[format.id], member(request, "operation", str)

    def run(self, request):
        prepared, operation = self.find(request)
        iterations = member(request, "iterations", int)
        if iterations < 1:
            raise Refusal(f"'iterations' has to be at least 1, not {iterations}")
        action, results = prepared.action(operation), []
        is_save, clock = operation in SAVES, time.perf_counter_ns
        if operation in COLD:
            return {"nanos": sum(self.run_cold(prepared, action) for _ in range(iterations))}
        paths = [prepared.fresh_path() if is_save else None for _ in range(iterations)]
        gc.disable()  # a library may have turned it on
        try:
            start = clock()
            for path in paths:
                results.append(action(path))
            nanos = clock() - start
        finally:
            results.clear()
            if is_save:
                prepared.remove(paths)
            elif prepared.bytes * iterations > COLLECTED_BYTES:
                gc.collect()
        return {"nanos": nanos}

    def run_cold(self, prepared, action):
        """One iteration on files that are out of the page cache. Putting them out is in no figure."""
        clock = time.perf_counter_ns
        gc.collect()  # a map that is still there keeps its pages
        prepared.evict()
        gc.disable()
        start = clock()
        result = action(None)
        nanos = clock() - start
        del result
        prepared.warm()
        return nanos

    def memory(self, request):
        prepared, operation = self.find(request)
        action, path = prepared.action(operation), prepared.fresh_path()
        if prepared.format.unseen:
            raise Refusal(prepared.format.unseen)
        tracemalloc.start()
        try:
            result = action(path)
            held, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            prepared.remove([path])
        del result
        return {"peak_bytes": peak, "held_bytes": held, "unseen": prepared.subject.unseen}

    def close(self, _):
        self.closed = True
        return {}

    OPERATIONS = ("versions", "train", "tutorial", "open", "prepare", "run", "memory", "close")

    def answer(self, line):
        """The answer to a line, whatever is in it."""
        identifier = None
        try:
            request = self.parse(line)
            operation = request.get("op")
            if isinstance(request.get("id"), (int, str)):
                identifier = request["id"]
            if operation not in self.OPERATIONS:
                raise Refusal(f"there is no operation {operation!r}; "
                              f"there are {', '.join(self.OPERATIONS)}")
            result = getattr(self, operation)(request)
            return json.dumps({"id": identifier, "ok": True, **result}, allow_nan=False)
        except (Exception, SystemExit) as error:
            if not isinstance(error, Refusal):
                traceback.print_exc()
            return json.dumps({"id": identifier, "ok": False, "error": sentence(error)})

    def parse(self, line):
        try:
            request = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Refusal("the request is no JSON") from error
        if not isinstance(request, dict):
            raise Refusal("the request is no JSON object")
        return request


# Folders of this interpreter, longest first; they may have spaces in them.
PLACES = sorted(
    {place for given in (sys.prefix, sys.base_prefix, os.path.dirname(sys.executable or ""))
     for place in (given, os.path.realpath(given)) if len(place) > 4}, key=len, reverse=True)
# A path from the root, of at least two parts; the last is kept.
ABSOLUTE = re.compile(r"""(?<![\w./])(?:/(?!/)|[A-Za-z]:[\\/])(?:[^\s'"`:;,()<>|/\\]+[\\/])+""")


def sentence(error, longest=LONGEST_SENTENCE):
    """An exception in one line that says nothing of where things lie on this machine."""
    text = str(error) if isinstance(error, Refusal) else f"{type(error).__name__}: {error}"
    text = " ".join(text.split())
    for place in PLACES:
        text = text.replace(place, "")
    text = ABSOLUTE.sub("", text)
    return text if len(text) <= longest else text[:longest - 3] + "..."


def main():
    # What a library prints goes to standard error, and none reads our requests.
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    gc.disable()
    peer = Peer()
    for line in requests:
        answers.write(peer.answer(line).encode("ascii") + b"\n")
        answers.flush()
        if peer.closed:
            return


if __name__ == "__main__":
    main()
