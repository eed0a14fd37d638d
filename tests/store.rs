//! The model store: what it keeps, what it refuses, and what is left of it when writers die.
//!
//! `any_backend` runs on a directory, and once more on S3 as moto serves it (`s3`). The rest is about
//! files. Figures: `cargo test --release --test store -- --ignored --nocapture measure`.

#[path = "store/any_backend.rs"]
mod any_backend;
#[path = "store/command.rs"]
mod command;
#[path = "store/damage.rs"]
mod damage;
#[path = "store/full_disk.rs"]
mod full_disk;
#[path = "store/kills.rs"]
mod kills;
#[path = "store/layouts.rs"]
mod layouts;
#[path = "store/measure.rs"]
mod measure;
#[path = "store/memory.rs"]
mod memory;
#[path = "store/s3.rs"]
mod s3;
#[path = "store/support.rs"]
mod support;
