//! The page in a real browser: everything that can be clicked, both themes, four widths, paper, downloads,
//! accessibility, and that it asks the network for nothing.
//!
//! Needs chromium and chromedriver, and for accessibility axe-core below `target/tools`. Where they are not
//! there the tests say so and end; where `DEADWEIGHT_BROWSER` is set, that is a failure. Screenshots go to
//! `target/tmp/screenshots`, to be looked at.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use deadweight::base::case::Operation;
use deadweight::base::hostility::HostilityRecord;
use deadweight::base::record::{BenchRecord, Outcome, Row};
use deadweight::report;
use deadweight::report::comparison::{
    self, Baseline, Changes, FormatChange, Named, Ratio, RowChange,
};
use deadweight::report::files::Beside;
use serde_json::{Value, json};

#[path = "report/builder.rs"]
#[allow(dead_code)] // The tests of the markup use the rest of it.
mod builder;
#[path = "report/demonstration.rs"]
#[allow(dead_code)] // As above.
mod demonstration;
#[path = "browser/driver.rs"]
mod driver;
#[path = "browser/sample.rs"]
mod sample_page;

use builder::{case, format, large, model, row, sample, size};
use driver::Browser;

/// Widths of a telephone, a tablet, a laptop and a large screen.
const WIDTHS: [u32; 4] = [360, 768, 1280, 1920];
/// A standard run's page weighs less.
const MOST_BYTES: usize = 1_500_000;
/// And answers sooner.
const MOST_MILLIS: f64 = 1000.0;
/// Pages of extraordinary records weigh less.
const MOST_BYTES_EVER: usize = 5_000_000;

/// Accessibility rules that are asked for: WCAG 2.2, levels A and AA, and what is good practice.
const RULES: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/// Changed files, really loaded by some loaders.
fn changed() -> Option<HostilityRecord> {
    let directory = tempfile::tempdir().expect("a directory");
    let arguments = ["hostile", "--mutants", "4", "--format", "json", "--format", "postcard"];
    let program = assert_cmd::cargo::cargo_bin!("deadweight");
    let mut command = Command::new(program);
    command.args(arguments).arg("--out").arg(directory.path()).output().expect("it runs");
    let bytes = std::fs::read(directory.path().join("hostile.json")).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// A record with something for every section.
fn everything() -> BenchRecord {
    let mut record = sample();
    record.compatibility = Some(builder::compatibility());
    record.criterion = Some(builder::criterion());
    record.instructions = builder::instructions();
    record.noise.noisy = true;
    record.formats[3].kind = "executable".to_owned();
    record
}

/// One format got slower, another did not change.
fn changes() -> Changes {
    let ratio = |median: f64| Ratio { median, low: median * 0.97, high: median * 1.03 };
    Changes {
        formats: vec![
            FormatChange {
                format: "postcard".to_owned(),
                group: None,
                rows: 2,
                ratio: ratio(1.5),
                flagged: true,
            },
            FormatChange {
                format: "raw".to_owned(),
                group: None,
                rows: 3,
                ratio: ratio(1.0),
                flagged: false,
            },
        ],
        rows: vec![
            RowChange {
                case: case("forest-m", "raw", Operation::DecodePredictOne),
                ratio: ratio(1.0),
            },
            RowChange {
                case: case("forest-m", "postcard", Operation::DecodePredictOne),
                ratio: ratio(1.5),
            },
        ],
        all_formats: 1.02,
        floors: Some(1.0),
    }
}

fn page_of_everything() -> String {
    let (hostile, changed) = (demonstration::demonstration(), changed());
    let (record, changes) = (everything(), changes());
    let old = Named { name: "before", record: &record };
    let beside = Beside {
        hostile: Some(&hostile),
        changed: changed.as_ref(),
        baseline: Some(Baseline { old, changes: Ok(&changes) }),
    };
    report::html_with(&record, beside)
}

fn problems(found: &Value) -> Vec<String> {
    let all = found.as_array().cloned().unwrap_or_default();
    all.iter().map(|one| one.as_str().unwrap_or("?").to_owned()).collect()
}

fn assert_fine(browser: &Browser, at: &str) {
    let found = problems(&browser.run("return chartProblems().concat(layoutProblems());"));
    assert!(found.is_empty(), "{at}: {found:#?}");
}

/// Everything that axe-core has against the page as it is shown.
fn violations(browser: &Browser) -> Option<Vec<String>> {
    let path = match std::env::var_os("DEADWEIGHT_AXE") {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tools/axe-core/axe.min.js"),
    };
    let Ok(axe) = std::fs::read_to_string(&path) else {
        let text = format!("axe-core is not at {}", path.display());
        assert!(std::env::var_os("DEADWEIGHT_BROWSER").is_none(), "{text}");
        eprintln!("accessibility not tested: {text}");
        return None;
    };
    browser.run(&axe);
    let found = browser.run_async(&format!(
        "var done = arguments[arguments.length - 1];
         axe.run(document, {{ runOnly: {} }}).then(function (result) {{
             done(result.violations.map(function (one) {{
                 return one.id + ' (' + one.help + '): ' + one.nodes.length + ' times, such as ' +
                     one.nodes.slice(0, 3).map(function (node) {{ return node.html.slice(0, 160) + ' ' + node.failureSummary; }}).join(' | ');
             }}));
         }}, function (error) {{ done([String(error)]); }});",
        json!(RULES)
    ));
    Some(problems(&found))
}

fn assert_quiet(browser: &Browser) {
    let (console, requests) = browser.log();
    assert!(console.is_empty(), "the console says {console:#?}");
    let inside = |url: &&String| {
        ["file://", "data:", "blob:", "about:"].iter().any(|of| url.starts_with(of))
    };
    let outside: Vec<_> = requests.iter().filter(|url| !inside(url)).collect();
    assert!(outside.is_empty(), "asked for {outside:#?}");
    assert!(!requests.is_empty(), "the log of requests is not read");
}

#[test]
fn nothing_overlaps_at_any_width_in_any_theme_and_nothing_is_in_the_way_of_anyone() {
    let Some(browser) = Browser::new() else { return };
    let page = page_of_everything();
    for theme in ["light", "dark"] {
        browser.prefer(theme);
        for width in WIDTHS {
            browser.resize(width, 900);
            browser.open(&page, "#model=*&operation=*");
            browser.run("document.querySelectorAll('details').forEach(function (one) { one.open = true; });");
            assert_fine(&browser, &format!("{theme}, {width}"));
            if width == 360 || width == 1280 {
                let found = violations(&browser).unwrap_or_default();
                assert!(found.is_empty(), "{theme}, {width}: {found:#?}");
            }
            browser.screenshot(&format!("everything-{theme}-{width}"), 20_000.0);
        }
    }
    assert_quiet(&browser);
}

#[test]
fn a_standard_page_is_small_answers_at_once_and_has_room_for_every_label() {
    let Some(browser) = Browser::new() else { return };
    let page = report::html(&large(), Some(&demonstration::demonstration()));
    assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
    browser.resize(1280, 900);
    browser.open(&page, "");
    let ready = browser.run("return performance.getEntriesByName('interactive')[0].startTime;");
    let millis = ready.as_f64().expect("a time");
    eprintln!("a standard page: {} bytes, interactive after {millis:.0} ms", page.len());
    assert!(millis < MOST_MILLIS, "{millis} ms");
    for theme in ["light", "dark"] {
        browser.prefer(theme);
        let found = violations(&browser).unwrap_or_default();
        assert!(found.is_empty(), "{theme}: {found:#?}");
        for width in WIDTHS {
            browser.resize(width, 900);
            assert_fine(&browser, &format!("{theme}, {width}"));
            browser.screenshot(&format!("standard-{theme}-{width}"), 12_000.0);
        }
    }
    // Calls are compressed in a page of this size, and come out below their rows.
    browser.settle();
    browser.click("#evidence tr.st summary");
    let story = browser.text("document.querySelector('#evidence tr.st .story').innerText");
    assert!(story.contains("Under the policy"), "{story}");
    browser.click("#evidence tr.st [data-save='markdown']");
    let ticket = downloaded(&browser, "deadweight-evidence.md");
    assert!(ticket.contains("## Under the policy"), "{ticket}");
    // A folded model comes out with its strips, and its own order of rows can be changed.
    browser.resize(1280, 900);
    browser.run("var box = document.getElementById('model'); box.value = 'knn_classifier-m'; box.dispatchEvent(new Event('change'));");
    browser.settle();
    assert_eq!(browser.text("Array.from(document.querySelectorAll('#timings .m.on h3')).map(function (h) { return h.textContent; }).join()"), "Model knn (M)");
    assert!(
        browser
            .text("document.querySelectorAll('#timings .m.on .o.on svg.s').length")
            .parse::<usize>()
            .unwrap()
            > 15
    );
    assert_fine(&browser, "another model");
    browser.click("#timings .m.on .o.on th.k:nth-child(1) button");
    let first = browser.run("return firstColumn('#timings .m.on .o.on table')[0];");
    assert_eq!(first, "arrow");
    assert_quiet(&browser);
}

#[test]
fn everything_that_can_be_clicked_or_moved_does_what_it_says() {
    let Some(browser) = Browser::new() else { return };
    browser.resize(1280, 900);
    browser.prefer("light");
    browser.open(&page_of_everything(), "");
    let hash = || browser.text("location.hash");

    // Sorting, by mouse and by keyboard.
    let rows = "#timings .m.on .o.on table";
    let head = "#timings .m.on .o.on th.k:nth-child(3)";
    browser.click(&format!("{head} button"));
    assert_eq!(
        browser.text(&format!("document.querySelector('{head}').getAttribute('aria-sort')")),
        "ascending"
    );
    assert_eq!(browser.run(&format!("return firstColumn('{rows}')[0];")), "rkyv");
    browser.run(&format!("document.querySelector('{head} button').focus();"));
    browser.press("Enter");
    assert_eq!(browser.run(&format!("return firstColumn('{rows}')[0];")), "json-elements");
    assert!(hash().contains("sort=timings"), "{}", hash());

    // Filters.
    for (name, value, left) in
        [("kind", "executable", 1), ("runtime", "rust", 5), ("encoding", "native", 3)]
    {
        browser.run(&format!("var box = document.getElementById('{name}'); box.value = '{value}'; box.dispatchEvent(new Event('change'));"));
        assert!(
            browser
                .text("document.getElementById('shown').textContent")
                .starts_with(&format!("{left} of 5")),
            "{name}"
        );
        browser.click("#reset");
    }
    browser.click("#q");
    for letter in ["k", "y", "v"] {
        browser.press(letter);
    }
    assert!(browser.text("document.getElementById('shown').textContent").starts_with("1 of 5"));
    assert_eq!(browser.run(&format!("return firstColumn('{rows}').join();")), "rkyv");
    browser.click("#reset");
    assert_eq!(hash(), "");

    // Models, by the table of verdicts and by the list; operations.
    browser.click("tr[data-pick='0'] th button");
    assert_eq!(browser.text("document.getElementById('model').value"), "tiny-s");
    browser.click("#reset");
    browser.run("var box = document.getElementById('operation'); box.value = 'decode/small'; box.dispatchEvent(new Event('change'));");
    assert!(
        browser
            .text("document.querySelector('#timings .m.on .o.on h5').textContent")
            .starts_with("decode, 4 KiB pages")
    );
    browser.click("#reset");

    // Axes and themes.
    browser.click("button[data-scale='linear']");
    assert_eq!(browser.text("document.querySelectorAll('.m.on .plot.linear').length && isShown(document.querySelector('.m.on .plot.linear'))"), "true");
    browser.click("button[data-scale='log']");
    let paper = || browser.text("getComputedStyle(document.body).backgroundColor");
    let light = paper();
    browser.click("#theme");
    assert_ne!(paper(), light);
    assert!(hash().contains("theme=dark"));
    browser.click("#theme");
    assert_eq!(paper(), light);

    // Every link leads somewhere inside, and the keyboard reaches what is first.
    let dead = browser.run("return Array.from(document.querySelectorAll('a[href]')).map(function (a) { return a.getAttribute('href'); }).filter(function (to) { return to[0] !== '#' || !document.getElementById(to.slice(1)); });");
    assert_eq!(dead, json!([]));
    browser.click("nav a[href='#memory']");
    assert_eq!(browser.text("document.activeElement.id"), "memory");
    browser.run("document.activeElement.blur(); window.scrollTo(0, 0); document.body.focus();");
    browser.open(&page_of_everything(), "");
    browser.press("Tab");
    assert_eq!(browser.text("document.activeElement.className"), "skip");
    assert_quiet(&browser);
}

#[test]
fn the_calculator_ranks_by_what_is_set_and_says_why() {
    let Some(browser) = Browser::new() else { return };
    browser.resize(1280, 900);
    let mut record = everything();
    record.rows.push(row("forest-m", "raw", Operation::DecompressZstd3, 30_000_000.0, 1));
    browser.open(&report::html(&record, None), "#bandwidth=100");
    let formats = || {
        let found = browser.run("return firstColumn('#cost');");
        problems(&found)
    };
    let answer = || browser.text("document.getElementById('cost-answer').textContent");
    assert!(formats().contains(&"postcard".to_owned()), "{:?}", formats());
    // A slow network: fewer bytes win, and the answer says that the fetch is what takes the time.
    browser.run("document.getElementById('bandwidth').focus();");
    browser.press("Home");
    assert!(answer().contains("fetching the file"), "{}", answer());
    assert_eq!(
        browser.text("document.getElementById('bandwidth-shown').textContent"),
        "1.00 Mbit/s"
    );
    assert!(
        browser.text("document.querySelector('#cost tbody tr').textContent").contains("zstd-3")
    );
    // A fast one with many loads: the load is what takes the time.
    browser.press("End");
    browser.run("document.getElementById('loads').focus();");
    browser.press("End");
    assert!(
        answer().contains("of it is the load") || answer().contains("first prediction"),
        "{}",
        answer()
    );
    // By mouse, too.
    let place = browser.run("return middleOf('#loads');");
    let (x, y) = (place["x"].as_f64().unwrap(), place["y"].as_f64().unwrap());
    browser.mouse("mousePressed", x + 60.0, y);
    browser.mouse("mouseMoved", x - 60.0, y);
    browser.mouse("mouseReleased", x - 60.0, y);
    assert_ne!(browser.text("document.getElementById('loads').value"), "90");
    // Conditions leave formats out, and say which and why.
    browser.click("#untrusted");
    let left_out = || browser.text("document.getElementById('cost-missing').textContent");
    assert!(left_out().contains("postcard (can run code)"), "{}", left_out());
    assert!(left_out().contains("rkyv (advisory)"), "{}", left_out());
    assert!(!formats().contains(&"postcard".to_owned()));
    browser.click("#readable");
    assert!(formats().contains(&"safetensors".to_owned()), "{:?}", formats());
    browser.run("var box = document.getElementById('codec'); box.value = 'none'; box.dispatchEvent(new Event('change'));");
    assert!(!browser.text("document.querySelector('#cost tbody').textContent").contains("zstd"));
    // All of it is in the address, and comes back from it.
    let address = browser.text("location.hash");
    for part in ["untrusted=yes", "readable=yes", "codec=none", "loads="] {
        assert!(address.contains(part), "{address}");
    }
    let (before, told) = (formats(), answer());
    browser.open(&report::html(&record, None), &address);
    assert_eq!((formats(), answer()), (before, told));
    assert_fine(&browser, "the calculator");
    assert_quiet(&browser);
}

/// A file among the downloads, when it is there in full.
fn downloaded(browser: &Browser, name: &str) -> String {
    let path: PathBuf = browser.downloads().join(name);
    let start = Instant::now();
    while !path.exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "{name} does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
    let text = std::fs::read_to_string(&path).expect("a text");
    std::fs::remove_file(path).expect("it can be removed");
    text
}

#[test]
fn what_is_saved_is_what_was_measured_and_evidence_goes_into_a_ticket() {
    let Some(browser) = Browser::new() else { return };
    browser.resize(1280, 900);
    let (record, demo) = (everything(), demonstration::demonstration());
    browser.open(&report::html(&record, Some(&demo)), "");
    browser.click("[data-download='rows']");
    let ours = String::from_utf8(report::csv::rows(&record)).unwrap();
    assert_eq!(downloaded(&browser, "deadweight-rows.csv"), ours);
    browser.click("[data-download='sizes']");
    let ours = String::from_utf8(report::csv::sizes(&record)).unwrap();
    assert_eq!(downloaded(&browser, "deadweight-sizes.csv"), ours);
    browser.click("[data-download='memory']");
    let ours = String::from_utf8(report::csv::memory(&record)).unwrap();
    assert_eq!(downloaded(&browser, "deadweight-memory.csv"), ours);
    browser.click("[data-download='json']");
    let saved: BenchRecord =
        serde_json::from_str(&downloaded(&browser, "deadweight-bench.json")).unwrap();
    assert_eq!(saved.rows.len(), record.rows.len());
    assert_eq!(saved.sizes, record.sizes);

    // One attack, then all of them.
    browser.click("#evidence tr.st summary");
    browser.click("#evidence tr.st [data-save='markdown']");
    let ticket = downloaded(&browser, "deadweight-evidence.md");
    assert!(ticket.starts_with("# ") && ticket.contains("## Under the policy"), "{ticket}");
    assert!(ticket.contains("deadweight demo --attack"), "{ticket}");
    let bare = |(at, _): (usize, &str)| at == 0 || ticket.as_bytes()[at - 1] != b'\\';
    assert!(!ticket.match_indices('<').any(bare), "markup of a stranger in {ticket}");
    browser.click("#hostile > .tools [data-save='evidence']");
    let saved: Value =
        serde_json::from_str(&downloaded(&browser, "deadweight-evidence.json")).unwrap();
    let ours: Vec<_> = demo.trials.iter().filter(|trial| trial.executable).collect();
    assert_eq!(saved["trials"], serde_json::to_value(&ours).unwrap());
    assert_eq!(saved["schema"], demo.schema.as_str());
    assert_quiet(&browser);
}

#[test]
fn paper_gets_the_view_and_one_sheet_for_a_decision() {
    let Some(browser) = Browser::new() else { return };
    browser.prefer("dark");
    browser.resize(1280, 900);
    browser.open(&page_of_everything(), "");
    let pages = |pdf: &[u8]| {
        assert!(pdf.starts_with(b"%PDF-"));
        let text = String::from_utf8_lossy(pdf);
        text.matches("/Type /Page\n").count()
            + text.matches("/Type /Page ").count()
            + text.matches("/Type /Page/").count()
    };
    let whole = browser.pdf();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(directory.join("report.pdf"), &whole).unwrap();
    assert!((3..60).contains(&pages(&whole)), "{} pages", pages(&whole));
    browser.click("#decide");
    assert_eq!(browser.text("isShown(document.getElementById('decision'))"), "true");
    assert_eq!(browser.text("isShown(document.getElementById('timings'))"), "false");
    assert_fine(&browser, "the decision");
    let found = violations(&browser).unwrap_or_default();
    assert!(found.is_empty(), "{found:#?}");
    browser.screenshot("decision", 3000.0);
    let sheet = browser.pdf();
    std::fs::write(directory.join("decision.pdf"), &sheet).unwrap();
    assert_eq!(pages(&sheet), 1);
    browser.click("#decide");
    assert_eq!(browser.text("isShown(document.getElementById('timings'))"), "true");
}

#[test]
fn names_of_strangers_neither_run_nor_break_the_page() {
    let Some(browser) = Browser::new() else { return };
    let names = [
        "</script><script>document.title='taken'</script><img src=x onerror=document.title='taken'>".to_owned(),
        "quotes \" ' ` and &amp; &lt;b&gt;".to_owned(),
        "right \u{202e}to left\u{202c} and \u{5e9}\u{5dc}\u{5d5}\u{5dd}\u{200f}".to_owned(),
        "long".repeat(2500),
        "\u{0}\u{7}\u{1b}[31m\u{feff}".to_owned(),
    ];
    let mut record = sample();
    record.models.clear();
    record.rows.clear();
    for name in &names {
        record.models.push(model(name, name, 10_400_000));
        record.formats.push(format(name, "native", &["advisory"]));
    }
    for of in &names {
        for (at, name) in names.iter().map(String::as_str).chain(["raw", "safetensors"]).enumerate()
        {
            record.rows.push(row(of, name, Operation::DecodePredictOne, 1e6 + at as f64 * 1e5, 1));
            record.rows.push(row(of, name, Operation::Decode, 9e5 + at as f64 * 1e5, 1));
            record.rows.push(Row {
                case: case(of, name, Operation::View),
                outcome: Outcome::Failed { reason: names[0].clone() },
            });
            record.sizes.push(size(of, name, 10_000_000 + at as u64, &[]));
        }
    }
    for width in [360, 1280] {
        browser.resize(width, 900);
        browser.open(&report::html(&record, None), "#model=*&operation=*");
        assert!(!browser.text("document.title").contains("taken"));
        assert_eq!(browser.text("document.images.length"), "0");
        assert_fine(&browser, &format!("strange names at {width}"));
        browser.screenshot(&format!("strange-{width}"), 6000.0);
    }
    assert_quiet(&browser);
}

#[test]
fn two_hundred_formats_and_fifty_models_stay_usable_and_half_a_run_is_shown_as_half() {
    let Some(browser) = Browser::new() else { return };
    let record = crowd(200, 50);
    let start = Instant::now();
    let page = report::html(&record, None);
    eprintln!(
        "{} rows: {} bytes, made in {:.1} s",
        record.rows.len(),
        page.len(),
        start.elapsed().as_secs_f64()
    );
    assert!(page.len() < MOST_BYTES_EVER, "{} bytes", page.len());
    browser.resize(1280, 900);
    browser.open(&page, "");
    let ready = browser.run("return performance.getEntriesByName('interactive')[0].startTime;");
    eprintln!("interactive after {:.0} ms", ready.as_f64().expect("a time"));
    assert!(ready.as_f64().expect("a time") < 5.0 * MOST_MILLIS);
    let start = Instant::now();
    browser.run("var box = document.getElementById('model'); box.value = 'model-7'; box.dispatchEvent(new Event('change'));");
    browser.settle();
    eprintln!("another model after {:.1} s", start.elapsed().as_secs_f64());
    assert_eq!(browser.text("document.querySelector('#timings .m.on h3').textContent"), "Model 7");
    assert_fine(&browser, "a crowd");
    browser.screenshot("crowd", 6000.0);
    // Of what was not measured each reason stands once, with its count.
    browser.run("var box = document.getElementById('model'); box.value = 'model-0'; box.dispatchEvent(new Event('change'));");
    browser.settle();
    assert_quiet(&browser);
}

/// Many models and formats; every second row was not measured.
fn crowd(formats: usize, models: usize) -> BenchRecord {
    let operations = [
        Operation::Encode,
        Operation::Decode,
        Operation::DecodePredictOne,
        Operation::ViewPredictOne,
    ];
    let mut record = builder::empty();
    record.formats = (0..formats)
        .map(|at| format(&format!("format-{at}"), "native", &["no-checksum"]))
        .collect();
    for at in 0..models {
        let id = format!("model-{at}");
        record.models.push(model(&id, &format!("Model {at}"), 1_000_000));
        for of in 0..formats {
            let name = format!("format-{of}");
            for (place, operation) in operations.into_iter().enumerate() {
                let spread = ((at * 7919 + of * 104_729 + place * 1299) % 10_007) as f64;
                let median = 1e5 + spread * 1e3;
                record.rows.push(match (of + place) % 2 {
                    0 => row(&id, &name, operation, median, of as u32 + 1),
                    _ => Row {
                        case: case(&id, &name, operation),
                        outcome: Outcome::NotMeasured { reason: "the run was stopped".to_owned() },
                    },
                });
            }
            record.sizes.push(size(
                &id,
                &name,
                1_000_000 + (of * 37 + at) as u64,
                &[("lz4", 700_000 + of as u64)],
            ));
        }
    }
    record
}

#[test]
fn a_comparison_shows_what_changed_first_and_another_machine_apart() {
    let Some(browser) = Browser::new() else { return };
    let (old, new) = (sample(), sample());
    let changes = changes();
    let named = |name, record| Named { name, record };
    let page = comparison::html(named("<old>", &old), named("new", &new), Ok(&changes));
    for (theme, width) in [("light", 360), ("dark", 1280)] {
        browser.prefer(theme);
        browser.resize(width, 900);
        browser.open(&page, "");
        assert_eq!(browser.run("return firstColumn('#rows table')[0];"), "postcard");
        assert_eq!(
            browser.text("document.querySelectorAll('#rows tbody tr:first-child svg').length"),
            "2"
        );
        assert_fine(&browser, "a comparison");
        let found = violations(&browser).unwrap_or_default();
        assert!(found.is_empty(), "{theme}: {found:#?}");
        browser.screenshot(&format!("comparison-{theme}-{width}"), 4000.0);
    }
    let mut other = sample();
    other.environment.cpu = "Another CPU".to_owned();
    let reason = "the records are of different machines";
    let page = comparison::html(named("old", &old), named("new", &other), Err(reason));
    browser.open(&page, "");
    assert!(browser.text("document.body.textContent").contains(reason));
    assert!(!browser.text("document.body.textContent").contains("new / old"));
    assert_fine(&browser, "records apart");
    browser.screenshot("comparison-apart", 4000.0);
    assert_quiet(&browser);
}
