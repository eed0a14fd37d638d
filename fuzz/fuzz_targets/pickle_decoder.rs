//! The decoder over any bytes; see `tests/reader_checks/decoder.rs`.

#![no_main]

use deadweight_fuzz::{checks, memory};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // Arguments borrow from the input, and one is looked at at a time.
    memory::bounded((64 << 10) + 16 * bytes.len(), || checks::decoder(bytes));
});
