//! The page of a real standard run, which the repository keeps: as small, quick and accessible as it must be,
//! and a picture of each section in both themes, to be looked at.

use super::driver::Browser;
use super::{
    MOST_BYTES, MOST_MILLIS, WIDTHS, assert_fine, assert_quiet, downloaded, problems, violations,
};

/// Pictures of sections are no longer.
const PICTURE: f64 = 2400.0;

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/sample/index.html");
    std::fs::read_to_string(path).expect("the page of a real run")
}

#[test]
fn the_page_of_a_real_run_is_small_answers_at_once_and_bars_nobody() {
    let page = page();
    assert!(page.len() < MOST_BYTES, "{} bytes", page.len());
    let Some(browser) = Browser::new() else { return };
    browser.resize(1280, 900);
    browser.open(&page, "");
    let ready = browser.run("return performance.getEntriesByName('interactive')[0].startTime;");
    let millis = ready.as_f64().expect("a time");
    eprintln!("the page of a real run: {} bytes, interactive after {millis:.0} ms", page.len());
    assert!(millis < MOST_MILLIS, "{millis} ms");
    let sections = "Array.from(document.querySelectorAll('main section')).filter(isShown)";
    let sections =
        browser.run(&format!("return {sections}.map(function (of) {{ return of.id; }});"));
    let sections = problems(&sections);
    assert!(sections.len() >= 14, "{sections:?}");
    for theme in ["light", "dark"] {
        browser.prefer(theme);
        let found = violations(&browser).unwrap_or_default();
        assert!(found.is_empty(), "{theme}: {found:#?}");
        for width in WIDTHS {
            browser.resize(width, 900);
            assert_fine(&browser, &format!("{theme}, {width}"));
        }
        browser.resize(1280, 900);
        for section in &sections {
            browser.picture(&format!("sample-{section}-{theme}"), section, PICTURE);
        }
    }
    assert_quiet(&browser);
}

#[test]
fn attacks_are_filtered_by_technique_and_only_these_are_saved() {
    let Some(browser) = Browser::new() else { return };
    browser.resize(1280, 900);
    browser.open(&page(), "#at=hostile");
    let rows = "Array.from(document.querySelectorAll('#evidence tr[data-t]'))";
    let count =
        |what: &str| browser.text(&format!("{rows}{what}.length")).parse::<usize>().unwrap();
    let all = count("");
    browser.run(
        "var box = document.getElementById('technique');
         box.value = Array.from(box.options).find(function (of) { return /T1059\\.004/.test(of.text); }).value;
         box.dispatchEvent(new Event('change'));",
    );
    let shown = count(".filter(isShown)");
    assert!(0 < shown && shown < all, "{shown} of {all}");
    assert_eq!(
        browser.text("document.getElementById('evidence-shown').textContent"),
        format!("{shown} of {all} attacks")
    );
    // Each has its calls below it, and the chosen technique among what is known of it.
    let named = ".filter(isShown).filter(function (row) { return /T1059\\.004/.test(row.nextElementSibling.textContent); })";
    assert_eq!(count(named), shown);
    browser.click("#hostile > .tools [data-save='markdown']");
    let ticket = downloaded(&browser, "deadweight-evidence.md");
    assert_eq!(ticket.lines().filter(|line| line.starts_with("# ")).count(), shown);
    // The address keeps the choice.
    assert!(browser.text("location.hash").contains("technique="));
    browser.run(
        "var box = document.getElementById('technique'); box.value = ''; box.dispatchEvent(new Event('change'));",
    );
    assert_eq!(count(".filter(isShown)"), all);
    assert_quiet(&browser);
}
