//! Taking back what only a peer still holds.

use std::collections::BTreeSet;

use liandong_core::access::Right;
use liandong_core::command::{Answer, Command};
use liandong_core::compare::CellName;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::state::State;
use liandong_wire::rollup::Withdrawal;
use liandong_wire::rollup::v1::{self, WithdrawCellsResponse};

use super::super::call::{Caller, unexpected};
use crate::context::Context;
use crate::lost;

/// Takes cells back; answers when that is durable.
pub(super) async fn withdraw(
    context: &Context,
    caller: &Caller,
    asked: Withdrawal,
) -> Result<WithdrawCellsResponse, Refusal> {
    context.ask_rights(caller, |sight| {
        for cell in &asked.cells {
            sight.require(Right::Administer, cell.region)?;
        }
        if asked.lost || asked.cells.is_empty() {
            sight.require(Right::Administer, context.config.region)?;
        }
        Ok(())
    })?;
    let named = context.reader.read(|state| names(context, state, asked));
    let names = named.await??;
    let cells = names.iter().map(v1::CellName::from).collect();
    if !names.is_empty() {
        let command = Command::Withdraw {
            cells: names.into_iter().collect(),
        };
        match context.committer.submit(command, caller.origin()).await? {
            Answer::Done => {}
            other => return Err(unexpected(&other)),
        }
    }
    Ok(WithdrawCellsResponse { cells })
}

/// The cells that are meant. Of those that somebody named, and no peer is known to hold, the indicator
/// has to be known: a slip of the pen would be told to every level above for ever.
fn names(
    context: &Context,
    state: &State,
    asked: Withdrawal,
) -> Result<BTreeSet<CellName>, Refusal> {
    let Withdrawal {
        cells: mut names,
        lost,
    } = asked;
    let known_lost = lost::cells(context, state).into_iter();
    let known_lost: BTreeSet<CellName> = known_lost.map(|(_, name)| name).collect();
    for name in names.difference(&known_lost) {
        let known = state.indicator(&context.catalogue, name.indicator);
        let Some(known) = known else {
            let accepted = Accepted::Nothing;
            return Err(Refusal::new(
                Reason::UnknownIndicator,
                "indicator",
                name.indicator,
                accepted,
            ));
        };
        if name.period.kind() != known.period {
            let accepted = Accepted::Nothing;
            return Err(Refusal::new(
                Reason::WrongPeriodKind,
                "period",
                name.period,
                accepted,
            ));
        }
    }
    if lost {
        // What a peer holds of a region that has moved away is for that region's node to say.
        let hosted = known_lost.iter().filter(|name| state.hosts(name.region));
        names.extend(hosted);
    }
    Ok(names)
}
