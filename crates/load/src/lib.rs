//! The work that is measured, and how it is measured: `liandong bench` and the project's own
//! comparisons do the same work and read the same clocks.
//!
//! A [`LoadPlan`] becomes a [`Load`]: what the schools of a county report in a year, with corrections
//! and repetitions. A [`Target`] takes it, a node or anything else: [`closed_loop`] keeps a number of
//! batches under way, [`open_loop`] sends at a fixed rate whatever the target does. Both give
//! [`Pushed`], with [`Latencies`] as a histogram. [`process`] reads what a process has used,
//! [`Machine`], [`FileSystem`] and [`disk::syncs`] say on what it ran, [`Spread`] what several rounds
//! came to.
//!
//! Nothing here starts a node, judges a figure or prints it.

mod closed;
pub mod disk;
mod error;
mod indicator;
mod latency;
mod load;
mod machine;
mod meter;
mod open;
pub mod process;
mod pushed;
mod spread;
mod target;

pub use closed::{ClosedLoop, closed_loop};
pub use error::{DiskError, LoadError, MachineError, PushError};
pub use indicator::{Reported, monthly};
pub use latency::{Latencies, Quantiles};
pub use load::{Load, LoadPlan, Requests, Sum, rows_of, unit_code};
pub use machine::{FileSystem, Machine};
pub use meter::Meter;
pub use open::{OpenLoop, open_loop};
pub use pushed::{Pushed, cpu_ms_per_million};
pub use spread::Spread;
pub use target::{Target, connect};
