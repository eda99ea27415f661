//! Nodes in surroundings that are not a machine's.

#[cfg(test)]
mod one_thread;
