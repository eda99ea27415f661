//! An aid project between Liaocheng and Pengshui, from the pairing to the last receipt.
//!
//! The pairing is the one that Pengshui's plan names (item 16: 渝鲁协作, with 山东聊城). The project,
//! its amounts and its teachers are samples. One receipt is short on purpose and put right later, so
//! that reconciliation has something to show.

use jiff::civil::Date;
use liandong_client::wire::collaboration::v1;
use liandong_client::wire::task::v1::Author;
use liandong_core::region::RegionCode;
use liandong_core::step::Action;
use serde::Serialize;

use super::error::{Awaited, DemoError};
use super::nodes::Mesh;
use super::plan::author;
use super::steps::until;
use super::world::World;

const PROJECT: &str = "demo-recording-rooms";
const NAME: &str = "样例项目：乡村学校录播教室与课程共享";
const CONTENT: &str =
    "聊城援建彭水乡村学校录播教室，选派教师支教，共享课程资源（金额、人数均为样例）";
const TERMS: &str = "渝鲁协作：教师交流，共享培训师资与课程资源，援助项目按东西部协作资金管理要求实施（彭水县2023年实施方案第16项）";

/// Amounts in 分.
const FUND: i64 = 60_000_000;
const FIRST_PAYMENT: i64 = 40_000_000;
const SECOND_PAYMENT: i64 = 20_000_000;
const SECOND_RECEIPT_AT_FIRST: i64 = 19_800_000;
const FIRST_EXPENDITURE: i64 = 38_000_000;
const SECOND_EXPENDITURE: i64 = 22_000_000;
const TEACHERS: u32 = 12;

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

impl Pair<'_> {
    fn author(&self, region: RegionCode, why: &str) -> Option<Author> {
        Some(author(self.world, region, why))
    }

    /// A day of the school year, by its month (from 0) and day.
    fn day(&self, month: usize, day: i8) -> String {
        let first = self.world.months.get(month).map(|month| month.first_day());
        let first = first.unwrap_or(self.world.today);
        let there = Date::new(first.year(), first.month(), day).unwrap_or(first);
        there.to_string()
    }

    /// Both sides sign the pairing; whether it is in force at both.
    async fn sign(&self) -> Result<bool, DemoError> {
        self.at_donor
            .propose_pairing(v1::ProposePairingRequest {
                region: self.donor.to_string(),
                partner: self.recipient.to_string(),
                kind: v1::PairingKind::AcrossProvinces.into(),
                terms: TERMS.to_owned(),
                from: "2023-03-20".to_owned(),
                until: String::new(),
                author: self.author(self.donor, ""),
            })
            .await?;
        let known = |node: liandong_client::Collaboration, sides: usize| async move {
            let filter = v1::ListPairingsRequest {
                region: String::new(),
            };
            let pairings = node.list_pairings(filter).await?.pairings;
            Ok::<bool, DemoError>(pairings.iter().any(|pairing| pairing.sides.len() >= sides))
        };
        until(Awaited::Aid, || known(self.at_recipient.clone(), 1)).await?;
        self.at_recipient
            .sign_pairing(v1::SignPairingRequest {
                region: self.recipient.to_string(),
                partner: self.donor.to_string(),
                author: self.author(self.recipient, ""),
            })
            .await?;
        until(Awaited::Aid, || known(self.at_donor.clone(), 2)).await?;
        let mut in_force = true;
        for node in [&self.at_donor, &self.at_recipient] {
            let filter = v1::ListPairingsRequest {
                region: String::new(),
            };
            let pairings = node.list_pairings(filter).await?.pairings;
            in_force &= pairings.iter().any(|pairing| pairing.in_force);
        }
        Ok(in_force)
    }

    /// The donor proposes the project, the recipient agrees.
    async fn agree(&self) -> Result<(), DemoError> {
        let milestone = |number, title: &str, due: String, owner: RegionCode| v1::Milestone {
            number,
            title: title.to_owned(),
            due,
            owner: owner.to_string(),
        };
        let milestones = vec![
            milestone(1, "支教教师到岗", self.day(0, 15), self.donor),
            milestone(2, "录播教室设备到位", self.day(2, 30), self.recipient),
            milestone(3, "课程资源共享开通", self.day(3, 31), self.donor),
            milestone(4, "项目验收", self.day(9, 30), self.recipient),
        ];
        self.at_donor
            .propose_project(v1::ProposeProjectRequest {
                region: self.donor.to_string(),
                id: PROJECT.to_owned(),
                partner: self.recipient.to_string(),
                donor: self.donor.to_string(),
                name: NAME.to_owned(),
                content: CONTENT.to_owned(),
                fund_fen: FUND,
                milestones,
                author: self.author(self.donor, ""),
            })
            .await?;
        until(Awaited::Aid, || async {
            let filter = v1::ListProjectsRequest::default();
            Ok(!self
                .at_recipient
                .list_projects(filter)
                .await?
                .projects
                .is_empty())
        })
        .await?;
        self.at_recipient
            .consent_project(v1::ConsentProjectRequest {
                region: self.recipient.to_string(),
                proposer: self.donor.to_string(),
                project: PROJECT.to_owned(),
                author: self.author(self.recipient, ""),
            })
            .await?;
        until(Awaited::Aid, || async {
            Ok(get(&self.at_donor, self.donor).await?.consent.is_some())
        })
        .await
    }

    async fn record(
        &self,
        region: RegionCode,
        id: &str,
        fact: v1::aid_fact::Fact,
        why: &str,
    ) -> Result<(), DemoError> {
        let node = if region == self.donor {
            &self.at_donor
        } else {
            &self.at_recipient
        };
        node.record_entry(v1::RecordEntryRequest {
            region: region.to_string(),
            id: id.to_owned(),
            proposer: self.donor.to_string(),
            project: PROJECT.to_owned(),
            fact: Some(v1::AidFact { fact: Some(fact) }),
            author: self.author(region, why),
        })
        .await?;
        Ok(())
    }

    async fn receive(&self, number: u32, amount_fen: i64, why: &str) -> Result<(), DemoError> {
        let receipt = v1::Receipt {
            disbursement: format!("pay-{number}"),
            amount_fen,
            on: self.day(if number == 1 { 1 } else { 6 }, 12),
        };
        let fact = v1::aid_fact::Fact::Receipt(receipt);
        self.record(self.recipient, &format!("receipt-{number}"), fact, why)
            .await
    }

    async fn spend(&self, number: u32, amount_fen: i64, purpose: &str) -> Result<(), DemoError> {
        let expenditure = v1::Expenditure {
            amount_fen,
            on: self.day(if number == 1 { 2 } else { 8 }, 20),
            purpose: purpose.to_owned(),
        };
        let fact = v1::aid_fact::Fact::Expenditure(expenditure);
        self.record(self.recipient, &format!("spend-{number}"), fact, "")
            .await
    }

    async fn reach(&self, region: RegionCode, number: u32, on: String) -> Result<(), DemoError> {
        let reached = v1::MilestoneReached { number, on };
        let fact = v1::aid_fact::Fact::MilestoneReached(reached);
        self.record(region, &format!("milestone-{number}"), fact, "")
            .await
    }

    /// Two payments, two receipts: the second is short.
    async fn pay(&self) -> Result<(), DemoError> {
        let payments = [(1, FIRST_PAYMENT, 1), (2, SECOND_PAYMENT, 6)];
        for (number, amount_fen, month) in payments {
            let payment = v1::Disbursement {
                amount_fen,
                on: self.day(month, 10),
                purpose: format!("样例：第{number}笔援助资金"),
            };
            let fact = v1::aid_fact::Fact::Disbursement(payment);
            self.record(self.donor, &format!("pay-{number}"), fact, "")
                .await?;
        }
        self.receive(1, FIRST_PAYMENT, "").await?;
        self.receive(2, SECOND_RECEIPT_AT_FIRST, "").await
    }

    /// Waits until both sides see the short receipt, then puts it right.
    async fn settle_receipts(&self) -> Result<Vec<SideDifferences>, DemoError> {
        let mut found = Vec::new();
        for (node, region) in [
            (&self.at_donor, self.donor),
            (&self.at_recipient, self.recipient),
        ] {
            until(Awaited::Aid, || async {
                let project = get(node, self.donor).await?;
                Ok(count(&project, Action::Record) == 4)
            })
            .await?;
            found.push(SideDifferences {
                at: self.world.name(region),
                differences: self.differences(node).await?,
            });
        }
        self.receive(2, SECOND_PAYMENT, "样例：银行手续费已补足")
            .await?;
        Ok(found)
    }

    /// Money is spent, teachers are sent and confirmed, milestones are reached.
    async fn finish(&self) -> Result<(), DemoError> {
        self.spend(1, FIRST_EXPENDITURE, "样例：录播教室设备")
            .await?;
        self.spend(2, SECOND_EXPENDITURE, "样例：安装调试与培训")
            .await?;
        let placement = v1::Placement {
            teachers: TEACHERS,
            from: self.day(0, 1),
            until: self.day(9, 30),
            subject: "样例：学科教学与录播课".to_owned(),
            host: "样例：彭水乡镇学校".to_owned(),
        };
        let fact = v1::aid_fact::Fact::Placement(placement);
        self.record(self.donor, "teachers-1", fact, "").await?;
        let confirmation = v1::PlacementConfirmation {
            placement: "teachers-1".to_owned(),
            teachers: TEACHERS,
        };
        let fact = v1::aid_fact::Fact::PlacementConfirmation(confirmation);
        self.record(self.recipient, "confirm-1", fact, "").await?;
        self.reach(self.donor, 1, self.day(0, 12)).await?;
        self.reach(self.recipient, 2, self.day(2, 26)).await?;
        self.reach(self.donor, 3, self.day(3, 28)).await?;
        self.reach(self.recipient, 4, self.day(9, 28)).await?;
        for node in [&self.at_donor, &self.at_recipient] {
            until(Awaited::Aid, || async {
                let project = get(node, self.donor).await?;
                // Four of money, one of them corrected, two spent, two of teachers, four reached.
                let arrived = project.entries.len() == 12 && count(&project, Action::Record) == 13;
                let differences = project.overview.unwrap_or_default().differences;
                Ok(arrived && differences == 0)
            })
            .await?;
        }
        Ok(())
    }

    async fn differences(
        &self,
        node: &liandong_client::Collaboration,
    ) -> Result<Vec<Disagreement>, DemoError> {
        let request = v1::ReconcileProjectRequest {
            proposer: self.donor.to_string(),
            project: PROJECT.to_owned(),
        };
        let answer = node.reconcile_project(request).await?;
        Ok(answer.differences.iter().filter_map(disagreement).collect())
    }

    async fn side(
        &self,
        node: &liandong_client::Collaboration,
        region: RegionCode,
        project: &v1::GetProjectResponse,
    ) -> Result<Side, DemoError> {
        let overview = project.overview.clone().unwrap_or_default();
        let state = overview.state.unwrap_or_default();
        let described = overview.project.unwrap_or_default();
        Ok(Side {
            at: self.world.name(region),
            agreed: state.agreed,
            fund_fen: described.fund_fen,
            disbursed_fen: state.disbursed_fen,
            received_fen: state.received_fen,
            spent_fen: state.spent_fen,
            milestones: described.milestones.len(),
            milestones_reached: state.reached.len(),
            teachers_sent: state.teachers_sent,
            teachers_confirmed: state.teachers_confirmed,
            entries: project.entries.len(),
            differences: self.differences(node).await?,
        })
    }
}

/// How often something was recorded in a project, corrections included.
fn count(project: &v1::GetProjectResponse, action: Action) -> usize {
    let wire = liandong_client::wire::task::v1::Action::from(action);
    let entries = project
        .entries
        .iter()
        .filter_map(|entry| entry.entry.as_ref());
    let steps = entries.flat_map(|entry| &entry.steps);
    steps.filter(|step| step.action() == wire).count()
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
