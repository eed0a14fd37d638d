//! `helper`: the process that measures. A job comes in on standard input, events go out on
//! standard output; the run that started it reads them and decides when it ends.

use std::io::{self, BufWriter};

use anyhow::Context;

use crate::base::peer::CaseSource;
use crate::bench::worker;
use crate::peers::PythonSource;

/// Does one job.
pub fn run() -> anyhow::Result<()> {
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
