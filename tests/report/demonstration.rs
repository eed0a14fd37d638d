//! A record of hostile files for tests: one trial of each verdict, with names that want to be markup.

use std::collections::BTreeMap;

use deadweight::base::detonation::{
    DETONATION_SCHEMA, Detonation, Effect, Event, EventKind, Mode, Outcome, Phase, Strength,
};
use deadweight::base::trial::{
    Check, DEMO_SCHEMA, DemoRecord, PythonOfTrials, Trial, TrialReference, Verdict,
};
use serde_json::json;

/// Markup, steering of a terminal, a line that is turned round.
pub const EVIL: &str = "</td><script>alert(1)</script>\x1b[31m\u{202e}<img src=x onerror=alert(1)>";
/// An attempt after loading began.
pub fn event(kind: EventKind, path: &str, stopped_by: Option<&str>) -> Event {
    let detail = json!({"call": "call", "path": path, "argv": ["sh", path]});
    Event {
        phase: Phase::Armed,
        kind,
        detail: detail.as_object().unwrap().clone(),
        denied: stopped_by.is_some(),
        stopped_by: stopped_by.map(str::to_owned),
        times: stopped_by.map(|_| 3),
    }
}

fn load(mode: Mode, events: Vec<Event>) -> Detonation {
    Detonation {
        schema: DETONATION_SCHEMA.to_owned(),
        outcome: Outcome::Failed,
        reason: Some(EVIL.to_owned()),
        layers: BTreeMap::from([
            ("seccomp".to_owned(), Strength::Full),
            ("namespaces".to_owned(), Strength::Partial),
        ]),
        notes: vec![format!("no user namespaces {EVIL}")],
        armed_events: events.len() as u64,
        events,
        omitted: BTreeMap::from([(EventKind::Probe, 7)]),
        advisory: vec![EVIL.to_owned()],
        output: EVIL.to_owned(),
        setup_micros: Some(1),
        elapsed_micros: Some(20_000),
        peak_resident_bytes: Some(1),
        ..Detonation::not_run(EVIL, mode, "pickle, CPython 3.11.7", "")
    }
}

fn trial(attack: &str, target: &str, executable: bool, verdict: Verdict) -> Trial {
    Trial {
        attack: attack.to_owned(),
        title: format!("title of {attack}"),
        summary: "What it does.".to_owned(),
        severity: "high".to_owned(),
        techniques: vec!["T1059.006 Python".to_owned()],
        cwe: vec![502],
        references: vec![TrialReference {
            title: "CVE-2026-0001".to_owned(),
            url: "https://example.org/<b>".to_owned(),
        }],
        target: target.to_owned(),
        executable,
        bytes: 121,
        sha256: "00ff".to_owned(),
        verdict,
        signs: Vec::new(),
        evidence: Vec::new(),
        aquarium: None,
        policy: None,
    }
}

/// One of each verdict.
pub fn demonstration() -> DemoRecord {
    let mut stopped = trial("shell", "pickle", true, Verdict::Stopped);
    stopped.signs = vec![Check { what: "the canary falls".to_owned(), seen: true }];
    stopped.evidence = vec![Check { what: "exec is recorded".to_owned(), seen: false }];
    let exec = |stopped_by| event(EventKind::Exec, EVIL, stopped_by);
    stopped.aquarium = Some(load(Mode::Aquarium, vec![exec(None)]));
    stopped.aquarium.as_mut().unwrap().effects = vec![
        Effect::Created { path: format!("/tmp/x/scene/{EVIL}") },
        Effect::Received { listener: "tcp".to_owned(), data: "the key".to_owned() },
    ];
    let process = event(EventKind::Process, "child", None);
    let write = event(EventKind::FileWrite, "/f", Some("landlock"));
    stopped.policy = Some(load(Mode::Policy, vec![process, exec(Some("seccomp")), write]));
    let reason = format!("joblib is missing {EVIL}");
    let unseen = Verdict::StoppedUnseen { reason: "no namespaces here".to_owned() };
    let mut wrong =
        trial("flood", EVIL, false, Verdict::Failed { problems: vec![EVIL.to_owned()] });
    wrong.policy = Some(load(Mode::Policy, vec![event(EventKind::Connect, EVIL, None)]));
    DemoRecord {
        schema: DEMO_SCHEMA.to_owned(),
        tool_version: "0.1.0".to_owned(),
        started: "2026-11-25T10:00:00.123Z".to_owned(),
        elapsed_seconds: 12.0,
        kernel: format!("Linux 6.5 {EVIL}"),
        user: "ordinary user".to_owned(),
        python: Some(PythonOfTrials {
            version: "CPython 3.11.7".to_owned(),
            packages: [("joblib".to_owned(), EVIL.to_owned())].into(),
        }),
        python_missing: None,
        not_run: None,
        attacks_left_out: 58,
        twin: None,
        trials: vec![
            stopped,
            trial("quiet", "numpy", true, unseen),
            trial("late", "joblib", true, Verdict::NotRun { reason }),
            trial("length", "raw", false, Verdict::Refused { error: EVIL.to_owned() }),
            trial("length", "json", false, Verdict::Refused { error: EVIL.to_owned() }),
            trial("text", "json", false, Verdict::Inert),
            wrong,
        ],
    }
}
