//! The node's own certificate and whom it trusts, as its folder has them now.
//!
//! Files that are put into the folder are taken up within seconds, without a restart; files that
//! cannot be used leave what was in use, and say so. Whoever has a connection whose certificate is
//! trusted no more, because it was revoked or has run out, loses it.

mod attesting;
mod keeping;
mod spoken;

pub(crate) use keeping::keep_up;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use liandong_core::identity::{Identity, Role};
use liandong_core::region::RegionCode;
use liandong_identity::{
    Certificate, Folder, FolderError, Own, Refused, TlsError, Trust, Usage, client_config,
    server_config,
};
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ServerConfig};
use thiserror::Error;
use tokio::sync::{Notify, watch};

use crate::surroundings::Clock;

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// From when on an ending certificate is warned of.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How often that is said in the log.
const WARN_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Why there is no identity to use.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// There is no certificate.
    #[error(
        "{} has no certificate: `liandong cert issue` with an invitation of the authority, or \
         `liandong cert init` where there is none yet",
        path.display()
    )]
    None {
        /// The folder.
        path: PathBuf,
    },
    /// It is not this node's.
    #[error("the certificate in {} is {found}; the node needs one of region {meant}, role node", path.display())]
    NotTheNodes {
        /// The folder.
        path: PathBuf,
        /// Whose it is.
        found: String,
        /// Whose node this is.
        meant: RegionCode,
    },
    /// It is not trusted here itself.
    #[error("the node's own certificate: {0}")]
    NotTrusted(#[from] Refused),
    /// TLS could not be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// The node's identity, as it is now.
pub(crate) struct Identities {
    folder: Folder,
    region: RegionCode,
    clock: Arc<NodeTime>,
    loaded: RwLock<Arc<Loaded>>,
    changed: watch::Sender<u64>,
    asked_to_look: Notify,
}

/// What was in the folder when it was looked at.
struct Loaded {
    own: Own,
    trust: Arc<Trust>,
    server: Arc<ServerConfig>,
    stamps: Vec<(PathBuf, SystemTime, u64)>,
}

/// The node's clock, for TLS.
struct NodeTime(Arc<dyn Clock>);

impl fmt::Debug for NodeTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeTime")
    }
}

impl TimeProvider for NodeTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix(self.0.now()))
    }
}

fn unix(at: Timestamp) -> UnixTime {
    let seconds = u64::try_from(at.as_second()).unwrap_or(0);
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identities")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl Identities {
    /// Reads the folder.
    ///
    /// # Errors
    /// [`IdentityError`] when the node cannot show itself with what is there.
    pub(crate) fn load(
        folder: &Path,
        region: RegionCode,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, IdentityError> {
        let folder = Folder::at(folder);
        let clock = Arc::new(NodeTime(clock));
        let loaded = read(&folder, region, &clock)?;
        Ok(Self {
            folder,
            region,
            clock,
            loaded: RwLock::new(Arc::new(loaded)),
            changed: watch::Sender::new(0),
            asked_to_look: Notify::new(),
        })
    }

    fn now(&self) -> Arc<Loaded> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&loaded)
    }

    /// How connections are taken from now on.
    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.now().server)
    }

    /// Has it asked soon what was revoked: a line has come up.
    pub(crate) fn look(&self) {
        self.asked_to_look.notify_one();
    }

    /// How the node of that region is dialled, or any that is trusted.
    ///
    /// # Errors
    /// [`TlsError`].
    pub(crate) fn client(&self, meant: Option<RegionCode>) -> Result<Arc<ClientConfig>, TlsError> {
        let loaded = self.now();
        let own = Some((&loaded.own.chain, &loaded.own.key));
        let clock: Arc<dyn TimeProvider> = self.clock.clone();
        let trust = Arc::clone(&loaded.trust);
        Ok(Arc::new(client_config(own, trust, clock, meant)?))
    }

    /// Whether whoever shows this certificate is to be believed now.
    ///
    /// # Errors
    /// [`Refused`] says why not.
    pub(crate) fn check(&self, certificate: &Certificate) -> Result<(), Refused> {
        let (der, now) = (certificate.der(), unix(self.clock.0.now()));
        let trust = Arc::clone(&self.now().trust);
        trust.check(&der, &[], Usage::Client, now).map(|_| ())
    }

    /// Tells whenever something in the folder has changed.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The node's own certificate.
    pub(crate) fn certificate(&self) -> Certificate {
        self.now().own.chain.leaf.clone()
    }

    /// Looks at the folder every few seconds until the node stops, and warns of what ends soon.
    pub(crate) async fn watch(self: Arc<Self>, mut stopping: watch::Receiver<bool>) {
        let mut trouble = String::new();
        let mut warned: Option<Timestamp> = None;
        loop {
            self.take_up(&mut trouble);
            let now = self.clock.0.now();
            if warned.is_none_or(|before| now.duration_since(before) >= WARN_EVERY)
                && self.warn(now)
            {
                warned = Some(now);
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
    }

    fn take_up(&self, trouble: &mut String) {
        if stamps(&self.folder) == self.now().stamps {
            return;
        }
        match read(&self.folder, self.region, &self.clock) {
            Ok(loaded) => {
                trouble.clear();
                let own = &loaded.own.chain.leaf;
                let (serial, until) = (own.serial().to_string(), own.not_after());
                tracing::info!(serial, %until, "certificates were read again");
                let mut current = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
                *current = Arc::new(loaded);
                drop(current);
                self.changed.send_modify(|change| *change += 1);
            }
            Err(error) => {
                let why = error.to_string();
                if why != *trouble {
                    tracing::error!(why, "new certificates cannot be used; the old ones stay");
                    *trouble = why;
                }
            }
        }
    }

    /// Says in metrics and log how long the own certificate is valid; whether it ends soon.
    fn warn(&self, now: Timestamp) -> bool {
        let until = self.certificate().not_after();
        let left = until.duration_since(now);
        #[allow(
            clippy::cast_precision_loss,
            reason = "a gauge takes nothing else, and seconds of years are exact in it"
        )]
        metrics::gauge!("liandong_certificate_seconds_left").set(left.as_secs() as f64);
        if left > SOON {
            return false;
        }
        let days = left.as_hours() / 24;
        tracing::warn!(%until, days, "the node's certificate ends soon: `liandong cert renew`");
        true
    }
}

fn read(
    folder: &Folder,
    region: RegionCode,
    clock: &Arc<NodeTime>,
) -> Result<Loaded, IdentityError> {
    // Before the files are read: whatever changes meanwhile is read again.
    let stamps = stamps(folder);
    let path = || folder.path().to_path_buf();
    let own = folder
        .own()?
        .ok_or_else(|| IdentityError::None { path: path() })?;
    let leaf = &own.chain.leaf;
    let is_ours = |identity: &&Identity| identity.role == Role::Node && identity.region == region;
    if leaf.identity().filter(is_ours).is_none() {
        let found = leaf
            .identity()
            .map_or_else(|| "a root".to_owned(), ToString::to_string);
        return Err(IdentityError::NotTheNodes {
            path: path(),
            found,
            meant: region,
        });
    }
    let trust = Arc::new(folder.trust()?);
    let now = unix(clock.0.now());
    trust.check(&leaf.der(), &own.chain.ders()[1..], Usage::Server, now)?;
    let time: Arc<dyn TimeProvider> = clock.clone();
    let server = server_config(&own.chain, &own.key, Arc::clone(&trust), time, false)?;
    Ok(Loaded {
        own,
        trust,
        server: Arc::new(server),
        stamps,
    })
}

/// When each file of the folder was last written, and its size.
fn stamps(folder: &Folder) -> Vec<(PathBuf, SystemTime, u64)> {
    let mut stamps = Vec::new();
    let mut folders = vec![folder.path().to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            match std::fs::metadata(&path) {
                Ok(found) if found.is_dir() => folders.push(path),
                Ok(found) => {
                    let written = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    stamps.push((path, written, found.len()));
                }
                Err(_) => {}
            }
        }
    }
    stamps.sort();
    stamps
}
