//! Certificates as they are read: whose they are, how long they are valid, and how they are named.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use jiff::Timestamp;
use liandong_core::identity::{Identity, InvalidIdentity, TrustDomain};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// A certificate that names an identity, or a root. Reading it checks no signature: that is what
/// [`Trust`](crate::Trust) does.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    der: CertificateDer<'static>,
    identity: Option<Identity>,
    root_of: Option<TrustDomain>,
    names: Vec<String>,
    serial: Serial,
    not_before: Timestamp,
    not_after: Timestamp,
    is_authority: bool,
    public_key_info: Vec<u8>,
}

/// The number that a certificate has at its issuer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(pub(crate) Vec<u8>);

impl Serial {
    /// The number, most significant byte first.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The SHA-256 of a certificate, by which two people compare it over the telephone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// A certificate with those that lead from it to its root, the root left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Whose it is.
    pub leaf: Certificate,
    /// Its issuer, the issuer's issuer, and so on.
    pub above: Vec<Certificate>,
}

/// A certificate that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// Nothing there.
    #[error("no certificate: expected PEM that begins with -----BEGIN CERTIFICATE-----")]
    None,
    /// Not a certificate.
    #[error("certificate {number} cannot be read")]
    Unreadable {
        /// Which of them, from 1.
        number: usize,
    },
    /// Its name is none of ours.
    #[error("the certificate's URI names no identity: {0}")]
    Name(#[from] InvalidIdentity),
    /// It names several.
    #[error("the certificate names more than one identity")]
    SeveralNames,
    /// Its times are beyond what can be shown.
    #[error("the certificate's times cannot be read")]
    Times,
}

impl Certificate {
    /// Reads one certificate.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let unreadable = CertificateError::Unreadable { number: 1 };
        let Ok((rest, parsed)) = X509Certificate::from_der(der) else {
            return Err(unreadable);
        };
        if !rest.is_empty() {
            return Err(unreadable);
        }
        let is_authority = parsed.is_ca();
        let (mut identity, mut root_of) = (None, None);
        let mut names = Vec::new();
        let alternative = parsed.subject_alternative_name();
        let alternative = alternative.map_err(|_| unreadable)?;
        let general = alternative.map(|found| found.value.general_names.as_slice());
        for name in general.unwrap_or_default() {
            match name {
                GeneralName::URI(_) if identity.is_some() || root_of.is_some() => {
                    return Err(CertificateError::SeveralNames);
                }
                GeneralName::URI(uri) if is_authority => {
                    root_of = Some(TrustDomain::from_uri(uri)?);
                }
                GeneralName::URI(uri) => identity = Some(uri.parse()?),
                GeneralName::DNSName(name) => names.push((*name).to_owned()),
                GeneralName::IPAddress(bytes) => names.extend(address(bytes)),
                _ => {}
            }
        }
        let validity = parsed.validity();
        let time =
            |seconds: i64| Timestamp::from_second(seconds).map_err(|_| CertificateError::Times);
        Ok(Self {
            identity,
            root_of,
            names,
            serial: Serial(parsed.raw_serial().to_vec()),
            not_before: time(validity.not_before.timestamp())?,
            not_after: time(validity.not_after.timestamp())?,
            is_authority,
            public_key_info: parsed.public_key().raw.to_vec(),
            der: CertificateDer::from(der.to_vec()),
        })
    }

    /// Whose it is; `None` for a root.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// Which trust domain it is a root of; `None` for everybody else's.
    pub fn root_of(&self) -> Option<&TrustDomain> {
        self.root_of.as_ref()
    }

    /// Hosts and addresses that a server with it may be called by.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Its number at its issuer.
    pub fn serial(&self) -> &Serial {
        &self.serial
    }

    /// From when it is valid.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Until when it is valid.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether it may issue others.
    pub fn is_authority(&self) -> bool {
        self.is_authority
    }

    /// Its SHA-256.
    pub fn fingerprint(&self) -> Fingerprint {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.der);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Fingerprint(bytes)
    }

    /// Its bytes.
    pub fn der(&self) -> CertificateDer<'static> {
        self.der.clone()
    }

    /// The whole of its public key, in DER.
    pub fn public_key_info(&self) -> &[u8] {
        &self.public_key_info
    }

    /// Whether the key of `other` signed it, as its issuer.
    pub(crate) fn is_issued_by(&self, other: &Self) -> bool {
        let read = X509Certificate::from_der(&self.der);
        let issuer = X509Certificate::from_der(&other.der);
        let (Ok((_, read)), Ok((_, issuer))) = (read, issuer) else {
            return false;
        };
        let signed = read.verify_signature(Some(issuer.public_key()));
        read.issuer() == issuer.subject() && signed.is_ok()
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("identity", &self.identity)
            .field("serial", &self.serial)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

impl Chain {
    /// Reads the certificates of a file, the owner's first.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        let mut certificates = all_from_pem(text)?.into_iter();
        let leaf = certificates.next().ok_or(CertificateError::None)?;
        let above = certificates.collect();
        Ok(Self { leaf, above })
    }

    /// The certificates as text, the owner's first.
    pub fn to_pem(&self) -> String {
        let all = std::iter::once(&self.leaf).chain(&self.above);
        all.map(to_pem).collect()
    }

    /// The bytes of all of them, the owner's first.
    pub fn ders(&self) -> Vec<CertificateDer<'static>> {
        let all = std::iter::once(&self.leaf).chain(&self.above);
        all.map(Certificate::der).collect()
    }
}

/// Reads every certificate of a file; there is at least one.
///
/// # Errors
/// [`CertificateError`].
pub(crate) fn all_from_pem(text: &str) -> Result<Vec<Certificate>, CertificateError> {
    let mut certificates = Vec::new();
    for (place, der) in CertificateDer::pem_slice_iter(text.as_bytes()).enumerate() {
        let number = place + 1;
        let der = der.map_err(|_| CertificateError::Unreadable { number })?;
        let read = Certificate::from_der(&der).map_err(|error| match error {
            CertificateError::Unreadable { .. } => CertificateError::Unreadable { number },
            other => other,
        });
        certificates.push(read?);
    }
    if certificates.is_empty() {
        return Err(CertificateError::None);
    }
    Ok(certificates)
}

pub(crate) fn to_pem(certificate: &Certificate) -> String {
    let block = pem::Pem::new("CERTIFICATE", certificate.der.to_vec());
    pem::encode_config(
        &block,
        pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
    )
}

/// An address as the four or sixteen bytes that a certificate holds.
fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(four).to_string());
    }
    let sixteen = <[u8; 16]>::try_from(bytes).ok()?;
    Some(IpAddr::from(sixteen).to_string())
}

impl FromStr for Serial {
    type Err = NoSerial;

    fn from_str(text: &str) -> Result<Self, NoSerial> {
        hexadecimal(text).map(Self).ok_or(NoSerial)
    }
}

/// A text that is no serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("write the serial number as `cert show` does: up to 40 hexadecimal digits")]
pub struct NoSerial;

impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let digits = text.trim().replace(':', "");
        let bytes = if digits.len() == 64 {
            let (first, second) = digits.split_at_checked(32).ok_or(NoFingerprint)?;
            let first = hexadecimal(first).ok_or(NoFingerprint)?;
            [first, hexadecimal(second).ok_or(NoFingerprint)?].concat()
        } else {
            return Err(NoFingerprint);
        };
        bytes.try_into().map(Self).map_err(|_| NoFingerprint)
    }
}

/// A text that is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("write the fingerprint as 64 hexadecimal digits")]
pub struct NoFingerprint;

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.is_empty() || digits.len() > 40 || !digits.len().is_multiple_of(2) {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16);
    let byte = |pair: &[u8]| u8::try_from(value(pair[0])? << 4 | value(pair[1])?).ok();
    digits.chunks_exact(2).map(byte).collect()
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
