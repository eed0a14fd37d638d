//! The section on hostile files, from a record with names that want to be markup.

use deadweight::base::detonation::EventKind;
use deadweight::base::trial::DemoRecord;
use deadweight::report;

use super::between;
use super::builder::sample;
use super::demonstration::{EVIL, demonstration, event};
use super::markup::Page;

/// The same as it may stand on the page.
const EVIL_SHOWN: &str =
    "</td><script>alert(1)</script>\\u{1b}[31m\\u{202e}<img src=x onerror=alert(1)>";

fn section(record: &DemoRecord) -> (String, String) {
    let html = report::html(&sample(), Some(record));
    let page = Page::read(&html);
    assert_eq!(page.named("img").count(), 0);
    // One more than without them: the evidence that the page saves.
    assert_eq!(page.named("script").count(), 5);
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
        "Hostile files that Python's loaders run: 3; 1 did what they were made for where they were let \
         loose, 2 stopped under the policy, the planted files untouched.",
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
