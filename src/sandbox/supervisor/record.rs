//! From what a load's supervisor noted to the record of the load.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::decode::printable;
use super::super::request::Ablation;
use super::{MAX_ADVICES, Watch};
use crate::base::detonation::{DETONATION_SCHEMA, Detonation, EventKind, Mode, Outcome, Strength};

impl Watch<'_> {
    /// The record, once everything is gone.
    pub fn finish(mut self) -> Detonation {
        let (outcome, reason) = self.outcome();
        let (layers, notes) = self.layers();
        let ended = self.ended;
        let advisory = self.advice.lines();
        let text = |line: &Vec<u8>| printable(line.get(..line.len().min(300)).unwrap_or_default());
        let (events, omitted, armed_events) = self.notes.finish();
        Detonation {
            schema: DETONATION_SCHEMA.into(),
            path: self.request.path.to_string_lossy().into_owned(),
            mode: self.request.mode,
            loader: self.request.loader.clone(),
            outcome,
            reason,
            layers,
            notes,
            armed_events,
            events,
            omitted,
            effects: self.effects,
            advisory: advisory.iter().take(MAX_ADVICES).map(text).collect(),
            output: printable(&self.output.bytes),
            setup_micros: self.setup.map(micros),
            elapsed_micros: Some(micros(self.began.elapsed())),
            peak_resident_bytes: ended.map(|(_, _, resident)| resident),
        }
    }

    /// How it ended. Without its sign the program never got to the file, whatever ended it.
    fn outcome(&mut self) -> (Outcome, Option<String>) {
        let (outcome, reason) = self.ending();
        if self.notes.is_armed() {
            return (outcome, reason);
        }
        let reason = reason.unwrap_or_default();
        (Outcome::NotRun, Some(format!("the loader's program did not get ready: {reason}")))
    }

    /// How the program ended; limits that ended it are noted.
    fn ending(&mut self) -> (Outcome, Option<String>) {
        let limits = &self.request.limits;
        let mut note = |kind: EventKind, limit: &str, value: u64| {
            let detail = json!({"call": limit, "limit": value});
            let Value::Object(detail) = detail else { return };
            self.notes.add(kind, detail, Some("limit"));
        };
        if self.timed_out {
            note(EventKind::TimeLimit, "wall clock", limits.wall_millis);
            let seconds = Duration::from_millis(limits.wall_millis).as_secs_f64();
            return (Outcome::TimedOut, Some(format!("ended after {seconds} s")));
        }
        let Some((status, cpu, _)) = self.ended else {
            let problem = self.problem.take();
            let problem = problem.unwrap_or_else(|| "its end was not seen".into());
            return (Outcome::Killed, Some(problem));
        };
        if self.largest_address >= limits.address_bytes / 20 * 19 {
            note(EventKind::MemoryLimit, "RLIMIT_AS", limits.address_bytes);
        }
        if libc::WIFSIGNALED(status) {
            let signal = libc::WTERMSIG(status);
            // The kernel counts in ticks, so that it may end a process a little before the whole second.
            let spent = cpu + 100_000 >= limits.cpu_seconds * 1_000_000;
            if signal == libc::SIGXCPU || (signal == libc::SIGKILL && spent) {
                note(EventKind::CpuLimit, "RLIMIT_CPU", limits.cpu_seconds);
                let seconds = limits.cpu_seconds;
                return (
                    Outcome::Killed,
                    Some(format!("ended after {seconds} s of processor time")),
                );
            }
            return (Outcome::Killed, Some(format!("ended by signal {signal}")));
        }
        let said = said(&self.output.bytes);
        match libc::WEXITSTATUS(status) {
            0 if self.notes.is_armed() => (Outcome::Loaded, said),
            3 if self.notes.is_armed() => (Outcome::Failed, said),
            code if self.notes.is_armed() => (Outcome::Failed, Some(format!("exit code {code}"))),
            code => {
                let said = printable(&self.output.bytes);
                (Outcome::Failed, Some(format!("exit code {code}: {}", tail(&said))))
            }
        }
    }

    fn layers(&self) -> (BTreeMap<String, Strength>, Vec<String>) {
        let mut notes = Vec::new();
        let seccomp = match self.request.ablation {
            Some(Ablation::Seccomp) => Strength::None,
            _ if self.request.mode == Mode::Aquarium => Strength::None,
            _ => Strength::Full,
        };
        let landlock = self.landlock.clone();
        if let Some((Strength::Partial, note)) = &landlock {
            notes.push(note.clone());
        }
        let namespaces = match (&self.namespaces, &self.name) {
            (Err(reason), _) => {
                notes.push(format!("no namespaces: {reason}"));
                Strength::None
            }
            (Ok(_), Some(problem)) => {
                notes.push(format!("the host's name can be seen: {problem}"));
                Strength::Partial
            }
            (Ok(_), None) => Strength::Full,
        };
        let root = match &self.root {
            Some(None) => Strength::Full,
            Some(Some(problem)) => {
                notes.push(format!("no root of its own: {problem}"));
                Strength::None
            }
            None => Strength::None,
        };
        let limits = match self.request.ablation {
            Some(Ablation::Limits) => Strength::None,
            _ => Strength::Full,
        };
        let layers = [
            ("seccomp", seccomp),
            ("landlock", landlock.map_or(Strength::None, |(strength, _)| strength)),
            ("namespaces", namespaces),
            ("private-root", root),
            ("limits", limits),
        ];
        (layers.into_iter().map(|(name, strength)| (name.to_owned(), strength)).collect(), notes)
    }
}

/// The last line of what the program printed.
fn said(output: &[u8]) -> Option<String> {
    let line = output.trim_ascii_end().rsplit(|byte| *byte == b'\n').next()?;
    let text = printable(line.get(..line.len().min(400)).unwrap_or_default());
    (!text.is_empty()).then_some(text)
}

/// The end of a text, where a failed program says why.
fn tail(text: &str) -> &str {
    let skipped = text.chars().count().saturating_sub(400);
    text.char_indices().nth(skipped).map_or("", |(at, _)| text.get(at..).unwrap_or_default())
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
