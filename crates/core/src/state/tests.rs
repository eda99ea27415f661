//! Tests of the fold: sums, rosters, changes and snapshots.

mod compare;
mod evidence;
mod links;
mod lives;
mod mesh;
mod moves;
