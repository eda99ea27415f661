//! The beginning of a connection: TLS, and who the caller is.

use std::sync::Arc;
use std::time::Duration;

use liandong_identity::{Certificate, Refused};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tonic::transport::server::Connected;

use super::turned_away::TurnedAway;
use crate::identity::Identities;
use crate::surroundings::Connection;

/// Who calls on a connection, by a certificate that was checked; put into every request of it.
#[derive(Clone, Debug)]
pub(crate) struct Shown(pub(crate) Arc<Certificate>);

/// A connection on which requests may come.
#[derive(Debug)]
pub(super) struct Greeted {
    /// What is left of it when TLS is taken off.
    pub(super) line: Connection,
    /// Who is at the other end, if it showed a certificate.
    pub(super) shown: Option<Shown>,
}

/// Greets a caller within `patience`: with TLS where the node has an identity.
///
/// # Errors
/// Why there is no connection, as a label; the caller learns what TLS tells, and the log the reason.
pub(super) async fn greet(
    line: Connection,
    identities: Option<&Identities>,
    patience: Duration,
    turned_away: &TurnedAway,
) -> Result<Greeted, &'static str> {
    let Some(identities) = identities else {
        return Ok(Greeted { line, shown: None });
    };
    let remote = line.connect_info().remote_addr();
    let accepting = TlsAcceptor::from(identities.server()).accept(line);
    let accepted = match timeout(patience, accepting).await {
        Err(_) => return Err("slow handshake"),
        Ok(Err(error)) => {
            turned_away.note(remote, &why(&error));
            return Err("no handshake");
        }
        Ok(Ok(accepted)) => accepted,
    };
    let certificates = accepted.get_ref().1.peer_certificates();
    let leaf = certificates.and_then(<[_]>::first);
    // It was read during the handshake already.
    let shown = leaf.and_then(|leaf| Certificate::from_der(leaf).ok());
    // A connection that goes on from an earlier one shows what was checked then.
    if let Some(refused) = shown.as_ref().and_then(|it| identities.check(it).err()) {
        turned_away.note(remote, &refused);
        return Err("not trusted any more");
    }
    Ok(Greeted {
        shown: shown.map(|certificate| Shown(Arc::new(certificate))),
        line: Connection::new(accepted, remote),
    })
}

/// The reason that stands behind what TLS says.
fn why(error: &std::io::Error) -> String {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
    let Some(rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other))) = tls
    else {
        return error.to_string();
    };
    match other.0.downcast_ref::<Refused>() {
        Some(refused) => refused.to_string(),
        None => other.to_string(),
    }
}
