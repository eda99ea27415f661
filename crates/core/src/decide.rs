//! Decisions: a command against the state, at a time that is handed in, gives events or a refusal.
//!
//! [`decide`] never changes the state. The commit loop [`apply`]s the events at once, so that the
//! next command of the batch sees them, makes the batch durable, and only then answers.

mod collaboration;
mod heal;
mod hosting;
mod life;
mod lineage;
mod moves;
mod plans;
mod receive;
mod reconcile;
mod reports;
mod seals;
mod standing;
mod tasks;
mod text;

pub use collaboration::documents_of as aid_documents;
pub use tasks::short_of;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::catalogue::Catalogue;
use crate::command::{Answer, Command, Decision};
use crate::document::{Body, Document, DocumentKey, Kind};
use crate::event::Event;
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::RegionCode;
use crate::state::State;
use receive::Manner;

/// What a decision may depend on besides the state: all handed in by the node.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The time of the decision.
    pub now: Timestamp,
    /// The calendar day of `now` where the node stands.
    pub today: Date,
    /// The catalogue the node was started with.
    pub catalogue: &'a Catalogue,
    /// How many days after the end of its period a report still counts as in time (及时).
    pub grace_days: u16,
    /// The node's own region: what links carry the name of.
    pub here: RegionCode,
    /// The journal frame that the decision will stand in.
    pub frame: u64,
}

/// Applies what was decided to the state, and what follows from it (the summaries that a project's
/// superiors see). Hands every event to `journal`, in the order in which they were applied: in
/// another order a replay would number the changes differently and peers would miss some.
pub fn apply(state: &mut State, events: Vec<Event>, frame: u64, mut journal: impl FnMut(Event)) {
    for event in events {
        state.apply(&event, frame);
        let follow_ups = collaboration::follow_up(state, &event);
        journal(event);
        for follow_up in follow_ups {
            state.apply(&follow_up, frame);
            journal(follow_up);
        }
    }
}

/// Decides a command.
///
/// # Errors
/// A [`Refusal`] when nothing of the command can be done. A push whose rows are refused one by one
/// is not an error: its answer says what became of each row.
pub fn decide(state: &State, command: Command, setting: &Setting<'_>) -> Result<Decision, Refusal> {
    let mut decision = decide_by_rule(state, command, setting)?;
    decision.events = standing::keep_counting(state, decision.events, setting);
    Ok(decision)
}

fn decide_by_rule(
    state: &State,
    command: Command,
    setting: &Setting<'_>,
) -> Result<Decision, Refusal> {
    match command {
        Command::Host {
            regions,
            configured,
        } => hosting::host(state, regions, configured, setting),
        Command::Begin { identity, restored } => Ok(life::begin(state, identity, restored)),
        Command::Split { incarnation, above } => Ok(life::split(state, incarnation, above)),
        Command::Meet { peer, knows } => Ok(life::meet(state, peer, knows)),
        Command::Settle { peer } => Ok(life::settle(state, peer)),
        Command::Heal(healing) => heal::heal(state, healing, setting),
        Command::Reconcile(reconciling) => Ok(reconcile::reconcile(state, reconciling, setting)),
        Command::TakeBack(returned) => Ok(reconcile::take_back(state, returned, setting)),
        Command::Withdraw { cells } => heal::withdraw(state, cells),
        Command::MoveOut { region, handovers } => {
            moves::move_out(state, region, handovers, setting.here)
        }
        Command::MoveIn { region, history } => moves::move_in(state, region, history, setting),
        Command::PushReports(push) => Ok(reports::push(state, push, setting)),
        Command::ImportPlan {
            issuer,
            text,
            indicators,
            author,
        } => plans::import(state, issuer, text, indicators, &author, setting),
        Command::ConsultPlan {
            issuer,
            plan,
            until,
            author,
        } => plans::consult(state, issuer, &plan, until, &author, setting),
        Command::CommentPlan {
            region,
            id,
            issuer,
            plan,
            item,
            text,
            author,
        } => {
            let comment = plans::NewComment {
                id,
                issuer,
                plan,
                item,
                text,
            };
            plans::comment(state, region, comment, &author, setting)
        }
        Command::IssuePlan {
            issuer,
            plan,
            author,
        } => plans::issue(state, issuer, &plan, &author, setting),
        Command::AssignTasks {
            issuer,
            plan_issuer,
            plan,
            item,
            parts,
            author,
        } => {
            let whole = tasks::Whole {
                issuer,
                plan_issuer,
                plan,
                item,
            };
            tasks::assign(state, &whole, parts, &author, setting)
        }
        Command::StepTask {
            region,
            issuer,
            task,
            action,
            author,
        } => tasks::step(state, region, issuer, &task, action, &author, setting),
        Command::ProposePairing { .. }
        | Command::SignPairing { .. }
        | Command::EndPairing { .. }
        | Command::ProposeProject { .. }
        | Command::ConsentProject { .. }
        | Command::RecordAid { .. } => collaboration::decide(state, command, setting),
        Command::Receive(incoming) => receive::receive(state, incoming, Manner::Follow, setting),
        Command::ReceiveApart(incoming) => {
            receive::receive(state, incoming, Manner::Apart, setting)
        }
        Command::RetrySetAside { changes, reread } => {
            receive::retry(state, changes, reread, setting)
        }
        Command::SealFigures { regions } => Ok(seals::seal(state, &regions, setting)),
        Command::NotePeerHolds(holds) => Ok(receive::note_peer_holds(state, holds)),
        Command::Mark { peer, name, told } => Ok(lineage::mark(state, peer, name, told)),
        Command::Trace(traced) => Ok(lineage::trace(state, traced)),
    }
}

/// Refuses a region that this node does not host.
fn require_hosted(state: &State, field: &str, region: RegionCode) -> Result<(), Refusal> {
    if state.hosts(region) {
        return Ok(());
    }
    if state.has_moved_out(region) {
        return Err(Refusal::advise(
            Reason::RegionMoved,
            field,
            region,
            "请改用该区域自己的节点",
            "use that region's own node",
        ));
    }
    let hosted = state.hosted().map(|(code, _)| code.to_string()).collect();
    let accepted = Accepted::OneOf(hosted);
    Err(Refusal::new(Reason::ForeignRegion, field, region, accepted))
}

/// The event that writes the next version of a document.
fn put(state: &State, owner: RegionCode, id: &str, body: Body) -> (Event, u64) {
    let key = DocumentKey {
        kind: body.kind(),
        owner,
        id: id.to_owned(),
    };
    let version = state.next_version(&key);
    let document = Document {
        owner,
        id: id.to_owned(),
        version,
        body,
    };
    (Event::Put(Box::new(document)), version)
}

/// A decision that writes one document.
fn written(state: &State, owner: RegionCode, id: &str, body: Body) -> Decision {
    let (event, version) = put(state, owner, id, body);
    Decision {
        events: vec![event],
        answer: Answer::Written {
            id: id.to_owned(),
            version,
        },
    }
}

/// The body of a document, if it is known here.
fn body<'a>(state: &'a State, kind: Kind, owner: RegionCode, id: &str) -> Option<&'a Body> {
    let key = DocumentKey {
        kind,
        owner,
        id: id.to_owned(),
    };
    state.document(&key).map(|stored| &stored.document.body)
}

#[cfg(test)]
mod tests;
