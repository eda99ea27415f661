//! Invitations: what an authority gives to somebody who shall have a certificate, to be used once.
//!
//! An invitation is a text that can be read out of a letter: where the authority is, by which
//! fingerprint its root is known, whose the certificate will be, until when the invitation holds,
//! and a secret. The authority keeps the secret's hash only.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use liandong_core::identity::Identity;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::certificate::Fingerprint;

const PREFIX: &str = "liandong-1-";

/// The longest text that is read.
const MAX_LEN: usize = 2 << 10;

/// An invitation, for whoever is invited. Never shown but by [`Invitation::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Where the authority's node listens: `https://HOST:PORT`.
    pub address: String,
    /// Whose the certificate will be.
    pub identity: Identity,
    /// The root that the authority's node is known by.
    pub root: Fingerprint,
    /// Until when it can be used.
    pub until: Timestamp,
    /// What proves that it was given.
    pub secret: Secret,
}

/// Sixteen random bytes. Never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret(pub [u8; 16]);

/// What is kept of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SecretHash([u8; 32]);

/// A text that is no invitation. Says nothing of what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "not an invitation: give the whole text that begins with {PREFIX}, as `cert invite` printed it"
)]
pub struct NoInvitation;

/// How an invitation is packed.
#[derive(Serialize, Deserialize)]
struct Packed {
    address: String,
    identity: String,
    root: [u8; 32],
    until: i64,
    secret: [u8; 16],
}

impl Secret {
    /// What is kept of it.
    pub fn hash(&self) -> SecretHash {
        let hashed = digest(&SHA256, &self.0);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hashed.as_ref());
        SecretHash(bytes)
    }

    /// Whether it is the one that was kept, in a time that does not tell how much of it fits.
    pub fn is(&self, kept: &SecretHash) -> bool {
        verify_slices_are_equal(&self.hash().0, &kept.0).is_ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Invitation {
    /// The text to hand over.
    pub fn reveal(&self) -> String {
        let packed = Packed {
            address: self.address.clone(),
            identity: self.identity.to_string(),
            root: self.root.0,
            until: self.until.as_second(),
            secret: self.secret.0,
        };
        // Packing these few fields into memory cannot fail.
        let mut bytes = postcard::to_stdvec(&packed).unwrap_or_default();
        let checksum = digest(&SHA256, &bytes);
        bytes.extend_from_slice(&checksum.as_ref()[..4]);
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Invitation {
    type Err = NoInvitation;

    fn from_str(text: &str) -> Result<Self, NoInvitation> {
        let text = text.trim();
        let packed = text.strip_prefix(PREFIX).filter(|_| text.len() <= MAX_LEN);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(packed.ok_or(NoInvitation)?);
        let bytes = bytes.map_err(|_| NoInvitation)?;
        let (body, checksum) = bytes.split_last_chunk::<4>().ok_or(NoInvitation)?;
        if digest(&SHA256, body).as_ref()[..4] != *checksum {
            return Err(NoInvitation);
        }
        let packed: Packed = postcard::from_bytes(body).map_err(|_| NoInvitation)?;
        Ok(Self {
            address: packed.address,
            identity: packed.identity.parse().map_err(|_| NoInvitation)?,
            root: Fingerprint(packed.root),
            until: Timestamp::from_second(packed.until).map_err(|_| NoInvitation)?,
            secret: Secret(packed.secret),
        })
    }
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation")
            .field("identity", &self.identity)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{Invitation, NoInvitation, Secret};
    use crate::certificate::Fingerprint;

    fn invitation() -> Invitation {
        Invitation {
            address: "https://10.1.2.3:7400".to_owned(),
            identity: "spiffe://edu.example/region/371524/node"
                .parse()
                .expect("an identity"),
            root: Fingerprint([5; 32]),
            until: "2026-09-04T00:00:00Z".parse().expect("a time"),
            secret: Secret([77; 16]),
        }
    }

    #[test]
    fn an_invitation_is_read_as_it_was_given() {
        let text = invitation().reveal();
        assert_eq!(format!(" {text}\n").parse(), Ok(invitation()));
    }

    #[test]
    fn a_letter_that_was_copied_wrongly_is_noticed() {
        let text = invitation().reveal();
        for place in 0..text.len() {
            let mut wrong = text.clone().into_bytes();
            wrong[place] = if wrong[place] == b'A' { b'B' } else { b'A' };
            let wrong = String::from_utf8(wrong).expect("ASCII");
            assert_eq!(wrong.parse::<Invitation>(), Err(NoInvitation), "{place}");
            assert_eq!(text[..place].parse::<Invitation>(), Err(NoInvitation));
        }
        let long = format!("{text}{}", "A".repeat(4096));
        assert_eq!(long.parse::<Invitation>(), Err(NoInvitation));
    }

    #[test]
    fn a_secret_is_kept_as_a_hash_and_never_shown() {
        let secret = Secret([77; 16]);
        assert!(secret.is(&secret.hash()));
        assert!(!Secret([78; 16]).is(&secret.hash()));
        assert!(!format!("{secret:?} {:?}", invitation()).contains("77"));
    }
}
