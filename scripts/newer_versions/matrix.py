"""The matrix of outcomes as small, stable JSON: equal rows are grouped, and what stayed the same is not listed."""

import json


def matrix(versions, about, found):
    """The document; `found` is {reader: {writer: {model: outcome}}}, `about` {version: its packages}."""
    return {
        "about": "scripts/check_newer_versions.py: what newer versions of scikit-learn do with the files of older ones",
        "versions": [dict(about[version], version=version) for version in versions],
        "models": measured(versions, found),
        "differences": differences(versions, found),
    }


def measured(versions, found):
    """The models that each version wrote, versions with the same models together."""
    writers = {}
    for reader in versions:
        for writer, models in found.get(reader, {}).items():
            for name in models:
                writers.setdefault(name, set()).add(writer)
    groups = {}
    for name, by in writers.items():
        groups.setdefault(tuple(sorted(by, key=versions.index)), []).append(name)
    return [{"writers": list(by), "names": sorted(names)} for by, names in sorted(groups.items())]


def differences(versions, found):
    """Every outcome but `same`: one row for all models, and all readers in a row, where it is the same."""
    groups = {}
    for writer in versions:
        names = sorted({name for reader in versions for name in found.get(reader, {}).get(writer, {})})
        for name in names:
            runs = {}
            for reader in versions:
                outcome = found.get(reader, {}).get(writer, {}).get(name)
                if outcome and outcome["outcome"] != "same":
                    # One example of wrong numbers will do; errors are told apart by their text.
                    key = (outcome["outcome"], "" if outcome["outcome"] == "wrong" else outcome["what"])
                    runs.setdefault(key, []).append((reader, outcome["what"]))
            for (outcome, text), readers in runs.items():
                key = (writer, tuple(reader for reader, _ in readers), outcome, text)
                groups.setdefault(key, []).append((name, readers[0][1]))
    rows = []
    for (writer, readers, outcome, _), models in groups.items():
        rows.append({"writer": writer, "readers": list(readers), "outcome": outcome,
                     "models": [name for name, _ in models], "what": models[0][1]})
    place = versions.index
    rows.sort(key=lambda row: (place(row["writer"]), place(row["readers"][0]), row["outcome"], row["models"]))
    return rows


def text(document):
    """JSON with one row a line, so that a change shows as the lines it touches."""
    parts = ['"about": %s' % json.dumps(document["about"])]
    for key in ("versions", "models", "differences"):
        lines = ",\n".join(json.dumps(row, sort_keys=True) for row in document[key])
        parts.append('"%s": [\n%s\n]' % (key, lines))
    return "{%s}\n" % ",\n".join(parts)
