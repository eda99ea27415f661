//! Journal, checkpoints and history index; the only crate that knows sled.
