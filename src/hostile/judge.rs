//! One mutant, loaded and judged inside the limited process.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

use ndarray::Array2;

use super::BOUNDS;
use super::reader::{Failure, Input, Loaded, Reader, Way};
use crate::base::accounting;
use crate::base::hostility::Class;
use crate::base::{Parameters, Storage};
use crate::models::{Rows, registry::from_parameters};

/// Features of a model that is asked for a prediction: the number is the file's word.
const MOST_FEATURES: usize = 1 << 12;

/// How one mutant ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The worst of all ways in.
    pub class: Class,
    /// What was being done.
    pub phase: &'static str,
    /// What was said.
    pub message: String,
    /// Silently wrong, and the validation of its kind refuses it.
    pub refused_by_validation: bool,
}

thread_local! {
    /// Message and place of the last panic.
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps panics of this process out of its output, and remembers the last.
pub fn remember_panics() {
    set_hook(Box::new(|information| {
        let said = information.payload_as_str().unwrap_or("no message");
        let place =
            information.location().map(|at| format!(" at {}:{}", short(at.file()), at.line()));
        let text = format!("{said}{}", place.unwrap_or_default());
        // While a thread ends there may be nothing to remember in.
        let _ = LAST_PANIC.try_with(|last| last.try_borrow_mut().map(|mut last| *last = text));
    }));
}

/// A path below a registry, from the crate's folder on: the rest is this machine's.
fn short(file: &str) -> &str {
    let after = |part: &str| file.rfind(part).map(|at| at + part.len());
    let start =
        after("/registry/src/").and_then(|at| file.get(at..)?.find('/').map(|s| at + s + 1));
    start.or_else(|| after("/library/")).and_then(|at| file.get(at..)).unwrap_or(file)
}

/// Message and place of the last panic of this thread; empty when there was none since.
pub fn last_panic() -> String {
    LAST_PANIC.with(|last| last.take())
}

/// Loads by every way in, uses what was loaded, and says how that ended.
pub fn judge(reader: &dyn Reader, bytes: Vec<u8>, wanted: Option<&Loaded>) -> Judgement {
    let borrows = reader.ways().contains(&Way::View);
    let storage = borrows.then(|| Storage::adopt(bytes.clone()));
    let input = Input { bytes, storage };
    let ways = reader.ways().iter().map(|way| one_way(reader, *way, &input, wanted));
    let worst = ways.max_by_key(|judgement| judgement.class);
    worst.unwrap_or_else(|| ended(Class::CleanError, "decode", "there is no way in".into()))
}

fn ended(class: Class, phase: &'static str, message: String) -> Judgement {
    Judgement { class, phase, message, refused_by_validation: false }
}

fn one_way(reader: &dyn Reader, way: Way, input: &Input, wanted: Option<&Loaded>) -> Judgement {
    accounting::start();
    let result = catch_unwind(AssertUnwindSafe(|| reader.load(way, input)));
    let peak = accounting::stop().peak_bytes;
    let bound = (input.bytes.len() as u64)
        .saturating_mul(BOUNDS.memory_factor)
        .saturating_add(BOUNDS.memory_extra_bytes);
    let judgement = match result {
        Err(_) => ended(Class::EscapedPanic, way.id(), last_panic()),
        Ok(Err(Failure::Refused(message))) => ended(Class::CleanError, way.id(), message),
        Ok(Err(Failure::Panicked(message))) => {
            let last = last_panic();
            let message = if last.is_empty() { message } else { last };
            ended(Class::ContainedPanic, way.id(), message)
        }
        Ok(Ok(loaded)) => used(&loaded, way, wanted),
    };
    if peak > bound && judgement.class < Class::OverAllocation {
        let message = format!(
            "{peak} bytes were held for a file of {}; the load ended so: {}",
            input.bytes.len(),
            judgement.message
        );
        return ended(Class::OverAllocation, way.id(), message);
    }
    judgement
}

/// Compares what was loaded, and does with it what a program does with a model.
fn used(loaded: &Loaded, way: Way, wanted: Option<&Loaded>) -> Judgement {
    let used = catch_unwind(AssertUnwindSafe(|| {
        let difference = match wanted {
            Some(wanted) => loaded.first_difference(wanted),
            None => None,
        };
        (difference, try_out(loaded))
    }));
    match used {
        Err(_) => ended(Class::EscapedPanic, "use", last_panic()),
        Ok((None, _)) => ended(Class::Equal, way.id(), String::new()),
        Ok((Some(difference), refused_by_validation)) => {
            Judgement { refused_by_validation, ..ended(Class::SilentWrong, way.id(), difference) }
        }
    }
}

/// True when validation refuses. A prediction is tried all the same: it must be safe over any bytes.
fn try_out(loaded: &Loaded) -> bool {
    let Loaded::Parameters(parameters) = loaded else { return false };
    touch(parameters);
    let Ok(model) = from_parameters(parameters) else { return true };
    let refused = model.validate().is_err();
    let features = model.n_features();
    if features <= MOST_FEATURES {
        let rows = Array2::from_shape_fn((2, features), |(row, column)| {
            [0.0, 1.5, -2.0][(row + column) % 3]
        });
        let rows = || Rows::from(rows.view());
        let _ = model.predict(rows());
        let _ = model.predict_proba(rows());
        let _ = model.decision_function(rows());
    }
    refused
}

/// Reads every byte of every array: a view that lies outside of its file is noticed here.
fn touch(parameters: &Parameters) {
    std::hint::black_box(parameters.checksum());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::hostility::Column;
    use crate::hostile::readers;

    #[test]
    fn paths_of_a_machine_are_left_out() {
        let file = "/somebody/.cargo/registry/src/index-0/arrow-60.1.0/src/lib.rs";
        assert_eq!(short(file), "arrow-60.1.0/src/lib.rs");
        assert_eq!(short("/rustc/0/library/alloc/src/vec.rs"), "alloc/src/vec.rs");
        assert_eq!(short("src/formats/raw.rs"), "src/formats/raw.rs");
    }

    /// A reader that does what its input says: each class that a process survives can be reached.
    struct Actor;

    impl Reader for Actor {
        fn format(&self) -> &'static str {
            "actor"
        }
        fn column(&self) -> Column {
            Column::Guarded
        }
        fn crate_name(&self) -> Option<&'static str> {
            None
        }
        fn seeds(&self) -> Result<Vec<crate::hostile::reader::Seed>, String> {
            Ok(Vec::new())
        }
        fn load(&self, _: Way, input: &Input) -> Result<Loaded, Failure> {
            match input.bytes.as_slice() {
                b"refuse" => Err(Failure::Refused("no".into())),
                b"contain" => Err(Failure::Panicked("yes".into())),
                b"panic" => panic!("as asked"),
                name => Ok(Loaded::Parameters(Parameters::new(String::from_utf8_lossy(name), 1))),
            }
        }
    }

    #[test]
    fn each_class_is_told_from_the_others() {
        let wanted = Loaded::Parameters(Parameters::new("model", 1));
        let class = |bytes: &[u8]| judge(&Actor, bytes.to_vec(), Some(&wanted)).class;
        assert_eq!(class(b"refuse"), Class::CleanError);
        assert_eq!(class(b"contain"), Class::ContainedPanic);
        assert_eq!(class(b"panic"), Class::EscapedPanic);
        assert_eq!(class(b"model"), Class::Equal);
        assert_eq!(class(b"other"), Class::SilentWrong);
    }

    #[test]
    fn a_real_loader_is_judged() {
        let reader = readers::find("raw", Column::Guarded).unwrap();
        let seed = reader.seeds().unwrap().remove(0);
        assert_eq!(judge(&*reader, seed.bytes.clone(), Some(&seed.holds)).class, Class::Equal);
        let mut changed = seed.bytes.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(judge(&*reader, changed, Some(&seed.holds)).class, Class::SilentWrong);
        let cut = seed.bytes[..40].to_vec();
        assert_eq!(judge(&*reader, cut, Some(&seed.holds)).class, Class::CleanError);
    }
}
