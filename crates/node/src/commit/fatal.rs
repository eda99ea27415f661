//! What a commit loop cannot go on after.

use liandong_store::journal::JournalError;
use liandong_store::record::EncodeError;
use thiserror::Error;

/// Why the commit loop gave up. The state may hold what no journal does, so the node ends, and
/// begins again with what the journal says.
#[derive(Debug, Error)]
pub(crate) enum Fatal {
    /// An event that was applied, or is about to be, cannot be put into bytes.
    #[error("cannot encode an event: {0}")]
    Encode(#[from] EncodeError),
    /// What was applied could not be appended.
    #[error("cannot append to the journal: {0}")]
    Append(#[source] JournalError),
    /// What the disk holds is unknown now, and a second try would hide that.
    #[error("cannot make the journal durable: {0}")]
    Sync(#[source] JournalError),
}
