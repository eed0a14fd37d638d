"""Scalers, imputers, encoders, components."""

import numpy as np
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from .catalogue import ALL, FEW, HERE, ONE, TRANSFORMER, model
from .data import CITIES, blocks, objects, table
from .linear import X
from .trees import MISSING

DENSE = {"sparse_output": False} if HERE >= (1, 2) else {"sparse": False}
CONSTANT = np.where(np.arange(6) == 2, 4.0, X)
ALL_MISSING = np.where(np.arange(6) == 2, np.nan, MISSING)
TEXT_ROWS = objects(table()[0])
B = np.nan_to_num(blocks()[0])[:, [0, 2]]
B_MISSING = B.copy()
B_MISSING[::7, 0] = np.nan


def transformer(name, make, rows=X, where=ONE, input="numbers.npy", methods=TRANSFORMER, **more):
    model(name, lambda: make().fit(rows), input=input, methods=methods, where=where, **more)


transformer("standard_scaler", lambda: StandardScaler(), where=ALL)
transformer("standard_scaler_no_mean", lambda: StandardScaler(with_mean=False))
transformer("standard_scaler_no_scale", lambda: StandardScaler(with_std=False), where=FEW)
transformer("standard_scaler_neither", lambda: StandardScaler(with_mean=False, with_std=False))
transformer("standard_scaler_constant", lambda: StandardScaler(), rows=CONSTANT, where=FEW)
transformer("standard_scaler_missing", lambda: StandardScaler(), rows=MISSING, input="numbers_missing.npy")
transformer("standard_scaler_float32", lambda: StandardScaler(), rows=X.astype(np.float32))
transformer("standard_scaler_integers", lambda: StandardScaler(), rows=np.round(X).astype(np.int64))
transformer("min_max_scaler", lambda: MinMaxScaler(), where=ALL)
transformer("min_max_scaler_range", lambda: MinMaxScaler(feature_range=(-2, 5)), rows=CONSTANT, where=FEW)
transformer("min_max_scaler_clip", lambda: MinMaxScaler(clip=True), rows=MISSING, input="numbers_missing.npy",
            since=(0, 24))
transformer("imputer_mean", lambda: SimpleImputer(), rows=MISSING, input="numbers_missing.npy", where=ALL)
transformer("imputer_median", lambda: SimpleImputer(strategy="median"), rows=MISSING, input="numbers_missing.npy",
            where=FEW)
transformer("imputer_most_frequent", lambda: SimpleImputer(strategy="most_frequent"), rows=np.round(MISSING),
            input="numbers_missing.npy", where=FEW)
transformer("imputer_constant", lambda: SimpleImputer(strategy="constant", fill_value=-1.5), rows=MISSING,
            input="numbers_missing.npy", where=FEW)
transformer("imputer_constant_default", lambda: SimpleImputer(strategy="constant"), rows=MISSING,
            input="numbers_missing.npy")
transformer("imputer_zero_is_missing", lambda: SimpleImputer(missing_values=0), input="numbers.npy")
transformer("imputer_indicator", lambda: SimpleImputer(add_indicator=True), rows=np.where(np.arange(6) % 2, MISSING, np.nan_to_num(MISSING)),
            input="numbers_missing_odd.npy", since=(0, 21), where=FEW)
transformer("imputer_all_missing", lambda: SimpleImputer(), rows=ALL_MISSING, input="numbers_missing.npy", where=FEW)
transformer("imputer_keep_empty", lambda: SimpleImputer(keep_empty_features=True), rows=ALL_MISSING,
            input="numbers_missing.npy", since=(1, 2))
transformer("imputer_texts", lambda: SimpleImputer(strategy="most_frequent"), rows=TEXT_ROWS,
            input="texts_missing.csv", where=FEW)
transformer("imputer_texts_constant", lambda: SimpleImputer(strategy="constant", fill_value="none"), rows=TEXT_ROWS,
            input="texts_missing.csv")

UNKNOWN = dict(handle_unknown="ignore")
transformer("one_hot", lambda: OneHotEncoder(categories="auto", **UNKNOWN), rows=TEXT_ROWS, input="texts.csv", where=ALL)
transformer("one_hot_dense", lambda: OneHotEncoder(categories="auto", **dict(DENSE, **UNKNOWN)), rows=TEXT_ROWS,
            input="texts.csv")
transformer("one_hot_numbers", lambda: OneHotEncoder(categories="auto", **UNKNOWN), rows=B, input="pairs.npy",
            where=FEW)
transformer("one_hot_integers", lambda: OneHotEncoder(categories="auto", **UNKNOWN), rows=B.astype(np.int64),
            input="pairs.npy")
transformer("one_hot_given", lambda: OneHotEncoder(categories=[CITIES, ["high", "low", "mid"]], **UNKNOWN),
            rows=TEXT_ROWS, input="texts.csv")
transformer("one_hot_fixed_width", lambda: OneHotEncoder(categories="auto", **UNKNOWN), rows=TEXT_ROWS.astype(str),
            input="texts.csv")
transformer("one_hot_drop_first", lambda: OneHotEncoder(categories="auto", drop="first"), rows=TEXT_ROWS,
            input="texts_known.csv", since=(0, 21), where=FEW)
transformer("one_hot_drop_if_binary", lambda: OneHotEncoder(drop="if_binary"),
            rows=np.column_stack([TEXT_ROWS[:, 0], np.where(TEXT_ROWS[:, 1] == "low", "low", "high")]).astype(object),
            input="texts_binary.csv", since=(0, 23))
transformer("one_hot_drop_named", lambda: OneHotEncoder(drop=["Oslo", "mid"]), rows=TEXT_ROWS,
            input="texts_known.csv", since=(0, 21))
transformer("one_hot_drop_ignore", lambda: OneHotEncoder(drop="first", **UNKNOWN), rows=TEXT_ROWS,
            input="texts.csv", since=(1, 0))
transformer("one_hot_missing", lambda: OneHotEncoder(**UNKNOWN), rows=B_MISSING, input="pairs_missing.npy",
            since=(0, 24), where=FEW)
transformer("one_hot_infrequent", lambda: OneHotEncoder(min_frequency=8, handle_unknown="infrequent_if_exist"),
            rows=TEXT_ROWS, input="texts.csv", since=(1, 1), where=FEW)
transformer("one_hot_infrequent_share", lambda: OneHotEncoder(min_frequency=0.2, **UNKNOWN), rows=TEXT_ROWS,
            input="texts.csv", since=(1, 1))
transformer("one_hot_most", lambda: OneHotEncoder(max_categories=3, handle_unknown="infrequent_if_exist"), rows=B,
            input="pairs.npy", since=(1, 1), where=FEW)
transformer("one_hot_most_drop", lambda: OneHotEncoder(max_categories=3, drop="first"), rows=TEXT_ROWS,
            input="texts_known.csv", since=(1, 1))
transformer("one_hot_float32", lambda: OneHotEncoder(categories="auto", dtype=np.float32, **UNKNOWN), rows=TEXT_ROWS,
            input="texts.csv")
transformer("one_hot_warn", lambda: OneHotEncoder(handle_unknown="warn"), rows=TEXT_ROWS, input="texts.csv",
            since=(1, 6))

transformer("ordinal", lambda: OrdinalEncoder(), rows=TEXT_ROWS, input="texts_known.csv", where=ALL)
transformer("ordinal_numbers", lambda: OrdinalEncoder(), rows=B, input="pairs_known.npy", where=FEW)
transformer("ordinal_given", lambda: OrdinalEncoder(categories=[CITIES, ["low", "mid", "high"]]), rows=TEXT_ROWS,
            input="texts_known.csv", where=FEW)
transformer("ordinal_unknown", lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
            rows=TEXT_ROWS, input="texts.csv", since=(0, 24), where=FEW)
transformer("ordinal_unknown_missing",
            lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=-2),
            rows=B_MISSING, input="pairs_missing.npy", since=(1, 1), where=FEW)
transformer("ordinal_integers", lambda: OrdinalEncoder(dtype=np.int64), rows=TEXT_ROWS, input="texts_known.csv")
transformer("ordinal_infrequent",
            lambda: OrdinalEncoder(min_frequency=8, handle_unknown="use_encoded_value", unknown_value=99),
            rows=TEXT_ROWS, input="texts.csv", since=(1, 3))

transformer("label_encoder", lambda: LabelEncoder(), rows=np.array([3, -5, 10, 3]), input="labels.npy", where=ALL)
transformer("label_encoder_texts", lambda: LabelEncoder(), rows=np.array(CITIES), input="text_labels.csv", where=FEW)
transformer("label_encoder_objects", lambda: LabelEncoder(), rows=np.array(CITIES, dtype=object),
            input="text_labels.csv")

transformer("pca", lambda: PCA(n_components=3), rows=X / [1, 10, 0.1, 1000, 1, 2], input="scaled.npy", where=ALL)
transformer("pca_whiten", lambda: PCA(n_components=2, whiten=True, svd_solver="full"), where=FEW)
transformer("pca_share", lambda: PCA(n_components=0.9, svd_solver="full"), rows=X / [1, 10, 0.1, 1000, 1, 2],
            input="scaled.npy", where=FEW)
transformer("pca_all", lambda: PCA())
transformer("pca_randomized", lambda: PCA(n_components=2, svd_solver="randomized", random_state=0, whiten=True))
transformer("pca_arpack", lambda: PCA(n_components=2, svd_solver="arpack", random_state=0))
transformer("pca_likelihood", lambda: PCA(n_components="mle", svd_solver="full"))
transformer("pca_covariance", lambda: PCA(n_components=2, svd_solver="covariance_eigh"), since=(1, 5))
transformer("pca_float32", lambda: PCA(n_components=2), rows=(X / [1, 10, 0.1, 1000, 1, 2]).astype(np.float32),
            input="scaled.npy")
transformer("truncated_svd", lambda: TruncatedSVD(n_components=2, random_state=0), where=FEW)
