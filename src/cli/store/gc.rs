//! `store gc`: deletes blobs that no version refers to.

use std::time::Duration;

use serde_json::json;

use super::{Place, advised, print};
use crate::base::units;

/// Arguments of `store gc`.
#[derive(Debug, Clone, clap::Args)]
pub struct GcArguments {
    /// How old a blob must be, in hours, so that no writer is about to refer to it; 0 only while
    /// nobody writes
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    pub grace_hours: u32,
    /// Only say what would be deleted
    #[arg(long)]
    pub dry_run: bool,
}

/// Collects and prints what was deleted.
pub fn run(place: &Place, arguments: &GcArguments) -> anyhow::Result<()> {
    let store = place.open()?;
    let grace = Duration::from_secs(u64::from(arguments.grace_hours) * 3600);
    let collected = advised(store.collect(grace, arguments.dry_run))?;
    let bytes: u64 = collected.deleted.iter().map(|(_, size)| size).sum();
    let deleted = collected.deleted.iter();
    let deleted = deleted.map(|(sha256, size)| json!({"sha256": sha256, "size": size}));
    let document = json!({
        "schema": "deadweight.store.gc/1",
        "dry_run": arguments.dry_run,
        "deleted": deleted.collect::<Vec<_>>(),
        "bytes": bytes,
        "referenced": collected.referenced,
        "young": collected.young,
        "restored": collected.restored,
        "leftovers": collected.leftovers,
    });
    let verb = if arguments.dry_run { "would delete" } else { "deleted" };
    print(place, document, || {
        let mut lines: Vec<String> =
            collected.deleted.iter().map(|(hash, _)| hash.clone()).collect();
        lines.push(format!(
            "{verb} {} blobs of {}; {} are referred to, {} without a version are younger than {} h; {verb} {} pieces of unfinished writes",
            collected.deleted.len(),
            units::bytes(bytes),
            collected.referenced,
            collected.young,
            arguments.grace_hours,
            collected.leftovers
        ));
        lines.join("\n")
    })
}
