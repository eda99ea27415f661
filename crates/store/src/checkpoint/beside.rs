//! What is kept beside a state and can be found out anew: indexes of the past.

use crate::audit;
use crate::engine::{Engine, EngineFault};
use crate::history::{self, SegmentIndex};

/// What is kept beside a state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Beside {
    /// Where frames stand in old segments of the journal.
    pub(crate) indexes: Vec<SegmentIndex>,
    /// What the audit trail has in which stretch of the journal.
    pub(crate) stretches: Vec<audit::Known>,
}

impl Beside {
    /// What was kept, as far as it is undamaged.
    pub(super) fn read(engine: &Engine) -> Result<Self, EngineFault> {
        Ok(Self {
            indexes: history::read_indexes(engine)?,
            stretches: audit::read_known(engine)?,
        })
    }

    pub(super) fn write(&self, engine: &Engine) -> Result<(), EngineFault> {
        history::write_indexes(engine, &self.indexes)?;
        audit::write_known(engine, &self.stretches)
    }
}
