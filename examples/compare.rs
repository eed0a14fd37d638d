//! Formats compared on a type of your own: `cargo run --release --example compare`.

use deadweight::values::{CompareError, compare};
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Reading {
    sensor: u32,
    place: String,
    values: Vec<f64>,
}

pub fn main() -> Result<(), CompareError> {
    let values = |sensor| (0..20).map(|hour| f64::from(sensor * hour) / 7.0).collect();
    let place = |sensor| format!("hall {}", sensor % 7);
    let reading = |sensor| Reading { sensor, place: place(sensor), values: values(sensor) };
    let readings: Vec<Reading> = (0..500).map(reading).collect();
    let comparison = compare("readings", &readings)?;
    print!("{comparison}");
    println!("report: {}", comparison.write_report("target/compare")?.display());
    Ok(())
}
