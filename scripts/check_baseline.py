"""Slows one format down on purpose, and sees whether a comparison with a baseline finds it, and only it.

A baseline is measured, and then as many runs as asked for, in each of which one format (another one each
time) is slowed down. The other processor is kept busy all the while, as on a machine that does more than
measure. A run is right when the slowed format is flagged as slower and no other format is flagged at all.

    python3 scripts/check_baseline.py --binary target/release/deadweight
    python3 scripts/check_baseline.py --binary ... --runs 10 --factor 1.15 --idle

Ends with code 1 when fewer than nine of ten runs are right. Takes as long as runs + 1 benchmarks.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

FLAGGED = re.compile(r"^\W*([a-z0-9-]+)\s.*\b(faster|slower)\W*$")


def bench(arguments, cache, *more):
    command = [arguments.binary, "bench", "--profile", arguments.profile, "--model", arguments.model,
               "--size", arguments.size, "--python", "off", *more]
    for name in arguments.format:
        command += ["--format", name]
    environment = dict(os.environ, DEADWEIGHT_CACHE=cache, COLUMNS="200", NO_COLOR="1")
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--factor", type=float, default=1.15)
    parser.add_argument("--profile", default="standard")
    parser.add_argument("--model", default="random_forest_classifier")
    parser.add_argument("--size", default="S")
    parser.add_argument("--format", action="append", metavar="ID",
                        default=[], help="formats that take part (default: ten)")
    parser.add_argument("--idle", action="store_true", help="leave the other processor alone")
    arguments = parser.parse_args()
    arguments.format = arguments.format or [
        "raw", "safetensors", "rkyv", "postcard", "bincode", "cbor", "msgpack", "json", "npz", "arrow"]
    load = None if arguments.idle else subprocess.Popen(["sh", "-c", "while :; do :; done"])
    right = 0
    try:
        with tempfile.TemporaryDirectory() as cache:
            first = bench(arguments, cache, "--save-baseline", "before")
            if first.returncode != 0:
                sys.exit(first.stderr)
            for number in range(arguments.runs):
                slowed = arguments.format[number % len(arguments.format)]
                ended = bench(arguments, cache, "--baseline", "before", "--fail-on-slower",
                              "--inject", f"{slowed}={arguments.factor}")
                # Everything after the sentence that names the baseline is the comparison.
                told = (ended.stdout + ended.stderr).split("Since baseline", 1)[-1]
                told = told.split("The intervals hold", 1)[0].split("rows that changed", 1)[0]
                matches = filter(None, map(FLAGGED.match, told.splitlines()))
                flagged = {(found[1], found[2]) for found in matches}
                is_right = flagged == {(slowed, "slower")} and ended.returncode == 12
                right += is_right
                names = ", ".join(f"{name} {way}" for name, way in sorted(flagged)) or "nothing"
                print(f"{number + 1:2}: {slowed} slowed by {arguments.factor - 1:.0%}; flagged: {names}"
                      f"; code {ended.returncode}{'' if is_right else '  *'}", flush=True)
    finally:
        if load:
            load.kill()
            load.wait()
    print(f"{right} of {arguments.runs} runs flagged the slowed format and nothing else")
    sys.exit(0 if right * 10 >= arguments.runs * 9 else 1)


if __name__ == "__main__":
    main()
