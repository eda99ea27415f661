//! The engine with the target `reports`.

#![no_main]

include!("../engine.rs");
