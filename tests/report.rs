//! The report from the outside: records in, sentences, CSV and page out.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deadweight::base::case::{FLOOR, Operation};
use deadweight::base::record::{BenchRecord, Outcome, Row};
use deadweight::report;
use sha2::{Digest, Sha256};

#[path = "report/builder.rs"]
mod builder;
#[path = "report/markup.rs"]
mod markup;

use builder::{case, empty, format, model, row, sample, size};
use markup::Page;

fn sentences(record: &BenchRecord) -> Vec<String> {
    report::verdict::verdicts(record).sentences()
}

// ---------------------------------------------------------------- verdict

#[test]
fn the_largest_model_speaks_and_every_shared_rank_is_named() {
    assert_eq!(
        sentences(&sample()),
        [
            "Forest (M), 10.4 MB in 7 arrays, the largest of 2 models:",
            "Fastest first prediction: rkyv 1.10 ms, raw 1.20 ms, safetensors 1.25 ms (not distinguishable); next postcard, 2.40 ms (2.18×).",
            "Fastest through a view: raw, 10.0 µs [9.50 µs to 10.5 µs]; next safetensors, 25.0 µs (2.50×).",
            "Smallest: postcard, 7.60 MB (73.1 % of the arrays); compressed: postcard + zstd-3, 3.90 MB (37.5 % of the arrays).",
            "Use safetensors: first prediction in 1.25 ms (among the fastest), 25.0 µs without a copy, 10.4 MB, other programs can read its arrays.",
            "Faster, not recommended: rkyv (advisory).",
        ]
    );
}

#[test]
fn writes_a_page_to_look_at() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(path.join("large.html"), report::html(&builder::large())).unwrap();
    std::fs::write(path.join("sample.html"), report::html(&sample())).unwrap();
}
