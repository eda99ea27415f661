//! Generated protobuf code and its conversions to and from the types of core.
//!
//! This is the fence behind which `prost` lives: nothing outside this crate names it. Whatever
//! comes from the network is checked here field by field, and a text that is no region, period or
//! number is refused with the path of its field before a rule ever sees it. Nothing here decides
//! anything, opens a socket or reads a clock.

mod generated;

pub use generated::{admin, collaboration, link, progress, rollup, task};
pub use prost_types::Timestamp;

/// The descriptors of every service, for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
