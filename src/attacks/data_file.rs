//! What attacks on data-only formats have in common: the small model that they change, and files
//! that are written by hand because no writer would write them.

use super::{BuildError, Target};
use crate::base::{Array, Parameters, ParametersError};

/// The coefficients of [`small_model`]: sixteen bytes that stand nowhere else in a file.
pub const COEF: [f64; 2] = [0.1, -0.3];
/// Its intercept.
pub const INTERCEPT: f64 = 0.7;

/// The model that [`super::Scene::valid`] holds, in the format that is attacked. Attacks find their
/// way in its bytes by what they know of it: names, shapes and numbers, and that it has no metadata.
///
/// # Errors
/// None that can happen: the arrays fit their shapes.
pub fn small_model() -> Result<Parameters, ParametersError> {
    let mut parameters = Parameters::new("linear_regression", 1);
    let arrays = [("coef", COEF.to_vec(), &[1, 2][..]), ("intercept", vec![INTERCEPT], &[1][..])];
    for (name, values, shape) in arrays {
        let array = Array::from_vec(values, shape)
            .map_err(|source| ParametersError::Array { name: name.into(), source })?;
        parameters.insert(name, array)?;
    }
    Ok(parameters)
}

/// Numbers as files have them.
pub fn bytes_of(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// [`COEF`] as files have it.
pub fn coef() -> Vec<u8> {
    bytes_of(&COEF)
}

/// An error while building.
pub fn failed(attack: &'static str, target: Target, problem: impl std::fmt::Display) -> BuildError {
    BuildError { attack, target: target.id().into(), problem: problem.to_string() }
}

/// The error for a valid file in which the place to change was not found.
pub fn unlike(attack: &'static str, target: Target) -> BuildError {
    failed(attack, target, "the valid file is not the small model, or is laid out in another way")
}

/// `bytes` with `old` changed to `new` in the one place where it stands; `None` when there are more
/// places, or none.
pub fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Option<Vec<u8>> {
    let mut places = (0..bytes.len()).filter(|place| bytes[*place..].starts_with(old));
    let (place, None) = (places.next()?, places.next()) else { return None };
    Some([&bytes[..place], new, &bytes[place + old.len()..]].concat())
}

/// `bytes` with `old` changed to `new` of the same length wherever it stands at a multiple of that
/// length; `None` when it does not.
pub fn replaced_all(bytes: &[u8], old: &[u8], new: &[u8]) -> Option<Vec<u8>> {
    let changed: Vec<u8> = bytes
        .chunks(old.len())
        .flat_map(|chunk| if chunk == old { new } else { chunk })
        .copied()
        .collect();
    (changed != bytes).then_some(changed)
}

/// `bytes` with others from `place` on; `None` when they would not fit.
pub fn overwritten(bytes: &[u8], place: usize, new: &[u8]) -> Option<Vec<u8>> {
    let mut changed = bytes.to_vec();
    changed.get_mut(place..place.checked_add(new.len())?)?.copy_from_slice(new);
    Some(changed)
}

/// A safetensors file of any header, padded as its own writer pads it.
pub fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    let length = header.len().next_multiple_of(8);
    let mut bytes = (length as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(length.saturating_add(8), b' ');
    bytes.extend(data);
    bytes
}

/// An entry of a zip archive.
pub struct Member {
    /// Any name at all.
    pub name: String,
    /// 0 for stored, 8 for deflated.
    pub method: u16,
    /// CRC-32 of what it unpacks to.
    pub crc: u32,
    /// Bytes that it unpacks to.
    pub size: usize,
    /// What stands in the file.
    pub packed: Vec<u8>,
}

impl Member {
    /// An entry that is not compressed.
    pub fn stored(name: &str, bytes: Vec<u8>) -> Self {
        let (crc, size) = (crc32fast::hash(&bytes), bytes.len());
        Member { name: name.to_owned(), method: 0, crc, size, packed: bytes }
    }
}

/// A zip archive of these entries, whatever their names; at most 65,534 of them, and below 4 GiB.
/// Source: PKWARE's application note, 4.3.
pub fn zip(members: &[Member]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let place = bytes.len() as u32;
        // Version 2.0, no flags, method, 1980-01-01, CRC, both sizes, lengths of name and extra.
        let mut common = vec![20, 0, 0, 0];
        common.extend(member.method.to_le_bytes());
        common.extend([0, 0, 0x21, 0]);
        common.extend(member.crc.to_le_bytes());
        common.extend((member.packed.len() as u32).to_le_bytes());
        common.extend((member.size as u32).to_le_bytes());
        common.extend((member.name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(member.name.as_bytes());
        bytes.extend(&member.packed);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        // No comment, first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(place.to_le_bytes());
        directory.extend(member.name.as_bytes());
    }
    let (place, count) = (bytes.len() as u32, (members.len() as u16).to_le_bytes());
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(place.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}
