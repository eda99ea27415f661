//! The engine with the target `frames`.

#![no_main]

include!("../engine.rs");
