//! A small mesh for tests: nodes with journals in memory, and links that carry their changes.

mod comparing;
mod data;
mod mesh;
mod node;

pub(crate) use comparing::{Compared, compare, compare_and_break, compare_anew, greet};
pub(crate) use data::{author, bureau, code, indicator, month, plan_text, report, school, target};
pub(crate) use mesh::{Mesh, place_code};
pub(crate) use node::{Node, carry};
