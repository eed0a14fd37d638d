#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets from the fixtures in tests/data.

    scripts/make_fuzz_seeds.py FOLDER

Each target gets a folder of its own in FOLDER. What is to be changed instruction by instruction is
decompressed, frames are taken off, and MEMOIZE becomes BINPUT, since a number that stands in the file
stays right when an instruction before it is dropped. Only the standard library takes part: files of
lz4 and zstd are left out where they would have to be decompressed.
"""

import bz2
import gzip
import lzma
import pickletools
import shutil
import sys
import zlib
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
# Larger files take long and are changed in vain for the most part.
MOST_BYTES = 8192


def decompressed(data):
    """The pickle in a file; None when it takes more than the standard library."""
    if data[:4] in (b"\x04\x22\x4d\x18", b"\x28\xb5\x2f\xfd"):
        return None
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:3] == b"BZh":
        return bz2.decompress(data)
    if data[:6] == b"\xfd7zXZ\x00" or data[:2] == b"]\x00":
        return lzma.decompress(data)
    if data[:1] == b"x":
        return zlib.decompress(data)
    return data


def unframed(data):
    """The same pickle without frames; files with bytes between the instructions stay as they are."""
    try:
        listed = list(pickletools.genops(data))
    except ValueError:
        return data
    places = [place for _, _, place in listed] + [listed[-1][2] + 1]
    out, entries = bytearray(), 0
    for (opcode, argument, place), end in zip(listed, places[1:]):
        if opcode.name == "FRAME":
            continue
        if "PUT" in opcode.name or opcode.name == "MEMOIZE":
            entries += 1
        if opcode.name == "MEMOIZE":
            index = entries - 1
            out += b"q%c" % index if index < 256 else b"r" + index.to_bytes(4, "little")
        else:
            out += data[place:end]
    return bytes(out) + data[places[-1]:]


def version_of(folder):
    return [int(part) for part in folder.name.split(".")[:2]]


def estimators():
    """Each model once for each range of versions, in the file that is smallest."""
    folders = [f for f in (DATA / "sklearn").iterdir() if f.name[0].isdigit()]
    chosen = {}
    for folder in sorted(folders, key=version_of):
        age = sum(version_of(folder) >= since for since in ([0, 22], [1, 0], [1, 3], [1, 9]))
        for path in sorted(folder.iterdir()):
            if path.suffix not in (".pkl", ".joblib"):
                continue
            data = decompressed(path.read_bytes())
            if data is None:
                continue
            data = unframed(data)
            key = (path.name.split(".")[0], age, path.suffix)
            if len(data) <= MOST_BYTES and len(data) < len(chosen.get(key, b"x" * MOST_BYTES)):
                chosen[key] = data
    return {f"{name}-{age}{suffix}": data for (name, age, suffix), data in chosen.items()}


def containers():
    """The files as they are: small ones in every compression, and plain ones for their arrays."""
    found = {path.name: path.read_bytes() for path in (DATA / "pickle_numpy").iterdir()}
    for path in sorted((DATA / "sklearn" / "1.3.2").glob("*.joblib")):
        if path.stat().st_size <= 2048:
            found[path.name] = path.read_bytes()
    found = {name: data for name, data in found.items() if name.endswith((".pkl", ".joblib"))}
    return found | {f"plain-{name}": unframed(data) for name, data in found.items()}


def main():
    folder = Path(sys.argv[1])
    paths = [path for name in ("pickle", "pickle_numpy") for path in (DATA / name).glob("*.pkl")]
    pickles = {f"{path.parent.name}-{path.name}": path.read_bytes() for path in sorted(paths)}
    machine = pickles | {f"plain-{name}": unframed(data) for name, data in pickles.items()}
    targets = {
        "pickle_decoder": pickles,
        "pickle_machine": machine,
        "joblib_container": containers(),
        "sklearn_estimators": estimators(),
    }
    for target, files in targets.items():
        shutil.rmtree(folder / target, ignore_errors=True)
        (folder / target).mkdir(parents=True)
        for name, data in files.items():
            (folder / target / name).write_bytes(data)
        size = sum(map(len, files.values()))
        print(f"{target}: {len(files)} seeds, {size // 1024} KiB")


if __name__ == "__main__":
    main()
