//! The state as the journal makes it, from the first frame.

use std::io::{self, Write};
use std::sync::Arc;

use liandong_core::state::State;

use crate::checkpoint::Checkpoint;
use crate::identity::Incarnation;
use crate::journal::{ReplayError, Sequence};
use crate::record;
use crate::verify::evidence::Evidence;
use crate::verify::{Fault, Judge, Report};

/// The state as the journal makes it, compared with the checkpoint on the way.
pub(super) struct Fold {
    state: State,
    incarnation: Incarnation,
    frames: u64,
    payload_bytes: u64,
    /// The frame of the checkpoint and the hash of its bytes.
    pub(super) checkpoint: Option<(Sequence, blake3::Hash)>,
    differs: Option<Sequence>,
    evidence: Evidence,
}

impl Fold {
    pub(super) fn new(
        incarnation: Incarnation,
        checkpoint: Option<Checkpoint>,
        judge: Option<Arc<dyn Judge>>,
    ) -> Self {
        let checkpoint =
            checkpoint.map(|checkpoint| (checkpoint.sequence, blake3::hash(&checkpoint.bytes)));
        Self {
            state: State::default(),
            incarnation,
            frames: 0,
            payload_bytes: 0,
            checkpoint,
            differs: None,
            evidence: Evidence::new(judge),
        }
    }

    pub(super) fn frame(&mut self, sequence: Sequence, payload: &[u8]) -> Result<(), ReplayError> {
        let events = record::decode(payload)?;
        for event in &events {
            self.state.apply(event, sequence);
        }
        self.evidence.frame(&self.state, sequence, &events);
        self.frames += 1;
        self.payload_bytes += payload.len() as u64;
        if let Some((at, expected)) = self.checkpoint
            && at == sequence
        {
            let mut hasher = Hashing(blake3::Hasher::new());
            record::write_state(self.incarnation, &self.state.snapshot(), &mut hasher)?;
            if hasher.0.finalize() != expected {
                self.differs = Some(sequence);
            }
        }
        Ok(())
    }

    pub(super) fn finish(self, report: &mut Report) {
        report.frames = self.frames;
        report.payload_bytes = self.payload_bytes;
        if let Some(sequence) = self.differs {
            report.faults.push(Fault::OtherState { sequence });
        }
        let (counted, cells) = self.state.recount();
        report.cells = counted;
        if !cells.is_empty() {
            report.faults.push(Fault::Recount { cells });
        }
        self.evidence.finish(&self.state, report);
    }
}

struct Hashing(blake3::Hasher);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
