//! `helper`: the process that measures. A job comes in on standard input, events go out on
//! standard output; the run that started it reads them and decides when it ends.

use std::io::{self, BufWriter};

use anyhow::Context;

use super::args::HelperRole;
use crate::base::peer::CaseSource;
use crate::bench::{allocator, worker};
use crate::demo::guest;
use crate::hostile;
use crate::peers::PythonSource;
use crate::sandbox;

/// Does one job.
pub fn run(role: HelperRole) -> anyhow::Result<()> {
    match role {
        HelperRole::Measure => measure(),
        HelperRole::Load => supervise(),
        // Its exit code is its answer.
        HelperRole::Decode => std::process::exit(guest::run().into()),
        HelperRole::Hostile => Ok(hostile::worker::run()?),
    }
}

/// Supervises one load. No thread may be made in this process before: it clones itself.
fn supervise() -> anyhow::Result<()> {
    let request = serde_json::from_reader(io::stdin().lock())
        .context("a request for one load is expected on standard input")?;
    serde_json::to_writer(io::stdout().lock(), &sandbox::serve(&request))?;
    Ok(())
}

fn measure() -> anyhow::Result<()> {
    if allocator::are_set() {
        allocator::start_until_in_effect();
    }
    // Ctrl-C reaches every process of the terminal. The run decides what becomes of this one, so
    // that the rows which were measured are kept.
    ctrlc::set_handler(|| ()).context("cannot listen for signals")?;
    let job = serde_json::from_reader(io::stdin().lock())
        .context("helper is started by a run, with a job on its standard input")?;
    let peers = |config: &serde_json::Value| -> Option<Box<dyn CaseSource>> {
        let config = serde_json::from_value(config.clone()).ok()?;
        Some(Box::new(PythonSource::new(config)))
    };
    Ok(worker::work(job, &peers, &mut BufWriter::new(io::stdout().lock()))?)
}
