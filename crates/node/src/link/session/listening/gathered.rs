//! A bucket that comes in parts, and how much of one a peer can make this node hold.

use liandong_core::compare::Bucket;
use liandong_core::document::{CellDocument, Document};
use liandong_core::event::Unapplied;
use liandong_core::evidence::Proof;
use liandong_wire::link::ReadChanges;
use thiserror::Error;

/// The parts of a bucket that have come.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) id: u64,
    pub(super) bucket: Bucket,
    pub(super) documents: Vec<Document>,
    pub(super) proofs: Vec<Option<Proof>>,
    pub(super) cells: Vec<CellDocument>,
    pub(super) unreadable: Vec<Unapplied>,
    bytes: usize,
}

/// How much of one bucket is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// Documents, cells, and changes that cannot be read, together.
    entries: usize,
    /// Bytes, as they came before compression, and what every entry takes besides.
    bytes: usize,
}

/// A bucket that is larger than any honest one; it says which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Full {
    /// In entries.
    #[error(
        "the peer sent a bucket of {found} documents, cells and unreadable changes: up to {most} \
         are taken"
    )]
    Entries { found: usize, most: usize },
    /// In bytes.
    #[error("the peer sent a bucket that takes {found} bytes: up to {most} are taken")]
    Bytes { found: usize, most: usize },
}

impl Room {
    /// More than any honest bucket has, and no more than the memory bears.
    pub(super) const OF_A_BUCKET: Self = Self {
        entries: 1 << 20,
        bytes: 256 << 20,
    };
}

impl Gathered {
    pub(super) fn begin(id: u64, bucket: Bucket) -> Self {
        Self {
            id,
            bucket,
            documents: Vec::new(),
            proofs: Vec::new(),
            cells: Vec::new(),
            unreadable: Vec::new(),
            bytes: 0,
        }
    }

    /// Adds a part.
    ///
    /// # Errors
    /// [`Full`]: the stream has to end, and what was gathered goes with it.
    pub(super) fn add(&mut self, part: ReadChanges, room: Room) -> Result<(), Full> {
        self.bytes = self.bytes.saturating_add(weight(&part));
        self.documents.extend(part.documents);
        self.proofs.extend(part.proofs);
        self.cells.extend(part.cells);
        self.unreadable.extend(part.unreadable);
        let found = self.documents.len() + self.cells.len() + self.unreadable.len();
        if found > room.entries {
            let most = room.entries;
            return Err(Full::Entries { found, most });
        }
        if self.bytes > room.bytes {
            let (found, most) = (self.bytes, room.bytes);
            return Err(Full::Bytes { found, most });
        }
        Ok(())
    }
}

/// About how many bytes a part takes: on the line a cell may be a few bits.
fn weight(part: &ReadChanges) -> usize {
    let each = [
        (part.documents.len(), size_of::<Document>()),
        (part.proofs.len(), size_of::<Option<Proof>>()),
        (part.cells.len(), size_of::<CellDocument>()),
        (part.unreadable.len(), size_of::<Unapplied>()),
    ];
    let held = each.into_iter().map(|(count, size)| count * size);
    part.bytes + held.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use liandong_core::compare::Bucket;
    use liandong_core::event::{Content, Quarantined, Subject, Unapplied};
    use liandong_core::region::RegionCode;
    use liandong_wire::link::ReadChanges;

    use super::{Full, Gathered, Room};

    fn begin() -> Gathered {
        let region: RegionCode = "371524".parse().unwrap();
        Gathered::begin(1, Bucket::Cells(region))
    }

    fn part(unreadable: usize, bytes: usize) -> ReadChanges {
        let one = Unapplied {
            subject: Subject {
                kind: "roster".to_owned(),
                owner: "371524".to_owned(),
                id: "371524".to_owned(),
                version: 1,
            },
            what: Quarantined {
                what: "roster 371524".to_owned(),
                reason: "MALFORMED".to_owned(),
                message: "roster".to_owned(),
            },
            content: Content::Bytes(vec![0xff; 8]),
        };
        ReadChanges {
            after: 0,
            upto: 1,
            documents: Vec::new(),
            proofs: Vec::new(),
            cells: Vec::new(),
            unreadable: vec![one; unreadable],
            bytes,
            trace_parent: String::new(),
            found: None,
        }
    }

    #[test]
    fn what_cannot_be_read_counts_like_anything_else() {
        let room = Room {
            entries: 10,
            ..Room::OF_A_BUCKET
        };
        let mut gathered = begin();
        assert_eq!(gathered.add(part(6, 100), room), Ok(()));
        assert_eq!(gathered.add(part(4, 100), room), Ok(()));
        let full = gathered.add(part(1, 100), room).unwrap_err();
        assert_eq!(
            full,
            Full::Entries {
                found: 11,
                most: 10
            }
        );
        assert!(full.to_string().contains("up to 10 are taken"), "{full}");
    }

    #[test]
    fn few_large_entries_are_too_much_as_well() {
        let room = Room::OF_A_BUCKET;
        let mut gathered = begin();
        // Documents as large as frames can be.
        for _ in 0..3 {
            assert_eq!(gathered.add(part(1, 64 << 20), room), Ok(()));
        }
        let full = gathered.add(part(1, 64 << 20), room).unwrap_err();
        assert!(matches!(full, Full::Bytes { found, .. } if found > 256 << 20));
        assert!(
            full.to_string().contains("bytes: up to 268435456"),
            "{full}"
        );
        // What is packed into next to nothing is as large as it is here.
        let room = Room {
            bytes: 10_000,
            ..room
        };
        let full = begin().add(part(100, 10), room).unwrap_err();
        assert!(matches!(full, Full::Bytes { .. }), "{full}");
    }
}
