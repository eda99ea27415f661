//! That the key of a file is its exporter's: the certificate of the exporter's node says so, and
//! nobody has to compare keys.

use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_identity::Purpose;
use liandong_wire::link::file::{FileHeader, KeyShown};

use super::no_key;
use crate::context::Context;
use crate::evidence::{Signed, judged};

/// Shows this node's key with its certificate; `None` where the node has none.
///
/// # Errors
/// When the key of the certificate cannot sign.
pub(super) fn show(context: &Context, key: &[u8; 32]) -> Result<Option<KeyShown>, Refusal> {
    let Some(identities) = &context.identities else {
        return Ok(None);
    };
    let digest = FileHeader::key_digest(context.config.region, key);
    let attested = identities.attest(Purpose::LinkFile, &digest);
    let (chain, given) = attested.map_err(|error| no_key(&error))?;
    Ok(Some(KeyShown {
        certificates: chain.ders().iter().map(|der| der.to_vec()).collect(),
        at_micros: given.at.as_microsecond(),
        signature: given.signature.0,
    }))
}

/// Whether a certificate shows that the key of a file is its exporter's; `None` where the file shows
/// none, or nobody's certificates are believed here.
///
/// # Errors
/// A refusal says why the certificate that is there is not believed.
pub(super) fn is_shown(
    context: &Context,
    exporter: RegionCode,
    header: &FileHeader,
) -> Option<Result<(), Refusal>> {
    let (identities, shown) = (context.identities.as_ref()?, header.shown.as_ref()?);
    let digest = FileHeader::key_digest(exporter, &header.key);
    let signed = Signed {
        region: exporter,
        certificates: &shown.certificates,
        at_micros: shown.at_micros,
        signature: &shown.signature,
    };
    Some(judged(signed, |leaf, above, attestation| {
        identities.attested(leaf, above, Purpose::LinkFile, &digest, attestation)
    }))
}
