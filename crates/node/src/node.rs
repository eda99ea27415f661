//! Starting and stopping a node.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, RwLock};

use jiff::Timestamp;
use liandong_core::access::Relation;
use liandong_core::command::Command;
use liandong_core::refusal::Refusal;
use liandong_core::region::Region;
use liandong_store::journal::JournalOptions;
use liandong_store::{
    Announcement, FileError, OpenError, Opened, Store, StoreOptions, announce, withdraw,
};
use metrics_exporter_prometheus::PrometheusHandle;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::commit::{self, CommitThreads};
use crate::config::{Config, ConfigError};
use crate::context::Context;
use crate::hosting::{self, CatalogueError};
use crate::link::{Links, dial};
use crate::reader::Reader;
use crate::server::{self, ServeError};
use crate::telemetry::{self, TelemetryError};
use crate::trace::Traces;
use crate::{checkpoint, signals};

/// Why a node does not start, or stopped by itself.
#[derive(Debug, Error)]
pub enum NodeError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Logs, spans or metrics cannot be set up.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// The catalogue or the tree cannot be used.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The data directory cannot be opened.
    #[error("data directory: {0}")]
    Store(#[from] OpenError),
    /// The address cannot be announced in the data directory.
    #[error("data directory: {0}")]
    Announce(#[from] FileError),
    /// The regions cannot be hosted as configured.
    #[error("hosting: {0}")]
    Hosting(Refusal),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The port could not be served.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Signals cannot be waited for.
    #[error("cannot wait for signals: {0}")]
    Signals(#[source] std::io::Error),
}

/// A running node.
#[derive(Debug)]
pub struct Node {
    address: SocketAddr,
    context: Arc<Context>,
    stop: watch::Sender<bool>,
    server: JoinHandle<Result<(), ServeError>>,
    workers: JoinSet<()>,
    threads: CommitThreads,
    announcement: Announcement,
}

/// Runs a node from its configuration file until it is told to stop: by SIGTERM or SIGINT, or with
/// `stop_with_stdin` also by the end of standard input.
///
/// # Errors
/// See [`NodeError`].
pub async fn run(path: &Path, stop_with_stdin: bool) -> Result<(), NodeError> {
    let config = Config::load(path)?;
    let telemetry = telemetry::install(&config)?;
    let node = Node::start(config, telemetry.metrics.clone()).await?;
    signals::stopping(stop_with_stdin)
        .await
        .map_err(NodeError::Signals)?;
    tracing::info!("stopping");
    let stopped = node.stop().await;
    telemetry.shutdown();
    stopped
}

impl Node {
    /// Opens the store, starts the commit loop, the links and the port.
    ///
    /// # Errors
    /// See [`NodeError`]; nothing is left running then.
    pub async fn start(config: Config, metrics: PrometheusHandle) -> Result<Self, NodeError> {
        let started_at = Timestamp::now();
        let (catalogue, regions) = hosting::load(&config)?;
        let catalogue = Arc::new(catalogue);
        let opened = open(&config)?;
        withdraw(&config.data)?;
        let listener = listen(&config).await?;
        let address = listener.local_addr().map_err(|source| NodeError::Listen {
            address: config.listen,
            source,
        })?;
        let traces = Arc::new(Traces::default());
        let state = Arc::new(RwLock::new(opened.state));
        let checkpointed = opened.checkpoint.unwrap_or(0);
        let restored = opened.restored;
        let incarnation = u128::from_be_bytes(opened.store.incarnation.0);
        let (committer, durable, threads) = commit::start(commit::Parts {
            journal: opened.store.journal,
            state: Arc::clone(&state),
            catalogue: Arc::clone(&catalogue),
            here: config.region,
            grace_days: config.grace_days,
            traces: Arc::clone(&traces),
            queue: config.limits.queue,
        });
        let reader = Reader::new(Arc::clone(&state), durable);
        let (stop, stopping) = watch::channel(false);
        let context = Arc::new(Context {
            config,
            catalogue,
            committer,
            reader: reader.clone(),
            history: opened.store.history,
            incarnation,
            links: Links::default(),
            traces,
            started_at,
        });
        if restored {
            tracing::warn!("the data is a restored backup: peers are told again");
            let again = context.committer.submit(Command::Restore, String::new());
            again.await.map_err(NodeError::Hosting)?;
        }
        host(&context, regions).await.map_err(NodeError::Hosting)?;
        let mut workers = JoinSet::new();
        workers.spawn(checkpoint::run(
            state,
            reader,
            opened.store.checkpointer,
            context.config.checkpoint_frames,
            checkpointed,
            stopping.clone(),
        ));
        start_links(&context, &mut workers, &stopping);
        let announcement = announce(&context.config.data, address)?;
        let serving = server::serve(Arc::clone(&context), listener, metrics, stopping);
        let server = tokio::spawn(serving);
        let took_ms = Timestamp::now().as_millisecond() - started_at.as_millisecond();
        tracing::info!(region = %context.config.region, %address, took_ms, "ready");
        Ok(Self {
            address,
            context,
            stop,
            server,
            workers,
            threads,
            announcement,
        })
    }

    /// The address the node listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops taking requests, lets open ones finish, answers what waits, saves a checkpoint.
    ///
    /// # Errors
    /// [`NodeError::Serve`] when the port had failed.
    pub async fn stop(mut self) -> Result<(), NodeError> {
        self.stop.send_replace(true);
        drop(self.announcement);
        // Streams that do not end by themselves are cut off with the runtime.
        let grace = std::time::Duration::from_secs(5);
        let served = match tokio::time::timeout(grace, &mut self.server).await {
            Ok(Ok(served)) => served,
            Ok(Err(_)) | Err(_) => {
                self.server.abort();
                Ok(())
            }
        };
        while self.workers.join_next().await.is_some() {}
        self.context.committer.stop().await;
        let threads = self.threads;
        // The threads have been told to end; joining them is quick.
        let joined = tokio::task::spawn_blocking(move || threads.join()).await;
        if let Err(error) = joined {
            tracing::error!(%error, "the commit loop did not end well");
        }
        Ok(served?)
    }
}

fn open(config: &Config) -> Result<Opened, NodeError> {
    let options = StoreOptions {
        journal: JournalOptions {
            segment_bytes: config.segment_bytes,
            free_floor: config.free_floor,
            ..JournalOptions::default()
        },
    };
    // Random bits, and the time in front of them: a name that no other life of any node has.
    let seed = uuid::Uuid::now_v7().into_bytes();
    let mut folded = 0u64;
    let opened = Store::open(&config.data, options, seed, &mut |frame| {
        folded += 1;
        if folded.is_multiple_of(10_000) {
            tracing::info!(frame, "reading the journal");
        }
    })?;
    if let Some(loss) = &opened.loss {
        tracing::warn!(%loss, "the checkpoint was not usable; the journal was read instead");
    }
    tracing::info!(
        frames = opened.recovery.last,
        checkpoint = opened.checkpoint.unwrap_or(0),
        folded,
        "journal verified",
    );
    Ok(opened)
}

async fn listen(config: &Config) -> Result<TcpListener, NodeError> {
    let address = config.listen;
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| NodeError::Listen { address, source })
}

/// Hosts what the configuration names; regions that moved out since stay out, with what stands
/// below them.
async fn host(context: &Context, regions: Vec<Region>) -> Result<(), Refusal> {
    let tree = &context.catalogue.regions;
    let regions = context
        .reader
        .read(|state| {
            let mut staying = regions;
            staying.retain(|region| {
                let mut line = std::iter::once(region.code).chain(tree.ancestors(region.code));
                !line.any(|code| state.has_moved_out(code))
            });
            staying
        })
        .await?;
    let command = Command::Host {
        regions,
        configured: true,
    };
    context.committer.submit(command, String::new()).await?;
    Ok(())
}

fn start_links(
    context: &Arc<Context>,
    workers: &mut JoinSet<()>,
    stopping: &watch::Receiver<bool>,
) {
    let parent = context
        .config
        .parent
        .iter()
        .map(|peer| (peer, Relation::Parent));
    let partners = context
        .config
        .partners
        .iter()
        .map(|peer| (peer, Relation::Partner));
    for (peer, relation) in parent.chain(partners) {
        match &peer.address {
            Some(address) => {
                let dialling = dial(
                    Arc::clone(context),
                    peer.region,
                    relation,
                    address.clone(),
                    stopping.clone(),
                );
                workers.spawn(dialling);
            }
            None => context.links.expect(peer.region, relation, ""),
        }
    }
}
