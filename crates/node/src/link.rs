//! Links: one stream of "changes since" for parents, children and partners alike.
//!
//! The lower or outer side dials; the one bidirectional stream carries both directions. Each side
//! says how far it has the other's changes, and is sent what changed since then and what it is
//! entitled to see, newest version only.

mod dial;
mod session;
mod status;

pub(crate) use dial::dial;
pub(crate) use session::{Frames, Session, hello, outbox, run};
pub(crate) use status::Links;
