//! The state as the journal makes it, from the first frame.

use std::io::{self, Write};
use std::sync::Arc;

use liandong_core::state::State;

use crate::checkpoint::Checkpoint;
use crate::identity::Incarnation;
use crate::journal::{ReplayError, Sequence};
use crate::record::{self, EncodeError};
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
    /// Its bytes, if it may say the same in more words than are written now.
    wordy: Option<Vec<u8>>,
    differs: Option<Sequence>,
    evidence: Evidence,
}

impl Fold {
    pub(super) fn new(
        incarnation: Incarnation,
        checkpoint: Option<Checkpoint>,
        judge: Option<Arc<dyn Judge>>,
    ) -> Self {
        let expected = checkpoint
            .as_ref()
            .map(|checkpoint| (checkpoint.sequence, blake3::hash(&checkpoint.bytes)));
        let wordy = checkpoint.map(|checkpoint| checkpoint.bytes);
        Self {
            state: State::default(),
            incarnation,
            frames: 0,
            payload_bytes: 0,
            checkpoint: expected,
            wordy: wordy.filter(|bytes| record::has_evidence(bytes)),
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
            let held = self.hash(&self.state)?;
            let wordy = self.wordy.take();
            if held != expected && Some(held) != wordy.and_then(|bytes| self.restated(&bytes)) {
                self.differs = Some(sequence);
            }
        }
        Ok(())
    }

    fn hash(&self, state: &State) -> Result<blake3::Hash, EncodeError> {
        let mut hasher = Hashing(blake3::Hasher::new());
        record::write_state(self.incarnation, &state.snapshot(), &mut hasher)?;
        Ok(hasher.0.finalize())
    }

    /// The hash of a checkpoint as it would be written now: earlier ones kept all leaves of a batch
    /// as long as one of its documents was held.
    fn restated(&self, bytes: &[u8]) -> Option<blake3::Hash> {
        let snapshot = record::decode_state(self.incarnation, bytes).ok()?;
        self.hash(&State::from_snapshot(snapshot)).ok()
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
