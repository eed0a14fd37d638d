"""The data that the fixtures are trained on, and the rows that they predict.

Everything comes from the standard library's generator, whose numbers are the same in every Python,
so that all versions of scikit-learn see the same rows and share the files of inputs.

An input is a .npy of numbers, a .csv with a header (numbers, texts and empty cells) or a .json with
a list of documents. Beside rows of the training kind there are rows far outside of it, rows that lie
on a split (the sixth feature is whole, so trees split it at .5) and rows a hair above one, which the
conversion to float32 puts back on it.
"""

import csv
import io
import json
import os
import random

import numpy as np

ROWS = 72
SCALE = np.array([1, 10, 0.1, 1000, 1, 2])

CITIES = ["Oslo", "Lima", "Paris", "Quito", "Rome"]
GRADES = ["low", "mid", "high"]

DOCUMENTS = [
    "The quick brown fox jumps over the lazy dog",
    "A quick movement of the enemy will jeopardize six gunboats",
    "Pack my box with five dozen liquor jugs, said the JUDGE",
    "How vexingly quick daft zebras jump! Zebras? Yes, zebras.",
    "naïve café owners élan über straße — and the façade",
    "state-of-the-art models don't lie; they mis-lead",
    "one two two three three three four four four four",
    "x y z I a of it's 3.14 and 42, e-mail me@example.org",
    "The dog and the fox are not the same as the zebra",
    "five six seven eight nine ten, ten green bottles",
    "Машинное обучение и данные, обучение без кода",
    "quick quick slow; the box of the judge is empty",
]

OTHER_DOCUMENTS = [
    "The quick zebra boxed the judge",
    "",
    "unseen words entirely",
    "ten TEN Ten café cafe CAFÉ",
    "  spaces\tand\nnewlines  the  dog\u00a0fox ",
    "données — обучение, don't e-mail 42 42 3.14",
    "İstanbul STRASSE straße \u2126 \ufb01ne x_y under_score",
    "two two two three",
]


def _row(rng):
    whole = rng.randrange(5)
    return [
        rng.gauss(0, 1),
        rng.gauss(10, 4),
        rng.uniform(-0.1, 0.1),
        rng.gauss(0, 1000),
        rng.expovariate(1.0),
        float(whole),
    ]


def _rows(seed, count):
    rng = random.Random(seed)
    return np.array([_row(rng) for _ in range(count)], dtype=np.float64)


def _signal(X):
    return X[:, 0] + 0.2 * (X[:, 1] - 10) - X[:, 4] * 0.5 + 5 * X[:, 2] + 0.3 * X[:, 5] + X[:, 3] / 2000


def training(seed=11, count=ROWS):
    """Rows, a smooth target with noise, and three classes by its size."""
    X = _rows(seed, count)
    rng = random.Random(seed + 1)
    target = _signal(X) + np.array([rng.gauss(0, 0.4) for _ in range(count)])
    order = np.argsort(np.argsort(target, kind="mergesort"), kind="mergesort")
    classes = order * 3 // count
    return X, target, classes


def numbers():
    """Twenty rows to predict: seen, unseen, on a split, a hair above it, far away."""
    X, _, _ = training()
    fresh = _rows(77, 6)
    edges = _rows(78, 8)
    edges[0:4, 5] = [0.5, 1.5, 2.5, 3.5]
    edges[4:6, 5] = [1.5 + 1e-9, 2.5 - 1e-9]
    edges[6] = [1e3, -1e3, 5.0, -1e6, 1e4, 100.0]
    edges[7] = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    return np.concatenate([X[:6], fresh, edges])


def with_missing(X, seed, share=0.15, columns=(1, 3, 5)):
    """A copy with some values missing."""
    rng = random.Random(seed)
    X = X.copy()
    for column in columns:
        for row in range(len(X)):
            if rng.random() < share:
                X[row, column] = np.nan
    return X


def scaled():
    """The rows to predict for models that measure distances."""
    return numbers() / SCALE


def numbers_missing():
    """The rows to predict, half of them with missing values; one has nothing else."""
    X = numbers()
    X[::3, 1] = np.nan
    X[1::3, 3] = np.nan
    X[2::4, 0] = np.nan
    X[19, :] = np.nan
    return X


def blocks(seed=5, count=ROWS):
    """Whole numbers that stand for categories, and two ordinary features."""
    rng = random.Random(seed)
    X = np.array(
        [[rng.randrange(4), rng.gauss(0, 1), rng.randrange(9), rng.gauss(5, 2)] for _ in range(count)],
        dtype=np.float64,
    )
    target = np.where(X[:, 0] == 2, 3.0, 0.0) + np.where(X[:, 2] % 3 == 1, 2.0, 0.0) + X[:, 1]
    return X, target


def blocks_input():
    """Categories known, unknown, negative and missing."""
    X, _ = blocks(seed=6, count=12)
    X[3, 0] = 7.0
    X[4, 2] = 30.0
    X[5, 0] = -1.0
    X[6, 0] = np.nan
    X[7, 2] = np.nan
    X[8, 1] = np.nan
    X[9, 0] = 300.0
    return X


def table(seed=21, count=60):
    """Rows of a table as lists: age, income, city, grade, visits."""
    rng = random.Random(seed)
    rows = []
    for _ in range(count):
        rows.append([
            round(rng.uniform(18, 80), 1),
            round(rng.gauss(3000, 900), 2),
            CITIES[min(int(rng.expovariate(0.9)), 4)],
            rng.choice(GRADES),
            rng.randrange(6),
        ])
    target = [row[0] / 20 + (2 if row[2] == "Oslo" else 0) + row[4] * 0.3 + GRADES.index(row[3]) for row in rows]
    return rows, target


TABLE_COLUMNS = ["age", "income", "city", "grade", "visits"]


def table_input(missing=False):
    """Rows of the table to predict, with a city that nobody has seen."""
    rows, _ = table(seed=22, count=12)
    rows[2][2] = "Zürich"
    rows[5][4] = 40
    if missing:
        rows[1][0] = None
        rows[3][1] = None
        rows[4][2] = None
        rows[6][3] = None
    return rows


def frame(rows):
    """A pandas DataFrame, with missing cells as NaN."""
    import pandas

    made = pandas.DataFrame(rows, columns=TABLE_COLUMNS)
    for column in ("city", "grade"):
        made[column] = made[column].astype(object).where(made[column].notnull(), np.nan)
    return made


def objects(rows, columns=(2, 3)):
    """Some columns of the table as an array of objects."""
    return np.array([[row[c] if row[c] is not None else np.nan for c in columns] for row in rows], dtype=object)


NUMBER_INPUTS = {
    "numbers.npy": numbers,
    "numbers_missing.npy": numbers_missing,
    "scaled.npy": scaled,
    "scaled_wide.npy": lambda: np.tile(scaled(), 3),
    "blocks.npy": blocks_input,
    "pairs.npy": lambda: np.nan_to_num(blocks_input())[:, [0, 2]],
    "pairs_missing.npy": lambda: blocks_input()[:, [0, 2]],
    "pairs_known.npy": lambda: blocks_input()[[0, 1, 2, 10, 11]][:, [0, 2]],
    "numbers_missing_odd.npy": lambda: np.where(np.arange(6) % 2, numbers_missing(), numbers()),
    "nonnegative.npy": lambda: np.abs(np.round(numbers()[:12])),
    "labels.npy": lambda: np.array([3, -5, 10, 10, 3, -5], dtype=np.int64),
    "whole.npy": lambda: np.array([[0, 1, 2], [2, 1, 0], [5, 0, 1], [1, 1, 1]], dtype=np.int64),
}


def _write(path, content):
    """Writes, or checks that what is there is the same."""
    if os.path.exists(path):
        with open(path, "rb") as file:
            if file.read() != content:
                raise SystemExit("%s: is there with other content; all versions must share it" % path)
        return
    with open(path, "wb") as file:
        file.write(content)


def _npy(array):
    made = io.BytesIO()
    np.save(made, array)
    return made.getvalue()


def _csv(rows, columns):
    made = io.StringIO(newline="")
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if cell is None or cell != cell else cell for cell in row])
    return made.getvalue().encode("utf-8")


def _pick(rows, columns):
    return [[row[TABLE_COLUMNS.index(name)] for name in columns] for row in rows]


def _known(rows):
    return [row for row in rows if row[2] in CITIES]


def _binary(rows):
    return [row[:3] + ["low" if row[3] == "low" else "high"] + row[4:] for row in _known(rows)]


# A table's rows, and the columns of them that an input has.
TABLES = {
    "table.csv": (table_input, TABLE_COLUMNS),
    "table_missing.csv": (lambda: table_input(missing=True), TABLE_COLUMNS),
    "table_category.csv": (lambda: _known(table_input()), ["age", "income", "city", "visits"]),
    "texts.csv": (table_input, ["city", "grade"]),
    "texts_missing.csv": (lambda: table_input(missing=True), ["city", "grade"]),
    "texts_known.csv": (lambda: _known(table_input()), ["city", "grade"]),
    "texts_binary.csv": (lambda: _binary(table_input()), ["city", "grade"]),
}
TEXT_LABELS = ["Rome", "Oslo", "Lima", "Oslo", "Paris"]
INPUT_DOCUMENTS = DOCUMENTS[:4] + OTHER_DOCUMENTS


def write_inputs(folder):
    """Writes the inputs that all versions share."""
    if not os.path.isdir(folder):
        os.makedirs(folder)
    for name, make in NUMBER_INPUTS.items():
        _write(os.path.join(folder, name), _npy(make()))
    for name, (make, columns) in TABLES.items():
        _write(os.path.join(folder, name), _csv(_pick(make(), columns), columns))
    _write(os.path.join(folder, "text_labels.csv"), _csv([[name] for name in TEXT_LABELS], ["label"]))
    documents = json.dumps(INPUT_DOCUMENTS, ensure_ascii=False, indent=0) + "\n"
    _write(os.path.join(folder, "documents.json"), documents.encode("utf-8"))


def read_input(name):
    """An input as the library is given it."""
    if name in NUMBER_INPUTS:
        return NUMBER_INPUTS[name]()
    if name == "text_labels.csv":
        return np.array(TEXT_LABELS)
    if name == "documents.json":
        return INPUT_DOCUMENTS
    make, columns = TABLES[name]
    if name.startswith("texts"):
        return objects(make())
    made = frame(make())[columns]
    if name == "table_category.csv":
        made["city"] = made["city"].astype("category")
    return made
