//! The built-in payloads: registered, the same everywhere, small, and kept by every format.

use std::fs;
use std::path::Path;

use deadweight::bench::plan::LARGE_BYTES;
use deadweight::formats::DecodeOptions;
use deadweight::formats::registry::FORMATS;
use deadweight::payloads::SEED;
use deadweight::payloads::registry::{PAYLOADS, find};

#[test]
fn every_payload_is_a_file_and_a_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/payloads");
    let mut stems: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().replace('_', "-"))
        .filter(|stem| stem != "mod" && stem != "registry")
        .collect();
    let mut ids: Vec<&str> = PAYLOADS.iter().map(|payload| payload.id).collect();
    stems.sort();
    ids.sort_unstable();
    assert_eq!(stems, ids);
    assert!(find("message").is_some() && find("no-such").is_none());
}

#[test]
fn a_payload_is_the_same_on_every_machine() {
    // Checksums of the arrays, as records show them. A change here is a change of what is measured.
    let found: Vec<(&str, String)> = PAYLOADS
        .iter()
        .map(|payload| (payload.id, format!("{:016x}", payload.make(SEED).unwrap().checksum())))
        .collect();
    let found: Vec<(&str, &str)> = found.iter().map(|(id, sum)| (*id, sum.as_str())).collect();
    assert_eq!(
        found,
        [
            ("message", "24a67489052b3ea6"),
            ("trained-weights", "c72d87c4f894548c"),
            ("random-floats", "30746afd2099a7e8"),
            ("sorted-integers", "cc9ab56232d85e7e"),
            ("small-integers", "5de7cb829e34262c"),
            ("mostly-zeros", "9727c1fda4b171f4"),
            ("sparse-matrix", "d1982064ae0921eb"),
            ("quantized-weights", "5923668e52396a87"),
            ("tiny-models", "0110c91a9498b377"),
        ]
    );
    for payload in PAYLOADS {
        let [a, b] = [1, 2].map(|seed| payload.make(seed).unwrap().checksum());
        assert_ne!(a, b, "{}: the seed changes nothing", payload.id);
    }
}

#[test]
fn a_message_has_a_kilobyte_and_no_payload_counts_as_large() {
    for payload in PAYLOADS {
        let bytes = payload.make(SEED).unwrap().byte_len();
        let sizes = if payload.id == "message" { 900..1200 } else { 100_000..LARGE_BYTES };
        assert!(sizes.contains(&bytes), "{}: {bytes} bytes", payload.id);
        assert!(payload.why.len() > 40 && !payload.why.ends_with('.'), "{}", payload.id);
    }
}

#[test]
fn every_format_keeps_every_payload() {
    for payload in PAYLOADS {
        let parameters = payload.make(SEED).unwrap();
        for format in FORMATS {
            let mut bytes = Vec::new();
            format.encode(&parameters, &mut bytes).unwrap();
            let back = format.decode(&bytes, &DecodeOptions::default()).unwrap();
            let difference = back.first_difference(&parameters);
            assert_eq!(difference, None, "{} in {}", payload.id, format.descriptor().id);
        }
    }
}
