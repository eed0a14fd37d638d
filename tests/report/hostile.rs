//! The section on hostile files, from a record with names that want to be markup.

use std::collections::BTreeMap;

use deadweight::base::detonation::{
    DETONATION_SCHEMA, Detonation, Effect, Event, EventKind, Mode, Outcome, Phase, Strength,
};
use deadweight::base::trial::{
    Check, DEMO_SCHEMA, DemoRecord, PythonOfTrials, Trial, TrialReference, Verdict,
};
use deadweight::report;
use serde_json::json;

use super::between;
use super::builder::sample;
use super::markup::Page;

/// Markup, steering of a terminal, a line that is turned round.
const EVIL: &str = "</td><script>alert(1)</script>\x1b[31m\u{202e}<img src=x onerror=alert(1)>";
/// The same as it may stand on the page.
const EVIL_SHOWN: &str =
    "</td><script>alert(1)</script>\\u{1b}[31m\\u{202e}<img src=x onerror=alert(1)>";

fn event(kind: EventKind, path: &str, stopped_by: Option<&str>) -> Event {
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

fn section(record: &DemoRecord) -> (String, String) {
    let html = report::html(&sample(), Some(record));
    let page = Page::read(&html);
    assert_eq!(page.named("img").count(), 0);
    assert_eq!(page.named("script").count(), 4);
    let hidden = |c: char| c == '\x1b' || c == '\u{202e}';
    assert!(!html.contains(hidden) && !html.contains('\r'));
    let text = page.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = between(&text, "Hostile files Hostile files", "How arrays are stored").to_owned();
    (between(&html, "<section id=\"hostile\">", "</section>").to_owned(), text)
}

#[test]
fn what_hostile_files_did_is_counted_told_and_harmless() {
    let record = demonstration();
    let html = report::html(&sample(), Some(&record));
    assert!(html.contains("href=\"#hostile\""));
    let page = Page::read(&html);
    let text = page.text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "Hostile files that Python's loaders run: 3; 1 did harm where they were let loose, 2 stopped under the \
         policy, the planted files untouched.",
        "Hostile files for data-only loaders: 4; 3 refused or plain data, 1 attempts to do anything else.",
        "1 went WRONG; 1 could not be tried.",
        "✗ 1 trial not as it must be.",
        "– 1 trial not tried: joblib is missing",
        "1 file was stopped under the policy without having been seen let loose: no namespaces here.",
        "58 attacks are known beside these",
        "title of shell shell high pickle",
        "\"the key\" arrived by tcp",
        "✓ stopped 6 attempts, 3 by landlock, 3 by seccomp",
        "call by call: 6 attempts stopped",
        "In force: seccomp; in part: namespaces",
        "✓ the canary falls",
        "✗ not seen: exec is recorded",
        "→ let go on, to see what the new process does",
        "(3 times) ✓ stopped by seccomp",
        "7 more of probe were counted and not listed.",
        "CVE-2026-0001 · https://example.org/<b>",
        "T1059.006 Python",
        "CWE-502",
        "deadweight demo --attack shell",
        "121 B, SHA-256 00ff",
        "raw ✓ refused – –",
        "json ✓ refused = stays data –",
        "✗ WRONG",
        "title of length, raw, json :",
        "2026-11-25 10:00:00 UTC, in 12.0 s",
        "policy namespaces in part, seccomp in full",
        EVIL_SHOWN,
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    section(&record);
}

#[test]
fn an_endless_text_is_cut() {
    let mut record = demonstration();
    let endless = "x".repeat(100_000);
    let policy = record.trials[0].policy.as_mut().unwrap();
    policy.events = vec![event(EventKind::Exec, &endless, Some("seccomp")); 300];
    let (html, text) = section(&record);
    assert!(html.len() < 100_000, "{}", html.len());
    assert!(text.contains("260 more calls are in demo.json."));
    assert!(text.contains("characters)"));
}

#[test]
fn without_a_record_the_section_says_how_to_get_one() {
    let html = report::html(&sample(), None);
    let section = between(&html, "<section id=\"hostile\">", "</section>");
    assert!(section.contains("<code>deadweight demo --out DIR</code>"), "{section}");
    let record = DemoRecord {
        not_run: Some(format!("this kernel has no Landlock {EVIL}")),
        trials: Vec::new(),
        ..demonstration()
    };
    let html = report::html(&sample(), Some(&record));
    let page = Page::read(&html);
    assert!(page.text.contains("Hostile files are not shown: this kernel has no Landlock"));
    assert_eq!(page.named("script").count(), 4);
    assert!(!page.text.contains("The sandbox"));
}

#[test]
fn a_record_comes_back_as_it_was() {
    let record = demonstration();
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<DemoRecord>(&text).unwrap(), record);
    assert!(!record.is_complete());
}
