//! Checking whoever listens, by whoever dials.

use std::fmt;
use std::sync::Arc;

use liandong_core::identity::{Role, TrustDomain};
use liandong_core::region::RegionCode;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use thiserror::Error as ThisError;

use super::{bad_certificate, other, schemes};
use crate::certificate::{Certificate, Fingerprint, to_pem};
use crate::trust::{Domain, Refused, Trust, Usage};

/// Why the server at the other end is not the one that was meant.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum NotMeant {
    /// It is no node.
    #[error("the other side is no node: its certificate is for {role}")]
    NoNode {
        /// What it is.
        role: &'static str,
    },
    /// It is another region's node.
    #[error("the other side is the node of {found}, and that of {meant} was meant")]
    AnotherRegion {
        /// Whose it is.
        found: RegionCode,
        /// Whose was meant.
        meant: RegionCode,
    },
    /// It is of another authority than the one that invited.
    #[error("the other side is not of the authority that invited: none of its roots is {root}")]
    AnotherRoot {
        /// By what the root is known.
        root: Fingerprint,
    },
}

/// By what the other side is known.
pub(super) enum Known {
    /// It is of a domain that is trusted.
    Trust(Arc<Trust>),
    /// It is of a domain whose root has this fingerprint.
    Root {
        root: Fingerprint,
        domain: TrustDomain,
    },
}

/// Checks whoever listens.
pub(super) struct Servers {
    pub(super) known: Known,
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) meant: Option<RegionCode>,
}

impl Servers {
    /// Who is trusted, given what the other side shows.
    fn trust(&self, above: &[CertificateDer<'_>]) -> Result<Arc<Trust>, Error> {
        let (root, domain) = match &self.known {
            Known::Trust(trust) => return Ok(Arc::clone(trust)),
            Known::Root { root, domain } => (*root, domain),
        };
        let no_root = || other(NotMeant::AnotherRoot { root });
        let mut shown = above
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok());
        let found = shown.find(|certificate| certificate.fingerprint() == root);
        let found = found.ok_or_else(no_root)?;
        let domain = Domain::new(domain.clone(), &to_pem(&found), None).map_err(other)?;
        Ok(Arc::new(Trust::new(vec![domain]).map_err(other)?))
    }
}

impl ServerCertVerifier for Servers {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let trust = self.trust(above)?;
        let checked = trust.check(leaf, above, Usage::Server, now);
        let certificate = checked.map_err(bad_certificate)?;
        let identity = certificate
            .identity()
            .ok_or_else(|| bad_certificate(Refused::Nameless))?;
        if identity.role != Role::Node {
            let role = identity.role.word();
            return Err(other(NotMeant::NoNode { role }));
        }
        match self.meant {
            Some(meant) if meant != identity.region => {
                let found = identity.region;
                Err(other(NotMeant::AnotherRegion { found, meant }))
            }
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        schemes(&self.provider)
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers").finish_non_exhaustive()
    }
}
