//! The supervisor's notes: what was attempted, in order, equal attempts counted.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use crate::base::detonation::{Event, EventKind, Phase};

/// Most bytes of details that are listed: the host reads a record up to a bound, and a file must not be
/// able to make its record longer.
const MAX_BYTES: usize = 8 << 20;

/// Notes of one load.
#[derive(Debug)]
pub struct Notes {
    phase: Phase,
    listed: u64,
    events: Vec<Event>,
    known: HashMap<String, usize>,
    kinds: BTreeMap<(EventKind, bool), u64>,
    omitted: BTreeMap<EventKind, u64>,
    armed: u64,
    bytes: usize,
}

impl Notes {
    /// None yet. At most `listed` different ones of a kind are kept; the others are counted.
    pub fn new(listed: u64) -> Self {
        Notes {
            phase: Phase::Startup,
            listed,
            events: Vec::new(),
            known: HashMap::new(),
            kinds: BTreeMap::new(),
            omitted: BTreeMap::new(),
            armed: 0,
            bytes: 0,
        }
    }

    /// From here on attempts are evidence. There is no way back.
    pub fn arm(&mut self) {
        self.phase = Phase::Armed;
    }

    /// True once the load began.
    pub fn is_armed(&self) -> bool {
        self.phase == Phase::Armed
    }

    /// Writes an attempt down. `stopped_by` is what stopped it.
    pub fn add(&mut self, kind: EventKind, detail: Map<String, Value>, stopped_by: Option<&str>) {
        let armed = self.is_armed();
        if armed {
            self.armed += 1;
        }
        let key = format!("{armed} {} {stopped_by:?} {}", kind.id(), Value::Object(detail.clone()));
        if let Some(event) = self.known.get(&key).and_then(|at| self.events.get_mut(*at)) {
            event.times = Some(event.times.unwrap_or(1) + 1);
            return;
        }
        let count = self.kinds.entry((kind, armed)).or_default();
        *count += 1;
        self.bytes = self.bytes.saturating_add(key.len());
        if *count > self.listed || self.bytes > MAX_BYTES {
            self.bytes = self.bytes.saturating_sub(key.len());
            // What comes before the sign is no evidence, and need not be counted.
            if armed {
                *self.omitted.entry(kind).or_default() += 1;
            }
            return;
        }
        self.known.insert(key, self.events.len());
        self.events.push(Event {
            phase: self.phase,
            kind,
            detail,
            denied: stopped_by.is_some(),
            stopped_by: stopped_by.map(str::to_owned),
            times: None,
        });
    }

    /// All of them: the list, what is not in it, and how many came after the load began.
    pub fn finish(self) -> (Vec<Event>, BTreeMap<EventKind, u64>, u64) {
        (self.events, self.omitted, self.armed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn detail(path: &str) -> Map<String, Value> {
        Map::from_iter([("path".to_owned(), json!(path))])
    }

    #[test]
    fn equal_attempts_are_counted_and_a_flood_is_cut() {
        let mut notes = Notes::new(2);
        notes.add(EventKind::FileRead, detail("/a"), Some("seccomp"));
        notes.arm();
        for _ in 0..3 {
            notes.add(EventKind::FileRead, detail("/a"), Some("seccomp"));
        }
        for at in 0..1000 {
            notes.add(EventKind::FileRead, detail(&format!("/{at}")), Some("seccomp"));
        }
        let (events, omitted, armed) = notes.finish();
        assert_eq!(armed, 1003);
        assert_eq!(events.len(), 3);
        assert_eq!(events[0].phase, Phase::Startup);
        assert_eq!((events[1].phase, events[1].times), (Phase::Armed, Some(3)));
        assert_eq!(omitted[&EventKind::FileRead], 999);
    }

    #[test]
    fn long_attempts_cannot_make_a_record_long() {
        let mut notes = Notes::new(u64::MAX);
        notes.arm();
        for at in 0..100 {
            let long = at.to_string().repeat(MAX_BYTES / 20);
            notes.add(EventKind::Exec, detail(&long), Some("seccomp"));
        }
        notes.add(EventKind::Exec, detail("short"), Some("seccomp"));
        let (events, omitted, armed) = notes.finish();
        assert_eq!(armed, 101);
        assert!(events.len() < 21, "{}", events.len());
        assert_eq!(events.len() as u64 + omitted[&EventKind::Exec], 101);
        assert!(events.last().unwrap().mentions("short"), "what is short still fits");
    }
}
