//! That the key of a file is its exporter's: the certificate of the exporter's node says so, and
//! nobody has to compare keys.

use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_identity::{Purpose, Refused};
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

/// What a file's certificate says of the file's key.
pub(super) enum Told {
    /// Nothing: the file shows none, or nobody's certificates are believed here.
    Nothing,
    /// It is its exporter's.
    Theirs,
    /// The certificate is over or was revoked, so that it says nothing any more: only a key that is
    /// configured does. The refusal is for where none is.
    NoMore(Refusal),
    /// The certificate is not believed.
    Bad(Refusal),
}

/// What a certificate says of the key of a file. It has to be believed both at the moment that its
/// signature names and now: whoever has stolen a revoked or an old key can name any moment.
pub(super) fn told(context: &Context, exporter: RegionCode, header: &FileHeader) -> Told {
    let (Some(identities), Some(shown)) = (&context.identities, &header.shown) else {
        return Told::Nothing;
    };
    let digest = FileHeader::key_digest(exporter, &header.key);
    let signed = Signed {
        region: exporter,
        certificates: &shown.certificates,
        at_micros: shown.at_micros,
        signature: &shown.signature,
    };
    let mut is_over = false;
    let judged = judged(signed, |leaf, above, attestation| {
        let now = identities.is_believed_now(leaf, above);
        is_over = matches!(now, Err(Refused::Expired { .. } | Refused::Revoked { .. }));
        now?;
        identities.attested(leaf, above, Purpose::LinkFile, &digest, attestation)
    });
    match judged {
        Ok(()) => Told::Theirs,
        Err(refusal) if is_over => Told::NoMore(refusal),
        Err(refusal) => Told::Bad(refusal),
    }
}
