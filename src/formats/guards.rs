//! What loaders look at before the crate behind a format sees the bytes, as functions that can be run, and
//! timed, alone.
//!
//! Where a crate lets its caller bound what it does (a limit, a depth), the loader bounds it there. Where it
//! does not, the loader walks over the bytes first. These are those walks; `tests/formats_guards.rs` measures what
//! share of a decode they take.

use crate::base::Limits;

use super::{
    FormatError, borsh, json_simd, parquet_layout, protobuf, safetensors, serde_pickle, wire,
};

/// A walk over a file before it is decoded.
pub struct Guard {
    /// The id of the format's row.
    pub format: &'static str,
    /// What is looked at.
    pub what: &'static str,
    /// Does it, as the loader does under the default limits.
    ///
    /// # Errors
    /// What the loader says of a file that does not pass.
    pub run: fn(&[u8]) -> Result<(), FormatError>,
}

/// All of them, in the order of the tables.
///
/// ```
/// use deadweight::formats::guards::GUARDS;
/// let json = GUARDS.iter().find(|guard| guard.format == "json-simd").expect("it is listed");
/// assert!((json.run)(b"[[1, 2], 3]").is_ok());
/// assert!((json.run)("[".repeat(1_000_000).as_bytes()).is_err());
/// ```
pub static GUARDS: &[Guard] = &[
    Guard {
        format: "safetensors",
        what: "that no name stands twice in the header",
        run: safetensors::check_header,
    },
    Guard {
        format: "parquet",
        what: "footer, page headers, levels and lengths",
        run: |bytes| parquet_layout::columns(bytes, &Limits::default()).map(drop),
    },
    Guard {
        format: "protobuf",
        what: "number, order and length of the fields",
        run: protobuf::check,
    },
    Guard {
        format: "protobuf-elements",
        what: "number, order and length of the fields",
        run: protobuf::check,
    },
    Guard {
        format: "borsh",
        what: "every length",
        run: |bytes| borsh::check_lengths(wire::after_line("borsh", bytes)?, false),
    },
    Guard {
        format: "borsh-elements",
        what: "every length",
        run: |bytes| borsh::check_lengths(wire::after_line("borsh-elements", bytes)?, true),
    },
    Guard {
        format: "json-simd",
        what: "depth of nesting, up to the end of metadata",
        run: json_simd::check_depth_of_bytes,
    },
    Guard { format: "json-simd-elements", what: "depth of nesting", run: json_simd::check_depth },
    Guard {
        format: "serde-pickle",
        what: "every instruction, and how deep it nests",
        run: serde_pickle::check_instructions,
    },
    Guard {
        format: "serde-pickle-elements",
        what: "every instruction, and how deep it nests",
        run: serde_pickle::check_instructions,
    },
];
