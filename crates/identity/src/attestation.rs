//! Attestations: that somebody said something, to be shown to whoever trusts the same roots.
//!
//! What is attested is a digest of 32 bytes under a [`Purpose`], so that a signature given for one
//! thing never passes for another. The moment is what the signer says; it has to lie within the
//! certificate's validity and before the certificate was taken back. A thief of a key can name any
//! moment until then: only somebody who noted when the attestation came can tell.

use jiff::Timestamp;
use liandong_core::identity::Identity;
use rustls::pki_types::CertificateDer;
use thiserror::Error;

use crate::certificate::{Certificate, Serial};
use crate::key::{Key, KeyError, Signature, has_signed};
use crate::trust::{Refused, Trust, Usage};

const WORDS: &[u8] = b"liandong attestation 1\n";

/// What a digest stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A batch of documents that left their owner's node.
    Documents,
    /// What a figure is made of, as its region's node tells it.
    Figure,
    /// A link file.
    LinkFile,
}

impl Purpose {
    fn words(self) -> &'static [u8] {
        match self {
            Self::Documents => b"documents\n",
            Self::Figure => b"figure\n",
            Self::LinkFile => b"link file\n",
        }
    }
}

/// A signature with the moment at which it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// When, by the signer's clock; to the microsecond.
    pub at: Timestamp,
    /// The signature of digest, purpose and moment.
    pub signature: Signature,
}

/// Why an attestation shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotAttested {
    /// The certificate was not to be believed at that moment.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// It had been taken back by then.
    #[error(
        "{identity}: the certificate {serial} was revoked at {revoked}, and this was signed at {at}"
    )]
    RevokedBefore {
        /// Whose it was.
        identity: Identity,
        /// Its number.
        serial: Serial,
        /// When it was revoked.
        revoked: Timestamp,
        /// When this was signed.
        at: Timestamp,
    },
    /// It is not the signature of this.
    #[error("the signature is not one of {identity} under what it stands with")]
    OtherContent {
        /// Whose it should be.
        identity: Identity,
    },
}

impl Attestation {
    /// Attests a digest.
    ///
    /// # Errors
    /// [`KeyError::NotSigned`].
    pub fn give(
        key: &Key,
        purpose: Purpose,
        digest: &[u8; 32],
        at: Timestamp,
    ) -> Result<Self, KeyError> {
        let signature = key.sign(&signed(purpose, digest, at))?;
        Ok(Self { at, signature })
    }
}

impl Trust {
    /// Who attested the digest, under this certificate and those that lead to its root.
    ///
    /// # Errors
    /// [`NotAttested`].
    pub fn attested(
        &self,
        leaf: &Certificate,
        above: &[CertificateDer<'_>],
        purpose: Purpose,
        digest: &[u8; 32],
        attestation: &Attestation,
    ) -> Result<Identity, NotAttested> {
        let identity = leaf.identity().ok_or(Refused::Nameless)?.clone();
        let at = attestation.at;
        self.was_trusted(leaf, above, Usage::Client, at)?;
        if let Some(revoked) = self.revoked_at(leaf)
            && at >= revoked
        {
            let serial = leaf.serial().clone();
            return Err(NotAttested::RevokedBefore {
                identity,
                serial,
                revoked,
                at,
            });
        }
        if !has_signed(leaf, &signed(purpose, digest, at), &attestation.signature) {
            return Err(NotAttested::OtherContent { identity });
        }
        Ok(identity)
    }
}

fn signed(purpose: Purpose, digest: &[u8; 32], at: Timestamp) -> Vec<u8> {
    let micros = at.as_microsecond().to_le_bytes();
    [WORDS, purpose.words(), &micros, digest].concat()
}
