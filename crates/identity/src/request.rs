//! Requests for a certificate: what leaves a machine in place of its key.

use rcgen::{CertificateParams, CertificateSigningRequestParams, DistinguishedName};
use thiserror::Error;

use crate::key::Key;

/// A request (PKCS #10) in PEM. It proves that whoever made it has the key; everything else, whose
/// the certificate is and for how long, is the issuer's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request(String);

/// The longest request that is read.
const MAX_LEN: usize = 8 << 10;

/// A request that cannot be made or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    /// It could not be signed.
    #[error("the request could not be signed")]
    NotMade,
    /// It cannot be read, or the signature on it is not its key's.
    #[error("not a request for a certificate: expected PEM (PKCS #10), signed with its own key")]
    Unreadable,
}

impl Request {
    /// Asks for a certificate of this key.
    ///
    /// # Errors
    /// [`RequestError::NotMade`].
    pub fn of(key: &Key) -> Result<Self, RequestError> {
        let mut wanted = CertificateParams::default();
        wanted.distinguished_name = DistinguishedName::new();
        let request = wanted.serialize_request(key.pair());
        let text = request.and_then(|request| request.pem());
        text.map(Self).map_err(|_| RequestError::NotMade)
    }

    /// Takes a request as it came; nothing is checked before it is granted.
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The request as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it can be granted at all.
    ///
    /// # Errors
    /// [`RequestError::Unreadable`].
    pub fn check(&self) -> Result<(), RequestError> {
        self.checked().map(|_| ())
    }

    /// What it asks for, its signature checked.
    pub(crate) fn checked(&self) -> Result<CertificateSigningRequestParams, RequestError> {
        if self.0.len() > MAX_LEN {
            return Err(RequestError::Unreadable);
        }
        let checked = CertificateSigningRequestParams::from_pem(&self.0);
        checked.map_err(|_| RequestError::Unreadable)
    }
}
