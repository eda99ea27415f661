//! A cell in the few bytes that nearly every cell needs; one that needs more is kept whole.
//!
//! Packing loses nothing: what is packed comes back as it was, whatever the figures are. A node
//! has a million cells before it has a thousand of anything else.

use super::{Cell, Kept, ReportHead};
use crate::report::Role;
use crate::rollup::Sums;
use crate::state::fold::EPOCH_SHIFT;

/// A cell as it stands in memory.
#[derive(Clone, Debug)]
pub(super) enum Packed {
    /// The figure of one source, which nothing else adds to.
    Figure(Figure),
    /// The same, corrected; with the superseded ids.
    Corrected(Box<Corrected>),
    /// Sums without a report of the region's own.
    Total(Total),
    /// Anything else.
    Whole(Box<Kept>),
}

// Numbers that need not be read in place stand in bytes, so that no padding comes between them.

/// A figure whose cell holds nothing but it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figure {
    id: [u8; 8],
    /// Of the cell; its version is the epoch above it.
    change: [u8; 5],
    epoch: u8,
    role: Role,
    on_time: bool,
    revision: u32,
    frame: u32,
    numerator: u32,
    denominator: u32,
}

/// A figure with the ids that it superseded.
#[derive(Clone, Debug)]
pub(super) struct Corrected {
    figure: Figure,
    older: Box<[u64]>,
}

/// The sums of what stands below.
#[derive(Clone, Copy, Debug)]
pub(super) struct Total {
    version: [u8; 8],
    change: [u8; 5],
    numerator: [u8; 6],
    denominator: [u8; 6],
    reported: [u8; 2],
    on_time: [u8; 2],
}

impl Packed {
    /// What a cell is before anything is known of it.
    pub(super) const EMPTY: Self = Self::Total(Total {
        version: [0; 8],
        change: [0; 5],
        numerator: [0; 6],
        denominator: [0; 6],
        reported: [0; 2],
        on_time: [0; 2],
    });

    pub(super) fn new(kept: Kept) -> Self {
        if kept.head.is_none() && kept.older.is_empty() {
            return Total::of(&kept.cell).map_or_else(|| Self::Whole(Box::new(kept)), Self::Total);
        }
        match kept.head.and_then(|head| Figure::of(&kept.cell, &head)) {
            Some(figure) if kept.older.is_empty() => Self::Figure(figure),
            Some(figure) => Self::Corrected(Box::new(Corrected {
                figure,
                older: kept.older.into_boxed_slice(),
            })),
            None => Self::Whole(Box::new(kept)),
        }
    }

    /// A cell that is nothing but its first report, where it can be told in few bytes.
    pub(super) fn first(cell: &Cell, head: &ReportHead) -> Option<Self> {
        Figure::of(cell, head).map(Self::Figure)
    }

    /// Whether nothing is known of the cell.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Total(total) if total.cell() == Cell::default())
    }

    pub(super) fn unpack(self) -> Kept {
        match self {
            Self::Figure(figure) => figure.kept(Vec::new()),
            Self::Corrected(corrected) => corrected.figure.kept(corrected.older.into_vec()),
            Self::Total(total) => Kept {
                cell: total.cell(),
                ..Kept::default()
            },
            Self::Whole(kept) => *kept,
        }
    }

    pub(super) fn cell(&self) -> Cell {
        match self {
            Self::Figure(figure) => figure.cell(),
            Self::Corrected(corrected) => corrected.figure.cell(),
            Self::Total(total) => total.cell(),
            Self::Whole(kept) => kept.cell,
        }
    }

    pub(super) fn head(&self) -> Option<ReportHead> {
        match self {
            Self::Figure(figure) => Some(figure.head()),
            Self::Corrected(corrected) => Some(corrected.figure.head()),
            Self::Total(_) => None,
            Self::Whole(kept) => kept.head,
        }
    }

    pub(super) fn older(&self) -> &[u64] {
        match self {
            Self::Figure(_) | Self::Total(_) => &[],
            Self::Corrected(corrected) => &corrected.older,
            Self::Whole(kept) => &kept.older,
        }
    }
}

impl Figure {
    /// `None` where the cell is more than its report, or a number is too large.
    fn of(cell: &Cell, head: &ReportHead) -> Option<Self> {
        let epoch = u8::try_from(cell.version >> EPOCH_SHIFT).ok()?;
        // Whatever has no place of its own must follow from what has.
        let follows = cell.sums == head.sums
            && cell.sums.reported == u32::from(head.role.counts())
            && cell.sums.on_time <= 1
            && cell.version == u64::from(epoch) << EPOCH_SHIFT | cell.change;
        if !follows {
            return None;
        }
        Some(Self {
            id: head.id.to_le_bytes(),
            change: narrow(cell.change)?,
            epoch,
            role: head.role,
            on_time: cell.sums.on_time == 1,
            revision: head.revision,
            frame: u32::try_from(head.frame).ok()?,
            numerator: u32::try_from(cell.sums.numerator).ok()?,
            denominator: u32::try_from(cell.sums.denominator).ok()?,
        })
    }

    fn sums(&self) -> Sums {
        Sums {
            numerator: i64::from(self.numerator),
            denominator: i64::from(self.denominator),
            reported: u32::from(self.role.counts()),
            on_time: u32::from(self.on_time),
        }
    }

    fn cell(&self) -> Cell {
        let change = widen(self.change);
        Cell {
            sums: self.sums(),
            version: u64::from(self.epoch) << EPOCH_SHIFT | change,
            change,
        }
    }

    fn head(&self) -> ReportHead {
        ReportHead {
            id: u64::from_le_bytes(self.id),
            revision: self.revision,
            frame: u64::from(self.frame),
            role: self.role,
            sums: self.sums(),
        }
    }

    fn kept(&self, older: Vec<u64>) -> Kept {
        Kept {
            cell: self.cell(),
            head: Some(self.head()),
            older,
        }
    }
}

impl Total {
    /// `None` where a number is too large or negative.
    fn of(cell: &Cell) -> Option<Self> {
        Some(Self {
            version: cell.version.to_le_bytes(),
            change: narrow(cell.change)?,
            numerator: narrow(u64::try_from(cell.sums.numerator).ok()?)?,
            denominator: narrow(u64::try_from(cell.sums.denominator).ok()?)?,
            reported: narrow(u64::from(cell.sums.reported))?,
            on_time: narrow(u64::from(cell.sums.on_time))?,
        })
    }

    fn cell(&self) -> Cell {
        Cell {
            sums: Sums {
                // Six bytes never reach the sign.
                numerator: widen(self.numerator).cast_signed(),
                denominator: widen(self.denominator).cast_signed(),
                reported: u32::from(u16::from_le_bytes(self.reported)),
                on_time: u32::from(u16::from_le_bytes(self.on_time)),
            },
            version: u64::from_le_bytes(self.version),
            change: widen(self.change),
        }
    }
}

/// A number in `N` of its eight bytes; `None` where it needs more.
fn narrow<const N: usize>(number: u64) -> Option<[u8; N]> {
    let bytes = number.to_le_bytes();
    let (low, high) = bytes.split_first_chunk()?;
    high.iter().all(|byte| *byte == 0).then_some(*low)
}

fn widen<const N: usize>(low: [u8; N]) -> u64 {
    let mut bytes = [0; 8];
    bytes[..N].copy_from_slice(&low);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests;
