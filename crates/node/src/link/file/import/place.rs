//! Where a file stands among those of its exporter.

use liandong_core::state::State;
use liandong_wire::link::file::FileHeader;

#[cfg(test)]
mod tests;

/// How a file stands to what is held of its exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It goes on where what is held ends, or before.
    Follows,
    /// A file in between is missing.
    Gap,
    /// It is of an earlier life of the exporter.
    Earlier,
}

impl Place {
    /// Where the file stands. An incarnation begins with the time when it began, so of two the smaller
    /// one is the earlier life. Of a later one nothing may be held yet but the marks of a file.
    pub(super) fn of(state: &State, header: &FileHeader) -> Self {
        let known = state.watermark(header.exporter);
        let traced = state.lineage_taken(header.exporter);
        if traced.is_some_and(|(incarnation, _)| incarnation > header.incarnation) {
            return Self::Earlier;
        }
        match known {
            Some(known) if known.incarnation == header.incarnation => {
                if header.after <= known.upto {
                    Self::Follows
                } else {
                    Self::Gap
                }
            }
            Some(known) if known.incarnation > header.incarnation => Self::Earlier,
            Some(_) | None if header.after == 0 => Self::Follows,
            Some(_) | None => Self::Gap,
        }
    }
}
