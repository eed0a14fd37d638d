//! The classic tutorial on a terminal: what Python does, and the same model in the other formats.

use super::table::{Table, width, wrapped};
use crate::base::case::Operation;
use crate::base::record::{BenchRecord, Timing, TutorialRecord};
use crate::base::units;

/// The row that the others are compared with: what `pickle.dump` does where it is told to be fast.
const COMPARED: &str = "pickle-5";

/// The tutorial's story, before anything is timed.
pub fn story(tutorial: &TutorialRecord, scikit_learn: &str) -> String {
    let mut lines = vec![
        "The classic tutorial: RandomForestClassifier(100) on make_classification(1000, 20)"
            .to_owned(),
        format!(
            "  trained by scikit-learn {scikit_learn} in {}: accuracy {:.4} on {} test rows",
            units::duration(tutorial.training_nanos as f64),
            tutorial.accuracy_before,
            tutorial.test_rows
        ),
    ];
    for method in tutorial.methods.iter().filter(|method| is_python(&method.method)) {
        let bytes = units::bytes(method.bytes);
        let accuracy = method.accuracy_after;
        lines.push(format!(
            "  saved with {}: {bytes}; loaded again: accuracy {accuracy:.4}",
            method.method
        ));
    }
    let others = tutorial.methods.iter().filter(|method| !is_python(&method.method));
    let (same, all) = others.fold((0, 0), |(same, all), method| {
        (same + usize::from(method.accuracy_after == tutorial.accuracy_before), all + 1)
    });
    lines.push(format!(
        "  the joblib file, read without running it and stored in {all} data-only formats: accuracy {:.4} in {same} of {all}",
        tutorial.accuracy_before
    ));
    let wrap = |line: &String| wrapped(line, 4).trim_end().to_owned();
    lines.iter().map(wrap).collect::<Vec<_>>().join("\n")
}

fn is_python(method: &str) -> bool {
    matches!(method, "pickle" | "joblib")
}

struct Line<'a> {
    format: &'a str,
    bytes: Option<u64>,
    save: Option<&'a Timing>,
    load: Option<&'a Timing>,
    view: Option<&'a Timing>,
}

/// One table: every way to store the tutorial's model, fastest load first, against pickle.
pub fn table(record: &BenchRecord, tutorial: &TutorialRecord) -> String {
    let timing = |format: &str, operation: Operation| {
        let row = record.rows.iter().find(|row| {
            let case = &row.case;
            case.model == tutorial.model
                && case.format == format
                && case.operation == operation
                && case.is_usual()
        })?;
        row.outcome.timing()
    };
    let mut lines: Vec<Line<'_>> = record
        .formats
        .iter()
        .map(|format| Line {
            format: &format.id,
            bytes: record
                .sizes
                .iter()
                .find(|s| s.model == tutorial.model && s.format == format.id)
                .map(|s| s.bytes),
            save: timing(&format.id, Operation::Encode),
            load: timing(&format.id, Operation::DecodePredictOne),
            view: timing(&format.id, Operation::ViewPredictOne),
        })
        .filter(|line| line.load.is_some())
        .collect();
    let nanos =
        |timing: Option<&Timing>| timing.map_or(f64::INFINITY, |timing| timing.median_nanos);
    lines.sort_by(|a, b| nanos(a.load).total_cmp(&nanos(b.load)));
    let compared = timing(COMPARED, Operation::DecodePredictOne).map(|timing| timing.median_nanos);
    let wide = width() > 76;
    let mut head = vec!["format", "size", "load + first prediction"];
    if wide {
        head.insert(2, "encode");
        head.push("as a view");
    }
    head.push("against pickle 5");
    let mut table = Table::of_figures(&head);
    for line in &lines {
        let time = |timing: Option<&Timing>| {
            timing.map(|t| units::duration(t.median_nanos)).unwrap_or_default()
        };
        let is_python = record.formats.iter().any(|f| f.id == line.format && f.runtime == "python");
        let name =
            if is_python { format!("{} (Python)", line.format) } else { line.format.to_owned() };
        let mut cells =
            vec![name, line.bytes.map(units::bytes).unwrap_or_default(), time(line.load)];
        if wide {
            cells.insert(2, time(line.save));
            cells.push(time(line.view));
        }
        let best = nanos(line.load).min(nanos(line.view));
        cells.push(compared.map(|compared| faster(compared / best)).unwrap_or_default());
        table.row(cells);
    }
    table.text()
}

/// A ratio in words.
fn faster(ratio: f64) -> String {
    match ratio {
        r if r >= 1.05 => format!("{} faster", units::times(r)),
        r if r > 0.95 => "the same".to_owned(),
        r => format!("{} slower", units::times(1.0 / r)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::record::TutorialMethod;

    #[test]
    fn ratios_are_said_in_words_and_the_story_counts_what_is_the_same() {
        assert_eq!(faster(3.2), "3.20× faster");
        assert_eq!(faster(1.01), "the same");
        assert_eq!(faster(0.5), "2.00× slower");
        let method = |method: &str, accuracy_after| TutorialMethod {
            method: method.into(),
            bytes: 10,
            accuracy_after,
        };
        let tutorial = TutorialRecord {
            model: "m".into(),
            test_rows: 300,
            accuracy_before: 0.9,
            training_nanos: 1,
            methods: vec![method("pickle", 0.9), method("raw", 0.9), method("json", 0.8)],
        };
        let story = story(&tutorial, "1.9.1");
        let story = story.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(story.contains("accuracy 0.9000 in 1 of 2"), "{story}");
    }
}
