//! `cargo bench`: criterion over the same cases that `deadweight run` measures.
//!
//! Criterion runs one case in a tight loop, so caches are as warm as they get; the report's
//! figures come from shuffled rounds in fresh processes. Both call the same [`Case::run`].
//!
//! ```text
//! cargo bench                                   # the forest, small and large: some minutes
//! cargo bench -- decode/safetensors             # only what matches
//! cargo bench -- --save-baseline main           # keep, and compare later:
//! cargo bench -- --baseline main
//! DEADWEIGHT_BENCH_MODELS=all cargo bench       # every model, or ids with commas between them
//! ```
//!
//! Where there is a Python with the packages (`deadweight run` makes one), pickle and joblib are rows
//! of the same groups, with times that Python took itself; and the forest of the tutorial, trained by
//! scikit-learn, is one more model.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use deadweight::base::case::{Case, Operation};
use deadweight::base::peer::{CaseSource, Held, Offer, Request};
use deadweight::base::units;
use deadweight::bench::allocator;
use deadweight::bench::cases::{self, Prepared};
use deadweight::bench::clock::{Clock, MonotonicClock};
use deadweight::bench::floors;
use deadweight::bench::free_memory;
use deadweight::bench::memory::CountingAllocator;
use deadweight::bench::peers::{self, Files};
use deadweight::bench::subject::Subject;
use deadweight::bench::trained;
use deadweight::formats::registry::FORMATS;
use deadweight::models::recipes::RECIPES;
use deadweight::peers::PythonSource;
use deadweight::peers::provision::home;
use deadweight::peers::python::{self, Choice};
use deadweight::versus::Side;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Environment variable that names the models.
const MODELS: &str = "DEADWEIGHT_BENCH_MODELS";
const DEFAULT_MODELS: &str = "random_forest_classifier-s,random_forest_classifier-m";

/// A row of Python whose single iteration takes longer has no row: criterion takes twenty samples.
const SLOWEST: Duration = Duration::from_millis(500);

const OPERATIONS: &[Operation] = &[
    Operation::Encode,
    Operation::Decode,
    Operation::DecodeReady,
    Operation::DecodePredictOne,
    Operation::View,
    Operation::ViewPredictOne,
];

/// The models that were asked for, from the cache or trained now.
fn subjects() -> Vec<Arc<Subject>> {
    let asked = std::env::var(MODELS).unwrap_or_else(|_| DEFAULT_MODELS.to_owned());
    let ids: Vec<&str> = asked.split(',').map(str::trim).collect();
    let mut known = Vec::new();
    let mut subjects = Vec::new();
    for recipe in RECIPES {
        for size in recipe.sizes {
            let id = trained::id(recipe, *size);
            if ids.contains(&id.as_str()) || (asked == "all" && size.id() != "L") {
                let cache = trained::default_directory();
                let (subject, _) = trained::obtain(recipe, *size, &cache, false, &|_| ())
                    .unwrap_or_else(|error| panic!("{id}: {error}"));
                subjects.push(Arc::new(subject));
            }
            known.push(id);
        }
    }
    assert!(!subjects.is_empty(), "{MODELS}={asked}: no such model; models: {}", known.join(", "));
    subjects
}

/// One case under criterion: the case times itself, in batches that it can bear.
fn measure(
    group: &mut criterion::BenchmarkGroup<
        '_,
        impl criterion::measurement::Measurement<Value = Duration>,
    >,
    id: BenchmarkId,
    case: &mut dyn Case,
) {
    group.throughput(Throughput::Bytes(case.bytes()));
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|iterations| {
            case.move_on();
            let (mut left, mut nanos) = (iterations, 0);
            while left > 0 {
                let batch = left.min(case.max_iterations());
                nanos += case.run(batch).unwrap_or_else(|error| panic!("{}: {error}", case.id()));
                left -= batch;
            }
            Duration::from_nanos(nanos)
        });
    });
}

/// Cases of Python for a subject: an estimator of its own, or the same arrays in a dict.
fn of_python(side: &Side, subject: &Subject, dir: &Path) -> Vec<Box<dyn Case>> {
    let Some(config) = side.config() else { return Vec::new() };
    let estimator = side.estimator(subject.id());
    peers::write(subject, dir, estimator.is_some()).unwrap();
    let files = Files::of(subject.id(), dir);
    let request = Request {
        model: subject.id(),
        held: estimator.map_or(Held::Arrays(&files.arrays), |path| Held::Estimator(path)),
        rows: subject.rows.is_some().then_some(files.rows.as_path()),
        expected: estimator.map(|_| files.expected.as_path()),
        bytes: subject.parameters.byte_len() as u64,
        most_free_bytes: allocator::most_free(subject.parameters.byte_len()),
        directory: dir,
        operations: OPERATIONS,
        left_out: &[],
        slowest: SLOWEST,
        core_only: None,
        verify: true,
    };
    let mut cases = Vec::new();
    for offer in PythonSource::new(config).offers(&request) {
        match offer {
            Offer::Case(case) => {
                let mut case = free_memory::ready_for(case);
                // Criterion cannot leave a row out once it is begun.
                match case.run(1) {
                    Ok(nanos) if Duration::from_nanos(nanos) > SLOWEST => {
                        let took = units::duration(nanos as f64);
                        eprintln!("{}: no row: one iteration takes {took}", case.id());
                    }
                    Ok(_) => cases.push(case),
                    Err(error) => eprintln!("{}: no row: {error}", case.id()),
                }
            }
            Offer::Failed(id, error) => eprintln!("{id}: no row: {error}"),
            Offer::NotMeasured(..) | Offer::Size { .. } => {}
        }
    }
    cases
}

fn benchmark(criterion: &mut Criterion, subject: &Arc<Subject>, side: &Side, dir: &Path) {
    let clock: Arc<dyn Clock> = Arc::new(MonotonicClock::default());
    allocator::keep_for(subject.parameters.byte_len());
    let reference = subject.reference().unwrap();
    let prepared: Vec<Arc<Prepared>> = FORMATS
        .iter()
        .map(|format| {
            let prepared = Prepared::new(subject.clone(), *format, dir).unwrap();
            prepared.verify(reference.as_ref()).unwrap();
            Arc::new(prepared)
        })
        .collect();
    let mut theirs = of_python(side, subject, dir);
    for operation in OPERATIONS {
        let mut group = criterion.benchmark_group(format!("{}/{}", subject.id(), operation.id()));
        // Large loads keep their results until the clock stops: equal, small samples.
        group.sampling_mode(SamplingMode::Flat);
        if *operation == Operation::Decode {
            let floor = floors::floor(subject, Operation::FloorCopy, None, dir, &clock);
            measure(&mut group, BenchmarkId::from_parameter("floor"), &mut *floor.unwrap());
        }
        for (format, prepared) in FORMATS.iter().zip(&prepared) {
            if cases::missing(*format, true, *operation).is_none() {
                let case = cases::case(prepared, *operation, None, &clock);
                let id = BenchmarkId::from_parameter(format.descriptor().id);
                measure(&mut group, id, &mut *case.unwrap());
            }
        }
        for case in theirs.iter_mut().filter(|case| case.id().operation == *operation) {
            let id = BenchmarkId::from_parameter(&case.id().format);
            measure(&mut group, id, &mut **case);
        }
        group.finish();
    }
    black_box(prepared);
}

fn main() {
    allocator::start_until_in_effect();
    let dir = tempfile::tempdir().unwrap();
    let mut criterion = Criterion::default()
        // As often at each of the seven places that a case moves through.
        .sample_size(21)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args();
    let found = python::find(&Choice::Ready, &home(), &|_| ()).map_err(|error| error.to_string());
    if let Err(reason) = &found {
        eprintln!("no rows of Python: {reason}");
    }
    let mut side = Side::new(found).unwrap();
    let mut subjects = subjects();
    if std::env::var_os(MODELS).is_none() {
        match side.tutorial() {
            Ok(tutorial) => subjects.extend(tutorial.map(|(subject, _)| Arc::new(subject))),
            Err(error) => eprintln!("no rows of the tutorial: {error:#}"),
        }
    }
    for subject in subjects {
        benchmark(&mut criterion, &subject, &side, dir.path());
    }
    criterion.final_summary();
}
