//! The tree over the leaves of a batch.
//!
//! It has the shape of RFC 9162, section 2.1.1: of `n` leaves the left side has as many as the
//! largest power of two below `n`. Leaves, inner nodes and the root are hashed each under a mark of
//! its own, and the root with the number of leaves, so that none can pass for another.

/// BLAKE3 of something.
pub type Digest = [u8; 32];

/// The most leaves of one signed batch.
pub const MAX_BATCH: u32 = 1 << 16;

/// The mark of a leaf.
pub(super) const LEAF: u8 = 0;
const NODE: u8 = 1;
const ROOT: &[u8] = b"liandong signed batch 1\n";

/// A tree of which all leaves are known.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The leaves first, then each level above, up to the one hash that is above all.
    levels: Vec<Vec<Digest>>,
}

impl Tree {
    /// The tree over these leaves; `None` for none, and for more than a number of 32 bits counts.
    pub fn over(leaves: Vec<Digest>) -> Option<Self> {
        if leaves.is_empty() || u32::try_from(leaves.len()).is_err() {
            return None;
        }
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            // A hash without a neighbour goes up as it is: that gives the shape of the RFC.
            let above = below.chunks(2).map(|pair| match pair {
                [left, right] => node(left, right),
                [single, ..] => *single,
                [] => [0; 32],
            });
            let above = above.collect();
            levels.push(above);
        }
        Some(Self { levels })
    }

    /// What is signed.
    pub fn root(&self) -> Digest {
        let size = self.levels.first().map_or(0, Vec::len);
        let top = self.levels.last().and_then(|level| level.first());
        root(
            u32::try_from(size).unwrap_or(u32::MAX),
            top.unwrap_or(&[0; 32]),
        )
    }

    /// The hashes beside the way of a leaf to the root, from below.
    pub fn path(&self, place: u32) -> Vec<Digest> {
        let mut place = place as usize;
        let mut path = Vec::new();
        for level in &self.levels {
            path.extend(level.get(place ^ 1).copied());
            place /= 2;
        }
        path
    }
}

/// The root above a leaf, from the hashes beside its way; `None` when they are no such way.
pub(super) fn root_above(leaf: &Digest, place: u32, size: u32, path: &[Digest]) -> Option<Digest> {
    if place >= size {
        return None;
    }
    let (mut place, mut last) = (place, size - 1);
    let mut above = *leaf;
    let mut beside = path.iter();
    while last > 0 {
        if place % 2 == 1 {
            above = node(beside.next()?, &above);
        } else if place < last {
            above = node(&above, beside.next()?);
        }
        place /= 2;
        last /= 2;
    }
    if beside.next().is_some() {
        return None;
    }
    Some(root(size, &above))
}

fn node(left: &Digest, right: &Digest) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[NODE]).update(left).update(right);
    *hasher.finalize().as_bytes()
}

fn root(size: u32, top: &Digest) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(ROOT).update(&size.to_le_bytes()).update(top);
    *hasher.finalize().as_bytes()
}
