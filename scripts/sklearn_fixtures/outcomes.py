"""What the library answers, exactly: floats in one array of float64, labels and texts in JSON."""

import numpy as np


class Floats(object):
    """All float64 answers of one version in a row; an answer knows where it begins."""

    def __init__(self):
        self.values = []
        self.count = 0

    def add(self, array):
        at = self.count
        flat = np.ascontiguousarray(array, dtype=np.float64).ravel()
        self.values.append(flat)
        self.count += len(flat)
        return at

    def array(self):
        return np.concatenate(self.values) if self.values else np.zeros(0)


def answer(value, floats):
    """One answer as JSON: {"dtype", "shape", and "at" for floats or "values"}."""
    if hasattr(value, "toarray"):
        value = value.toarray()
    if isinstance(value, list):
        return {"list": [answer(part, floats) for part in value]}
    value = np.asarray(value)
    shape = list(value.shape)
    if value.dtype.kind == "f":
        return {"dtype": "float64", "from": value.dtype.name, "shape": shape, "at": floats.add(value)}
    flat = value.ravel().tolist()
    if value.dtype.kind in "iu":
        return {"dtype": "int64", "from": value.dtype.name, "shape": shape, "values": flat}
    if value.dtype.kind == "b":
        return {"dtype": "bool", "shape": shape, "values": flat}
    if value.dtype.kind == "U":
        return {"dtype": "text", "shape": shape, "values": flat}
    return {"dtype": "object", "shape": shape, "values": [_cell(cell, floats) for cell in flat]}


def _cell(cell, floats):
    """A float as {"at"}; texts, whole numbers, bools and None as they are."""
    if isinstance(cell, (float, np.floating)):
        return {"at": floats.add(np.array([cell]))}
    if isinstance(cell, np.generic):
        return cell.item()
    return cell


def describe(value, path=()):
    """All arrays in plain containers: [{"path", "dtype", "shape", "hex" or "values"}], in order."""
    if hasattr(value, "tocsr"):
        return [dict(_array(value.toarray()), path=list(path), sparse=value.format)]
    if isinstance(value, (np.ndarray, np.generic)):
        made = dict(_array(np.asarray(value)), path=list(path))
        if isinstance(value, np.generic):
            made["numpy_scalar"] = True
        if isinstance(value, np.ma.MaskedArray):
            made["mask"] = np.ma.getmaskarray(value).ravel().tolist()
        return [made]
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, (list, tuple)):
        items = list(enumerate(value))
    else:
        return []
    return [part for key, inner in items for part in describe(inner, path + (key,))]


def _array(value):
    made = {"dtype": value.dtype.str if value.dtype.names is None else str(value.dtype.descr),
            "shape": list(value.shape)}
    if value.dtype.kind == "O":
        made["values"] = [_plain(cell) for cell in value.ravel()]
    elif value.dtype.kind == "U":
        made["values"] = value.ravel().tolist()
    else:
        # C order, in the byte order of the dtype.
        made["hex"] = "".join("%02x" % byte for byte in bytearray(value.tobytes(order="C")))
    return made


def _plain(cell):
    if isinstance(cell, np.ndarray):
        return _array(cell)
    return cell
