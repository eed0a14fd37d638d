"""Compares the ranks of two runs of the same program on the same machine.

A pair of formats (in one operation on one model) is told apart in a run when the 95 % interval of the
ratio of the two, paired by process, does not include 1. Of the pairs that both runs tell apart, hardly
any may change its order: at most one in 200. And of the pairs that differ by a tenth, because the run
slowed them down, 95 % must be told apart: the records say so of themselves.

    python3 scripts/check_runs.py FIRST/bench.json SECOND/bench.json

Ends with code 1 when one of the two does not hold. The intervals are computed here anew, with the
bootstrap of src/bench/stats.rs written a second time.
"""

import itertools
import json
import math
import random
import statistics
import sys

DRAWS = 400
WIDENING = {2: 12.65, 3: 2.65, 4: 1.46, 5: 1.05, 6: 1.0, 7: 1.43, 8: 1.07}


def measured(record):
    """Samples by group and format: only of rows with a rank, because only these are compared."""
    groups = {}
    for row in record["rows"]:
        case = row["case"]
        if row["status"] != "measured" or row.get("rank") is None:
            continue
        group = (case["model"], case["operation"], case.get("pages"), case.get("temperature"))
        groups.setdefault(group, {})[case["format"]] = row["samples_nanos"]
    return groups


def draws_of(groups, generator):
    """For each row the logarithms of bootstrapped medians, one list a process."""
    drawn = {}
    for group, formats in groups.items():
        for format, processes in formats.items():
            drawn[group, format] = [
                [math.log(statistics.median(generator.choices(samples, k=len(samples))))
                 for _ in range(60)] if samples else None
                for samples in processes]
    return drawn


def told_apart(one, other, points, generator):
    """-1 or 1 when the first is faster or slower for certain, 0 when nobody can tell."""
    pairs = [(a, b) for a, b in zip(one, other) if a and b]
    if len(pairs) < 2:
        return 0
    ratios = []
    for _ in range(DRAWS):
        ratios.append(statistics.median(
            generator.choice(a) - generator.choice(b)
            for a, b in generator.choices(pairs, k=len(pairs))))
    ratios.sort()
    low, high = ratios[round((DRAWS - 1) * 0.025)], ratios[round((DRAWS - 1) * 0.975)]
    half = (high - low) / 2 * WIDENING.get(len(pairs), 1.05)
    low, high = min(low, points - half), max(high, points + half)
    return 1 if low > 0 else -1 if high < 0 else 0


def point(one, other):
    return statistics.median(
        math.log(statistics.median(a)) - math.log(statistics.median(b))
        for a, b in zip(one, other) if a and b)


def orders(record, generator):
    groups = measured(record)
    drawn = draws_of(groups, generator)
    found = {}
    for group, formats in groups.items():
        for one, other in itertools.combinations(sorted(formats), 2):
            if any(a and b for a, b in zip(formats[one], formats[other])):
                found[group, one, other] = told_apart(
                    drawn[group, one], drawn[group, other],
                    point(formats[one], formats[other]), generator)
    return found


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    records = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            records.append(json.load(file))
    hosts = [(r["environment"]["cpu"], r["environment"].get("host_id")) for r in records]
    if hosts[0] != hosts[1]:
        sys.exit(f"the records are of different machines: {hosts[0]} and {hosts[1]}")
    first, second = (orders(record, random.Random(1)) for record in records)
    common = [pair for pair in first if pair in second]
    both = [pair for pair in common if first[pair] and second[pair]]
    reversed_pairs = [pair for pair in both if first[pair] != second[pair]]
    print(f"{len(common)} pairs in both; told apart in both: {len(both)}; "
          f"of these in another order: {len(reversed_pairs)} "
          f"({len(reversed_pairs) / max(len(both), 1):.3%}, at most 0.5 %)")
    for group, one, other in reversed_pairs[:20]:
        print(f"  {'/'.join(str(part) for part in group if part)}: {one} and {other}")
    fine = len(reversed_pairs) * 200 <= len(both)
    for path, record in zip(sys.argv[1:], records):
        power = record.get("power")
        if not power:
            print(f"{path}: no twins were measured")
            fine = False
            continue
        share = power["slowed_found"] / power["slowed_pairs"]
        print(f"{path}: of {power['slowed_pairs']} pairs slowed by "
              f"{power['injected_factor'] - 1:.0%}, {power['slowed_found']} told apart ({share:.1%}, "
              f"at least 95 %); of {power['equal_pairs']} equal pairs, {power['equal_told_apart']}")
        fine = fine and share >= 0.95
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
