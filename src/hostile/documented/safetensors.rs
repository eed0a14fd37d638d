//! `safetensors`, as its documentation has it: `serialize` and `SafeTensors::deserialize`, then each
//! tensor's bytes as the numbers that its dtype says.

use std::collections::HashMap;

use ::safetensors::tensor::{Dtype, TensorView};
use ::safetensors::{SafeTensors, serialize};

use super::{Elements, Named, Tree, Weights, documented, refused};
use crate::hostile::reader::Failure;

fn write(weights: Weights) -> Result<Vec<u8>, String> {
    let tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> =
        weights.arrays.into_iter().filter_map(tensor).collect();
    let views: Result<Vec<_>, String> = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            let view = TensorView::new(*dtype, shape.clone(), bytes);
            Ok((name.clone(), view.map_err(|error| error.to_string())?))
        })
        .collect();
    let metadata = HashMap::from([("kind".to_owned(), weights.kind)]);
    serialize(views?, Some(metadata)).map_err(|error| error.to_string())
}

/// Texts have no tensor.
fn tensor(array: Named) -> Option<(String, Dtype, Vec<usize>, Vec<u8>)> {
    let (dtype, count, bytes): (_, _, Vec<u8>) = match &array.elements {
        Elements::F64(values) => {
            (Dtype::F64, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect())
        }
        Elements::I64(values) => {
            (Dtype::I64, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect())
        }
        Elements::U32(values) => {
            (Dtype::U32, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect())
        }
        Elements::Texts(_) => return None,
    };
    Some((array.name, dtype, vec![count], bytes))
}

fn read(bytes: &[u8]) -> Result<Weights, Failure> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(refused)?;
    let kind = header.metadata().as_ref().and_then(|map| map.get("kind").cloned());
    let tensors = SafeTensors::deserialize(bytes).map_err(refused)?;
    let mut names = tensors.names();
    names.sort_unstable();
    let mut arrays = Vec::new();
    for name in names {
        let tensor = tensors.tensor(name).map_err(refused)?;
        let data = tensor.data();
        let eight = data.chunks_exact(8).filter_map(|chunk| chunk.try_into().ok());
        let four = data.chunks_exact(4).filter_map(|chunk| chunk.try_into().ok());
        let elements = match tensor.dtype() {
            Dtype::F64 => Elements::F64(eight.map(f64::from_le_bytes).collect()),
            Dtype::I64 => Elements::I64(eight.map(i64::from_le_bytes).collect()),
            Dtype::U32 => Elements::U32(four.map(u32::from_le_bytes).collect()),
            other => return Err(refused(format!("tensor {name:?} is {other:?}"))),
        };
        let shape = tensor.shape().iter().map(|length| *length as u64).collect();
        arrays.push(Named { name: name.to_owned(), shape, elements });
    }
    Ok(Weights { kind: kind.unwrap_or_default(), version: 1, metadata: Tree::Null, arrays })
}

documented!(Documented, "safetensors", "safetensors", write, read);
