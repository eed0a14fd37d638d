//! Loads each format of each model once, in fresh processes, for what it takes in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::collected::Collected;
use super::plan::Profile;
use super::protocol::{Event, Job, MemoryJob};
use super::run::{Options, converse};
use super::schedule::Schedule;
use super::subject::Subject;
use crate::base::case::{CaseId, Operation};
use crate::base::record::{MemoryOutcome, MemoryRow};
use crate::formats::Format;

/// The loads whose memory is measured.
pub(super) const OPERATIONS: [Operation; 2] = [Operation::Decode, Operation::MapPredictOne];

pub(super) fn run(
    subjects: &[Subject],
    options: &Options<'_>,
    dir: &Path,
    collected: &Collected,
    schedule: &mut Schedule,
) -> Vec<MemoryRow> {
    let mut rows = Vec::new();
    for subject in subjects {
        options.progress.update(schedule.share(), &format!("memory: {}", subject.id()));
        let cases: Vec<(&'static dyn Format, CaseId)> = options
            .formats
            .iter()
            .flat_map(|format| OPERATIONS.map(|operation| (*format, operation)))
            .map(|(format, operation)| {
                let format_id = format.descriptor().id.to_owned();
                let model = subject.id().to_owned();
                (
                    format,
                    CaseId { model, format: format_id, operation, pages: None, temperature: None },
                )
            })
            .collect();
        // No time is taken here, so that every core may load.
        let what = Loads {
            profile: options.profile,
            is_whole: options.is_whole(subject.id()),
            helper: &options.helper,
            stop: options.stop,
            subject,
            dir,
            failed: &collected.failed,
        };
        rows.par_extend(cases.into_par_iter().map(|(format, case)| {
            let outcome = what.memory_of(&case, format);
            MemoryRow { case, outcome }
        }));
        schedule.memory_done();
    }
    rows
}

/// The loads of one model.
struct Loads<'a> {
    profile: Profile,
    is_whole: bool,
    helper: &'a Path,
    stop: &'a AtomicBool,
    subject: &'a Subject,
    dir: &'a Path,
    failed: &'a BTreeMap<CaseId, String>,
}

impl Loads<'_> {
    fn memory_of(&self, case: &CaseId, format: &dyn Format) -> MemoryOutcome {
        let unmeasured = |reason: String| MemoryOutcome::NotMeasured { reason };
        if self.stop.load(Ordering::SeqCst) {
            return unmeasured("the run was stopped before".to_owned());
        }
        let has_rows = self.subject.rows.is_some();
        let reason = super::cases::missing(format, has_rows, case.operation)
            .or_else(|| self.profile.leaves_out(format.descriptor().id, self.is_whole))
            .or_else(|| self.failed.get(case).cloned());
        if let Some(reason) = reason {
            return unmeasured(reason);
        }
        let job = Job::Memory(Box::new(MemoryJob {
            dir: self.dir.to_owned(),
            model: self.subject.record.clone(),
            case: case.clone(),
        }));
        let mut outcome = None;
        let result = converse(self.helper, &job, self.stop, |event| match event {
            Event::Memory { memory } => outcome = Some(MemoryOutcome::Measured(memory)),
            Event::Skipped { reason, .. } => outcome = Some(unmeasured(reason)),
            _ => {}
        });
        match (outcome, result) {
            (Some(outcome), _) => outcome,
            (None, Err(error)) => unmeasured(error.to_string()),
            (None, Ok(())) => unmeasured("the process reported nothing".to_owned()),
        }
    }
}
