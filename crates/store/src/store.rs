//! A node's data directory as one thing: opening it gives the state and the ends to go on with.
//!
//! ```text
//! <data>/lock           held by the running process
//! <data>/identity       the incarnation
//! <data>/journal/       the truth
//! <data>/sled/          checkpoints and indexes; may be deleted at any time while the node is down
//! <data>/sled.broken-n  the last one that was set aside
//! <data>/restored       there until peers will be told of a restored backup
//! <data>/journal.restoring/  a restore that was cut short; the store does not open
//! ```
//!
//! Opening never guesses: a damaged journal, or one that ends before its checkpoint, stops with the
//! place named; a damaged checkpoint is only time lost.

mod checkpointer;
mod error;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use liandong_core::event::Event;
use liandong_core::state::State;

use crate::checkpoint::{Checkpoint, CheckpointLoss, Checkpoints};
use crate::durable::create_dir;
use crate::history::History;
use crate::identity::{self, Incarnation};
use crate::journal::{
    Journal, JournalError, JournalOptions, Recovery, Sealer, Sequence, frame_bytes,
};
use crate::lock::DirLock;
use crate::progress::{Progress, Work};
use crate::record;
use crate::restore;

pub use checkpointer::{CheckpointError, Checkpointer};
pub use error::{CommitError, OpenError};

#[cfg(test)]
pub(crate) mod tests;

/// How a store keeps its data.
#[derive(Debug, Clone, Default)]
pub struct StoreOptions {
    /// How the journal keeps its files.
    pub journal: JournalOptions,
    /// Where checkpoints go.
    pub checkpoints: CheckpointPlace,
}

impl StoreOptions {
    /// The journal alone, on the thread that calls: no database, no threads, so that the same
    /// calls always do the same.
    pub fn single_threaded(journal: JournalOptions) -> Self {
        Self {
            journal: JournalOptions {
                prepare_ahead: false,
                ..journal
            },
            checkpoints: CheckpointPlace::None,
        }
    }
}

/// Where checkpoints go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CheckpointPlace {
    /// Into the embedded database in the data directory.
    #[default]
    Sled,
    /// Nowhere: opening folds the whole journal, and saving does nothing.
    None,
}

/// An open data directory. Its parts may be taken out and given to different threads; each keeps
/// the directory locked.
#[derive(Debug)]
pub struct Store {
    /// For the one thread that commits.
    pub journal: Journal,
    /// For whoever shows the past.
    pub history: History,
    /// For whoever saves the state from time to time.
    pub checkpointer: Checkpointer,
    /// For whoever compresses old segments of the journal from time to time.
    pub sealer: Sealer,
    /// Which life of the data this is.
    pub incarnation: Incarnation,
}

/// What opening gave.
#[derive(Debug)]
pub struct Opened {
    /// To go on with.
    pub store: Store,
    /// The state after the last frame.
    pub state: State,
    /// What the journal had.
    pub recovery: Recovery,
    /// The frame of the checkpoint that was used, if one was.
    pub checkpoint: Option<Sequence>,
    /// The checkpoint that could not be used, if there was one.
    pub loss: Option<CheckpointLoss>,
    /// Whether this is a new life of older data, as after restoring a backup. Stays so from one
    /// opening to the next until [`crate::confirm_restored`] is called.
    pub restored: bool,
}

impl Store {
    /// Opens or begins the store in `data`. `seed` becomes the incarnation of a new store.
    /// `progress` is told after each frame that was folded.
    ///
    /// # Errors
    /// See [`OpenError`]; nothing of the journal was changed then.
    pub fn open(
        data: &Path,
        options: StoreOptions,
        seed: [u8; 16],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Opened, OpenError> {
        create_dir(data)?;
        let lock = Arc::new(DirLock::take(data)?);
        if data.join(restore::UNFINISHED).exists() {
            return Err(OpenError::UnfinishedRestore {
                dir: data.to_path_buf(),
            });
        }
        identity::clean(data)?;
        let known = identity::read(data)?;
        let journal_dir = data.join("journal");
        if known.is_some() {
            require_journal(&journal_dir, options.journal.mirror.as_deref())?;
        }
        let incarnation = known.unwrap_or(Incarnation(seed));
        let (checkpoints, mut checkpoint, mut loss) = match options.checkpoints {
            CheckpointPlace::Sled => {
                let (checkpoints, checkpoint, loss) =
                    Checkpoints::open(data, Some(Arc::clone(&lock)))?;
                (Some(checkpoints), checkpoint, loss)
            }
            CheckpointPlace::None => (None, None, None),
        };
        let beside = checkpoint
            .as_mut()
            .map(|checkpoint| std::mem::take(&mut checkpoint.beside))
            .unwrap_or_default();
        let (mut state, at) = match (state_in(incarnation, checkpoint), &checkpoints) {
            (Ok(restored), _) => restored,
            (Err(error), Some(checkpoints)) => {
                loss = Some(checkpoints.reject(Box::new(error))?);
                (State::default(), 0)
            }
            (Err(_), None) => (State::default(), 0),
        };
        let progress = RefCell::new(progress);
        let mut total = None;
        let mut done = 0;
        let mut fold = |sequence: Sequence, payload: &[u8]| {
            for event in record::decode(payload)? {
                state.apply(&event, sequence);
            }
            done += frame_bytes(payload);
            let total = match total {
                Some(total) => total,
                // Not before: the mirror may have had to fill the journal.
                None => *total.insert(Journal::bytes_from(&journal_dir, at + 1)?),
            };
            (progress.borrow_mut())(Progress {
                work: Work::Fold,
                frame: sequence,
                done,
                total,
            });
            Ok(())
        };
        let (mut journal, recovery) = Journal::open_with(
            &journal_dir,
            options.journal,
            at + 1,
            &mut fold,
            &mut |mirroring| (progress.borrow_mut())(mirroring),
        )?;
        if recovery.last < at {
            return Err(OpenError::JournalBehind {
                journal: recovery.last,
                checkpoint: at,
            });
        }
        journal.hold(lock);
        if known.is_none() {
            if recovery.last > 0 {
                // First, so that no crash leaves a new identity of which peers are never told.
                restore::mark(data)?;
            }
            identity::write(data, incarnation)?;
        }
        let reader = journal.reader();
        for (segment, index) in beside.indexes {
            reader.offer_index(segment, index);
        }
        let history = History::new(reader);
        if at > 0 {
            // Of a checkpoint that was of this journal.
            history.stretches.offer(beside.stretches);
        }
        let checkpointer = Checkpointer {
            checkpoints,
            history: history.clone(),
            incarnation,
        };
        let sealer = journal.sealer();
        let store = Self {
            journal,
            sealer,
            history,
            checkpointer,
            incarnation,
        };
        let checkpoint = (at > 0).then_some(at);
        Ok(Opened {
            store,
            state,
            restored: restore::is_marked(data),
            recovery,
            checkpoint,
            loss,
        })
    }

    /// Appends a batch and makes it durable: the plain way, for tools and tests. A node appends
    /// and syncs on threads of their own.
    pub fn commit(&mut self, events: &[Event]) -> Result<Sequence, CommitError> {
        self.journal.append(&record::encode(events)?)?;
        Ok(self.journal.sync()?)
    }
}

fn state_in(
    incarnation: Incarnation,
    checkpoint: Option<Checkpoint>,
) -> Result<(State, Sequence), record::DecodeError> {
    let Some(checkpoint) = checkpoint else {
        return Ok((State::default(), 0));
    };
    let snapshot = record::decode_state(incarnation, &checkpoint.bytes)?;
    if record::is_outdated(&checkpoint.bytes, &snapshot) {
        return Err(record::DecodeError::Outdated);
    }
    Ok((State::from_snapshot(snapshot), checkpoint.sequence))
}

/// A store that has an identity has had a journal.
fn require_journal(dir: &Path, mirror: Option<&Path>) -> Result<(), JournalError> {
    let first: PathBuf = Journal::segment_path(dir, 1);
    let mirrored = mirror.is_some_and(|mirror| Journal::segment_path(mirror, 1).exists());
    if first.exists() || mirrored {
        Ok(())
    } else {
        Err(JournalError::MissingSegment {
            segment: 1,
            path: first,
        })
    }
}
