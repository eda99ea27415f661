//! Tests of decisions.

mod collaboration;
mod lineages;
mod moves;
mod pairings;
mod plans;
mod privacy;
mod receive;
mod refusals;
mod reports;
mod returned;
mod sealed;
mod signers;
mod tasks;
