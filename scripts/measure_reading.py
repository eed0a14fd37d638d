#!/usr/bin/env python3
"""Measures reading a forest of scikit-learn against Python's own loading of it, whole processes.

    scripts/provision_sklearn DIR 1.9.1
    DIR/1.9.1/bin/python scripts/measure_reading.py --binary target/release/deadweight

Run it with the interpreter that is to be measured. Three files are made: the forest of the classic
tutorial, one of 50 MB and one of 500 MB (`--large` in MB). What is measured:

- **Processor time** of `deadweight convert FORESTS.joblib OUT.safetensors`, the whole process, against
  that of `joblib.load` alone: the interpreter's start and its imports are not counted.
- **Memory** of the conversion: the smallest bound on private memory (RLIMIT_DATA: heap, arenas and
  stacks) under which it ends well, by bisection, against the bytes of the arrays. Pages of the mapped
  input are the system's and not counted.
- **Start to first prediction**: from starting the process to its end with one row predicted.

Samples alternate between the two sides; medians and the extremes are printed, and a spin loop says how
much the machine itself varied.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

LOAD = """
import sys, time, joblib, sklearn.ensemble
start = time.process_time()
model = joblib.load(sys.argv[1])
print(time.process_time() - start)
"""
FIRST = """
import sys, joblib, numpy
model = joblib.load(sys.argv[1])
print(model.predict(numpy.load(sys.argv[2]))[0])
"""
MB = 10 ** 6


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, help="the deadweight program")
    parser.add_argument("--folder", help="where the files go and are found again (default: a temporary one)")
    parser.add_argument("--large", type=int, default=500, help="MB of the largest forest")
    parser.add_argument("--samples", type=int, default=11, help="samples of each kind")
    parser.add_argument("--json", help="where the record goes")
    return parser.parse_args()


def make_tutorial(folder):
    """The classic tutorial: 1,000 rows, 20 features, 100 trees."""
    import joblib
    import numpy
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import train_test_split

    path, row = os.path.join(folder, "tutorial.joblib"), os.path.join(folder, "row.npy")
    if not os.path.exists(row):
        rows, labels = make_classification(n_samples=1000, n_features=20, random_state=42)
        train, test, labels, _ = train_test_split(rows, labels, test_size=0.3, random_state=42)
        joblib.dump(RandomForestClassifier(n_estimators=100, random_state=42).fit(train, labels), path)
        numpy.save(row, test[:1])
    return path, row


def make_forest(folder, megabytes):
    """A forest of about so many MB, on targets of chance, so that every tree is as deep as it goes."""
    import joblib
    import numpy
    from sklearn.ensemble import RandomForestRegressor

    path = os.path.join(folder, "forest-%d.joblib" % megabytes)
    if not os.path.exists(path):
        # A bootstrap of n rows has some 0.63 n different ones: 1.26 n nodes of 72 bytes a tree.
        trees, count = 100, int(megabytes * MB / (100 * 1.26 * 72))
        chance = numpy.random.RandomState(0)
        forest = RandomForestRegressor(n_estimators=trees, max_features=1, random_state=0, n_jobs=-1)
        joblib.dump(forest.fit(chance.normal(size=(count, 10)), chance.normal(size=count)), path)
    return path


def run(command, limit=None):
    """Wall and processor seconds of a process, and what it printed; None when it fails."""
    def bound():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=bound if limit else None)
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = status
    process.stdout.close()
    return None if status else (wall, used.ru_utime + used.ru_stime, printed)


def must(command):
    done = run(command)
    if done is None:
        raise SystemExit("failed: %s" % " ".join(command))
    return done


def summary(seconds):
    return {"median_s": statistics.median(seconds), "least_s": min(seconds), "most_s": max(seconds)}


def spin():
    """Seconds of a fixed amount of work."""
    start = time.perf_counter()
    sum(range(2000000))
    return time.perf_counter() - start


def array_bytes(binary, path):
    return json.loads(must([binary, "inspect", "--json", path])[2])["array_bytes"]


def least_memory(binary, path, out, arrays):
    """The smallest bound on private memory under which the conversion ends well, to 1 MB."""
    command = [binary, "convert", "--force", path, out]
    low, high = 0, 4 * arrays + 256 * MB
    if run(command, limit=high) is None:
        raise SystemExit("not even %d bytes are enough" % high)
    while high - low > MB:
        middle = (low + high) // 2
        low, high = (low, middle) if run(command, limit=middle) else (middle, high)
    return high


def conversion(options, path, folder):
    out = os.path.join(folder, "converted.safetensors")
    convert = [options.binary, "convert", "--force", path, out]
    ours, theirs = [], []
    for _ in range(options.samples):
        # A new file, as for joblib.load: freeing the pages of an old one is no part of either.
        if os.path.exists(out):
            os.remove(out)
        ours.append(must(convert)[1])
        theirs.append(float(must([sys.executable, "-c", LOAD, path])[2]))
    arrays = array_bytes(options.binary, out)
    memory = least_memory(options.binary, path, out, arrays)
    size = os.path.getsize(path)
    os.remove(out)
    return {"file_bytes": size, "array_bytes": arrays, "convert_cpu": summary(ours), "joblib_load_cpu": summary(theirs),
            "joblib_load_over_convert": statistics.median(theirs) / statistics.median(ours),
            "convert_private_bytes": memory, "private_over_arrays": memory / arrays}


def first_prediction(options, path, row):
    ours, theirs = [], []
    for _ in range(options.samples):
        ours.append(must([options.binary, "predict", path, "--input", row])[0])
        theirs.append(must([sys.executable, "-c", FIRST, path, row])[0])
    return {"file_bytes": os.path.getsize(path), "deadweight": summary(ours), "python": summary(theirs),
            "python_over_deadweight": statistics.median(theirs) / statistics.median(ours)}


def main():
    options = arguments()
    options.binary = os.path.abspath(options.binary)
    folder = options.folder or tempfile.mkdtemp(prefix="reading-")
    os.makedirs(folder, exist_ok=True)
    spins = [spin() for _ in range(5)]
    path, row = make_tutorial(folder)
    record = {"first_prediction": first_prediction(options, path, row)}
    for megabytes in (50, options.large):
        spins.append(spin())
        record["convert_%d_mb" % megabytes] = conversion(options, make_forest(folder, megabytes), folder)
    spins += [spin() for _ in range(5)]
    record["spin_spread"] = (max(spins) - min(spins)) / statistics.median(spins)
    text = json.dumps(record, indent=1)
    print(text)
    if options.json:
        with open(options.json, "w") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    main()
