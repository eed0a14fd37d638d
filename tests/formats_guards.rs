//! The guards of the loaders let their files through, and what they cost beside the decoding itself:
//!
//! ```text
//! cargo test --release --test formats_guards -- --ignored --nocapture
//! ```

use std::hint::black_box;
use std::time::Instant;

use deadweight::base::{Limits, Parameters};
use deadweight::formats::guards::GUARDS;
use deadweight::formats::registry::{self, FORMATS};
use deadweight::formats::wire::Codec;
use deadweight::formats::{DecodeOptions, FormatKind, bincode as guarded_bincode};
use deadweight::models::recipes::{self, Size};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Pairs of timings, and the places of the ends of the 95 % interval of their median: the binomial
/// distribution of 41 and one half.
const PAIRS: usize = 41;
const INTERVAL: (usize, usize) = (13, 27);

fn forest(size: Size) -> Parameters {
    recipes::find("random_forest_classifier").unwrap().train(size, &|_| {}).unwrap().parameters
}

fn encoded(format: &str, parameters: &Parameters) -> Vec<u8> {
    let mut bytes = Vec::new();
    registry::find(format).unwrap().encode(parameters, &mut bytes).unwrap();
    bytes
}

#[test]
fn each_guard_lets_the_files_of_its_format_through() {
    let parameters = forest(Size::S);
    for guard in GUARDS {
        let bytes = encoded(guard.format, &parameters);
        (guard.run)(&bytes).unwrap_or_else(|error| panic!("{}: {error}", guard.format));
        let looks_at_lengths = !guard.format.starts_with("json");
        let cut = &bytes[..bytes.len() / 2];
        // The header of safetensors ends before the cut.
        if looks_at_lengths && guard.format != "safetensors" {
            assert!((guard.run)(cut).is_err(), "{}: half a file passes", guard.format);
        }
    }
}

fn timed<T>(operation: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    let result = operation();
    let nanos = start.elapsed().as_nanos() as f64;
    drop(black_box(result));
    nanos
}

/// The median and its interval of `one / other - less`, in percent, over pairs that are timed one after the
/// other, in turns which comes first.
fn ratio(mut one: impl FnMut() -> f64, mut other: impl FnMut() -> f64, less: f64) -> String {
    let pair = |number: usize| {
        let first = number.is_multiple_of(2).then(&mut one);
        let other = other();
        first.unwrap_or_else(&mut one) / other
    };
    let mut ratios: Vec<f64> = (0..PAIRS).map(pair).collect();
    ratios.sort_by(f64::total_cmp);
    let percent = |place: usize| format!("{:+.2} %", (ratios[place] - less) * 100.0);
    let (low, high) = INTERVAL;
    format!("{} [{}, {}]", percent(PAIRS / 2), percent(low), percent(high))
}

#[derive(Serialize, Deserialize)]
struct Numbers(Vec<(String, Vec<f64>)>);

#[derive(Serialize, Deserialize)]
struct Blocks(Vec<(String, serde_bytes::ByteBuf)>);

/// What bincode's limit costs: the crate's own call without one beside ours.
fn limit_of_bincode<T: DeserializeOwned>(bytes: &[u8]) -> String {
    let codec = &guarded_bincode::Bincode;
    let with = || timed(|| codec.decode::<T>(bytes).unwrap());
    let config = bincode::config::standard();
    let without = || timed(|| bincode::serde::decode_from_slice::<T, _>(bytes, config).unwrap().0);
    ratio(with, without, 1.0)
}

#[test]
#[ignore = "measures; needs a quiet machine"]
fn what_guards_cost_beside_the_decoding() {
    let parameters = forest(Size::M);
    let options = DecodeOptions::default();
    println!(
        "forest of {} bytes; median of {PAIRS} pairs and its 95 % interval",
        parameters.byte_len()
    );
    for format in FORMATS {
        let id = format.descriptor().id;
        if format.descriptor().kind != FormatKind::DataOnly {
            continue;
        }
        let bytes = encoded(id, &parameters);
        let decode = || timed(|| format.decode(&bytes, &options).unwrap());
        let limits = || {
            timed(|| {
                (format.recognizes(&bytes), parameters.check_limits(&Limits::default()).unwrap())
            })
        };
        println!("{id:24} limits and beginning  {}", ratio(limits, decode, 0.0));
        for guard in GUARDS.iter().filter(|guard| guard.format == id) {
            let guarded = || timed(|| (guard.run)(&bytes).unwrap());
            println!("{id:24} {}: {}", guard.what, ratio(guarded, decode, 0.0));
        }
    }
    let names = || parameters.arrays().map(|(name, array)| (name.to_owned(), array));
    let blocks =
        Blocks(names().map(|(name, array)| (name, array.as_bytes().to_vec().into())).collect());
    let numbers =
        names().filter_map(|(name, array)| Some((name, array.as_slice::<f64>().ok()?.to_vec())));
    let numbers = Numbers(numbers.collect());
    let mut bytes = Vec::new();
    guarded_bincode::Bincode.encode(&blocks, &mut bytes).unwrap();
    println!("{:24} limit of the crate: {}", "bincode", limit_of_bincode::<Blocks>(&bytes));
    bytes.clear();
    guarded_bincode::Bincode.encode(&numbers, &mut bytes).unwrap();
    println!(
        "{:24} limit of the crate: {}",
        "bincode-elements",
        limit_of_bincode::<Numbers>(&bytes)
    );
}
