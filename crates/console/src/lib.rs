//! Pages for people, over a read-only query trait.
