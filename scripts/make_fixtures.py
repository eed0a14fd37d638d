#!/usr/bin/env python3
"""Writes the files of other libraries that tests/foreign_files.rs reads.

    python3 -m venv /tmp/fixtures
    /tmp/fixtures/bin/pip install numpy==2.3.4 safetensors==0.6.2
    /tmp/fixtures/bin/python scripts/make_fixtures.py

The files go to tests/data/numpy and tests/data/safetensors and are committed. The same versions
write the same bytes. Whoever adds a file here adds what is in it to the test.
"""

import sys
from pathlib import Path

import numpy as np
import safetensors
from safetensors.numpy import save_file

VERSIONS = {"numpy": "2.3.4", "safetensors": "0.6.2"}
DATA = Path(__file__).resolve().parent.parent / "tests" / "data"

FLOATS = [0.0, -0.0, 1.5, np.inf, -np.inf, np.nan, -2.0]


def numbers():
    """An array of each numeric dtype that both sides have: extremes and zero, or FLOATS."""
    arrays = {}
    for code in ("f8", "f4", "f2"):
        arrays[code] = np.array(FLOATS, dtype=code)
    for code in ("i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1"):
        limits = np.iinfo(code)
        arrays[code] = np.array([limits.min, 0, 1, limits.max], dtype=code)
    arrays["bool"] = np.array([True, False, True])
    return arrays


def npy_files(folder):
    """Single arrays; the last ones must be refused."""
    grid = np.arange(6, dtype="<f8").reshape(2, 3)
    cube = np.arange(24, dtype="<i4").reshape(2, 3, 4)
    np.save(folder / "c_order.npy", grid)
    np.save(folder / "fortran_order.npy", np.asfortranarray(grid))
    np.save(folder / "fortran_cube.npy", np.asfortranarray(cube))
    np.save(folder / "big_endian.npy", grid.astype(">f8"))
    np.save(folder / "big_endian_fortran.npy", np.asfortranarray(cube.astype(">i4")))
    np.save(folder / "no_dimensions.npy", np.array(2.5))
    np.save(folder / "empty.npy", np.zeros((0, 3), dtype="<i2"))
    np.save(folder / "unicode.npy", np.array([["a", "naïve"], ["日本", ""]]))
    np.save(folder / "unicode_big_endian.npy", np.array(["a", "日本"]).astype(">U2"))
    np.save(folder / "bytes.npy", np.array([b"ab", b"c", b""]))
    for version in ((2, 0), (3, 0)):
        with open(folder / f"version_{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, grid, version=version)
    np.save(folder / "refused_objects.npy", np.array([{"a": 1}, None]), allow_pickle=True)
    np.save(folder / "refused_structure.npy", np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]))
    np.save(folder / "refused_complex.npy", np.array([1 + 2j]))
    np.save(folder / "refused_dates.npy", np.array(["2026-01-02"], dtype="M8[D]"))


def npz_files(folder):
    np.savez(folder / "dtypes.npz", **numbers())
    grid = np.arange(6, dtype="<f8").reshape(2, 3)
    shapes = {
        "fortran": np.asfortranarray(grid),
        "big_endian": grid.astype(">f8"),
        "scalar": np.array(7, dtype="<i8"),
        "empty": np.zeros((0, 4), dtype="<f4"),
        "words": np.array(["a", "naïve", "日本"]),
        "steps.1/coef": np.array([1.5, -2.5]),
    }
    np.savez(folder / "shapes.npz", **shapes)
    np.savez_compressed(folder / "compressed.npz", zeros=np.zeros(1000), **shapes)
    np.savez(folder / "unnamed.npz", np.array([1, 2], dtype="<i4"), np.array([3.5]))
    np.savez(folder / "refused_objects.npz", fine=np.array([1.0]), model=np.array([print, {}]))


def safetensors_files(folder):
    arrays = {**numbers(), "model.layers.0.weight": np.arange(6, dtype="<f8").reshape(2, 3)}
    arrays["scalar"] = np.array(7, dtype="<i8")
    arrays["empty"] = np.zeros((0, 4), dtype="<f4")
    save_file(arrays, folder / "arrays.safetensors")
    # One key: several come in an order that differs from run to run.
    save_file({"x": np.array([1.0, 2.0])}, folder / "metadata.safetensors", metadata={"note": "für uns"})
    half = {"dtype": "bfloat16", "shape": [2], "data": b"\xc0\x3f\x80\xff"}
    (folder / "bfloat16.safetensors").write_bytes(safetensors.serialize({"half": half}))
    eighth = {"dtype": "float8_e4m3fn", "shape": [4], "data": bytes(4)}
    (folder / "refused_float8.safetensors").write_bytes(safetensors.serialize({"eighth": eighth}))


def main():
    found = {"numpy": np.__version__, "safetensors": safetensors.__version__}
    if found != VERSIONS:
        sys.exit(f"these fixtures are made with {VERSIONS}, found {found}; see the head of this file")
    for name, write in (("numpy", [npy_files, npz_files]), ("safetensors", [safetensors_files])):
        folder = DATA / name
        folder.mkdir(parents=True, exist_ok=True)
        for one in write:
            one(folder)


if __name__ == "__main__":
    main()
