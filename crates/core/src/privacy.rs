//! Privacy: no figure or text of the mesh may stand for a single person.
//!
//! Free texts and ids that hold what looks like somebody's number are refused; counts of few people
//! are hidden from what is published. A figure is published by one node, beside its neighbours there:
//! viewers of a region see those below it at their own region's node and at no other, because a node
//! below could not know which of its figures the neighbours' have to be hidden with. Whoever holds
//! certificates of several regions, or is told figures by somebody else, is not kept from subtracting.

mod number;
mod suppression;
mod text;

pub use number::{PersonalNumber, personal_number, personal_number_in_id};
pub use suppression::{FEW, Shown, is_few, suppress};
pub use text::{check_free_text, check_given_id};
