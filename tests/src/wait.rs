//! Waiting for what happens elsewhere, without guessing how long it takes.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

/// How long anything may take before a test gives up: far longer than it ever should.
pub const PATIENCE: Duration = Duration::from_secs(60);

const PAUSE: Duration = Duration::from_millis(20);

/// Looks until there is something to see. An error while looking only means "not yet".
///
/// # Errors
/// When nothing was seen within [`PATIENCE`]; names what was waited for and what was seen last.
pub async fn eventually<T>(
    what: &str,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let begun = Instant::now();
    loop {
        let last = match look().await {
            Ok(Some(seen)) => return Ok(seen),
            Ok(None) => anyhow!("nothing yet"),
            Err(error) => error,
        };
        if begun.elapsed() > PATIENCE {
            return Err(last.context(format!("waited {PATIENCE:?} in vain until {what}")));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
