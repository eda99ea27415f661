// The engine's side: libFuzzer calls the target that the program is named after. Every program in
// `bin` is this file. They differ in what the linker can leave out of them: after each execution
// the engine looks at all counters of its program, reached or not.
//
// Built by `cargo xtask fuzz` alone, with the compiler's coverage switched on. The function that
// libFuzzer calls is written by its own macro; nothing here is unsafe.

use std::alloc::System;

use cap::Cap;
use liandong_fuzz::Target;
use libfuzzer_sys::{fuzz_target, fuzzer_mutate};

/// What reading one input may hold at most. An input is a few kilobytes, so whoever comes near
/// this has found a bomb; the allocation fails, and the engine keeps the input.
const MOST_MEMORY: usize = 256 << 20;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, MOST_MEMORY);

/// Chosen while compiling, so that nothing leads to the others.
const TARGET: Target = Target::known(env!("CARGO_BIN_NAME"));

/// A folder to write the first inputs into.
const SEEDS: &str = "LIANDONG_FUZZ_SEEDS";

fn begin() {
    if let Some(folder) = std::env::var_os(SEEDS) {
        for (number, seed) in TARGET.seeds().iter().enumerate() {
            let path = std::path::Path::new(&folder).join(format!("{number:04}"));
            if let Err(error) = std::fs::write(&path, seed) {
                eprintln!("cannot write {}: {error}", path.display());
                std::process::exit(2);
            }
        }
    }
}

fuzz_target!(init: begin(), |data: &[u8]| (TARGET.run)(data));

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    // Half of the time the engine's own way: bytes, copies, comparisons it has seen.
    if seed.is_multiple_of(2)
        && let Some(mutated) = TARGET.mutate(&data[..size], seed, max_size)
    {
        data[..mutated.len()].copy_from_slice(&mutated);
        return mutated.len();
    }
    fuzzer_mutate(data, size, max_size)
});
