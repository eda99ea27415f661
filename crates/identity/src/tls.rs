//! TLS: how connections are made with certificates, by whoever listens and by whoever dials.
//!
//! Both sides show a certificate and check the other's against their [`Trust`]. A host name is not
//! looked at: what a certificate is good for is the identity it carries, and whoever dials says whom
//! it means to reach.

use std::fmt;
use std::sync::Arc;

use liandong_core::identity::TrustDomain;
use liandong_core::region::RegionCode;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::time_provider::TimeProvider;
use rustls::{
    CertificateError as TlsCertificateError, ClientConfig, DigitallySignedStruct,
    DistinguishedName, Error, OtherError, ServerConfig, SignatureScheme, version,
};
use thiserror::Error as ThisError;

mod reason;
mod servers;

pub use reason::NoHandshake;
pub use servers::NotMeant;

use servers::{Known, Servers};

use crate::certificate::{Chain, Fingerprint};
use crate::key::Key;
use crate::trust::{Refused, Trust, Usage};

/// A configuration that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("TLS cannot be set up: {why}")]
pub struct TlsError {
    /// In the library's words.
    pub why: String,
}

/// How whoever listens makes connections. With `everybody_shows` a connection without a
/// certificate is not made at all; without it, it is made and has no identity.
///
/// # Errors
/// [`TlsError`].
pub fn server_config(
    own: &Chain,
    key: &Key,
    trust: Arc<Trust>,
    clock: Arc<dyn TimeProvider>,
    everybody_shows: bool,
) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut shown = own.ders();
    // Whoever was invited knows the root by its fingerprint only, and has to see it.
    shown.extend(trust.roots_above(&own.leaf));
    let clients = Arc::new(Clients {
        subjects: trust.root_subjects(),
        trust,
        provider: Arc::clone(&provider),
        everybody_shows,
    });
    let mut config = ServerConfig::builder_with_details(provider, clock)
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .map_err(fails)?
        .with_client_cert_verifier(clients)
        .with_single_cert(shown, key.to_der())
        .map_err(fails)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// How whoever dials makes connections: to the node of that region, or to any node.
///
/// # Errors
/// [`TlsError`].
pub fn client_config(
    own: Option<(&Chain, &Key)>,
    trust: Arc<Trust>,
    clock: Arc<dyn TimeProvider>,
    meant: Option<RegionCode>,
) -> Result<ClientConfig, TlsError> {
    dialling(own, Known::Trust(trust), clock, meant)
}

/// How somebody dials who was invited and knows nothing but the fingerprint of the authority's
/// root: the other side shows its root, too. Nothing is shown to it.
///
/// # Errors
/// [`TlsError`].
pub fn invited_config(
    root: Fingerprint,
    domain: TrustDomain,
    clock: Arc<dyn TimeProvider>,
) -> Result<ClientConfig, TlsError> {
    dialling(None, Known::Root { root, domain }, clock, None)
}

fn dialling(
    own: Option<(&Chain, &Key)>,
    known: Known,
    clock: Arc<dyn TimeProvider>,
    meant: Option<RegionCode>,
) -> Result<ClientConfig, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let servers = Arc::new(Servers {
        known,
        provider: Arc::clone(&provider),
        meant,
    });
    let config = ClientConfig::builder_with_details(provider, clock)
        .with_protocol_versions(&[&version::TLS13])
        .map_err(fails)?
        .dangerous()
        .with_custom_certificate_verifier(servers);
    let mut config = match own {
        Some((chain, key)) => config
            .with_client_auth_cert(chain.ders(), key.to_der())
            .map_err(fails)?,
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// Checks whoever dials.
struct Clients {
    trust: Arc<Trust>,
    subjects: Vec<DistinguishedName>,
    provider: Arc<CryptoProvider>,
    everybody_shows: bool,
}

impl ClientCertVerifier for Clients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.subjects
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        above: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let checked = self.trust.check(leaf, above, Usage::Client, now);
        checked.map_err(bad_certificate)?;
        Ok(ClientCertVerified::assertion())
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

    fn client_auth_mandatory(&self) -> bool {
        self.everybody_shows
    }
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").finish_non_exhaustive()
    }
}

fn schemes(provider: &CryptoProvider) -> Vec<SignatureScheme> {
    provider
        .signature_verification_algorithms
        .supported_schemes()
}

/// The alert that the other side gets says only that the certificate is bad, expired or revoked as
/// far as TLS has a word for it; the reason stays in the error, for the log.
fn bad_certificate(refused: Refused) -> Error {
    other(refused)
}

fn other(why: impl std::error::Error + Send + Sync + 'static) -> Error {
    let why = OtherError(Arc::new(why));
    Error::InvalidCertificate(TlsCertificateError::Other(why))
}

fn fails(error: Error) -> TlsError {
    TlsError {
        why: error.to_string(),
    }
}
