//! The commands, one file for each noun.

pub(crate) mod aid;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod cert;
pub(crate) mod console;
pub(crate) mod indicator;
pub(crate) mod link;
pub(crate) mod plan;
pub(crate) mod proof;
pub(crate) mod region;
pub(crate) mod repair;
pub(crate) mod report;
pub(crate) mod restore;
pub(crate) mod rollup;
pub(crate) mod status;
pub(crate) mod task;
pub(crate) mod verify;

mod place;
mod target;
