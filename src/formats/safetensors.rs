//! `safetensors`: what machine learning exchanges weights in. A JSON header, then the bytes.
//!
//! The file is byte for byte what the crate's own `serialize` writes: tensors sorted by falling
//! alignment of their dtype, header padded to a multiple of eight. What the format has no place
//! for stands as one JSON text under the key `deadweight` of `__metadata__`. One key, because
//! several come in the order of a hash map and so differ from run to run. A text array is a
//! tensor of `U8` holding its block of offsets and bytes.
//!
//! Files of other programs load as kind `arrays`, in the order of their bytes.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::Write;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::envelope::{self, Envelope, KEY};
use super::{
    DecodeOptions, Descriptor, Encoding, Format, FormatError, FormatKind, Part, Warning,
    WarningKind, borrow_or_copy, contain, insert_copies, wire,
};
use crate::base::parameters::PLAIN_ARRAYS;
use crate::base::{Array, DType, Parameters, Storage, Value};

/// The format `safetensors`.
pub struct Safetensors;

const ID: &str = "safetensors";
/// The metadata entry that keeps `__metadata__` of files that other programs wrote.
const FOREIGN_METADATA: &str = "safetensors_metadata";
/// A name that the header keeps for itself.
const RESERVED: &str = "__metadata__";

static DESCRIPTOR: Descriptor = Descriptor {
    id: ID,
    title: "safetensors",
    kind: FormatKind::DataOnly,
    encoding: Encoding::Native,
    crate_name: Some("safetensors"),
    extension: "safetensors",
    view: true,
    arena: true,
    warnings: &[
        Warning {
            kind: WarningKind::NoChecksum,
            text: "changed array bytes load without an error",
            reference: None,
        },
        Warning {
            kind: WarningKind::Convention,
            text: "kind, metadata, order and text arrays stand in one JSON text under the metadata key \"deadweight\"; other programs see the tensors",
            reference: None,
        },
    ],
    losses: &[],
    specification: "https://huggingface.co/docs/safetensors",
};

impl Format for Safetensors {
    fn descriptor(&self) -> &'static Descriptor {
        &DESCRIPTOR
    }

    fn encode(&self, parameters: &Parameters, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let (beginning, arrays) = beginning(parameters)?;
        let bytes: usize = arrays.iter().map(|array| array.byte_len()).sum();
        out.reserve(beginning.len().saturating_add(bytes));
        out.extend_from_slice(&beginning);
        arrays.into_iter().for_each(|array| out.extend_from_slice(array.as_bytes()));
        Ok(())
    }

    fn write(&self, parameters: &Parameters, out: &mut dyn Write) -> Result<u64, FormatError> {
        self.write_out(parameters.clone(), out)
    }

    fn write_out(&self, parameters: Parameters, out: &mut dyn Write) -> Result<u64, FormatError> {
        let (beginning, arrays) = beginning(&parameters)?;
        // Clones share their bytes: each goes when the last that has it goes.
        let arrays: Vec<Array> = arrays.into_iter().cloned().collect();
        drop(parameters);
        let mut written = beginning.len() as u64;
        out.write_all(&beginning)?;
        for array in arrays {
            out.write_all(array.as_bytes())?;
            written = written.saturating_add(array.byte_len() as u64);
        }
        Ok(written)
    }

    fn decode(&self, bytes: &[u8], options: &DecodeOptions) -> Result<Parameters, FormatError> {
        let (mut parameters, parts) = contain(ID, || read(bytes, options))?;
        insert_copies(&mut parameters, parts, bytes, options)?;
        parameters.check_limits(&options.limits)?;
        Ok(parameters)
    }

    fn view(&self, source: &Storage, options: &DecodeOptions) -> Result<Parameters, FormatError> {
        let (mut parameters, parts) = contain(ID, || read(source.as_bytes(), options))?;
        for (name, dtype, shape, part) in parts {
            let array = borrow_or_copy(dtype, &shape, source, part, options.pages)
                .map_err(|source| FormatError::Array { name: name.clone(), source })?;
            parameters.insert(name, array)?;
        }
        parameters.check_limits(&options.limits)?;
        Ok(parameters)
    }

    fn recognizes(&self, bytes: &[u8]) -> bool {
        let length = bytes.first_chunk::<8>().map(|word| u64::from_le_bytes(*word));
        let fits = matches!(length, Some(2..=100_000_000));
        let mut rest = bytes.get(8..).unwrap_or_default().trim_ascii_start().iter();
        // An object whose first key begins, or an empty one.
        fits && rest.next() == Some(&b'{')
            && matches!(rest.as_slice().trim_ascii_start().first(), Some(b'"' | b'}'))
    }
}

/// All that stands before the bytes of the arrays, and the arrays in the order of their bytes.
fn beginning(parameters: &Parameters) -> Result<(Vec<u8>, Vec<&Array>), FormatError> {
    if parameters.get(RESERVED).is_some() {
        return Err(FormatError::codec(ID, "an array cannot be named __metadata__ here"));
    }
    let mut arrays: Vec<(&str, Dtype, &Array)> =
        parameters.arrays().map(|(name, array)| (name, tensor_dtype(array), array)).collect();
    arrays.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut end = 0usize;
    let mut tensors = Vec::with_capacity(arrays.len());
    for (name, dtype, array) in &arrays {
        let start = end;
        end = end.saturating_add(array.byte_len());
        let shape = match array.dtype() {
            DType::Text => vec![array.byte_len()],
            _ => array.shape().to_vec(),
        };
        let info = TensorInfo { dtype: *dtype, shape, data_offsets: (start, end) };
        tensors.push(((*name).to_owned(), info));
    }
    let ours = HashMap::from([(KEY.to_owned(), Envelope::text(ID, parameters)?)]);
    let metadata =
        Metadata::new(Some(ours), tensors).map_err(|error| FormatError::codec(ID, error))?;
    let mut header =
        serde_json::to_vec(&metadata).map_err(|error| FormatError::codec(ID, error))?;
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut beginning = (header.len() as u64).to_le_bytes().to_vec();
    beginning.extend_from_slice(&header);
    Ok((beginning, arrays.into_iter().map(|(_, _, array)| array).collect()))
}

fn tensor_dtype(array: &Array) -> Dtype {
    match array.dtype() {
        DType::F64 => Dtype::F64,
        DType::F32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::Bf16 => Dtype::BF16,
        DType::I64 => Dtype::I64,
        DType::I32 => Dtype::I32,
        DType::I16 => Dtype::I16,
        DType::I8 => Dtype::I8,
        DType::U64 => Dtype::U64,
        DType::U32 => Dtype::U32,
        DType::U16 => Dtype::U16,
        DType::U8 | DType::Text => Dtype::U8,
        DType::Bool => Dtype::BOOL,
    }
}

fn dtype_of(name: &str, dtype: Dtype) -> Result<DType, FormatError> {
    Ok(match dtype {
        Dtype::F64 => DType::F64,
        Dtype::F32 => DType::F32,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::Bf16,
        Dtype::I64 => DType::I64,
        Dtype::I32 => DType::I32,
        Dtype::I16 => DType::I16,
        Dtype::I8 => DType::I8,
        Dtype::U64 => DType::U64,
        Dtype::U32 => DType::U32,
        Dtype::U16 => DType::U16,
        Dtype::U8 => DType::U8,
        Dtype::BOOL => DType::Bool,
        other => {
            return Err(FormatError::Malformed {
                offset: 8,
                what: "dtype of a tensor",
                expected: "one of F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL".into(),
                found: format!("{other} for {name:?}"),
            });
        }
    })
}

/// Reads the header; arrays come as slices of `bytes`.
fn read<'a>(
    bytes: &'a [u8],
    options: &DecodeOptions,
) -> Result<(Parameters, Vec<Part<'a>>), FormatError> {
    let length = bytes.first_chunk::<8>().map_or(0, |word| u64::from_le_bytes(*word));
    let left = bytes.len().saturating_sub(8) as u64;
    if !Safetensors.recognizes(bytes) {
        return Err(wire::not_this_format(ID, bytes));
    }
    if length > left {
        return Err(FormatError::Truncated {
            offset: 8,
            what: "safetensors header",
            expected: length,
            found: left,
        });
    }
    super::check_header_len(usize::try_from(length).unwrap_or(usize::MAX), &options.limits)?;
    let data = 8usize.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
    let header = bytes.get(8..data).unwrap_or_default();
    let count = check_names(header, options.limits.most_arrays_in(bytes.len()))?;
    // The crate checks here what its `deserialize` checks too, which would parse the header once more.
    let (_, metadata) =
        SafeTensors::read_metadata(bytes).map_err(|error| FormatError::codec(ID, error))?;
    let data = bytes.get(data..).unwrap_or_default();
    let tensor = |name: &str| tensor(&metadata, data, name);
    match metadata.metadata().as_ref().and_then(|texts| texts.get(KEY)) {
        Some(text) => {
            let envelope = Envelope::parse(ID, text, &options.limits)?;
            let (parameters, listed) = envelope.open(&options.limits)?;
            if listed.len() != count {
                let found = format!("{count} tensors");
                return Err(envelope::disagreement("all", &listed.len().to_string(), &found));
            }
            let mut parts = Vec::with_capacity(listed.len());
            for (name, dtype, shape) in listed {
                let (info, bytes) = tensor(&name)?;
                let found = dtype_of(&name, info.dtype)?;
                let same = match dtype {
                    DType::Text => found == DType::U8,
                    _ => found == dtype && info.shape == shape,
                };
                if !same {
                    let listed = format!("{dtype} {shape:?}");
                    let found = format!("{found} {:?}", info.shape);
                    return Err(envelope::disagreement(&name, &listed, &found));
                }
                parts.push((name, dtype, shape, bytes));
            }
            Ok((parameters, parts))
        }
        None => {
            let mut parameters = Parameters::new(PLAIN_ARRAYS, 1);
            if let Some(texts) = metadata.metadata() {
                let mut texts: Vec<_> = texts.iter().collect();
                texts.sort();
                let kept = texts.into_iter().map(|(key, text)| (key.clone(), text.as_str().into()));
                parameters.set(FOREIGN_METADATA, Value::Map(kept.collect()));
            }
            let names = metadata.offset_keys();
            let mut parts = Vec::with_capacity(names.len());
            for name in names {
                let (info, bytes) = tensor(&name)?;
                let dtype = dtype_of(&name, info.dtype)?;
                parts.push((name, dtype, info.shape.clone(), bytes));
            }
            Ok((parameters, parts))
        }
    }
}

/// What the header says of a tensor, and its bytes.
fn tensor<'a, 'm>(
    metadata: &'m Metadata,
    data: &'a [u8],
    name: &str,
) -> Result<(&'m TensorInfo, &'a [u8]), FormatError> {
    let missing = || FormatError::codec(ID, format!("the tensor {name:?} is missing"));
    let info = metadata.info(name).ok_or_else(missing)?;
    let (start, end) = info.data_offsets;
    Ok((info, data.get(start..end).ok_or_else(missing)?))
}

/// Looks at the names of a file under the default limits.
pub(super) fn check_header(bytes: &[u8]) -> Result<(), FormatError> {
    let length = bytes.first_chunk::<8>().map_or(0, |word| u64::from_le_bytes(*word));
    let end = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(8);
    let most = DecodeOptions::default().limits.most_arrays_in(bytes.len());
    check_names(bytes.get(8..end).unwrap_or_default(), most).map(drop)
}

/// Refuses a name that stands twice, among the tensors or in the metadata, and more names than `most`.
/// Of two that are the same the crate keeps the last, another reader the first: two readers of one file
/// would see two models. Returns the number of tensors.
fn check_names(header: &[u8], most: usize) -> Result<usize, FormatError> {
    let wrong = |error: serde_json::Error| FormatError::codec(ID, format!("header: {error}"));
    let mut header = serde_json::Deserializer::from_slice(header);
    let count = Names { most }.deserialize(&mut header).map_err(wrong)?;
    header.end().map_err(wrong)?;
    Ok(count)
}

/// A map of which only the keys are looked at: of the tensors, and of the map of the metadata.
#[derive(Clone, Copy)]
struct Names {
    /// With more names than this it is refused, before memory is taken for the next.
    most: usize,
}

impl<'de> DeserializeSeed<'de> for Names {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// How many names there are, but for the reserved one.
impl<'de> Visitor<'de> for Names {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    // The metadata may be null, and a text in it may have the reserved name.
    fn visit_unit<E>(self) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_str<E>(self, _text: &str) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<usize, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = entries.next_key::<String>()? {
            // The reserved name is no array.
            if names.len() > self.most {
                return Err(A::Error::custom(format!(
                    "more than {} names, expected no more in a file of this size: each takes memory, however small it is",
                    self.most
                )));
            }
            if name == RESERVED {
                entries.next_value_seed(self)?;
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
            if let Some(name) = names.replace(name) {
                return Err(A::Error::custom(format!("the name {name:?} stands twice")));
            }
        }
        Ok(names.len() - usize::from(names.contains(RESERVED)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_stand_twice_are_refused() {
        let tensor = r#"{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#;
        for (twice, header) in [
            ("\"a\"", format!(r#"{{"a":{tensor},"a":{tensor}}}"#)),
            ("\"key\"", format!(r#"{{"__metadata__":{{"key":"1","key":"2"}},"a":{tensor}}}"#)),
        ] {
            let error = check_names(header.as_bytes(), 10).unwrap_err().to_string();
            assert!(error.contains(&format!("the name {twice} stands twice")), "{error}");
        }
        for once in [r#"{"__metadata__":null}"#, r#"{"__metadata__":{"__metadata__":""}}"#, "{} "] {
            check_names(once.as_bytes(), 10).unwrap();
        }
    }

    #[test]
    fn a_file_of_names_alone_is_refused_and_one_of_many_small_arrays_is_not() {
        let empty =
            |number| format!(r#""{number}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#);
        let header = format!("{{{}}}", (0..50_000).map(empty).collect::<Vec<_>>().join(","));
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(header.as_bytes());
        let error = Safetensors.decode(&bytes, &DecodeOptions::default()).unwrap_err().to_string();
        assert!(error.contains("names, expected no more in a file of this size"), "{error}");
        let mut parameters = Parameters::new("arrays", 1);
        for number in 0..20_000 {
            let array = Array::from_vec(vec![0.5f64], &[1]).unwrap();
            parameters.insert(format!("models.{number}.intercept"), array).unwrap();
        }
        let mut bytes = Vec::new();
        Safetensors.encode(&parameters, &mut bytes).unwrap();
        let again = Safetensors.decode(&bytes, &DecodeOptions::default()).unwrap();
        assert_eq!(again.first_difference(&parameters), None);
    }

    #[test]
    fn the_bytes_are_those_of_the_crate() {
        let mut parameters = Parameters::new("arrays", 1);
        let bytes = Array::from_vec(vec![1u8, 2, 3], &[3]).unwrap();
        parameters.insert("bytes", bytes).unwrap();
        parameters.insert("b", Array::from_vec(vec![0.5f64; 4], &[2, 2]).unwrap()).unwrap();
        parameters.insert("a", Array::from_vec(vec![1.5f64], &[]).unwrap()).unwrap();
        let mut ours = Vec::new();
        Safetensors.encode(&parameters, &mut ours).unwrap();
        let views: Vec<_> = parameters
            .arrays()
            .map(|(name, array)| {
                let shape = array.shape().to_vec();
                let dtype = tensor_dtype(array);
                let view = safetensors::tensor::TensorView::new(dtype, shape, array.as_bytes());
                (name, view.unwrap())
            })
            .collect();
        let text = Envelope::text(ID, &parameters).unwrap();
        let metadata = HashMap::from([(KEY.to_owned(), text)]);
        assert_eq!(safetensors::serialize(views, Some(metadata)).unwrap(), ours);
    }
}
