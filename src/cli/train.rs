//! `train`: fills the cache.

use super::args::TrainArguments;
use super::measure;

/// Trains what is not in the cache.
pub fn run(arguments: &TrainArguments) -> anyhow::Result<()> {
    let wanted = measure::wanted(&arguments.models, arguments.size)?;
    measure::trained(&wanted, arguments.force)?;
    Ok(())
}
