//! The pure rules of the mesh: no clock, no network, no randomness, no files.
