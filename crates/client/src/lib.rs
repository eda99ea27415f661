//! The Rust SDK: typed, retrying, resumable pushes and watches.
