//! One node of the mesh: configuration, commit loop, gRPC services, links, workers, telemetry.
//!
//! The only crate with a clock, a network and randomness; it hands them to the pure rules of
//! `liandong-core`. It keeps no rule of its own.

mod checkpoint;
mod commit;
pub mod config;
mod context;
mod drill;
mod evidence;
mod gauges;
mod granted;
mod hosting;
mod identity;
mod limits;
mod link;
mod long_answers;
mod lost;
pub mod maintenance;
mod node;
mod pages;
mod plain;
mod proof;
mod reader;
mod server;
mod service;
mod signals;
pub mod signing;
pub mod spoken;
pub mod surroundings;
mod telemetry;
mod trace;
mod workers;

pub use hosting::CatalogueError;
pub use identity::IdentityError;
pub use liandong_store::journal::{Extent, Unsynced};
pub use node::{Node, NodeError, Serving, run};
pub use plain::PlainTextError;
pub use server::ServeError;
pub use telemetry::{Telemetry, TelemetryError, install};
