//! The state as the journal makes it, from the first frame.

use std::io::{self, Write};
use std::sync::Arc;

use liandong_core::state::{Snapshot, State};

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
            let wordy = self.wordy.take();
            let is_same = self.hash(self.state.snapshot())? == expected
                || wordy.is_some_and(|bytes| self.is_restated(&bytes));
            if !is_same {
                self.differs = Some(sequence);
            }
        }
        Ok(())
    }

    fn hash(&self, snapshot: Snapshot) -> Result<blake3::Hash, EncodeError> {
        let mut hasher = Hashing(blake3::Hasher::new());
        record::write_state(self.incarnation, &snapshot, &mut hasher)?;
        Ok(hasher.0.finalize())
    }

    /// Whether a checkpoint is this state as it would be written now: earlier ones kept all leaves of
    /// a batch as long as one of its documents was held, and noted less of signers and seals. A node
    /// that finds one of those makes its state from the journal.
    fn is_restated(&self, bytes: &[u8]) -> bool {
        let Ok(snapshot) = record::decode_state(self.incarnation, bytes) else {
            return false;
        };
        let kept = self.hash(State::from_snapshot(snapshot).snapshot());
        let found = self.hash(record::as_noted_in(bytes, self.state.snapshot()));
        matches!((kept, found), (Ok(kept), Ok(found)) if kept == found)
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
