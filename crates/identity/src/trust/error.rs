//! What is wrong with roots, or with a list of what they took back.

use liandong_core::identity::TrustDomain;
use thiserror::Error;

use crate::certificate::{CertificateError, Serial};

/// Roots or a list of revoked certificates that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TrustError {
    /// The roots cannot be read.
    #[error("the roots of {domain}: {cause}")]
    Roots {
        /// Whose.
        domain: TrustDomain,
        /// Why.
        cause: CertificateError,
    },
    /// One of them is no root, or another domain's.
    #[error("the certificate {serial} among the roots of {domain} is not a root of that domain")]
    NotARoot {
        /// Whose.
        domain: TrustDomain,
        /// Which.
        serial: Serial,
    },
    /// The list cannot be read, or no root of the domain signed it.
    #[error("the list of revoked certificates is not one that a root of {domain} signed")]
    List {
        /// Whose.
        domain: TrustDomain,
    },
    /// Two sets of roots for one domain.
    #[error("the trust domain {domain} is named twice")]
    Twice {
        /// Which.
        domain: TrustDomain,
    },
}
