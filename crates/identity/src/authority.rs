//! The authority of a trust domain: holds the root's key, issues certificates, and takes them back.

mod error;

pub use error::AuthorityError;

use std::fmt;

use jiff::Timestamp;
use liandong_core::identity::{Identity, Role, TrustDomain};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyUsagePurpose, RevocationReason,
    RevokedCertParams, SanType, SerialNumber,
};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;

use crate::certificate::{Certificate, Serial, all_from_pem, to_pem};
use crate::key::Key;
use crate::request::Request;

/// A clock that is this far behind does not refuse a certificate that was issued just now.
const BEFORE: i64 = 5 * 60;

/// How long a list of revoked certificates says that it is good for. Nodes keep to the newest that
/// they have beyond that, too: a node that cannot reach its authority must not stop.
const LIST_LASTS: i64 = 30 * 24 * 3600;

/// Issues the certificates of a trust domain.
pub struct Authority {
    domain: TrustDomain,
    certificate: Certificate,
    key: Key,
}

/// What a certificate is issued for.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Whose it will be; of the authority's own trust domain.
    pub identity: Identity,
    /// Hosts and addresses that its owner is called by, when it listens.
    pub names: Vec<String>,
    /// Its number, which no other certificate of the authority has: sixteen random bytes.
    pub serial: [u8; 16],
    /// From when it is valid.
    pub from: Timestamp,
    /// Until when; never longer than the root.
    pub until: Timestamp,
}

/// A certificate that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Its number.
    pub serial: Serial,
    /// When it was taken back.
    pub at: Timestamp,
}

impl Authority {
    /// Makes a root, and its key.
    ///
    /// # Errors
    /// [`AuthorityError::NotMade`] or [`AuthorityError::Times`].
    pub fn create(
        domain: TrustDomain,
        serial: [u8; 16],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Self, AuthorityError> {
        let name = format!("liandong root of {domain}");
        Self::create_named(domain, &name, serial, from, until)
    }

    /// Makes the root that takes the place of this one in time, and this one's word on it: a certificate
    /// of the new root's key, by which whoever trusts this root believes what the new one issues.
    ///
    /// # Errors
    /// As [`Authority::create`].
    pub fn succeed(
        &self,
        serials: [[u8; 16]; 2],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<(Self, Certificate), AuthorityError> {
        let [serial, crossing] = serials;
        // Under a name of its own: lists of what was revoked are found by the names of their issuers.
        let number = u64::from_be_bytes(serial[..8].try_into().unwrap_or_default());
        let name = format!("liandong root of {} {number:016x}", self.domain);
        let next = Self::create_named(self.domain.clone(), &name, serial, from, until)?;
        let mut wanted = root_parameters(&name, crossing);
        let ends = until.min(self.certificate.not_after());
        (wanted.not_before, wanted.not_after) = times(from, ends, ends)?;
        wanted.use_authority_key_identifier_extension = true;
        let made = wanted.signed_by(next.key.pair(), &self.issuer()?);
        let crossed = Certificate::from_der(made.map_err(not_made)?.der())?;
        Ok((next, crossed))
    }

    fn create_named(
        domain: TrustDomain,
        name: &str,
        serial: [u8; 16],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Self, AuthorityError> {
        let key = Key::generate().map_err(not_made)?;
        let mut wanted = root_parameters(name, serial);
        wanted.subject_alt_names = vec![SanType::URI(uri(&domain.uri())?)];
        let root_ends = until;
        (wanted.not_before, wanted.not_after) = times(from, until, root_ends)?;
        let made = wanted.self_signed(key.pair()).map_err(not_made)?;
        let certificate = Certificate::from_der(made.der())?;
        Ok(Self {
            domain,
            certificate,
            key,
        })
    }

    /// Takes up the work of an authority from its root's certificate and key.
    ///
    /// # Errors
    /// [`AuthorityError`] when they do not belong together.
    pub fn open(root_pem: &str, key: Key) -> Result<Self, AuthorityError> {
        let certificate = all_from_pem(root_pem)?.swap_remove(0);
        let domain = certificate.root_of().ok_or(AuthorityError::NotARoot)?;
        if !key.is_of(&certificate) {
            return Err(AuthorityError::AnotherKey);
        }
        Ok(Self {
            domain: domain.clone(),
            certificate,
            key,
        })
    }

    /// Whose root it is.
    pub fn domain(&self) -> &TrustDomain {
        &self.domain
    }

    /// The root's certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The root's certificate as text.
    pub fn root_pem(&self) -> String {
        to_pem(&self.certificate)
    }

    /// The root's key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Issues a certificate for the key of a request. Of the request nothing but the key is taken.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn issue(&self, request: &Request, grant: &Grant) -> Result<Certificate, AuthorityError> {
        if grant.identity.domain != self.domain {
            return Err(AuthorityError::ForeignDomain {
                identity: grant.identity.clone(),
                domain: self.domain.clone(),
            });
        }
        let asked = request.checked()?;
        let mut wanted = CertificateParams::default();
        let Identity { region, role, .. } = &grant.identity;
        wanted.distinguished_name = named(&format!("{region} {}", role.word()));
        wanted.serial_number = Some(positive(grant.serial));
        let root_ends = self.certificate.not_after();
        (wanted.not_before, wanted.not_after) = times(grant.from, grant.until, root_ends)?;
        wanted.subject_alt_names = self.alternative_names(grant)?;
        wanted.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // A node both listens and dials; nobody else listens.
        wanted.extended_key_usages = match grant.identity.role {
            Role::Node => vec![
                ExtendedKeyUsagePurpose::ServerAuth,
                ExtendedKeyUsagePurpose::ClientAuth,
            ],
            _ => vec![ExtendedKeyUsagePurpose::ClientAuth],
        };
        wanted.use_authority_key_identifier_extension = true;
        let made = wanted.signed_by(&asked.public_key, &self.issuer()?);
        Ok(Certificate::from_der(made.map_err(not_made)?.der())?)
    }

    /// The signed list of all that was taken back, in DER. A higher number takes the place of a
    /// lower one.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn revoked(
        &self,
        revocations: &[Revocation],
        number: u64,
        now: Timestamp,
    ) -> Result<Vec<u8>, AuthorityError> {
        let ends = now + jiff::SignedDuration::from_secs(LIST_LASTS);
        let revoked = revocations.iter().map(|revocation| {
            Ok(RevokedCertParams {
                serial_number: SerialNumber::from(revocation.serial.0.clone()),
                revocation_time: moment(revocation.at)?,
                reason_code: Some(RevocationReason::CessationOfOperation),
                invalidity_date: None,
            })
        });
        let list = CertificateRevocationListParams {
            this_update: moment(now)?,
            next_update: moment(ends)?,
            crl_number: SerialNumber::from(number.max(1)),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect::<Result<_, AuthorityError>>()?,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let signed = list.signed_by(&self.issuer()?).map_err(not_made)?;
        Ok(signed.der().to_vec())
    }

    fn issuer(&self) -> Result<Issuer<'_, &rcgen::KeyPair>, AuthorityError> {
        let der: CertificateDer<'_> = self.certificate.der();
        Issuer::from_ca_cert_der(&der, self.key.pair()).map_err(not_made)
    }

    fn alternative_names(&self, grant: &Grant) -> Result<Vec<SanType>, AuthorityError> {
        let name_of = |name: &str| AuthorityError::Name {
            name: name.chars().take(64).collect(),
        };
        let mut names = vec![SanType::URI(uri(&grant.identity.to_string())?)];
        for name in &grant.names {
            names.push(match name.parse() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => {
                    let host = name.as_str().try_into().map_err(|_| name_of(name))?;
                    SanType::DnsName(host)
                }
            });
        }
        Ok(names)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

fn uri(text: &str) -> Result<rcgen::string::Ia5String, AuthorityError> {
    text.try_into().map_err(not_made)
}

fn root_parameters(name: &str, serial: [u8; 16]) -> CertificateParams {
    let mut wanted = CertificateParams::default();
    wanted.distinguished_name = named(name);
    wanted.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    wanted.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    wanted.serial_number = Some(positive(serial));
    wanted
}

fn named(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

/// A serial number is positive: its first bit is not set, and it does not begin with nothing.
fn positive(mut serial: [u8; 16]) -> SerialNumber {
    serial[0] = serial[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&serial)
}

fn times(
    from: Timestamp,
    until: Timestamp,
    root_ends: Timestamp,
) -> Result<(OffsetDateTime, OffsetDateTime), AuthorityError> {
    if until <= from || until > root_ends {
        return Err(AuthorityError::Times {
            from,
            until,
            root_ends,
        });
    }
    let begins = from - jiff::SignedDuration::from_secs(BEFORE);
    Ok((moment(begins)?, moment(until)?))
}

fn moment(at: Timestamp) -> Result<OffsetDateTime, AuthorityError> {
    OffsetDateTime::from_unix_timestamp(at.as_second()).map_err(not_made)
}

fn not_made(why: impl fmt::Display) -> AuthorityError {
    let why = why.to_string();
    AuthorityError::NotMade { why }
}
