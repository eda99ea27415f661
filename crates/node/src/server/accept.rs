//! Taking connections and letting them go.
//!
//! A connection has to say something soon, has to read what it asked for, and is asked to come
//! anew when it is old, unless it carries a link. It costs no thread, so a simulation runs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};
use tokio_stream::StreamExt;
use tonic::Status;
use tonic::transport::server::Connected;

use super::body::{Purse, Unread};
use super::guard::{Guard, MustShow, TURNS};
use super::handshake::{Greeted, Shown, greet};
use super::line::{Counted, Moved};
use super::places::{Place, Places, most};
use super::quota::{Account, Accounts};
use super::strangers::{Stranger, Strangers};
use super::turned_away::{self, TurnedAway};
use crate::config::{Limits, Quotas};
use crate::identity::Identities;
use crate::surroundings::{Connection, Incoming, Surroundings};

/// The largest list of headers, and of what HTTP/1 keeps of a request's head.
const HEADERS: u32 = 8 << 10;

/// Answers that wait in memory for a caller that reads slowly, each stream.
const SEND_BUFFER: usize = 64 << 10;

/// What a caller may send ahead of being read, on a stream and on a connection.
const STREAM_WINDOW: u32 = 128 << 10;
const CONNECTION_WINDOW: u32 = 192 << 10;

/// What the requests of each connection may hold in memory, whatever others do.
const OWN_BYTES: usize = 64 << 10;

/// As long as the beginning of HTTP/2. Whoever has said less has said nothing.
const GREETING: u64 = 24;

/// How often a connection is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// What open requests of an old connection are left to finish.
const GRACE: Duration = Duration::from_secs(60);

/// How long whoever is not to be believed any more has to hear why its streams end.
const GOODBYE: Duration = Duration::from_secs(1);

/// How long nobody is taken after taking somebody failed: mostly files are short then, and trying
/// at once would only burn time.
const BREATH: Duration = Duration::from_millis(50);

/// Why a connection is cut that makes room for others who have not shown who they are either.
const CROWDED_OUT: &str = "crowded out";

/// What callers may have.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    /// As the node was started with.
    pub(super) limits: Limits,
    /// What identities may have now.
    pub(super) quotas: watch::Receiver<Quotas>,
}

/// The port as it is set up for every connection.
struct Port {
    router: Router,
    limits: Limits,
    purse: Purse,
    accounts: Accounts,
    strangers: Arc<Strangers>,
    turned_away: Arc<TurnedAway>,
    builder: Builder<TokioExecutor>,
    identities: Option<Arc<Identities>>,
    surroundings: Surroundings,
}

/// Serves whoever comes until `stop`, then lets open requests finish. Whoever drops this ends
/// every connection at once.
pub(super) async fn run(
    mut incoming: Incoming,
    router: Router,
    bounds: Bounds,
    identities: Option<Arc<Identities>>,
    surroundings: Surroundings,
    stop: impl Future<Output = ()>,
) {
    let Bounds { limits, quotas } = bounds;
    let connections = most(limits.connections);
    let places = Places::new(connections, limits.connections_per_address);
    let port = Arc::new(Port {
        router,
        limits,
        purse: Purse::new(limits.in_flight_bytes, limits.message_bytes),
        accounts: Accounts::new(quotas, Arc::clone(&surroundings.clock)),
        strangers: Strangers::new(connections / 2),
        turned_away: Arc::default(),
        builder: builder(&limits),
        identities,
        surroundings,
    });
    let (closing, to_close) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    let mut tell = interval(turned_away::EVERY);
    loop {
        tokio::select! {
            () = &mut stop => break,
            _ = tell.tick() => port.turned_away.tell(),
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            next = incoming.next() => match next {
                Some(Ok(line)) => {
                    let from = line.connect_info().remote_addr().map(|from| from.ip());
                    let mut place = places.take(from);
                    if place.is_none() {
                        // Those who make room for others are about to.
                        tokio::task::yield_now().await;
                        place = places.take(from);
                    }
                    let Some(place) = place else {
                        // Dropping it says it all.
                        metrics::counter!("liandong_connections_refused_total").increment(1);
                        continue;
                    };
                    let one = Arc::clone(&port).serve(line, place, to_close.clone());
                    connections.spawn(one);
                }
                Some(Err(error)) => {
                    tracing::debug!(%error, "cannot take a connection");
                    sleep(BREATH).await;
                }
                None => break,
            },
        }
        metrics::gauge!("liandong_connections_open").set(count(places.open()));
    }
    port.turned_away.tell();
    // Nobody new is taken, and whoever tries is told so.
    drop(incoming);
    closing.send_replace(true);
    while connections.join_next().await.is_some() {}
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a gauge takes nothing else, and there are a few thousand connections at most"
)]
fn count(open: usize) -> f64 {
    open as f64
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.handshake)
        .max_buf_size(HEADERS as usize * 2)
        .half_close(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_per_connection)
        .max_header_list_size(HEADERS)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(64)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}

impl Port {
    /// Serves one connection until it ends, or until it has to.
    async fn serve(
        self: Arc<Self>,
        line: Connection,
        place: Place,
        to_close: watch::Receiver<bool>,
    ) {
        let identities = self.identities.as_deref();
        let stranger = identities.is_some().then(|| self.strangers.enter());
        let has_to_go = stranger.as_ref().map(Stranger::has_to_go);
        let crowded_out = async {
            match has_to_go {
                Some(has_to_go) => has_to_go.await,
                None => std::future::pending().await,
            }
        };
        let mut crowded_out = std::pin::pin!(crowded_out);
        let greeting = greet(line, identities, self.limits.handshake, &self.turned_away);
        let greeted = tokio::select! {
            greeted = greeting => greeted,
            () = &mut crowded_out => Err(CROWDED_OUT),
        };
        let why = match greeted {
            Ok(greeted) if greeted.shown.is_some() => {
                drop(stranger);
                self.until_it_ends(greeted, to_close).await
            }
            Ok(greeted) => tokio::select! {
                why = self.until_it_ends(greeted, to_close) => why,
                () = &mut crowded_out => Some(CROWDED_OUT),
            },
            Err(why) => Some(why),
        };
        if let Some(why) = why {
            metrics::counter!("liandong_connections_cut_total", "why" => why).increment(1);
        }
        drop(place);
    }

    /// Why the connection was cut, if it was.
    async fn until_it_ends(
        &self,
        greeted: Greeted,
        mut to_close: watch::Receiver<bool>,
    ) -> Option<&'static str> {
        let Greeted { line, shown } = greeted;
        let mut changes = self.identities.as_ref().map(|it| it.changes());
        let (moved, unread) = (Arc::<Moved>::default(), Arc::<Unread>::default());
        let links = Arc::<AtomicUsize>::default();
        let ends = watch::Sender::new(None);
        let guard = Arc::new(Guard {
            router: self.router.clone(),
            purse: self.purse.of_connection(OWN_BYTES),
            patience: self.limits.timeout,
            share: Arc::new(Semaphore::new(self.limits.requests_per_connection)),
            turns: Arc::new(Semaphore::new(TURNS)),
            unread: Arc::clone(&unread),
            moved: Arc::clone(&moved),
            links: Arc::clone(&links),
            info: line.connect_info(),
            account: self.account(shown.as_ref()),
            shown: shown.clone(),
            must_show: self.identities.is_some().then(|| {
                let turned_away = Arc::clone(&self.turned_away);
                MustShow::new(turned_away, ends.subscribe())
            }),
            is_of_this_machine: self.identities.is_none()
                && !self.surroundings.network.is_made_up(),
        });
        let service = service_fn(move |request| Arc::clone(&guard).answer(request));
        let line = TokioIo::new(Counted::new(line, Arc::clone(&moved)));
        let mut connection = std::pin::pin!(self.builder.serve_connection(line, service));
        let began = Instant::now();
        let age = self.age();
        let mut greeted = std::pin::pin!(sleep(self.limits.handshake));
        let mut is_greeted = false;
        let mut goodbye = std::pin::pin!(sleep(GOODBYE));
        let mut has_ended = false;
        let mut look = interval(LOOK);
        let mut told_to_close: Option<Instant> = None;
        let mut stopping = false;
        loop {
            tokio::select! {
                _ended = connection.as_mut() => return None,
                () = greeted.as_mut(), if !is_greeted => {
                    is_greeted = true;
                    if moved.read() < GREETING {
                        return Some("silent");
                    }
                }
                _ = to_close.wait_for(|close| *close), if !stopping => {
                    stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = changed(&mut changes), if !has_ended => {
                    has_ended = self.ends(shown.as_ref(), &ends);
                    if has_ended {
                        connection.as_mut().graceful_shutdown();
                        goodbye.as_mut().reset(Instant::now() + GOODBYE);
                    }
                }
                () = goodbye.as_mut(), if has_ended => return Some("not trusted any more"),
                _ = look.tick(), if !has_ended => {
                    has_ended = self.ends(shown.as_ref(), &ends);
                    if has_ended {
                        connection.as_mut().graceful_shutdown();
                        goodbye.as_mut().reset(Instant::now() + GOODBYE);
                        continue;
                    }
                    if unread.is_stuck(self.limits.timeout, &moved) {
                        return Some("does not read");
                    }
                    // A link is as young as its last word; it keeps itself alive.
                    if stopping || began.elapsed() < age || links.load(Ordering::Relaxed) > 0 {
                        continue;
                    }
                    match told_to_close {
                        None => {
                            told_to_close = Some(Instant::now());
                            connection.as_mut().graceful_shutdown();
                        }
                        Some(told) if told.elapsed() > GRACE => return Some("old"),
                        Some(_) => {}
                    }
                }
            }
        }
    }

    /// What whoever is at the other end has had.
    fn account(&self, shown: Option<&Shown>) -> Arc<Account> {
        let identity = shown.and_then(|Shown(certificate)| certificate.identity());
        match identity {
            Some(identity) => self.accounts.of(identity),
            None if self.identities.is_some() => self.accounts.of_stranger(),
            None => self.accounts.anonymous(),
        }
    }

    /// Ends what whoever is at the other end has open, if it is not to be believed any more; whether
    /// that is so.
    fn ends(&self, shown: Option<&Shown>, ends: &watch::Sender<Option<Status>>) -> bool {
        let (Some(identities), Some(Shown(certificate))) = (&self.identities, shown) else {
            return false;
        };
        let Err(refused) = identities.check(certificate) else {
            return false;
        };
        tracing::warn!(why = %refused, "a caller is let in no more");
        ends.send_replace(Some(Status::unauthenticated(refused.to_string())));
        true
    }

    /// How old a connection may become: up to a tenth more than configured, so that those that
    /// came together do not go together.
    fn age(&self) -> Duration {
        let age = self.limits.connection_age;
        age + age / 10 * u32::from(self.surroundings.draw()) / 0x1_0000
    }
}

/// Waits until something about identities has changed; for ever where there are none.
async fn changed(changes: &mut Option<watch::Receiver<u64>>) {
    let gone = match changes {
        Some(changes) => changes.changed().await.is_err(),
        None => true,
    };
    if gone {
        std::future::pending::<()>().await;
    }
}
