//! HTTP/2 by hand: frames as bytes, and a connection that writes and reads them raw.
//!
//! No library is between the test and the wire, so that what no library would send can be sent.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{self, Poll, Waker};
use std::time::Duration;

use anyhow::{Context, Result};
use rustls::ClientConnection;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::place::Way;

/// What every client says first.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Types of frames.
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

/// Flags.
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// A frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let [_, high, middle, low] = length.to_be_bytes();
    let mut bytes = vec![high, middle, low, kind, flags];
    bytes.extend(stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// A settings frame.
pub(crate) fn settings(values: &[(u16, u32)]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (key, value) in values {
        payload.extend(key.to_be_bytes());
        payload.extend(value.to_be_bytes());
    }
    frame(SETTINGS, 0, 0, &payload)
}

/// One header without compression and without a place in the table.
pub(crate) fn header(name: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0];
    put_length(&mut bytes, name.len());
    bytes.extend_from_slice(name.as_bytes());
    put_length(&mut bytes, value.len());
    bytes.extend_from_slice(value);
    bytes
}

/// One header that is put into the table.
pub(crate) fn indexed_header(name: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = header(name, value);
    bytes[0] = 0x40;
    bytes
}

/// A number of seven bits and more, as lengths are written.
fn put_length(bytes: &mut Vec<u8>, length: usize) {
    if length < 127 {
        bytes.push(u8::try_from(length).unwrap_or(126));
        return;
    }
    bytes.push(127);
    let mut left = length - 127;
    while left >= 128 {
        bytes.push(u8::try_from(left % 128).unwrap_or(0) | 128);
        left /= 128;
    }
    bytes.push(u8::try_from(left).unwrap_or(0));
}

/// The head of a gRPC request.
pub(crate) fn request_head(path: &str) -> Vec<u8> {
    let mut block = Vec::new();
    block.extend(header(":method", b"POST"));
    block.extend(header(":scheme", b"http"));
    if !path.is_empty() {
        block.extend(header(":path", path.as_bytes()));
    }
    block.extend(header(":authority", b"localhost"));
    block.extend(header("content-type", b"application/grpc"));
    block.extend(header("te", b"trailers"));
    block
}

/// A message as gRPC puts it into data frames.
pub(crate) fn message(bytes: &[u8]) -> Vec<u8> {
    let mut framed = vec![0];
    framed.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    framed.extend_from_slice(bytes);
    framed
}

/// A whole request: head and message on a stream.
pub(crate) fn request(stream: u32, path: &str, bytes: &[u8]) -> Vec<u8> {
    let mut frames = frame(HEADERS, END_HEADERS, stream, &request_head(path));
    frames.extend(frame(DATA, END_STREAM, stream, &message(bytes)));
    frames
}

/// What a raw connection has come to when it is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The node closed or reset it.
    Closed,
    /// It was still open.
    Open,
}

/// What a connection runs over.
trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<L: AsyncRead + AsyncWrite + Send + Unpin> Line for L {}

/// A connection whose bytes are all made by hand.
pub(crate) struct Raw {
    line: Box<dyn Line>,
}

impl Raw {
    /// Connects, and says nothing; where there are certificates, it shows one.
    pub(crate) async fn connect(way: &Way) -> Result<Self> {
        let bare = Self::bare(way.to).await?;
        let line: Box<dyn Line> = match &way.tls {
            None => Box::new(bare),
            Some(tls) => {
                let name = ServerName::from(way.to.ip());
                Box::new(tls.connect(name, bare).await?)
            }
        };
        Ok(Self { line })
    }

    /// Connects, and says not even who it is.
    pub(crate) async fn silently(way: &Way) -> Result<Self> {
        let line = Box::new(Self::bare(way.to).await?);
        Ok(Self { line })
    }

    async fn bare(to: SocketAddr) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        // Thousands of short connections would use up the ports otherwise.
        socket.set_reuseaddr(true)?;
        let stream = socket.connect(to).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        // Closing at once, without a state that waits for a minute.
        let _ = stream.set_zero_linger();
        Ok(stream)
    }

    /// Connects with a greeting and these settings.
    pub(crate) async fn greet(way: &Way, values: &[(u16, u32)]) -> Result<Self> {
        let mut raw = Self::connect(way).await?;
        let mut greeting = PREFACE.to_vec();
        greeting.extend(settings(values));
        raw.send(&greeting).await?;
        Ok(raw)
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.line.write_all(bytes).await?;
        self.line.flush().await?;
        Ok(())
    }

    /// Reads and forgets what there is, without waiting.
    pub(crate) fn drain(&mut self) -> Ended {
        let mut buffer = [0; 16 << 10];
        let mut task = task::Context::from_waker(Waker::noop());
        loop {
            let mut into = ReadBuf::new(&mut buffer);
            match Pin::new(&mut self.line).poll_read(&mut task, &mut into) {
                Poll::Ready(Ok(())) if into.filled().is_empty() => return Ended::Closed,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Ended::Closed,
                Poll::Pending => return Ended::Open,
            }
        }
    }

    /// Reads until the node closes, or for so long; what it said.
    pub(crate) async fn listen(&mut self, patience: Duration, most: usize) -> (Vec<u8>, Ended) {
        let mut said = Vec::new();
        let mut buffer = vec![0; 16 << 10];
        let deadline = tokio::time::Instant::now() + patience;
        while said.len() < most {
            let read = tokio::time::timeout_at(deadline, self.line.read(&mut buffer)).await;
            match read {
                Ok(Ok(0)) | Ok(Err(_)) => return (said, Ended::Closed),
                Ok(Ok(count)) => said.extend_from_slice(&buffer[..count]),
                Err(_) => return (said, Ended::Open),
            }
        }
        (said, Ended::Open)
    }
}

/// How a handshake begins: the bytes of a ClientHello.
pub(crate) fn client_hello(tls: &TlsConnector) -> Result<Vec<u8>> {
    let config = std::sync::Arc::clone(tls.config());
    let name = ServerName::try_from("node")?;
    let mut connection = ClientConnection::new(config, name)?;
    let mut hello = Vec::new();
    connection.write_tls(&mut hello)?;
    Ok(hello)
}
