//! A city and a county of another province, without a superior in common, one of them often away.

use anyhow::{Context, Result, bail, ensure};
use liandong_client::ClientError;
use liandong_client::wire::collaboration::v1::aid_fact::Fact;
use liandong_client::wire::collaboration::v1::difference::Difference;
use liandong_client::wire::collaboration::v1::{
    AidFact, ConsentProjectRequest, Disbursement, Expenditure, GetProjectRequest,
    ListPairingsRequest, ListProjectsRequest, Milestone, MilestoneReached, OwnedAidSummary,
    PairingKind, Placement, PlacementConfirmation, ProposePairingRequest, ProposeProjectRequest,
    Receipt, ReconcileProjectRequest, ReconcileProjectResponse, RecordEntryRequest,
    SignPairingRequest,
};
use liandong_client::wire::task::v1::Author;
use liandong_tests::node::Node;
use liandong_tests::settings::Settings;
use liandong_tests::wait::eventually;

const DONOR: &str = "371500";
const RECIPIENT: &str = "500243";
const PROJECT: &str = "shuangyu-2025";
/// 50 万元.
const FUND: i64 = 50_000_000;

fn author() -> Option<Author> {
    Some(Author {
        name: "协作办".to_owned(),
        why: String::new(),
    })
}

/// Shandong and Chongqing, with a city of one and a county of the other that are paired.
struct Pair {
    shandong: Node,
    chongqing: Node,
    donor: Node,
    recipient: Node,
}

impl Pair {
    async fn start() -> Result<Self> {
        let shandong = Node::start(Settings::new("370000")).await?;
        let chongqing = Node::start(Settings::new("500000")).await?;
        let donor = Settings::new(DONOR)
            .parent(&shandong)
            .expect_partner(RECIPIENT);
        let donor = Node::start(donor).await?;
        let recipient = Settings::new(RECIPIENT)
            .parent(&chongqing)
            .dial_partner(&donor);
        let recipient = Node::start(recipient).await?;
        Ok(Self {
            shandong,
            chongqing,
            donor,
            recipient,
        })
    }

    async fn pair(&self) -> Result<()> {
        let proposal = ProposePairingRequest {
            region: DONOR.to_owned(),
            partner: RECIPIENT.to_owned(),
            kind: PairingKind::AcrossProvinces.into(),
            terms: "渝鲁教育协作".to_owned(),
            from: "2023-01-01".to_owned(),
            until: String::new(),
            author: author(),
        };
        self.donor
            .client()
            .await?
            .collaboration()
            .propose_pairing(proposal)
            .await?;
        let sign = SignPairingRequest {
            region: RECIPIENT.to_owned(),
            partner: DONOR.to_owned(),
            author: author(),
        };
        eventually("the proposal can be signed", async || {
            let recipient = self.recipient.client().await?.collaboration();
            recipient.sign_pairing(sign.clone()).await?;
            Ok(Some(()))
        })
        .await?;
        eventually("the pairing is in force at the donor", async || {
            let asked = ListPairingsRequest {
                region: DONOR.to_owned(),
            };
            let donor = self.donor.client().await?.collaboration();
            let pairings = donor.list_pairings(asked).await?.pairings;
            Ok(pairings
                .iter()
                .any(|pairing| pairing.in_force)
                .then_some(()))
        })
        .await
    }

    async fn agree_on_project(&self) -> Result<()> {
        let milestone = Milestone {
            number: 1,
            title: "专递课堂开通".to_owned(),
            due: "2025-06-30".to_owned(),
            owner: RECIPIENT.to_owned(),
        };
        let proposal = ProposeProjectRequest {
            region: DONOR.to_owned(),
            id: PROJECT.to_owned(),
            partner: RECIPIENT.to_owned(),
            donor: DONOR.to_owned(),
            name: "智慧教室".to_owned(),
            content: "援建智慧教室".to_owned(),
            fund_fen: FUND,
            milestones: vec![milestone],
            author: author(),
        };
        self.donor
            .client()
            .await?
            .collaboration()
            .propose_project(proposal)
            .await?;
        let consent = ConsentProjectRequest {
            region: RECIPIENT.to_owned(),
            proposer: DONOR.to_owned(),
            project: PROJECT.to_owned(),
            author: author(),
        };
        eventually("the project can be agreed to", async || {
            let recipient = self.recipient.client().await?.collaboration();
            recipient.consent_project(consent.clone()).await?;
            Ok(Some(()))
        })
        .await?;
        // Nothing can be paid before the donor knows that it was agreed.
        eventually("the consent is at the donor", async || {
            let state = reconcile(&self.donor)
                .await?
                .overview
                .and_then(|found| found.state);
            Ok(state.is_some_and(|state| state.agreed).then_some(()))
        })
        .await
    }
}

async fn record(node: &Node, id: &str, fact: Fact) -> Result<String> {
    correct(node, id, fact, "").await
}

async fn correct(node: &Node, id: &str, fact: Fact, why: &str) -> Result<String> {
    let request = RecordEntryRequest {
        region: node.region().to_owned(),
        id: id.to_owned(),
        proposer: DONOR.to_owned(),
        project: PROJECT.to_owned(),
        fact: Some(AidFact { fact: Some(fact) }),
        author: Some(Author {
            name: "协作办".to_owned(),
            why: why.to_owned(),
        }),
    };
    Ok(node
        .client()
        .await?
        .collaboration()
        .record_entry(request)
        .await?
        .id)
}

async fn reconcile(node: &Node) -> Result<ReconcileProjectResponse> {
    let request = ReconcileProjectRequest {
        proposer: DONOR.to_owned(),
        project: PROJECT.to_owned(),
    };
    Ok(node
        .client()
        .await?
        .collaboration()
        .reconcile_project(request)
        .await?)
}

/// Waits until a node's reconciliation lists just the differences that `is` recognises, in order.
async fn differs(node: &Node, what: &str, is: &[fn(&Difference) -> bool]) -> Result<()> {
    let at = node.region();
    eventually(&format!("{at} reconciles to {what}"), async || {
        let found = reconcile(node).await?.differences;
        let known = found
            .iter()
            .zip(is)
            .all(|(one, is)| one.difference.as_ref().is_some_and(is));
        ensure!(found.len() == is.len() && known, "{found:?}");
        Ok(Some(()))
    })
    .await
}

async fn summary(node: &Node) -> Result<Option<OwnedAidSummary>> {
    let request = ListProjectsRequest::default();
    let listed = node
        .client()
        .await?
        .collaboration()
        .list_projects(request)
        .await?;
    ensure!(
        listed.projects.is_empty(),
        "{} sees {:?}",
        node.region(),
        listed.projects
    );
    let mut all = listed.summaries.into_iter();
    Ok(all.find(|found| {
        found
            .summary
            .as_ref()
            .is_some_and(|summary| summary.project == PROJECT)
    }))
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn aid_goes_on_while_a_side_is_away_and_every_yuan_is_reconciled() -> Result<()> {
    let mut pair = Pair::start().await?;
    pair.pair().await?;
    pair.agree_on_project().await?;

    // The donor pays and sends teachers while the recipient's line is dead.
    pair.recipient.kill()?;
    let paid = Disbursement {
        amount_fen: 30_000_000,
        on: "2025-03-01".to_owned(),
        purpose: "首批".to_owned(),
    };
    let paid = record(&pair.donor, "paid-1", Fact::Disbursement(paid)).await?;
    let sent = Placement {
        teachers: 4,
        from: "2025-03-01".to_owned(),
        until: "2025-07-10".to_owned(),
        subject: "数学".to_owned(),
        host: "彭水一中".to_owned(),
    };
    let sent = record(&pair.donor, "sent-1", Fact::Placement(sent)).await?;
    let not_received: fn(&Difference) -> bool = |one| matches!(one, Difference::NotReceived(_));
    let teachers: fn(&Difference) -> bool = |one| matches!(one, Difference::TeachersDiffer(_));
    differs(
        &pair.donor,
        "money and teachers on the way",
        &[not_received, teachers],
    )
    .await?;

    // The recipient comes back, and the donor goes.
    pair.recipient.resume().await?;
    differs(&pair.recipient, "the same", &[not_received, teachers]).await?;
    pair.donor.kill()?;
    let got = |amount_fen: i64| {
        Fact::Receipt(Receipt {
            disbursement: paid.clone(),
            amount_fen,
            on: "2025-03-05".to_owned(),
        })
    };
    record(&pair.recipient, "got-1", got(29_000_000)).await?;
    let came = PlacementConfirmation {
        placement: sent,
        teachers: 4,
    };
    record(&pair.recipient, "came-1", Fact::PlacementConfirmation(came)).await?;
    let spent = Expenditure {
        amount_fen: 12_345_678,
        on: "2025-04-01".to_owned(),
        purpose: "设备".to_owned(),
    };
    record(&pair.recipient, "spent-1", Fact::Expenditure(spent)).await?;
    let reached = MilestoneReached {
        number: 1,
        on: "2025-06-01".to_owned(),
    };
    record(
        &pair.recipient,
        "reached-1",
        Fact::MilestoneReached(reached),
    )
    .await?;

    // Both see the difference; the recipient corrects its receipt, and there is none.
    pair.donor.resume().await?;
    let amount: fn(&Difference) -> bool = |one| matches!(one, Difference::AmountDiffers(_));
    differs(&pair.donor, "an amount that differs", &[amount]).await?;
    differs(&pair.recipient, "an amount that differs", &[amount]).await?;
    let silent = record(&pair.recipient, "got-1", got(30_000_000)).await;
    ensure!(silent.is_err(), "a receipt was corrected without a reason");
    correct(&pair.recipient, "got-1", got(30_000_000), "银行回单补齐").await?;
    differs(&pair.donor, "nothing", &[]).await?;
    differs(&pair.recipient, "nothing", &[]).await?;
    for node in [&pair.donor, &pair.recipient] {
        let state = reconcile(node)
            .await?
            .overview
            .and_then(|overview| overview.state);
        let state = state.context("no state")?;
        let money = (state.disbursed_fen, state.received_fen, state.spent_fen);
        ensure!(
            money == (30_000_000, 30_000_000, 12_345_678),
            "{}: {state:?}",
            node.region()
        );
        ensure!(
            state.agreed && state.reached == [1],
            "{}: {state:?}",
            node.region()
        );
    }
    superiors_see_sums_only(&pair).await?;
    for node in [
        &pair.shandong,
        &pair.chongqing,
        &pair.donor,
        &pair.recipient,
    ] {
        node.recount().await?;
    }
    Ok(())
}

/// Each province has the summary of its own side, and can ask for nothing inside.
async fn superiors_see_sums_only(pair: &Pair) -> Result<()> {
    for node in [&pair.shandong, &pair.chongqing] {
        let at = node.region();
        eventually(&format!("{at} has the whole summary"), async || {
            let found = summary(node).await?.and_then(|found| found.summary);
            let found = found.context("no summary")?;
            let money = (found.disbursed_fen, found.received_fen, found.spent_fen);
            ensure!(money == (30_000_000, 30_000_000, 12_345_678), "{found:?}");
            ensure!(
                found.differences == 0 && found.teachers_confirmed == 4,
                "{found:?}"
            );
            Ok(Some(()))
        })
        .await?;
        let request = GetProjectRequest {
            proposer: DONOR.to_owned(),
            project: PROJECT.to_owned(),
        };
        let inside = node
            .client()
            .await?
            .collaboration()
            .get_project(request)
            .await;
        let Err(ClientError::Refused(_)) = inside else {
            bail!("{at} sees inside: {inside:?}");
        };
    }
    Ok(())
}
