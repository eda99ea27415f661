//! The engine with the target `requests`.

#![no_main]

include!("../engine.rs");
