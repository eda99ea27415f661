//! How a journal keeps its files.

use std::path::PathBuf;

/// How a journal keeps its files.
#[derive(Debug, Clone)]
pub struct JournalOptions {
    /// Size of a segment file in bytes; the first ones are smaller. A frame that is larger gets a
    /// segment of its own size.
    pub segment_bytes: u64,
    /// Appending refuses while fewer bytes are free on the file system.
    pub free_floor: u64,
    /// Make the next segment ready on another thread when the current one is a quarter full, so
    /// that changing segments does not wait for zeros to be written.
    pub prepare_ahead: bool,
    /// How many full segments stay as they are when older ones are sealed.
    pub plain_segments: u64,
    /// Directory of a second copy, on another disk; frames are in both before they count.
    pub mirror: Option<PathBuf>,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            free_floor: 256 << 20,
            prepare_ahead: true,
            plain_segments: 2,
            mirror: None,
        }
    }
}
