//! How often a fault is made, and the one line in which a test tells what came of it.

use anyhow::{Context, Result};

/// Names how often each fault is made, whatever the test's own count is.
const COUNT: &str = "LIANDONG_FAULTS_COUNT";
/// Set to make each fault as often as the requirement asks.
const LONG: &str = "LIANDONG_FAULTS_LONG";

/// How often to make a fault: `usual`, or `long` where that is asked for, or the count that is
/// given.
///
/// # Errors
/// When the given count is not a number.
pub fn times(usual: u64, long: u64) -> Result<u64> {
    if let Ok(given) = std::env::var(COUNT) {
        return given
            .parse()
            .with_context(|| format!("{COUNT}={given:?} is not a number"));
    }
    Ok(if is_long() { long } else { usual })
}

/// Whether the long run is asked for.
pub fn is_long() -> bool {
    std::env::var_os(LONG).is_some_and(|value| !value.is_empty())
}

/// Tells what was counted.
pub fn counted(row: &str, what: &str) {
    println!("counted: {row}: {what}");
}

/// Tells that something was not run, and why.
pub fn not_run(row: &str, why: &str) {
    println!("not run: {row}: {why}");
}
