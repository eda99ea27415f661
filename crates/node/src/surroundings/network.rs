//! Listening and connecting.

use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use tokio::net::{TcpListener, TcpStream};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt};

use super::connection::Connection;

/// Connections as they are accepted. An error is about one connection that failed before it was
/// taken; the next may come all the same.
pub type Incoming = Pin<Box<dyn Stream<Item = io::Result<Connection>> + Send>>;

/// What listening and connecting come to.
pub type Pending<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// The network that a node is on.
pub trait Network: Debug + Send + Sync {
    /// Listens on an address, where port 0 picks a free one; says the address it became.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    fn listen(&self, at: SocketAddr) -> Pending<(SocketAddr, Incoming)>;

    /// Connects to `host:port`.
    ///
    /// # Errors
    /// When nobody is there, as far as can be told.
    fn connect(&self, authority: String) -> Pending<Connection>;

    /// Whether it exists within this process alone, so that plain text is heard by nobody else
    /// whatever the address.
    fn is_made_up(&self) -> bool {
        false
    }
}

/// TCP on this machine.
#[derive(Debug)]
pub struct Tcp;

impl Network for Tcp {
    fn listen(&self, at: SocketAddr) -> Pending<(SocketAddr, Incoming)> {
        Box::pin(async move {
            let listener = TcpListener::bind(at).await?;
            let address = listener.local_addr()?;
            let accepted = TcpListenerStream::new(listener);
            let incoming: Incoming = Box::pin(accepted.map(|stream| stream.map(Connection::tcp)));
            Ok((address, incoming))
        })
    }

    fn connect(&self, authority: String) -> Pending<Connection> {
        Box::pin(async move { Ok(Connection::tcp(TcpStream::connect(authority).await?)) })
    }
}
