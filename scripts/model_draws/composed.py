"""Models made of models, drawn: text and number pipelines, column transformers, searches."""

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from . import drawing, families
from .families import CLASSIFIER, HERE, TRANSFORMER, Draw, Redraw, make, maybe


def vectorizer_options(rng):
    options = {"analyzer": rng.choice(["word", "word", "word", "char", "char_wb"])}
    low = rng.choice([1, 1, 1, 2])
    maybe(rng, 0.4, options, ngram_range=(low, low + rng.randrange(0, 3)))
    maybe(rng, 0.2, options, lowercase=False)
    maybe(rng, 0.2, options, strip_accents=rng.choice(["unicode", "ascii"]))
    maybe(rng, 0.3, options, stop_words=rng.choice(["english", ["the", "is", "model"]]))
    maybe(rng, 0.2, options, token_pattern=rng.choice([r"(?u)\b\w+\b", r"[a-zA-Z]+", r"\S+", r"\b[^\d\W]+\b"]))
    maybe(rng, 0.3, options, max_features=rng.choice([5, 30]))
    maybe(rng, 0.2, options, min_df=2)
    maybe(rng, 0.2, options, max_df=0.8)
    maybe(rng, 0.2, options, binary=True)
    maybe(rng, 0.1, options, dtype=np.float32)
    return options


def weighing_options(rng):
    options = {}
    maybe(rng, 0.25, options, sublinear_tf=True)
    maybe(rng, 0.3, options, norm=rng.choice(["l1", None]))
    maybe(rng, 0.15, options, use_idf=False)
    maybe(rng, 0.15, options, smooth_idf=False)
    return options


def count_vectorizer(rng):
    return Draw(make(CountVectorizer, vectorizer_options(rng)), drawing.documents(rng), methods=TRANSFORMER)


def tfidf_vectorizer(rng):
    options = dict(vectorizer_options(rng), **weighing_options(rng))
    return Draw(make(TfidfVectorizer, options), drawing.documents(rng), methods=TRANSFORMER)


# Families whose estimator may stand at the end of a pipeline or in a search.
CLASSIFIERS = [families.logistic, families.svc, families.linear_svc, families.random_forest, families.decision_tree,
               families.gradient_boosting, families.neighbours, families.network, families.extra_trees]
REGRESSORS = [families.linear_regression, families.ridge, families.lasso, families.elastic_net, families.svr,
              families.random_forest, families.gradient_boosting, families.neighbours]


def is_classifier(estimator):
    return hasattr(estimator, "classes_") or type(estimator).__name__.endswith(("Classifier", "SVC")) \
        or type(estimator).__name__ == "LogisticRegression"


def last_step(rng, classifier):
    """An estimator with its options, without its data."""
    for _ in range(50):
        made = rng.choice(CLASSIFIERS if classifier else REGRESSORS)(rng).estimator
        if is_classifier(made) == classifier and not made.get_params().get("monotonic_cst") \
                and made.get_params().get("criterion") != "poisson":
            return made
    raise Redraw("no estimator of the kind came up")


def methods_of(estimator):
    return CLASSIFIER if is_classifier(estimator) else ("predict",)


def target_for(rng, values, classifier):
    return drawing.labels(rng, drawing.classes(rng, values)) if classifier else values


def text_pipeline(rng):
    data = drawing.documents(rng)
    if rng.random() < 0.5:
        steps = [make(TfidfVectorizer, dict(vectorizer_options(rng), **weighing_options(rng)))]
    else:
        steps = [make(CountVectorizer, vectorizer_options(rng)), make(TfidfTransformer, weighing_options(rng))]
        steps = steps[:1] if rng.random() < 0.3 else steps
    final = last_step(rng, True)
    values = np.array([len(text) + rng.gauss(0, 5) for text in data.rows])
    numbers = drawing.classes(rng, values, most=3)
    return Draw(make_pipeline(*steps + [final]), data, drawing.labels(rng, numbers), CLASSIFIER)


def preparation(rng, missing):
    """Steps before the last one."""
    steps = [make(SimpleImputer, {"strategy": rng.choice(["mean", "median"])})] if missing else []
    if rng.random() < 0.8:
        steps.append(rng.choice([StandardScaler(), StandardScaler(), MinMaxScaler(), StandardScaler(with_mean=False)]))
    if rng.random() < 0.25:
        steps.append(PCA(n_components=rng.choice([1, 2, 0.9]), svd_solver="full", whiten=rng.random() < 0.3))
    if rng.random() < 0.15 and HERE >= (0, 21):
        steps.insert(rng.randrange(len(steps) + 1), "passthrough")
    return steps


def name_steps(rng, steps):
    named = [("step%d" % number, step) for number, step in enumerate(steps)]
    if len(named) > 2 and rng.random() < 0.2:
        named = [("inner", Pipeline(named[:-1])), named[-1]]
    return Pipeline(named)


def pipeline(rng):
    missing = rng.random() < 0.3
    data = drawing.numbers(rng, missing=1.0 if missing else 0.0)
    steps = preparation(rng, missing)
    if rng.random() < 0.1 and steps and not isinstance(steps[-1], str):
        return Draw(name_steps(rng, steps), data, methods=TRANSFORMER)
    classifier = rng.random() < 0.6
    final = last_step(rng, classifier)
    target = target_for(rng, drawing.target(rng, data.rows), classifier)
    return Draw(name_steps(rng, steps + [final]), data, target, methods_of(final))


def columns_of_numbers(rng, data):
    """A column transformer over numbered columns."""
    width = data.rows.shape[1]
    order = rng.sample(range(width), width)
    cut = rng.randrange(1, width)

    def spell(columns):
        turn = rng.random()
        if turn < 0.15:
            return np.array([column in columns for column in range(width)])
        if turn < 0.3:
            return slice(min(columns), max(columns) + 1)
        if turn < 0.4:
            return [column - width for column in columns]
        return columns

    parts = [("first", rng.choice([StandardScaler(), MinMaxScaler(), "passthrough"]), spell(order[:cut]))]
    if rng.random() < 0.7:
        parts.append(("second", rng.choice([SimpleImputer(), StandardScaler(with_std=False), "drop"]), spell(order[cut:])))
    options = {"remainder": rng.choice(["drop", "passthrough", "passthrough", MinMaxScaler()])}
    maybe(rng, 0.15, options, transformer_weights={"first": 2.5})
    return ColumnTransformer(parts, **options)


def columns_of_table(rng, data):
    """A column transformer over the named columns of a table."""
    numbers, texts = drawing.numeric_columns(data.rows), drawing.text_columns(data.rows)
    encoders = [OneHotEncoder(handle_unknown="ignore")]
    if HERE >= (0, 24):
        encoders.append(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1))
    if HERE >= (1, 1):
        encoders.append(OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.1))
    scaler = rng.choice([StandardScaler(), MinMaxScaler(), make_pipeline(SimpleImputer(strategy="median"), StandardScaler())])
    encoder = rng.choice(encoders)
    if data.rows[texts].isnull().values.any() or rng.random() < 0.3:
        filler = SimpleImputer(strategy=rng.choice(["most_frequent", "constant"]), fill_value="none")
        encoder = make_pipeline(filler, encoder)
    if data.rows[numbers].isnull().values.any():
        scaler = make_pipeline(SimpleImputer(), StandardScaler())
    parts = [("numbers", scaler, numbers), ("texts", encoder, texts)]
    if rng.random() < 0.3:
        parts.reverse()
    if len(numbers) > 1 and rng.random() < 0.3:
        parts = [(name, step, numbers[:-1] if name == "numbers" else columns) for name, step, columns in parts]
    options = {"remainder": rng.choice(["drop", "passthrough"])}
    if data.rows[numbers].isnull().values.any():
        options["remainder"] = "drop"
    maybe(rng, 0.2, options, sparse_threshold=rng.choice([0, 1.0]))
    return ColumnTransformer(parts, **options)


def column_transformer(rng):
    by_name = rng.random() < 0.6
    if by_name:
        data = drawing.table(rng, missing=0.4)
        columns = columns_of_table(rng, data)
        values = drawing.table_target(rng, data.rows)
    else:
        data = drawing.numbers(rng, missing=0.0)
        columns = columns_of_numbers(rng, data)
        values = drawing.target(rng, data.rows)
    if rng.random() < 0.35:
        return Draw(columns, data, methods=TRANSFORMER)
    classifier = rng.random() < 0.6
    final = last_step(rng, classifier)
    return Draw(make_pipeline(columns, final), data, target_for(rng, values, classifier), methods_of(final))


def search(rng):
    grids = [(families.logistic, {"C": [0.1, 1.0]}), (families.svc, {"C": [1.0, 5.0]}),
             (families.ridge, {"alpha": [0.1, 1.0]}), (families.random_forest, {"n_estimators": [2, 4]}),
             (families.decision_tree, {"max_depth": [2, 4]}), (families.neighbours, {"n_neighbors": [3, 5]})]
    family, grid = rng.choice(grids)
    draw = family(rng)
    estimator, prefix = draw.estimator, ""
    exact = draw.exact
    if rng.random() < 0.4:
        estimator, prefix, exact = Pipeline([("scale", StandardScaler()), ("model", estimator)]), "model__", False
        draw.weights = None
        if draw.sparse or np.isnan(np.asarray(draw.data.rows, dtype=float)).any():
            raise Redraw("no scaling of these rows")
    options = {"cv": 3}
    if HERE < (0, 22):
        options["iid"] = False
    grid = {prefix + name: values for name, values in grid.items()}
    if rng.random() < 0.5:
        draw.estimator = GridSearchCV(estimator, grid, **options)
    else:
        draw.estimator = RandomizedSearchCV(estimator, grid, n_iter=2, random_state=0, **options)
    draw.exact = exact
    return draw
