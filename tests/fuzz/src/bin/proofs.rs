//! The engine with the target `proofs`.

#![no_main]

include!("../engine.rs");
