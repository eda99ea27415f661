//! What an authority cannot do, and why.

use jiff::Timestamp;
use liandong_core::identity::{Identity, TrustDomain};
use thiserror::Error;

use crate::certificate::CertificateError;
use crate::request::RequestError;

/// Something that an authority cannot do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuthorityError {
    /// The root cannot be read.
    #[error("the root: {0}")]
    Root(#[from] CertificateError),
    /// The key is another's.
    #[error("the key does not belong to the root certificate")]
    AnotherKey,
    /// The certificate is no root.
    #[error("the certificate is not a root: it may not issue others")]
    NotARoot,
    /// The request cannot be read.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// An identity of somebody else's trust domain.
    #[error("{identity} is not of the trust domain {domain}")]
    ForeignDomain {
        /// The identity.
        identity: Identity,
        /// The authority's domain.
        domain: TrustDomain,
    },
    /// A name that no certificate can carry.
    #[error("{name:?} is neither a host name nor an address")]
    Name {
        /// The name.
        name: String,
    },
    /// Times that make no sense.
    #[error("a certificate cannot be valid from {from} to {until}; the root ends at {root_ends}")]
    Times {
        /// From when.
        from: Timestamp,
        /// Until when.
        until: Timestamp,
        /// When the root ends.
        root_ends: Timestamp,
    },
    /// The library did not make it.
    #[error("the certificate could not be made: {why}")]
    NotMade {
        /// In its words.
        why: String,
    },
}
