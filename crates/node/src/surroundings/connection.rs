//! One connection, whatever it runs over.

use std::fmt::{Debug, Formatter};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tonic::transport::server::{Connected, TcpConnectInfo};

/// What a connection can be made of.
pub trait ReadWrite: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ReadWrite for T {}

/// A connection to a peer or a caller.
pub struct Connection {
    line: Line,
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
}

/// TCP is what nearly every connection of a real node is, so it costs no indirection.
enum Line {
    Tcp(TcpStream),
    Other(Box<dyn ReadWrite>),
}

impl Connection {
    /// A connection over anything that reads and writes bytes; `remote` is the other end, where it
    /// is known.
    pub fn new(line: impl ReadWrite + 'static, remote: Option<SocketAddr>) -> Self {
        Self {
            line: Line::Other(Box::new(line)),
            local: None,
            remote,
        }
    }

    /// A TCP connection; small writes go out at once.
    pub(super) fn tcp(stream: TcpStream) -> Self {
        // Where that cannot be had the connection is slower, and as good.
        let _ = stream.set_nodelay(true);
        Self {
            local: stream.local_addr().ok(),
            remote: stream.peer_addr().ok(),
            line: Line::Tcp(stream),
        }
    }
}

impl Debug for Connection {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("remote", &self.remote)
            .finish_non_exhaustive()
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        TcpConnectInfo {
            local_addr: self.local,
            remote_addr: self.remote,
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.line {
            Line::Tcp(stream) => Pin::new(stream).poll_read(task, into),
            Line::Other(line) => Pin::new(line).poll_read(task, into),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.line {
            Line::Tcp(stream) => Pin::new(stream).poll_write(task, bytes),
            Line::Other(line) => Pin::new(line).poll_write(task, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line {
            Line::Tcp(stream) => Pin::new(stream).poll_flush(task),
            Line::Other(line) => Pin::new(line).poll_flush(task),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.line {
            Line::Tcp(stream) => Pin::new(stream).poll_shutdown(task),
            Line::Other(line) => Pin::new(line).poll_shutdown(task),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.line {
            Line::Tcp(stream) => Pin::new(stream).poll_write_vectored(task, slices),
            Line::Other(line) => Pin::new(line).poll_write_vectored(task, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.line {
            Line::Tcp(stream) => stream.is_write_vectored(),
            Line::Other(line) => line.is_write_vectored(),
        }
    }
}
