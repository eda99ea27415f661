//! What is open for long ends with the rights that it was opened by, and says why.

use std::time::Duration;

use liandong_core::refusal::Reason;
use liandong_wire::refusal::RemoteRefusal;
use liandong_wire::rollup::v1::rollup_service_client::RollupServiceClient;
use liandong_wire::rollup::v1::{PlanKey, WatchRollupRequest};
use liandong_wire::task::v1::{ConsultPlanRequest, ImportPlanRequest, PlanItem, PlanText};
use tonic::Code;

use super::{COUNTY, TOWN, World};
use crate::support::author;

/// Rights are asked for again every five seconds.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_watch_ends_when_its_plan_is_not_to_be_seen_any_more() {
    let mut world = World::new().await;
    let import = || ImportPlanRequest {
        issuer: COUNTY.to_owned(),
        plan: Some(PlanText {
            code: "plan-1".to_owned(),
            title: "控辍保学方案".to_owned(),
            issuer: COUNTY.to_owned(),
            items: vec![PlanItem {
                number: "1".to_owned(),
                name: "控辍保学".to_owned(),
                ..PlanItem::default()
            }],
            ..PlanText::default()
        }),
        indicators: Vec::new(),
        author: author(),
    };
    let mut task = world.county.task();
    task.import_plan(import()).await.expect("a draft");
    let consulting = ConsultPlanRequest {
        issuer: COUNTY.to_owned(),
        plan: "plan-1".to_owned(),
        until: "2099-01-01".to_owned(),
        author: author(),
    };
    task.consult_plan(consulting)
        .await
        .expect("in consultation");
    let town = world.channel(TOWN, "reviewer").await;
    let asked = WatchRollupRequest {
        regions: vec![TOWN.to_owned()],
        plan: Some(PlanKey {
            issuer: COUNTY.to_owned(),
            plan: "plan-1".to_owned(),
        }),
        ..WatchRollupRequest::default()
    };
    let mut rollup = RollupServiceClient::new(town);
    let watched = rollup.watch_rollup(asked.clone()).await.expect("a watch");
    let mut watched = watched.into_inner();
    let first = watched.message().await.expect("a step").expect("a step");
    assert!(first.caught_up);
    // It is a draft again, which is its issuer's own business.
    task.import_plan(import()).await.expect("a draft");
    let ended = tokio::time::timeout(PATIENCE, watched.message()).await;
    let ended = ended.expect("it ends in time").expect_err("the watch ends");
    let told = RemoteRefusal::from_status(&ended).expect("a reason");
    assert_eq!(told.reason, Some(Reason::UnknownPlan), "{ended}");
    let again = rollup.watch_rollup(asked).await.expect_err("nor anew");
    assert_eq!(again.code(), ended.code());
    assert_ne!(again.code(), Code::Unavailable);
}
