//! Dialling: the lower or outer side keeps a stream open, and opens it again when it breaks.
//!
//! Each wait is longer than the one before until a stream has lasted: a peer that is away, and one
//! that ends every stream at once because it cannot take what it is sent, are both asked again
//! every few seconds and never in a tight loop. A node that stops waits for none of it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use liandong_core::access::Relation;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_identity::{Certificate, NoHandshake, TlsError};
use liandong_wire::link::v1::ExchangeRequest;
use liandong_wire::link::v1::link_service_client::LinkServiceClient;
use liandong_wire::link::{Incoming, StreamReader};
use liandong_wire::refusal::RemoteRefusal;
use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use super::session::{Frames, HELLO_PATIENCE, LARGEST_FRAME, Session, hello, outbox, run};
use crate::commit::actor;
use crate::context::Context;
use crate::server::Shown;
use crate::surroundings::Connection;

/// The first wait after a stream broke; doubled up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// The port of an address that names none.
const HTTP_PORT: u16 = 80;

/// A stream that was open this long has worked: the waits begin anew.
const LASTING: Duration = Duration::from_secs(5);

/// Why a stream could not be opened.
#[derive(Debug, Error)]
pub(crate) enum DialError {
    #[error("cannot connect: {0}")]
    Connect(String),
    #[error("{address:?} is no address")]
    Address { address: String },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("{}", .0.message())]
    Status(#[from] Status),
    #[error("the peer is region {said}, not {expected}")]
    WrongPeer {
        said: RegionCode,
        expected: RegionCode,
    },
    #[error("the peer did not say hello")]
    NoHello,
    #[error("the peer took too long to say hello")]
    Slow(#[from] tokio::time::error::Elapsed),
    #[error("{0}")]
    Refused(#[from] Refusal),
}

/// Keeps a stream with a peer open until the node stops.
pub(crate) async fn dial(
    context: Arc<Context>,
    peer: RegionCode,
    relation: Relation,
    address: String,
    mut stopping: watch::Receiver<bool>,
) {
    context.links.expect(peer, relation, &address);
    let mut wait = FIRST_WAIT;
    let mut trouble = String::new();
    loop {
        // Partners that dial each other would end each other's streams for ever.
        if !context.links.is_connected(peer) {
            let opened = tokio::select! {
                opened = open(&context, peer, relation, &address) => opened,
                _ = stopping.wait_for(|stop| *stop) => return,
            };
            match opened {
                Ok(session) => {
                    if let Some(identities) = &context.identities {
                        identities.look();
                    }
                    trouble.clear();
                    let began = Instant::now();
                    let before = context.links.told(peer);
                    run(session, stopping.clone()).await;
                    // On a line that breaks again and again, each stream that got on has worked.
                    let got_on = before < context.links.told(peer);
                    if got_on || began.elapsed() >= LASTING {
                        wait = FIRST_WAIT;
                    }
                }
                Err(error) => {
                    note_twin(&context, &error);
                    let mut why = error.to_string();
                    if context.identities.is_none() {
                        why.push_str("; this node speaks in plain text: does the peer, too?");
                    }
                    if why != trouble {
                        tracing::warn!(%peer, why, "cannot open the link; trying on");
                        trouble.clone_from(&why);
                    }
                    context.links.trouble(peer, why);
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(jittered(wait, context.surroundings.draw())) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// A peer says that another node is connected to it under this node's identity.
fn note_twin(context: &Context, error: &DialError) {
    let DialError::Status(status) = error else {
        return;
    };
    let refusal = RemoteRefusal::from_status(status);
    if let Some(refusal) = refusal.filter(|it| it.reason == Some(Reason::IdentityInUse)) {
        context.links.twin(context.config.region, refusal.message);
    }
}

/// Between half and all of the wait, so that a hundred counties do not dial a restarted city at
/// the same instant.
fn jittered(wait: Duration, draw: u16) -> Duration {
    wait / 2 + wait / 2 * u32::from(draw) / 0x1_0000
}

async fn open(
    context: &Arc<Context>,
    peer: RegionCode,
    relation: Relation,
    address: &str,
) -> Result<Session, DialError> {
    let (channel, shown) = connect_shown(context, Some(peer), address).await?;
    let mut client = LinkServiceClient::new(channel)
        .max_decoding_message_size(LARGEST_FRAME)
        .max_encoding_message_size(LARGEST_FRAME);
    let (outbox, said) = outbox();
    // The hello waits in the outbox until the stream is open.
    let greeting = hello(context, peer).await?;
    outbox
        .send(greeting)
        .await
        .map_err(|_| DialError::NoHello)?;
    let requests = ReceiverStream::new(said).map(ExchangeRequest::from);
    let exchange = client.exchange(Request::new(requests));
    let responses = tokio::time::timeout(HELLO_PATIENCE, exchange).await??;
    let responses = responses.into_inner();
    let frames = responses.map(|response| response.map(|response| response.frame));
    let mut frames: Frames = Box::pin(frames);
    let mut reader = StreamReader::new();
    let first = tokio::time::timeout(HELLO_PATIENCE, frames.next()).await?;
    let first = first.ok_or(DialError::NoHello)??;
    let Incoming::Hello(hello) = reader.frame(first)? else {
        return Err(DialError::NoHello);
    };
    if hello.region != peer {
        return Err(DialError::WrongPeer {
            said: hello.region,
            expected: peer,
        });
    }
    Ok(Session {
        context: Arc::clone(context),
        peer,
        relation,
        actor: actor(shown.as_ref()),
        shown,
        hello,
        frames,
        reader,
        outbox,
    })
}

/// A connection to the node of that region, or to any that is trusted.
///
/// # Errors
/// [`DialError`].
pub(crate) async fn connect(
    context: &Context,
    peer: Option<RegionCode>,
    address: &str,
) -> Result<Channel, DialError> {
    let (channel, _) = connect_shown(context, peer, address).await?;
    Ok(channel)
}

/// Like [`connect`], with the certificate that the other side showed; `None` in plain text.
async fn connect_shown(
    context: &Context,
    peer: Option<RegionCode>,
    address: &str,
) -> Result<(Channel, Option<Shown>), DialError> {
    let seen = Arc::new(Mutex::new(None));
    let network = Arc::clone(&context.surroundings.network);
    let tls = match &context.identities {
        Some(identities) => Some(TlsConnector::from(identities.client(peer)?)),
        None => None,
    };
    let noted = Arc::clone(&seen);
    let connector = tower::service_fn(move |uri: Uri| {
        let host = uri.host().unwrap_or_default().to_owned();
        let port = uri.port_u16().unwrap_or(HTTP_PORT);
        let connecting = network.connect(format!("{host}:{port}"));
        let tls = tls.clone();
        let noted = Arc::clone(&noted);
        async move {
            let line = connecting.await?;
            let line = match tls {
                Some(tls) => {
                    let (line, shown) = greeted(tls, &host, line).await?;
                    *noted.lock().unwrap_or_else(PoisonError::into_inner) = shown;
                    line
                }
                None => line,
            };
            Ok::<_, io::Error>(TokioIo::new(line))
        }
    });
    let no_address = |_| DialError::Address {
        address: address.to_owned(),
    };
    let endpoint = Endpoint::from_shared(address.to_owned())
        .map_err(no_address)?
        .connect_timeout(Duration::from_secs(5))
        // Without these a link never notices that a partition has healed.
        .http2_keep_alive_interval(Duration::from_secs(10))
        .keep_alive_timeout(Duration::from_secs(20))
        .keep_alive_while_idle(true);
    let connecting = endpoint.connect_with_connector(connector);
    let channel = connecting
        .await
        .map_err(|error| DialError::Connect(innermost(&error)))?;
    let shown = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok((channel, shown))
}

/// TLS over a connection, with the certificate that was checked. The host's name is told for whoever serves several; whom it has to be is
/// said by the region that was meant.
async fn greeted(
    tls: TlsConnector,
    host: &str,
    line: Connection,
) -> io::Result<(Connection, Option<Shown>)> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let greeted = tls.connect(name, line).await?;
    let (_, session) = greeted.get_ref();
    let shown = session.peer_certificates().and_then(<[_]>::first);
    let shown = shown.and_then(|der| Certificate::from_der(der).ok());
    let shown = shown.map(|certificate| Shown(Arc::new(certificate)));
    Ok((Connection::new(greeted, None), shown))
}

/// The reason that stands behind the others: "transport error" helps nobody.
fn innermost(error: &tonic::transport::Error) -> String {
    if let Some(why) = NoHandshake::behind(error) {
        return why.to_string();
    }
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
