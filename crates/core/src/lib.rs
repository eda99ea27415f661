//! The rules of the mesh, pure: given the same state, command and time they decide the same.
//!
//! Everything replicated is a [`document`] with one owner. A [`command`] is [`decide`]d against
//! the [`state`] into [`event`]s; the events go to the journal and are folded into the state.
//! Nothing here reads a clock, opens a socket or a file, or draws a random number: the node hands
//! all of that in, so that a simulator can replay it.

pub mod access;
pub mod aid;
pub mod audit;
pub mod catalogue;
pub mod command;
pub mod compare;
pub mod decide;
pub mod document;
pub mod event;
pub mod evidence;
pub mod handover;
pub mod identity;
pub mod indicator;
pub mod language;
pub mod lineage;
pub mod period;
pub mod plan;
pub mod planted;
pub mod privacy;
pub mod proof;
pub mod quantity;
pub mod query;
pub mod refusal;
pub mod region;
pub mod report;
pub mod rollup;
pub mod seal;
pub mod state;
pub mod step;
pub mod task;

#[cfg(test)]
mod testing;
