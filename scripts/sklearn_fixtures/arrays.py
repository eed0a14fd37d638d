"""Arrays without an estimator: dicts and lists of weights, every dtype and memory order, sparse matrices."""

import datetime
import decimal

import numpy as np

from .catalogue import ALL, FEW, ONE, plain

WHOLE = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


def weights():
    rows = np.arange(24, dtype=np.float64).reshape(4, 6) / 7
    return {"dense.weight": rows, "dense.bias": rows[0] * 2, "steps": np.array([1, 2, 3]), "rate": 0.1, "name": "net",
            "flags": (True, None, 5)}


def weight_list():
    return [np.full((2, 3), 1.5), np.array([1, 2], dtype=np.float32), np.zeros((3, 1, 2))]


def numeric():
    made = {name: np.array([0, 1, 100, np.iinfo(name).min, np.iinfo(name).max], dtype=name) for name in WHOLE}
    for name in ("float16", "float32", "float64"):
        made[name] = np.array([0.0, -0.0, 1.5, np.inf, -np.inf, np.nan, np.finfo(name).max, np.finfo(name).tiny],
                              dtype=name)
    made["bool"] = np.array([[True, False], [False, True]])
    return made


def orders():
    cube = np.arange(24, dtype=np.float64).reshape(2, 3, 4)
    return {"c": cube, "fortran": np.asfortranarray(cube), "transposed": cube.T, "strided": cube[:, ::2, 1:3],
            "reversed": np.arange(5)[::-1], "broadcast": np.broadcast_to(np.float32([1, 2]), (3, 2)),
            "fortran_whole": np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
            "row": np.arange(3.0).reshape(1, 3), "column": np.arange(3.0).reshape(3, 1)}


def swapped():
    return {"f8": np.array([1.5, -2.0], dtype=">f8"), "f4": np.array([[1.5], [2.5]], dtype=">f4"),
            "i4": np.array([1, -2, 3], dtype=">i4"), "u2": np.arange(6, dtype=">u2").reshape(2, 3, order="F"),
            "text": np.array(["big", "é"], dtype=">U3"), "little": np.array([7], dtype="<i8")}


def shapes():
    return {"scalar": np.array(3.25), "scalar_whole": np.array(7), "empty": np.zeros((0,)),
            "empty_rows": np.zeros((0, 4), dtype=np.float32), "empty_inner": np.zeros((2, 0, 3), dtype=np.int64),
            "one": np.array([9.0]), "text_scalar": np.array("alone")}


def numpy_scalars():
    return {"float64": np.float64(0.1), "float32": np.float32(0.1), "int64": np.int64(-5), "uint8": np.uint8(200),
            "bool": np.bool_(True), "text": np.str_("naïve"), "bytes": np.bytes_(b"raw"), "in_list": [np.float64(2.5)],
            "tuple": (np.int32(1), np.float16(0.5))}


def texts():
    return {"unicode": np.array(["a", "longer", "", "日本", "\U0001f600"]), "grid": np.array([["x", "yy"], ["zzz", ""]]),
            "bytes": np.array([b"a", b"\xff\x00b", b""], dtype="S3"),
            "object": np.array(["one", "two", "três"], dtype=object)}


def objects():
    mixed = np.empty(5, dtype=object)
    mixed[:] = [1, 2.5, "text", None, True]
    nested = np.empty(2, dtype=object)
    nested[0], nested[1] = np.arange(3), np.array([[1.5]])
    return {"mixed": mixed, "nested": nested, "grid": np.array([["a", 1], ["b", 2]], dtype=object),
            "empty": np.empty((0, 2), dtype=object),
            "fortran": np.asfortranarray(np.array([["a", "b"], ["c", "d"], ["e", "f"]], dtype=object))}


def exotic():
    """Dtypes that the neutral model has no name for."""
    return {"complex": np.array([1 + 2j, -0.5j]), "complex64": np.array([1j], dtype=np.complex64),
            "moments": np.array(["2020-01-01", "NaT"], dtype="datetime64[D]"),
            "spans": np.array([1, -3], dtype="timedelta64[s]"), "fine": np.ones(2)}


def structured():
    packed = np.dtype([("left", "<i8"), ("value", "<f8"), ("flag", "u1")])
    aligned = np.dtype([("flag", "u1"), ("value", "<f8"), ("name", "<U3")], align=True)
    inner = np.dtype([("id", "<i4"), ("point", "<f4", (2,))])
    return {"packed": np.array([(1, 2.5, 3), (-1, 0.0, 255)], dtype=packed),
            "aligned": np.array([(1, 0.5, "abc"), (0, 1.5, "é")], dtype=aligned),
            "inner": np.array([(7, (1.0, 2.0))], dtype=inner)}


def subclasses():
    masked = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
    return {"matrix": np.matrix([[1.0, 2.0], [3.0, 4.0]]), "masked": masked, "plain": np.arange(2)}


def one_array():
    return np.linspace(0, 1, 12).reshape(3, 4)


def shared():
    rows = np.arange(4.0)
    return {"first": rows, "second": rows, "both": [rows, rows]}


def mapped():
    import os
    import tempfile

    handle, path = tempfile.mkstemp()
    os.close(handle)
    made = np.memmap(path, dtype=np.float32, mode="w+", shape=(2, 5))
    made[:] = np.arange(10).reshape(2, 5)
    os.unlink(path)
    return {"mapped": made, "ordinary": np.arange(3)}


def sparse():
    from scipy import sparse as scipy_sparse

    dense = np.array([[0, 1.5, 0, 2], [0, 0, 0, 0], [3, 0, -1, 0]])
    return {"csr": scipy_sparse.csr_matrix(dense), "csc": scipy_sparse.csc_matrix(dense),
            "coo": scipy_sparse.coo_matrix(dense), "float32": scipy_sparse.csr_matrix(dense.astype(np.float32)),
            "empty": scipy_sparse.csr_matrix((0, 5))}


def sparse_arrays():
    from scipy import sparse as scipy_sparse

    dense = np.array([[0, 1.5], [2, 0]])
    return {"csr": scipy_sparse.csr_array(dense), "coo": scipy_sparse.coo_array(dense)}


def values():
    """What stands beside arrays: the ordinary objects of Python."""
    from collections import OrderedDict, defaultdict

    return {"whole": [0, -1, 2 ** 31, 2 ** 63, -2 ** 100], "floats": [0.1, float("inf"), -0.0, float("nan")],
            "texts": ["", "é", "a\nb", "\ud800x"], "bytes": b"\x00\xff", "set": {3}, "frozen": frozenset([4]),
            "ordered": OrderedDict([("b", 1), ("a", 2)]), "default": defaultdict(list, {"k": [1]}),
            "moment": datetime.datetime(2020, 1, 2, 3, 4, 5), "exact": decimal.Decimal("1.10"), "complex": 1 + 2j,
            "array": np.arange(2), "slice": slice(1, None, 2), "range": range(3)}


plain("arrays_weights", weights, where=ALL)
plain("arrays_list", weight_list, where=FEW)
plain("arrays_one", one_array, where=FEW)
plain("arrays_numeric", numeric, where=FEW)
plain("arrays_orders", orders, where=ALL)
plain("arrays_swapped", swapped, where=FEW)
plain("arrays_shapes", shapes, where=FEW)
plain("arrays_scalars", numpy_scalars, where=FEW)
plain("arrays_texts", texts, where=FEW)
plain("arrays_objects", objects, where=FEW)
plain("arrays_exotic", exotic, where=FEW)
plain("arrays_structured", structured, where=FEW)
plain("arrays_subclasses", subclasses, where=FEW)
plain("arrays_shared", shared, where=FEW)
plain("arrays_mapped", mapped)
plain("arrays_sparse", sparse, where=FEW)
plain("arrays_sparse_new", sparse_arrays, since=(1, 2))
plain("arrays_values", values)
