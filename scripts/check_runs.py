"""Compares what two runs of the same program on the same machine tell apart.

A run tells two formats apart, in one operation on one model, when the 95 % interval of their ratio does
not include 1: a t test over the ratios of the processes, whose variance is moderated by the median of the
variances of the group where it has six pairs and the pair's own is not four times as large, as in
src/bench/stats.rs. Each pair is taken alone; ranks are
more cautious. Of the pairs that both runs tell apart, hardly any may
change its order: at most one in 200. And of the pairs that differ by a tenth, because the run slowed one
of the two down, 95 % must be told apart: each record says so of itself.

    python3 scripts/check_runs.py FIRST/bench.json SECOND/bench.json

Ends with code 1 when one of the two does not hold.
"""

import itertools
import json
import math
import statistics
import sys

PRIOR_FREEDOM = 4
LEAST_VARIANCES = 6
LEAST_ODD = 4
# Quantiles of Student's t at 97.5 %, from 1 degree of freedom on.
STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179]


def interquartile_mean(samples):
    samples, count = sorted(samples), len(samples)
    inside = [max(0, min(i + 1, count * 0.75) - max(i, count / 4)) for i in range(count)]
    return sum(map(lambda weight, sample: weight * sample, inside, samples)) / (count / 2)


def measured(record):
    """Logarithms of the processes' interquartile means, by group and format: of rows with a rank, as
    only these are compared."""
    groups = {}
    for row in record["rows"]:
        case = row["case"] if "case" in row else row
        if row["status"] != "measured" or row.get("rank") is None:
            continue
        group = (case["model"], case["operation"], case.get("pages"), case.get("temperature"))
        groups.setdefault(group, {})[case["format"]] = [
            math.log(interquartile_mean(samples)) if samples else None
            for samples in row["samples_nanos"]]
    return groups


def order(ratios, typical):
    """-1 or 1 when the first is faster or slower for certain, 0 when nobody can tell."""
    freedom = len(ratios) - 1
    own = statistics.variance(ratios)
    prior = 0 if typical is None or own > LEAST_ODD * typical else PRIOR_FREEDOM
    variance = (prior * (typical or 0) + freedom * own) / (prior + freedom)
    student = STUDENT[min(prior + freedom, len(STUDENT)) - 1]
    half = student * math.sqrt(variance / len(ratios))
    mean = statistics.fmean(ratios)
    return 1 if mean > half else -1 if mean < -half else 0


def orders(record):
    found = {}
    for group, formats in measured(record).items():
        pairs = {}
        for one, other in itertools.combinations(sorted(formats), 2):
            both = zip(formats[one], formats[other])
            ratios = [a - b for a, b in both if a is not None and b is not None]
            if len(ratios) >= 2:
                pairs[one, other] = ratios
        variances = [statistics.variance(ratios) for ratios in pairs.values()]
        typical = statistics.median(variances) if len(variances) >= LEAST_VARIANCES else None
        for (one, other), ratios in pairs.items():
            found[group, one, other] = order(ratios, typical)
    return found


def check_orders(records):
    first, second = map(orders, records)
    common = [pair for pair in first if pair in second]
    both = [pair for pair in common if first[pair] and second[pair]]
    turned = [pair for pair in both if first[pair] != second[pair]]
    print(f"{len(common)} pairs in both; told apart in both: {len(both)}; of these in another order: "
          f"{len(turned)} ({len(turned) / max(len(both), 1):.3%}, at most 0.5 %)")
    for group, one, other in turned[:20]:
        print(f"  {'/'.join(str(part) for part in group if part)}: {one} and {other}")
    return len(turned) * 200 <= len(both)


def check_power(path, record):
    power = record.get("power")
    if not power:
        print(f"{path}: no twins were measured")
        return False
    share = power["slowed_found"] / power["slowed_pairs"]
    print(f"{path}: of {power['slowed_pairs']} pairs slowed by {power['injected_factor'] - 1:.0%}, "
          f"{power['slowed_found']} told apart ({share:.1%}, at least 95 %); "
          f"of {power['equal_pairs']} equal pairs, {power['equal_told_apart']}")
    return share >= 0.95


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
    fine = [check_orders(records)] + [check_power(*each) for each in zip(sys.argv[1:], records)]
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
