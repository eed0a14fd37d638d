#!/usr/bin/env python3
"""Reads with other libraries what deadweight writes, and compares every value.

    python3 -m venv /tmp/interchange
    /tmp/interchange/bin/pip install numpy==2.3.4 safetensors==0.6.2 pyarrow==22.0.0 cbor2==5.7.1 msgpack==1.1.2 \
        pcodec==1.1.0 grpcio-tools==1.76.0
    /tmp/interchange/bin/python scripts/check_interchange.py

It has the files written by a test of tests/foreign_files.rs (cargo is needed), and is run by hand:
the tests of the package need no network and no Python.
"""

import base64
import importlib
import json
import os
import pickle
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import cbor2
import msgpack
import numpy as np
import pcodec.wrapped
import pyarrow.ipc
import pyarrow.parquet
import safetensors
import safetensors.numpy
from grpc_tools import protoc
from make_fixtures import numbers  # beside this file

ROOT = Path(__file__).resolve().parent.parent
DTYPES = {"f64": "<f8", "f32": "<f4", "f16": "<f2", "i64": "<i8", "i32": "<i4", "i16": "<i2", "i8": "i1",
          "u64": "<u8", "u32": "<u4", "u16": "<u2", "u8": "u1", "bool": "?", "bf16": "<u2"}


def expected():
    """The arrays of `write_for_others`, bf16 as its bits."""
    grid = np.arange(6, dtype="<f8").reshape(2, 3)
    return numbers() | {
        "fortran": grid,
        "big_endian": grid,
        "scalar": np.array(7, dtype="<i8"),
        "empty": np.zeros((0, 4), dtype="<f4"),
        "words": np.array(["a", "naïve", "日本"]),
        "steps.1/coef": np.array([1.5, -2.5]),
        "bf16": np.array([0x3FC0, 0xFF80], dtype="<u2"),
        "zeros at the end": np.array(["a\0", ""], dtype=object),
        "ümlaut.日本": np.array([[1], [2], [3]], dtype="u1"),
    }


def texts_of(block, shape):
    """A text array from its block: n + 1 offsets, then UTF-8."""
    count = int(np.prod(shape, dtype=int))
    offsets = np.frombuffer(block[: 8 * (count + 1)], dtype="<u8")
    body = block[8 * (count + 1):]
    texts = [body[a:b].decode() for a, b in zip(offsets, offsets[1:])]
    return np.array(texts, dtype=object).reshape(shape)


def compare(what, found, all_expected=None):
    all_expected = expected() if all_expected is None else all_expected
    assert list(found) == list(all_expected), f"{what}: {list(found)}"
    for name, array in all_expected.items():
        value = np.asarray(found[name])
        assert value.shape == array.shape, f"{what} {name}: {value.shape}"
        if array.dtype.kind in "UO":
            assert value.tolist() == array.tolist(), f"{what} {name}: {value}"
        else:
            assert value.dtype == array.dtype, f"{what} {name}: {value.dtype}"
            assert value.tobytes() == array.tobytes(), f"{what} {name}: {value}"
    print(f"{what}: {len(all_expected)} arrays")


def check_npz(path):
    with np.load(path, allow_pickle=False) as archive:
        found = {name: archive[name] for name in archive.files}
    envelope = json.loads(str(found.pop("__deadweight__")))
    assert envelope["metadata"]["note"] == "für euch", envelope
    name = "zeros at the end"
    found[name] = texts_of(found[name].tobytes(), (2,))  # numpy would cut the zeros off
    compare("npz by numpy", found)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert len(archive.infolist()) == len(expected()) + 1


def check_safetensors(path):
    with safetensors.safe_open(path, "numpy") as file:
        envelope = json.loads(file.metadata()["deadweight"])
        names = set(file.keys())
    raw = dict(safetensors.deserialize(path.read_bytes()))
    assert names == set(raw) == set(expected())
    found = {}
    for name, dtype, shape in envelope["arrays"]:
        data = bytes(raw[name]["data"])
        found[name] = texts_of(data, shape) if dtype == "text" else np.frombuffer(data, DTYPES[dtype]).reshape(raw[name]["shape"])
    compare("safetensors by safetensors", found)
    # numpy has no bfloat16: load what it has.
    with safetensors.safe_open(path, "numpy") as file:
        plain = {n: file.get_tensor(n) for n, d, _ in envelope["arrays"] if d not in ("text", "bf16")}
    compare("safetensors by safetensors.numpy", plain, {n: expected()[n] for n in plain})


def of_lists(table, typed):
    """The arrays of a table of one row with a column of lists for each."""
    table.validate(full=True)
    assert table.num_rows == 1
    envelope = json.loads(table.schema.metadata[b"deadweight"])
    found = {}
    for (name, dtype, shape), column in zip(envelope["arrays"], table.columns):
        values = column.combine_chunks().flatten()
        if dtype == "text":
            found[name] = np.array(values.to_pylist(), dtype=object).reshape(shape)
        else:
            found[name] = typed(values.to_numpy(zero_copy_only=False), DTYPES[dtype]).reshape(shape)
    return found


def check_arrow(path):
    # Booleans are whole numbers of a byte there: bits could not be borrowed.
    compare("arrow by pyarrow", of_lists(pyarrow.ipc.open_file(path).read_all(), np.ndarray.view))


def check_parquet(path):
    file = pyarrow.parquet.ParquetFile(path)
    assert (file.num_row_groups, file.metadata.num_rows) == (1, 1)
    assert file.metadata.created_by == "deadweight version 1", file.metadata.created_by
    compare("parquet by pyarrow", of_lists(file.read(), lambda values, dtype: values.astype(dtype, casting="no")))


def of_document(document, mark, decode=bytes):
    """The arrays of a `bytes` document."""
    assert document["format"] == mark, document["format"]
    found = {}
    for array in document["parameters"]["arrays"]:
        data, shape = decode(array["data"]), array["shape"]
        text = array["dtype"] == "text"
        found[array["name"]] = texts_of(data, shape) if text else np.frombuffer(data, DTYPES[array["dtype"]]).reshape(shape)
    return found


def of_elements(document, mark):
    """The arrays of an `elements` document."""
    assert document["format"] == mark, document["format"]
    found = {}
    for array in document["parameters"]["arrays"]:
        (dtype, values), shape = next(iter(array["elements"].items())), array["shape"]
        if dtype == "f16":
            found[array["name"]] = np.array(values, "<u2").view("<f2").reshape(shape)
        elif dtype == "text":
            found[array["name"]] = np.array(values, dtype=object).reshape(shape)
        else:
            # float() understands "NaN", "Infinity" and "-Infinity"; serde-pickle has wide integers as texts.
            number = float if dtype.startswith("f") else int
            values = [number(v) if isinstance(v, str) else v for v in values]
            found[array["name"]] = np.array(values, DTYPES[dtype]).reshape(shape)
    return found


def check_pco(path):
    with open(path, "rb") as file:
        assert file.readline() == b"deadweight pco 1\n"

        def uint(size):
            return int.from_bytes(file.read(size), "little")

        header, found, compressed = json.loads(file.read(uint(8))), {}, 0
        for name, dtype, shape in header["arrays"]:
            coding, chunk, block = uint(1), uint(4), file.read(uint(8))
            if coding == 0:
                text = dtype == "text"
                found[name] = texts_of(block, shape) if text else np.frombuffer(block, DTYPES[dtype]).reshape(shape)
                continue
            compressed += 1
            values = np.empty(int(np.prod(shape, dtype=int)), DTYPES[dtype])
            decompressor, at = pcodec.wrapped.FileDecompressor.new(block)
            for start in range(0, len(values), chunk):
                part = values[start:start + chunk]
                of_chunk, used = decompressor.chunk_decompressor(block[at:], "u16" if dtype == "bf16" else dtype)
                at += used
                _, used = of_chunk.read_page_into(block[at:], len(part), part)
                at += used
            assert at == len(block), name
            found[name] = values.reshape(shape)
        assert file.read() == b""
    compare(f"pco by pcodec ({compressed} compressed)", found)


def check_protobuf(folder):
    """With the schema of the page."""
    page = (ROOT / "docs" / "formats" / "protobuf.md").read_text()
    schema = re.search("```protobuf\n(.*?)```", page, re.DOTALL)[1]
    (folder / "deadweight.proto").write_text(schema)
    assert protoc.main(["protoc", f"-I{folder}", f"--python_out={folder}", str(folder / "deadweight.proto")]) == 0
    sys.path.insert(0, str(folder))
    messages = importlib.import_module("deadweight_pb2")
    model = messages.Model.FromString((folder / "protobuf.pb").read_bytes())
    arrays = [{"name": a.name, "dtype": a.dtype, "shape": list(a.shape), "data": a.data} for a in model.arrays]
    document = {"format": model.format, "parameters": {"arrays": arrays}}
    compare("protobuf by Python", of_document(document, "deadweight protobuf 1"))
    assert model.SerializeToString() == (folder / "protobuf.pb").read_bytes()
    model = messages.ModelOfElements.FromString((folder / "protobuf-elements.pb").read_bytes())
    arrays = [
        {"name": a.name, "shape": list(a.shape), "elements": {dtype: list(getattr(a, dtype).values)}}
        for a in model.arrays
        for dtype in [a.WhichOneof("elements")]
    ]
    document = {"format": model.format, "parameters": {"arrays": arrays}}
    compare("protobuf-elements by Python", of_elements(document, "deadweight protobuf-elements 1"))


def main():
    with tempfile.TemporaryDirectory() as folder:
        command = ["cargo", "test", "--release", "--test", "foreign_files", "--", "--ignored", "--exact", "write_for_others"]
        subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"DEADWEIGHT_INTERCHANGE": folder})
        folder = Path(folder)
        check_npz(folder / "npz.npz")
        check_safetensors(folder / "safetensors.safetensors")
        check_arrow(folder / "arrow.arrow")
        check_parquet(folder / "parquet.parquet")
        check_pco(folder / "pco.pco")
        check_protobuf(folder)
        readers = {
            "cbor": ("cbor", lambda data: cbor2.loads(data)),
            "cbor4ii": ("cbor", lambda data: cbor2.loads(data)),
            "msgpack": ("msgpack", lambda data: msgpack.unpackb(data)),
            # Written a moment ago by our own program; no pickle of anybody else is ever loaded here.
            "serde-pickle": ("pkl", pickle.loads),
            "json": ("json", json.loads),
            "json-simd": ("json", json.loads),
        }
        for name, (extension, load) in readers.items():
            def untagged(path):
                document = load(path.read_bytes())
                return document.value if isinstance(document, cbor2.CBORTag) else document

            bytes_of = base64.b64decode if extension == "json" else bytes
            mark = "json" if extension == "json" else name
            document = untagged(folder / f"{name}.{extension}")
            compare(f"{name} by Python", of_document(document, f"deadweight {mark} 1", bytes_of))
            document = untagged(folder / f"{name}-elements.{extension}")
            compare(f"{name}-elements by Python", of_elements(document, f"deadweight {mark}-elements 1"))


if __name__ == "__main__":
    sys.exit(main())
