//! Tests of the fold: sums, rosters, changes and snapshots.

mod bureaus;
mod compare;
mod evidence;
mod links;
mod lives;
mod mesh;
mod moves;
mod recount;
mod regions;
mod rosters;
