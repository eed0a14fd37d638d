"""What is trained: every estimator that deadweight reads, with ordinary and unusual options.

An entry says how to make and fit one model, the first and the last version of scikit-learn that can,
the rows it predicts, and where it is kept: ALL versions, a FEW (the oldest that can, 1.2 or 1.3,
the newest) or ONE or two, which rotate over the versions from entry to entry. The families stand in
files of their own; each adds to the list with `model`.
"""

import sklearn

ALL, FEW, ONE = "all", "few", "one"

ENTRIES = []


def version(text=None):
    """A version as numbers: (1, 3) of 1.3.2."""
    parts = (text or sklearn.__version__).split(".")
    return (int(parts[0]), int(parts[1]))


HERE = version()
EVER, NEVER = (0, 0), (9, 9)


class Entry(object):
    """One model to make."""

    def __init__(self, name, fit, input, methods, where, since, until, array_like):
        self.name = name
        self.fit = fit
        self.input = input
        self.methods = methods
        self.where = where
        self.since = since
        self.until = until
        self.array_like = array_like

    def supported(self, version):
        return self.since <= version <= self.until


CLASSIFIER = ("predict", "predict_proba", "decision_function")
REGRESSOR = ("predict",)
TRANSFORMER = ("transform",)


def model(name, fit, input="numbers.npy", methods=CLASSIFIER, where=ONE, since=EVER, until=NEVER):
    """Adds an entry. `fit` is called without arguments and returns the fitted object."""
    if any(entry.name == name for entry in ENTRIES):
        raise SystemExit("%s: is there twice" % name)
    ENTRIES.append(Entry(name, fit, input, methods, where, since, until, False))


def plain(name, make, where=ONE, since=EVER, until=NEVER):
    """Adds an object that is no estimator: arrays in dicts and lists."""
    ENTRIES.append(Entry(name, make, None, (), where, since, until, True))


def chosen(versions):
    """Which entries stand in which version: {version text: [entry]}."""
    table = {text: [] for text in versions}
    turn = few = 0
    for entry in ENTRIES:
        able = [text for text in versions if entry.supported(version(text))]
        if entry.where == ALL:
            picked = able
        elif entry.where == FEW:
            # 1.3 is the last to keep counts in trees and the first with their missing values.
            middle = (1, 3) if few % 2 else (1, 2)
            picked = [able[0]] + [text for text in able if version(text) == middle] + [able[-1]]
            few += 1
        else:
            picked = [able[turn % len(able)], able[(turn * 4 + len(able) // 2) % len(able)]]
            turn += 1
        for text in sorted(set(picked)):
            table[text].append(entry)
    return table
