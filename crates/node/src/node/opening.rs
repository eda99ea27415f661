//! Opening a node's data, and telling how far a long start is and what was found.

use std::time::Duration;

use liandong_store::journal::JournalOptions;
use liandong_store::{OpenError, Opened, Store, StoreOptions};
use tokio::time::Instant;

use crate::config::Config;
use crate::surroundings::{Surroundings, Threads};

/// How often a long start says how far it is.
const TELL_EVERY: Duration = Duration::from_secs(1);

pub(super) fn open(config: &Config, surroundings: &Surroundings) -> Result<Opened, OpenError> {
    let journal = JournalOptions {
        segment_bytes: config.segment_bytes,
        free_floor: config.free_floor,
        mirror: config.mirror.clone(),
        ..JournalOptions::default()
    };
    let options = match surroundings.threads {
        Threads::System => StoreOptions {
            journal,
            ..StoreOptions::default()
        },
        Threads::Tasks { .. } => StoreOptions::single_threaded(journal),
    };
    // Random bits, and the time in front of them: a name that no other life of any node has.
    let seed = surroundings.id().into_bytes();
    let mut folded = 0u64;
    let mut told = Instant::now();
    let opened = Store::open(&config.data, options, seed, &mut |progress| {
        folded += 1;
        if told.elapsed() >= TELL_EVERY {
            told = Instant::now();
            let (frame, percent) = (progress.frame, progress.percent());
            tracing::info!(frame, percent, "reading the journal");
        }
    })?;
    if let Some(loss) = &opened.loss {
        tracing::warn!(%loss, "the checkpoint was not usable; the journal was read instead");
    }
    if let Some(mirrored) = &opened.recovery.mirrored {
        for repair in &mirrored.repairs {
            tracing::warn!(
                ?repair,
                "frames were taken from the other copy of the journal"
            );
        }
        let (copied, restored) = (mirrored.copied, mirrored.restored);
        if copied + restored > 0 {
            tracing::warn!(
                copied,
                restored,
                "segments were copied between journal and mirror"
            );
        }
    }
    tracing::info!(
        frames = opened.recovery.last,
        checkpoint = opened.checkpoint.unwrap_or(0),
        folded,
        "journal verified",
    );
    Ok(opened)
}
