//! Pairings and projects between two regions of one node, and where their books differ.

use liandong_wire::collaboration::v1::{
    AidFact, ConsentProjectRequest, Disbursement, GetProjectRequest, ListPairingsRequest,
    ListProjectsRequest, PairingKind, ProposePairingRequest, ProposeProjectRequest, Receipt,
    ReconcileProjectRequest, RecordEntryRequest, SignPairingRequest, aid_fact, difference,
};
use tonic::Code;

use crate::support::{Running, author, start};

const DONOR: &str = "371500";
const RECIPIENT: &str = "500243";

async fn paired() -> Running {
    let node = start(DONOR, "", "hosts = ['500243']").await;
    let proposal = ProposePairingRequest {
        region: DONOR.to_owned(),
        partner: RECIPIENT.to_owned(),
        kind: PairingKind::AcrossProvinces.into(),
        terms: "渝鲁协作".to_owned(),
        from: "2023-01-01".to_owned(),
        until: String::new(),
        author: author(),
    };
    node.aid()
        .propose_pairing(proposal)
        .await
        .expect("a proposal");
    let signature = SignPairingRequest {
        region: RECIPIENT.to_owned(),
        partner: DONOR.to_owned(),
        author: author(),
    };
    node.aid()
        .sign_pairing(signature)
        .await
        .expect("a signature");
    let project = ProposeProjectRequest {
        region: DONOR.to_owned(),
        id: "p-1".to_owned(),
        partner: RECIPIENT.to_owned(),
        donor: DONOR.to_owned(),
        name: "智慧教室".to_owned(),
        content: String::new(),
        fund_fen: 100_000,
        milestones: Vec::new(),
        author: author(),
    };
    node.aid()
        .propose_project(project)
        .await
        .expect("a project");
    let consent = ConsentProjectRequest {
        region: RECIPIENT.to_owned(),
        proposer: DONOR.to_owned(),
        project: "p-1".to_owned(),
        author: author(),
    };
    node.aid()
        .consent_project(consent)
        .await
        .expect("a consent");
    node
}

async fn record(node: &Running, region: &str, id: &str, fact: aid_fact::Fact) {
    let entry = RecordEntryRequest {
        region: region.to_owned(),
        id: id.to_owned(),
        proposer: DONOR.to_owned(),
        project: "p-1".to_owned(),
        fact: Some(AidFact { fact: Some(fact) }),
        author: author(),
    };
    let recorded = node
        .aid()
        .record_entry(entry)
        .await
        .expect("an entry")
        .into_inner();
    assert_eq!(recorded.id, id);
}

#[tokio::test]
async fn what_was_paid_and_what_arrived_are_compared() {
    let node = paired().await;
    let pairings = node
        .aid()
        .list_pairings(ListPairingsRequest::default())
        .await;
    let pairings = pairings.expect("a list").into_inner().pairings;
    assert_eq!((pairings.len(), pairings[0].sides.len()), (1, 2));
    assert!(pairings[0].in_force);

    let paid = Disbursement {
        amount_fen: 60_000,
        on: "2023-05-01".to_owned(),
        purpose: "首批".to_owned(),
    };
    record(&node, DONOR, "d-1", aid_fact::Fact::Disbursement(paid)).await;
    let arrived = Receipt {
        disbursement: "d-1".to_owned(),
        amount_fen: 59_900,
        on: "2023-05-03".to_owned(),
    };
    record(&node, RECIPIENT, "r-1", aid_fact::Fact::Receipt(arrived)).await;

    let asked = ReconcileProjectRequest {
        proposer: DONOR.to_owned(),
        project: "p-1".to_owned(),
    };
    let got = node
        .aid()
        .reconcile_project(asked)
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(got.overview.map(|overview| overview.differences), Some(1));
    let Some(difference::Difference::AmountDiffers(differs)) = &got.differences[0].difference
    else {
        panic!("{:?}", got.differences);
    };
    assert_eq!(
        (differs.disbursed_fen, differs.received_fen),
        (60_000, 59_900)
    );

    let asked = GetProjectRequest {
        proposer: DONOR.to_owned(),
        project: "p-1".to_owned(),
    };
    let got = node
        .aid()
        .get_project(asked)
        .await
        .expect("a project")
        .into_inner();
    assert!(got.consent.is_some());
    let entries: Vec<(&str, &str, u64)> = got
        .entries
        .iter()
        .map(|entry| (entry.region.as_str(), entry.id.as_str(), entry.version))
        .collect();
    assert_eq!(entries, [(DONOR, "d-1", 1), (RECIPIENT, "r-1", 1)]);

    // Found by a province that one side lies in; both sides' documents are here, so no summaries.
    for (region, partner, found) in [("500000", "", 1), ("", RECIPIENT, 1), ("430000", "", 0)] {
        let asked = ListProjectsRequest {
            region: region.to_owned(),
            partner: partner.to_owned(),
        };
        let got = node
            .aid()
            .list_projects(asked)
            .await
            .expect("a list")
            .into_inner();
        assert_eq!(
            (got.projects.len(), got.summaries.len()),
            (found, 0),
            "{region}{partner}"
        );
    }
    let unknown = GetProjectRequest {
        proposer: RECIPIENT.to_owned(),
        project: "p-1".to_owned(),
    };
    let status = node
        .aid()
        .get_project(unknown)
        .await
        .expect_err("the other side proposed it");
    assert_eq!(status.code(), Code::NotFound);
}
