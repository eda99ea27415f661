//! Damage done on purpose to every kind of file of a store, many times over.
//!
//! Whatever was damaged, what the store then gives is what was committed, or it stops and says
//! where; it never gives something else, never less, and never fails to say anything at all. Counts
//! come from the environment: a few hundred by default, as many as `tests/README.md` says in long
//! runs.

#![expect(clippy::unwrap_used, reason = "tests")]

mod every_byte;
mod row_07_flips;
mod row_08_truncations;
mod row_09_database;
mod stores;
