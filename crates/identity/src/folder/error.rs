//! What in a folder cannot be used, and why.

use std::path::PathBuf;

use thiserror::Error;

use crate::authority::AuthorityError;
use crate::certificate::{CertificateError, Serial};
use crate::files::FileError;
use crate::key::KeyError;
use crate::regions::NoRegionPattern;
use crate::trust::TrustError;

/// Something in the folder that cannot be used.
#[derive(Debug, Error)]
pub enum FolderError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Others may read a key.
    #[error(
        "{} can be read by others than its owner: chmod 600 it, and have a new certificate issued \
         if somebody may have read it",
        path.display()
    )]
    Exposed {
        /// The key.
        path: PathBuf,
    },
    /// A key is none.
    #[error("{}: {cause}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: KeyError,
    },
    /// A certificate is none.
    #[error("{}: {cause}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: CertificateError,
    },
    /// There is a certificate and no key, or the key is another's.
    #[error("{} is not the key of {}", key.display(), certificate.display())]
    NotTogether {
        /// The key.
        key: PathBuf,
        /// The certificate.
        certificate: PathBuf,
    },
    /// Roots that cannot be trusted.
    #[error("{}: {cause}", path.display())]
    Trust {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        cause: TrustError,
    },
    /// A file of a domain's regions that cannot be read.
    #[error("{}: {cause}", path.display())]
    Regions {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: NoRegionPattern,
    },
    /// A file among the roots whose name is no trust domain's.
    #[error("{} is not called after a trust domain: DOMAIN.pem", path.display())]
    Stray {
        /// The file.
        path: PathBuf,
    },
    /// A certificate that is no root, among roots.
    #[error("{}: the certificate {serial} is no root of a trust domain", path.display())]
    NotARoot {
        /// The file.
        path: PathBuf,
        /// Which.
        serial: Serial,
    },
    /// A list of revoked certificates that no root beside it signed, or a second one.
    #[error(
        "{} is no list that a root beside it signed, or the second one of its domain",
        path.display()
    )]
    StrayList {
        /// The file.
        path: PathBuf,
    },
    /// The authority's files are no authority's.
    #[error("{}: {cause}", path.display())]
    Authority {
        /// Its folder.
        path: PathBuf,
        /// Why.
        cause: AuthorityError,
    },
}
