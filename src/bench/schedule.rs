//! How long a run takes: planned before it begins, told while it goes on, and kept by giving rounds
//! less time, never by cutting them off.
//!
//! What a run cannot do without (starting, encoding, verifying, one sample of every case) takes as
//! long as it takes. The first process measures that, and each later one gets for its rounds what is
//! left of the limit, divided among the processes that are still to come.

use std::time::{Duration, Instant};

use super::run::Options;
use super::slowed::Twin;
use super::subject::Subject;
use super::{cases, hot, memory_pass, plan};
use crate::base::case::Operation;
use crate::formats::Format;

/// Encoding, verifying and calibrating one format takes at least so long, whatever the model.
const LEAST_SET_UP_SECONDS: f64 = 0.04;
/// So much longer where the model is of 10 MB.
const SET_UP_SECONDS: f64 = 0.15;
/// Another program starts, stores and verifies one model in all of its formats in about so long,
/// and so much more for each megabyte.
const PEER_SECONDS: f64 = 0.3;
const PEER_SECONDS_A_MEGABYTE: f64 = 0.1;
/// Another program has about so many operations on each of its formats.
const PEER_OPERATIONS: usize = 3;
/// One process of the memory pass.
const MEMORY_SECONDS: f64 = 0.015;
/// The first process verifies and calibrates too, and needs so many times as long before its rounds.
const FIRST: f64 = 2.1;
/// The least share of a profile's time for rounds: with less, the rows would rest on one sample.
const LEAST_SHARE: f64 = 0.15;

/// Slow cases take part in at least so many processes.
const LEAST_FULL: u32 = 4;

/// The plan of a run, and how far it has come.
pub(super) struct Schedule {
    start: Instant,
    limit: Option<f64>,
    processes: u32,
    /// Seconds for the rounds of all models in one process, when nothing has to be saved.
    budgets: f64,
    /// Seconds that a full process needs beside its rounds.
    set_up: f64,
    /// The same of a process in which slow cases rest, once one was seen.
    light: Option<f64>,
    /// Seconds that the memory of one model takes, and of all.
    memory: f64,
    memory_of_all: f64,
    total: f64,
    done: f64,
    shares: Vec<f64>,
}

impl Schedule {
    /// Plans a run.
    pub(super) fn new(subjects: &[Subject], options: &Options<'_>) -> Self {
        let processes = options.process_count();
        let budgets: f64 = subjects.iter().map(|s| budget(s, options)).sum();
        let set_up: f64 = subjects.iter().map(|s| set_up(s, options)).sum();
        let loads = (options.formats.len() * memory_pass::OPERATIONS.len()) as f64;
        let memory = if options.memory { loads * MEMORY_SECONDS } else { 0.0 };
        let memory_of_all = memory * subjects.len() as f64;
        let set_ups = set_up * (f64::from(processes) + FIRST - 1.0);
        let whole = budgets * f64::from(processes) + set_ups + memory_of_all;
        let limit = options.limit.map(|limit| limit.as_secs_f64());
        Schedule {
            start: Instant::now(),
            total: limit.map_or(whole, |limit| limit.min(whole)),
            limit,
            processes,
            budgets,
            set_up,
            light: None,
            memory,
            memory_of_all,
            done: 0.0,
            shares: Vec::new(),
        }
    }

    /// How long the run will take.
    pub(super) fn planned(&self) -> Duration {
        Duration::from_secs_f64(self.total)
    }

    /// True for the processes in which slow cases take part and tight loops run: every second one where
    /// there are enough of them for an interval.
    pub(super) fn is_full(&self, process: u32) -> bool {
        self.processes < 2 * LEAST_FULL || process.is_multiple_of(2)
    }

    /// Seconds that a process needs beside its rounds, as far as is known.
    fn set_up_of(&self, process: u32) -> f64 {
        match self.is_full(process) {
            true => self.set_up,
            false => self.light.unwrap_or(self.set_up),
        }
    }

    /// The share of the profile's time that the rounds of the next process get; `before` processes
    /// have measured already.
    pub(super) fn next_share(&mut self, before: u32) -> f64 {
        let share = match self.limit {
            None => 1.0,
            Some(limit) => {
                let left = limit - self.start.elapsed().as_secs_f64() - self.memory_of_all;
                let processes = f64::from((self.processes - before).max(1));
                let set_ups: f64 = (before..self.processes).map(|at| self.set_up_of(at)).sum();
                let first = if before == 0 { self.set_up * (FIRST - 1.0) } else { 0.0 };
                let rounds = left - set_ups - first;
                let budgets = (self.budgets * processes).max(f64::MIN_POSITIVE);
                (rounds / budgets).clamp(LEAST_SHARE, 1.0)
            }
        };
        self.shares.push(share);
        share
    }

    /// Takes in what a process needed beside its rounds, and what the profile has for them, in seconds:
    /// only the process knew all cases. `before` processes had measured already.
    pub(super) fn took(&mut self, before: u32, set_up: f64, budgets: f64) {
        if set_up > 0.0 {
            match self.is_full(before) {
                true if before == 0 => self.set_up = set_up / FIRST,
                true => self.set_up = set_up,
                false => self.light = Some(set_up),
            }
        }
        if budgets > 0.0 {
            self.budgets = budgets;
        }
    }

    /// What a reader must know of the plan: that rows rest on fewer samples than the profile's.
    pub(super) fn note(&self) -> Option<String> {
        let least = self.shares.iter().copied().fold(1.0, f64::min);
        let limit = self.limit?;
        (least < 0.995).then(|| {
            format!(
                "so that measuring ends within {}, rounds got {:.0} % of the profile's time in the \
                 process that got least: its rows rest on fewer samples",
                crate::base::units::duration(limit * 1e9),
                least * 100.0
            )
        })
    }

    /// A model was measured in one process.
    pub(super) fn model_done(&mut self, subject: &Subject, options: &Options<'_>) {
        let share = self.shares.last().copied().unwrap_or(1.0);
        self.done += budget(subject, options) * share + set_up(subject, options);
    }

    /// The memory of a model was measured.
    pub(super) fn memory_done(&mut self) {
        self.done += self.memory;
    }

    /// How much of the run is done, from 0 to 1.
    pub(super) fn share(&self) -> f64 {
        (self.done / self.total.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
    }
}

fn budget(subject: &Subject, options: &Options<'_>) -> f64 {
    let budget =
        options.profile.budget(subject.parameters.byte_len(), case_count(subject, options));
    budget.mul_f64(options.budget_share).as_secs_f64()
}

/// How many cases a model will have, about: what another program offers it says only later.
fn case_count(subject: &Subject, options: &Options<'_>) -> usize {
    let bytes = subject.parameters.byte_len();
    let is_whole = options.is_whole(subject.id());
    let profile = options.profile;
    let wanted =
        |operation: &Operation| options.only.is_empty() || options.only.contains(operation);
    let mut operations = profile.operations(is_whole, bytes);
    operations.retain(|(operation, _)| wanted(operation));
    let of_format = |format: &'static dyn Format| {
        let exists =
            |operation| cases::missing(format, subject.rows.is_some(), operation).is_none();
        let all = operations.iter().filter(|(operation, pages)| {
            exists(*operation) && (pages.is_none() || cases::fills_arena(format, *operation))
        });
        all.count()
    };
    let formats = options.formats.iter().copied();
    let formats =
        formats.filter(|format| profile.leaves_out(format.descriptor().id, is_whole).is_none());
    let floors = profile.floors().into_iter().filter(|(operation, _)| wanted(operation)).count();
    let twins = match options.twins.iter().any(|id| id == subject.id()) {
        true => Twin::ALL.len() * plan::CORE.len() * plan::HEADLINES.len(),
        false => 0,
    };
    let theirs = options.peer.as_ref().map_or(0, |peer| peer.formats.len() * PEER_OPERATIONS);
    formats.map(of_format).sum::<usize>() + floors + twins + theirs
}

fn set_up(subject: &Subject, options: &Options<'_>) -> f64 {
    let bytes = subject.parameters.byte_len();
    let scale = (bytes as f64 / 10e6).min(4.0);
    let is_whole = options.is_whole(subject.id());
    let formats = options.formats.iter().map(|format| format.descriptor().id);
    let formats = formats.filter(|id| options.profile.leaves_out(id, is_whole).is_none());
    let peer = match options.peer {
        Some(_) => PEER_SECONDS + PEER_SECONDS_A_MEGABYTE * bytes as f64 / 1e6,
        None => 0.0,
    };
    let count = formats.count();
    let hot = match options.profile.is_hot(is_whole) {
        true => hot::planned_seconds(options.profile, bytes, count),
        false => 0.0,
    };
    (LEAST_SET_UP_SECONDS + SET_UP_SECONDS * scale) * count as f64 + peer + hot
}
