//! The one clock of the node.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// The time of a decision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The instant.
    pub(crate) now: Timestamp,
    /// The calendar day in China, where every bureau of the mesh works; a server set to UTC must
    /// not call the first hours of the first of a month the last day of the month before.
    pub(crate) today: Date,
}

/// Reads the clock.
pub(crate) fn now() -> Moment {
    let now = Timestamp::now();
    let china = TimeZone::fixed(Offset::constant(8));
    Moment {
        now,
        today: now.to_zoned(china).date(),
    }
}
