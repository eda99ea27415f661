//! What a node signs with, and whose signatures it takes.
//!
//! The one place that knows which kind of signature it is; certificates can take the place of bare
//! keys here without anybody else noticing.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::OnceLock;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use liandong_store::{KeyError, KeySeed, key_seed};
use thiserror::Error;

use crate::surroundings::Random;

const PREFIX: &str = "ed25519:";

/// What every signature of a link file begins to sign with, so that it says nothing elsewhere.
const LINK_FILE: &[u8; 21] = b"liandong link file 1\n";

/// A public key, written as `ed25519:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// A text or bytes that are no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("write ed25519: and 64 hexadecimal digits, as `liandong link key` prints them")]
pub struct NoPublicKey;

impl PublicKey {
    /// The key of these bytes.
    ///
    /// # Errors
    /// [`NoPublicKey`] also for keys under which anybody could sign.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, NoPublicKey> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| NoPublicKey)?;
        if key.is_weak() {
            return Err(NoPublicKey);
        }
        Ok(Self(key))
    }

    /// Whether the digest of a link file was signed under this key.
    pub(crate) fn has_signed_file(&self, digest: &[u8; 32], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        let signed = [LINK_FILE.as_slice(), digest].concat();
        self.0.verify_strict(&signed, &signature).is_ok()
    }
}

impl FromStr for PublicKey {
    type Err = NoPublicKey;

    fn from_str(text: &str) -> Result<Self, NoPublicKey> {
        let digits = text.strip_prefix(PREFIX).ok_or(NoPublicKey)?.as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 2 * bytes.len() {
            return Err(NoPublicKey);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                let digit = char::from(*digit).to_digit(16).ok_or(NoPublicKey)?;
                *byte = *byte << 4 | u8::try_from(digit).map_err(|_| NoPublicKey)?;
            }
        }
        Self::from_bytes(&bytes)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        for byte in self.0.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The node's own key. Made when it is first asked for; never shown.
#[derive(Default)]
pub(crate) struct OwnKey(OnceLock<SigningKey>);

impl OwnKey {
    /// The key in the data directory, made there if there is none.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub(crate) fn load(&self, data: &Path, random: &dyn Random) -> Result<OwnSigner<'_>, KeyError> {
        if let Some(key) = self.0.get() {
            return Ok(OwnSigner(key));
        }
        // Each sixteen bytes have 122 random bits; three of them have more than a seed can hold.
        let drawn = [random.bytes16(), random.bytes16(), random.bytes16()].concat();
        let new = KeySeed(*blake3::hash(&drawn).as_bytes());
        let seed = key_seed(data, new)?;
        Ok(OwnSigner(
            self.0.get_or_init(|| SigningKey::from_bytes(&seed.0)),
        ))
    }
}

impl fmt::Debug for OwnKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnKey(..)")
    }
}

/// Signs for the node.
#[derive(Clone, Copy)]
pub(crate) struct OwnSigner<'a>(&'a SigningKey);

impl OwnSigner<'_> {
    /// Under which key it signs.
    pub(crate) fn public(self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The bytes of that key.
    pub(crate) fn public_bytes(self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs the digest of a link file.
    pub(crate) fn sign_file(self, digest: &[u8; 32]) -> [u8; 64] {
        let signed = [LINK_FILE.as_slice(), digest].concat();
        self.0.sign(&signed).to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::{OwnKey, PublicKey};
    use crate::surroundings::Surroundings;

    #[test]
    fn a_key_is_kept_and_signs_for_nobody_else() {
        let dir = tempfile::tempdir().expect("a directory");
        let random = Surroundings::system().random;
        let (key, other) = (OwnKey::default(), OwnKey::default());
        let signer = key.load(dir.path(), random.as_ref()).expect("a key");
        let again = other.load(dir.path(), random.as_ref()).expect("the key");
        assert_eq!(signer.public(), again.public());
        let elsewhere = tempfile::tempdir().expect("a directory");
        let stranger = OwnKey::default();
        let stranger = stranger.load(elsewhere.path(), random.as_ref());
        let stranger = stranger.expect("another key").public();
        assert_ne!(signer.public(), stranger);

        let signature = signer.sign_file(&[5; 32]);
        let text = signer.public().to_string();
        let read: PublicKey = text.parse().expect("the text of a key");
        assert!(read.has_signed_file(&[5; 32], &signature));
        assert!(!read.has_signed_file(&[6; 32], &signature));
        assert!(!stranger.has_signed_file(&[5; 32], &signature));
        for position in 0..64 {
            let mut flipped = signature;
            flipped[position] ^= 1;
            assert!(!read.has_signed_file(&[5; 32], &flipped), "{position}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let weak = format!("ed25519:{}", "0".repeat(64));
        for text in ["", "ed25519:", "ed25519:12", "rsa:00", weak.as_str()] {
            assert!(text.parse::<PublicKey>().is_err(), "{text}");
        }
        let odd = format!("ed25519:{}", "é".repeat(32));
        assert!(odd.parse::<PublicKey>().is_err());
    }
}
