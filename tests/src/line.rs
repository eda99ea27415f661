//! A long line: hands on everything between a node and the one it dials, later.
//!
//! The kernel's own delay (netem) is often not there; this does the same for TCP from outside.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How much may be under way in one direction, in parts of at most 16 KiB.
const UNDER_WAY: usize = 1_024;

/// A line that is open; closed when dropped.
#[derive(Debug)]
pub struct Line {
    address: SocketAddr,
    up: Arc<AtomicU64>,
    down: Arc<AtomicU64>,
    worker: JoinHandle<()>,
}

impl Line {
    /// Listens on an address and hands everything on to another; each way takes half of the round
    /// trip.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn open(listen: SocketAddr, to: SocketAddr, round_trip: Duration) -> Result<Self> {
        let bound = TcpListener::bind(listen).await;
        let listener = bound.with_context(|| format!("cannot listen on {listen}"))?;
        let address = listener.local_addr()?;
        let (up, down) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let counts = (Arc::clone(&up), Arc::clone(&down));
        let worker = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (up, down) = counts.clone();
                tokio::spawn(async move {
                    // A line whose far end does not answer is closed; the near end sees that.
                    if let Ok(far) = TcpStream::connect(to).await {
                        carry(near, far, round_trip / 2, &up, &down).await;
                    }
                });
            }
        });
        Ok(Self {
            address,
            up,
            down,
            worker,
        })
    }

    /// Where it is dialled.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many bytes it has carried, both ways together.
    pub fn carried(&self) -> u64 {
        self.carried_up() + self.down.load(Ordering::Relaxed)
    }

    /// How many bytes it has carried from whoever dialled.
    pub fn carried_up(&self) -> u64 {
        self.up.load(Ordering::Relaxed)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

async fn carry(near: TcpStream, far: TcpStream, delay: Duration, up: &AtomicU64, down: &AtomicU64) {
    // Small packets must not wait for each other; a socket that is closed by now does not mind.
    let _ = near.set_nodelay(true);
    let _ = far.set_nodelay(true);
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    tokio::join!(
        one_way(near_read, far_write, delay, up),
        one_way(far_read, near_write, delay, down),
    );
}

/// Carries one direction until its source ends or its target is gone.
async fn one_way(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    delay: Duration,
    count: &AtomicU64,
) {
    let (sender, mut under_way) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let reading = async move {
        let mut part = vec![0; 16 << 10];
        while let Ok(length) = from.read(&mut part).await {
            let bytes = part.get(..length).unwrap_or_default().to_vec();
            if length == 0 || sender.send((Instant::now() + delay, bytes)).await.is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((due, bytes)) = under_way.recv().await {
            tokio::time::sleep_until(due).await;
            count.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        // The other side may be gone already.
        let _ = to.shutdown().await;
    };
    tokio::join!(reading, writing);
}
