//! Where deadweight keeps what it made once: trained models, baselines, a Python environment.
//!
//! Reads variables of the environment, and no file.

use std::path::PathBuf;

/// `$DEADWEIGHT_CACHE`, else `deadweight` in the user's cache directory. A user without a home gets
/// a directory below the current one: what is trusted must not lie where everybody can write.
pub fn default_directory() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(path) = variable("DEADWEIGHT_CACHE") {
        return path.into();
    }
    variable("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cache")))
        .map_or_else(|| PathBuf::from(".deadweight"), |cache| cache.join("deadweight"))
}
