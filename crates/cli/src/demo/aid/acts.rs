//! What the two sides do, one after the other, each at its own node.

use jiff::civil::Date;
use liandong_client::wire::collaboration::v1;
use liandong_client::wire::task::v1::{Action, Author};
use liandong_core::region::RegionCode;

use super::{CONTENT, Disagreement, NAME, PROJECT, Pair, Side, SideDifferences, TERMS};
use super::{disagreement, get};
use crate::demo::error::{Awaited, DemoError};
use crate::demo::plan::author;
use crate::demo::steps::until;

/// Amounts in 分.
const FUND: i64 = 60_000_000;
const FIRST_PAYMENT: i64 = 40_000_000;
const SECOND_PAYMENT: i64 = 20_000_000;
const SECOND_RECEIPT_AT_FIRST: i64 = 19_800_000;
const FIRST_EXPENDITURE: i64 = 38_000_000;
const SECOND_EXPENDITURE: i64 = 22_000_000;
const TEACHERS: u32 = 12;

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
    pub(super) async fn sign(&self) -> Result<bool, DemoError> {
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
    pub(super) async fn agree(&self) -> Result<(), DemoError> {
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
    pub(super) async fn pay(&self) -> Result<(), DemoError> {
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
    pub(super) async fn settle_receipts(&self) -> Result<Vec<SideDifferences>, DemoError> {
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
    pub(super) async fn finish(&self) -> Result<(), DemoError> {
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

    pub(super) async fn differences(
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

    pub(super) async fn side(
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
    let entries = project
        .entries
        .iter()
        .filter_map(|entry| entry.entry.as_ref());
    let steps = entries.flat_map(|entry| &entry.steps);
    steps.filter(|step| step.action() == action).count()
}
