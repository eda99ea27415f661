//! Tests of the whole mesh: what they share.
//!
//! The tests start the program as it is shipped, one process per node, on addresses of their own
//! within the loopback range, and talk to it as any outside program does. Nothing here reaches into
//! a node, and nothing that was started outlives the value that stands for it.

pub mod certificates;
pub mod chance;
pub mod collector;
pub mod disk;
pub mod figures;
pub mod ledger;
pub mod line;
pub mod load;
pub mod machine;
pub mod network;
pub mod node;
pub mod outcome;
pub mod program;
pub mod settings;
pub mod slow_line;
pub mod syscalls;
pub mod wait;
