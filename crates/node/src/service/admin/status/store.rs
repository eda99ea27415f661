//! The journal, its mirror, the checkpoints and the space they have.

use std::sync::atomic::Ordering;

use liandong_core::refusal::Refusal;
use liandong_store::journal::JournalError;
use liandong_wire::admin::v1::{MirrorState, StoreStatus};

use super::super::super::call::{blocking, internal};
use crate::context::Context;

/// How the files of the node are.
pub(super) async fn status(context: &Context) -> Result<StoreStatus, Refusal> {
    let reader = context.history.journal().clone();
    let measured = blocking(context, move || {
        let measure = || Ok((reader.on_disk()?, reader.space()?));
        measure().map_err(|error: JournalError| {
            tracing::error!(%error, "cannot measure the journal");
            internal("journal")
        })
    });
    let (on_disk, space) = measured.await?;
    let floor_bytes = context.config.free_floor;
    let mirror = &context.config.mirror;
    // A mirror that fails stops the node, so one that answers keeps both copies.
    let mirror_state = match mirror {
        Some(_) => MirrorState::Kept,
        None => MirrorState::None,
    };
    let mirror = mirror.as_ref().map(|path| path.display().to_string());
    Ok(StoreStatus {
        segments: on_disk.segments,
        sealed_segments: on_disk.sealed,
        journal_bytes: on_disk.bytes,
        mirror: mirror.unwrap_or_default(),
        mirror_state: mirror_state.into(),
        mirror_trouble: String::new(),
        checkpoint_frame: context.checkpointed.load(Ordering::Relaxed),
        free_bytes: space.free,
        floor_bytes,
        intake_open: space.free >= floor_bytes.saturating_add(space.ahead),
        intake_trouble: String::new(),
    })
}
