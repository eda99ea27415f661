//! Tests of decisions.

mod collaboration;
mod plans;
mod receive;
mod refusals;
mod reports;
mod tasks;
