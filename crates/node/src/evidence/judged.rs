//! Who signed a batch, by the certificates that it came with.

use jiff::Timestamp;
use liandong_core::evidence::{Batch, Digest};
use liandong_core::identity::{Identity, Role};
use liandong_core::refusal::{Reason, Refusal};
use liandong_identity::{Attestation, Certificate, NotAttested, Purpose, Signature, Trust};
use liandong_store::Judge;
use rustls::pki_types::CertificateDer;

/// Judges by whom a folder of certificates trusts.
#[derive(Debug)]
pub(crate) struct ByTrust(pub(crate) Trust);

impl Judge for ByTrust {
    fn judge(&self, batch: &Batch, root: &Digest) -> Result<(), Refusal> {
        judged(batch, |leaf, above, attestation| {
            self.0
                .attested(leaf, above, Purpose::Documents, root, attestation)
        })
    }
}

/// Whether the signature of a batch is good; `attested` tells whose it is.
///
/// # Errors
/// A refusal says why not.
pub(crate) fn judged(
    batch: &Batch,
    attested: impl FnOnce(
        &Certificate,
        &[CertificateDer<'_>],
        &Attestation,
    ) -> Result<Identity, NotAttested>,
) -> Result<(), Refusal> {
    let refused = |why: &dyn std::fmt::Display| bad(batch, why);
    let ders = &batch.signer.certificates;
    let (leaf, above) = ders
        .split_first()
        .ok_or_else(|| refused(&"there is no certificate"))?;
    let leaf = Certificate::from_der(leaf).map_err(|error| refused(&error))?;
    let above: Vec<CertificateDer<'_>> = above
        .iter()
        .map(|der| CertificateDer::from(der.as_slice()))
        .collect();
    let at = Timestamp::from_microsecond(batch.at_micros).map_err(|error| refused(&error))?;
    let attestation = Attestation {
        at,
        signature: Signature(batch.signature.clone()),
    };
    let identity = attested(&leaf, &above, &attestation).map_err(|error| refused(&error))?;
    if identity.role != Role::Node || identity.region != batch.signer.region {
        return Err(refused(&format_args!("{identity} is not that node")));
    }
    Ok(())
}

pub(super) fn bad(batch: &Batch, why: impl std::fmt::Display) -> Refusal {
    let signer = batch.signer.region;
    let why = why.to_string();
    Refusal::advise(
        Reason::BadSignature,
        "signature",
        signer,
        format!("签名核验未通过：{why}"),
        why,
    )
}
