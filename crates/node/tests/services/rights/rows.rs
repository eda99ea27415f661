//! Rows of a push are refused one by one, each with who may not report what.

use liandong_core::refusal::Reason;
use liandong_wire::admin::v1::{HostRegionsRequest, Level, Region, RegionKind};
use liandong_wire::progress::v1::progress_service_client::ProgressServiceClient;
use liandong_wire::progress::v1::{PushReportsRequest, UploadReportsRequest};
use liandong_wire::refusal::RemoteRefusal;
use tonic::Code;

use super::{COUNTY, NEIGHBOUR, SCHOOL, TOWN, World};
use crate::support::{batch, dropouts};

#[tokio::test]
async fn a_school_reports_its_own_rows_and_no_other() {
    let mut world = World::new().await;
    let channel = world.channel(SCHOOL, "reporter").await;
    let mut progress = ProgressServiceClient::new(channel);
    let mixed = || {
        let others = ["371524-B", COUNTY, NEIGHBOUR, "371599"];
        let mut rows = vec![dropouts(SCHOOL, 7)];
        rows.extend(others.map(|source| dropouts(source, 9)));
        rows
    };
    let asked = PushReportsRequest {
        batch: Some(batch("b-1", mixed())),
        all_outcomes: true,
    };
    let pushed = progress.push_reports(asked).await.expect("the own row");
    let pushed = pushed.into_inner();
    let counts = pushed.counts.expect("counts");
    assert_eq!((counts.accepted, counts.refused), (1, 4));
    let refused = pushed.outcomes.iter().filter_map(|outcome| {
        let refusal = outcome.refusal.as_ref()?;
        Some((outcome.row, refusal.reason.as_str(), refusal.field.as_str()))
    });
    let refused: Vec<_> = refused.collect();
    let expected = [2, 3, 4, 5].map(|row| (row, "NO_RIGHT", "source"));
    assert_eq!(refused, expected);
    assert_eq!(world.county.sum(TOWN).await.0, 7);

    // All or none, and none that is its own.
    let mut whole = batch("b-2", mixed());
    whole.all_or_nothing = true;
    let asked = PushReportsRequest {
        batch: Some(whole),
        all_outcomes: true,
    };
    let pushed = progress.push_reports(asked).await.expect("an answer");
    let counts = pushed.into_inner().counts.expect("counts");
    assert_eq!((counts.accepted, counts.refused), (0, 5));
    let foreign = vec![dropouts("371524-B", 9)];
    let upload = UploadReportsRequest {
        batch: Some(batch("b-3", foreign)),
    };
    let uploaded = progress.upload_reports(tokio_stream::iter([upload])).await;
    let status = uploaded.expect_err("nothing of it is its own");
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(world.county.sum(COUNTY).await.0, 7);
}

#[tokio::test]
async fn whoever_reported_for_a_school_does_no_more_when_it_stands_elsewhere() {
    let mut world = World::new().await;
    let channel = world.channel(TOWN, "reporter").await;
    let mut progress = ProgressServiceClient::new(channel);
    let mut push = async |id: &str, count: i64| {
        let asked = PushReportsRequest {
            batch: Some(batch(id, vec![dropouts(SCHOOL, count)])),
            all_outcomes: true,
        };
        progress.push_reports(asked).await.map(|pushed| {
            let counts = pushed.into_inner().counts;
            counts.expect("counts").refused
        })
    };
    for (id, count) in [("b-1", 7), ("b-2", 8)] {
        assert_eq!(push(id, count).await.expect("below the town"), 0);
    }
    let school = Region {
        code: SCHOOL.to_owned(),
        name: "铜城街道中心小学".to_owned(),
        parent: COUNTY.to_owned(),
        level: Level::Unit.into(),
        kind: RegionKind::PrimarySchool.into(),
    };
    let regions = vec![school];
    let mut admin = world.county.admin();
    let moved = admin.host_regions(HostRegionsRequest { regions }).await;
    assert_eq!(moved.expect("it moves").into_inner().changed, 1);
    let status = push("b-3", 9).await.expect_err("below the county now");
    assert_eq!(status.code(), Code::PermissionDenied, "{status}");
    assert_eq!(world.county.sum(COUNTY).await.0, 8);
}

#[tokio::test]
async fn no_batch_and_no_row_is_named_by_the_number_of_a_person() {
    // From the text of GB 11643-1999.
    const NUMBER: &str = "11010519491231002X";
    let mut world = World::new().await;
    let channel = world.channel(SCHOOL, "reporter").await;
    let mut progress = ProgressServiceClient::new(channel);
    let asked = PushReportsRequest {
        batch: Some(batch(NUMBER, vec![dropouts(SCHOOL, 7)])),
        all_outcomes: true,
    };
    let status = progress.push_reports(asked).await.expect_err("a person");
    let refusal = RemoteRefusal::from_status(&status).expect("a refusal");
    assert_eq!(refusal.reason, Some(Reason::PersonalNumber));
    assert_eq!(refusal.field, "batch.id");
    assert!(!refusal.message.contains("1101051949"), "{status}");

    let mut row = dropouts(SCHOOL, 7);
    row.id = NUMBER.to_owned();
    let asked = PushReportsRequest {
        batch: Some(batch("b-4", vec![row])),
        all_outcomes: true,
    };
    let pushed = progress.push_reports(asked).await.expect("an answer");
    let outcomes = pushed.into_inner().outcomes;
    let refusal = outcomes[0].refusal.as_ref().expect("refused");
    let found = (refusal.reason.as_str(), refusal.field.as_str());
    assert_eq!(found, ("PERSONAL_NUMBER", "id"));
}
