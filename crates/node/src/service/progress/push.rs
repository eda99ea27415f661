//! Taking one batch of reports: rows that cannot be read are refused one by one, the others go to
//! the commit loop.

use std::collections::{BTreeMap, BTreeSet};

use liandong_core::access::Right;
use liandong_core::command::{Answer, Command, Push};
use liandong_core::decide::{Setting, decide};
use liandong_core::privacy::{check_free_text, check_given_id};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::report::{Fingerprints, MAX_ID_LEN, Outcome};
use liandong_core::step::MAX_AUTHOR_CHARS;
use liandong_wire::progress::{ReadBatch, UnreadBatch};

use super::super::call::{Caller, unexpected};
use crate::context::Context;

/// What becomes of a caller when the commit loop has its hands full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// It is refused and may try again.
    Refuse,
    /// It waits: a stream is slowed down.
    Wait,
}

/// Reads a batch and checks what is said of the batch as a whole.
///
/// A batch without an id is taken only when every row has its own: a row is known again by its own
/// id, or by its number in a batch that is known again. The node names such a batch itself.
pub(super) fn read(context: &Context, batch: Option<UnreadBatch>) -> Result<ReadBatch, Refusal> {
    let missing = || Refusal::new(Reason::Missing, "batch", "", Accepted::Nothing);
    let mut read = ReadBatch::try_from(batch.ok_or_else(missing)?).map_err(in_batch)?;
    let push = &mut read.push;
    check_given_id("batch.id", &push.id, MAX_ID_LEN)?;
    check_free_text("batch.by", &push.by, MAX_AUTHOR_CHARS)?;
    if push.id.is_empty() {
        if push.rows.iter().any(|(_, report)| report.id.is_empty()) {
            return Err(Refusal::advise(
                Reason::Missing,
                "batch.id",
                "",
                "请为整批或每一行填写编号，重发时才能识别",
                "give the batch or every row an id, so that sending it again changes nothing",
            ));
        }
        push.id = context.surroundings.id().to_string();
    }
    Ok(read)
}

/// Refuses the rows of a batch whose sources are none that the caller reports for, each source asked
/// about once, and one that was granted before not at all.
///
/// # Errors
/// The refusal of a whole batch in which there is no row that the caller could report.
pub(super) fn check_rights(
    context: &Context,
    caller: &Caller,
    batch: &mut ReadBatch,
) -> Result<(), Refusal> {
    let grantee = context.asking(caller).grantee();
    if grantee.is_some_and(|grantee| context.granted.covers(grantee, &batch.sources)) {
        return Ok(());
    }
    let denied = context.ask_rights(caller, |sight| {
        let mut denied: BTreeMap<RegionCode, Refusal> = BTreeMap::new();
        let mut granted: BTreeSet<RegionCode> = BTreeSet::new();
        for source in batch.sources.iter().copied() {
            if denied.contains_key(&source) {
                continue;
            }
            match sight.require(Right::Report, source) {
                Ok(()) => {
                    granted.insert(source);
                }
                Err(refusal) => {
                    denied.insert(source, refusal);
                }
            }
        }
        if granted.is_empty() {
            if let Some((_, refusal)) = denied.pop_first() {
                return Err(refusal);
            }
            sight.require_somewhere(Right::Report)?;
        }
        if let Some(grantee) = grantee {
            granted.retain(|source| sight.stands_by_tree(*source));
            let tree = sight.state().tree().changes();
            context.granted.remember(grantee, tree, granted);
        }
        Ok(denied)
    })?;
    if denied.is_empty() {
        return Ok(());
    }
    let refused = &mut batch.refused;
    batch.push.rows.retain(|(row, report)| {
        let Some(refusal) = denied.get(&report.source) else {
            return true;
        };
        let field = "source".to_owned();
        refused.push((
            *row,
            Refusal {
                field,
                ..refusal.clone()
            },
        ));
        false
    });
    refused.sort_by_key(|(row, _)| *row);
    Ok(())
}

fn in_batch(refusal: Refusal) -> Refusal {
    let field = format!("batch.{}", refusal.field);
    Refusal { field, ..refusal }
}

/// Has a batch decided; what is returned is durable. Outcomes come in no particular order.
pub(super) async fn take(
    context: &Context,
    caller: &Caller,
    batch: ReadBatch,
    pace: Pace,
) -> Result<Vec<(u32, Outcome)>, Refusal> {
    let nothing_goes = batch.push.all_or_nothing && !batch.refused.is_empty();
    let outcomes = if nothing_goes {
        let judged = judge(context, &batch.push).await?;
        let (_, mut outcomes) = batch.split();
        name_reasons(&mut outcomes, judged);
        outcomes
    } else {
        match batch.split() {
            (None, outcomes) => outcomes,
            (Some(push), refused) => {
                let mut outcomes = commit(context, caller, push, pace).await?;
                outcomes.extend(refused);
                outcomes
            }
        }
    };
    note(&outcomes);
    Ok(outcomes)
}

async fn commit(
    context: &Context,
    caller: &Caller,
    mut push: Push,
    pace: Pace,
) -> Result<Vec<(u32, Outcome)>, Refusal> {
    if push.rows.is_empty() {
        return Ok(Vec::new());
    }
    push.fingerprints = Fingerprints::of(&push.id, &push.rows);
    let command = Command::PushReports(push);
    let committer = &context.committer;
    let answer = match pace {
        Pace::Refuse => committer.submit(command, caller.origin()).await?,
        Pace::Wait => committer.submit_waiting(command, caller.origin()).await?,
    };
    match answer {
        Answer::Reports(outcomes) => Ok(outcomes),
        other => Err(unexpected(&other)),
    }
}

/// What the rules say of rows that will not be taken anyway, so that a clerk sees every fault of a
/// file at once.
async fn judge(context: &Context, push: &Push) -> Result<Vec<(u32, Outcome)>, Refusal> {
    let moment = context.moment();
    let command = Command::PushReports(push.clone());
    let decided = context.reader.read(|state| {
        let setting = Setting {
            now: moment.now,
            today: moment.today,
            catalogue: &context.catalogue,
            grace_days: context.config.grace_days,
            here: context.config.region,
            frame: state.frame() + 1,
        };
        decide(state, command, &setting)
    });
    match decided.await??.answer {
        Answer::Reports(outcomes) => Ok(outcomes),
        other => Err(unexpected(&other)),
    }
}

/// Puts the rules' own refusals in the place of "refused because of other rows".
fn name_reasons(outcomes: &mut [(u32, Outcome)], judged: Vec<(u32, Outcome)>) {
    let mut reasons = std::collections::BTreeMap::new();
    for (row, outcome) in judged {
        if matches!(&outcome, Outcome::Refused(refusal) if refusal.reason != Reason::BatchRefused) {
            reasons.insert(row, outcome);
        }
    }
    for (row, outcome) in outcomes {
        if let Some(reason) = reasons.remove(row) {
            *outcome = reason;
        }
    }
}

fn note(outcomes: &[(u32, Outcome)]) {
    let mut counts = [0u64; 5];
    for (_, outcome) in outcomes {
        let place = match outcome {
            Outcome::Accepted { .. } => 0,
            Outcome::Superseded { .. } => 1,
            Outcome::Duplicate { .. } => 2,
            Outcome::Stale { .. } => 3,
            Outcome::Refused(_) => 4,
        };
        counts[place] += 1;
    }
    let words = ["accepted", "superseded", "duplicate", "stale", "refused"];
    for (word, count) in words.into_iter().zip(counts) {
        if count > 0 {
            metrics::counter!("liandong_reports_total", "outcome" => word).increment(count);
        }
    }
}
