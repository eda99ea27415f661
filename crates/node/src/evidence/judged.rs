//! Who signed a batch, by the certificates that it came with.

use jiff::Timestamp;
use liandong_core::evidence::{Batch, Digest};
use liandong_core::identity::{Identity, Role};
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
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

/// A signature with the certificates that it came with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    /// The region whose node is said to have signed.
    pub(crate) region: RegionCode,
    /// Its certificate in DER, and those that lead to a root.
    pub(crate) certificates: &'a [Vec<u8>],
    /// When, in microseconds since 1970.
    pub(crate) at_micros: i64,
    /// The signature.
    pub(crate) signature: &'a [u8],
}

impl<'a> From<&'a Batch> for Signed<'a> {
    fn from(batch: &'a Batch) -> Self {
        Self {
            region: batch.signer.region,
            certificates: &batch.signer.certificates,
            at_micros: batch.at_micros,
            signature: &batch.signature,
        }
    }
}

/// Whether a signature is good; `attested` tells whose it is.
///
/// # Errors
/// A refusal says why not.
pub(crate) fn judged<'a>(
    signed: impl Into<Signed<'a>>,
    attested: impl FnOnce(
        &Certificate,
        &[CertificateDer<'_>],
        &Attestation,
    ) -> Result<Identity, NotAttested>,
) -> Result<(), Refusal> {
    let signed = signed.into();
    let refused = |why: &dyn std::fmt::Display| bad(signed.region, why);
    let (leaf, above) = signed
        .certificates
        .split_first()
        .ok_or_else(|| refused(&"there is no certificate"))?;
    let leaf = Certificate::from_der(leaf).map_err(|error| refused(&error))?;
    let above: Vec<CertificateDer<'_>> = above
        .iter()
        .map(|der| CertificateDer::from(der.as_slice()))
        .collect();
    let at = Timestamp::from_microsecond(signed.at_micros).map_err(|error| refused(&error))?;
    let attestation = Attestation {
        at,
        signature: Signature(signed.signature.to_vec()),
    };
    let identity = attested(&leaf, &above, &attestation).map_err(|error| refused(&error))?;
    if identity.role != Role::Node || identity.region != signed.region {
        return Err(refused(&format_args!("{identity} is not that node")));
    }
    Ok(())
}

/// That a signature is not the one of a region's node.
pub(super) fn bad(signer: RegionCode, why: impl std::fmt::Display) -> Refusal {
    let why = why.to_string();
    Refusal::advise(
        Reason::BadSignature,
        "signature",
        signer,
        format!("签名核验未通过：{why}"),
        why,
    )
}
