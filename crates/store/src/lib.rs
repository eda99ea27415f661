//! Journal, checkpoints and history index; the only crate that knows sled.

mod durable;
mod identity;
pub mod journal;
mod lock;

pub use durable::FileError;
pub use identity::{IdentityError, Incarnation};
pub use lock::{DirLock, LockError};
