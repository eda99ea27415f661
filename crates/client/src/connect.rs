//! The connection to one node.

use std::io;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use liandong_core::language::Language;
use tokio::net::TcpStream;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint, Uri};
use tower::Service;

use crate::address::Address;
use crate::admin::Admin;
use crate::collaboration::Collaboration;
use crate::credentials::{Credentials, Line};
use crate::error::ClientError;
use crate::identity::Identities;
use crate::link::Link;
use crate::metadata::{CallMetadata, TraceParent};
use crate::plain::PlainLine;
use crate::progress::Progress;
use crate::retry::RetryPolicy;
use crate::rollup::Rollup;
use crate::task::Task;

/// How long dialling may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Without these pings a client behind a partition never notices that it has healed.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// The ports of addresses that name none.
pub(crate) const HTTPS_PORT: u16 = 443;
const HTTP_PORT: u16 = 80;
/// The largest answer that is read: the outcomes of a full batch fit several times over.
pub(crate) const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// The channel with what every call carries.
pub(crate) type Wires = InterceptedService<Channel, CallMetadata>;

/// How a client speaks to its node.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// The language of the node's words.
    pub language: Language,
    /// How calls that failed for a passing reason are tried again.
    pub retry: RetryPolicy,
    /// How long one call may take; recounts and exports have as long as they need.
    pub deadline: Duration,
    /// What is shown to the node.
    pub credentials: Option<Credentials>,
    /// Whether a client without credentials may speak in plain text, with a node of this machine
    /// alone.
    pub insecure_loopback: bool,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            language: Language::default(),
            retry: RetryPolicy::default(),
            deadline: Duration::from_secs(60),
            credentials: None,
            insecure_loopback: false,
        }
    }
}

/// A client of one node. Clones share its connection.
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
    metadata: CallMetadata,
    address: String,
    pub(crate) retry: RetryPolicy,
    pub(crate) deadline: Duration,
}

impl Client {
    /// Dials a node at once, showing who is there.
    ///
    /// # Errors
    /// Those of [`Client::connect_with`].
    pub async fn connect(address: &Address, credentials: Credentials) -> Result<Self, ClientError> {
        let options = ConnectOptions {
            credentials: Some(credentials),
            ..ConnectOptions::default()
        };
        Self::connect_with(address, options).await
    }

    /// Dials a node at once, with options.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] when nobody answers there, [`ClientError::NoHandshake`] when one
    /// side does not believe the other, [`ClientError::Scheme`] when address and identity do not go
    /// together, [`ClientError::PlainText`] without an identity.
    pub async fn connect_with(
        address: &Address,
        options: ConnectOptions,
    ) -> Result<Self, ClientError> {
        let address = dialled(address, &options)?;
        let endpoint = endpoint(&address);
        let connected = match options.credentials.clone() {
            None => endpoint.connect_with_connector(plain()).await,
            Some(credentials) => {
                endpoint
                    .connect_with_connector(encrypted(credentials))
                    .await
            }
        };
        let channel = connected.map_err(|error| ClientError::no_connection(&error, &address))?;
        Ok(Self::over(channel, &address, options))
    }

    /// Dials a node with the first call. To be called within a Tokio runtime.
    ///
    /// # Errors
    /// [`ClientError::Scheme`] when address and identity do not go together, and
    /// [`ClientError::PlainText`] without an identity.
    pub fn connect_lazy(address: &Address, options: ConnectOptions) -> Result<Self, ClientError> {
        let address = dialled(address, &options)?;
        let endpoint = endpoint(&address);
        let channel = match options.credentials.clone() {
            None => endpoint.connect_with_connector_lazy(plain()),
            Some(credentials) => endpoint.connect_with_connector_lazy(encrypted(credentials)),
        };
        Ok(Self::over(channel, &address, options))
    }

    fn over(channel: Channel, address: &Address, options: ConnectOptions) -> Self {
        Self {
            channel,
            metadata: CallMetadata {
                language: options.language,
                trace: TraceParent::generate(),
                trace_is_given: false,
            },
            address: address.to_string(),
            retry: options.retry,
            deadline: options.deadline,
        }
    }

    /// The same client, making its calls under a given trace and span.
    #[must_use]
    pub fn with_trace_parent(&self, parent: TraceParent) -> Self {
        let mut client = self.clone();
        client.metadata.trace = parent;
        client.metadata.trace_is_given = true;
        client
    }

    /// The same client, giving each call another time to answer.
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        let mut client = self.clone();
        client.deadline = deadline;
        client
    }

    /// The trace that the client's calls belong to.
    pub fn trace_parent(&self) -> TraceParent {
        self.metadata.trace
    }

    /// The node's address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Reports.
    pub fn progress(&self) -> Progress {
        Progress::new(self.clone())
    }

    /// Plans and tasks.
    pub fn task(&self) -> Task {
        Task::new(self.clone())
    }

    /// Roll-ups.
    pub fn rollup(&self) -> Rollup {
        Rollup::new(self.clone())
    }

    /// Pairings and aid projects.
    pub fn collaboration(&self) -> Collaboration {
        Collaboration::new(self.clone())
    }

    /// The node itself, its regions and indicators.
    pub fn admin(&self) -> Admin {
        Admin::new(self.clone())
    }

    /// The node's links.
    pub fn link(&self) -> Link {
        Link::new(self.clone())
    }

    /// Certificates.
    pub fn identities(&self) -> Identities {
        Identities::new(self.clone())
    }

    pub(crate) fn wires(&self) -> Wires {
        InterceptedService::new(self.channel.clone(), self.metadata.clone())
    }
}

fn endpoint(address: &Address) -> Endpoint {
    Endpoint::from(address.uri().clone())
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .tcp_nodelay(true)
}

/// The address as it is dialled. With an identity nothing ever goes in plain text by mistake, and
/// without one nothing goes elsewhere than to this machine.
fn dialled(address: &Address, options: &ConnectOptions) -> Result<Address, ClientError> {
    if options.credentials.is_some() {
        let address = address.for_identity();
        if address.is_encrypted() {
            return Ok(address);
        }
        return Err(ClientError::Scheme {
            address: address.to_string(),
            has_identity: true,
        });
    }
    if address.is_encrypted() {
        return Err(ClientError::Scheme {
            address: address.to_string(),
            has_identity: false,
        });
    }
    if options.insecure_loopback && address.is_of_this_machine() {
        return Ok(address.clone());
    }
    Err(ClientError::PlainText {
        address: address.to_string(),
        asked_for: options.insecure_loopback,
    })
}

/// Makes connections in plain text.
fn plain() -> impl Service<
    Uri,
    Response = TokioIo<PlainLine>,
    Error = io::Error,
    Future = impl Future<Output = io::Result<TokioIo<PlainLine>>> + Send,
> + Send
+ 'static {
    tower::service_fn(|uri: Uri| async move {
        let line = tcp(&uri, HTTP_PORT).await?;
        Ok(TokioIo::new(PlainLine::new(line)))
    })
}

/// A connection to the host of an address.
pub(crate) async fn tcp(uri: &Uri, port: u16) -> io::Result<TcpStream> {
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(port);
    let line = TcpStream::connect(format!("{host}:{port}")).await?;
    line.set_nodelay(true)?;
    Ok(line)
}

/// Makes connections over which both sides show who they are.
fn encrypted(
    credentials: Credentials,
) -> impl Service<
    Uri,
    Response = TokioIo<Line>,
    Error = io::Error,
    Future = impl Future<Output = io::Result<TokioIo<Line>>> + Send,
> + Send
+ 'static {
    tower::service_fn(move |uri: Uri| {
        let credentials = credentials.clone();
        async move {
            let host = uri.host().unwrap_or_default();
            let line = tcp(&uri, HTTPS_PORT).await?;
            Ok(TokioIo::new(credentials.greet(host, line).await?))
        }
    })
}
