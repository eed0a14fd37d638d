//! Where the numbers come from: the models, the machine, the software, how to do it again, and
//! how to read it all.

use maud::{Markup, html};

use super::lookup::Lookup;
use super::space::grouped;
use super::widgets::{percent, scroll};
use crate::base::record::{BenchRecord, Metric, ModelRecord};
use crate::base::units;

/// The models of the record.
pub fn models_section(lookup: &Lookup<'_>) -> Markup {
    html! {
        section #models {
            h2 { "Models" }
            (scroll("Models", html! {
                table.t.f.md {
                    thead { tr {
                        th scope="col" { "model" }
                        th scope="col" { "arrays" }
                        th scope="col" .l { "data" }
                        th scope="col" .l { "hyper-parameters" }
                        th scope="col" { "quality" }
                        th scope="col" { "training" }
                        th scope="col" .l { "checksum (xxh3)" }
                    } }
                    tbody {
                        @for model in &lookup.models {
                            tr {
                                th scope="row" {
                                    (model.title()) small { (model.id) }
                                    @if let Some(record) = model.record { small { (kind(record)) } }
                                }
                                @match model.record {
                                    Some(record) => (model_cells(record)),
                                    None => td.l colspan="6" {
                                        "The record has rows of this model and does not describe it."
                                    },
                                }
                            }
                        }
                    }
                }
            }))
        }
    }
}

/// What sort of model it is, its size and what was kept of it.
fn kind(model: &ModelRecord) -> String {
    let size = model.size.as_ref().map(|size| format!(", size {size}")).unwrap_or_default();
    format!("{}{size}, content: {}", model.kind, model.content)
}

fn model_cells(model: &ModelRecord) -> Markup {
    let hyper: Vec<String> =
        model.hyper_parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    html! {
        td { (units::bytes(model.array_bytes)) small { (grouped(model.array_count)) " arrays" } }
        td.l.why { (model.data) }
        td.l.why { (if hyper.is_empty() { "none".to_owned() } else { hyper.join(", ") }) }
        td { @match &model.metric { Some(metric) => (quality(metric)), None => "–" } }
        td {
            @match model.training_nanos {
                Some(nanos) => (units::duration(nanos as f64)),
                None => "not trained here",
            }
            @if model.from_cache { small { "from the cache" } }
            @else if model.training_nanos.is_some() { small { "in this run" } }
        }
        td.l { code { (model.checksum) } }
    }
}

fn quality(metric: &Metric) -> Markup {
    html! {
        (format!("{:.4}", metric.value))
        small { (metric.name) " on " (grouped(metric.rows)) " rows" }
    }
}

/// Machine, software, provenance, how to repeat the run.
pub fn environment_section(record: &BenchRecord) -> Markup {
    html! {
        section #environment {
            h2 { "Environment and provenance" }
            div.columns {
                (machine(record))
                (run(record))
                (software(record))
            }
            @if !record.notes.is_empty() {
                h3 { "Notes" }
                ul { @for note in &record.notes { li { (note) } } }
            }
            h3 { "Do it again" }
            p { "With the same sources, in the release profile:" }
            pre tabindex="0" { code { (command(record)) } }
            p {
                "Models that are in the cache are not trained again. The record beside this page, "
                code { "bench.json" } ", is all that the page is made of; "
                code { "deadweight report" } " makes it again without measuring."
                " The copy inside the page, which the buttons above save, holds every row and no samples."
            }
        }
    }
}

/// The command that makes such a record.
pub fn command(record: &BenchRecord) -> String {
    format!("cargo run --release -- run --profile {} --seed {}", record.profile, record.seed)
}

fn list(title: &str, entries: &[(&str, Option<String>)]) -> Markup {
    html! {
        div {
            h3 { (title) }
            dl {
                @for (name, value) in entries {
                    @if let Some(value) = value { dt { (name) } dd { (value) } }
                }
            }
        }
    }
}

fn machine(record: &BenchRecord) -> Markup {
    let environment = &record.environment;
    let memory = (environment.memory_bytes > 0).then(|| units::bytes(environment.memory_bytes));
    list(
        "Machine",
        &[
            ("processor", Some(environment.cpu.clone())),
            ("cores", Some(environment.cores.to_string())),
            ("memory", memory),
            ("system", Some(environment.kernel.clone())),
            ("governor", environment.governor.clone()),
            ("huge pages", environment.huge_pages.clone()),
            ("free memory", environment.free_memory.clone()),
            ("virtualization", environment.virtualization.clone()),
            ("noise loop", Some(noise(record))),
            ("load before", record.noise.load_before.map(|load| format!("{load:.2}"))),
            ("context switches", Some(grouped(record.noise.context_switches))),
            ("windows", windows(record)),
            ("samples dropped", (record.noise.windows > 0).then(|| dropped(record))),
            ("host", environment.host_id.clone()),
        ],
    )
}

fn noise(record: &BenchRecord) -> String {
    if record.noise.loop_median_nanos == 0.0 {
        return "not measured".to_owned();
    }
    let median = units::duration(record.noise.loop_median_nanos);
    format!("{median}, varied by {}", percent(record.noise.loop_spread))
}

/// The windows in which samples were taken, and what disturbed how many.
fn windows(record: &BenchRecord) -> Option<String> {
    let noise = &record.noise;
    let disturbed: u64 = noise.disturbed.values().sum();
    let causes: Vec<String> =
        noise.disturbed.iter().map(|(what, count)| format!("{what} {}", grouped(*count))).collect();
    let causes =
        if causes.is_empty() { String::new() } else { format!(" ({})", causes.join(", ")) };
    (noise.windows > 0)
        .then(|| format!("{}, {} disturbed{causes}", grouped(noise.windows), grouped(disturbed)))
}

fn dropped(record: &BenchRecord) -> String {
    let noise = &record.noise;
    format!(
        "{}; {} kept, where a row had no other",
        grouped(noise.dropped_samples),
        grouped(noise.kept_samples)
    )
}

/// How well the run tells apart, from its twins.
fn power(record: &BenchRecord) -> Option<String> {
    let power = record.power.as_ref()?;
    Some(format!(
        "of {} pairs that differ by {:.0} % {} were told apart, of {} equal pairs {}, each pair taken alone",
        grouped(power.slowed_pairs),
        (power.injected_factor - 1.0) * 100.0,
        grouped(power.slowed_found),
        grouped(power.equal_pairs),
        grouped(power.equal_told_apart)
    ))
}

fn run(record: &BenchRecord) -> Markup {
    list(
        "Run",
        &[
            ("power check", power(record)),
            ("started", Some(record.started.clone())),
            ("took", Some(units::duration(record.elapsed_seconds * 1e9))),
            ("profile", Some(record.profile.clone())),
            ("processes", Some(record.processes.to_string())),
            ("seed", Some(record.seed.to_string())),
            ("interrupted", record.interrupted.clone()),
            ("deadweight", Some(record.tool_version.clone())),
            ("commit", record.environment.commit.clone()),
            ("schema", Some(record.schema.clone())),
            ("timed rows", Some(grouped(record.rows.len() as u64))),
        ],
    )
}

fn software(record: &BenchRecord) -> Markup {
    html! {
        div {
            h3 { "Software" }
            dl {
                dt { "compiler" } dd { (record.environment.rustc) }
                @for (name, version) in &record.environment.crates { dt { (name) } dd { (version) } }
            }
        }
    }
}

/// How to read the tables.
pub fn reading_section() -> Markup {
    html! {
        section #reading {
            h2 { "How to read this" }
            dl.reading {
                dt { "median" }
                dd { "Over the measuring processes, of each process's median. Dropping a result is not timed." }
                dt { "95 % interval" }
                dd {
                    "Bootstrapped over the processes and the samples inside them, and calibrated: few processes "
                    "make it wide."
                }
                dt { "power check" }
                dd {
                    "Some cases are measured twice more in the same rounds: the same again, and slowed down by a "
                    "tenth. The second must be told apart from the case nearly always, the first hardly ever. "
                    "Each pair is taken alone; ranks, which ask about all formats of a table at once, are more "
                    "cautious."
                }
                dt { "disturbed" }
                dd {
                    "Samples are taken in windows of 10 ms. Those of a window in which a fixed loop was slow, or "
                    "the processor was taken away, do not count and are taken again."
                }
                dt { "rank" }
                dd {
                    "Within one model, operation, page policy and temperature. Formats share a rank, marked =, "
                    "unless one is slower than the first by more than chance explains, all comparisons of the "
                    "table taken together: not distinguishable in this run, which does not mean equal."
                }
                dt { "of floor" }
                dd {
                    "Time of moving as many bytes with no format at all, divided by the format's time: 100 % is as "
                    "fast as memcpy, read() or write()."
                }
                dt { "GB/s" }
                dd { "Bytes that the operation moves, divided by its median. 1 GB is 1,000,000,000 bytes." }
                dt { "correct first" }
                dd {
                    "A format is timed only after every bit came back and the model predicted the same. "
                    "One that fails is listed as failed and has no figure."
                }
                dt { "not measured" }
                dd { "A figure that is absent is never zero; the reason stands below its table." }
                dt { "use" }
                dd {
                    "Of the formats without a reason for caution, those that load within 25 % or 50 µs of the "
                    "fastest of them; of these a portable one, not clearly larger than the smallest, with the fewest known "
                    "problems, by rank. "
                    "50 µs is less than a round trip in a local network."
                }
                dt { "reasons for caution" }
                dd {
                    "It can run code, its crate is unmaintained or under an advisory, its bytes may change with "
                    "the next version, a round trip loses something, or it failed on the model."
                }
                dt { "portable" }
                dd {
                    "Arrays are stored in the format's own one way, by a published crate, without a reason for "
                    "caution: other programs can be expected to read them."
                }
                dt { "can run code" }
                dd { "Loading such a file calls what the file names. Never load one from a stranger." }
            }
        }
    }
}
