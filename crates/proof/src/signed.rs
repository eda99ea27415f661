//! One statement with its signature: who said it, if it is to be believed.

use jiff::Timestamp;
use liandong_core::identity::Identity;
use liandong_core::proof::{SignedStatement, Statement};
use liandong_identity::{
    Attestation, Certificate, CertificateError, NotAttested, Purpose, Signature, Trust,
};
use rustls::pki_types::CertificateDer;
use thiserror::Error;

use crate::fault::BadLine;
use crate::statement::statement_from_line;

/// A statement whose signature has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What is said.
    pub statement: Statement,
    /// Who says it.
    pub signer: Identity,
    /// The certificate under which it was signed.
    pub certificate: Certificate,
    /// When, by the signer's clock.
    pub at: Timestamp,
}

/// Why a statement is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotOpened {
    /// Its bytes are none of a statement, or its moment is beyond every calendar.
    #[error(transparent)]
    Line(#[from] BadLine),
    /// A certificate cannot be read, or there is none.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The signature shows nothing.
    #[error(transparent)]
    Signature(Box<NotAttested>),
}

/// What is attested of a statement: the BLAKE3 of its bytes.
pub fn digest(content: &[u8]) -> [u8; 32] {
    *blake3::hash(content).as_bytes()
}

/// Whoever knows whose attestations are to be believed: given the signer's certificate, those
/// between it and its root, and the digest that was attested for [`Purpose::Figure`].
pub trait Believes {
    /// Who attested the digest.
    ///
    /// # Errors
    /// [`NotAttested`].
    fn attested(
        &self,
        leaf: &Certificate,
        above: &[CertificateDer<'_>],
        digest: &[u8; 32],
        attestation: &Attestation,
    ) -> Result<Identity, NotAttested>;
}

impl Believes for Trust {
    fn attested(
        &self,
        leaf: &Certificate,
        above: &[CertificateDer<'_>],
        digest: &[u8; 32],
        attestation: &Attestation,
    ) -> Result<Identity, NotAttested> {
        Self::attested(self, leaf, above, Purpose::Figure, digest, attestation)
    }
}

/// Reads a statement and says who signed it, by what is trusted.
///
/// # Errors
/// [`NotOpened`].
pub fn open(signed: &SignedStatement, trust: &impl Believes) -> Result<Opened, NotOpened> {
    let statement = statement_from_line(&signed.content)?;
    let mut certificates = signed.certificates.iter();
    let leaf = certificates.next().ok_or(CertificateError::None)?;
    let certificate = Certificate::from_der(leaf)?;
    let above: Vec<CertificateDer<'_>> = certificates
        .map(|der| CertificateDer::from(der.as_slice()))
        .collect();
    let at = Timestamp::from_microsecond(signed.at_micros).map_err(|_| BadLine)?;
    let attestation = Attestation {
        at,
        signature: Signature(signed.signature.clone()),
    };
    let digest = digest(&signed.content);
    let signer = trust
        .attested(&certificate, &above, &digest, &attestation)
        .map_err(|cause| NotOpened::Signature(Box::new(cause)))?;
    Ok(Opened {
        statement,
        signer,
        certificate,
        at,
    })
}
