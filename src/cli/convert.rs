//! `convert`: the same model in another format. What was written is read back and compared
//! before the file gets its name.

use std::io::{Seek, Write};
use std::path::Path;

use anyhow::{Context, anyhow, bail};

use super::args::{ContentName, ConvertArguments};
use super::failure::{Advise, UsageError};
use super::table::printable;
use super::{files, outputs};
use crate::base::parameters::{COLUMN_NAMES_KEY, ORIGIN_KEY, PLAIN_ARRAYS};
use crate::base::value::maps_bits_equal;
use crate::base::{
    Array, Content, DType, Element, Fingerprint, Limits, Parameters, Storage, Value, guarded, units,
};
use crate::formats::registry::{self, FORMATS};
use crate::formats::{DecodeOptions, Format, FormatError, seal};
use crate::models::registry::from_parameters;

/// Converts one file, or every model file of a folder.
pub fn run(arguments: &ConvertArguments) -> anyhow::Result<()> {
    if arguments.input.is_dir() {
        return super::convert_folder::run(arguments);
    }
    let format = match arguments.to {
        Some(format) => format.0,
        None => by_extension(&arguments.output)?,
    };
    check_output(arguments)?;
    let file = files::load(&arguments.input, &arguments.pickle)?;
    let from = file.format.id;
    let bytes = file.bytes;
    let chosen = path_of(&file.parameters);
    let parameters = wanted(file.parameters, arguments.content, &arguments.input)?;
    let written = convert(parameters, format, &arguments.input, &arguments.output, arguments.seal)?;
    let to = format.descriptor();
    anstream::eprintln!(
        "{} ({from}, {}) -> {} ({}, {})",
        arguments.input.display(),
        units::bytes(bytes),
        arguments.output.display(),
        to.id,
        units::bytes(written.bytes)
    );
    if let Some(path) = &chosen {
        anstream::eprintln!(
            "note: only {path} was converted, not what stands beside it in the file"
        );
    }
    match written.lost {
        None => anstream::eprintln!("read back and compared: every bit is the same"),
        Some(difference) => {
            anstream::eprintln!("warning: {}", printable(&difference));
            for loss in to.losses {
                anstream::eprintln!("  {}: {}", to.id, loss.text());
            }
        }
    }
    Ok(())
}

/// The way to the model in a file that holds more than it.
fn path_of(parameters: &Parameters) -> Option<String> {
    let Some(Value::Map(origin)) = parameters.metadata().get(ORIGIN_KEY) else { return None };
    match origin.get("path") {
        Some(Value::Text(path)) => Some(printable(path)),
        _ => None,
    }
}

/// What was written.
pub struct Written {
    /// Its size.
    pub bytes: u64,
    /// The first difference to what was to be written, where the format declares a loss.
    pub lost: Option<String>,
}

/// Writes parameters in a format, reads them back and compares, and only then gives the file its
/// name. A sealed one has a checksum around it.
///
/// # Errors
/// When the format cannot hold them, or the file cannot be written; `output` is then as before.
pub fn convert(
    parameters: Parameters,
    format: &'static dyn Format,
    input: &Path,
    output: &Path,
    sealed: bool,
) -> anyhow::Result<Written> {
    let id = format.descriptor().id;
    let mut pending = outputs::Pending::new(output)?;
    let cannot_write = || format!("cannot write {}", output.display());
    if sealed {
        // The place of the seal, which is only known when all stands behind it.
        pending.file().write_all(&[0; seal::START]).with_context(cannot_write)?;
    }
    let expected = Expected::of(&parameters, format);
    let bytes = match format.write_out(parameters, pending.file()) {
        Ok(bytes) => bytes,
        Err(FormatError::Write(error)) => {
            return Err(error)
                .with_context(cannot_write)
                .advise("nothing was changed; check the folder and the space on the disk");
        }
        Err(error) => {
            return Err(error)
                .with_context(|| format!("{} cannot be stored as {id}", input.display()))
                .advise("choose another format; `deadweight formats` says what each cannot keep");
        }
    };
    let stored = guarded::map(pending.file())
        .with_context(|| format!("cannot read {} back", output.display()))?;
    if !sealed {
        let lost = read_back(format, &stored, &expected)?;
        pending.finish()?;
        return Ok(Written { bytes, lost });
    }
    let inside = seal::behind(&stored);
    let lost = read_back(format, &inside, &expected)?;
    let header = seal::header(inside.as_bytes());
    let file = pending.file();
    file.rewind().and_then(|()| file.write_all(&header)).with_context(cannot_write)?;
    pending.finish()?;
    Ok(Written { bytes: bytes + seal::START as u64, lost })
}

/// The parameters with the content that was asked for, all of it when nothing was.
///
/// # Errors
/// When there is less than that.
pub fn wanted(
    parameters: Parameters,
    content: Option<ContentName>,
    path: &Path,
) -> anyhow::Result<Parameters> {
    match content {
        None => Ok(parameters),
        Some(content) => reduced(parameters, content.into(), path),
    }
}

/// The first format whose files usually have this extension.
pub fn by_extension(path: &Path) -> anyhow::Result<&'static dyn Format> {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    let of = |format: &&&dyn Format| format.descriptor().extension.eq_ignore_ascii_case(extension);
    if let Some(format) = FORMATS.iter().find(of) {
        return Ok(*format);
    }
    let mut known: Vec<&str> = FORMATS.iter().map(|f| f.descriptor().extension).collect();
    known.dedup();
    let path = path.display();
    let error = format!("no format has the extension of {path}; extensions: {}", known.join(", "));
    Err(anyhow!(UsageError(error))).advise("rename it, or name the format with --to")
}

/// Nothing is read before it is known that the result can be written.
fn check_output(arguments: &ConvertArguments) -> anyhow::Result<()> {
    if outputs::is_same(&arguments.input, &arguments.output) {
        let error = UsageError("IN and OUT are the same file".to_owned());
        return Err(anyhow!(error)).advise("choose another name for OUT");
    }
    let may_replace = |path: &Path| arguments.force || is_ours(path);
    outputs::check_free(&arguments.output, may_replace, outputs::OR_FORCE)
}

/// True for a file that holds a model in the way that only deadweight writes it. Plain arrays can
/// be anybody's.
pub fn is_ours(path: &Path) -> bool {
    files::load_alone(path).is_ok_and(|file| file.parameters.kind() != PLAIN_ARRAYS)
}

/// The parameters with the content that was asked for.
fn reduced(parameters: Parameters, wanted: Content, path: &Path) -> anyhow::Result<Parameters> {
    let path = path.display();
    match (parameters.content(), wanted) {
        (found, wanted) if found == wanted => Ok(parameters),
        (_, Content::Full) => {
            Err(anyhow!("{path} holds only what prediction needs: no full content can be made"))
                .advise("convert from the original file")
        }
        (_, Content::Predict) => {
            let model = from_parameters(&parameters)
                .with_context(|| format!("{path}: what prediction needs is not known"))
                .advise("leave --content away to keep everything")?;
            let mut reduced = model.to_parameters();
            // Where it comes from, and what its rows look like, is no part of a model's own.
            for key in [ORIGIN_KEY, COLUMN_NAMES_KEY] {
                if let Some(value) = parameters.metadata().get(key) {
                    reduced.set(key, value.clone());
                }
            }
            Ok(reduced)
        }
    }
}

/// True when all that differs are bits of NaN, which is all that a format may lose.
fn only_nan_differs(a: &Parameters, b: &Parameters) -> bool {
    fn same<T: Element>(a: &Array, b: &Array, is_nan: fn(&T) -> bool) -> bool {
        let (Ok(a), Ok(b)) = (a.as_slice::<T>(), b.as_slice::<T>()) else { return false };
        let equal = |(a, b): (&T, &T)| {
            bytemuck::bytes_of(a) == bytemuck::bytes_of(b) || (is_nan(a) && is_nan(b))
        };
        a.len() == b.len() && a.iter().zip(b).all(equal)
    }
    let same_array = |a: &Array, b: &Array| match (a.dtype(), b.dtype()) {
        _ if a.bits_equal(b) => true,
        _ if a.shape() != b.shape() => false,
        (DType::F64, DType::F64) => same::<f64>(a, b, |value| value.is_nan()),
        (DType::F32, DType::F32) => same::<f32>(a, b, |value| value.is_nan()),
        _ => false,
    };
    a.kind() == b.kind()
        && a.layout_version() == b.layout_version()
        && maps_bits_equal(a.metadata(), b.metadata())
        && a.arrays().len() == b.arrays().len()
        && a.arrays().zip(b.arrays()).all(|(a, b)| a.0 == b.0 && same_array(a.1, b.1))
}

/// What is to be found again.
enum Expected {
    /// Every bit: the arrays need not stay for the comparison.
    Same(Fingerprint),
    /// What the format declares that it loses is looked at value by value.
    But(Parameters),
}

impl Expected {
    fn of(parameters: &Parameters, format: &dyn Format) -> Self {
        match format.descriptor().losses.is_empty() {
            true => Expected::Same(parameters.fingerprint()),
            false => Expected::But(parameters.clone()),
        }
    }
}

/// Reads what was written, without copying it where the format can. `None` when it is the same to
/// the bit, the first difference when the format declares a loss; anything else is an error.
fn read_back(
    format: &dyn Format,
    stored: &Storage,
    expected: &Expected,
) -> anyhow::Result<Option<String>> {
    let id = format.descriptor().id;
    let options = DecodeOptions { limits: Limits::default(), ..DecodeOptions::default() };
    let again = match format.descriptor().view {
        true => format.view(stored, &options),
        false => format.decode(stored.as_bytes(), &options),
    };
    let again =
        again.with_context(|| format!("{id} cannot read what it wrote; nothing was written"))?;
    let (difference, declared) = match expected {
        Expected::Same(fingerprint) => (fingerprint.first_difference(&again), false),
        Expected::But(parameters) => {
            (parameters.first_difference(&again), only_nan_differs(parameters, &again))
        }
    };
    if let (Some(difference), false) = (&difference, declared) {
        bail!("{id} changed the model ({difference}); nothing was written");
    }
    let recognized = registry::recognize(stored.as_bytes()).map(|found| found.descriptor().id);
    match recognized {
        Some(_) => Ok(difference),
        None => bail!("what {id} wrote is not recognised again; nothing was written"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bits_of_nan_may_be_lost() {
        let with = |values: [f64; 2]| {
            let mut parameters = Parameters::new("arrays", 1);
            parameters.insert("a", Array::from_vec(values.to_vec(), &[2]).unwrap()).unwrap();
            parameters
        };
        let odd = f64::from_bits(0x7ff8_dead_beef_0001);
        assert!(only_nan_differs(&with([1.0, odd]), &with([1.0, f64::NAN])));
        assert!(!only_nan_differs(&with([1.0, odd]), &with([1.5, f64::NAN])));
        assert!(!only_nan_differs(&with([0.0, odd]), &with([-0.0, f64::NAN])));
        assert!(!only_nan_differs(&with([1.0, odd]), &with([1.0, odd]).with("more", true)));
    }
}
