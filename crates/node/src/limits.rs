//! What identities may have, as the configuration file says it now.
//!
//! The tables of identities in `[limits]` are taken up within seconds when the file changes, without
//! a restart, like certificates are. A file that cannot be used leaves what held, and the log says
//! why. Everything else in the file holds from the next start on.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::config::{Config, ConfigError, Quotas};

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// When a file was last written, and its size; `None` while there is none.
type Stamp = Option<(SystemTime, u64)>;

/// The file and what was last read of it.
#[derive(Debug)]
pub(crate) struct LimitsFile {
    path: PathBuf,
    stamp: Stamp,
}

impl LimitsFile {
    /// The file that a node was just started with.
    pub(crate) fn at(path: PathBuf) -> Self {
        // What was read may be older than this; the first look reads it again.
        Self { path, stamp: None }
    }

    /// Takes up what changes until the node stops.
    pub(crate) async fn keep_up(
        mut self,
        quotas: watch::Sender<Quotas>,
        mut stopping: watch::Receiver<bool>,
    ) {
        loop {
            self.take_up(&quotas);
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
    }

    fn take_up(&mut self, quotas: &watch::Sender<Quotas>) {
        // Before the file is read: whatever changes meanwhile is read again.
        let stamp = stamp(&self.path);
        if stamp == self.stamp {
            return;
        }
        self.stamp = stamp;
        match read(&self.path) {
            Ok(found) => {
                let changed = quotas.send_if_modified(|held| {
                    let differs = *held != found;
                    *held = found;
                    differs
                });
                if changed {
                    tracing::info!("the limits of identities were read again");
                }
            }
            Err(error) => {
                let why = error.to_string();
                tracing::error!(why, "new limits cannot be used; the old ones stay");
            }
        }
    }
}

fn read(path: &Path) -> Result<Quotas, ConfigError> {
    Ok(Config::load(path)?.limits.quotas)
}

fn stamp(path: &Path) -> Stamp {
    let found = std::fs::metadata(path).ok()?;
    let written = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    Some((written, found.len()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use liandong_core::identity::Role;
    use tokio::sync::watch;

    use super::LimitsFile;
    use crate::config::Config;

    const NODE: &str = "region = '371524'\ndata = 'd'\nlisten = '127.0.0.1:0'\n";

    #[test]
    fn the_file_is_taken_up_when_it_changes_and_can_be_used() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("node.toml");
        let write = |tables: &str| fs::write(&path, format!("{NODE}{tables}")).unwrap();
        write("[limits.identity]\nstreams = 7\n");
        let config = Config::load(&path).unwrap();
        assert_eq!(config.file.as_deref(), Some(path.as_path()));
        let quotas = watch::Sender::new(config.limits.quotas);
        let streams = || quotas.borrow().of(Some(Role::Viewer)).streams;
        let mut file = LimitsFile::at(path.clone());
        let mut told = quotas.subscribe();
        file.take_up(&quotas);
        assert_eq!(streams(), 7);
        assert!(!told.has_changed().unwrap(), "nothing is new");
        write("[limits.identity]\nstreams = 11\n");
        file.take_up(&quotas);
        assert_eq!(streams(), 11);
        told.mark_unchanged();
        // No number, no key, no file: what held holds on.
        write("[limits.identity]\nstreams = 'many'\n");
        file.take_up(&quotas);
        write("[limits.identity]\nstreams = 0\nstream = 100\n");
        file.take_up(&quotas);
        fs::remove_file(&path).unwrap();
        file.take_up(&quotas);
        assert_eq!(streams(), 11);
        assert!(!told.has_changed().unwrap());
        write("[limits.viewer]\nstreams = 100\n");
        file.take_up(&quotas);
        assert_eq!(streams(), 100);
    }
}
