#!/usr/bin/env python3
"""How much longer a supervised load takes than a plain one.

    scripts/measure_detonation.py --binary target/release/deadweight [--python PATH] [--samples 25] [FILE...]

For each file the interpreter is started on a plain pickle.load (or joblib.load), and by `detonate`,
alternately. Printed are medians in milliseconds with their quartiles: plain; the supervised load, as its
record has it; the whole command, which also asks the interpreter what it is. Without FILE: a small
pickle of the standard library, made here.
"""

import argparse
import json
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PLAIN = {
    "pickle": "import sys, pickle; pickle.load(open(sys.argv[1], 'rb'))",
    "joblib": "import sys, joblib; joblib.load(sys.argv[1])",
}


def quartiles(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:8.1f} [{low:.1f}, {high:.1f}]"


def measure(binary, python, path, samples):
    loader = "joblib" if path.suffix == ".joblib" else "pickle"
    plain, load, command = [], [], []
    for sample in range(samples + 1):
        start = time.perf_counter()
        subprocess.run([python, "-I", "-B", "-c", PLAIN[loader], path], check=True)
        first = time.perf_counter()
        done = subprocess.run(
            [binary, "detonate", path, "--loader", loader, "--python", python, "--json"],
            check=True, stdout=subprocess.PIPE,
        )
        second = time.perf_counter()
        record = json.loads(done.stdout)
        if record["outcome"] != "loaded" or record["armed_events"]:
            sys.exit(f"{path}: {record['outcome']}, {record['armed_events']} attempts")
        # The first of each finds nothing in the caches.
        if sample:
            plain.append((first - start) * 1e3)
            load.append(record["elapsed_micros"] / 1e3)
            command.append((second - first) * 1e3)
    added = statistics.median(a - b for a, b in zip(load, plain))
    print(f"{path.name:20} plain {quartiles(plain)}  supervised {quartiles(load)}  "
          f"whole command {quartiles(command)}  added {added:.1f} ms (median of pairs)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/deadweight")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--samples", type=int, default=25)
    parser.add_argument("files", nargs="*", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        files = arguments.files
        if not files:
            files = [Path(directory) / "plain.pkl"]
            files[0].write_bytes(pickle.dumps({"coef": [0.5] * 1000, "name": "model"}))
        for path in files:
            measure(arguments.binary, arguments.python, path, arguments.samples)


if __name__ == "__main__":
    main()
