"""Vectorizers of documents."""

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer

from .catalogue import ALL, FEW, ONE, TRANSFORMER, model
from .data import DOCUMENTS
from .linear import X


def words(name, make, where=ONE, **more):
    model(name, lambda: make().fit(DOCUMENTS), input="documents.json", methods=TRANSFORMER, where=where, **more)


words("count", lambda: CountVectorizer(max_features=30), where=ALL)
words("count_binary", lambda: CountVectorizer(binary=True, ngram_range=(1, 2), max_df=3), where=FEW)
words("count_characters", lambda: CountVectorizer(analyzer="char", ngram_range=(1, 3), max_features=40), where=FEW)
words("count_word_characters", lambda: CountVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=40),
      where=FEW)
words("count_english", lambda: CountVectorizer(stop_words="english"), where=FEW)
words("count_stop_list", lambda: CountVectorizer(stop_words=["the", "quick", "two"], ngram_range=(2, 2)))
words("count_case", lambda: CountVectorizer(lowercase=False, min_df=2))
words("count_accents", lambda: CountVectorizer(strip_accents="unicode"), where=FEW)
words("count_ascii", lambda: CountVectorizer(strip_accents="ascii", max_features=25))
words("count_pattern", lambda: CountVectorizer(token_pattern=r"[a-z]+"), where=FEW)
words("count_pattern_short", lambda: CountVectorizer(token_pattern=r"(?u)\b\w+\b"))
words("count_pattern_group", lambda: CountVectorizer(token_pattern=r"(\w\w)\w*"))
words("count_pattern_spaces", lambda: CountVectorizer(token_pattern=r"\S+"))
words("count_vocabulary", lambda: CountVectorizer(vocabulary=["fox", "dog", "zebra", "ten"]))
words("count_vocabulary_dict", lambda: CountVectorizer(vocabulary={"fox": 1, "dog": 0, "jump": 2}))
words("count_float32", lambda: CountVectorizer(dtype=np.float32))
words("tfidf", lambda: TfidfVectorizer(max_features=30), where=ALL)
words("tfidf_sublinear", lambda: TfidfVectorizer(sublinear_tf=True, norm="l1"), where=FEW)
words("tfidf_no_norm", lambda: TfidfVectorizer(norm=None, smooth_idf=False), where=FEW)
words("tfidf_no_idf", lambda: TfidfVectorizer(use_idf=False))
words("tfidf_pairs", lambda: TfidfVectorizer(ngram_range=(1, 2), stop_words="english", max_features=40))
words("tfidf_characters", lambda: TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 2), max_features=50))
words("tfidf_float32", lambda: TfidfVectorizer(dtype=np.float32, max_features=30))
words("tfidf_binary", lambda: TfidfVectorizer(binary=True, strip_accents="unicode"))

COUNTS = np.abs(np.round(X))


def weights(name, where=ONE, **options):
    model(name, lambda: TfidfTransformer(**options).fit(COUNTS), input="nonnegative.npy", methods=TRANSFORMER,
          where=where)


weights("tfidf_transformer", where=ALL)
weights("tfidf_transformer_sublinear", sublinear_tf=True, norm="l1", smooth_idf=False)
weights("tfidf_transformer_no_idf", use_idf=False, norm=None)
