//! The node's own certificate and whom it trusts, as its folder has them now.
//!
//! Files that are put into the folder are taken up within seconds, without a restart; files that
//! cannot be used leave what was in use, and say so. Whoever has a connection whose certificate is
//! trusted no more, because it was revoked or has run out, loses it.

mod attesting;
mod keeping;
mod spoken;
mod standing;

pub(crate) use attesting::TrustedNow;
pub(crate) use keeping::keep_up;

use standing::Warned;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
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
        let loaded = read(&folder, region, &clock, &Trust::default())?;
        loaded.check(&clock)?;
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

    /// The region whose node this is.
    pub(crate) fn region(&self) -> RegionCode {
        self.region
    }

    /// The node's own certificate.
    pub(crate) fn certificate(&self) -> Certificate {
        self.now().own.chain.leaf.clone()
    }

    /// Looks at the folder every few seconds until the node stops, and warns of what ends soon.
    pub(crate) async fn watch(self: Arc<Self>, mut stopping: watch::Receiver<bool>) {
        let mut trouble = String::new();
        let mut warned: Option<Warned> = None;
        loop {
            self.take_up(&mut trouble);
            self.warn(&mut warned);
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
        let before = Arc::clone(&self.now().trust);
        let read = read(&self.folder, self.region, &self.clock, &before).and_then(|loaded| {
            match loaded.check(&self.clock) {
                // What happens to every certificate some day must not keep back newer lists.
                Ok(()) | Err(Refused::Revoked { .. } | Refused::Expired { .. }) => Ok(loaded),
                Err(refused) => Err(refused.into()),
            }
        });
        match read {
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
}

fn read(
    folder: &Folder,
    region: RegionCode,
    clock: &Arc<NodeTime>,
    before: &Trust,
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
    let trust = Arc::new(folder.trust()?.following(before));
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
