//! What the events of measuring processes told, by case.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::protocol::{Event, KnownCase, KnownSample, Watched};
use super::slowed::Twin;
use super::stats::Samples;
use crate::base::case::{CaseId, FLOOR};
use crate::base::record::{MemoryRow, SizeRow};
use crate::base::units;

/// Everything that events told.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) samples: HashMap<CaseId, CaseSamples>,
    pub(super) twins: BTreeMap<(CaseId, Twin), CaseSamples>,
    pub(super) failed: BTreeMap<CaseId, String>,
    pub(super) skipped: BTreeMap<CaseId, String>,
    /// Twins that failed: whatever other samples they have says nothing.
    pub(super) failed_twins: BTreeSet<(CaseId, Twin)>,
    pub(super) too_slow: Vec<(CaseId, Option<Twin>)>,
    pub(super) calibrated: BTreeMap<CaseId, KnownSample>,
    pub(super) sizes: Vec<SizeRow>,
    pub(super) spins: Vec<u64>,
    pub(super) switches: u64,
    pub(super) watched: Watched,
    pub(super) set_up_nanos: u64,
    pub(super) budget_nanos: u64,
    pub(super) notes: Vec<String>,
    pub(super) peer_memory: Vec<MemoryRow>,
    pub(super) complaints: Vec<String>,
    /// Processes whose allocator did not ask for huge pages.
    pub(super) without_huge_pages: u32,
}

/// Samples of one case: a list a process.
#[derive(Default)]
pub(super) struct CaseSamples {
    pub(super) bytes: u64,
    pub(super) iterations: u64,
    pub(super) processes: Vec<Vec<f64>>,
    /// The round of each sample, where they were taken in rounds; as `processes`.
    pub(super) rounds: Vec<Vec<Option<u32>>>,
}

impl CaseSamples {
    fn take(&mut self, process: usize, nanos: f64, round: Option<u32>) {
        if self.processes.len() <= process {
            self.processes.resize_with(process + 1, Vec::new);
            self.rounds.resize_with(process + 1, Vec::new);
        }
        self.processes[process].push(nanos);
        self.rounds[process].push(round);
    }

    /// What they say, to be compared with those of another case of the same rounds.
    pub(super) fn compared(&self) -> Samples {
        Samples::of_rounds(&self.processes, &self.rounds)
    }
}

impl Collected {
    /// Takes an event of a process in.
    pub(super) fn take(&mut self, event: Event, process: usize) {
        match event {
            Event::Sample { case, twin, bytes, iterations, nanos, round } => {
                let samples = match twin {
                    None => self.samples.entry(case).or_default(),
                    Some(twin) => self.twins.entry((case, twin)).or_default(),
                };
                samples.bytes = bytes;
                samples.iterations = samples.iterations.max(iterations);
                samples.take(process, nanos as f64 / iterations.max(1) as f64, round);
            }
            Event::Failed { case, twin: None, reason } => {
                self.failed.insert(case, reason);
            }
            Event::Failed { case, twin: Some(twin), .. } => {
                self.failed_twins.insert((case, twin));
            }
            Event::Skipped { case, reason } => {
                self.skipped.entry(case).or_insert(reason);
            }
            Event::TooSlow { case, twin: twin @ Some(_), .. } => self.too_slow.push((case, twin)),
            Event::TooSlow { case, twin: None, nanos } => {
                let took = units::duration(nanos as f64);
                let reason = format!("one iteration takes {took}: too slow for this profile");
                self.too_slow.push((case.clone(), None));
                self.skipped.entry(case).or_insert(reason);
            }
            Event::Size { model, format, bytes, compressed_bytes } => {
                self.sizes.push(SizeRow { model, format, bytes, compressed_bytes });
            }
            Event::Calibrated { case, sample } => {
                self.calibrated.insert(case, sample);
            }
            Event::Spin { nanos } => self.spins.push(nanos),
            Event::Switches { count } => self.switches += count,
            Event::Watched(watched) => self.watched.add(watched),
            Event::Took { set_up_nanos, budget_nanos, .. } => {
                self.set_up_nanos += set_up_nanos;
                self.budget_nanos += budget_nanos;
            }
            Event::PeerMemory { case, outcome } => {
                self.peer_memory.push(MemoryRow { case, outcome });
            }
            Event::Complaint { text } => {
                if !self.complaints.contains(&text) {
                    self.complaints.push(text);
                }
            }
            Event::WithoutHugePages => self.without_huge_pages += 1,
            Event::Model { .. } | Event::Memory { .. } | Event::Program { .. } | Event::Done => {}
        }
    }

    /// What the next process need not find out again. Floors are few, and quick to calibrate.
    pub(super) fn known(&self) -> Vec<KnownCase> {
        let slow = self.too_slow.iter();
        let slow =
            slow.map(|(case, twin)| KnownCase { case: case.clone(), twin: *twin, sample: None });
        let found = self.calibrated.iter().filter(|(case, _)| case.format != FLOOR);
        let found = found.map(|(case, sample)| KnownCase {
            case: case.clone(),
            twin: None,
            sample: Some(*sample),
        });
        slow.chain(found).collect()
    }
}
