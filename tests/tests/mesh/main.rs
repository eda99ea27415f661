//! A mesh of real processes, broken on purpose.
//!
//! These tests start nodes and take minutes, so they are left out of a plain `cargo test`;
//! `cargo xtask test mesh` runs them against the program as it is shipped.

mod aid;
mod backup;
mod certificates;
mod command_line;
mod compose;
mod console;
mod depth;
mod footprint;
mod hostile;
mod limits;
mod move_out;
mod refusals;
mod reports;
mod shutdown;
mod tasks;
mod telemetry;
