//! The audit trail: who changed what, when, why, and by which certificate.
//!
//! A [`Trail`] stands in the same journal frame as the changes it is about, so that there is never
//! one without the other. An [`Entry`] says which events of the frame came of one command; what was
//! changed is not said twice but read from those events ([`Touched`]).
//! What was refused changed nothing and is not in the trail. The state knows nothing of it.

mod deed;
mod touched;

use serde::{Deserialize, Serialize};

use crate::identity::{Identity, Role};
use crate::step::Author;

pub use deed::{Deed, deed};
pub use touched::{Tally, Touched};

/// Who had something done.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Actor {
    /// The node itself, of its own accord.
    Node,
    /// Somebody at the node's own machine, where the node speaks in plain text on loopback alone
    /// and nobody shows a certificate.
    Local,
    /// Whoever a checked certificate names: a person's client, or the node of a peer.
    Shown {
        /// Who that is.
        identity: Identity,
        /// The certificate's number at its issuer, most significant byte first.
        serial: Vec<u8>,
    },
}

impl Actor {
    /// What the actor is, as far as it is one of the roles: a node's own doing is that of a node.
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::Node => Some(Role::Node),
            Self::Local => None,
            Self::Shown { identity, .. } => Some(identity.role),
        }
    }
}

/// What one command led to, and whose it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Place in [`Trail::actors`].
    pub actor: u32,
    /// What was done.
    pub deed: Deed,
    /// Place of the command's first event in its frame.
    pub first: u32,
    /// How many events of the frame are the command's.
    pub events: u32,
    /// What the actor calls itself and why it acts, where the command says so. Who pushes reports
    /// says so in the events.
    pub author: Option<Author>,
}

/// The part of the audit trail that stands in one journal frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// When the frame was decided, in microseconds since 1970, by the clock of the node.
    pub at_micros: i64,
    /// Who is named by the entries.
    pub actors: Vec<Actor>,
    /// One for every command that changed something, in the order in which they were decided.
    pub entries: Vec<Entry>,
}

#[cfg(test)]
mod tests;
