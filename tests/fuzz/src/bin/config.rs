//! The engine with the target `config`.

#![no_main]

include!("../engine.rs");
