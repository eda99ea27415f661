//! Private keys: made here, written for their owner alone, never shown.

use std::fmt;

use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData, SigningKey};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error;
use webpki::aws_lc_rs::ECDSA_P256_SHA256;

use crate::certificate::Certificate;

/// How keys of this project sign, for people.
pub const SIGNATURE_ALGORITHM: &str = "ECDSA P-256 with SHA-256";

/// A private key.
pub struct Key(KeyPair);

/// What a key signed, in DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature(pub Vec<u8>);

/// A key that cannot be made, read or used. Says nothing of what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The system gave no randomness.
    #[error("no key could be made: the system gave no random bytes")]
    NotMade,
    /// The text is no private key that can be used here.
    #[error("not a private key: expected PEM (PKCS #8) of an ECDSA key on P-256")]
    Unreadable,
    /// Signing failed.
    #[error("the key could not sign")]
    NotSigned,
}

impl Key {
    /// A new key.
    ///
    /// # Errors
    /// [`KeyError::NotMade`].
    pub fn generate() -> Result<Self, KeyError> {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256);
        pair.map(Self).map_err(|_| KeyError::NotMade)
    }

    /// Reads a key as [`Key::to_pem`] wrote it.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`].
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = PrivateKeyDer::from_pem_slice(text.as_bytes());
        let der = der.map_err(|_| KeyError::Unreadable)?;
        let pair = KeyPair::from_der_and_sign_algo(&der, &PKCS_ECDSA_P256_SHA256);
        pair.map(Self).map_err(|_| KeyError::Unreadable)
    }

    /// The key as text. Whoever has it *is* the owner: write it into a file that only the owner can
    /// read, and nowhere else.
    pub fn to_pem(&self) -> String {
        self.0.serialize_pem()
    }

    /// Whether the certificate is about this key.
    pub fn is_of(&self, certificate: &Certificate) -> bool {
        self.0.subject_public_key_info() == certificate.public_key_info()
    }

    /// Signs.
    ///
    /// # Errors
    /// [`KeyError::NotSigned`].
    pub fn sign(&self, message: &[u8]) -> Result<Signature, KeyError> {
        let signed = self.0.sign(message);
        signed.map(Signature).map_err(|_| KeyError::NotSigned)
    }

    pub(crate) fn pair(&self) -> &KeyPair {
        &self.0
    }

    pub(crate) fn to_der(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.0.serialize_der().into())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Whether the key of the certificate signed the message. Says nothing of whether the certificate is
/// trusted.
pub fn has_signed(certificate: &Certificate, message: &[u8], signature: &Signature) -> bool {
    let der = certificate.der();
    let Ok(certificate) = webpki::EndEntityCert::try_from(&der) else {
        return false;
    };
    let verified = certificate.verify_signature(ECDSA_P256_SHA256, message, &signature.0);
    verified.is_ok()
}

#[cfg(test)]
mod tests {
    use super::{Key, KeyError};

    #[test]
    fn a_key_is_read_as_it_was_written_and_is_never_shown() {
        let key = Key::generate().expect("a key");
        let text = key.to_pem();
        let again = Key::from_pem(&text).expect("the key");
        assert_eq!(again.to_pem(), text);
        assert_eq!(format!("{key:?}"), "Key(..)");
        let other = Key::generate().expect("a key");
        assert_ne!(other.to_pem(), text);
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        let text = Key::generate().expect("a key").to_pem();
        let half = &text[..text.len() / 2];
        for wrong in ["", "key", half] {
            let error = Key::from_pem(wrong).expect_err("no key");
            assert_eq!(error, KeyError::Unreadable);
        }
    }
}
