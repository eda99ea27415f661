//! The engine with the target `receive`.

#![no_main]

include!("../engine.rs");
