//! Tests of the fold: sums, rosters, changes and snapshots.

mod links;
mod mesh;
mod moves;
