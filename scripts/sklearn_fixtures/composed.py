"""Models made of models: pipelines, column transformers, searches; models in dicts and lists."""

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from .catalogue import ALL, CLASSIFIER, FEW, HERE, ONE, REGRESSOR, TRANSFORMER, model
from .data import DOCUMENTS, frame, table
from .linear import CLASSES, TARGET, TEXTS, X
from .trees import MISSING

ROWS, ROWS_TARGET = table()
ROWS_TARGET = np.array(ROWS_TARGET)
ROWS_CLASSES = np.array(["cold", "warm"])[(ROWS_TARGET > np.median(ROWS_TARGET)).astype(int)]


def logistic():
    return LogisticRegression(solver="liblinear")


def pipeline(name, make, y=CLASSES, where=ONE, rows=X, methods=CLASSIFIER, **more):
    model(name, lambda: make().fit(rows, y), methods=methods, where=where, **more)


pipeline("pipeline_scaler_logistic", lambda: make_pipeline(StandardScaler(), LogisticRegression(solver="lbfgs")),
         TEXTS, where=ALL)
pipeline("pipeline_scaler_svc", lambda: Pipeline([("scale", StandardScaler()), ("model", SVC(gamma="scale"))]),
         where=FEW)
pipeline("pipeline_pca_linear", lambda: make_pipeline(StandardScaler(), PCA(n_components=2), LinearRegression()),
         TARGET, methods=REGRESSOR, where=FEW)
pipeline("pipeline_imputer_forest",
         lambda: make_pipeline(SimpleImputer(), RandomForestClassifier(n_estimators=3, max_depth=3, random_state=0)),
         rows=MISSING, input="numbers_missing.npy", where=FEW)
pipeline("pipeline_nested",
         lambda: Pipeline([("prepare", Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", MinMaxScaler())])),
                           ("model", Ridge())]),
         TARGET, rows=MISSING, input="numbers_missing.npy", methods=REGRESSOR)
pipeline("pipeline_passthrough",
         lambda: Pipeline([("skip", "passthrough"), ("scale", StandardScaler()), ("model", Ridge())]),
         TARGET, methods=REGRESSOR, since=(0, 21), where=FEW)
pipeline("pipeline_none", lambda: Pipeline([("skip", None), ("model", Ridge())]), TARGET, methods=REGRESSOR)
pipeline("pipeline_transformers", lambda: make_pipeline(StandardScaler(), PCA(n_components=2, whiten=True)),
         methods=TRANSFORMER)
pipeline("pipeline_ends_in_passthrough", lambda: Pipeline([("scale", StandardScaler()), ("end", "passthrough")]),
         methods=TRANSFORMER, since=(0, 21))

WORD_CLASSES = np.array([1, 0] * 6)
pipeline("pipeline_words", lambda: make_pipeline(TfidfVectorizer(max_features=40), logistic()), WORD_CLASSES,
         rows=DOCUMENTS, input="documents.json", where=ALL)
pipeline("pipeline_counts_weights",
         lambda: Pipeline([("count", CountVectorizer(ngram_range=(1, 2), max_features=40)), ("weigh", TfidfTransformer()),
                           ("model", logistic())]),
         np.array(["spam", "ham"] * 6), rows=DOCUMENTS, input="documents.json", where=FEW)


def columns(name, make, y=None, where=ONE, rows=X, methods=TRANSFORMER, **more):
    model(name, lambda: make().fit(rows, y), methods=methods, where=where, **more)


columns("columns_indices", lambda: ColumnTransformer([("a", StandardScaler(), [0, 2]), ("b", MinMaxScaler(), [5, 1])]),
        where=FEW)
columns("columns_slice", lambda: ColumnTransformer([("a", StandardScaler(), slice(1, 4)), ("b", MinMaxScaler(), slice(4, None))],
                                                   remainder="passthrough"))
columns("columns_mask", lambda: ColumnTransformer(
    [("a", StandardScaler(), np.array([True, False, True, False, False, True])), ("b", "passthrough", [1])],
    remainder=MinMaxScaler()))
columns("columns_negative", lambda: ColumnTransformer([("a", StandardScaler(), [-1, -2]), ("b", "drop", [0])],
                                                      remainder="passthrough"))
columns("columns_overlap", lambda: ColumnTransformer([("a", StandardScaler(), [0, 1]), ("b", PCA(n_components=1), [0, 1])],
                                                     transformer_weights={"b": 2.5}))


columns("columns_drop", lambda: ColumnTransformer([("a", StandardScaler(), [0]), ("b", MinMaxScaler(), [2, 3])]))


def mixed(**more):
    return ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), ["age", "income"]),
        ("texts", OneHotEncoder(handle_unknown="ignore"), ["city", "grade"]),
    ], **more)


def table_pipeline(name, make, y, where=ONE, input="table.csv", **more):
    model(name, lambda: make().fit(frame(ROWS), y), input=input, where=where, **more)


table_pipeline("table_transformer", mixed, None, where=ALL, methods=TRANSFORMER)
table_pipeline("table_transformer_passthrough", lambda: mixed(remainder="passthrough"), None, where=FEW,
               methods=TRANSFORMER)
table_pipeline("table_transformer_sparse", lambda: mixed(sparse_threshold=1.0), None, methods=TRANSFORMER)
table_pipeline("table_transformer_dense", lambda: mixed(sparse_threshold=0), None, methods=TRANSFORMER)
table_pipeline("table_transformer_remainder",
               lambda: ColumnTransformer([("texts", OrdinalEncoder(categories=[["low", "mid", "high"]]), ["grade"]),
                                          ("gone", "drop", ["city"])], remainder=StandardScaler()),
               None, methods=TRANSFORMER, where=FEW)
table_pipeline("table_transformer_words",
               lambda: ColumnTransformer([("words", CountVectorizer(), "city"), ("number", StandardScaler(), ["age"])]),
               None, methods=TRANSFORMER)
table_pipeline("table_logistic", lambda: make_pipeline(mixed(), logistic()), ROWS_CLASSES, where=ALL)
table_pipeline("table_missing_forest",
               lambda: make_pipeline(
                   ColumnTransformer([
                       ("numbers", SimpleImputer(), ["age", "income", "visits"]),
                       ("texts", make_pipeline(SimpleImputer(strategy="constant", fill_value="?"),
                                               OneHotEncoder(handle_unknown="ignore")), ["city", "grade"])]),
                   RandomForestRegressor(n_estimators=3, max_depth=3, random_state=0)),
               ROWS_TARGET, where=FEW, input="table_missing.csv", methods=REGRESSOR)


def feature_names_selector():
    from sklearn.compose import make_column_selector

    return make_pipeline(
        ColumnTransformer([("numbers", StandardScaler(), make_column_selector(dtype_include=np.number)),
                           ("texts", OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_exclude=np.number))]),
        logistic())


table_pipeline("table_selector", feature_names_selector, ROWS_CLASSES, since=(0, 22))

OLD_SEARCH = {"iid": False} if HERE < (0, 24) else {}


def search(name, make, y=CLASSES, where=ONE, methods=CLASSIFIER, **more):
    model(name, lambda: make().fit(X, y), methods=methods, where=where, **more)


search("grid_search", lambda: GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [2, 3]}, cv=3, **OLD_SEARCH),
       where=ALL)
search("grid_search_pipeline",
       lambda: GridSearchCV(Pipeline([("scale", StandardScaler()), ("model", LogisticRegression(solver="lbfgs"))]),
                            {"model__C": [0.1, 1.0], "scale": [StandardScaler(), MinMaxScaler()]}, cv=3, **OLD_SEARCH),
       where=FEW)
search("grid_search_scores",
       lambda: GridSearchCV(Ridge(), {"alpha": [0.1, 10]}, cv=3, refit="r2", return_train_score=True,
                            scoring=["r2", "neg_mean_squared_error"], **OLD_SEARCH), TARGET, methods=REGRESSOR)
search("grid_search_no_refit",
       lambda: GridSearchCV(Ridge(), {"alpha": [0.1, 10]}, cv=3, refit=False, **OLD_SEARCH), TARGET, methods=())


def random_search():
    return RandomizedSearchCV(RandomForestClassifier(n_estimators=2, random_state=0), {"max_depth": [1, 2, 3, 4]},
                              n_iter=2, cv=3, random_state=0, **OLD_SEARCH)


search("random_search", random_search, where=FEW)


class Several(object):
    """Models inside plain containers: what is there, and what each predicts."""

    def __init__(self, whole, parts):
        self.whole = whole
        self.parts = parts


def bundle():
    encoder = LabelEncoder().fit(TEXTS)
    scaler = StandardScaler().fit(X)
    tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(scaler.transform(X), encoder.transform(TEXTS))
    whole = {"model": tree, "scaler": scaler, "encoder": encoder, "threshold": 0.5,
             "features": ["a", "b", "c", "d", "e", "f"], "trained": {"rows": len(X), "by": "us"}}
    return Several(whole, [(["model"], "numbers.npy", ("predict", "predict_proba")),
                           (["scaler"], "numbers.npy", TRANSFORMER)])


def list_of_models():
    models = [Ridge(alpha=a).fit(X, TARGET) for a in (0.1, 1.0)]
    return Several(models, [([0], "numbers.npy", REGRESSOR), ([1], "numbers.npy", REGRESSOR)])


def nested_tuple():
    whole = ("v2", {"stages": [(StandardScaler().fit(X), {"final": LinearRegression().fit(X, TARGET)})], 7: None})
    return Several(whole, [([1, "stages", 0, 0], "numbers.npy", TRANSFORMER),
                           ([1, "stages", 0, 1, "final"], "numbers.npy", REGRESSOR)])


def model_alone_in_dict():
    return Several({"clf": logistic().fit(X, CLASSES == 1), "note": None},
                   [(["clf"], "numbers.npy", CLASSIFIER)])


model("bundle", bundle, input=None, methods=(), where=FEW)
model("bundle_list", list_of_models, input=None, methods=(), where=FEW)
model("bundle_tuple", nested_tuple, input=None, methods=())
model("bundle_one", model_alone_in_dict, input=None, methods=())
