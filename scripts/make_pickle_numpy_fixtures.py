#!/usr/bin/env python
# -*- coding: utf-8 -*-
"""Writes the pickles and joblib files of numpy arrays that tests/pickle_numpy.rs reads.

    python3.11 with numpy 2.3.5, scipy 1.17.1, joblib 1.5.2, lz4 4.4.5, zstandard 0.25.0
    python3.8  with numpy 1.19.5, scipy 1.5.4, joblib 1.0.1
    python2.7  with numpy 1.16.6, scipy 1.2.3, joblib 0.14.1

Run it with each of the three; it writes what its own libraries write, to tests/data/pickle_numpy,
and `expected.json` in the first of them. The files are committed. Each holds one dict of the same
values under the same names, and `expected.json` says what they are: dtype, shape and elements in C
order, floats as the hexadecimal digits of their big-endian 64 bits.
"""

import binascii
import json
import os
import pickle
import struct
import sys

import joblib
import numpy as np
import scipy.sparse

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(os.path.dirname(HERE), "tests", "data", "pickle_numpy")
PYTHON = sys.version_info[0]
NUMPY = "numpy" + np.__version__.split(".")[0] if PYTHON > 2 else "python2"

FLOATS = [0.0, -0.0, 1.5, np.inf, -np.inf, np.nan, -2.0]


def numbers():
    """Each numeric type in both byte orders."""
    values = {}
    for order in "<>":
        for code in ("f8", "f4", "f2"):
            values[order + code] = np.array(FLOATS).astype(order + code)
        for code in ("i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1"):
            info = np.iinfo(code)
            values[order + code] = np.array([info.min, 0, 1, info.max], dtype=order + code)
    values["bool"] = np.array([True, False, True])
    return values


def layouts():
    """The same numbers in different orders in memory."""
    cube = np.arange(24, dtype="<f8").reshape(2, 3, 4) / 8
    return {
        "c_order": cube,
        "fortran": np.asfortranarray(cube),
        "fortran_big_endian": np.asfortranarray(cube.astype(">f8")),
        "axes": cube.transpose(1, 0, 2),
        "strided": np.arange(20.0).reshape(4, 5)[::2, 1::2],
        "no_dimensions": np.array(2.5),
        "empty": np.zeros((0, 3), dtype="<i2"),
        "empty_fortran": np.zeros((2, 0, 3), dtype="<f8", order="F"),
        "matrix": np.matrix([[1.5, 2.5], [3.5, 4.5]]),
        "one_row_fortran": np.asfortranarray(np.arange(3.0).reshape(1, 3)),
    }


def texts():
    """Texts in all their forms."""
    words = [[u"a", u"na\u00efve"], [u"\u65e5\u672c", u""]]
    return {
        "unicode": np.array(words),
        "unicode_big_endian": np.array(words).astype(">U5"),
        "unicode_fortran": np.asfortranarray(np.array(words)),
        "unicode_inner_nul": np.array([u"a\0b", u"\0\0c", u"\U0001f600"]),
        "bytes": np.array([b"ab", b"c", b"", b"a\0b"]),
        "object_texts": np.array([u"a", u"na\u00efve", u""], dtype=object),
        "object_texts_fortran": np.asfortranarray(
            np.array([[u"a", u"b", u"c"], [u"d", u"e", u"f"]], dtype=object)
        ),
    }


def structures():
    """Structured arrays: packed, aligned, with gaps, big-endian, with subarrays and titles."""
    rows = [(1, 2.5, True), (-3, -0.0, False), (2 ** 40, 1e300, True)]
    fields = [("left", "<i8"), ("threshold", "<f8"), ("leaf", "?")]
    packed = np.array(rows, dtype=fields)
    aligned = np.array(rows, dtype=np.dtype(fields, align=True))
    gaps = np.zeros(2, np.dtype({"names": ["b", "a"], "formats": ["<u4", "<i2"],
                                 "offsets": [9, 3], "itemsize": 16}))
    gaps["a"], gaps["b"] = [-5, 7], [4000000000, 6]
    big = np.array([(1, 0.5), (-2, 0.25)], dtype=[("i", ">i4"), ("f", ">f4")])
    sub = np.array([(1, [1.0, 2.0]), (2, [3.0, 4.0])], dtype=[("n", "<i4"), ("v", "<f8", (2,))])
    titled = np.array([(1, 2.0)], dtype=[(("A title", "n"), "<i4"), ("v", "<f8")])
    return {"packed": packed, "aligned": aligned, "gaps": gaps, "big_fields": big,
            "subarray": sub, "titled": titled}


def scalars():
    """Single values of numpy and of Python."""
    return {
        "s_f8": np.float64(0.1), "s_f4": np.float32(0.1), "s_f2": np.float16(0.1),
        "s_i8": np.int64(-(2 ** 62)), "s_u8": np.uint64(2 ** 64 - 1), "s_i1": np.int8(-3),
        "s_bool": np.bool_(True), "s_text": np.array([u"na\u00efve"])[0],
        "p_int": 7, "p_float": 0.1, "p_bool": False, "p_text": u"text",
    }


def others():
    """What is no neutral array, and what is no array at all."""
    mixed = np.array([1, 2.5, None, u"a"], dtype=object)
    nested = np.empty(2, dtype=object)
    nested[0], nested[1] = np.arange(3.0), np.array([u"x"])
    shared = np.arange(4.0)
    return {
        "mixed": mixed, "nested": nested, "shared_1": shared, "shared_2": shared,
        "complex": np.array([1 + 2j]), "dates": np.array(["2026-01-02"], dtype="M8[D]"),
        "bytes_latin": np.array([b"\xe9"]),
        "masked": np.ma.array([1.0, 2.0], mask=[True, False]),
        "plain_bytes": bytearray(b"\0\xe9\xff"),
        "plain_no_bytes": bytearray(b""),
        "dtype": np.dtype(">f4"), "dtype_class": np.float64,
    }


def sparse():
    """The same matrix in all formats."""
    dense = np.array([[0, 1.5, 0, 0], [0, 0, 0, 0], [2.5, 0, -1, 0]])
    found = {}
    for name in ("csr", "csc", "coo", "lil", "dia", "bsr"):
        found["sparse_" + name] = scipy.sparse.csr_matrix(dense).asformat(name)
        array = getattr(scipy.sparse, name + "_array", None)
        if array is not None:
            found["sparse_" + name + "_array"] = array(dense)
    return found


def element(value):
    """One element for expected.json."""
    if isinstance(value, (float, np.floating)):
        return binascii.hexlify(struct.pack(">d", float(value))).decode()
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("ascii")
    if isinstance(value, np.ndarray):
        return [element(item) for item in value.ravel()]
    return value


def expected():
    """What the files hold, by name."""
    found = {}
    for name, array in list(numbers().items()) + list(layouts().items()) + list(texts().items()):
        found[name] = {"dtype": array.dtype.str, "shape": array.shape,
                       "values": [element(value) for value in np.asarray(array).ravel(order="C")]}
    for name, array in structures().items():
        columns = {field: [element(value) for value in array[field]] for field in array.dtype.names}
        found[name] = {"size": array.dtype.itemsize, "shape": array.shape, "columns": columns}
    for name, value in scalars().items():
        found[name] = {"scalar": element(value)}
    return found


def write(name, dump):
    """Writes one file."""
    with open(os.path.join(DATA, name), "wb") as file:
        dump(file)


def python_files(values):
    """Plain pickles in every protocol; of protocol 5 also with its buffers beside it."""
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    for protocol in protocols:
        name = "%s_p%d.pkl" % (NUMPY, protocol)
        write(name, lambda file: pickle.dump(values, file, protocol))
    if NUMPY == "numpy2":
        buffers = []
        some = {name: values[name] for name in ("c_order", "fortran", "axes", "<f4", "shared_1")}
        write("buffers_p5.pkl", lambda file: pickle.dump(
            some, file, 5, buffer_callback=lambda view: buffers.append(view.raw().tobytes())))
        for number, buffer in enumerate(buffers):
            write("buffers_p5.%d.bin" % number, lambda file: file.write(buffer))


def joblib_files(values):
    """joblib's own, plain in old and new protocols, and compressed."""
    path = os.path.join(DATA, NUMPY)
    joblib.dump(values, path + ".joblib")
    if PYTHON > 2:
        for protocol in (0, 2):
            joblib.dump(values, "%s_p%d.joblib" % (path, protocol), protocol=protocol)
    if NUMPY != "numpy2":
        joblib.dump(values, path + ".zlib.joblib", compress=3)
        return
    small = {name: values[name] for name in ("c_order", "unicode", "mixed", "packed")}
    for method in ("zlib", "gzip", "bz2", "lzma", "xz", "lz4"):
        joblib.dump(small, os.path.join(DATA, "small.%s.joblib" % method), compress=(method, 3))
    import zstandard
    plain = os.path.join(DATA, "small.joblib")
    joblib.dump(small, plain)
    with open(plain, "rb") as file:
        stream = file.read()
    write("small.zstd.joblib", lambda file: file.write(zstandard.compress(stream)))


def main():
    if not os.path.isdir(DATA):
        os.makedirs(DATA)
    values = {}
    for part in (numbers, layouts, texts, structures, scalars, others, sparse):
        values.update(part())
    python_files(values)
    joblib_files(values)
    if NUMPY == "numpy2":
        text = json.dumps(expected(), indent=0, sort_keys=True, separators=(",", ":"))
        write("expected.json", lambda file: file.write((text + "\n").encode()))
    print(NUMPY, np.__version__, scipy.__version__, joblib.__version__)


main()
