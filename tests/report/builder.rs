//! Records for tests: small ones built by hand, and a large one with a figure for everything.

use std::collections::BTreeMap;

use deadweight::base::PagePolicy;
use deadweight::base::case::{CaseId, FLOOR, Group, Operation, Temperature};
use deadweight::base::compatibility::{
    CompatibilityExample, CompatibilityOutcome, CompatibilityRecord, CompatibilityRow,
};
use deadweight::base::criterion::{CriterionRecord, CriterionRow};
use deadweight::base::instructions::{InstructionOutcome, InstructionRow};
use deadweight::base::record::*;

/// A record without rows, of one quiet run.
pub fn empty() -> BenchRecord {
    BenchRecord {
        schema: BENCH_SCHEMA.to_owned(),
        tool_version: "0.1.0".to_owned(),
        started: "2026-11-23T10:00:00Z".to_owned(),
        elapsed_seconds: 93.0,
        profile: "quick".to_owned(),
        seed: 42,
        processes: 3,
        interrupted: None,
        environment: Environment {
            cpu: "Test CPU 9000".to_owned(),
            cores: 2,
            memory_bytes: 24_000_000_000,
            host_id: Some("0123456789abcdef".into()),
            kernel: "Linux 6.5.0 x86_64".to_owned(),
            governor: Some("performance".to_owned()),
            huge_pages: Some("always [madvise] never".to_owned()),
            free_memory: Some("given back to the host".to_owned()),
            virtualization: Some("virtual machine".to_owned()),
            rustc: "rustc 1.95.0".to_owned(),
            commit: Some("0123abc".to_owned()),
            crates: BTreeMap::from([("safetensors".to_owned(), "0.8.0".to_owned())]),
        },
        noise: Noise {
            loop_median_nanos: 4_000_000.0,
            loop_spread: 0.02,
            context_switches: 12,
            load_before: Some(0.25),
            noisy: false,
            windows: 900,
            disturbed: BTreeMap::from([
                ("slow-loop".to_owned(), 30),
                ("stolen-time".to_owned(), 4),
            ]),
            dropped_samples: 512,
            kept_samples: 3,
        },
        power: Some(Power {
            injected_factor: 1.1,
            slowed_pairs: 40,
            slowed_found: 39,
            equal_pairs: 40,
            equal_told_apart: 2,
        }),
        models: Vec::new(),
        formats: Vec::new(),
        rows: Vec::new(),
        sizes: Vec::new(),
        memory: Vec::new(),
        python: None,
        tutorial: None,
        programs: Vec::new(),
        complaints: Vec::new(),
        compatibility: None,
        criterion: None,
        instructions: Vec::new(),
        notes: Vec::new(),
    }
}

/// A model of so many bytes.
pub fn model(id: &str, title: &str, array_bytes: u64) -> ModelRecord {
    ModelRecord {
        id: id.to_owned(),
        title: title.to_owned(),
        kind: "random_forest_classifier".to_owned(),
        size: Some("M".to_owned()),
        data: "generated, 10,000 rows of 20 features, seed 42".to_owned(),
        hyper_parameters: BTreeMap::from([("trees".to_owned(), "380".to_owned())]),
        metric: Some(Metric { name: "accuracy".to_owned(), value: 0.9125, rows: 3000 }),
        array_bytes,
        array_count: 7,
        content: "predict".to_owned(),
        training_nanos: Some(12_500_000_000),
        from_cache: true,
        checksum: "00112233445566aa".to_owned(),
    }
}

/// A data-only format; `warnings` are ids.
pub fn format(id: &str, encoding: &str, warnings: &[&str]) -> FormatRecord {
    let warning = |id: &&str| WarningRecord {
        id: (*id).to_owned(),
        text: format!("what {id} means"),
        reference: (*id == "advisory").then(|| "RUSTSEC-2026-0001".to_owned()),
    };
    FormatRecord {
        id: id.to_owned(),
        title: format!("The {id} format"),
        kind: "data-only".to_owned(),
        runtime: "rust".to_owned(),
        encoding: encoding.to_owned(),
        implementation: (id != "raw").then(|| format!("{id} 1.0.0")),
        modes: vec!["encode".to_owned(), "decode".to_owned()],
        warnings: warnings.iter().map(warning).collect(),
        losses: Vec::new(),
        content: None,
    }
}

pub fn case(model: &str, format: &str, operation: Operation) -> CaseId {
    CaseId {
        model: model.to_owned(),
        format: format.to_owned(),
        operation,
        pages: None,
        temperature: None,
    }
}

/// The same case in a tight loop.
pub fn hot(model: &str, format: &str, operation: Operation) -> CaseId {
    CaseId { temperature: Some(Temperature::Hot), ..case(model, format, operation) }
}

/// Criterion beside the hot rows of [`sample`]: one agrees, one is slower by a half, one has no partner.
pub fn criterion() -> CriterionRecord {
    let row = |format: &str, median: f64| CriterionRow {
        case: hot("forest-m", format, Operation::DecodePredictOne),
        median_nanos: median,
        low_nanos: median * 0.99,
        high_nanos: median * 1.01,
        bytes: Some(10_000_000),
        samples: 20,
    };
    CriterionRecord {
        measured: Some("2026-01-02T03:04:05Z".to_owned()),
        rows: vec![row("raw", 1_020_000.0), row("postcard", 1_200_000.0), row("rkyv", 1.0)],
    }
}

/// A count of instructions, and one that was not made.
pub fn instructions() -> Vec<InstructionRow> {
    let row = |format: &str, outcome| InstructionRow {
        case: case("tiny-s", format, Operation::Decode),
        outcome,
    };
    let reason = "valgrind cannot be started".to_owned();
    vec![
        row("raw", InstructionOutcome::Measured { instructions: 4321, bytes: 2000 }),
        row("postcard", InstructionOutcome::NotMeasured { reason }),
    ]
}

/// A figure: the median, 5 % around it, nine samples, a rank.
pub fn timing(median: f64, bytes: u64, rank: Option<u32>) -> Timing {
    let samples = [0.97, 1.0, 1.04].map(|factor| median * factor);
    Timing {
        median_nanos: median,
        low_nanos: median * 0.95,
        high_nanos: median * 1.05,
        bytes,
        iterations: 4,
        samples_nanos: vec![samples.to_vec(); 3],
        rank,
        floor_share: None,
    }
}

/// A measured row.
pub fn row(model: &str, format: &str, operation: Operation, median: f64, rank: u32) -> Row {
    let outcome = Outcome::Measured(timing(median, 10_000_000, Some(rank)));
    Row { case: case(model, format, operation), outcome }
}

pub fn size(model: &str, format: &str, bytes: u64, compressed: &[(&str, u64)]) -> SizeRow {
    SizeRow {
        model: model.to_owned(),
        format: format.to_owned(),
        bytes,
        compressed_bytes: compressed.iter().map(|(c, b)| ((*c).to_owned(), *b)).collect(),
    }
}

pub fn memory(model: &str, format: &str, operation: Operation, peak: u64) -> MemoryRow {
    let outcome = MemoryOutcome::Measured(Memory {
        peak_bytes: peak,
        held_bytes: peak / 2,
        arena_bytes: peak / 4,
        allocations: Some(1234),
        resident_peak_bytes: Some(peak + 4096),
        minor_faults: None,
    });
    MemoryRow { case: case(model, format, operation), outcome }
}

/// A small record with something of everything: two models, five formats, a failure, gaps.
pub fn sample() -> BenchRecord {
    use Operation::*;
    let mut record = empty();
    record.models =
        vec![model("tiny-s", "Tiny (S)", 2_000), model("forest-m", "Forest (M)", 10_400_000)];
    record.formats = vec![
        format("raw", "native", &["no-checksum", "convention"]),
        format("safetensors", "native", &["no-checksum"]),
        format("rkyv", "native", &["advisory"]),
        format("postcard", "bytes", &[]),
        format("json-elements", "elements", &[]),
    ];
    record.formats[4].losses = vec!["signalling bits are lost".to_owned()];
    record.rows = vec![
        row("forest-m", "raw", DecodePredictOne, 1_200_000.0, 1),
        row("forest-m", "safetensors", DecodePredictOne, 1_250_000.0, 1),
        row("forest-m", "rkyv", DecodePredictOne, 1_100_000.0, 1),
        row("forest-m", "postcard", DecodePredictOne, 2_400_000.0, 4),
        row("forest-m", "json-elements", DecodePredictOne, 240_000_000.0, 5),
        row("forest-m", "raw", ViewPredictOne, 10_000.0, 1),
        row("forest-m", "safetensors", ViewPredictOne, 25_000.0, 2),
        Row {
            case: case("forest-m", "postcard", ViewPredictOne),
            outcome: Outcome::NotMeasured { reason: "the format has no zero-copy view".to_owned() },
        },
        Row {
            case: case("forest-m", "json-elements", Encode),
            outcome: Outcome::Failed { reason: "predictions differ".to_owned() },
        },
        row("forest-m", FLOOR, FloorCopy, 900_000.0, 1),
        row("tiny-s", "raw", DecodePredictOne, 4_000.0, 1),
        row("tiny-s", "safetensors", DecodePredictOne, 9_000.0, 2),
    ];
    record.rows.push(Row {
        case: CaseId { pages: Some(PagePolicy::Small), ..case("forest-m", "raw", Decode) },
        outcome: Outcome::Measured(Timing {
            floor_share: Some(0.75),
            ..timing(2_000_000.0, 10_000_000, Some(1))
        }),
    });
    let hot = |format: &str, median: f64, rank: u32| Row {
        case: hot("forest-m", format, DecodePredictOne),
        outcome: Outcome::Measured(timing(median, 10_000_000, Some(rank))),
    };
    record.rows.extend([hot("raw", 1_000_000.0, 2), hot("postcard", 800_000.0, 1)]);
    record.sizes = vec![
        size("forest-m", "raw", 10_401_000, &[("zstd-3", 4_000_000), ("lz4", 6_000_000)]),
        size("forest-m", "safetensors", 10_402_000, &[("zstd-3", 4_000_100)]),
        size("forest-m", "postcard", 7_600_000, &[("zstd-3", 3_900_000)]),
        size("tiny-s", "raw", 2_100, &[]),
    ];
    record.memory = vec![
        memory("forest-m", "raw", Decode, 10_400_000),
        memory("forest-m", "safetensors", Decode, 10_500_000),
        MemoryRow {
            case: case("forest-m", "rkyv", MapPredictOne),
            outcome: MemoryOutcome::NotMeasured { reason: "the process died".to_owned() },
        },
    ];
    record.notes = vec!["measuring process 2: ended early".to_owned()];
    record
}

/// Ids of the large record's formats, and how many times as long as raw each loads.
const FORMATS: [(&str, &str, f64, f64, bool); 21] = [
    ("raw", "native", 1.0, 1.0, true),
    ("safetensors", "native", 1.02, 1.0, true),
    ("rkyv", "native", 1.05, 1.0, true),
    ("npz", "native", 2.2, 1.001, true),
    ("arrow", "native", 1.4, 1.002, true),
    ("postcard", "bytes", 1.1, 1.0, true),
    ("postcard-elements", "elements", 21.0, 0.9, false),
    ("bincode", "bytes", 1.11, 1.0, true),
    ("bincode-elements", "elements", 18.0, 1.0, false),
    ("wincode", "bytes", 1.08, 1.0, true),
    ("wincode-elements", "elements", 2.1, 1.0, false),
    ("bitcode", "bytes", 2.9, 0.99, false),
    ("bitcode-elements", "elements", 3.4, 0.73, false),
    ("borsh", "bytes", 2.0, 1.0, false),
    ("borsh-elements", "elements", 15.0, 1.0, false),
    ("cbor", "bytes", 2.4, 1.0, false),
    ("cbor-elements", "elements", 160.0, 1.1, false),
    ("msgpack", "bytes", 1.15, 1.0, true),
    ("msgpack-elements", "elements", 40.0, 1.12, false),
    ("json", "bytes", 6.0, 1.34, false),
    ("json-elements", "elements", 210.0, 2.4, false),
];

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as f64 / (1u64 << 31) as f64
    }
}

/// Seven models, 21 formats, every operation of a standard run: as large as records get.
pub fn large() -> BenchRecord {
    let mut record = empty();
    let mut numbers = Numbers(7);
    let sizes = [10_400_000, 1_900, 2_000, 3_100, 60_000, 400_000, 2_000_000];
    let names = ["random_forest", "linear_regression", "logistic", "svc", "tree", "knn", "nusvc"];
    record.models = names
        .iter()
        .zip(sizes)
        .map(|(name, bytes)| {
            model(&format!("{name}_classifier-m"), &format!("Model {name} (M)"), bytes)
        })
        .collect();
    for (id, encoding, .., view) in FORMATS {
        let warnings: &[&str] = match id {
            "raw" => &["no-checksum", "convention"],
            "rkyv" => &["advisory", "convention"],
            "bitcode" | "bitcode-elements" => &["unstable-format", "hostile-input"],
            "bincode" | "bincode-elements" => &["unmaintained", "no-checksum"],
            _ => &["no-checksum"],
        };
        let mut format = format(id, encoding, warnings);
        if view {
            format.modes.push("view".to_owned());
        }
        record.formats.push(format);
    }
    for model in record.models.clone() {
        for operation in Operation::ALL {
            one_operation(&mut record, &mut numbers, &model, *operation);
        }
        for (id, _, slower, larger, view) in FORMATS {
            let bytes = (model.array_bytes as f64 * larger) as u64 + 400;
            let codecs = [("zstd-1", 0.52), ("zstd-3", 0.5), ("zstd-19", 0.41), ("lz4", 0.66)];
            let compressed: Vec<(&str, u64)> = codecs
                .iter()
                .map(|(codec, share)| {
                    (*codec, (bytes as f64 * share * (0.9 + 0.2 * numbers.next())) as u64)
                })
                .collect();
            record.sizes.push(size(&model.id, id, bytes, &compressed));
            let peak = (model.array_bytes as f64 * (1.0 + slower.ln() / 4.0)) as u64;
            record.memory.push(memory(&model.id, id, Operation::Decode, peak));
            if view {
                record.memory.push(memory(&model.id, id, Operation::MapPredictOne, 4000));
            }
        }
    }
    record
}

fn one_operation(
    record: &mut BenchRecord,
    numbers: &mut Numbers,
    model: &ModelRecord,
    operation: Operation,
) {
    let base = model.array_bytes as f64 * 0.09 + 900.0;
    if operation.group() == Group::Floor {
        record.rows.push(row(&model.id, FLOOR, operation, base * 0.8, 1));
        return;
    }
    let viewing = operation.group() == Group::View || operation == Operation::MapPredictOne;
    for (id, _, slower, _, view) in &FORMATS {
        let outcome = if viewing && !view {
            Outcome::NotMeasured { reason: "the format has no zero-copy view".to_owned() }
        } else {
            let rung = 1.0 + f64::from(operation as u8 % 6) * 0.07;
            let factor = if viewing { 0.01 + slower / 900.0 } else { *slower };
            let median = (base * factor * rung).max(40.0);
            // The six fastest share the first rank; the others have one of their own.
            let faster = FORMATS.iter().filter(|other| other.2 < *slower).count() as u32;
            let rank = if faster < 6 { 1 } else { faster + 1 };
            let mut timing = timing(median, model.array_bytes, Some(rank));
            let sample = |numbers: &mut Numbers| {
                let five = median * (0.95 + 0.12 * numbers.next());
                let power = 10f64.powf(4.0 - five.log10().floor());
                (five * power).round() / power
            };
            timing.samples_nanos =
                (0..5).map(|_| (0..25).map(|_| sample(numbers)).collect()).collect();
            timing.floor_share = (operation == Operation::Decode).then_some(0.8 / slower);
            Outcome::Measured(timing)
        };
        record.rows.push(Row { case: case(&model.id, id, operation), outcome });
    }
}

/// Six files of two writers, with every sort of outcome but a hang.
pub fn compatibility() -> CompatibilityRecord {
    let fails = || CompatibilityOutcome::Fails {
        reason: "No module named 'sklearn.tree.<tree>'".to_owned(),
    };
    let right = || CompatibilityOutcome::Right { warned: true };
    let example = CompatibilityExample {
        method: "predict_proba".to_owned(),
        row: 0,
        column: 1,
        expected: "1".to_owned(),
        found: "10".to_owned(),
        different_values: 25,
        values: 60,
    };
    let missing =
        CompatibilityOutcome::NotMeasured { reason: "this Python does not have lz4".to_owned() };
    let crashes = CompatibilityOutcome::Crashes { reason: "signal: 11".to_owned() };
    let old = |python| file("0.20.4, Python 2.7", "2.7.18", "1.14.6", "forest", python);
    let new = |model: &str, python| file("1.3.2", "3.11.7", "1.25.2", model, python);
    let wrong = CompatibilityOutcome::Wrong { example, warned: true };
    let mut rows = vec![
        old(fails()),
        old(fails()),
        new("forest", wrong),
        new("tree", right()),
        CompatibilityRow { container: "joblib, lz4".to_owned(), ..new("tree", missing) },
        new("<b>words", crashes),
    ];
    rows[5].deadweight = CompatibilityOutcome::Fails { reason: "refused".to_owned() };
    CompatibilityRecord {
        scikit_learn: Some("9.9.9".to_owned()),
        python: Some("3.13.0".to_owned()),
        numpy: Some("2.5.5".to_owned()),
        rows,
    }
}

fn file(
    written_by: &str,
    python: &str,
    numpy: &str,
    model: &str,
    outcome: CompatibilityOutcome,
) -> CompatibilityRow {
    CompatibilityRow {
        file: format!("{written_by}/{model}"),
        written_by: written_by.to_owned(),
        written_with_python: python.to_owned(),
        written_with_numpy: numpy.to_owned(),
        model: model.to_owned(),
        container: "pickle, protocol 2".to_owned(),
        python: outcome,
        deadweight: CompatibilityOutcome::Right { warned: false },
    }
}
