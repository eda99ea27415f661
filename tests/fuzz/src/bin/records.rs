//! The engine with the target `records`.

#![no_main]

include!("../engine.rs");
