//! deadweight
pub mod base;
pub mod bench;
pub mod formats;
pub mod models;
pub mod report;
