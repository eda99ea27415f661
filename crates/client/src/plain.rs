//! A line in plain text, which notices when the other side speaks TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use liandong_identity::{NoHandshake, is_said_by_tls};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The line. What a node with certificates says to whoever comes without is told as what it means,
/// and not as noise on the line.
#[derive(Debug)]
pub(crate) struct PlainLine {
    line: TcpStream,
    /// The first bytes that came, until there are two.
    first: Vec<u8>,
}

impl PlainLine {
    pub(crate) fn new(line: TcpStream) -> Self {
        Self {
            line,
            first: Vec::new(),
        }
    }
}

impl AsyncRead for PlainLine {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.line).poll_read(task, into);
        if self.first.len() < 2 && read.is_ready() {
            let missing = 2 - self.first.len();
            let came = into.filled().iter().skip(before).take(missing);
            self.first.extend(came);
            if let [one, other] = self.first[..]
                && is_said_by_tls([one, other])
            {
                let wanted = NoHandshake::CertificateWanted;
                return Poll::Ready(Err(io::Error::other(wanted)));
            }
        }
        read
    }
}

impl AsyncWrite for PlainLine {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.line).poll_write(task, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_shutdown(task)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.line).poll_write_vectored(task, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.line.is_write_vectored()
    }
}
