"""One version's worker: JSON lines in, JSON lines out.

    {"draw": "SEED/NUMBER", "family": F, "folder": DIR, "first"?: ATTEMPT}
        -> {"attempt": ATTEMPT} before each fit, then
        -> {"model", "input", "options", "asks": [{"method", "expected", "label"}], "refits": [...]}
    {"compare": ..., "found": PATH, ...} -> {"difference": null or text}
    {"compare": ..., "found": PATH, "own": [PATH, ...], ...} -> {"among": whether it is one of these answers}

The library's own words on standard output would break the lines, so they go to standard error.
"""

import io
import json
import os
import random
import sys
import warnings

warnings.filterwarnings("ignore")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import numpy as np  # noqa: E402

from model_draws import compare, composed, drawing, families  # noqa: E402,F401
from sklearn_fixtures import containers  # noqa: E402

FAMILIES = {
    "LinearRegression": families.linear_regression,
    "Ridge": families.ridge,
    "Lasso": families.lasso,
    "ElasticNet": families.elastic_net,
    "LogisticRegression": families.logistic,
    "DecisionTree": families.decision_tree,
    "RandomForest": families.random_forest,
    "ExtraTrees": families.extra_trees,
    "GradientBoosting": families.gradient_boosting,
    "HistGradientBoosting": families.histogram_boosting,
    "SVC": families.svc,
    "SVR": families.svr,
    "LinearSVC": families.linear_svc,
    "KNeighbors": families.neighbours,
    "MLP": families.network,
    "PCA": families.pca,
    "StandardScaler": families.standard_scaler,
    "MinMaxScaler": families.min_max_scaler,
    "SimpleImputer": families.imputer,
    "OneHotEncoder": families.one_hot,
    "OrdinalEncoder": families.ordinal,
    "LabelEncoder": families.label_encoder,
    "CountVectorizer": composed.count_vectorizer,
    "TfidfVectorizer": composed.tfidf_vectorizer,
    "TextPipeline": composed.text_pipeline,
    "Pipeline": composed.pipeline,
    "ColumnTransformer": composed.column_transformer,
    "Search": composed.search,
}
TRIES = 60


def draw(seed, family, folder, first, say):
    """Draws until the library fits and answers, and says each attempt before it is made."""
    refits = []
    for attempt in range(first, TRIES):
        say({"attempt": attempt})
        rng = random.Random("%s/%d" % (seed, attempt))
        np.random.seed(rng.randrange(2 ** 31))
        try:
            drawn = FAMILIES[family](rng)
            model = drawn.fit()
            asks = ask(model, drawn)
        except Exception as error:
            refits.append("%s: %s" % (type(error).__name__, " ".join(str(error).split())[:100]))
            continue
        named = keep(model, drawn, asks, rng, folder)
        return dict(named, refits=refits)
    return {"failed": refits[-1], "refits": refits}


def ask(model, drawn):
    """What each method answers; only those that the model has."""
    asks = []
    for method in drawn.methods:
        if not hasattr(model, method):
            continue
        answer = getattr(model, method)(drawn.data.inputs)
        label = method == "predict" and hasattr(model, "classes_")
        if type(model).__name__ == "Pipeline" and method == "predict":
            label = hasattr(model.steps[-1][1], "classes_")
        asks.append({"method": method, "label": label, "answer": compare.plain(answer)})
    if not asks:
        raise families.Redraw("nothing to ask")
    return asks


def keep(model, drawn, asks, rng, folder):
    """Writes the model, the input and the answers."""
    if not os.path.isdir(folder):
        os.makedirs(folder)
    name = rng.choice([name for name in containers.all_containers() if name != "buffers"])
    whole, select = wrapped(model, rng)
    files = containers.write(whole, os.path.join(folder, "model"), name)
    source = write_input(drawn.data, folder)
    for asked in asks:
        asked["expected"] = "expected.%s.npy" % asked["method"]
        answer = asked.pop("answer")
        np.save(os.path.join(folder, asked["expected"]), answer)
    return {"model": files[0], "select": select, "input": source, "kind": drawn.data.kind, "asks": asks, "exact": drawn.exact,
            "options": " ".join(repr(model).split())[:600], "training": str(getattr(drawn.data.rows, "dtype", ""))}


def wrapped(model, rng):
    """The model as people save it: mostly alone, at times in a dict or a list with other things."""
    if rng.random() >= 0.06:
        return model, None
    from sklearn.linear_model import LinearRegression

    other = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    return rng.choice([
        ({"model": model, "version": "1.2", "features": ["a", "b"]}, '["model"]'),
        ({"baseline": other, "final": model, "score": np.float64(0.9)}, '["final"]'),
        ([other, model], "[1]"),
        (({"cut": 0.5}, {"inner": [model]}), '[1]["inner"][0]'),
    ])


def write_input(data, folder):
    """The rows to predict as a .npy of numbers or a .csv of texts and numbers."""
    if data.kind == "npy" or (data.kind == "labels" and data.inputs.dtype.kind in "iufb"):
        inputs = data.inputs if data.kind == "npy" else data.inputs.reshape(-1, 1)
        np.save(os.path.join(folder, "input.npy"), inputs)
        return "input.npy"
    if data.kind == "table":
        rows = [list(row) for row in data.inputs.itertuples(index=False)]
    else:
        rows = [[cell] for cell in data.inputs]
    path = os.path.join(folder, "input.csv")
    with io.open(path, "w", encoding="utf-8", newline="") as file:
        file.write(",".join(quoted(name) for name in data.header) + "\n")
        for row in rows:
            # A row of one empty cell would be an empty line, which readers skip.
            file.write((",".join(cell_text(cell) for cell in row) or '""') + "\n")
    return "input.csv"


def cell_text(cell):
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, str):
        return quoted(cell)
    return repr(cell.item() if isinstance(cell, np.generic) else cell)


def quoted(text):
    if text == "" or any(mark in text for mark in ",\"\n\r") or text != text.strip():
        return '"%s"' % text.replace('"', '""')
    return text


def judge(request):
    folder = request["folder"]
    expected = np.load(os.path.join(folder, request["expected"]))
    found = np.load(os.path.join(folder, request["found"]))
    if "own" in request:
        own = [np.load(os.path.join(folder, name)) for name in request["own"]]
        return {"among": compare.among([expected] + own, found)}
    return {"difference": compare.difference(expected, found, request["label"], request["exact"])}


def main():
    lines = os.fdopen(os.dup(1), "w", 1)
    os.dup2(2, 1)

    def say(answer):
        lines.write(json.dumps(answer) + "\n")
        lines.flush()

    for line in sys.stdin:
        request = json.loads(line)
        if "draw" in request:
            say(draw(request["draw"], request["family"], request["folder"], request.get("first", 0), say))
        else:
            say(judge(request))


if __name__ == "__main__":
    main()
