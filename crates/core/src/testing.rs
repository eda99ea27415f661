//! A small mesh for tests: nodes with journals in memory, and links that carry their changes.

mod data;
mod node;

pub(crate) use data::{
    author, bureau, catalogue, code, indicator, month, plan_text, report, school, target,
};
pub(crate) use node::{Node, carry};
