//! The names that a model's pickle may use, and what each of them means to the reader.
//!
//! One list of what is known good. A name that is not on it is never guessed at: whoever reads a
//! model refuses it, whoever shows a file shows it as unknown. Being on the list calls nothing
//! either: a [`Known`] name is a constructor that this crate interprets by itself
//! ([`Known::ArrayReconstruct`], [`Known::Dtype`], ...), or a class or function whose objects are
//! kept as data ([`Known::Opaque`]).
//!
//! The same thing has had many names: Python 2 has other modules, numpy moved `core` to `_core`,
//! scikit-learn once carried joblib inside. [`canonical`] brings them together, so that everything
//! else compares with one spelling.

use std::borrow::Cow;

use super::error::{PickleError, Place};
use super::value::Global;

/// What a name on the list means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Known {
    /// `numpy.core.multiarray._reconstruct`: an empty array, filled by its state.
    ArrayReconstruct,
    /// `numpy.core.numeric._frombuffer`: an array over a buffer, of protocol 5.
    ArrayFromBuffer,
    /// `numpy.core.multiarray.scalar`: one element.
    NumpyScalar,
    /// `numpy.dtype`.
    Dtype,
    /// A class of `numpy.dtypes`.
    DtypeClass,
    /// `numpy.ndarray` or a subclass that is an array and nothing more: `matrix`, `memmap`.
    ArrayClass,
    /// The constructor or the class of masked arrays.
    MaskedArray,
    /// The class of a numpy scalar: `numpy.float64`.
    ScalarType,
    /// `joblib.numpy_pickle.NumpyArrayWrapper`: the array's bytes follow in the file.
    JoblibWrapper,
    /// A sparse matrix or array of scipy.
    Sparse,
    /// `_codecs.encode`, by which protocols 0 to 2 spell bytes.
    CodecsEncode,
    /// `copyreg._reconstructor`, by which protocols 0 and 1 make instances.
    Reconstructor,
    /// `copyreg.__newobj__` and `copyreg.__newobj_ex__`.
    NewObject,
    /// The class `bytes`.
    Bytes,
    /// The class `bytearray`.
    ByteArray,
    /// Another plain class of Python: `dict`, `set`, `float`, `collections.OrderedDict`.
    PlainClass,
    /// A class or function of numpy, scipy or scikit-learn whose objects are kept as data.
    Opaque,
}

/// The spelling by which everything else knows a name.
///
/// `__builtin__` becomes `builtins`, `copy_reg` `copyreg`, `numpy._core` `numpy.core`, the private
/// modules of scipy's sparse matrices lose their underscore, and joblib inside of scikit-learn
/// becomes joblib.
pub fn canonical<'n>(module: &'n str, name: &'n str) -> (Cow<'n, str>, &'n str) {
    let plain = |text: &'static str| Cow::Borrowed(text);
    let module = match module {
        "__builtin__" | "exceptions" => plain("builtins"),
        "copy_reg" => plain("copyreg"),
        "numpy.core.multiarray"
        | "numpy._core.multiarray"
        | "numpy.core._multiarray_umath"
        | "numpy._core._multiarray_umath"
        | "numpy.multiarray" => plain("numpy.core.multiarray"),
        "numpy.core.numeric" | "numpy._core.numeric" => plain("numpy.core.numeric"),
        "numpy.matrixlib.defmatrix"
        | "numpy.core.defmatrix"
        | "numpy.defmatrix"
        | "numpy.core.memmap"
        | "numpy._core.memmap" => plain("numpy"),
        "numpy.ma" => plain("numpy.ma.core"),
        "numpy.random.mtrand" => plain("numpy.random"),
        _ => match module.strip_prefix("sklearn.externals.joblib") {
            Some("") => plain("joblib"),
            Some(rest) if rest.starts_with('.') => Cow::Owned(format!("joblib{rest}")),
            _ => match module.strip_prefix("scipy.sparse._") {
                Some(rest) => Cow::Owned(format!("scipy.sparse.{rest}")),
                None => Cow::Borrowed(module),
            },
        },
    };
    (module, name)
}

/// What a name means; `None` for one that is not on the list.
pub fn known(module: &str, name: &str) -> Option<Known> {
    let (module, name) = canonical(module, name);
    let module = module.as_ref();
    match module {
        "builtins" => builtin(name),
        "collections" => ["OrderedDict", "defaultdict", "Counter", "deque"]
            .contains(&name)
            .then_some(Known::PlainClass),
        "copyreg" => match name {
            "_reconstructor" => Some(Known::Reconstructor),
            "__newobj__" | "__newobj_ex__" => Some(Known::NewObject),
            _ => None,
        },
        // Held by function transformers and by searches; an object of it is a record of names.
        "functools" => (name == "partial").then_some(Known::Opaque),
        "_codecs" => (name == "encode").then_some(Known::CodecsEncode),
        "joblib.numpy_pickle" => (name == "NumpyArrayWrapper").then_some(Known::JoblibWrapper),
        // scikit-learn 1.6 wrote its compiled losses under this name.
        "_loss" => is_compiled_loss(name).then_some(Known::Opaque),
        _ if is_below(module, "numpy") => numpy(module, name),
        _ if is_below(module, "scipy") => scipy(module, name),
        // Names of columns: what a table of pandas was fitted with.
        "pandas.core.indexes.base" => {
            ["Index", "_new_Index"].contains(&name).then_some(Known::Opaque)
        }
        "pandas.core.indexes.range" => (name == "RangeIndex").then_some(Known::Opaque),
        _ if is_below(module, "sklearn") => {
            super::sklearn_names::is_known(module, name).then_some(Known::Opaque)
        }
        _ => None,
    }
}

/// What a name means.
///
/// # Errors
/// [`PickleError::Refused`] with the name and its place for one that is not on the list.
pub fn check(global: &Global) -> Result<Known, PickleError> {
    if let Some(known) = known(&global.module, &global.name) {
        return Ok(known);
    }
    let (module, name) = canonical(&global.module, &global.name);
    let old = matches!(name, "NDArrayWrapper" | "ZNDArrayWrapper") && module.starts_with("joblib.");
    let reason = if old {
        "joblib before 0.10 kept each array in a file of its own; load it with an old joblib and save it again"
    } else {
        "it is not among the names that a model may use"
    };
    Err(PickleError::Refused {
        offset: global.offset,
        opcode: "GLOBAL",
        found: format!(
            "the name {} of module {}",
            super::error::shown(global.name.as_bytes()),
            super::error::shown(global.module.as_bytes())
        ),
        reason,
    })
}

/// Where a name stands, for messages.
pub(super) fn place(global: &Global) -> Place {
    Place { offset: global.offset, opcode: "GLOBAL" }
}

fn is_below(module: &str, package: &str) -> bool {
    module.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// True for a name as classes have it: an upper-case letter behind underscores, and no dots, which
/// would reach into something else.
fn is_class(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain && name.trim_start_matches('_').starts_with(|first: char| first.is_ascii_uppercase())
}

fn is_compiled_loss(name: &str) -> bool {
    name.strip_prefix("__pyx_unpickle_").unwrap_or(name).starts_with("Cy") && {
        let class = name.strip_prefix("__pyx_unpickle_").unwrap_or(name);
        is_class(class)
    }
}

fn builtin(name: &str) -> Option<Known> {
    const PLAIN: &[&str] = &[
        "bool",
        "complex",
        "dict",
        "float",
        "frozenset",
        "int",
        "list",
        "long",
        "object",
        "range",
        "set",
        "slice",
        "str",
        "tuple",
        "unicode",
        "xrange",
    ];
    match name {
        "bytes" => Some(Known::Bytes),
        "bytearray" => Some(Known::ByteArray),
        // Searches of 0.20 keep the categories of warnings among their options.
        "FutureWarning" | "DeprecationWarning" | "UserWarning" => Some(Known::Opaque),
        _ => PLAIN.contains(&name).then_some(Known::PlainClass),
    }
}

fn numpy(module: &str, name: &str) -> Option<Known> {
    let opaque = |names: &[&str]| names.contains(&name).then_some(Known::Opaque);
    match module {
        "numpy" => match name {
            "dtype" => Some(Known::Dtype),
            "ndarray" | "matrix" | "memmap" => Some(Known::ArrayClass),
            _ => is_scalar_type(name).then_some(Known::ScalarType),
        },
        "numpy.core.multiarray" => match name {
            "_reconstruct" => Some(Known::ArrayReconstruct),
            "scalar" => Some(Known::NumpyScalar),
            "ndarray" => Some(Known::ArrayClass),
            "dtype" => Some(Known::Dtype),
            _ => None,
        },
        "numpy.core.numeric" => (name == "_frombuffer").then_some(Known::ArrayFromBuffer),
        "numpy.dtypes" => (is_class(name) && name.ends_with("DType")).then_some(Known::DtypeClass),
        "numpy.ma.core" => {
            let masked = ["_mareconstruct", "MaskedArray", "MaskedConstant"].contains(&name);
            masked.then_some(Known::MaskedArray)
        }
        "numpy.random" => opaque(&["__RandomState_ctor", "RandomState", "Generator"]),
        "numpy.random._pickle" => {
            opaque(&["__randomstate_ctor", "__bit_generator_ctor", "__generator_ctor"])
        }
        "numpy.random._generator" => opaque(&["Generator"]),
        "numpy.random._mt19937" => opaque(&["MT19937"]),
        "numpy.random._pcg64" => opaque(&["PCG64", "PCG64DXSM"]),
        "numpy.random._philox" => opaque(&["Philox"]),
        "numpy.random._sfc64" => opaque(&["SFC64"]),
        "numpy.random.bit_generator" => opaque(&[
            "SeedSequence",
            "SeedlessSeedSequence",
            "__pyx_unpickle_SeedSequence",
            "__pyx_unpickle_SeedlessSeedSequence",
        ]),
        _ => None,
    }
}

/// The classes of numpy's scalars, by all names that they have had.
fn is_scalar_type(name: &str) -> bool {
    const ABSTRACT: &[&str] = &[
        "bool",
        "bool_",
        "bytes_",
        "complexfloating",
        "complex_",
        "cdouble",
        "csingle",
        "clongdouble",
        "datetime64",
        "double",
        "float_",
        "floating",
        "generic",
        "half",
        "inexact",
        "int_",
        "intc",
        "integer",
        "intp",
        "longdouble",
        "longlong",
        "number",
        "object_",
        "short",
        "byte",
        "signedinteger",
        "single",
        "str_",
        "string_",
        "timedelta64",
        "ubyte",
        "uint",
        "uintc",
        "uintp",
        "ulonglong",
        "unicode_",
        "unsignedinteger",
        "ushort",
        "void",
        "long",
        "ulong",
    ];
    let sized = ["uint", "int", "float", "complex"].iter().find_map(|kind| {
        let bits = name.strip_prefix(kind)?;
        Some(["8", "16", "32", "64", "96", "128", "192", "256"].contains(&bits))
    });
    ABSTRACT.contains(&name) || sized == Some(true)
}

/// The names of scipy's sparse formats, in its modules and in front of `_matrix` and `_array`.
const SPARSE_FORMATS: &[&str] = &["bsr", "coo", "csc", "csr", "dia", "dok", "lil"];

fn scipy(module: &str, name: &str) -> Option<Known> {
    if let Some(format) = module.strip_prefix("scipy.sparse.") {
        let kind = name.strip_prefix(format)?;
        let known = SPARSE_FORMATS.contains(&format) && ["_matrix", "_array"].contains(&kind);
        return known.then_some(Known::Sparse);
    }
    let opaque = match module {
        "scipy.stats._distn_infrastructure" => {
            ["rv_frozen", "rv_continuous_frozen", "rv_discrete_frozen"].contains(&name)
        }
        "scipy.stats._continuous_distns" | "scipy.stats._discrete_distns" => {
            name.strip_suffix("_gen").is_some_and(|name| {
                name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            })
        }
        "scipy.interpolate.interpolate" | "scipy.interpolate._interpolate" => name == "interp1d",
        "scipy.interpolate._bsplines" => name == "BSpline",
        _ => false,
    };
    opaque.then_some(Known::Opaque)
}
