//! The engine with the target `linkfile`.

#![no_main]

include!("../engine.rs");
