//! Why a certificate is not taken.

use jiff::Timestamp;
use liandong_core::identity::Identity;
use thiserror::Error;

use super::Usage;
use crate::certificate::{Certificate, CertificateError, Serial};

/// Why a certificate is not taken. For the log of whoever refuses: a stranger is told nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// It cannot be read or names nobody.
    #[error("the certificate cannot be read: {0}")]
    Unreadable(#[from] CertificateError),
    /// It names no identity.
    #[error("the certificate names no identity")]
    Nameless,
    /// Nobody here trusts its domain.
    #[error("{identity} is of a trust domain that is not trusted here")]
    ForeignDomain {
        /// Who it says it is.
        identity: Identity,
    },
    /// Its domain does not speak for that region here.
    #[error(
        "{identity}: its trust domain may not speak for that region here; \
         `liandong cert trust` names the regions of another domain"
    )]
    ForeignRegion {
        /// Who it says it is.
        identity: Identity,
    },
    /// No root of its domain issued it.
    #[error("{identity}: no root of its trust domain issued the certificate")]
    UnknownIssuer {
        /// Who it says it is.
        identity: Identity,
    },
    /// It is over.
    #[error("{identity}: the certificate {serial} expired at {until}")]
    Expired {
        /// Whose it was.
        identity: Identity,
        /// Its number.
        serial: Serial,
        /// When it ended.
        until: Timestamp,
    },
    /// It has not begun.
    #[error("{identity}: the certificate {serial} is valid from {from}; is a clock wrong?")]
    NotYet {
        /// Whose it is.
        identity: Identity,
        /// Its number.
        serial: Serial,
        /// When it begins.
        from: Timestamp,
    },
    /// It was taken back.
    #[error("{identity}: the certificate {serial} was revoked")]
    Revoked {
        /// Whose it was.
        identity: Identity,
        /// Its number.
        serial: Serial,
    },
    /// It is for something else.
    #[error("{identity}: the certificate is not for {}", usage.word())]
    NotForThis {
        /// Whose it is.
        identity: Identity,
        /// What it was shown for.
        usage: Usage,
    },
    /// Anything else that is wrong with it.
    #[error("{identity}: {why}")]
    Bad {
        /// Who it says it is.
        identity: Identity,
        /// What the library said.
        why: String,
    },
}

/// What an error of the library means for whoever showed this certificate.
pub(super) fn refusal(
    certificate: &Certificate,
    identity: Identity,
    usage: Usage,
    error: &webpki::Error,
) -> Refused {
    let serial = certificate.serial().clone();
    match error {
        webpki::Error::CertExpired { .. } => Refused::Expired {
            identity,
            serial,
            until: certificate.not_after(),
        },
        webpki::Error::CertNotValidYet { .. } => Refused::NotYet {
            identity,
            serial,
            from: certificate.not_before(),
        },
        webpki::Error::CertRevoked => Refused::Revoked { identity, serial },
        webpki::Error::UnknownIssuer | webpki::Error::InvalidSignatureForPublicKey => {
            Refused::UnknownIssuer { identity }
        }
        webpki::Error::RequiredEkuNotFoundContext(_) => Refused::NotForThis { identity, usage },
        other => Refused::Bad {
            identity,
            why: other.to_string(),
        },
    }
}
