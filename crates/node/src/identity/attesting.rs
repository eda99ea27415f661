//! What the node attests with its own certificate, and whose attestations it believes.

use std::sync::Arc;

use jiff::Timestamp;
use liandong_core::identity::Identity;
use liandong_identity::{
    Attestation, Certificate, Chain, KeyError, NotAttested, Purpose, Refused, Trust, Usage,
};
use rustls::pki_types::CertificateDer;

use super::{Identities, unix};

/// What is trusted now, for what was attested just now.
#[derive(Debug)]
pub(crate) struct TrustedNow {
    /// The roots, and what they took back.
    pub(crate) trust: Arc<Trust>,
    /// What time it is here.
    pub(crate) now: Timestamp,
}

impl TrustedNow {
    /// Who attested a digest, if its certificate was to be believed then and is still: the moment
    /// is what the signer says, and a thief of a key says one from before it was taken back.
    ///
    /// # Errors
    /// [`NotAttested`].
    pub(crate) fn attested(
        &self,
        leaf: &Certificate,
        above: &[CertificateDer<'_>],
        purpose: Purpose,
        digest: &[u8; 32],
        attestation: &Attestation,
    ) -> Result<Identity, NotAttested> {
        let trust = &self.trust;
        trust.check(&leaf.der(), above, Usage::Client, unix(self.now))?;
        trust.attested(leaf, above, purpose, digest, attestation)
    }
}

impl Identities {
    /// Attests a digest now; the chain is what it is to be shown with.
    ///
    /// # Errors
    /// [`KeyError`].
    pub(crate) fn attest(
        &self,
        purpose: Purpose,
        digest: &[u8; 32],
    ) -> Result<(Chain, Attestation), KeyError> {
        let loaded = self.now();
        let at = self.clock.0.now();
        let given = Attestation::give(&loaded.own.key, purpose, digest, at)?;
        Ok((loaded.own.chain.clone(), given))
    }

    /// What is trusted now.
    pub(crate) fn trusted_now(&self) -> TrustedNow {
        TrustedNow {
            trust: Arc::clone(&self.now().trust),
            now: self.clock.0.now(),
        }
    }

    /// Who attested a digest, if it is to be believed by what is trusted here now.
    ///
    /// # Errors
    /// [`NotAttested`].
    pub(crate) fn attested(
        &self,
        leaf: &Certificate,
        above: &[CertificateDer<'_>],
        purpose: Purpose,
        digest: &[u8; 32],
        attestation: &Attestation,
    ) -> Result<Identity, NotAttested> {
        let trust = &self.now().trust;
        trust.attested(leaf, above, purpose, digest, attestation)
    }

    /// Whether whoever shows this certificate is to be believed now: unlike the moment that an
    /// attestation names, now is nothing that a thief of a key could choose.
    ///
    /// # Errors
    /// [`Refused`] says why not.
    pub(crate) fn is_believed_now(
        &self,
        leaf: &Certificate,
        above: &[CertificateDer<'_>],
    ) -> Result<(), Refused> {
        let TrustedNow { trust, now } = self.trusted_now();
        let checked = trust.check(&leaf.der(), above, Usage::Client, unix(now));
        checked.map(|_| ())
    }
}
