//! What an office does not do, and why.

use jiff::Timestamp;
use liandong_core::identity::{Identity, TrustDomain};
use thiserror::Error;

use crate::authority::AuthorityError;
use crate::certificate::Serial;
use crate::folder::FolderError;
use crate::random::NoRandomBytes;
use crate::register::RegisterError;
use crate::request::RequestError;

/// Something that an office does not do.
#[derive(Debug, Error)]
pub enum OfficeError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The register.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The certificate or the list.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The request.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The system gave no randomness.
    #[error(transparent)]
    NoRandomBytes(#[from] NoRandomBytes),
    /// There is an authority already.
    #[error("{folder} is the home of the authority of {domain} already")]
    Taken {
        /// The folder.
        folder: String,
        /// Whose.
        domain: TrustDomain,
    },
    /// A certificate that is none of this authority's.
    #[error("the certificate {serial} was not issued here")]
    NotIssuedHere {
        /// Its number.
        serial: Serial,
    },
    /// It was taken back.
    #[error("the certificate {serial} was revoked: no other is issued in its place")]
    Revoked {
        /// Its number.
        serial: Serial,
    },
    /// The root was replaced a while ago, and the one before is valid still.
    #[error(
        "the root was replaced already, and the one before is valid until {until}: replace it again \
         after that"
    )]
    Replacing {
        /// Until when.
        until: Timestamp,
    },
    /// Nothing to take back.
    #[error("{identity} has no certificate that is valid, and no open invitation")]
    NothingToRevoke {
        /// Whose was asked for.
        identity: Identity,
    },
}
