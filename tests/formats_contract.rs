//! What every format promises, over the whole registry: a new format is tested the moment it is
//! registered.
//!
//! - `round_trip.rs`: parameters come back to the bit, models predict the same, losses are those
//!   that are declared
//! - `bytes.rs`: equal parameters give equal bytes; views borrow
//! - `recognition.rs`: content tells the format; foreign and trailing bytes are refused
//! - `hostile.rs`: damaged files are errors or harmless values
//! - `limits.rs`: every bound is kept
//! - `random.rs`: parameters that nobody thought of

#[path = "support/by_hand.rs"]
#[allow(dead_code, reason = "each test program uses a part of it")]
mod by_hand;
#[path = "support/quiet.rs"]
mod quiet;
#[path = "support/trained.rs"]
mod trained;

#[path = "formats_contract/bytes.rs"]
mod bytes;
#[path = "formats_contract/hostile.rs"]
mod hostile;
#[path = "formats_contract/limits.rs"]
mod limits;
#[path = "formats_contract/random.rs"]
mod random;
#[path = "formats_contract/recognition.rs"]
mod recognition;
#[path = "formats_contract/round_trip.rs"]
mod round_trip;
#[path = "formats_contract/samples.rs"]
mod samples;

use deadweight::base::Parameters;
use deadweight::formats::Format;

fn id(format: &dyn Format) -> &'static str {
    format.descriptor().id
}

fn encoded(format: &dyn Format, parameters: &Parameters) -> Vec<u8> {
    let mut bytes = Vec::new();
    format.encode(parameters, &mut bytes).unwrap_or_else(|error| panic!("{}: {error}", id(format)));
    bytes
}

/// Fails with all problems at once.
fn none(problems: Vec<String>) {
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}
