//! `npyz` with `zip`, as their documentation has it: each entry of the archive through `NpyFile::new` and
//! `into_vec`.

use std::io::{Cursor, Write};

use ::npyz::{NpyFile, WriterBuilder};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::{Elements, Named, Tree, Weights, documented, refused};
use crate::hostile::reader::Failure;

fn write(weights: Weights) -> Result<Vec<u8>, String> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let deflated = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for array in weights.arrays {
        let Some(bytes) = npy(&array.elements).map_err(|error| error.to_string())? else {
            continue;
        };
        archive.start_file(format!("{}.npy", array.name), deflated).map_err(|e| e.to_string())?;
        archive.write_all(&bytes).map_err(|error| error.to_string())?;
    }
    Ok(archive.finish().map_err(|error| error.to_string())?.into_inner())
}

fn npy(elements: &Elements) -> std::io::Result<Option<Vec<u8>>> {
    fn of<T: ::npyz::AutoSerialize + Copy>(values: &[T]) -> std::io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let options = ::npyz::WriteOptions::new().default_dtype();
        let mut writer = options.shape(&[values.len() as u64]).writer(&mut bytes).begin_nd()?;
        writer.extend(values.iter().copied())?;
        writer.finish()?;
        Ok(Some(bytes))
    }
    match elements {
        Elements::F64(values) => of(values),
        Elements::I64(values) => of(values),
        Elements::U32(values) => of(values),
        Elements::Texts(_) => Ok(None),
    }
}

fn read(bytes: &[u8]) -> Result<Weights, Failure> {
    let mut archive = ZipArchive::new(super::file(bytes)).map_err(refused)?;
    let mut arrays = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(refused)?;
        let name = entry.name().map_err(refused)?.trim_end_matches(".npy").to_owned();
        let npy = NpyFile::new(entry).map_err(refused)?;
        let shape = npy.shape().to_vec();
        let dtype = npy.dtype().descr();
        let elements = match dtype.as_str() {
            "'<f8'" => Elements::F64(npy.into_vec().map_err(refused)?),
            "'<i8'" => Elements::I64(npy.into_vec().map_err(refused)?),
            "'<u4'" => Elements::U32(npy.into_vec().map_err(refused)?),
            other => return Err(refused(format!("array {name:?} is {other}"))),
        };
        arrays.push(Named { name, shape, elements });
    }
    Ok(Weights { kind: String::new(), version: 1, metadata: Tree::Null, arrays })
}

documented!(Documented, "npz", "npyz", write, read);
