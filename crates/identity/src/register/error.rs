//! What goes wrong with a register.

use std::path::PathBuf;

use jiff::Timestamp;
use thiserror::Error;

use crate::certificate::{CertificateError, NoSerial, Serial};
use crate::files::FileError;

/// Why an invitation is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotInvited {
    /// Nobody gave it, or another authority did.
    #[error("the invitation is not known here")]
    Unknown,
    /// It was used before.
    #[error("the invitation has been used: ask for another")]
    Used,
    /// It was used before, with another key.
    #[error("the invitation has been used, with another key: ask for another")]
    UsedByAnother,
    /// It is over.
    #[error("the invitation has expired: ask for another")]
    Expired,
    /// It was taken back with what its owner had.
    #[error("the invitation was withdrawn: ask for another")]
    Withdrawn,
}

/// A register that cannot be read or written.
#[derive(Debug, Error)]
pub enum RegisterError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line that is none of ours.
    #[error("{}, line {line}: not an entry of a register: {why}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the reader said.
        why: String,
    },
    /// No such certificate.
    #[error("no certificate {serial} was issued here")]
    NoCertificate {
        /// The number.
        serial: Serial,
    },
    /// It was taken back before.
    #[error("the certificate {serial} was revoked at {at}")]
    Revoked {
        /// The number.
        serial: Serial,
        /// When.
        at: Timestamp,
    },
    /// An invitation that is not taken.
    #[error(transparent)]
    NotInvited(#[from] NotInvited),
}

/// Why a line that can be read says nothing.
#[derive(Debug, Error)]
pub(super) enum Untaken {
    #[error(transparent)]
    Serial(#[from] NoSerial),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}
