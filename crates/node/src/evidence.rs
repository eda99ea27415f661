//! Signing what leaves this node, and asking of what comes in who signed it.
//!
//! A node without an identity, which speaks in plain text on its own machine, neither signs nor asks.

mod checking;
mod given;
mod judged;
mod returned;
mod sealing;
mod taken;

pub(crate) use given::{hand_over, prove};
pub(crate) use judged::{ByTrust, Signed, judged};
pub(crate) use returned::shown;
pub(crate) use sealing::keep_sealed;
pub(crate) use taken::check;
