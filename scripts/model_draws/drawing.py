"""The data of a draw: rows, targets and labels of kinds that users have, and rows to predict."""

import numpy as np

WORDS = ("red green blue grey black white north south east west small large new old fast slow The the a I is are not "
         "don't e-mail 42 3.14 x naïve café ÉCOLE straße Привет 数据 data model models learning value_1 A/B ok OK!").split()
NAMES = ["age", "income", "height", "score", "Visits", "price (EUR)", "x1", "x2", "ratio", "weight"]
TEXT_NAMES = ["city", "grade", "colour", "kind"]
CELLS = [["Oslo", "Lima", "Paris", "Quito", "Rome"], ["low", "mid", "high"], ["red", "green", "blü", "grey", "a b", "c,d"],
         ["A", "B"], ["x%d" % i for i in range(12)]]


class Data(object):
    """Rows to learn from and rows to predict, as the library takes them, and how a file spells the latter."""

    def __init__(self, rows, inputs, kind, header=None):
        self.rows = rows
        self.inputs = inputs
        self.kind = kind  # "npy", "table", "texts", "documents" or "labels"
        self.header = header


def numbers(rng, missing=0.0, whole=None, narrow=False):
    """Rows of numbers. `missing` is the chance that values are missing; `narrow` allows inputs of float32."""
    state = np.random.RandomState(rng.randrange(2 ** 31))
    count, width = rng.randrange(30, 160), rng.randrange(2, 10)
    columns = []
    for _ in range(width):
        columns.append(rng.choice([_normal, _uniform, _whole, _skewed, _binary]) if whole is None else
                       (_whole if whole else _normal))
    scales = [rng.choice([1, 1, 1, 0.01, 10, 1000]) for _ in range(width)]

    def draw(count):
        return np.column_stack([make(state, count) * scale for make, scale in zip(columns, scales)])

    rows, fresh = draw(count), draw(rng.randrange(8, 30))
    if rng.random() < 0.1:
        rows, fresh = np.round(rows, 1), np.round(fresh, 1)
    inputs = np.concatenate([fresh, rows[:5]])
    if rng.random() < 0.5:
        far = fresh[:3] * rng.choice([10, -100, 1e5])
        inputs = np.concatenate([inputs, far, np.zeros((1, width))])
    if rng.random() < missing:
        share = rng.choice([0.02, 0.1, 0.3])
        rows[state.uniform(size=rows.shape) < share] = np.nan
        inputs[state.uniform(size=inputs.shape) < share] = np.nan
    turn = rng.random()
    if turn < 0.12:
        rows = rows.astype(np.float32)
    elif turn < 0.16:
        rows = np.asfortranarray(rows)
    if narrow and rng.random() < 0.1:
        inputs = inputs.astype(np.float32)
    return Data(rows, inputs, "npy")


def _normal(state, count):
    return state.normal(size=count)


def _uniform(state, count):
    return state.uniform(-1, 3, size=count)


def _whole(state, count):
    return state.randint(0, 7, size=count).astype(float)


def _skewed(state, count):
    return state.exponential(size=count)


def _binary(state, count):
    return state.randint(0, 2, size=count).astype(float)


def target(rng, rows):
    """A number for each row: some columns, a bend, noise."""
    state = np.random.RandomState(rng.randrange(2 ** 31))
    known = np.nan_to_num(np.asarray(rows, dtype=np.float64))
    spread = known.std(axis=0)
    known = (known - known.mean(axis=0)) / np.where(spread > 0, spread, 1)
    weights = state.normal(size=known.shape[1])
    made = known.dot(weights) + 0.5 * np.abs(known[:, 0]) + state.normal(scale=0.3, size=len(known))
    return made * rng.choice([1, 1, 10, 1000]) + rng.choice([0, 0, 5, -100])


def classes(rng, values, most=5):
    """Class numbers 0.. by the size of a value, of unequal sizes."""
    count = rng.choice([2, 2, 2, 3, 3, 4, most])
    order = np.argsort(np.argsort(values, kind="mergesort"), kind="mergesort") / float(len(values))
    cuts = sorted((i + 1.0) / count + rng.uniform(-0.1, 0.1) for i in range(count - 1))
    return np.searchsorted(np.array(cuts), order)


def labels(rng, numbers):
    """The classes as labels of a kind."""
    count = int(numbers.max()) + 1
    turn = rng.random()
    if turn < 0.35:
        return numbers.astype(np.int64)
    if turn < 0.55:
        names = rng.sample(["no", "yes", "maybe", "Ängström", "c4", "very long name of a class", "z"], count)
        made = np.array(names)[numbers]
        return made.astype(object) if rng.random() < 0.5 else made
    if turn < 0.65 and count == 2:
        return numbers == 1
    if turn < 0.75:
        return numbers * 2.0 - 1.0
    if turn < 0.85:
        return np.array(sorted(rng.sample(range(-50, 200), count)))[numbers]
    return numbers.astype(rng.choice([np.int8, np.uint8, np.int32, np.int16, np.uint64]))


def documents(rng):
    """Texts to learn from and others to read."""
    def draw():
        words = [rng.choice(WORDS) for _ in range(rng.randrange(0, 14))]
        return rng.choice([" ", " ", "  ", ", ", "\n"]).join(words) + rng.choice(["", ".", "!", " …"])

    made = [draw() for _ in range(rng.randrange(20, 60))]
    # An empty cell of a .csv is a missing text, which the library refuses: no document is empty.
    made = [text or "nothing" for text in made]
    fresh = [draw() or "…" for _ in range(10)] + made[:3] + [" ", "unseen ẞ words İ"]
    return Data(made, fresh, "documents", ["text"])


def table(rng, missing=0.0, texts=True):
    """A pandas DataFrame of numbers and texts. Cells are floats, whole numbers, texts or missing."""
    import pandas

    plans = [("number", name, rng.choice([1, 100, 0.1]), rng.random() < 0.3) for name in rng.sample(NAMES, rng.randrange(1, 5))]
    if texts:
        plans += [("text", name, rng.choice(CELLS), False) for name in rng.sample(TEXT_NAMES, rng.randrange(1, 4))]
    rng.shuffle(plans)
    holes = rng.choice([0.03, 0.15]) if rng.random() < missing else 0.0
    objects = rng.random() < 0.5

    def draw(count, unknown):
        columns = []
        for kind, name, detail, whole in plans:
            if kind == "number":
                values = [round(rng.gauss(3, 2) * detail, 3) for _ in range(count)]
                values = [int(value) for value in values] if whole and not holes else values
            else:
                values = [rng.choice(detail) if rng.random() >= unknown else "unseen" for _ in range(count)]
            columns.append([None if rng.random() < holes else value for value in values])
        made = pandas.DataFrame({plan[1]: column for plan, column in zip(plans, columns)})[[plan[1] for plan in plans]]
        for kind, name, _, _ in plans:
            if kind == "text" and (objects or holes):
                made[name] = made[name].astype(object).where(made[name].notnull(), np.nan)
            elif kind == "number" and holes:
                made[name] = made[name].astype(float)
        return made

    rows = draw(rng.randrange(30, 120), 0.0)
    inputs = draw(rng.randrange(6, 20), rng.choice([0.0, 0.1]))
    return Data(rows, inputs, "table", list(rows.columns))


def numeric_columns(frame):
    return [name for name in frame.columns if frame[name].dtype.kind in "fi"]


def text_columns(frame):
    return [name for name in frame.columns if frame[name].dtype.kind not in "fi"]


def table_target(rng, frame):
    """A number for each row of a table."""
    made = np.array([rng.gauss(0, 0.5) for _ in range(len(frame))])
    for name in frame.columns:
        if frame[name].dtype.kind in "fi":
            values = np.nan_to_num(np.asarray(frame[name], dtype=float))
            made = made + values / (1 + np.abs(values).max())
        else:
            made = made + np.array([len(str(cell)) % 3 for cell in frame[name]])
    return made
