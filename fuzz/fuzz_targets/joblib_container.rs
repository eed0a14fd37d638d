//! Containers, documents and arrays; see `tests/reader_checks/container.rs`.

#![no_main]

use deadweight_fuzz::{change, checks, combine, memory};
use libfuzzer_sys::{fuzz_crossover, fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|bytes: &[u8]| {
    memory::bounded(memory::of_file(bytes), || checks::container(bytes));
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    change(data, size, max_size, seed, fuzzer_mutate)
});

fuzz_crossover!(|first: &[u8], second: &[u8], out: &mut [u8], seed: u32| {
    combine(first, second, out, seed)
});
