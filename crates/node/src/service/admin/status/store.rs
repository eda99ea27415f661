//! The journal, its mirror, the checkpoints and the space they have.

use liandong_core::refusal::Refusal;
use liandong_store::journal::JournalError;
use liandong_wire::admin::v1::{MirrorState, StoreStatus};

use super::super::super::call::{blocking, internal};
use crate::context::Context;

/// How the files of the node are.
pub(super) async fn status(context: &Context) -> Result<StoreStatus, Refusal> {
    let reader = context.history.journal().clone();
    let measured = blocking(context, move || {
        let measure = || Ok((reader.bytes_on_disk()?, reader.free_space()?));
        let sealed = reader.sealed_segments().len() as u64;
        let (journal_bytes, free_bytes) = measure().map_err(|error: JournalError| {
            tracing::error!(%error, "cannot measure the journal");
            internal("journal")
        })?;
        Ok((sealed, journal_bytes, free_bytes))
    });
    let (complete, journal_bytes, free_bytes) = measured.await?;
    let floor_bytes = context.config.free_floor;
    let intake_open = free_bytes >= floor_bytes;
    Ok(StoreStatus {
        segments: complete + 1,
        sealed_segments: 0,
        journal_bytes,
        mirror: String::new(),
        mirror_state: MirrorState::None.into(),
        mirror_trouble: String::new(),
        checkpoint_frame: 0,
        free_bytes,
        floor_bytes,
        intake_open,
        intake_trouble: String::new(),
    })
}
