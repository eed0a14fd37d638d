"""One object as a file: pickles of every protocol, joblib with every compression, buffers beside the pickle."""

import os
import pickle
import time

import joblib

from .catalogue import HERE

COMPRESSIONS = ["zlib", "gzip", "bz2", "xz", "lzma", "lz4"]
PROTOCOLS = list(range(pickle.HIGHEST_PROTOCOL + 1))


def all_containers():
    """The names of the containers that this Python and joblib can write."""
    names = ["p%d" % protocol for protocol in PROTOCOLS] + ["joblib"] + COMPRESSIONS
    names += ["joblib_p%d" % protocol for protocol in (2, pickle.HIGHEST_PROTOCOL)]
    if HERE == (0, 20):
        names += ["vendored", "vendored_zlib"]
    if pickle.HIGHEST_PROTOCOL >= 5:
        names.append("buffers")
    return names


# What most models take in turn; the dear ones (protocols 0 and 1 spell bytes as text) come less often.
def rotation():
    newest = pickle.HIGHEST_PROTOCOL
    names = ["joblib", "p4", "zlib", "p2", "joblib", "p3", "lz4", "p%d" % newest, "gzip", "joblib_p2", "xz", "p4", "bz2",
             "joblib_p%d" % newest, "lzma", "p1", "zlib", "xz", "lzma", "p%d" % newest, "gzip", "p0", "lz4"]
    if HERE == (0, 20):
        names[4] = "vendored"
    return names


def write(value, stem, container):
    """Writes `value` and returns the names of the files, the one to open first."""
    if container == "buffers":
        buffers = []
        with open(stem + ".buffers.pkl", "wb") as file:
            pickle.dump(value, file, protocol=5, buffer_callback=buffers.append)
        paths = [stem + ".buffers.pkl"]
        for number, buffer in enumerate(buffers):
            paths.append("%s.buffers.%d.bin" % (stem, number))
            with open(paths[-1], "wb") as file:
                file.write(buffer.raw())
    elif container[0] == "p" and container[1:].isdigit():
        paths = ["%s.%s.pkl" % (stem, container)]
        with open(paths[0], "wb") as file:
            pickle.dump(value, file, protocol=int(container[1:]))
    else:
        paths = [stem + (".joblib" if container == "joblib" else ".%s.joblib" % container)]
        _dump(value, paths[0], container)
    return [os.path.basename(path) for path in paths]


def _dump(value, path, container):
    library = joblib
    if container.startswith("vendored"):
        from sklearn.externals import joblib as library
    clock = time.time
    # A gzip file carries the time; without it the same model gives the same file.
    time.time = lambda: 0.0
    try:
        if container in COMPRESSIONS:
            library.dump(value, path, compress=(container, 3))
        elif container.startswith("joblib_p"):
            library.dump(value, path, protocol=int(container[8:]))
        else:
            library.dump(value, path, compress=3 if container == "vendored_zlib" else 0)
    finally:
        time.time = clock
