//! The same rounds, statistics and record, inside the process that asks: for what no fresh process
//! of this program could know, such as a type of somebody else's.
//!
//! A run of the program starts fresh processes, because addresses, pages and alignment are drawn once
//! for each. Here the rounds are repeated in *series* instead: the caller makes new cases for every
//! series, so that buffers and results lie elsewhere, and the interval is over the series. What only
//! a new start of the process would draw again (where the code lies, what the allocator did before)
//! is in none of them, and the record says so.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::clock::{Clock, MonotonicClock};
use super::collected::Collected;
use super::compression::Compression;
use super::noise::{Monitor, SystemCounters};
use super::plan::{self, Profile};
use super::protocol::{Event, Watched};
use super::rounds::{Plan, Rounds};
use super::runner::Planned;
use super::subject::Subject;
use super::worker::Reporter;
use super::{BenchError, environment, floors, rows};
use crate::base::PagePolicy;
use crate::base::case::{Case, CaseId, Operation};
use crate::base::record::{BENCH_SCHEMA, BenchRecord, FormatRecord};

/// Measures inside this process, subject by subject.
pub struct InProcess {
    profile: Profile,
    seed: u64,
    clock: Arc<dyn Clock>,
    collected: Collected,
    models: Vec<crate::base::record::ModelRecord>,
    formats: Vec<FormatRecord>,
    start: Instant,
    started: String,
    load_before: Option<f64>,
}

/// Makes the cases of one series.
pub type Make<'a> = &'a mut dyn FnMut() -> Vec<Box<dyn Case>>;

impl InProcess {
    /// Nothing measured yet. `profile` says how many series there are and how long they take.
    pub fn new(profile: Profile, seed: u64) -> Self {
        InProcess {
            profile,
            seed,
            clock: Arc::new(MonotonicClock::default()),
            collected: Collected::default(),
            models: Vec::new(),
            formats: Vec::new(),
            start: Instant::now(),
            started: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            load_before: environment::load_average(),
        }
    }

    /// The clock of the cases.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Series of rounds, as many as the profile has processes.
    pub fn series(&self) -> usize {
        self.profile.processes() as usize
    }

    /// True when a subject of this id was measured already.
    pub fn has(&self, id: &str) -> bool {
        self.models.iter().any(|model| model.id == id)
    }

    /// Notes that a case failed; it has no figure then.
    pub fn fail(&mut self, case: CaseId, reason: String) {
        self.collected.take(Event::Failed { case, twin: None, reason }, 0);
    }

    /// Notes that a case was not measured, and why.
    pub fn skip(&mut self, case: CaseId, reason: String) {
        self.collected.take(Event::Skipped { case, reason }, 0);
    }

    /// Notes the size of encoded bytes, as they are and compressed.
    pub fn size(&mut self, model: &str, format: &str, encoded: &[u8]) {
        let slow = self.profile.skips_zstd_19(encoded.len());
        let codecs = Compression::ALL.into_iter();
        let codecs = codecs.filter(|codec| !(slow && *codec == Compression::Zstd(19)));
        let compressed_bytes = codecs
            .filter_map(|codec| Some((codec.id(), codec.compress(encoded).ok()?.len() as u64)))
            .collect();
        let (model, format, bytes) = (model.to_owned(), format.to_owned(), encoded.len() as u64);
        self.collected.take(Event::Size { model, format, bytes, compressed_bytes }, 0);
    }

    /// Times the cases of a subject in series of shuffled, interleaved rounds, with memcpy of as many
    /// bytes as its parameters have beside them.
    ///
    /// # Errors
    /// [`BenchError`] when memory cannot be had.
    pub fn measure(
        &mut self,
        subject: &Subject,
        formats: Vec<FormatRecord>,
        make: Make<'_>,
    ) -> Result<(), BenchError> {
        let bytes = subject.parameters.byte_len();
        let switches = environment::context_switches();
        for series in 0..self.series() {
            let nanos = environment::spin_loop(&*self.clock);
            self.collected.take(Event::Spin { nanos }, series);
            let mut cases = self.floors(subject)?;
            cases.extend(make());
            let mut rng = ChaCha8Rng::seed_from_u64(self.seed.wrapping_add(series as u64));
            let mut lines = Vec::new();
            let mut watched = Watched::default();
            let plan = Plan {
                budget: self.profile.budget(bytes, cases.len()),
                enough: self.profile.enough_samples(),
                slowest: self.profile.slowest_iteration(),
            };
            let mut rounds = Rounds {
                plan,
                clock: &*self.clock,
                monitor: &mut Monitor::new(SystemCounters, &*self.clock),
                watched: &mut watched,
                reporter: &mut Reporter::new(&mut lines),
            };
            let cases = cases.into_iter();
            let planned = |case: Box<dyn Case>| {
                let weight = plan::weight(case.id(), true);
                Planned { case, twin: None, weight, known: None }
            };
            let planned = cases.map(planned).collect();
            rounds.run(planned, &mut rng)?;
            self.collected.take(Event::Watched(watched), series);
            for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let event = serde_json::from_slice(line)
                    .map_err(|error| BenchError::Worker(error.to_string()))?;
                self.collected.take(event, series);
            }
        }
        let count = environment::context_switches().saturating_sub(switches);
        self.collected.take(Event::Switches { count }, 0);
        self.models.push(subject.record.clone());
        for format in formats {
            if !self.formats.iter().any(|known| known.id == format.id) {
                self.formats.push(format);
            }
        }
        Ok(())
    }

    fn floors(&self, subject: &Subject) -> Result<Vec<Box<dyn Case>>, BenchError> {
        let floors = [
            (Operation::FloorCopy, None),
            (Operation::FloorCopy, Some(PagePolicy::Heap)),
            (Operation::FloorCopyWarm, None),
        ];
        // None of these has a file.
        let dir = Path::new("");
        let made = floors
            .into_iter()
            .map(|(operation, pages)| floors::floor(subject, operation, pages, dir, &self.clock));
        made.collect::<Result<_, _>>().map_err(|error| BenchError::Worker(error.reason))
    }

    /// The record of everything that was measured.
    pub fn finish(mut self) -> BenchRecord {
        let collected = &mut self.collected;
        let series = self.profile.processes();
        let note = format!(
            "measured inside the program itself, in one process: intervals are over {series} series, each with memory of its own; another start of the program can differ by several percent more; the allocator is the program's own and as it set it up, so that large blocks may have no huge pages where those of floors have"
        );
        BenchRecord {
            schema: BENCH_SCHEMA.to_owned(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            started: self.started,
            elapsed_seconds: self.start.elapsed().as_secs_f64(),
            profile: self.profile.id().to_owned(),
            seed: self.seed,
            processes: 1,
            interrupted: None,
            environment: environment::describe(),
            noise: environment::noise(collected, self.load_before),
            power: None,
            models: self.models,
            complaints: Vec::new(),
            sizes: std::mem::take(&mut collected.sizes),
            notes: vec![note],
            rows: rows::make(self.collected, self.seed, &self.formats),
            formats: self.formats,
            memory: Vec::new(),
            python: None,
            tutorial: None,
            programs: Vec::new(),
            compatibility: None,
            criterion: None,
            instructions: Vec::new(),
        }
    }
}
