//! Pages for people, over a read-only [`Query`] trait.
//!
//! An official looks for ten seconds: one page shows how a region stands on a plan. The pages read
//! and never write; they know neither the network nor the store.

mod overview;
mod query;

pub use overview::{Choice, PageError, overview};
pub use query::{PlanEntry, Query};
