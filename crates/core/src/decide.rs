//! Decisions: a command against the state, at a time that is handed in.
