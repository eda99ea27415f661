//! The engine with the target `journal`.

#![no_main]

include!("../engine.rs");
