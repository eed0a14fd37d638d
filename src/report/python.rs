//! Python's own ways beside the formats: the tutorial, each estimator's way to a first prediction,
//! and whole programs.

use maud::{Markup, html};

use super::lookup::{Format, Lookup, Measured, Model};
use super::widgets::{absent_cell, number_cell, range, scroll};
use crate::base::case::Operation;
use crate::base::record::{
    BenchRecord, ProgramOutcome, ProgramRow, PythonRecord, Timing, TutorialRecord,
};
use crate::base::units;

/// What the others are compared with: the fastest of pickle's protocols.
const PICKLE: &str = "pickle-5";
const JOBLIB: &str = "joblib";
/// The program that others are compared with.
const JOBLIB_PROGRAM: &str = "python + joblib";

/// True when there is something to say of Python.
pub fn is_known(record: &BenchRecord) -> bool {
    record.python.is_some() || record.tutorial.is_some() || !record.programs.is_empty()
}

/// Everything about Python that no table of operations shows.
pub fn section(lookup: &Lookup<'_>) -> Markup {
    let record = lookup.record;
    html! {
        @if is_known(record) {
            section #python {
                h2 { "Against Python" }
                @if let Some(python) = &record.python { (who(python)) }
                @if let Some(tutorial) = &record.tutorial { (story(lookup, tutorial)) }
                (estimators(lookup))
                @if !record.programs.is_empty() { (programs(lookup)) }
                @if !record.complaints.is_empty() {
                    details.none {
                        summary { "What Python wrote to its standard error: " (record.complaints.len()) " lines" }
                        ul { @for line in &record.complaints { li { code { (line) } } } }
                    }
                }
            }
        }
    }
}

fn who(python: &PythonRecord) -> Markup {
    match python {
        PythonRecord::Measured { implementation, version, packages, missing, .. } => html! {
            p.hint {
                "Times of Python's rows were taken inside " (implementation) " " (version)
                ", by its own clock, in the same shuffled rounds as the others, after the predictions "
                "were compared. Packages: "
                (packages.iter().map(|(name, version)| format!("{name} {version}")).collect::<Vec<_>>().join(", "))
                "."
                @if !missing.is_empty() { " Not there, so not measured: " (missing.join(", ")) "." }
            }
        },
        PythonRecord::NotMeasured { reason } => html! {
            p.banner.info role="note" { b { "Python was not measured. " } (reason) }
        },
    }
}

fn story(lookup: &Lookup<'_>, tutorial: &TutorialRecord) -> Markup {
    let find = |method: &str| tutorial.methods.iter().find(|m| m.method == method);
    let formats: Vec<Format<'_>> = {
        let mut formats: Vec<_> =
            lookup.timings(&tutorial.model, Measured::usual(Operation::DecodePredictOne));
        formats.sort_by(|(_, a), (_, b)| a.median_nanos.total_cmp(&b.median_nanos));
        formats.into_iter().map(|(format, _)| format).collect()
    };
    let data_only =
        tutorial.methods.iter().filter(|m| !matches!(m.method.as_str(), "pickle" | "joblib"));
    let same = data_only.clone().filter(|m| m.accuracy_after == tutorial.accuracy_before).count();
    html! {
        h3 { "The classic tutorial" }
        p {
            "A random forest of 100 trees on 700 rows of make_classification. Accuracy on "
            (tutorial.test_rows) " test rows: " b { (format!("{:.4}", tutorial.accuracy_before)) } " before saving"
            @for method in ["pickle", "joblib"].into_iter().filter_map(find) {
                ", " (format!("{:.4}", method.accuracy_after)) " after " (method.method)
                " (" (units::bytes(method.bytes)) ")"
            }
            ". Its joblib file, read without running it and stored in " (data_only.count())
            " data-only formats, has the same accuracy in " b { (same) } " of them."
        }
        (scroll("The tutorial's model in every format", html! {
            table.t {
                thead { tr {
                    th scope="col" .k { "format" }
                    th scope="col" .k { "size" }
                    th scope="col" .k { "encode" }
                    th scope="col" .k { "load + first prediction" }
                    th scope="col" { "95 % interval" }
                    th scope="col" .k { "as a view" }
                    th scope="col" .k { "against pickle 5" }
                    th scope="col" .k { "accuracy" }
                } }
                tbody {
                    @for format in &formats { (tutorial_row(lookup, tutorial, format)) }
                }
            }
        }))
    }
}

fn tutorial_row(lookup: &Lookup<'_>, tutorial: &TutorialRecord, format: &Format<'_>) -> Markup {
    let model = tutorial.model.as_str();
    let time = |operation| lookup.timing(model, format.id, operation);
    let pickle = lookup.timing(model, PICKLE, Operation::DecodePredictOne);
    let load = time(Operation::DecodePredictOne);
    let accuracy = tutorial.methods.iter().find(|method| method.method == format.id);
    // Python's rows were compared with the estimator, row by row, before they had a time.
    let accuracy = match format.record.map(|record| record.runtime.as_str()) {
        Some("python") => Some(tutorial.accuracy_before),
        _ => accuracy.map(|method| method.accuracy_after),
    };
    super::widgets::row_of(
        lookup,
        format,
        html! {
            @match lookup.size(model, format.id) {
                Some(size) => (number_cell(size.bytes as f64, units::bytes(size.bytes))),
                None => (absent_cell()),
            }
            (time_cell(time(Operation::Encode)))
            (time_cell(load))
            @match load {
                Some(load) => td { (range(load.low_nanos, load.high_nanos)) },
                None => (absent_cell()),
            }
            (time_cell(time(Operation::ViewPredictOne)))
            (ratio_cell(pickle, load))
            @match accuracy {
                Some(accuracy) => td { (format!("{accuracy:.4}")) },
                None => (absent_cell()),
            }
        },
    )
}

fn time_cell(timing: Option<&Timing>) -> Markup {
    match timing {
        Some(timing) => number_cell(timing.median_nanos, units::duration(timing.median_nanos)),
        None => absent_cell(),
    }
}

/// How many times faster, in words.
fn ratio_cell(compared: Option<&Timing>, timing: Option<&Timing>) -> Markup {
    let (Some(compared), Some(timing)) = (compared, timing) else { return absent_cell() };
    if compared.median_nanos <= 0.0 || timing.median_nanos <= 0.0 {
        return absent_cell();
    }
    let ratio = compared.median_nanos / timing.median_nanos;
    let overlap =
        compared.low_nanos <= timing.high_nanos && timing.low_nanos <= compared.high_nanos;
    let words = match ratio {
        _ if overlap => "not distinguishable".to_owned(),
        r if r >= 1.0 => format!("{} faster", units::times(r)),
        r => format!("{} slower", units::times(1.0 / r)),
    };
    number_cell(ratio, words)
}

/// The fastest data-only format that is measured by this program.
fn best<'a>(
    lookup: &Lookup<'a>,
    model: &str,
    operation: Operation,
) -> Option<(Format<'a>, &'a Timing)> {
    lookup.timings(model, Measured::usual(operation)).into_iter().find(|(format, _)| {
        !format.is_executable() && format.record.is_some_and(|record| record.runtime == "rust")
    })
}

/// Models of which Python has a live estimator.
fn estimators(lookup: &Lookup<'_>) -> Markup {
    let load = Operation::DecodePredictOne;
    let models: Vec<&Model<'_>> =
        lookup.models.iter().filter(|m| lookup.timing(m.id, PICKLE, load).is_some()).collect();
    html! {
        @if !models.is_empty() {
            h3 { "From the bytes to a first correct prediction" }
            p.hint {
                "Python ends with a live estimator and predicts one row; the formats end with a model that "
                "predicts the same row. All hold every fitted attribute (content full)."
            }
            (scroll("Python and the formats, model by model", html! {
                table.t {
                    thead { tr {
                        th scope="col" .l { "model" }
                        th scope="col" .k { "pickle 5" }
                        th scope="col" .k { "joblib" }
                        th scope="col" .k { "fastest data-only, owned" }
                        th scope="col" .k { "against pickle 5" }
                        th scope="col" .k { "fastest view" }
                        th scope="col" .k { "against pickle 5" }
                        th scope="col" .k { "save, against pickle 5" }
                    } }
                    tbody { @for model in models { (estimator_row(lookup, model)) } }
                }
            }))
        }
    }
}

fn estimator_row(lookup: &Lookup<'_>, model: &Model<'_>) -> Markup {
    let load = Operation::DecodePredictOne;
    let pickle = lookup.timing(model.id, PICKLE, load);
    let owned = best(lookup, model.id, load);
    let view = best(lookup, model.id, Operation::ViewPredictOne);
    let save = best(lookup, model.id, Operation::Encode);
    let named = |found: Option<(Format<'_>, &Timing)>| match found {
        Some((format, timing)) => number_cell(
            timing.median_nanos,
            html! { (units::duration(timing.median_nanos)) small { (format.id) } },
        ),
        None => absent_cell(),
    };
    html! {
        tr {
            th scope="row" { (model.title()) }
            (time_cell(pickle))
            (time_cell(lookup.timing(model.id, JOBLIB, load)))
            (named(owned))
            (ratio_cell(pickle, owned.map(|(_, timing)| timing)))
            (named(view))
            (ratio_cell(pickle, view.map(|(_, timing)| timing)))
            (ratio_cell(lookup.timing(model.id, PICKLE, Operation::Encode), save.map(|(_, timing)| timing)))
        }
    }
}

fn programs(lookup: &Lookup<'_>) -> Markup {
    let rows = &lookup.record.programs;
    // What everybody does; where it was not measured, the slowest.
    let joblib = rows.iter().find(|row| row.program == JOBLIB_PROGRAM).and_then(median);
    let slowest = || rows.iter().filter_map(median).fold(0.0, f64::max);
    let reference = joblib.unwrap_or_else(slowest);
    html! {
        h3 { "Whole programs: from the start of the process to one prediction" }
        p.hint {
            "Median of the runs, with the fastest and the slowest; the peak is of resident memory. Every "
            "program printed the same prediction. " b { "Times faster" } " is against "
            @if joblib.is_some() { (JOBLIB_PROGRAM) } @else { "the slowest of them" } "."
        }
        (scroll("Whole programs", html! {
            table.t {
                thead { tr {
                    th scope="col" .l { "program" }
                    th scope="col" .k { "file" }
                    th scope="col" .k { "median" }
                    th scope="col" { "fastest – slowest" }
                    th scope="col" .k { "times faster" }
                    th scope="col" .k { "peak memory" }
                } }
                tbody { @for row in rows { (program_row(row, reference)) } }
            }
        }))
    }
}

fn median(row: &ProgramRow) -> Option<f64> {
    match &row.outcome {
        ProgramOutcome::Measured { median_nanos, .. } => Some(*median_nanos),
        ProgramOutcome::NotMeasured { .. } => None,
    }
}

fn program_row(row: &ProgramRow, reference: f64) -> Markup {
    html! {
        tr {
            th scope="row" { (row.program) }
            @match row.file_bytes {
                Some(bytes) => (number_cell(bytes as f64, units::bytes(bytes))),
                None => (absent_cell()),
            }
            @match &row.outcome {
                ProgramOutcome::Measured { median_nanos, least_nanos, most_nanos, resident_peak_bytes, .. } => {
                    (number_cell(*median_nanos, units::duration(*median_nanos)))
                    td { (range(*least_nanos, *most_nanos)) }
                    (number_cell(reference / median_nanos, units::times(reference / median_nanos)))
                    @match resident_peak_bytes {
                        Some(bytes) => (number_cell(*bytes as f64, units::bytes(*bytes))),
                        None => (absent_cell()),
                    }
                }
                ProgramOutcome::NotMeasured { reason } => td.l.why colspan="4" { "not measured: " (reason) },
            }
        }
    }
}
