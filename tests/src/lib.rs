//! Tests of the whole mesh: what they share.
//!
//! The tests start the program as it is shipped, one process per node, on addresses of their own
//! within the loopback range, and talk to it as any outside program does. Nothing here reaches into
//! a node, and nothing that was started outlives the value that stands for it.

pub mod collector;
pub mod figures;
pub mod node;
pub mod program;
pub mod settings;
pub mod wait;
