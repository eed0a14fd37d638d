//! Texts in, counts of terms out, weighted or not.

use super::spec::{
    ArraySpec, EntrySpec, EntryType, F64, KindSpec, Length, boolean, choice, number, required,
};
use super::transformers::N_FEATURES;
use crate::base::array::DType;

const TEXT: &[DType] = &[DType::Text];

const VOCABULARY: ArraySpec =
    required("vocabulary", TEXT, &[Length::Named("terms")], "the terms, in the order of columns");

const STOP_WORDS: ArraySpec = required(
    "stop_words",
    TEXT,
    &[Length::Free("stop words")],
    "words that are taken out before terms are made",
)
.optional();

const ANALYZER: EntrySpec = choice(
    "analyzer",
    &["word", "char", "char_wb"],
    "terms are sequences of words, of characters, or of characters inside words with a space on each side",
);
const NGRAM_MIN: EntrySpec = number("ngram_min", "shortest sequence");
const NGRAM_MAX: EntrySpec = number("ngram_max", "longest sequence");
const LOWERCASE: EntrySpec = boolean("lowercase", "whether the text is made lower case first");
const STRIP_ACCENTS: EntrySpec = choice(
    "strip_accents",
    &["none", "ascii", "unicode", "unicode_if_changed"],
    "after NFKD: only ASCII is kept; combining characters are left out, of texts that are not ASCII or of texts that NFKD changed",
);
const TOKEN_PATTERN: EntrySpec = EntrySpec {
    name: "token_pattern",
    holds: EntryType::Text,
    required: true,
    meaning: "regular expression of a word as Python reads it (a word character is a letter, a number or _); the only group in it, if there is one, is the word",
};
const BINARY: EntrySpec = boolean("binary", "whether each count above 1 is 1");
const NORM: EntrySpec = choice(
    "norm",
    &["none", "l1", "l2"],
    "by which norm each row is divided: none, sum of absolute values, or root of the sum of squares",
);
const SUBLINEAR: EntrySpec =
    boolean("sublinear_tf", "whether each count above 0 becomes 1 + ln(count)");
const PRECISION: EntrySpec = choice(
    "precision",
    &["f64", "f32"],
    "whether products and quotients are rounded to single precision",
);

const NORM_ORDER: EntrySpec = choice(
    "norm_order",
    &["ascending", "descending"],
    "in which order of the columns a row's norm is summed (ascending where nothing is said); the last bit depends on it",
)
.optional();

const COUNTS: &str = "each text is counted: how often each term of the vocabulary is in it; other terms are left out";

pub(super) const COUNT_VECTORIZER: KindSpec =
    KindSpec::new("count_vectorizer", &[VOCABULARY, STOP_WORDS], COUNTS).with_entries(&[
        ANALYZER,
        NGRAM_MIN,
        NGRAM_MAX,
        LOWERCASE,
        STRIP_ACCENTS,
        TOKEN_PATTERN,
        BINARY,
    ]);

pub(super) const TFIDF_TRANSFORMER: KindSpec = KindSpec::new(
    "tfidf_transformer",
    &[required("idf", F64, &[Length::Named("features")], "weight of each feature; infinite for one that was in no row").optional()],
    "counts are made sublinear, multiplied by idf where it is there, and each row divided by its norm unless that is 0",
)
.with_entries(&[N_FEATURES, NORM, SUBLINEAR, PRECISION, NORM_ORDER]);

pub(super) const TFIDF_VECTORIZER: KindSpec = KindSpec::new(
    "tfidf_vectorizer",
    &[
        VOCABULARY,
        STOP_WORDS,
        required("idf", F64, &[Length::Named("terms")], "weight of each term; infinite for one that was in no text").optional(),
    ],
    "terms are counted as count_vectorizer does it, and the counts weighted as tfidf_transformer does it",
)
.with_entries(&[
    ANALYZER,
    NGRAM_MIN,
    NGRAM_MAX,
    LOWERCASE,
    STRIP_ACCENTS,
    TOKEN_PATTERN,
    BINARY,
    NORM,
    SUBLINEAR,
    PRECISION,
    NORM_ORDER,
]);
