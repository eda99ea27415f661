//! Privacy: no figure or text of the mesh may stand for a single person.
//!
//! Free texts that hold what looks like somebody's number are refused; counts of few people are
//! hidden from what is published.

mod number;
mod suppression;
mod text;

pub use number::{PersonalNumber, personal_number};
pub use suppression::{FEW, Shown, suppress};
pub use text::check_free_text;
