//! An aid project between Liaocheng and Pengshui, from the pairing to the last receipt.
//!
//! The pairing is the one that Pengshui's plan names (item 16: 渝鲁协作, with 山东聊城). The project,
//! its amounts and its teachers are samples. One receipt is short on purpose and put right later, so
//! that reconciliation has something to show.

mod acts;

use liandong_client::wire::collaboration::v1;
use liandong_core::region::RegionCode;
use serde::Serialize;

use super::error::{Awaited, DemoError};
use super::nodes::Mesh;
use super::steps::until;
use super::world::World;

const PROJECT: &str = "demo-recording-rooms";
const NAME: &str = "样例项目：乡村学校录播教室与课程共享";
const CONTENT: &str =
    "聊城援建彭水乡村学校录播教室，选派教师支教，共享课程资源（金额、人数均为样例）";
const TERMS: &str = "渝鲁协作：教师交流，共享培训师资与课程资源，援助项目按东西部协作资金管理要求实施（彭水县2023年实施方案第16项）";

/// What became of the project.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct AidOutcome {
    pub(super) project: String,
    pub(super) name: String,
    pub(super) donor: String,
    pub(super) recipient: String,
    pub(super) terms: String,
    pub(super) in_force: bool,
    /// What reconciliation listed while the second receipt was short, as each side saw it.
    pub(super) differences_at_first: Vec<SideDifferences>,
    /// The project as each side shows it at the end.
    pub(super) sides: Vec<Side>,
    /// Whether both sides hold the same documents at the end.
    pub(super) same_documents: bool,
    /// What each side's superior gets to see.
    pub(super) summaries: Vec<Summary>,
    /// Whether everything promised was paid, received, spent and reached, and nothing differs.
    pub(super) complete: bool,
}

/// What one side's reconciliation listed.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SideDifferences {
    pub(super) at: String,
    pub(super) differences: Vec<Disagreement>,
}

/// One thing that the two sides do not agree on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Disagreement {
    /// Which kind, as the protocol names it.
    pub(super) kind: &'static str,
    /// The payment or placement; empty for the project as a whole.
    pub(super) about: String,
    /// Whether the two figures are money, in 分, rather than people.
    pub(super) in_fen: bool,
    /// What the one says: paid out, sent, arrived.
    pub(super) one: i64,
    /// What the other says: received, came, spent, promised.
    pub(super) other: i64,
}

/// The project as one side's node shows it. Amounts in 分.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Side {
    pub(super) at: String,
    pub(super) agreed: bool,
    pub(super) fund_fen: i64,
    pub(super) disbursed_fen: i64,
    pub(super) received_fen: i64,
    pub(super) spent_fen: i64,
    pub(super) milestones: usize,
    pub(super) milestones_reached: usize,
    pub(super) teachers_sent: u32,
    pub(super) teachers_confirmed: u32,
    pub(super) entries: usize,
    pub(super) differences: Vec<Disagreement>,
}

/// What a superior sees of it. Amounts in 分.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Summary {
    pub(super) at: String,
    pub(super) from: String,
    pub(super) name: String,
    pub(super) fund_fen: i64,
    pub(super) disbursed_fen: i64,
    pub(super) received_fen: i64,
    pub(super) spent_fen: i64,
    pub(super) milestones: u32,
    pub(super) milestones_reached: u32,
    pub(super) differences: u32,
}

/// Both sides with what they need to act.
struct Pair<'a> {
    world: &'a World,
    donor: RegionCode,
    recipient: RegionCode,
    at_donor: liandong_client::Collaboration,
    at_recipient: liandong_client::Collaboration,
}

/// Runs the whole project.
pub(super) async fn run(world: &World, mesh: &Mesh) -> Result<AidOutcome, DemoError> {
    let places = &world.places;
    let pair = Pair {
        world,
        donor: places.liaocheng,
        recipient: places.pengshui,
        at_donor: mesh.client(places.liaocheng)?.collaboration(),
        at_recipient: mesh.client(places.pengshui)?.collaboration(),
    };
    let in_force = pair.sign().await?;
    pair.agree().await?;
    pair.pay().await?;
    let differences_at_first = pair.settle_receipts().await?;
    pair.finish().await?;
    let at_donor = get(&pair.at_donor, pair.donor).await?;
    let at_recipient = get(&pair.at_recipient, pair.donor).await?;
    let sides = vec![
        pair.side(&pair.at_donor, pair.donor, &at_donor).await?,
        pair.side(&pair.at_recipient, pair.recipient, &at_recipient)
            .await?,
    ];
    let mut summaries = Vec::new();
    for (superior, from) in [
        (places.shandong, places.liaocheng),
        (places.chongqing, places.pengshui),
    ] {
        summaries.push(summary(world, mesh, superior, from).await?);
    }
    let complete = sides.iter().all(Side::is_complete)
        && summaries.iter().all(|summary| summary.differences == 0);
    Ok(AidOutcome {
        project: PROJECT.to_owned(),
        name: NAME.to_owned(),
        donor: world.name(pair.donor),
        recipient: world.name(pair.recipient),
        terms: TERMS.to_owned(),
        in_force,
        differences_at_first,
        same_documents: at_donor.entries == at_recipient.entries
            && at_donor.consent == at_recipient.consent,
        sides,
        summaries,
        complete,
    })
}

impl Side {
    fn is_complete(&self) -> bool {
        let paid = [self.disbursed_fen, self.received_fen, self.spent_fen];
        self.agreed
            && paid.iter().all(|amount| *amount == self.fund_fen)
            && self.milestones == self.milestones_reached
            && self.teachers_sent == self.teachers_confirmed
            && self.differences.is_empty()
    }
}

async fn get(
    node: &liandong_client::Collaboration,
    proposer: RegionCode,
) -> Result<v1::GetProjectResponse, DemoError> {
    let request = v1::GetProjectRequest {
        proposer: proposer.to_string(),
        project: PROJECT.to_owned(),
    };
    Ok(node.get_project(request).await?)
}

/// A difference as it is shown.
fn disagreement(difference: &v1::Difference) -> Option<Disagreement> {
    use v1::difference::Difference as Found;
    let money = |kind, about: &str, one, other| Disagreement {
        kind,
        about: about.to_owned(),
        in_fen: true,
        one,
        other,
    };
    let people = |kind, about: &str, one: u32, other: u32| Disagreement {
        kind,
        about: about.to_owned(),
        in_fen: false,
        one: i64::from(one),
        other: i64::from(other),
    };
    Some(match difference.difference.as_ref()? {
        Found::NotReceived(found) => {
            money("not_received", &found.disbursement, found.disbursed_fen, 0)
        }
        Found::AmountDiffers(found) => money(
            "amount_differs",
            &found.disbursement,
            found.disbursed_fen,
            found.received_fen,
        ),
        Found::NotDisbursed(found) => {
            money("not_disbursed", &found.disbursement, 0, found.received_fen)
        }
        Found::OverFund(found) => money("over_fund", "", found.disbursed_fen, found.fund_fen),
        Found::Overspent(found) => money("overspent", "", found.received_fen, found.spent_fen),
        Found::TeachersDiffer(found) => people(
            "teachers_differ",
            &found.placement,
            found.sent,
            found.confirmed.unwrap_or(0),
        ),
        Found::PlacementUnknown(found) => {
            people("placement_unknown", &found.placement, 0, found.confirmed)
        }
    })
}

/// What a superior holds of the project, once it says what both sides say.
async fn summary(
    world: &World,
    mesh: &Mesh,
    superior: RegionCode,
    from: RegionCode,
) -> Result<Summary, DemoError> {
    let node = mesh.client(superior)?.collaboration();
    let find = || async {
        let listed = node
            .list_projects(v1::ListProjectsRequest::default())
            .await?;
        let mut summaries = listed.summaries.into_iter();
        let found = summaries.find(|summary| summary.region == from.as_str());
        Ok::<Option<v1::AidSummary>, DemoError>(found.and_then(|found| found.summary))
    };
    until(Awaited::Summary, || async {
        Ok(find().await?.is_some_and(|found| {
            found.differences == 0
                && found.milestones > 0
                && found.milestones == found.milestones_reached
        }))
    })
    .await?;
    let found = find().await?.unwrap_or_default();
    Ok(Summary {
        at: world.name(superior),
        from: world.name(from),
        name: found.name,
        fund_fen: found.fund_fen,
        disbursed_fen: found.disbursed_fen,
        received_fen: found.received_fen,
        spent_fen: found.spent_fen,
        milestones: found.milestones,
        milestones_reached: found.milestones_reached,
        differences: found.differences,
    })
}
