//! The commands, one file for each noun.

pub(crate) mod aid;
pub(crate) mod indicator;
pub(crate) mod node;
pub(crate) mod plan;
pub(crate) mod region;
pub(crate) mod report;
pub(crate) mod rollup;
pub(crate) mod task;

mod target;
