//! The stages, in their order, and whoever measures them.

/// What a node does with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Bytes to the message.
    Decode,
    /// The message to rows whose fields can be read.
    Check,
    /// Rows to an event, by the rules.
    Decide,
    /// The event into the state, and the changes into their index.
    Fold,
    /// The event and who caused it to a record.
    Encode,
    /// The record to a frame of the journal, written and not synced.
    Append,
    /// What the index lists for the node above.
    List,
    /// What became of the rows to the answer's bytes.
    Answer,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 8] = [
        Self::Decode,
        Self::Check,
        Self::Decide,
        Self::Fold,
        Self::Encode,
        Self::Append,
        Self::List,
        Self::Answer,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Check => "check",
            Self::Decide => "decide",
            Self::Fold => "fold",
            Self::Encode => "encode",
            Self::Append => "append",
            Self::List => "list",
            Self::Answer => "answer",
        }
    }
}

/// Measures stages.
pub trait Meter {
    /// Does the work of a stage and measures it.
    fn around<T>(&mut self, stage: Stage, work: impl FnOnce() -> T) -> T;
}

/// Measures nothing.
impl Meter for () {
    fn around<T>(&mut self, _: Stage, work: impl FnOnce() -> T) -> T {
        work()
    }
}
