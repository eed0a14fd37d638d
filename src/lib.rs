//! deadweight
pub mod base;
pub mod formats;
pub mod models;
