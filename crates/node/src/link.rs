//! Links: one stream of "changes since" for parents, children and partners alike.
//!
//! The lower or outer side dials; the one bidirectional stream carries both directions. Each side
//! says how far it has the other's changes, and is sent what changed since then and what it is
//! entitled to see, newest version only.
//!
//! What holds throughout:
//! - a change is acknowledged only when it is durable here, and sent only when it is durable there;
//! - whatever was not acknowledged is sent again on the next stream, so a stream may break at any
//!   point; what comes twice changes nothing;
//! - the watermark that a peer says counts only for the incarnation it names, and only up to what
//!   this node has: otherwise everything is sent from the start;
//! - of two streams with one process of a peer the newer stays; of two processes the first, as long
//!   as it answers;
//! - now and then, and whenever asked, what one side tells is compared with what the other holds,
//!   and what differs is healed: the side that is nearer to the owner is right, and nothing that
//!   only the other side holds is ever taken away;
//! - taking and acknowledging never waits for sending, so two nodes that have much to say to each
//!   other do not wait for each other for ever.

mod admission;
mod aside;
mod dial;
pub(crate) mod file;
mod session;
mod status;
mod twins;

pub(crate) use admission::admit;
pub(crate) use aside::{retry, retry_at_start, warn_unlisted};
pub(crate) use dial::{DialError, connect, dial};
pub(crate) use session::{Frames, HELLO_PATIENCE, LARGEST_FRAME, Session, hello, outbox, run};
pub(crate) use status::{Comparison, Links};
pub(crate) use twins::check as check_for_twin;
