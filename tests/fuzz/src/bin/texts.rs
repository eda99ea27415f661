//! The engine with the target `texts`.

#![no_main]

include!("../engine.rs");
