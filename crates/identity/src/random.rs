//! Random bytes for serial numbers and secrets.

use thiserror::Error;

/// The system gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the system gave no random bytes")]
pub struct NoRandomBytes;

/// Sixteen bytes that nobody can guess.
pub(crate) fn random() -> Result<[u8; 16], NoRandomBytes> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NoRandomBytes)?;
    Ok(bytes)
}
