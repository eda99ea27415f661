//! What a row of the table is: how it is computed from measures, written, and bounded.

/// A measuring program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    /// Against peers.
    Speed,
    /// With much of everything.
    Scale,
}

/// What a row is computed from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// The median of a measure.
    Of(&'static str),
    /// Thousandths of one median by another.
    Ratio(&'static str, &'static str),
    /// Thousandths of the worst of several medians by another.
    Worst(&'static [&'static str], &'static str),
    /// By how many thousandths of the first median it exceeds the second.
    Excess(&'static str, &'static str),
}

/// On which side of a bound a value is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The bound or more.
    AtLeast,
    /// The bound or less.
    AtMost,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Thousandths as a factor: `12.34 x`.
    Times,
    /// Millionths as a percentage.
    Millionths,
    /// Thousandths as a percentage.
    Percent,
    /// Microseconds as milliseconds.
    Micros,
    /// Milliseconds as seconds.
    Millis,
    /// Thousandths of a byte.
    MilliBytes,
    /// Bytes as millions of them.
    MegaBytes,
}

/// A row of the table.
#[derive(Debug)]
pub(super) struct Row {
    /// What is measured.
    pub(super) what: &'static str,
    /// Who measures it.
    pub(super) program: Program,
    /// How it is computed.
    pub(super) value: Value,
    /// How it is written.
    pub(super) shown: Shown,
    /// On which side of its bounds it is to be.
    pub(super) side: Side,
    /// What is to be reached; `None` where a value is shown beside others and has no target.
    pub(super) target: Option<u64>,
    /// What would be better still; only with a target.
    pub(super) stretch: Option<u64>,
}

impl Program {
    /// All of them.
    pub(super) const ALL: [Self; 2] = [Self::Speed, Self::Scale];

    /// The name of the program, and of its results.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Speed => "speed",
            Self::Scale => "scale",
        }
    }
}
