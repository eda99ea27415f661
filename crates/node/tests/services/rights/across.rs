//! Another trust domain speaks for its own regions, for what a pairing names and until it ends.

use liandong_core::refusal::Reason;
use liandong_wire::admin::v1::GetStatusRequest;
use liandong_wire::admin::v1::admin_service_client::AdminServiceClient;
use liandong_wire::collaboration::v1::collaboration_service_client::CollaborationServiceClient;
use liandong_wire::collaboration::v1::{
    AidFact, EndPairingRequest, GetProjectRequest, ListPairingsRequest, ListProjectsRequest,
    Placement, RecordEntryRequest, aid_fact,
};
use liandong_wire::refusal::RemoteRefusal;
use tonic::Status;
use tonic::transport::Channel;

use super::{CHILD, CITY, COUNTY, NEIGHBOUR, PARTNER, PARTNERS_SUPERIOR, TOWN, World};
use crate::peers::{dial, hello};
use crate::support::author;

fn reason(status: &Status) -> Option<Reason> {
    RemoteRefusal::from_status(status).and_then(|refusal| refusal.reason)
}

/// How many projects, sums and pairings somebody is shown, and whether they may look into one.
async fn sees(channel: &Channel) -> (usize, usize, usize, bool) {
    let mut aid = CollaborationServiceClient::new(channel.clone());
    let listed = aid.list_projects(ListProjectsRequest::default()).await;
    let (projects, sums) = listed.map_or((0, 0), |listed| {
        let listed = listed.into_inner();
        (listed.projects.len(), listed.summaries.len())
    });
    let listed = aid.list_pairings(ListPairingsRequest::default()).await;
    let pairings = listed.map_or(0, |listed| listed.into_inner().pairings.len());
    let asked = GetProjectRequest {
        proposer: COUNTY.to_owned(),
        project: "p-1".to_owned(),
    };
    let got = aid.get_project(asked).await;
    let denied = got.as_ref().err().and_then(reason) == Some(Reason::NoRight);
    assert!(got.is_ok() || denied, "{got:?}");
    (projects, sums, pairings, got.is_ok())
}

#[tokio::test]
async fn a_partner_reads_what_the_pairing_names_until_it_ends() {
    let mut world = World::new().await;
    let partner = world.channel(PARTNER, "reviewer").await;
    let viewer = world.channel(PARTNER, "viewer").await;
    let above = world.channel(PARTNERS_SUPERIOR, "reviewer").await;
    let superior = world.channel(CITY, "reviewer").await;
    assert_eq!(sees(&partner).await, (1, 0, 1, true));
    for summed_up in [&viewer, &above, &superior] {
        assert_eq!(sees(summed_up).await, (0, 1, 0, false));
    }

    let ending = EndPairingRequest {
        region: COUNTY.to_owned(),
        partner: PARTNER.to_owned(),
        author: author(),
    };
    let ended = world.county.aid().end_pairing(ending).await;
    ended.expect("the county ends it");
    for gone in [&partner, &viewer, &above] {
        assert_eq!(sees(gone).await, (0, 0, 0, false));
    }
    // Its own side and those above it go on with their books.
    assert_eq!(sees(&superior).await, (0, 1, 0, false));
    let own = world.channel(COUNTY, "reviewer").await;
    assert_eq!(sees(&own).await, (1, 0, 1, true));
}

/// The sums of the county's project: teachers sent, and whether they are hidden.
async fn teachers(channel: &Channel) -> (u32, bool) {
    let mut aid = CollaborationServiceClient::new(channel.clone());
    let listed = aid.list_projects(ListProjectsRequest::default()).await;
    let summaries = listed.expect("a list").into_inner().summaries;
    let summary = summaries[0].summary.as_ref().expect("sums");
    (summary.teachers_sent, summary.teachers_hidden)
}

#[tokio::test]
async fn few_teachers_are_counted_for_those_who_may_see_exact_figures() {
    let mut world = World::new().await;
    let viewers = [(COUNTY, "viewer"), (CITY, "viewer"), (PARTNER, "viewer")];
    for (number, (sent, is_hidden)) in [(3, true), (20, false)].into_iter().enumerate() {
        let placement = Placement {
            teachers: sent,
            from: "2025-03-01".to_owned(),
            until: "2025-07-01".to_owned(),
            subject: "语文".to_owned(),
            host: PARTNER.to_owned(),
        };
        let entry = RecordEntryRequest {
            region: COUNTY.to_owned(),
            id: format!("sent-{number}"),
            proposer: COUNTY.to_owned(),
            project: "p-1".to_owned(),
            fact: Some(AidFact {
                fact: Some(aid_fact::Fact::Placement(placement)),
            }),
            author: author(),
        };
        let recorded = world.county.aid().record_entry(entry).await;
        recorded.expect("an entry");
        let sent = [3, 23][number];
        let superior = world.channel(CITY, "reviewer").await;
        assert_eq!(teachers(&superior).await, (sent, false));
        for (region, role) in viewers {
            let viewer = world.channel(region, role).await;
            let expected = (if is_hidden { 0 } else { sent }, is_hidden);
            assert_eq!(teachers(&viewer).await, expected, "{region} {role}");
        }
    }
}

#[tokio::test]
async fn another_domain_does_not_speak_for_this_ones_regions() {
    let world = World::new().await;
    let address = world.county.node.address();
    for region in [COUNTY, CITY, TOWN, NEIGHBOUR] {
        let posing = world.chongqing.issue(region, "admin");
        let channel = world.shandong.dial(address, Some(&posing)).await;
        let channel = channel.expect("its domain is trusted");
        let mut admin = AdminServiceClient::new(channel);
        let status = admin.get_status(GetStatusRequest {}).await;
        let status = status.expect_err("its domain is another one");
        assert_eq!(reason(&status), Some(Reason::NoRight), "{region}");
        assert!(
            status.message().contains("another trust domain"),
            "{status}"
        );
    }
    for (realm, is_let_in) in [(&world.shandong, true), (&world.chongqing, false)] {
        let node = realm.issue(CHILD, "node");
        let channel = world.shandong.dial(address, Some(&node)).await;
        let channel = channel.expect("its domain is trusted");
        let line = dial(&channel, Some(hello(CHILD))).await;
        assert_eq!(line.is_ok(), is_let_in);
        let Err(status) = line else {
            continue;
        };
        assert_eq!(reason(&status), Some(Reason::NotEntitled));
        assert!(
            status.message().contains("another trust domain"),
            "{status}"
        );
    }
}
