//! The report from the outside: records in, sentences, CSV and page out.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deadweight::base::case::{CaseId, FLOOR, Group, Operation};
use deadweight::base::compatibility::CompatibilityOutcome;
use deadweight::base::record::{
    BenchRecord, FormatRecord, MemoryOutcome, Outcome, ProgramOutcome, ProgramRow, PythonRecord,
    Row, TutorialMethod, TutorialRecord,
};
use deadweight::base::trial::DEMO_SCHEMA;
use deadweight::base::units;
use deadweight::report;
use deadweight::report::comparison::{Baseline, Changes, FormatChange, Named, Ratio};
use deadweight::report::files::Beside;
use deadweight::report::verdict::{Want, verdicts};
use serde_json::Value;
use sha2::{Digest, Sha256};

#[path = "report/builder.rs"]
mod builder;
#[path = "report/demonstration.rs"]
mod demonstration;
#[path = "report/hostile.rs"]
mod hostile;
#[path = "report/markup.rs"]
mod markup;

use builder::{case, empty, format, large, model, row, sample, size};
use markup::Page;

fn sentences(record: &BenchRecord) -> Vec<String> {
    verdicts(record).sentences()
}

/// A record of one model of 1 MB and these formats, without rows.
fn with_formats(formats: &[FormatRecord]) -> BenchRecord {
    let mut record = empty();
    record.models = vec![model("m", "Model", 1_000_000)];
    record.formats = formats.to_vec();
    record
}

// ---------------------------------------------------------------- verdict

#[test]
fn the_largest_model_speaks_and_every_shared_rank_is_named() {
    assert_eq!(
        sentences(&sample()),
        [
            "Forest (M), 10.4 MB in 7 arrays, the largest of 2 models:",
            "Fastest first prediction: rkyv 1.10 ms, raw 1.20 ms, safetensors 1.25 ms (not distinguishable); next postcard, 2.40 ms (2.18×).",
            "Fastest through a view: raw, 10.0 µs [9.50 – 10.5 µs]; next safetensors, 25.0 µs (2.50×).",
            "Smallest: postcard, 7.60 MB, 73 % of the arrays; with zstd-3 3.90 MB, 38 %.",
            "Use safetensors: first prediction 1.25 ms (among the fastest), 25.0 µs as a view, 10.4 MB, portable.",
            "As fast or faster, not recommended: rkyv (advisory).",
        ]
    );
}

#[test]
fn each_model_has_its_own_sentences() {
    let verdicts = verdicts(&sample());
    assert_eq!(verdicts.models[0].heading(), "Tiny (S), 2.00 kB in 7 arrays");
    assert_eq!(
        verdicts.models[0].sentences(),
        [
            "Fastest first prediction: raw, 4.00 µs [3.80 – 4.20 µs]; next safetensors, 9.00 µs (2.25×).",
            "Smallest: raw, 2.10 kB, 105 % of the arrays.",
            // Five microseconds more are less than any network's: the portable one is taken.
            "Use safetensors: first prediction 9.00 µs (2.25× the fastest), portable.",
        ]
    );
}

#[test]
fn many_that_share_a_rank_are_all_named_with_their_range() {
    let names = ["a", "b", "c", "d", "e"];
    let mut record = with_formats(&names.map(|name| format(name, "bytes", &[])));
    for (position, name) in names.into_iter().enumerate() {
        let nanos = 1_000_000.0 + 10_000.0 * position as f64;
        record.rows.push(row("m", name, Operation::DecodePredictOne, nanos, 1));
    }
    assert_eq!(
        sentences(&record),
        [
            "Model, 1.00 MB in 7 arrays:",
            "Fastest first prediction: a, b, c, d, e (1.00 – 1.04 ms, not distinguishable).",
            "Use a: first prediction 1.00 ms (among the fastest).",
        ]
    );
}

#[test]
fn what_speaks_against_a_format_is_said() {
    let mut lossy = format("lossy", "bytes", &[]);
    lossy.losses = vec!["NaN".to_owned()];
    let mut executable = format("pickle", "native", &[]);
    executable.kind = "executable".to_owned();
    let mut record = with_formats(&[
        executable,
        lossy,
        format("old", "native", &["unmaintained"]),
        format("plain", "bytes", &["no-checksum", "hostile-input", "convention"]),
    ]);
    let formats = ["pickle", "lossy", "old", "plain"];
    for (position, name) in formats.into_iter().enumerate() {
        let nanos = 1_000_000.0 * (position + 1) as f64;
        let rank = position as u32 + 1;
        record.rows.push(row("m", name, Operation::DecodePredictOne, nanos, rank));
    }
    let told = sentences(&record);
    assert_eq!(
        told[2..],
        [
            "Use plain: first prediction 4.00 ms (4.00× the fastest).",
            "As fast or faster, not recommended: pickle (can run code), lossy (lossy), old (unmaintained).",
        ]
    );

    // Without the plain one the choice is made with care, and never falls on executable formats.
    record.rows.pop();
    let told = sentences(&record);
    assert_eq!(
        told[2],
        "Use lossy with care (lossy): first prediction 2.00 ms (2.00× the fastest)."
    );
    record.rows.truncate(1);
    let told = sentences(&record);
    assert_eq!(told[2], "No recommendation: every format that was measured can run code.");
}

#[test]
fn a_format_that_failed_on_the_model_is_not_recommended() {
    let mut record = with_formats(&[format("a", "bytes", &[]), format("b", "bytes", &[])]);
    record.rows = vec![
        row("m", "a", Operation::DecodePredictOne, 1_000_000.0, 1),
        row("m", "b", Operation::DecodePredictOne, 9_000_000.0, 2),
        Row {
            case: case("m", "a", Operation::View),
            outcome: Outcome::Failed { reason: "differs".to_owned() },
        },
    ];
    assert_eq!(
        sentences(&record)[2..],
        [
            "Use b: first prediction 9.00 ms (9.00× the fastest).",
            "As fast or faster, not recommended: a (failed an operation).",
        ]
    );
}

#[test]
fn of_portable_formats_a_clearly_larger_one_is_not_taken() {
    let mut record = with_formats(&[
        format("large", "native", &[]),
        format("small", "native", &[]),
        format("raw", "native", &[]),
    ]);
    record.rows = vec![
        row("m", "raw", Operation::DecodePredictOne, 10_000.0, 1),
        row("m", "large", Operation::DecodePredictOne, 20_000.0, 2),
        row("m", "small", Operation::DecodePredictOne, 30_000.0, 3),
    ];
    record.sizes = vec![size("m", "large", 2_000, &[]), size("m", "small", 1_000, &[])];
    let verdict = verdicts(&record);
    let choice = verdict.models[0].choice.as_ref().unwrap();
    assert_eq!(choice.format.as_deref(), Some("small"));
    // With nearly equal sizes the rank decides.
    record.sizes[0].bytes = 1_040;
    let verdict = verdicts(&record);
    assert_eq!(verdict.models[0].choice.as_ref().unwrap().format.as_deref(), Some("large"));
}

// ---------------------------------------------------------------- partial records

#[test]
fn nothing_is_ever_made_of_nothing() {
    assert_eq!(sentences(&empty()), ["Nothing was measured: the record has no model."]);
    let record = with_formats(&[format("a", "bytes", &[])]);
    assert_eq!(
        sentences(&record),
        ["Model, 1.00 MB in 7 arrays:", "Nothing was measured for this model."]
    );
}

#[test]
fn one_format_of_an_interrupted_run_on_a_noisy_machine() {
    let mut record = with_formats(&[format("a", "bytes", &[]), format("b", "bytes", &[])]);
    record.models.push(model("huge", "Huge", 100_000_000));
    record.rows = vec![
        row("m", "a", Operation::DecodePredictOne, 1_000_000.0, 1),
        Row {
            case: case("huge", "a", Operation::DecodePredictOne),
            outcome: Outcome::NotMeasured { reason: "stopped".to_owned() },
        },
    ];
    record.interrupted = Some("stopped by the user".to_owned());
    record.noise.noisy = true;
    record.noise.loop_spread = 0.31;
    assert_eq!(
        sentences(&record),
        [
            "Model, 1.00 MB in 7 arrays, the largest of 2 models:",
            "Fastest first prediction: a, 1.00 ms [950 µs – 1.05 ms]; no other format was measured.",
            "Use a: first prediction 1.00 ms (no other was measured).",
            "The run is not complete: stopped by the user.",
            "Noisy machine (a fixed loop varied by 31 %): do not trust small differences.",
        ]
    );
    let page = Page::read(&report::html(&record, None));
    assert!(page.text.contains("The run is not complete: stopped by the user."));
    assert!(page.text.contains("Noisy machine (a fixed loop varied by 31 %)"));
    assert!(page.text.contains("No memory was measured for this model."));
    assert!(page.text.contains("No size was measured for this model."));
}

#[test]
fn plain_arrays_are_told_by_their_decode_and_a_map_stands_for_a_missing_view() {
    let mut record = with_formats(&[format("a", "bytes", &[]), format("b", "bytes", &[])]);
    record.rows = vec![
        row("m", "a", Operation::Decode, 2_000_000.0, 1),
        row("m", "b", Operation::Decode, 5_000_000.0, 2),
        row("m", "a", Operation::MapPredictOne, 7_000.0, 1),
    ];
    assert_eq!(
        sentences(&record)[1..],
        [
            "Fastest decode: a, 2.00 ms [1.90 – 2.10 ms]; next b, 5.00 ms (2.50×).",
            "Fastest from a mapped file: a, 7.00 µs [6.65 – 7.35 µs]; no other format was measured.",
            "Use a: decode 2.00 ms (the fastest), 7.00 µs as a view.",
        ]
    );
}

#[test]
fn without_ranks_intervals_decide_who_is_among_the_best() {
    let mut record = with_formats(&["a", "b", "c"].map(|name| format(name, "bytes", &[])));
    for (name, nanos) in [("a", 1_000_000.0), ("b", 1_080_000.0), ("c", 1_200_000.0)] {
        let mut row = row("m", name, Operation::DecodePredictOne, nanos, 1);
        if let Outcome::Measured(timing) = &mut row.outcome {
            timing.rank = None;
        }
        record.rows.push(row);
    }
    assert_eq!(
        sentences(&record)[1],
        "Fastest first prediction: a 1.00 ms, b 1.08 ms (not distinguishable); next c, 1.20 ms (1.20×)."
    );
}

#[test]
fn sizes_alone_are_told_without_a_recommendation() {
    let mut record = with_formats(&[format("a", "bytes", &[])]);
    record.sizes = vec![size("m", "a", 1_200_000, &[])];
    record.formats[0].warnings = format("a", "bytes", &["unmaintained"]).warnings;
    assert_eq!(
        sentences(&record)[1..],
        [
            "Fastest first prediction: not measured.",
            "Smallest: a (unmaintained), 1.20 MB, 120 % of the arrays.",
            "No recommendation: no load was measured.",
        ]
    );
}

#[test]
fn another_format_that_is_smallest_when_compressed_is_named() {
    let mut record =
        with_formats(&[format("a", "bytes", &[]), format("b", "bytes", &["advisory"])]);
    record.sizes = vec![
        size("m", "a", 900_000, &[("lz4", 500_000)]),
        size("m", "b", 950_000, &[("lz4", 400_000)]),
    ];
    assert_eq!(
        sentences(&record)[2],
        "Smallest: a, 900 kB, 90 % of the arrays; b (advisory) + lz4, 400 kB, 40 %."
    );
}

#[test]
fn goals_name_the_least_memory_and_the_portable_one() {
    let verdicts = verdicts(&sample());
    let forest = verdicts.headline().unwrap();
    let frugal = forest.goal(Want::Frugal).unwrap();
    assert_eq!(
        frugal.sentence(),
        "Least heap while decoding: raw, 10.4 MB; next safetensors, 10.5 MB (1.01×)."
    );
    let portable = forest.goal(Want::Portable(Operation::DecodePredictOne)).unwrap();
    assert_eq!(portable.best_text(), "safetensors, 1.25 ms");
}

#[test]
fn partial_records_make_whole_pages() {
    let mut lonely = empty();
    lonely.rows = vec![row("unknown", "stranger", Operation::Encode, 5.0, 1)];
    let mut zero = sample();
    for row in &mut zero.rows {
        if let Outcome::Measured(timing) = &mut row.outcome {
            (timing.median_nanos, timing.low_nanos, timing.high_nanos) = (0.0, 0.0, 0.0);
            timing.samples_nanos = Vec::new();
        }
    }
    zero.models[1].array_bytes = 0;
    let mut no_memory = sample();
    no_memory.memory.clear();
    no_memory.sizes.clear();
    for record in [empty(), lonely, zero, no_memory, with_formats(&[])] {
        let html = report::html(&record, None);
        let page = Page::read(&html);
        for word in ["NaN", "inf ", "infinity"] {
            assert!(!page.text.contains(word), "{word}");
        }
        assert!(!html.contains("=\"NaN") && !html.contains("=\"inf"));
    }
}

// ---------------------------------------------------------------- CSV

fn parsed(bytes: &[u8]) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(bytes);
    let columns = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let line = |line: csv::StringRecord| line.iter().map(str::to_owned).collect();
    (columns, reader.records().map(|record| line(record.unwrap())).collect())
}

#[test]
fn every_row_is_a_line_and_absent_figures_are_empty() {
    let record = sample();
    let (columns, lines) = parsed(&report::csv::rows(&record));
    assert_eq!(columns.join(","), report::csv::ROW_COLUMNS);
    assert_eq!(lines.len(), record.rows.len());
    for (line, row) in lines.iter().zip(&record.rows) {
        let cell = |name: &str| &line[columns.iter().position(|known| known == name).unwrap()];
        assert_eq!(*cell("model"), row.case.model);
        assert_eq!(*cell("format"), row.case.format);
        assert_eq!(cell("operation"), row.case.operation.id());
        assert_eq!(cell("pages"), row.case.pages.map_or("", |pages| pages.id()));
        assert_eq!(cell("temperature"), row.case.temperature.map_or("", |warm| warm.id()));
        match &row.outcome {
            Outcome::Measured(timing) => {
                assert_eq!((cell("status").as_str(), cell("reason").as_str()), ("measured", ""));
                assert_eq!(cell("median_nanos").parse(), Ok(timing.median_nanos));
                assert_eq!(cell("high_nanos").parse(), Ok(timing.high_nanos));
                assert_eq!((cell("processes").as_str(), cell("samples").as_str()), ("3", "9"));
                assert_eq!(cell("rank").parse().ok(), timing.rank);
                assert_eq!(cell("floor_share").parse().ok(), timing.floor_share);
            }
            Outcome::Failed { reason } | Outcome::NotMeasured { reason } => {
                assert_eq!(cell("reason"), reason);
                assert!(line[6..].iter().all(String::is_empty), "{line:?}");
            }
        }
    }
}

#[test]
fn sizes_and_memory_have_a_line_for_each_figure() {
    let record = sample();
    let (columns, lines) = parsed(&report::csv::sizes(&record));
    assert_eq!(columns.join(","), report::csv::SIZE_COLUMNS);
    assert_eq!(lines.len(), 4 + 4);
    assert_eq!(lines[1], ["forest-m", "raw", "lz4", "10401000", "6000000"]);
    let (columns, lines) = parsed(&report::csv::memory(&record));
    assert_eq!(columns.join(","), report::csv::MEMORY_COLUMNS);
    assert_eq!(
        lines[0].join(","),
        "forest-m,raw,decode,,measured,,10400000,5200000,2600000,1234,10404096,"
    );
    assert_eq!(
        lines[2].join(","),
        "forest-m,rkyv,map-predict-1,,not-measured,the process died,,,,,,"
    );
}

#[test]
fn the_page_saves_the_same_columns() {
    let html = report::html(&empty(), None);
    for columns in
        [report::csv::ROW_COLUMNS, report::csv::SIZE_COLUMNS, report::csv::MEMORY_COLUMNS]
    {
        assert!(html.contains(&format!("_COLUMNS = \"{columns}\";")), "{columns}");
    }
}

// ---------------------------------------------------------------- page

fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

#[test]
fn the_policy_allows_what_is_in_the_page_and_nothing_else() {
    let html = report::html(&sample(), None);
    let page = Page::read(&html);
    let policy = page
        .named("meta")
        .find(|tag| tag.get("http-equiv") == Some("Content-Security-Policy"))
        .and_then(|tag| tag.get("content"))
        .unwrap();
    let of = |kind: &str| -> BTreeSet<String> {
        let raw = page.raw.iter().filter(|(tag, _)| tag.name == kind && tag.get("type").is_none());
        raw.map(|(_, text)| hash(text)).collect()
    };
    let directive = |name: &str| -> BTreeSet<String> {
        let found = policy.split("; ").find_map(|part| part.strip_prefix(name)).unwrap();
        found.split_whitespace().map(str::to_owned).collect()
    };
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert_eq!(directive("style-src"), of("style"));
    assert_eq!(directive("script-src"), of("script"));
    assert_eq!(directive("img-src"), BTreeSet::from(["data:".to_owned()]));
    // A parser turns CR LF into LF before it hashes.
    assert!(!html.contains('\r'));
    for tag in &page.tags {
        for (name, value) in &tag.attributes {
            assert!(name != "style" && name != "src" && !name.starts_with("on"), "{tag:?}");
            let inside = value.starts_with('#') || value == "data:,";
            assert!(name != "href" || inside, "{tag:?}");
        }
    }
}

/// What is compressed in a script element.
fn unpacked(text: &str) -> String {
    let compressed = STANDARD.decode(text.trim()).unwrap();
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(compressed.as_slice()).read_to_string(&mut unpacked).unwrap();
    unpacked
}

/// The record inside a page, and how many samples each of its rows had.
fn embedded(page: &Page) -> (BenchRecord, Vec<usize>) {
    let (_, text) = page.raw.iter().find(|(tag, _)| tag.get("id") == Some("record")).unwrap();
    let mut found: Value = serde_json::from_str(&unpacked(text)).unwrap();
    let samples = serde_json::from_value(found["samples"].take()).unwrap();
    let mut record = found["record"].take();
    for (name, table) in found["tables"].as_object().unwrap() {
        assert_eq!(record[name], Value::Array(Vec::new()), "{name} stands twice");
        record[name] = rows_of(table);
    }
    (serde_json::from_value(record).unwrap(), samples)
}

/// Rows of a table that stands column by column.
fn rows_of(table: &Value) -> Value {
    let mut next: HashMap<&str, usize> = HashMap::new();
    let kinds = table["kinds"].as_array().unwrap();
    let rows = kinds.iter().map(|kind| {
        let keys = table["keys"][kind.as_u64().unwrap() as usize].as_array().unwrap();
        let fields = keys.iter().map(|key| {
            let key = key.as_str().unwrap();
            let at = next.entry(key).or_insert(0);
            *at += 1;
            (key.to_owned(), table["values"][key][*at - 1].clone())
        });
        Value::Object(fields.collect())
    });
    rows.collect()
}

/// A record as pages hold it: every row, no sample, and a note that says so.
fn without_samples(record: &BenchRecord) -> BenchRecord {
    let mut copy = record.clone();
    for row in &mut copy.rows {
        if let Outcome::Measured(timing) = &mut row.outcome {
            timing.samples_nanos.iter_mut().for_each(Vec::clear);
        }
    }
    let note = "This copy of the record is from a page and holds no samples; bench.json has all.";
    copy.notes.push(note.to_owned());
    copy
}

#[test]
fn names_of_strangers_are_text_and_the_record_comes_back() {
    let evil = "</script><script>alert(1)</script><!--\"'&amp;<img src=x onerror=alert(1)>";
    let mut record = sample();
    record.models[1].id = evil.to_owned();
    record.models[1].title = evil.to_owned();
    record.formats[0].id = evil.to_owned();
    record.formats[0].warnings[0].text = evil.to_owned();
    record.notes.push(evil.to_owned());
    record.environment.cpu = evil.to_owned();
    for row in &mut record.rows {
        row.case.model = evil.to_owned();
        if let Outcome::NotMeasured { reason } = &mut row.outcome {
            *reason = evil.to_owned();
        }
    }
    record.sizes[0].model = evil.to_owned();
    let html = report::html(&record, None);
    let page = Page::read(&html);
    assert!(page.text.contains(evil));
    assert_eq!(page.named("img").count(), 0);
    assert_eq!(page.named("script").count(), 4);
    assert_eq!(embedded(&page).0, without_samples(&record));
}

/// The part of a page between two texts.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text.find(from).unwrap_or_else(|| panic!("{from} is not there")) + from.len();
    let end = text[start..].find(to).map_or(text.len(), |end| start + end);
    &text[start..end]
}

#[test]
fn every_row_of_the_record_is_on_the_page() {
    let record = sample();
    let html = report::html(&record, None);
    let timings = between(&html, "<section id=\"timings\">", "</section>");
    for Row { case, outcome } in &record.rows {
        let position = record.models.iter().position(|model| model.id == case.model).unwrap();
        let panel = between(
            timings,
            &format!("<div class=\"m\" data-m=\"{position}\">"),
            "<div class=\"m\"",
        );
        if case.operation.group() == Group::Floor {
            let floor = between(panel, "<div class=\"floors\">", "</table>");
            assert!(floor.contains(case.operation.title()));
            continue;
        }
        let mut operation = case.operation.id().to_owned();
        if let Some(pages) = case.pages {
            operation = format!("{operation}/{}", pages.id());
        }
        if let Some(temperature) = case.temperature {
            operation = format!("{operation}/{}", temperature.id());
        }
        let part = between(panel, &format!("data-o=\"{operation}\">"), "<div class=\"o\"");
        match outcome {
            Outcome::Measured(timing) => {
                let row = between(part, &format!("<th scope=\"row\">{}", case.format), "</tr>");
                assert!(row.contains(&units::duration(timing.median_nanos)), "{case}");
                assert!(row.contains("<svg class=\"s\""), "{case}");
            }
            Outcome::Failed { reason } | Outcome::NotMeasured { reason } => {
                let details = between(part, "<details", "</details>");
                assert!(details.contains(&format!("<b>{}</b>: {reason}", case.format)), "{case}");
            }
        }
    }
    let text = Page::read(&html).text;
    for size in &record.sizes {
        assert!(text.contains(&units::bytes(size.bytes)));
    }
    for row in &record.memory {
        if let MemoryOutcome::NotMeasured { reason } = &row.outcome {
            assert!(text.contains(reason.as_str()));
        }
    }
}

#[test]
fn ranks_floors_badges_and_shares_are_shown() {
    let html = report::html(&sample(), None);
    let timings = between(&html, "<section id=\"timings\">", "</section>");
    let panel = between(timings, "<div class=\"m\" data-m=\"1\">", "<div class=\"m\"");
    let loads = between(panel, "data-o=\"decode-predict-1\">", "data-o=");
    let rkyv = between(loads, "<th scope=\"row\">rkyv", "</tr>");
    assert!(rkyv.contains("<a class=\"b\" href=\"#f2\">advisory</a>"), "{rkyv}");
    assert!(rkyv.contains("<td>=1<"), "{rkyv}");
    let postcard = between(loads, "<th scope=\"row\">postcard", "</tr>");
    assert!(postcard.contains("<td>4<") && postcard.contains("2.28 – 2.52 ms"), "{postcard}");
    let small_pages = between(panel, "data-o=\"decode/small\">", "data-o=");
    assert!(small_pages.contains("decode, 4 KiB pages"));
    assert!(small_pages.contains("<td>75 %<") && small_pages.contains("<small>1.50 ms</small>"));
    let formats = between(&html, "<section id=\"formats\">", "</section>");
    assert!(formats.contains("<tr data-f=\"2\" id=\"f2\">"));
    assert!(formats.contains("what advisory means (RUSTSEC-2026-0001)"));
    assert!(formats.contains("docs/formats/json.md") && !formats.contains("json-elements.md"));
}

#[test]
fn executable_formats_differ_by_shape_and_by_words() {
    let mut record = sample();
    record.formats[3].kind = "executable".to_owned();
    let html = report::html(&record, None);
    let chart = between(&html, "<section id=\"pareto\">", "</section>");
    assert!(chart.contains("<path class=\"px\""));
    assert!(chart.contains("can run code"));
    let text = Page::read(&html).text;
    assert!(text.contains("loading can run code that the file chooses: postcard"));
}

#[test]
fn a_large_record_makes_a_page_that_can_be_mailed() {
    let record = large();
    assert!(record.rows.len() > 4000);
    let html = report::html(&record, None);
    let page = Page::read(&html);
    assert!(html.len() < 1_500_000, "{} bytes", html.len());
    let (copy, samples) = embedded(&page);
    assert_eq!(copy, without_samples(&record));
    let counts = record.rows.iter().map(|row| match row.outcome.timing() {
        Some(timing) => timing.samples_nanos.iter().map(Vec::len).sum(),
        None => 0,
    });
    assert_eq!(samples, counts.collect::<Vec<usize>>());
}

#[test]
fn what_is_folded_holds_every_row_and_the_medians_are_there_without_a_script() {
    let record = large();
    let page = Page::read(&report::html(&record, None));
    let folds: Vec<String> = page
        .raw
        .iter()
        .filter(|(tag, _)| tag.get("data-fold").is_some())
        .map(|(_, text)| unpacked(text))
        .collect();
    assert_eq!(folds.len(), record.models.len());
    for row in &record.rows {
        let model = record.models.iter().position(|model| model.id == row.case.model).unwrap();
        let Some(timing) = row.outcome.timing() else { continue };
        let figure = units::duration(timing.median_nanos);
        assert!(folds[model].contains(&figure), "{}", row.case);
        assert!(page.text.contains(&figure), "{}", row.case);
    }
    // Every panel, once: the headline's stand in the page, but for the tables of other operations.
    for (index, fold) in folds.iter().enumerate() {
        let places = ["verdict", "pareto", "ladder", "sizes", "memory", "timings"];
        let found = |place: &&&str| {
            fold.contains(&format!("<div data-s=\"{place}\"><div class=\"m\" data-m=\"{index}\">"))
        };
        let wanted = if index == 0 { 1 } else { places.len() };
        assert_eq!(places.iter().filter(found).count(), wanted, "model {index}");
        assert!(!fold.contains("<script") && !fold.contains(" style="));
        Page::read(&format!("<!DOCTYPE html>{fold}"));
    }
}

#[test]
fn a_page_says_what_changed_since_the_baseline_or_that_there_is_none() {
    let record = sample();
    let page = Page::read(&report::html(&record, None));
    assert!(page.text.contains("This run was compared with no earlier one"), "{}", page.text);
    let old = Named { name: "<main>", record: &record };
    let of = |changes| {
        let baseline = Some(Baseline { old, changes });
        let page = report::html_with(&record, Beside { baseline, ..Beside::default() });
        Page::read(&page).text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let ratio = Ratio { median: 1.15, low: 1.1, high: 1.2 };
    let slower = FormatChange {
        format: "postcard".to_owned(),
        group: Some(Group::Load),
        rows: 2,
        ratio,
        flagged: true,
    };
    let changes = Changes { formats: vec![slower], all_formats: 1.0, ..Changes::default() };
    let text = of(Ok(&changes));
    assert!(text.contains("Against <main> , measured"), "{text}");
    assert!(text.contains("explains: postcard ▲ slower 1.15× (Load:"), "{text}");
    let text = of(Err("they are of different machines"));
    assert!(text.contains("Not compared with <main>. they are of different machines"), "{text}");
}

#[test]
fn stories_are_compressed_in_a_large_page_and_the_same() {
    let demonstration = demonstration::demonstration();
    let stories = |html: &str| {
        let starts = html.match_indices("<div class=\"story\">");
        let ends = starts.map(|(at, _)| at + html[at..].find("JSON</button></p></div>").unwrap());
        let starts = html.match_indices("<div class=\"story\">").map(|(at, _)| at);
        starts.zip(ends).map(|(start, end)| html[start..end].to_owned()).collect::<Vec<_>>()
    };
    let large = report::html(&large(), Some(&demonstration));
    let plain = stories(&report::html(&sample(), Some(&demonstration)));
    assert_eq!(plain.len(), demonstration.trials.iter().filter(|of| of.executable).count());
    assert!(stories(&large).is_empty());
    let page = Page::read(&large);
    let (_, text) = page.raw.iter().find(|(tag, _)| tag.get("id") == Some("stories")).unwrap();
    let compressed = unpacked(text);
    assert_eq!(stories(&compressed), plain);
    Page::read(&format!("<!DOCTYPE html>{compressed}"));
    assert!(page.text.contains("Without JavaScript the calls are not shown here"));
}

#[test]
fn names_that_would_break_a_page_are_shown_cut_and_the_record_keeps_them() {
    let mut record = sample();
    let long = "n".repeat(10_000);
    record.models[1].title = long.clone();
    record.formats[0].id = "a\u{202e}b".to_owned();
    let html = report::html(&record, None);
    let page = Page::read(&html);
    assert!(!page.text.contains(&long) && page.text.contains("(10000 characters)"));
    assert!(page.text.contains("a\\u{202e}b") && !page.text.contains('\u{202e}'));
    assert_eq!(embedded(&page).0, without_samples(&record));
}

#[test]
fn two_pages_of_one_record_are_equal() {
    assert_eq!(report::html(&sample(), None), report::html(&sample(), None));
}

// ---------------------------------------------------------------- models of other versions

#[test]
fn models_of_other_versions_are_counted_shown_and_explained() {
    let mut record = sample();
    assert!(!report::html(&record, None).contains("compatibility"), "nothing was asked");
    record.compatibility = Some(builder::compatibility());
    let html = report::html(&record, None);
    let page = Page::read(&html);
    for name in ["section", "a"] {
        let of = |tag: &markup::Tag| {
            tag.get("id") == Some("compatibility") || tag.get("href") == Some("#compatibility")
        };
        assert_eq!(page.named(name).filter(|tag| of(tag)).count(), 1, "{name}");
    }
    let words: Vec<&str> = page.text.split_whitespace().collect();
    let text = words.join(" ");
    let section = between(&text, "Models of other versions", "How arrays are stored");
    for part in [
        "Of 6 models written by 2 versions, scikit-learn 9.9.9 reads 1 right; 2 fail; 1 crashes the \
         process; 1 loads and predicts something else, after a warning of the other version; 1 was \
         not measured. deadweight reads 5 right; 1 fails.",
        // The writer, deadweight, then forest, tree and <b>words.
        "0.20.4, Python 2.7 Python 2.7.18 numpy 1.14.6 ✓ right (2) ✗ fails (2) no file no file",
        "1.3.2 Python 3.11.7 numpy 1.25.2 ✓ right (3) ✗ fails (1) ≠ wrong ✓ right (1) – not \
         measured (1) ✗ crashes",
        "What scikit-learn 9.9.9 does not read right",
        "≠ wrong predict_proba of row 0, column 1: 1 expected, 10 found; 25 of 60 values differ; it \
         warns of the other version forest : 1.3.2",
        "✗ fails (2) No module named 'sklearn.tree.<tree>' forest : 0.20.4, Python 2.7",
        "What deadweight does not read right",
        "Not measured with scikit-learn, 1 file: this Python does not have lz4.",
        "Stored in 2 ways: joblib, lz4; pickle, protocol 2.",
    ] {
        assert!(section.contains(part), "{part:?} is not in {section}");
    }
    let silent = |outcome: &mut CompatibilityOutcome| {
        if let CompatibilityOutcome::Wrong { warned, .. } = outcome {
            *warned = false;
        }
    };
    let mut rows = builder::compatibility();
    rows.rows.iter_mut().for_each(|row| silent(&mut row.python));
    record.compatibility = Some(rows);
    let html = report::html(&record, None);
    assert!(html.contains("something else, without any warning"));
    assert!(html.contains("25 of 60 values differ; no warning"));
}

#[test]
fn without_python_the_other_column_is_still_there() {
    let mut record = sample();
    let mut rows = builder::compatibility();
    rows.scikit_learn = None;
    for row in &mut rows.rows {
        row.python = CompatibilityOutcome::NotMeasured { reason: "no Python took part".into() };
        row.deadweight = CompatibilityOutcome::Right { warned: false };
    }
    record.compatibility = Some(rows);
    let page = Page::read(&report::html(&record, None));
    let text = page.text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "Of 6 models written by 2 versions, deadweight reads all 6 right; scikit-learn was not measured.",
        "Not measured with scikit-learn, 6 files: no Python took part.",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains("does not read right"));
}

// ---------------------------------------------------------------- the page about records

/// Names of all fields below a value; names under a map whose keys are data are left out.
fn field_names(value: &Value, found: &mut BTreeSet<String>) {
    const DATA_KEYS: [&str; 8] = [
        "crates",
        "hyper_parameters",
        "compressed_bytes",
        "disturbed",
        "packages",
        "layers",
        "omitted",
        "detail",
    ];
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                found.insert(name.clone());
                if !DATA_KEYS.contains(&name.as_str()) {
                    field_names(value, found);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| field_names(value, found)),
        _ => {}
    }
}

#[test]
fn every_field_of_a_record_is_described() {
    let mut record = sample();
    record.compatibility = Some(builder::compatibility());
    record.criterion = Some(builder::criterion());
    record.instructions = builder::instructions();
    record.interrupted = Some("stopped".to_owned());
    record.rows.push(Row {
        case: CaseId { ..case("forest-m", FLOOR, Operation::FloorRead) },
        outcome: Outcome::Measured(builder::timing(1.0, 1, Some(1))),
    });
    if let MemoryOutcome::Measured(memory) = &mut record.memory[0].outcome {
        memory.minor_faults = Some(7);
    }
    let mut names = BTreeSet::new();
    field_names(&serde_json::to_value(&record).unwrap(), &mut names);
    field_names(&serde_json::to_value(demonstration::demonstration()).unwrap(), &mut names);
    assert!(names.len() > 90, "{names:?}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/records.md");
    let text = std::fs::read_to_string(path).unwrap();
    for columns in
        [report::csv::ROW_COLUMNS, report::csv::SIZE_COLUMNS, report::csv::MEMORY_COLUMNS]
    {
        names.extend(columns.split(',').map(str::to_owned));
    }
    let missing: Vec<&String> =
        names.iter().filter(|name| !text.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/records.md does not describe {missing:?}");
    assert!(text.contains(&record.schema) && text.contains(DEMO_SCHEMA));
}

#[test]
fn the_page_says_how_well_the_run_tells_apart_and_what_disturbed_it() {
    let mut record = sample();
    let page = report::html(&record, None);
    assert!(
        page.contains("of 40 pairs that differ by 10 % 39 were told apart, of 40 equal pairs 2")
    );
    assert!(page.contains("900, 34 disturbed (slow-loop 30, stolen-time 4)"), "{page}");
    assert!(page.contains("512; 3 kept, where a row had no other"));
    assert!(!page.contains("may well differ"));
    record.power.as_mut().unwrap().slowed_found = 30;
    let page = report::html(&record, None);
    assert!(page.contains("only 30 were told apart"), "{page}");
}

// ---------------------------------------------------------------- other instruments

#[test]
fn hot_rows_have_tables_and_ranks_of_their_own_and_no_say_in_the_verdict() {
    let record = sample();
    let page = report::html(&record, None);
    let panel = between(&page, "data-o=\"decode-predict-1/hot\">", "<div class=\"o\"");
    assert!(panel.contains("+ first prediction, hot: in a tight loop"), "{panel}");
    assert!(panel.contains("postcard") && panel.contains("800 µs"), "{panel}");
    let mut without = sample();
    without.rows.retain(|row| row.case.temperature.is_none());
    assert_eq!(sentences(&record), sentences(&without));
}

#[test]
fn criterion_stands_beside_the_hot_rows_and_what_differs_is_marked() {
    let mut record = sample();
    assert!(!report::html(&record, None).contains("id=\"criterion\""));
    record.criterion = Some(builder::criterion());
    let page = report::html(&record, None);
    let section = between(&page, "id=\"criterion\"", "</section>");
    assert!(section.contains("measured 2 of the same cases"), "{section}");
    // Of the two, postcard's hot row takes less than a millisecond.
    assert!(section.contains("Of the 1 that take 1 ms or more, 1 agree within 10 %"), "{section}");
    assert!(section.contains("1 of all differ by more than their intervals"), "{section}");
    let line = |format: &str| between(section, &format!("<th scope=\"row\">{format}"), "</tr>");
    assert!(line("raw").contains(">1.020<") && line("raw").contains("overlap"));
    assert!(line("postcard").contains(">1.500<") && line("postcard").contains("<b>differ</b>"));
    assert!(!section.contains("rkyv"), "it has no hot row");
    // Figures of another model under the same name are no pair.
    for row in &mut record.criterion.as_mut().unwrap().rows {
        row.bytes = Some(1);
    }
    assert!(report::html(&record, None).contains("No case was measured by both"));
}

#[test]
fn instructions_are_shown_with_what_was_not_counted() {
    let mut record = sample();
    assert!(!report::html(&record, None).contains("id=\"instructions\""));
    record.instructions = builder::instructions();
    let page = report::html(&record, None);
    let section = between(&page, "id=\"instructions\"", "</section>");
    assert!(section.contains(">4321<") && section.contains(">2.16<"), "{section}");
    assert!(section.contains("Not counted: 1") && section.contains("valgrind cannot be started"));
}

// ---------------------------------------------------------------- Python

/// The sample with a tutorial: pickle of Python, and ONNX, which holds less than the model.
fn with_python() -> BenchRecord {
    let mut record = sample();
    let python = |id: &str, kind: &str, content: Option<&str>| FormatRecord {
        kind: kind.to_owned(),
        runtime: "python".to_owned(),
        content: content.map(str::to_owned),
        ..format(id, "native", &[])
    };
    record.formats.push(python("pickle-5", "executable", None));
    record.formats.push(python("onnx", "data-only", Some("predict")));
    record.rows.push(row("forest-m", "pickle-5", Operation::DecodePredictOne, 12_000_000.0, 6));
    record.rows.push(row("forest-m", "onnx", Operation::DecodePredictOne, 500_000.0, 1));
    record.sizes.push(size("forest-m", "onnx", 1_000, &[]));
    record.python = Some(PythonRecord::Measured {
        implementation: "CPython".to_owned(),
        version: "3.11.7".to_owned(),
        found: "made".to_owned(),
        packages: [("scikit-learn".to_owned(), "1.9.1".to_owned())].into(),
        missing: vec!["skops".to_owned()],
    });
    let method = |method: &str| TutorialMethod {
        method: method.to_owned(),
        bytes: 1_000_000,
        accuracy_after: 0.9233,
    };
    record.tutorial = Some(TutorialRecord {
        model: "forest-m".to_owned(),
        test_rows: 300,
        accuracy_before: 0.9233,
        training_nanos: 1,
        methods: ["pickle", "joblib", "raw", "postcard"].map(method).to_vec(),
    });
    record.programs = vec![
        ProgramRow {
            model: "forest-m".to_owned(),
            program: "python + joblib".to_owned(),
            file_bytes: Some(1_000_000),
            outcome: ProgramOutcome::Measured {
                median_nanos: 1.5e9,
                least_nanos: 1.4e9,
                most_nanos: 1.6e9,
                samples_nanos: vec![1.5e9],
                resident_peak_bytes: Some(150_000_000),
            },
        },
        ProgramRow {
            model: "forest-m".to_owned(),
            program: "python + skops".to_owned(),
            file_bytes: None,
            outcome: ProgramOutcome::NotMeasured { reason: "skops is missing".to_owned() },
        },
    ];
    record.complaints = vec!["<b>a warning</b>".to_owned()];
    record
}

#[test]
fn python_stands_beside_the_formats_with_ratios_in_words() {
    let html = report::html(&with_python(), None);
    let section = between(&html, "<section id=\"python\">", "</section>");
    for text in [
        "CPython 3.11.7",
        "scikit-learn 1.9.1",
        "Not there, so not measured: skops",
        "0.9233",
        // The fastest data-only format of ours: rkyv's 1.10 ms.
        "10.9× faster",
        "python + joblib",
        "150 MB",
        "not measured: skops is missing",
        "&lt;b&gt;a warning",
        "holds predict only",
    ] {
        assert!(section.contains(text), "{text} is missing in {section}");
    }
    assert!(html.contains("href=\"#python\""));
    let without = report::html(&sample(), None);
    assert!(!without.contains("href=\"#python\"") && !without.contains("Against Python"));
}

#[test]
fn a_format_that_holds_less_than_the_model_wins_nothing() {
    let sentences = sentences(&with_python()).join(" ");
    assert!(!sentences.contains("onnx"), "{sentences}");
}

#[test]
fn without_python_the_page_says_why() {
    let mut record = sample();
    record.python = Some(PythonRecord::NotMeasured { reason: "there is no python3".to_owned() });
    let html = report::html(&record, None);
    let section = between(&html, "<section id=\"python\">", "</section>");
    assert!(section.contains("there is no python3"), "{section}");
}
