//! Comparing parameters with the specification of their kind.

use super::spec::{ArraySpec, ChildSpec, EntrySpec, EntryType, KindSpec, Length, Presence};
use super::{KINDS, KindError, find};
use crate::base::array::Array;
use crate::base::parameters::{Parameters, ParametersError};
use crate::base::value::Value;

/// Most levels of models inside models: pipelines in searches in pipelines stay far below.
pub const MAX_NESTING: usize = 16;

/// Checks that required arrays and entries are there and that dtypes and shapes fit each other,
/// in the model and in the models inside it.
///
/// Takes time that grows with the number of arrays, never with their length.
///
/// # Errors
/// [`KindError`] names the first thing that does not fit.
pub fn check(parameters: &Parameters) -> Result<&'static KindSpec, KindError> {
    let kind = check_level(parameters)?;
    // The models inside, from the outermost inwards: a list of what is still to be looked at in
    // place of recursion.
    let mut waiting = children_of(kind, parameters, "", 1)?;
    while let Some((path, child, level)) = waiting.pop() {
        if level > MAX_NESTING {
            return Err(KindError::Nesting { limit: MAX_NESTING });
        }
        let within = |source| KindError::Child { path: path.clone(), source: Box::new(source) };
        let kind = check_level(&child).map_err(within)?;
        waiting.extend(children_of(kind, &child, &path, level.saturating_add(1)).map_err(within)?);
    }
    Ok(kind)
}

fn children_of(
    kind: &'static KindSpec,
    parameters: &Parameters,
    path: &str,
    level: usize,
) -> Result<Vec<(String, Parameters, usize)>, KindError> {
    let mut found = Vec::new();
    let at = |slot: String| if path.is_empty() { slot } else { format!("{path}.{slot}") };
    for ChildSpec { name, many, required, .. } in kind.children {
        let is_there = parameters.metadata().contains_key(*name);
        match (is_there, required, many) {
            (false, false, _) => {}
            (_, _, true) => {
                let children = parameters.children(name)?;
                found.extend(
                    children
                        .into_iter()
                        .enumerate()
                        .map(|(index, (_, child))| (at(format!("{name}.{index}")), child, level)),
                );
            }
            (_, _, false) => found.push((at((*name).to_owned()), parameters.child(name)?, level)),
        }
    }
    Ok(found)
}

/// Checks a model without those inside it.
fn check_level(parameters: &Parameters) -> Result<&'static KindSpec, KindError> {
    let kind = find(parameters.kind()).ok_or_else(|| KindError::Unknown {
        found: parameters.kind().to_owned(),
        known: KINDS.iter().map(|kind| kind.id).collect::<Vec<_>>().join(", "),
    })?;
    if parameters.layout_version() != kind.layout_version {
        return Err(KindError::Layout {
            kind: kind.id,
            found: parameters.layout_version(),
            expected: kind.layout_version,
        });
    }
    let mut lengths = Lengths::default();
    for spec in kind.arrays {
        if spec.presence == Presence::Numbered {
            check_numbered(kind.id, spec, parameters, &mut lengths)?;
            continue;
        }
        match parameters.get(spec.name) {
            Some(array) => check_array(kind.id, spec, spec.name, array, &mut lengths)?,
            None if spec.is_required() => {
                parameters.array(spec.name)?;
            }
            None => {}
        }
    }
    for entry in kind.entries {
        check_entry(kind.id, entry, parameters)?;
    }
    Ok(kind)
}

fn check_numbered(
    kind: &'static str,
    spec: &ArraySpec,
    parameters: &Parameters,
    lengths: &mut Lengths,
) -> Result<(), KindError> {
    let found = parameters.numbered(spec.name).count();
    for index in 0..found {
        let name = format!("{}.{index}", spec.name);
        match parameters.get(&name) {
            Some(array) => check_array(kind, spec, &name, array, lengths)?,
            None => return Err(KindError::Gap { kind, name: spec.name, array: name, found }),
        }
    }
    Ok(())
}

fn check_entry(
    kind: &'static str,
    entry: &EntrySpec,
    parameters: &Parameters,
) -> Result<(), KindError> {
    let Some(value) = parameters.metadata().get(entry.name) else {
        let expected = match entry.holds {
            _ if !entry.required => return Ok(()),
            EntryType::Choice(_) | EntryType::Text => "text",
            EntryType::Number => "float",
            EntryType::Boolean => "bool",
            EntryType::List => "list",
        };
        return Err(ParametersError::MissingMetadata { name: entry.name.into(), expected }.into());
    };
    match (entry.holds, value) {
        (EntryType::Choice(choices), Value::Text(found)) if !choices.contains(&found.as_str()) => {
            Err(KindError::Choice {
                kind,
                entry: entry.name,
                found: found.clone(),
                expected: choices.join(", "),
            })
        }
        (EntryType::Choice(_) | EntryType::Text, _) => Ok(parameters.text(entry.name).map(drop)?),
        (EntryType::Number, _) => Ok(parameters.float(entry.name).map(drop)?),
        (EntryType::Boolean, _) => Ok(parameters.boolean(entry.name).map(drop)?),
        (EntryType::List, _) => Ok(parameters.list(entry.name).map(drop)?),
    }
}

/// The lengths that names were found to stand for.
#[derive(Default)]
struct Lengths(Vec<(&'static str, usize)>);

impl Lengths {
    fn fits(&mut self, length: Length, found: usize) -> bool {
        let (name, value) = match length {
            Length::Exactly(expected) => return found == expected,
            Length::Named(name) => (name, found),
            Length::Free(_) => return true,
            Length::OneMoreThan(name) => match found.checked_sub(1) {
                Some(value) => (name, value),
                None => return false,
            },
        };
        match self.get(name) {
            Some(known) => known == value,
            None => {
                self.0.push((name, value));
                true
            }
        }
    }

    fn get(&self, name: &str) -> Option<usize> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    fn describe(&self, shape: &[Length]) -> String {
        let describe = |length: &Length| match length {
            Length::Named(name) => match self.get(name) {
                Some(value) => format!("{name} = {value}"),
                None => (*name).to_owned(),
            },
            Length::OneMoreThan(name) => match self.get(name) {
                Some(value) => format!("{name} + 1 = {}", value.saturating_add(1)),
                None => length.to_string(),
            },
            Length::Exactly(_) | Length::Free(_) => length.to_string(),
        };
        shape.iter().map(describe).collect::<Vec<_>>().join(", ")
    }
}

fn check_array(
    kind: &'static str,
    spec: &ArraySpec,
    name: &str,
    array: &Array,
    lengths: &mut Lengths,
) -> Result<(), KindError> {
    if !spec.dtypes.contains(&array.dtype()) {
        let names: Vec<&str> = spec.dtypes.iter().map(|dtype| dtype.name()).collect();
        return Err(KindError::DType {
            kind,
            array: name.to_owned(),
            found: array.dtype(),
            expected: names.join(" or "),
        });
    }
    let fits = array.shape().len() == spec.shape.len()
        && spec
            .shape
            .iter()
            .zip(array.shape())
            .all(|(length, found)| lengths.fits(*length, *found));
    if fits {
        return Ok(());
    }
    Err(KindError::Shape {
        kind,
        array: name.to_owned(),
        found: array.shape().to_vec(),
        expected: lengths.describe(spec.shape),
    })
}
