//! Proving a node's figures: every cell counted again, and every frame of the journal read again.

use liandong_core::refusal::{Reason, Refusal};
use liandong_store::journal::JournalError;
use liandong_wire::admin::v1::{Mismatch, VerifyNodeResponse};
use tokio::sync::Semaphore;

use super::super::call::{MAX_LISTED, blocking};
use crate::context::Context;

/// Recounts every cell of the hosted regions and, if asked to, checks the journal's chain.
///
/// The state is copied first, so that the commit loop waits for the copy and not for the count.
pub(super) async fn verify(
    context: &Context,
    verifying: &Semaphore,
    journal: bool,
) -> Result<VerifyNodeResponse, Refusal> {
    let _one_at_a_time = verifying.try_acquire().map_err(|_| {
        let (zh, en) = (
            "正在核对，请稍后重试",
            "a verification is running: try again later",
        );
        Refusal::advise(Reason::Overloaded, "", "", zh, en)
    })?;
    let state = context.reader.read(Clone::clone).await?;
    let reader = context.history.journal().clone();
    blocking(move || {
        let (cells_checked, mismatches) = state.recount();
        if !mismatches.is_empty() {
            tracing::error!(
                count = mismatches.len(),
                "the recount differs from what is kept"
            );
        }
        let mut journal_frames_checked = 0;
        if journal {
            let verified = reader
                .verify(&mut |_| {})
                .map_err(|error| damaged(&error))?;
            journal_frames_checked = verified.frames;
        }
        Ok(VerifyNodeResponse {
            cells_checked: cells_checked as u64,
            mismatches: mismatches
                .iter()
                .take(MAX_LISTED)
                .map(Mismatch::from)
                .collect(),
            journal_frames_checked,
        })
    })
    .await
}

fn damaged(error: &JournalError) -> Refusal {
    tracing::error!(%error, "the journal is damaged");
    Refusal::advise(
        Reason::Corrupt,
        "journal",
        error,
        "请停止写入，并用备份恢复",
        "stop writing and restore from a backup",
    )
}
