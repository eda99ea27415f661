//! Tests of decisions.

mod collaboration;
mod plans;
mod refusals;
mod reports;
mod tasks;
