//! What the node attests with its own certificate, and whose attestations it believes.

use liandong_core::identity::Identity;
use liandong_identity::{
    Attestation, Certificate, Chain, KeyError, NotAttested, Purpose, Refused, Usage,
};
use rustls::pki_types::CertificateDer;

use super::{Identities, unix};

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
        let (der, now) = (leaf.der(), unix(self.clock.0.now()));
        let trust = &self.now().trust;
        trust.check(&der, above, Usage::Client, now).map(|_| ())
    }
}
