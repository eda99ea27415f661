//! The command line `liandong`.
fn main() {}
