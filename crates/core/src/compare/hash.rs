//! Hashes of what is compared. They find accidents, not forgeries: whoever may write a document
//! needs no forged hash.

use std::collections::BTreeMap;

use crate::document::{CellDocument, Document};
use crate::indicator::IndicatorCode;
use crate::region::RegionCode;

/// The hash of a document: of its key and version, and with `contents` of all that it says.
pub(crate) fn document_hash(document: &Document, contents: bool) -> u128 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(document.body.kind().word().as_bytes());
    hasher.update(&[0]);
    hasher.update(document.owner.as_str().as_bytes());
    hasher.update(&[0]);
    hasher.update(document.id.as_bytes());
    hasher.update(&[0]);
    hasher.update(&document.version.to_le_bytes());
    if contents {
        match postcard::to_stdvec(&document.body) {
            Ok(bytes) => {
                hasher.update(&bytes);
            }
            // A body that cannot be encoded could not have been written to the journal either.
            Err(_) => {
                hasher.update(&[1]);
            }
        }
    }
    first_half(&hasher)
}

fn first_half(hasher: &blake3::Hasher) -> u128 {
    let mut half = [0; 16];
    half.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    u128::from_le_bytes(half)
}

/// Hashes cells; there are millions of them, so their codes are hashed once for all.
pub(crate) struct CellHasher {
    contents: bool,
    region: Option<(RegionCode, u128)>,
    indicators: BTreeMap<IndicatorCode, u128>,
}

impl CellHasher {
    pub(crate) fn new(contents: bool) -> Self {
        Self {
            contents,
            region: None,
            indicators: BTreeMap::new(),
        }
    }

    pub(crate) fn hash(&mut self, cell: &CellDocument) -> u128 {
        let region = match self.region {
            Some((code, hash)) if code == cell.region => hash,
            _ => {
                let hash = text_hash(cell.region.as_str());
                self.region = Some((cell.region, hash));
                hash
            }
        };
        let indicators = self.indicators.entry(cell.indicator);
        let indicator = *indicators.or_insert_with(|| text_hash(cell.indicator.as_str()));
        let mut mixed = Mixed::new(region ^ indicator.rotate_left(64));
        mixed.add(u64::from(cell.period.to_packed()));
        mixed.add(cell.version);
        if self.contents {
            mixed.add(cell.sums.numerator.cast_unsigned());
            mixed.add(cell.sums.denominator.cast_unsigned());
            mixed.add(u64::from(cell.sums.reported) << 32 | u64::from(cell.sums.on_time));
        }
        mixed.finish()
    }
}

fn text_hash(text: &str) -> u128 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(text.as_bytes());
    first_half(&hasher)
}

/// Two lanes of 64 bits that each word goes through.
struct Mixed {
    first: u64,
    second: u64,
}

impl Mixed {
    fn new(seed: u128) -> Self {
        Self {
            first: (seed >> 64) as u64,
            second: seed as u64,
        }
    }

    fn add(&mut self, word: u64) {
        self.first = avalanche(self.first ^ word);
        self.second = avalanche(self.second.wrapping_add(word).rotate_left(29));
    }

    fn finish(self) -> u128 {
        let first = avalanche(self.first ^ self.second.rotate_left(32));
        let second = avalanche(self.second.wrapping_add(self.first));
        u128::from(first) << 64 | u128::from(second)
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): every bit of the result depends on
/// every bit of the word.
fn avalanche(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}
