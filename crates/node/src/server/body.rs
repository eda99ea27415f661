//! The bodies of requests and answers, with their bounds.
//!
//! A request's bytes are paid for from one purse of the whole node while a message of them is in
//! memory, and counted for whoever sends it; one that comes too slowly is given up. Of an answer it is noted since when the caller
//! could have read on.

mod answer;
mod charge;
mod messages;
mod purse;
mod request;

pub(super) use answer::{AnswerBody, Open, Unread};
pub(super) use charge::Charge;
pub(super) use purse::{Paid, Purse};
pub(super) use request::RequestBody;

/// What a caller must move at least, in bytes a second, once its patience is used up; a tenth of
/// what the slowest line of the mesh does.
const SLOWEST: u64 = 512;

#[cfg(test)]
mod tests;
