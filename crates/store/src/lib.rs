//! Journal, checkpoints and history index; the only crate that knows sled.
//!
//! [`Store::open`] is the way in. What a node has is one [`journal`], kept for ever and verified,
//! from which the state is folded; [`checkpoint`]s shorten that and can be lost; [`history`] reads
//! single frames of the past; [`record`] says how events are written. Nothing here decides
//! anything, asks the time, or makes randomness.

mod announce;
pub mod audit;
mod backup;
pub mod checkpoint;
mod durable;
mod engine;
pub mod history;
mod identity;
pub mod journal;
mod key;
mod lock;
mod progress;
pub mod record;
mod repair;
mod restore;
mod spool;
mod store;
mod verify;

pub use announce::{Announcement, announce, announced, withdraw};
pub use backup::{
    BackedSegment, Backup, BackupError, BackupLabel, Manifest, ManifestError, backup,
};
pub use durable::FileError;
pub use engine::EngineFault;
pub use identity::{IdentityError, Incarnation, incarnation};
pub use key::{KeyError, KeySeed, key_seed};
pub use lock::{DirLock, LockError};
pub use progress::{Progress, Work};
pub use repair::{RepairError, Repaired, repair};
pub use restore::{RestoreError, Restored, confirm_restored, restore};
pub use spool::{Spool, SpoolError};
pub use store::{
    CheckpointError, CheckpointPlace, Checkpointer, CommitError, OpenError, Opened, Store,
    StoreOptions,
};
pub use verify::{Fault, Judge, Report, VerifyError, VerifyOptions, verify};
