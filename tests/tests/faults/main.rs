//! Real faults on real processes: what was acknowledged is compared, fault by fault, with a ledger
//! that the pushing side keeps.
//!
//! The tests take minutes, and some need root and programs that are not everywhere, so they are
//! left out of a plain `cargo test`; `cargo xtask faults` runs them. Each prints one line: what was
//! counted, or why it was not run. `LIANDONG_FAULTS_LONG=1` makes every fault as often as the
//! requirement asks, `LIANDONG_FAULTS_COUNT=n` n times, `LIANDONG_FAULTS_SEED=n` repeats the chance
//! of a run.

mod county;
mod cut;
mod frozen;
mod row_01_early;
mod row_02_kill;
mod row_03_power;
mod row_07_flips;
mod row_09_sled;
mod row_10_full;
mod row_11_away;
mod row_12_copies;
mod slow_line;
