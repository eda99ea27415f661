//! The engine with the target `regions`.

#![no_main]

include!("../engine.rs");
