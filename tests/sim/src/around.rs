//! What a simulated node finds around it: a clock that may be wrong, a network that breaks, and
//! randomness that the seed decides.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use liandong_node::surroundings::{
    Clock, Connection, Incoming, Network, Pending, Random, Surroundings, Threads,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_stream::wrappers::ReceiverStream;
use turmoil::net::{TcpListener, TcpStream};

use crate::dice::Dice;
use crate::places::WATCH;
use crate::trace;

/// 8 April 2025, 10:00 in China: when every run begins.
const BEGIN: i64 = 1_744_077_600;

/// A clock that runs right, and is wrong by a number of seconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Skewed(Arc<AtomicI64>);

impl Skewed {
    /// Sets the clock wrong.
    pub(crate) fn set(&self, seconds: i64) {
        self.0.store(seconds, Ordering::Relaxed);
    }
}

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        let right = Timestamp::from_second(BEGIN).unwrap_or_default();
        let elapsed = SignedDuration::try_from(trace::now()).unwrap_or_default();
        let wrong = SignedDuration::from_secs(self.0.load(Ordering::Relaxed));
        right.saturating_add(elapsed + wrong).unwrap_or(right)
    }
}

struct Seeded(Mutex<Dice>);

impl fmt::Debug for Seeded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Seeded")
    }
}

impl Random for Seeded {
    fn bytes16(&self) -> [u8; 16] {
        let mut dice = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = dice.bytes16();
        // The marks of a version 4 UUID.
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        bytes
    }
}

#[derive(Debug)]
struct Simulated;

impl Network for Simulated {
    fn is_made_up(&self) -> bool {
        true
    }

    fn listen(&self, at: SocketAddr) -> Pending<(SocketAddr, Incoming)> {
        Box::pin(async move {
            let listener = TcpListener::bind(at).await?;
            let address = listener.local_addr()?;
            let (accepted, incoming) = tokio::sync::mpsc::channel(16);
            tokio::spawn(async move {
                loop {
                    let stream = listener.accept().await;
                    let line = stream.map(|(stream, from)| {
                        // Nodes tell the watch how full the real disk is.
                        let traced = from.ip() != turmoil::lookup(WATCH);
                        Connection::new(Traced { stream, traced }, Some(from))
                    });
                    if accepted.send(line).await.is_err() {
                        return;
                    }
                }
            });
            let incoming: Incoming = Box::pin(ReceiverStream::new(incoming));
            Ok((address, incoming))
        })
    }

    fn connect(&self, authority: String) -> Pending<Connection> {
        Box::pin(async move {
            let stream = TcpStream::connect(authority).await?;
            let remote = stream.peer_addr().ok();
            Ok(Connection::new(Traced::new(stream), remote))
        })
    }
}

/// A stream whose bytes are part of the trace.
pub(crate) struct Traced {
    stream: TcpStream,
    traced: bool,
}

impl Traced {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            traced: true,
        }
    }
}

impl AsyncRead for Traced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(task, into)
    }
}

impl AsyncWrite for Traced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(task, bytes);
        if let (Poll::Ready(Ok(count)), true) = (&written, self.traced) {
            trace::bytes(trace::now(), bytes.get(..*count).unwrap_or_default());
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}

/// The surroundings of one node.
pub(crate) fn surroundings(clock: &Skewed, dice: Dice, sync_takes: Duration) -> Surroundings {
    Surroundings {
        clock: Arc::new(clock.clone()),
        network: Arc::new(Simulated),
        random: Arc::new(Seeded(Mutex::new(dice))),
        threads: Threads::Tasks { sync_takes },
    }
}
