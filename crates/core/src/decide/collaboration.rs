//! Pairings and aid projects: what each side may write, and the summary for its superior.

mod facts;
mod pairing;
mod project;
mod summary;

pub use summary::documents_of;
pub(super) use summary::follow_up;

use super::Setting;
use super::text::missing;
use crate::command::{Command, Decision};
use crate::refusal::Refusal;
use crate::state::State;

use facts::{NewEntry, record};
use pairing::{Terms, end_pairing, propose_pairing, sign_pairing};
use project::{Proposal, consent, propose_project};

/// Decides the commands of pairings and projects.
pub(super) fn decide(
    state: &State,
    command: Command,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    match command {
        Command::ProposePairing {
            region,
            partner,
            kind,
            terms,
            from,
            until,
            author,
        } => {
            let agreed = Terms {
                kind,
                terms,
                from,
                until,
            };
            propose_pairing(state, region, partner, agreed, &author, setting)
        }
        Command::SignPairing {
            region,
            partner,
            author,
        } => sign_pairing(state, region, partner, &author, setting),
        Command::EndPairing {
            region,
            partner,
            author,
        } => end_pairing(state, region, partner, &author, setting),
        Command::ProposeProject {
            region,
            id,
            partner,
            donor,
            name,
            content,
            fund,
            milestones,
            author,
        } => {
            let proposal = Proposal {
                id,
                partner,
                donor,
                name,
                content,
                fund,
                milestones,
            };
            propose_project(state, region, proposal, &author, setting)
        }
        Command::ConsentProject {
            region,
            proposer,
            project,
            author,
        } => consent(state, region, proposer, &project, &author, setting),
        Command::RecordAid {
            region,
            id,
            proposer,
            project,
            fact,
            author,
        } => {
            let entry = NewEntry {
                id,
                proposer,
                project,
                fact,
            };
            record(state, region, entry, &author, setting)
        }
        // The dispatcher hands over nothing else.
        _ => Err(missing("command")),
    }
}
