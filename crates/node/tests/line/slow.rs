//! A network in memory, with lines as slow and as unreliable as they are told to be.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use liandong_node::surroundings::{Connection, Incoming, Network, Pending};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::transport::{Channel, Endpoint, Uri};

/// What a system takes from a program before the line has carried it: much, which is why what is
/// put on a slow line has to be bounded by those who put it there.
const SEND_BUFFER: usize = 2 << 20;

/// What goes over the line at once.
const PACKET: usize = 1_400;

/// How a line is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) bytes_a_second: u64,
    pub(crate) one_way: Duration,
    /// After how long it breaks, again and again.
    pub(crate) cut_every: Option<Duration>,
}

impl Line {
    pub(crate) fn fast() -> Self {
        Self {
            bytes_a_second: 100_000_000,
            one_way: Duration::ZERO,
            cut_every: None,
        }
    }
}

/// What went over a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Carried(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    up: AtomicU64,
    lines: AtomicU64,
}

impl Carried {
    /// Bytes from the side that dialled.
    pub(crate) fn up(&self) -> u64 {
        self.0.up.load(Ordering::Relaxed)
    }

    /// How often it was dialled.
    pub(crate) fn lines(&self) -> u64 {
        self.0.lines.load(Ordering::Relaxed)
    }
}

/// A port that leads to another.
#[derive(Debug)]
struct Way {
    to: u16,
    line: Line,
    carried: Carried,
    pumps: Vec<JoinHandle<()>>,
}

/// Who listens on which port, and which ports lead to others; there is one host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    listeners: Arc<Mutex<BTreeMap<u16, mpsc::UnboundedSender<Connection>>>>,
    ways: Arc<Mutex<BTreeMap<u16, Way>>>,
}

impl Memory {
    /// Lets a port lead to another over a line.
    pub(crate) fn join(&self, from: u16, to: u16, line: Line) -> Carried {
        let carried = Carried::default();
        let way = Way {
            to,
            line,
            carried: carried.clone(),
            pumps: Vec::new(),
        };
        self.ways.lock().unwrap().insert(from, way);
        carried
    }

    /// Takes a line away, with what is on it.
    pub(crate) fn cut(&self, from: u16) {
        if let Some(way) = self.ways.lock().unwrap().remove(&from) {
            for pump in way.pumps {
                pump.abort();
            }
        }
    }

    /// A client of the node on a port, near it.
    pub(crate) async fn client(&self, port: u16) -> Channel {
        let network = self.clone();
        let connector = tower::service_fn(move |uri: Uri| {
            let connecting = network.connect(uri.authority().unwrap().to_string());
            async { connecting.await.map(TokioIo::new) }
        });
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).unwrap();
        endpoint.connect_with_connector(connector).await.unwrap()
    }

    /// Hands one end of a pipe to whoever listens on a port.
    fn accept(&self, port: u16, far: DuplexStream) -> io::Result<()> {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let listeners = self.listeners.lock().unwrap();
        let listener = listeners.get(&port).ok_or_else(refused)?;
        let far = Connection::new(far, Some(([127, 0, 0, 1], 9).into()));
        listener.send(far).map_err(|_| refused())
    }
}

impl Network for Memory {
    fn is_made_up(&self) -> bool {
        true
    }

    fn listen(&self, at: SocketAddr) -> Pending<(SocketAddr, Incoming)> {
        let (accept, accepted) = mpsc::unbounded_channel();
        self.listeners.lock().unwrap().insert(at.port(), accept);
        let incoming: Incoming = Box::pin(UnboundedReceiverStream::new(accepted).map(Ok));
        Box::pin(async move { Ok((at, incoming)) })
    }

    fn connect(&self, authority: String) -> Pending<Connection> {
        let network = self.clone();
        Box::pin(async move {
            let at: SocketAddr = authority.parse().map_err(io::Error::other)?;
            let mut ways = network.ways.lock().unwrap();
            let Some(way) = ways.get_mut(&at.port()) else {
                drop(ways);
                let (near, far) = tokio::io::duplex(64 << 10);
                network.accept(at.port(), far)?;
                return Ok(Connection::new(near, Some(at)));
            };
            let (near, near_of_line) = tokio::io::duplex(SEND_BUFFER);
            let (far_of_line, far) = tokio::io::duplex(SEND_BUFFER);
            network.accept(way.to, far)?;
            way.carried.0.lines.fetch_add(1, Ordering::Relaxed);
            let pump = carry(near_of_line, far_of_line, way.line, way.carried.clone());
            way.pumps.push(tokio::spawn(pump));
            Ok(Connection::new(near, Some(at)))
        })
    }
}

async fn carry(near: DuplexStream, far: DuplexStream, line: Line, carried: Carried) {
    let (near_read, near_write) = tokio::io::split(near);
    let (far_read, far_write) = tokio::io::split(far);
    let down = AtomicU64::new(0);
    let cut = async {
        match line.cut_every {
            Some(after) => sleep(after).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = one_way(near_read, far_write, line, &carried.0.up) => {}
        () = one_way(far_read, near_write, line, &down) => {}
        () = cut => {}
    }
}

/// Takes a packet, is busy with it for as long as the line needs, and hands it over later.
async fn one_way(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    line: Line,
    carried: &AtomicU64,
) {
    let (on_the_way, mut arrives) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let sending = async {
        loop {
            let mut packet = vec![0; PACKET];
            match from.read(&mut packet).await {
                Ok(0) | Err(_) => return,
                Ok(read) => packet.truncate(read),
            }
            let bytes = packet.len() as u64;
            carried.fetch_add(bytes, Ordering::Relaxed);
            let takes = Duration::from_micros(bytes * 1_000_000 / line.bytes_a_second);
            if !takes.is_zero() {
                sleep(takes).await;
            }
            if on_the_way
                .send((Instant::now() + line.one_way, packet))
                .is_err()
            {
                return;
            }
        }
    };
    let handing_over = async {
        let mut waiting = VecDeque::new();
        while let Some(arrival) = arrives.recv().await {
            waiting.push_back(arrival);
            while let Some((at, packet)) = waiting.pop_front() {
                sleep_until(at).await;
                if to.write_all(&packet).await.is_err() {
                    return;
                }
            }
        }
    };
    tokio::select! {
        () = sending => {}
        () = handing_over => {}
    }
}
