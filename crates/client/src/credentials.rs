//! What a client shows a node, and by what it knows one.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use liandong_core::language::Language;
use liandong_identity::{Folder, FolderError, Invitation, TlsError, client_config, invited_config};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls::time_provider::DefaultTimeProvider;
use thiserror::Error;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::address::Address;
use crate::connect::{HTTPS_PORT, tcp};
use crate::error::ClientError;

/// How long the other side may take to look at what it was shown.
const VERDICT: Duration = Duration::from_secs(2);

/// An encrypted connection, with what was heard on it already.
pub(crate) type Line = BufReader<TlsStream<TcpStream>>;

/// An identity to show, or an invitation to one.
#[derive(Clone)]
pub struct Credentials(Source);

#[derive(Clone)]
enum Source {
    /// Read for every connection, so that a certificate that was renewed meanwhile is used.
    Folder(Folder),
    Invitation(Arc<ClientConfig>),
}

/// Why there is nothing to show.
#[derive(Clone, Debug, Error)]
pub enum CredentialsError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(Arc<FolderError>),
    /// There is no certificate.
    #[error("{} has no certificate", path.display())]
    None {
        /// The folder.
        path: PathBuf,
    },
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Credentials {
    /// The identity of a folder.
    ///
    /// # Errors
    /// [`CredentialsError`] when there is none that can be used.
    pub fn of_folder(folder: Folder) -> Result<Self, CredentialsError> {
        let source = Source::Folder(folder);
        source.config()?;
        Ok(Self(source))
    }

    /// For whoever was invited and has nothing to show: only the node of the authority that invited
    /// is believed.
    ///
    /// # Errors
    /// [`CredentialsError::Tls`].
    pub fn of_invitation(invitation: &Invitation) -> Result<Self, CredentialsError> {
        let domain = invitation.identity.domain.clone();
        let clock = Arc::new(DefaultTimeProvider);
        let config = invited_config(invitation.root, domain, clock)?;
        Ok(Self(Source::Invitation(Arc::new(config))))
    }

    /// A line to the node at that address on which both sides have shown who they are, for what is
    /// not gRPC: its pages.
    ///
    /// # Errors
    /// [`ClientError::Scheme`] for an address in plain text, [`ClientError::NoHandshake`] and
    /// [`ClientError::Unreachable`].
    pub async fn line(
        &self,
        address: &Address,
    ) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + use<>, ClientError> {
        let address = address.for_identity();
        if !address.is_encrypted() {
            return Err(ClientError::Scheme {
                address: address.to_string(),
                has_identity: true,
            });
        }
        let greeted = async {
            let uri = address.uri();
            let line = tcp(uri, HTTPS_PORT).await?;
            self.greet(uri.host().unwrap_or_default(), line).await
        };
        let greeted = greeted.await;
        greeted.map_err(|error| ClientError::no_line(&error, &address))
    }

    /// TLS with the node at that host. Whom a node has to be is said by its certificate, and a name
    /// is only told for whoever serves several.
    pub(crate) async fn greet(&self, host: &str, line: TcpStream) -> io::Result<Line> {
        let config = self.0.config().map_err(io::Error::other)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let greeted = TlsConnector::from(config).connect(name, line).await?;
        let mut line = BufReader::new(greeted);
        // By its own half of the handshake this side is through before the other has looked at what
        // it was shown. Once it has, it hands out tickets; if it refuses, the reason comes here, and
        // not in the middle of the first call.
        let accepted = poll_fn(|task| {
            let heard = match Pin::new(&mut line).poll_fill_buf(task) {
                Poll::Ready(heard) => Some(heard.map(|_| ())),
                Poll::Pending => None,
            };
            let tickets = line.get_ref().get_ref().1.tls13_tickets_received();
            match heard {
                Some(heard) => Poll::Ready(heard),
                None if tickets > 0 => Poll::Ready(Ok(())),
                None => Poll::Pending,
            }
        });
        // Who speaks TLS and hands out none is heard in the first call.
        if let Ok(accepted) = timeout(VERDICT, accepted).await {
            accepted?;
        }
        Ok(line)
    }
}

impl Source {
    fn config(&self) -> Result<Arc<ClientConfig>, CredentialsError> {
        let folder = match self {
            Self::Folder(folder) => folder,
            Self::Invitation(config) => return Ok(Arc::clone(config)),
        };
        let unusable = |error| CredentialsError::Folder(Arc::new(error));
        let own = folder.own().map_err(unusable)?;
        let own = own.ok_or_else(|| CredentialsError::None {
            path: folder.path().to_path_buf(),
        })?;
        let trust = Arc::new(folder.trust().map_err(unusable)?);
        let clock = Arc::new(DefaultTimeProvider);
        let config = client_config(Some((&own.chain, &own.key)), trust, clock, None)?;
        Ok(Arc::new(config))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Folder(folder) => f.debug_tuple("Folder").field(&folder.path()).finish(),
            Source::Invitation(_) => f.write_str("Invitation"),
        }
    }
}

impl CredentialsError {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Folder(error) => error.message(language),
            Self::None { path } => {
                let path = path.display();
                language.pick(
                    format!("{path} 中没有证书：凭邀请运行 liandong cert issue，或用 --identity 指明其他目录"),
                    format!(
                        "{path} has no certificate: `liandong cert issue` with an invitation, or \
                         name another folder with --identity"
                    ),
                )
            }
            Self::Tls(error) => error.to_string(),
        }
    }
}
