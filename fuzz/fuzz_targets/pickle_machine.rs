//! The machine over any bytes; see `tests/reader_checks/machine.rs`.

#![no_main]

use deadweight_fuzz::{change, checks, combine, memory};
use libfuzzer_sys::{fuzz_crossover, fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|bytes: &[u8]| {
    // A byte can make two nodes with memory of their own, and the check has the pickle twice.
    memory::bounded((256 << 10) + 1024 * bytes.len(), || checks::machine(bytes));
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    change(data, size, max_size, seed, fuzzer_mutate)
});

fuzz_crossover!(|first: &[u8], second: &[u8], out: &mut [u8], seed: u32| {
    combine(first, second, out, seed)
});
