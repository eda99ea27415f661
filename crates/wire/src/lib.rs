//! Generated protobuf code and its conversions to and from the types of core.
//!
//! This is the fence behind which `prost` lives: nothing outside this crate names it. Whatever
//! comes from the network is checked here field by field, and a text that is no region, period or
//! number is refused with the path of its field before a rule ever sees it. Nothing here decides
//! anything, opens a socket or reads a clock.
//!
//! Each noun has one module. Its `v1` holds the generated messages, client and server; beside it
//! stand the conversions: `From<&core>` for what goes out, `TryFrom<v1>` for what comes in. The
//! latter take every message apart by name, so that a new field breaks the build here and cannot
//! be overlooked.

mod read;

pub mod admin;
pub mod bytes;
pub mod collaboration;
pub mod identity;
pub mod link;
pub mod progress;
pub mod refusal;
pub mod rollup;
#[cfg(feature = "samples")]
pub mod samples;
pub mod shared;
pub mod task;

#[cfg(test)]
mod strategies;

pub use prost_types::Timestamp;
pub use read::{incarnation, incarnation_bytes, timestamp};

/// The descriptors of every service, for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
