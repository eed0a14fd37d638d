//! Every kind of model with wrong numbers, shapes and entries in it: making, validating and predicting end.
//!
//! The bytes are changes of a small right model of the kind, not a file: a file that is changed at random
//! hardly ever gets past the checks of its format.

use deadweight::base::kinds::KINDS;
use deadweight::base::value::Value;
use deadweight::base::{Array, PagePolicy, Parameters};
use deadweight::models::registry::from_parameters;

use super::predictions;

/// Most changes of one input.
const MOST_CHANGES: usize = 64;
/// No array becomes larger.
const MOST_ELEMENTS: usize = 1 << 12;
/// Bytes of one change: what, which array or entry, which element, the value.
const CHANGE: usize = 12;

/// Ids of all kinds.
pub fn ids() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.id).collect()
}

/// Changes one of `examples`, the right models of a kind, as `bytes` say, and asks it.
pub fn kind(examples: &[Parameters], bytes: &[u8]) {
    let Some((first, changes)) = bytes.split_first() else { return };
    let mut parameters = examples[usize::from(*first) % examples.len()].clone();
    for change in changes.chunks_exact(CHANGE).take(MOST_CHANGES) {
        parameters = changed(&parameters, change).unwrap_or(parameters);
    }
    let model = match from_parameters(&parameters) {
        Ok(model) => model,
        Err(error) => return super::is_short(&error),
    };
    if let Err(error) = model.validate() {
        super::is_short(&error);
    }
    predictions::compare(model.as_ref(), model.as_ref());
}

/// The parameters after one change; `None` where it does not fit.
fn changed(parameters: &Parameters, change: &[u8]) -> Option<Parameters> {
    let (what, which) = (change[0], usize::from(change[1]));
    let place = usize::from(u16::from_le_bytes([change[2], change[3]]));
    let value: [u8; 8] = change[4..].try_into().ok()?;
    let arrays: Vec<(&str, &Array)> = parameters.arrays().collect();
    let mut metadata = parameters.metadata().clone();
    let mut replaced = None;
    match what % 8 {
        // One entry becomes another number.
        0 | 1 => {
            let at = which.checked_rem(metadata.len())?;
            let (_, entry) = metadata.get_index_mut(at)?;
            *entry = match what % 2 {
                0 => Value::Integer(i64::from_le_bytes(value)),
                _ => Value::Float(f64::from_le_bytes(value)),
            };
        }
        // An array gets another shape, with as many of its elements as there are, again and again.
        2 => {
            let (name, array) = *arrays.get(which.checked_rem(arrays.len())?)?;
            replaced = Some((name.to_owned(), reshaped(array, place, &value)?));
        }
        // An array takes the elements of another.
        3 => {
            let (name, _) = *arrays.get(which.checked_rem(arrays.len())?)?;
            let (_, other) = *arrays.get(place.checked_rem(arrays.len())?)?;
            replaced = Some((name.to_owned(), other.clone()));
        }
        // One element becomes another.
        _ => {
            let (name, array) = *arrays.get(which.checked_rem(arrays.len())?)?;
            replaced = Some((name.to_owned(), with_element(array, place, &value)?));
        }
    }
    let mut made = Parameters::new(parameters.kind(), parameters.layout_version());
    made = made.with_metadata(metadata);
    for (name, array) in arrays {
        let array = match &replaced {
            Some((other, array)) if other == name => array.clone(),
            _ => array.clone(),
        };
        made.insert(name, array).ok()?;
    }
    Some(made)
}

fn with_element(array: &Array, place: usize, value: &[u8; 8]) -> Option<Array> {
    let mut bytes = array.as_bytes().to_vec();
    let width = array.dtype().item_size().unwrap_or(1);
    let start = place.checked_rem(bytes.len() / width)? * width;
    bytes.get_mut(start..start + width)?.copy_from_slice(value.get(..width)?);
    Array::adopt_bytes(array.dtype(), array.shape(), bytes, PagePolicy::Heap).ok()
}

fn reshaped(array: &Array, place: usize, value: &[u8; 8]) -> Option<Array> {
    let width = array.dtype().item_size()?;
    let mut shape = array.shape().to_vec();
    match place % 4 {
        0 => shape.push(usize::from(value[0])),
        1 => drop(shape.pop()?),
        _ => {
            let at = usize::from(value[1]).checked_rem(shape.len())?;
            shape[at] = usize::from(value[0]);
        }
    }
    let elements = shape.iter().try_fold(1usize, |all, one| all.checked_mul(*one))?;
    let bytes = array.as_bytes();
    if elements > MOST_ELEMENTS || (bytes.is_empty() && elements > 0) {
        return None;
    }
    let bytes = bytes.iter().copied().cycle().take(elements * width).collect();
    Array::adopt_bytes(array.dtype(), &shape, bytes, PagePolicy::Heap).ok()
}
