//! The way of one batch of reports through a node, stage by stage, without network and processes:
//! how long each stage takes and how often it asks for memory.
//!
//! The stages are the functions that a node calls, in its order and on what it would be given; what
//! surrounds them there (TLS, rights, queues, the wait for the disk) is not here. Times say nothing
//! about any other machine; how often memory is asked for is the same everywhere, so a test holds it
//! against a bound.

mod allocations;
mod county;
mod path;
mod run;
mod sealing;
mod stage;

pub use allocations::{Allocated, Table, count};
pub use county::{County, Kind, ROWS};
pub use path::Path;
pub use run::Run;
pub use sealing::Sealing;
pub use stage::{Meter, Stage};
