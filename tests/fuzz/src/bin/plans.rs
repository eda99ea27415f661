//! The engine with the target `plans`.

#![no_main]

include!("../engine.rs");
