//! Summaries of stretches beside a checkpoint. They are disposable: one that is missing or damaged
//! costs the reading of its frames.
//!
//! ```text
//! tree `audit`  key: first frame of the first stretch u64 (big endian)
//!               value: CRC32C of key and entries (4), entries of first frame u64, kinds u8,
//!               first and last moment i64 each (the first is the later one where there is none)
//! ```

use super::Summary;
use crate::engine::{Engine, EngineFault};

const TREE: &str = "audit";
const ENTRY_BYTES: usize = 25;
/// Keeps a value below 4 KiB.
const ENTRIES_PER_PART: usize = 160;

/// A stretch, by its first frame.
pub(crate) type Known = (u64, Summary);

/// Stores summaries, ordered by their stretches.
pub(crate) fn write(engine: &Engine, known: &[Known]) -> Result<(), EngineFault> {
    engine.run(TREE, |tree| {
        for part in known.chunks(ENTRIES_PER_PART) {
            if let Some((first, _)) = part.first() {
                let key = first.to_be_bytes();
                tree.insert(key, encode(key, part))?;
            }
        }
        Ok(())
    })
}

/// The summaries that were stored; a damaged part is left out.
pub(crate) fn read(engine: &Engine) -> Result<Vec<Known>, EngineFault> {
    engine.run(TREE, |tree| {
        let mut known = Vec::new();
        for item in tree.iter() {
            let (key, value) = item?;
            known.extend(decode(&key, &value).unwrap_or_default());
        }
        Ok(known)
    })
}

fn encode(key: [u8; 8], part: &[Known]) -> Vec<u8> {
    let mut value = vec![0; 4];
    for (first, summary) in part {
        let (from, to) = summary.times.unwrap_or((0, -1));
        value.extend_from_slice(&first.to_le_bytes());
        value.push(summary.kinds);
        value.extend_from_slice(&from.to_le_bytes());
        value.extend_from_slice(&to.to_le_bytes());
    }
    let checksum = crc32c::crc32c_append(crc32c::crc32c(&key), &value[4..]);
    value[..4].copy_from_slice(&checksum.to_le_bytes());
    value
}

fn decode(key: &[u8], value: &[u8]) -> Option<Vec<Known>> {
    let (checksum, body) = value.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*checksum) != crc32c::crc32c_append(crc32c::crc32c(key), body) {
        return None;
    }
    let mut part = Vec::with_capacity(body.len() / ENTRY_BYTES);
    for entry in body.chunks_exact(ENTRY_BYTES) {
        let (first, rest) = entry.split_first_chunk()?;
        let (kinds, rest) = rest.split_first()?;
        let (from, rest) = rest.split_first_chunk()?;
        let (from, to) = (
            i64::from_le_bytes(*from),
            i64::from_le_bytes(*rest.first_chunk()?),
        );
        let summary = Summary {
            kinds: *kinds,
            times: (from <= to).then_some((from, to)),
        };
        part.push((u64::from_le_bytes(*first), summary));
    }
    Some(part)
}
