//! The code that names a region.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// The longest region code in bytes: room for an 18-digit unified social credit code and more.
pub const MAX_REGION_CODE_LEN: usize = 23;

/// A region's code: 1 to [`MAX_REGION_CODE_LEN`] ASCII letters, digits and hyphens.
///
/// Stored inline, so that a batch of a thousand reports needs no allocation for its codes.
/// Ordered like its text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RegionCode {
    // Unused bytes are zero, so the order of the bytes is the order of the text.
    bytes: [u8; MAX_REGION_CODE_LEN],
    len: u8,
}

/// A text that is not a region code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{value:?} is not a region code: 1 to {MAX_REGION_CODE_LEN} ASCII letters, digits and hyphens"
)]
pub struct InvalidRegionCode {
    /// The text that was given, shortened to what an error message can bear.
    pub value: String,
}

impl RegionCode {
    /// Below every code: where a range over codes begins.
    pub(crate) const LOWEST: Self = Self {
        bytes: [0; MAX_REGION_CODE_LEN],
        len: 0,
    };

    /// The code that stands in these bytes; `None` where they are none. Bytes need not be known to be
    /// text: whatever is allowed in a code is.
    pub fn from_ascii(text: &[u8]) -> Option<Self> {
        let len = u8::try_from(text.len()).ok().filter(|len| *len > 0)?;
        let mut bytes = [0; MAX_REGION_CODE_LEN];
        for (place, byte) in bytes.get_mut(..text.len())?.iter_mut().zip(text) {
            if !(byte.is_ascii_alphanumeric() || *byte == b'-') {
                return None;
            }
            *place = *byte;
        }
        Some(Self { bytes, len })
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        // The bytes were checked to be ASCII when the code was made, so this never falls back.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }

    /// The bytes as numbers that are ordered as they are.
    fn words(&self) -> [u64; 3] {
        let mut padded = [0; MAX_REGION_CODE_LEN + 1];
        padded[..MAX_REGION_CODE_LEN].copy_from_slice(&self.bytes);
        let mut words = [0; 3];
        for (word, bytes) in words.iter_mut().zip(padded.as_chunks().0) {
            *word = u64::from_be_bytes(*bytes);
        }
        words
    }
}

/// Every step down a map of regions compares two codes, so it is done without calling for a
/// comparison of memory.
impl Ord for RegionCode {
    fn cmp(&self, other: &Self) -> Ordering {
        self.words().cmp(&other.words())
    }
}

impl PartialOrd for RegionCode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for RegionCode {
    type Err = InvalidRegionCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_ascii(text.as_bytes()).ok_or_else(|| InvalidRegionCode {
            value: text.chars().take(64).collect(),
        })
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RegionCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RegionCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CodeVisitor;
        impl de::Visitor<'_> for CodeVisitor {
            type Value = RegionCode;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a region code")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<RegionCode, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(CodeVisitor)
    }
}

#[cfg(test)]
mod tests;
