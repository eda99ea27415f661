//! Proving a node's figures: the journal read again, the state folded again, every cell counted
//! again, and compared with what the peers hold.
//!
//! The state is copied first, so that the commit loop waits for the copy and not for the count.

mod evidence;
mod peers;

use std::path::Path;

use liandong_core::language::Language;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::state::State;
use liandong_store::history::History;
use liandong_store::journal::{JournalError, JournalReader};
use liandong_store::{Incarnation, record};
use liandong_wire::admin::v1::{Mismatch, VerifiedPart, VerifyNodeResponse, VerifyResult};
use liandong_wire::admin::{Verification, VerifyPart, v1};
use tokio::sync::Semaphore;

use super::super::call::{MAX_LISTED, blocking};
use crate::context::Context;
use crate::spoken;

/// Verifies the parts that were asked for.
pub(super) async fn verify(
    context: &Context,
    verifying: &Semaphore,
    language: Language,
    asked: Verification,
) -> Result<VerifyNodeResponse, Refusal> {
    let _one_at_a_time = verifying.try_acquire().map_err(|_| {
        let (zh, en) = (
            "正在核对，请稍后重试",
            "a verification is running: try again later",
        );
        Refusal::advise(Reason::Overloaded, "", "", zh, en)
    })?;
    let mut answer = VerifyNodeResponse::default();
    for part in asked.parts {
        match part {
            VerifyPart::Journal => journal(context, language, &mut answer).await?,
            VerifyPart::Mirror => mirror(context, language, &mut answer).await?,
            VerifyPart::State => state(context, language, &mut answer).await?,
            VerifyPart::Cells => cells(context, language, &mut answer).await?,
            VerifyPart::Evidence => evidence::verify(context, language, &mut answer).await?,
            VerifyPart::Peers => peers::compare(context, language, &mut answer).await,
        }
    }
    Ok(answer)
}

/// One part, as it is answered.
pub(super) fn part(
    part: VerifyPart,
    checked: u64,
    result: VerifyResult,
    first: impl Into<String>,
) -> VerifiedPart {
    VerifiedPart {
        part: v1::VerifyPart::from(part).into(),
        checked,
        result: result.into(),
        first: first.into(),
        ..VerifiedPart::default()
    }
}

async fn journal(
    context: &Context,
    language: Language,
    answer: &mut VerifyNodeResponse,
) -> Result<(), Refusal> {
    let reader = context.history.journal().clone();
    let (frames, damage) = blocking(context, move || {
        let mut frames = 0;
        Ok(match reader.verify(&mut |last| frames = last) {
            Ok(verified) => (verified.frames, None),
            Err(error) => {
                tracing::error!(%error, "the journal is damaged");
                (frames, Some(error))
            }
        })
    })
    .await?;
    answer.journal_frames_checked = frames;
    answer.parts.push(match damage {
        None => part(VerifyPart::Journal, frames, VerifyResult::Fits, ""),
        Some(error) => VerifiedPart {
            differing: 1,
            ..part(
                VerifyPart::Journal,
                frames,
                VerifyResult::Differs,
                spoken::journal(&error, language),
            )
        },
    });
    Ok(())
}

/// Compares the second copy of the journal with the first. A node without one has nothing to
/// compare, which is no fault.
async fn mirror(
    context: &Context,
    language: Language,
    answer: &mut VerifyNodeResponse,
) -> Result<(), Refusal> {
    let Some(dir) = context.config.mirror.clone() else {
        return Ok(());
    };
    let reader = context.history.journal().clone();
    let (frames, damage) = blocking(context, move || {
        let mut frames = 0;
        let checked = compare_copy(&reader, &dir, &mut |last| frames = last);
        Ok((frames, checked.err()))
    })
    .await?;
    answer.parts.push(match damage {
        None => part(VerifyPart::Mirror, frames, VerifyResult::Fits, ""),
        Some(error) => {
            tracing::error!(%error, "the mirror of the journal is damaged");
            VerifiedPart {
                differing: 1,
                ..part(
                    VerifyPart::Mirror,
                    frames,
                    VerifyResult::Differs,
                    spoken::journal(&error, language),
                )
            }
        }
    });
    Ok(())
}

/// Checks every frame of the second copy; the hash of the last then says that both are the same.
fn compare_copy(
    reader: &JournalReader,
    mirror: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<(), JournalError> {
    let last = reader.last();
    let copy = JournalReader::beside(mirror, last)?;
    copy.verify(progress)?;
    if last > 0 && copy.hash_of(last)? != reader.hash_of(last)? {
        return Err(JournalError::Diverged {
            segment: 0,
            offset: 0,
            sequence: last,
        });
    }
    Ok(())
}

/// Folds the journal again from its first frame to where the state stood.
async fn state(
    context: &Context,
    language: Language,
    answer: &mut VerifyNodeResponse,
) -> Result<(), Refusal> {
    let kept = context.reader.read(Kept::of).await?;
    let history = context.history.clone();
    let frame = kept.frame;
    let found = blocking(context, move || Ok(refold(&history, &kept, language))).await?;
    answer.parts.push(match found {
        None => part(VerifyPart::State, frame, VerifyResult::Fits, ""),
        Some(first) => {
            tracing::error!(%first, "the state is not what the journal folds to");
            VerifiedPart {
                differing: 1,
                ..part(VerifyPart::State, frame, VerifyResult::Differs, first)
            }
        }
    });
    Ok(())
}

/// What is remembered of the state while the journal is folded again.
struct Kept {
    frame: u64,
    counts: [u64; 4],
    snapshot: liandong_core::state::Snapshot,
}

impl Kept {
    fn of(state: &State) -> Self {
        Self {
            frame: state.frame(),
            counts: counts(state),
            snapshot: state.snapshot(),
        }
    }
}

fn counts(state: &State) -> [u64; 4] {
    let sizes = state.sizes();
    [
        sizes.documents as u64,
        sizes.cells as u64,
        sizes.reports as u64,
        state.last_change(),
    ]
}

/// What the fold finds different, if anything.
fn refold(history: &History, kept: &Kept, language: Language) -> Option<String> {
    let mut folded = State::default();
    for batch in history.iter_from(1) {
        let (frame, events) = match batch {
            Ok(batch) => batch,
            Err(error) => return Some(spoken::history(&error, language)),
        };
        if frame > kept.frame {
            break;
        }
        for event in events {
            folded.apply(&event, frame);
        }
    }
    let names = language.pick(
        ["文书", "汇总格", "填报", "变更号"],
        ["documents", "cells", "reports", "change number"],
    );
    let found = counts(&folded);
    for ((name, kept), found) in names.into_iter().zip(kept.counts).zip(found) {
        if kept != found {
            return Some(language.pick(
                format!("{name}：节点有 {kept}，日志得出 {found}"),
                format!("{name}: the node has {kept}, the journal gives {found}"),
            ));
        }
    }
    // Not of any incarnation: only the two are compared.
    let nobody = Incarnation([0; 16]);
    let kept_bytes = record::encode_state(nobody, &kept.snapshot);
    let found_bytes = record::encode_state(nobody, &folded.snapshot());
    match (kept_bytes, found_bytes) {
        (Ok(kept), Ok(found)) if kept == found => None,
        (Ok(_), Ok(_)) => Some(
            language
                .pick(
                    "数目相同而内容不同：请停止节点，删除 sled 目录后重启",
                    "the counts agree and the contents do not: stop the node, remove its `sled` folder, start it",
                )
                .to_owned(),
        ),
        (Err(error), _) | (_, Err(error)) => Some(error.to_string()),
    }
}

async fn cells(
    context: &Context,
    language: Language,
    answer: &mut VerifyNodeResponse,
) -> Result<(), Refusal> {
    let state = context.reader.read(Clone::clone).await?;
    let (checked, mismatches) = blocking(context, move || Ok(state.recount())).await?;
    let differing = mismatches.len() as u64;
    if differing > 0 {
        tracing::error!(differing, "the recount differs from what is kept");
    }
    answer.cells_checked = checked as u64;
    answer.mismatches = mismatches
        .iter()
        .take(MAX_LISTED)
        .map(Mismatch::from)
        .collect();
    let result = match differing {
        0 => VerifyResult::Fits,
        _ => VerifyResult::Differs,
    };
    let first = answer.mismatches.first();
    let first = first.map_or_else(String::new, |first| first_mismatch(first, language));
    answer.parts.push(VerifiedPart {
        differing,
        ..part(VerifyPart::Cells, checked as u64, result, first)
    });
    Ok(())
}

fn first_mismatch(mismatch: &Mismatch, language: Language) -> String {
    let Mismatch {
        region,
        indicator,
        period,
        kept,
        recounted,
    } = mismatch;
    let kept = kept.unwrap_or_default().numerator;
    let recounted = recounted.unwrap_or_default().numerator;
    language.pick(
        format!("{region} {indicator} {period}：汇总 {kept}，清点 {recounted}"),
        format!("{region} {indicator} {period}: kept {kept}, recounted {recounted}"),
    )
}
