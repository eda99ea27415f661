//! The file that a region moves in, as a stream of sections.
//!
//! ```text
//! mark      6   `LDex1\n`
//! section   1   kind: `H` header, `E` events, `Z` end
//!           4   payload length n in bytes, little endian
//!           n   payload
//!          32   BLAKE3 of the hash before it (zeros before the first), kind, length and payload
//! ```
//!
//! The header comes first, the end last; the chain of hashes shows a section that is changed, left
//! out or in another place. Events are written as in the journal, so a file can be read as long as
//! a journal can.

use std::fmt::Write as _;

use liandong_core::region::RegionCode;
use thiserror::Error;

/// What a file begins with.
pub(super) const MARK: &[u8; 6] = b"LDex1\n";
/// Bytes of a section before its payload.
const HEAD: usize = 5;
const HASH: usize = 32;
/// The largest payload of one section: a journal frame is never larger.
pub(super) const MAX_SECTION: usize = liandong_store::journal::MAX_PAYLOAD;

/// What a section holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What is exported, and by whom.
    Header,
    /// A piece of the history.
    Events,
    /// The end, with the number of sections of events.
    End,
}

impl Kind {
    fn byte(self) -> u8 {
        match self {
            Self::Header => b'H',
            Self::Events => b'E',
            Self::End => b'Z',
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Header, Self::Events, Self::End]
            .into_iter()
            .find(|kind| kind.byte() == byte)
    }
}

/// Why bytes are not an export.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum FormatError {
    /// It does not begin with the mark.
    #[error("it does not begin as an export of this version does")]
    Mark,
    /// A section's hash is not that of its content.
    #[error("section {0} is damaged, or sections are missing before it")]
    Damaged(usize),
    /// A section stands where another belongs.
    #[error("section {0} stands where another belongs")]
    Order(usize),
    /// A section claims to be larger than any can be.
    #[error("section {0} is larger than {MAX_SECTION} bytes")]
    TooLarge(usize),
    /// The header says nothing that can be read.
    #[error("the header cannot be read")]
    Header,
    /// It ends before its end.
    #[error("it ends before its last section")]
    Short,
}

/// What an export says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The region that is exported.
    pub(super) region: RegionCode,
    /// The node that exports it.
    pub(super) node: RegionCode,
    /// The last journal frame that was looked at.
    pub(super) frame: u64,
    /// Whether the region has moved out of that node: only then may another take it over.
    pub(super) moved: bool,
}

impl Header {
    pub(super) fn write(&self) -> String {
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = write!(
            text,
            "region={}\nnode={}\nframe={}\nmoved={}\n",
            self.region, self.node, self.frame, self.moved
        );
        text
    }

    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(payload).ok()?;
        let value = |key: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        };
        Some(Self {
            region: value("region")?.parse().ok()?,
            node: value("node")?.parse().ok()?,
            frame: value("frame")?.parse().ok()?,
            moved: value("moved")?.parse().ok()?,
        })
    }
}

/// The chain of hashes, for writing and reading alike.
#[derive(Debug, Default)]
struct Chain([u8; HASH]);

impl Chain {
    /// Goes on with a section's head and payload.
    fn next(&mut self, section: &[u8]) -> [u8; HASH] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        hasher.update(section);
        self.0 = *hasher.finalize().as_bytes();
        self.0
    }
}

/// Writes sections.
#[derive(Debug, Default)]
pub(super) struct Writer {
    chain: Chain,
}

impl Writer {
    /// Appends a section to `bytes`.
    pub(super) fn section(
        &mut self,
        kind: Kind,
        payload: &[u8],
        bytes: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        let length = u32::try_from(payload.len()).ok();
        let length = length.filter(|length| *length as usize <= MAX_SECTION);
        let length = length.ok_or(FormatError::TooLarge(0))?;
        let start = bytes.len();
        bytes.push(kind.byte());
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(payload);
        let hash = self.chain.next(&bytes[start..]);
        bytes.extend_from_slice(&hash);
        Ok(())
    }
}

/// Reads sections from bytes that come in any pieces.
#[derive(Debug, Default)]
pub(super) struct Sections {
    chain: Chain,
    begun: bool,
    sections: usize,
    waiting: Vec<u8>,
}

impl Sections {
    /// Takes some more bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// The next section, once all of it has come.
    pub(super) fn next(&mut self) -> Result<Option<(Kind, Vec<u8>)>, FormatError> {
        if !self.begun {
            let known = self.waiting.len().min(MARK.len());
            if self.waiting[..known] != MARK[..known] {
                return Err(FormatError::Mark);
            }
            if known < MARK.len() {
                return Ok(None);
            }
            self.waiting.drain(..MARK.len());
            self.begun = true;
        }
        let Some((head, _)) = self.waiting.split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let [kind, length @ ..] = *head;
        let kind = Kind::from_byte(kind).ok_or(FormatError::Damaged(self.sections))?;
        let length = u32::from_le_bytes(length) as usize;
        if length > MAX_SECTION {
            return Err(FormatError::TooLarge(self.sections));
        }
        let end = HEAD + length;
        let Some(hash) = self.waiting.get(end..end + HASH) else {
            return Ok(None);
        };
        let expected = {
            let hash = hash.to_vec();
            self.chain.next(&self.waiting[..end]).as_slice() == hash
        };
        if !expected {
            return Err(FormatError::Damaged(self.sections));
        }
        let payload = self.waiting[HEAD..end].to_vec();
        self.waiting.drain(..end + HASH);
        self.sections += 1;
        Ok(Some((kind, payload)))
    }

    /// Whether bytes are left that are no whole section.
    pub(super) fn has_rest(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// How many sections have been read.
    pub(super) fn count(&self) -> usize {
        self.sections
    }
}

#[cfg(test)]
mod tests;
