//! Starting and stopping a node.

mod beginning;
mod error;
mod opening;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use liandong_core::command::Command;
use liandong_store::journal::Unsynced;
use liandong_store::{Announcement, announce, withdraw};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::checkpoint::Keeper;
use crate::commit::{self, CommitLoop, Failure, Origin};
use crate::config::Config;
use crate::context::Context;
use crate::evidence::keep_sealed;
use crate::granted::Granted;
use crate::hosting;
use crate::identity::{Identities, IdentityError, keep_up};
use crate::limits::LimitsFile;
use crate::link::{self, Links};
use crate::long_answers::LongAnswers;
use crate::plain;
use crate::reader::Reader;
use crate::server::{self, ServeError};
use crate::signals;
use crate::signing::OwnKey;
use crate::surroundings::{Incoming, Surroundings};
use crate::telemetry;
use crate::trace::Traces;
use crate::workers::Workers;

pub use error::NodeError;

use beginning::{host, make_key, start_links, tell_of_pairings};
use opening::open;

/// A running node.
#[derive(Debug)]
pub struct Node {
    address: SocketAddr,
    context: Arc<Context>,
    stop: watch::Sender<bool>,
    server: JoinHandle<Result<(), ServeError>>,
    workers: JoinSet<()>,
    commit_loop: CommitLoop,
    failure: Failure,
    unsynced: Unsynced,
    announcement: Announcement,
}

/// What whoever starts a node says besides its configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serving {
    /// Whether it stops at the end of standard input, too.
    pub stop_with_stdin: bool,
    /// Whether it speaks in plain text, with its own machine alone.
    pub insecure_loopback: bool,
}

/// Runs a node from its configuration file until it is told to stop: by SIGTERM or SIGINT, or by
/// what [`Serving`] names.
///
/// # Errors
/// See [`NodeError`].
pub async fn run(path: &Path, serving: Serving) -> Result<(), NodeError> {
    let mut config = Config::load(path)?;
    config.insecure_loopback = serving.insecure_loopback;
    plain::check(&config)?;
    let telemetry = telemetry::install(&config)?;
    let node = Node::start(config, telemetry.metrics.clone()).await?;
    signals::stopping(serving.stop_with_stdin)
        .await
        .map_err(NodeError::Signals)?;
    tracing::info!("stopping");
    let stopped = node.stop().await;
    telemetry.shutdown();
    stopped
}

impl Node {
    /// Opens the store, starts the commit loop, the links and the port, on this machine.
    ///
    /// # Errors
    /// See [`NodeError`]; nothing is left running then.
    pub async fn start(config: Config, metrics: PrometheusHandle) -> Result<Self, NodeError> {
        Self::start_in(config, metrics, Surroundings::system()).await
    }

    /// Like [`Node::start`], in other surroundings.
    ///
    /// # Errors
    /// See [`NodeError`]; nothing is left running then.
    pub async fn start_in(
        config: Config,
        metrics: PrometheusHandle,
        surroundings: Surroundings,
    ) -> Result<Self, NodeError> {
        let started_at = surroundings.clock.now();
        let began = Instant::now();
        if !surroundings.network.is_made_up() {
            plain::check(&config)?;
        }
        let (catalogue, regions) = hosting::load(&config, surroundings.threads)?;
        let catalogue = Arc::new(catalogue);
        let identities = identities(&config, &surroundings)?;
        let opened = open(&config, &surroundings)?;
        withdraw(&config.data)?;
        let (address, incoming) = listen(&config, &surroundings).await?;
        let traces = Arc::new(Traces::default());
        let granted = Arc::<Granted>::default();
        let state = Arc::new(RwLock::new(opened.state));
        let checkpointed = opened.checkpoint.unwrap_or(0);
        let restored = opened.restored;
        let incarnation = u128::from_be_bytes(opened.store.incarnation.0);
        let unsynced = opened.store.journal.unsynced();
        let (committer, durable, commit_loop, failure) = commit::start(commit::Parts {
            journal: opened.store.journal,
            state: Arc::clone(&state),
            catalogue: Arc::clone(&catalogue),
            here: config.region,
            grace_days: config.grace_days,
            traces: Arc::clone(&traces),
            granted: Arc::clone(&granted),
            queue: config.limits.queue,
            surroundings: surroundings.clone(),
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
            identities,
            own_key: OwnKey::default(),
            links: Links::new(Arc::clone(&surroundings.clock), surroundings.id().as_u128()),
            traces,
            granted,
            long_answers: LongAnswers::here(),
            checkpointed: Arc::new(AtomicU64::new(checkpointed)),
            workers: Workers::default(),
            started_at,
            surroundings,
        });
        if restored {
            tracing::warn!("the data is a restored backup: peers are told again");
        }
        // Asked at every start: a crash between the store's new identity and this leaves nothing
        // undone.
        let begin = Command::Begin {
            identity: incarnation,
            restored,
        };
        let begun = context.committer.submit(begin, Origin::of_node());
        begun.await.map_err(NodeError::Hosting)?;
        liandong_store::confirm_restored(&context.config.data)?;
        host(&context, regions).await.map_err(NodeError::Hosting)?;
        tell_of_pairings(&context)
            .await
            .map_err(NodeError::Hosting)?;
        let mut workers = JoinSet::new();
        let threads = context.surroundings.threads;
        let keeper = Keeper {
            state,
            reader,
            checkpointer: opened.store.checkpointer,
            sealer: context.config.seal.then_some(opened.store.sealer),
            every: context.config.checkpoint_frames,
            last: checkpointed,
            kept: Arc::clone(&context.checkpointed),
            worker: threads.worker("checkpoints").map_err(NodeError::Thread)?,
            workers: context.workers.clone(),
        };
        workers.spawn(keeper.run(stopping.clone()));
        workers.spawn(stop_on_failure(failure.clone(), stop.clone()));
        if let Some(identities) = &context.identities {
            workers.spawn(Arc::clone(identities).watch(stopping.clone()));
            let keeping = keep_up(
                Arc::clone(&context),
                Arc::clone(identities),
                stopping.clone(),
            );
            workers.spawn(keeping);
            workers.spawn(keep_sealed(Arc::clone(&context), stopping.clone()));
        }
        make_key(&context);
        link::retry_at_start(&context).await;
        start_links(&context, &mut workers, &stopping);
        let quotas = watch::Sender::new(context.config.limits.quotas);
        let holding = quotas.subscribe();
        if let Some(file) = &context.config.file {
            let file = LimitsFile::at(file.clone());
            workers.spawn(file.keep_up(quotas, stopping.clone()));
        }
        let serving = server::serve(Arc::clone(&context), incoming, metrics, holding, stopping);
        let server = tokio::spawn(serving);
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(region = %context.config.region, %address, took_ms, "ready");
        // Last, so that whoever waits for it finds a node that has said that it is ready.
        let announcement = announce(&context.config.data, address)?;
        Ok(Self {
            address,
            context,
            stop,
            server,
            workers,
            commit_loop,
            failure,
            unsynced,
            announcement,
        })
    }

    /// The address the node listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Tells which bytes of the journal no sync covers yet: what a power cut may take.
    pub fn unsynced(&self) -> Unsynced {
        self.unsynced.clone()
    }

    /// Waits until the node has to give up, because its journal cannot be written or made durable;
    /// says why. From then on the node only waits to be dropped; what it had not acknowledged may
    /// be lost. With [`Threads::System`] the process ends instead.
    ///
    /// [`Threads::System`]: crate::surroundings::Threads::System
    pub fn failed(&self) -> impl Future<Output = String> + Send + use<> {
        let mut failure = self.failure.clone();
        async move {
            loop {
                if let Some(why) = failure.borrow_and_update().clone() {
                    return why;
                }
                if failure.changed().await.is_err() {
                    // A loop that ended well cannot fail any more.
                    std::future::pending::<()>().await;
                }
            }
        }
    }

    /// Stops taking requests, lets open ones finish, answers what waits, saves a checkpoint.
    ///
    /// # Errors
    /// [`NodeError::Serve`] when the port had failed.
    pub async fn stop(mut self) -> Result<(), NodeError> {
        self.stop.send_replace(true);
        drop(self.announcement);
        // Streams that do not end by themselves are cut off with the runtime.
        let grace = Duration::from_secs(5);
        let served = match tokio::time::timeout(grace, &mut self.server).await {
            Ok(Ok(served)) => served,
            Ok(Err(_)) | Err(_) => {
                self.server.abort();
                Ok(())
            }
        };
        while self.workers.join_next().await.is_some() {}
        self.context.committer.stop().await;
        self.commit_loop.join().await;
        Ok(served?)
    }
}

fn identities(
    config: &Config,
    surroundings: &Surroundings,
) -> Result<Option<Arc<Identities>>, IdentityError> {
    let Some(folder) = &config.identity else {
        return Ok(None);
    };
    let clock = Arc::clone(&surroundings.clock);
    let loaded = Identities::load(folder, config.region, clock)?;
    Ok(Some(Arc::new(loaded)))
}

async fn listen(
    config: &Config,
    surroundings: &Surroundings,
) -> Result<(SocketAddr, Incoming), NodeError> {
    let address = config.listen;
    let listening = surroundings.network.listen(address).await;
    listening.map_err(|source| NodeError::Listen { address, source })
}

/// Stops the node when its commit loop gave up.
async fn stop_on_failure(mut failure: Failure, stop: watch::Sender<bool>) {
    let mut stopping = stop.subscribe();
    tokio::select! {
        failed = failure.wait_for(Option::is_some) => {
            if failed.is_ok() {
                stop.send_replace(true);
            }
        }
        _ = stopping.wait_for(|stop| *stop) => {}
    }
}
