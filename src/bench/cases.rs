//! The operations, as cases that time themselves.
//!
//! All formats go through the same few lines here, so that the harness gives none a buffer or a drop
//! that another has not; what a decoder checks by itself is part of its figure. A load is a *source* (bytes in memory, borrowed or decoded, or a
//! file, read or mapped) and a *rung* (how far the ladder is climbed); everything that a load
//! makes is kept until the clock has stopped.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ndarray::{Array2, ArrayView2, s};

use super::clock::Clock;
use super::cold::Cold;
use super::compression::Compression;
use super::copies::{Copies, Moving};
use super::file_io;
use super::place::memory_of_sample;
use super::subject::{Subject, VERIFIED_ROWS};
use crate::base::case::{Case, CaseError, CaseId, Operation, most_iterations};
use crate::base::{Limits, PagePolicy, Parameters, Spare, Storage};
use crate::formats::{DecodeOptions, Format};
use crate::models::registry::from_parameters;
use crate::models::{Model, Predictions};

/// A case around a closure: what the closure returns is dropped after the clock has stopped.
struct Timed<F> {
    id: CaseId,
    bytes: u64,
    kept_bytes: u64,
    place: usize,
    clock: Arc<dyn Clock>,
    operation: F,
}

impl<T, F: FnMut() -> Result<T, CaseError>> Case for Timed<F> {
    fn id(&self) -> &CaseId {
        &self.id
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn max_iterations(&self) -> u64 {
        most_iterations(self.kept_bytes)
    }

    fn move_on(&mut self) {
        self.place = self.place.wrapping_add(1);
    }

    fn run(&mut self, iterations: u64) -> Result<u64, CaseError> {
        let _memory = memory_of_sample(self.place, self.kept_bytes);
        let mut kept = Vec::with_capacity(usize::try_from(iterations).map_err(CaseError::new)?);
        let start = self.clock.now_nanos();
        for _ in 0..iterations {
            kept.push(black_box((self.operation)()?));
        }
        let nanos = self.clock.now_nanos().saturating_sub(start);
        drop(kept);
        Ok(nanos)
    }
}

/// What a view keeps in memory of its own, about.
const VIEW_BYTES: u64 = 16 << 10;

/// How far a load goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rung {
    Parameters,
    Ready,
    PredictOne,
    PredictThousand,
    Validate,
    Checksum,
}

/// Where a load begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Decode,
    View,
    ReadFile,
    MapFile,
}

fn load_of(operation: Operation) -> Option<(Source, Rung)> {
    Some(match operation {
        Operation::Decode => (Source::Decode, Rung::Parameters),
        Operation::DecodeReady => (Source::Decode, Rung::Ready),
        Operation::DecodePredictOne => (Source::Decode, Rung::PredictOne),
        Operation::DecodePredictThousand => (Source::Decode, Rung::PredictThousand),
        Operation::DecodeValidate => (Source::Decode, Rung::Validate),
        Operation::DecodeChecksum => (Source::Decode, Rung::Checksum),
        Operation::View => (Source::View, Rung::Parameters),
        Operation::ViewReady => (Source::View, Rung::Ready),
        Operation::ViewPredictOne => (Source::View, Rung::PredictOne),
        Operation::ViewPredictThousand => (Source::View, Rung::PredictThousand),
        Operation::ViewValidate => (Source::View, Rung::Validate),
        Operation::ViewChecksum => (Source::View, Rung::Checksum),
        Operation::LoadFile => (Source::ReadFile, Rung::Parameters),
        Operation::LoadFilePredictOne => (Source::ReadFile, Rung::PredictOne),
        Operation::MapPredictOne => (Source::MapFile, Rung::PredictOne),
        Operation::LoadFileColdPredictOne => (Source::ReadFile, Rung::PredictOne),
        Operation::MapFileColdPredictOne => (Source::MapFile, Rung::PredictOne),
        _ => return None,
    })
}

/// Why an operation does not exist for a format and a subject, if it does not.
pub fn missing(format: &dyn Format, has_rows: bool, operation: Operation) -> Option<String> {
    if operation == Operation::DecodeReused && !format.descriptor().arena {
        return Some(
            "the crate behind the format takes the memory of its arrays itself".to_owned(),
        );
    }
    let (source, rung) = load_of(operation)?;
    if matches!(source, Source::View | Source::MapFile) && !format.descriptor().view {
        return Some("the format has no zero-copy view".to_owned());
    }
    let needs_model = !matches!(rung, Rung::Parameters | Rung::Checksum);
    (needs_model && !has_rows).then(|| "plain arrays are no model".to_owned())
}

/// True where the pages of an operation's destination are ours to choose: the format decodes into an
/// arena, or a file is read into one whatever the format does then.
pub fn fills_arena(format: &dyn Format, operation: Operation) -> bool {
    let reads = load_of(operation).is_some_and(|(source, _)| source == Source::ReadFile);
    format.descriptor().arena || reads
}

/// What a load made; dropped after the clock has stopped.
pub struct Loaded {
    /// The parameters.
    pub parameters: Parameters,
    /// The model, from the rung that makes one.
    pub model: Option<Box<dyn Model>>,
    /// What it predicted.
    pub predictions: Option<Predictions>,
    /// The source, where the load itself made it (a file that was read or mapped).
    pub source: Option<Storage>,
}

/// A subject encoded in one format, in memory and on disk: what its cases share.
pub struct Prepared {
    subject: Arc<Subject>,
    format: &'static dyn Format,
    copies: Arc<Copies>,
    path: PathBuf,
    rows: Array2<f64>,
}

impl Prepared {
    /// Encodes the subject and writes the file that the file operations read, below `dir`.
    ///
    /// # Errors
    /// [`CaseError`] when the format refuses or the file cannot be written.
    pub fn new(
        subject: Arc<Subject>,
        format: &'static dyn Format,
        dir: &Path,
    ) -> Result<Self, CaseError> {
        let mut bytes = Vec::new();
        format.encode(&subject.parameters, &mut bytes).map_err(CaseError::new)?;
        let path = dir.join(format!("{}.{}", subject.id(), format.descriptor().id));
        std::fs::write(&path, &bytes).map_err(CaseError::new)?;
        // Aligned: a view needs it, and every format gets the same kind of input.
        let copies = Arc::new(Copies::of(&bytes).map_err(CaseError::new)?);
        let rows = subject.rows.clone().unwrap_or_default();
        Ok(Prepared { subject, format, copies, path, rows })
    }

    /// Takes the file that [`Prepared::new`] wrote, mapped, so that its bytes are no memory of the
    /// load's.
    ///
    /// # Errors
    /// [`CaseError`] when the file cannot be mapped.
    pub fn of_file(
        subject: Arc<Subject>,
        format: &'static dyn Format,
        path: &Path,
    ) -> Result<Self, CaseError> {
        let copies = Arc::new(Copies::one(file_io::map(path).map_err(CaseError::new)?));
        let rows = subject.rows.clone().unwrap_or_default();
        Ok(Prepared { subject, format, copies, path: path.to_owned(), rows })
    }

    /// The encoded bytes.
    pub fn encoded(&self) -> &[u8] {
        self.copies.current().as_bytes()
    }

    /// The file that holds them.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Checks that what comes back is what went in, to the bit, and predicts the same; on every
    /// path that will be timed.
    ///
    /// # Errors
    /// [`CaseError`] names the first difference.
    pub fn verify(&self, reference: Option<&Predictions>) -> Result<(), CaseError> {
        let mut operations = vec![Operation::Decode, Operation::LoadFile];
        if self.format.descriptor().view {
            operations.push(Operation::View);
        }
        for operation in operations {
            let parameters = self.load(operation, None)?.parameters;
            if let Some(difference) = parameters.first_difference(&self.subject.parameters) {
                return Err(CaseError::new(format!("{}: {difference}", operation.title())));
            }
            if let Some(reference) = reference {
                let model = from_parameters(&parameters).map_err(CaseError::new)?;
                let predictions = self.predict(&*model, VERIFIED_ROWS)?;
                if !predictions.bits_equal(reference) {
                    let what = operation.title();
                    return Err(CaseError::new(format!("{what}: predictions differ")));
                }
            }
        }
        match self.format.descriptor().arena {
            true => self.verify_reused(),
            false => Ok(()),
        }
    }

    /// Checks that memory which is filled again holds nothing of before.
    fn verify_reused(&self) -> Result<(), CaseError> {
        let first = self.decode_into(&Spare::default(), None)?;
        let spare = Spare::of(first);
        spare.overwrite(0xa5);
        let again = self.decode_into(&spare, None)?;
        match again.first_difference(&self.subject.parameters) {
            Some(difference) => {
                let what = Operation::DecodeReused.title();
                Err(CaseError::new(format!("{what}: {difference}")))
            }
            None => Ok(()),
        }
    }

    fn decode_into(
        &self,
        spare: &Spare,
        pages: Option<PagePolicy>,
    ) -> Result<Parameters, CaseError> {
        let (limits, pages) = (Limits::default(), pages.unwrap_or_default());
        let options = DecodeOptions { limits, pages, spare: spare.clone() };
        self.format.decode(self.encoded(), &options).map_err(CaseError::new)
    }

    /// Does one load, untimed.
    ///
    /// # Errors
    /// [`CaseError`] when the operation is no load or fails.
    pub fn load(
        &self,
        operation: Operation,
        pages: Option<PagePolicy>,
    ) -> Result<Loaded, CaseError> {
        let (source, rung) =
            load_of(operation).ok_or_else(|| CaseError::new("not a load operation"))?;
        self.climb(source, rung, pages)
    }

    fn climb(
        &self,
        source: Source,
        rung: Rung,
        pages: Option<PagePolicy>,
    ) -> Result<Loaded, CaseError> {
        let options =
            DecodeOptions { pages: pages.unwrap_or_default(), ..DecodeOptions::default() };
        let (parameters, source) = match source {
            Source::Decode => (self.format.decode(self.encoded(), &options), None),
            Source::View => (self.format.view(self.copies.current(), &options), None),
            Source::ReadFile => {
                let file = file_io::read(&self.path, options.pages).map_err(CaseError::new)?;
                (self.format.decode(file.as_bytes(), &options), Some(file))
            }
            Source::MapFile => {
                let map = file_io::map(&self.path).map_err(CaseError::new)?;
                (self.format.view(&map, &options), Some(map))
            }
        };
        let parameters = parameters.map_err(CaseError::new)?;
        let mut loaded = Loaded { parameters, model: None, predictions: None, source };
        match rung {
            Rung::Parameters => return Ok(loaded),
            Rung::Checksum => {
                black_box(loaded.parameters.checksum());
                return Ok(loaded);
            }
            _ => {}
        }
        let model = from_parameters(&loaded.parameters).map_err(CaseError::new)?;
        match rung {
            Rung::Validate => model.validate().map_err(CaseError::new)?,
            Rung::PredictOne => loaded.predictions = Some(self.predict(&*model, 1)?),
            Rung::PredictThousand => {
                loaded.predictions = Some(self.predict(&*model, self.rows.nrows())?);
            }
            _ => {}
        }
        loaded.model = Some(model);
        Ok(loaded)
    }

    fn predict(&self, model: &dyn Model, rows: usize) -> Result<Predictions, CaseError> {
        let rows: ArrayView2<'_, f64> = self.rows.slice(s![..rows.min(self.rows.nrows()), ..]);
        model.predict(rows.into()).map_err(CaseError::new)
    }
}

/// Makes the case of one operation on a prepared format. See [`missing`] for those that exist.
///
/// # Errors
/// [`CaseError`] when the set-up of the operation fails.
pub fn case(
    prepared: &Arc<Prepared>,
    operation: Operation,
    pages: Option<PagePolicy>,
    clock: &Arc<dyn Clock>,
) -> Result<Box<dyn Case>, CaseError> {
    let inner = still(prepared, operation, pages, clock)?;
    Ok(Box::new(Moving::new(inner, prepared.copies.clone())))
}

/// A case that reads what is current.
fn still(
    prepared: &Arc<Prepared>,
    operation: Operation,
    pages: Option<PagePolicy>,
    clock: &Arc<dyn Clock>,
) -> Result<Box<dyn Case>, CaseError> {
    let id = CaseId {
        model: prepared.subject.id().to_owned(),
        format: prepared.format.descriptor().id.to_owned(),
        operation,
        pages,
        temperature: None,
    };
    let array_bytes = prepared.subject.parameters.byte_len() as u64;
    let this = prepared.clone();
    if let Some((source, rung)) = load_of(operation) {
        let load = move || this.climb(source, rung, pages);
        if operation.is_cold() {
            let (path, clock) = (prepared.path.clone(), clock.clone());
            return Ok(Box::new(Cold::new(id, array_bytes, path, clock, load)));
        }
        // A view keeps a model's few names and numbers; with one iteration a sample it would be cold.
        let kept = match source {
            Source::View | Source::MapFile => VIEW_BYTES,
            _ => array_bytes,
        };
        return Ok(timed(id, array_bytes, kept, clock, load));
    }
    if operation == Operation::DecodeReused {
        let mut last = Some(prepared.decode_into(&Spare::default(), pages)?);
        return Ok(timed(id, array_bytes, 1, clock, move || {
            let spare = last.take().map(Spare::of).unwrap_or_default();
            last = Some(this.decode_into(&spare, pages)?);
            Ok(())
        }));
    }
    if let Some((codec, compresses)) = Compression::of(operation) {
        return compression(prepared, id, codec, compresses, clock);
    }
    let encode = move |out: &mut Vec<u8>| {
        this.format.encode(&this.subject.parameters, out).map_err(CaseError::new)
    };
    let kept = prepared.encoded().len() as u64;
    let path = prepared.path.clone();
    match operation {
        Operation::Encode => Ok(timed(id, array_bytes, kept, clock, move || {
            let mut out = Vec::new();
            encode(&mut out)?;
            Ok(out)
        })),
        Operation::EncodeReused => {
            let mut out = Vec::with_capacity(prepared.encoded().len());
            Ok(timed(id, array_bytes, 1, clock, move || {
                out.clear();
                encode(&mut out)?;
                Ok(black_box(&out).len())
            }))
        }
        Operation::Save | Operation::SaveSync => {
            let (sync, saved) = (operation == Operation::SaveSync, prepared.clone());
            Ok(timed(id, array_bytes, kept, clock, move || {
                file_io::save_with(fresh_name(&path), sync, |file| {
                    saved.format.write(&saved.subject.parameters, file).map(|_| ())
                })
                .map_err(CaseError::new)
            }))
        }
        _ => Err(CaseError::new(format!("{} is no operation of a format", operation.id()))),
    }
}

/// A case around a closure that does the operation once. What it returns is kept until the clock has
/// stopped, and takes about `kept_bytes`; `bytes` are those that the operation moves.
pub fn timed<T: 'static>(
    id: CaseId,
    bytes: u64,
    kept_bytes: u64,
    clock: &Arc<dyn Clock>,
    operation: impl FnMut() -> Result<T, CaseError> + 'static,
) -> Box<dyn Case> {
    Box::new(Timed { id, bytes, kept_bytes, place: 0, clock: clock.clone(), operation })
}

/// A name beside `path` that no file has yet.
pub(super) fn fresh_name(path: &Path) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    path.with_added_extension(format!("{}.{number}", std::process::id()))
}

fn compression(
    prepared: &Arc<Prepared>,
    id: CaseId,
    codec: Compression,
    compresses: bool,
    clock: &Arc<dyn Clock>,
) -> Result<Box<dyn Case>, CaseError> {
    let this = prepared.clone();
    let len = prepared.encoded().len();
    if compresses {
        return Ok(timed(id, len as u64, len as u64, clock, move || {
            codec.compress(this.encoded()).map_err(CaseError::new)
        }));
    }
    let compressed = codec.compress(prepared.encoded()).map_err(CaseError::new)?;
    Ok(timed(id, len as u64, len as u64, clock, move || {
        codec.decompress(&compressed, len).map_err(CaseError::new)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::clock::ManualClock;

    struct Slow(Arc<ManualClock>);
    impl Drop for Slow {
        fn drop(&mut self) {
            self.0.advance(1_000_000);
        }
    }

    #[test]
    fn the_drop_of_results_is_not_inside_the_figure() {
        let manual = Arc::new(ManualClock::default());
        let clock: Arc<dyn Clock> = manual.clone();
        let id = CaseId {
            model: "m".into(),
            format: "f".into(),
            operation: Operation::Decode,
            pages: None,
            temperature: None,
        };
        let ticking = manual.clone();
        let mut case = timed(id, 8, 8, &clock, move || {
            ticking.advance(5);
            Ok(Slow(ticking.clone()))
        });
        assert_eq!(case.run(3).unwrap(), 15);
        assert_eq!(manual.now_nanos(), 3_000_015, "and yet they were dropped");
    }

    #[test]
    fn large_results_are_kept_one_at_a_time() {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
        let id = |operation| CaseId {
            model: String::new(),
            format: String::new(),
            operation,
            pages: None,
            temperature: None,
        };
        let large = timed(id(Operation::Decode), 1, 10 << 20, &clock, || Ok(()));
        let small = timed(id(Operation::Decode), 1, 100, &clock, || Ok(()));
        assert_eq!((large.max_iterations(), small.max_iterations()), (1, 1000));
    }
}
