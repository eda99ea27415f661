//! What a viewer sees of counts of few people, at every door that shows figures.

use liandong_core::language::Language;
use liandong_core::refusal::Reason;
use liandong_wire::refusal::{RemoteRefusal, ask_for};
use liandong_wire::rollup::v1::rollup_service_client::RollupServiceClient;
use liandong_wire::rollup::v1::{
    CompareRegionsRequest, ComparedRegion, Drill, DrillRollupRequest, GetRollupRequest,
    RankRegionsRequest, RollupRow, WatchRollupRequest, get_rollup_request, rank_regions_request,
};
use tonic::transport::Channel;

use super::{CITY, COUNTY, SCHOOL, TOWN, World};
use crate::support::dropouts;

const INDICATOR: &str = "compulsory-dropouts";

async fn drill(channel: &Channel, region: &str) -> Drill {
    let asked = DrillRollupRequest {
        region: region.to_owned(),
        indicator: INDICATOR.to_owned(),
        period: "2025-03".to_owned(),
        live: false,
    };
    let mut rollup = RollupServiceClient::new(channel.clone());
    let drilled = rollup.drill_rollup(asked).await.expect("a table");
    drilled.into_inner().drill.expect("parts")
}

/// The table as it reads.
fn read(drill: &Drill) -> String {
    let mut words = Vec::new();
    for row in &drill.rows {
        assert_eq!(row.hidden, row.sums.is_none());
        let word = row
            .sums
            .map_or("*".to_owned(), |sums| sums.numerator.to_string());
        words.push(word);
    }
    assert_eq!(drill.total_hidden, drill.total.is_none());
    let total = drill
        .total
        .map_or("*".to_owned(), |sums| sums.numerator.to_string());
    words.push(format!("= {total}"));
    words.join(" ")
}

/// The same table, asked for twice in one question.
async fn compare(channel: &Channel, region: &str) -> [String; 2] {
    let asked = CompareRegionsRequest {
        region: region.to_owned(),
        indicators: vec![INDICATOR.to_owned(); 2],
        period: "2025-03".to_owned(),
    };
    let mut rollup = RollupServiceClient::new(channel.clone());
    let compared = rollup.compare_regions(asked).await.expect("a table");
    let compared = compared.into_inner();
    [0, 1].map(|place| {
        let word = |row: &ComparedRegion| {
            let cell = row.cells[place];
            assert_eq!(cell.hidden, cell.sums.is_none());
            cell.sums
                .map_or("*".to_owned(), |sums| sums.numerator.to_string())
        };
        let words: Vec<String> = compared.rows.iter().map(word).collect();
        let total = word(compared.total.as_ref().expect("a total"));
        format!("{} = {total}", words.join(" "))
    })
}

async fn row(channel: &Channel, region: &str) -> RollupRow {
    let asked = GetRollupRequest {
        region: region.to_owned(),
        subject: Some(get_rollup_request::Subject::Indicator(INDICATOR.to_owned())),
        period: "2025-03".to_owned(),
    };
    let mut rollup = RollupServiceClient::new(channel.clone());
    let got = rollup.get_rollup(asked).await.expect("a table");
    got.into_inner().rows.remove(0)
}

#[tokio::test]
async fn counts_of_few_people_are_for_those_who_may_see_exact_figures() {
    let mut world = World::new().await;
    let rows = vec![
        dropouts("371524-A", 3),
        dropouts("371524-B", 20),
        dropouts("371524-C", 30),
    ];
    world.county.push("few", rows).await;
    let viewer = world.channel(COUNTY, "viewer").await;
    let reporter = world.channel(COUNTY, "reporter").await;

    assert_eq!(read(&drill(&reporter, TOWN).await), "3 20 = 23");
    assert_eq!(read(&drill(&viewer, TOWN).await), "* * = 23");
    assert_eq!(read(&drill(&viewer, COUNTY).await), "30 23 = 53");
    for (channel, expected) in [(&reporter, "3"), (&viewer, "*")] {
        let row = row(channel, SCHOOL).await;
        assert_eq!(row.value_text, expected);
        assert_eq!(row.hidden, expected == "*");
        assert_eq!(
            row.sums.is_none() && row.value_numerator.is_empty(),
            row.hidden
        );
    }

    // Side by side it is the same.
    for (channel, expected) in [(&reporter, "3 20 = 23"), (&viewer, "* * = 23")] {
        let compared = compare(channel, TOWN).await;
        assert_eq!(compared, [expected, expected]);
    }

    // Neither a school's place nor its light tells of it.
    let asked = RankRegionsRequest {
        region: TOWN.to_owned(),
        subject: Some(rank_regions_request::Subject::Indicator(
            INDICATOR.to_owned(),
        )),
        period: "2025-03".to_owned(),
    };
    let mut rollup = RollupServiceClient::new(viewer.clone());
    let ranked = rollup.rank_regions(asked).await.expect("a ranking");
    for row in ranked.into_inner().rows {
        assert_eq!((row.place, row.grey), (1, 1), "{row:?}");
    }

    // Changes as they come, and another node's exact table, are not published.
    let watched = WatchRollupRequest {
        regions: vec![TOWN.to_owned()],
        ..WatchRollupRequest::default()
    };
    let live = DrillRollupRequest {
        region: TOWN.to_owned(),
        indicator: INDICATOR.to_owned(),
        period: "2025-03".to_owned(),
        live: true,
    };
    let watched = rollup.watch_rollup(watched).await.map(drop);
    let drilled = rollup.drill_rollup(live).await.map(drop);
    for refused in [watched, drilled] {
        let status = refused.expect_err("not for viewers");
        let refusal = RemoteRefusal::from_status(&status).expect("a refusal");
        assert_eq!(refusal.reason, Some(Reason::NoRight));
        assert_eq!(refusal.value, TOWN);
        let says = "viewer may not read exact figures: 371524 is above 371524001";
        assert!(refusal.message.contains(says), "{}", refusal.message);
    }
}

#[tokio::test]
async fn a_viewer_from_above_is_told_whom_to_ask() {
    let mut world = World::new().await;
    let says = [
        (Language::Zh, "请到 371500 自己的节点查看"),
        (Language::En, "ask the node of 371500 instead"),
    ];
    for (language, says) in says {
        for (region, role, is_told) in [(CITY, "viewer", true), (TOWN, "viewer", false)] {
            let asked = GetRollupRequest {
                region: COUNTY.to_owned(),
                subject: Some(get_rollup_request::Subject::Indicator(INDICATOR.to_owned())),
                period: "2025-03".to_owned(),
            };
            let mut asked = tonic::Request::new(asked);
            ask_for(language, asked.metadata_mut());
            let mut rollup = RollupServiceClient::new(world.channel(region, role).await);
            let status = rollup.get_rollup(asked).await.expect_err("not for viewers");
            let refusal = RemoteRefusal::from_status(&status).expect("a refusal");
            assert_eq!(refusal.reason, Some(Reason::NoRight));
            let told = refusal.message.contains(says);
            assert_eq!(told, is_told, "{}", refusal.message);
        }
    }
}
