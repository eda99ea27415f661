//! Tables, watches, drill-down, completeness and rankings.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use liandong_wire::progress::v1::Report;

use liandong_wire::rollup::v1::get_rollup_request::Subject;
use liandong_wire::rollup::v1::{
    DrillRollupRequest, DrillRow, GetCompletenessRequest, GetRollupRequest, Light,
    RankRegionsRequest, WatchRollupRequest, WatchRollupResponse, get_completeness_request,
    rank_regions_request,
};
use tonic::{Code, Streaming};

use crate::support::{Running, TREE, bachelors, dropouts, start};

const DROPOUTS: &str = "compulsory-dropouts";

fn table(region: &str, indicator: &str) -> GetRollupRequest {
    GetRollupRequest {
        region: region.to_owned(),
        subject: Some(Subject::Indicator(indicator.to_owned())),
        period: "2025-03".to_owned(),
    }
}

async fn shown(node: &Running, indicator: &str) -> (String, String, Light) {
    let got = node
        .rollup()
        .get_rollup(table("371524", indicator))
        .await
        .expect("a table");
    let row = got.into_inner().rows.remove(0);
    let sums = row.sums.expect("sums");
    let text = format!("{}/{} {}", sums.numerator, sums.denominator, row.value_text);
    (text, row.indicator_name.clone(), row.light())
}

#[tokio::test]
async fn values_are_exact_sums_shown_as_people_read_them() {
    let node = start("371524", TREE, "").await;
    let (nothing, ..) = shown(&node, DROPOUTS).await;
    assert_eq!(nothing, "0/0 ");
    let (urban, rural) = ("urban-compulsory-bachelor", "rural-compulsory-bachelor");
    let rows = vec![
        dropouts("371524-A", 2),
        dropouts("371524-C", 1),
        bachelors("371524-A", urban, (9, 10)),
        bachelors("371524-C", urban, (1, 2)),
        bachelors("371524-A", rural, (2, 3)),
        bachelors("371524-B", rural, (5, 8)),
    ];
    node.push("1", rows).await;
    let (count, name, light) = shown(&node, DROPOUTS).await;
    assert_eq!((count.as_str(), light), ("3/0 3", Light::Red));
    assert_eq!(name, "Compulsory-education pupils out of school");
    let (share, ..) = shown(&node, urban).await;
    assert_eq!(share, "10/12 83.33");
    // (10/12) / (7/11) = 110/84, never the mean of the schools' ratios.
    let asked = table("371524", "urban-rural-bachelor-ratio");
    let row = node
        .rollup()
        .get_rollup(asked)
        .await
        .expect("a table")
        .into_inner()
        .rows
        .remove(0);
    assert_eq!(
        (row.value_numerator.as_str(), row.value_denominator.as_str()),
        ("110", "84")
    );
    assert_eq!(row.value_text, "1.3095");
    assert_eq!(
        row.sums_below
            .map(|sums| (sums.numerator, sums.denominator)),
        Some((7, 11))
    );
}

#[tokio::test]
async fn completeness_and_ranking_are_of_the_regions_below() {
    let node = start("371524", TREE, "").await;
    node.push("1", vec![dropouts("371524-A", 0), dropouts("371524-C", 4)])
        .await;
    let asked = GetCompletenessRequest {
        region: "371524".to_owned(),
        subject: Some(get_completeness_request::Subject::Indicator(
            DROPOUTS.to_owned(),
        )),
        period: "2025-03".to_owned(),
    };
    let got = node
        .rollup()
        .get_completeness(asked)
        .await
        .expect("an answer")
        .into_inner();
    let total = got.total.expect("a total");
    assert_eq!((total.expected, total.reported, total.on_time), (3, 2, 0));
    assert_eq!(total.reported_basis_points, Some(6_667));
    let rows: Vec<(&str, u64, u64)> = got
        .rows
        .iter()
        .map(|row| (row.region.as_str(), row.expected, row.reported))
        .collect();
    assert_eq!(rows, [("371524-C", 1, 1), ("371524001", 2, 1)]);

    let asked = RankRegionsRequest {
        region: "371524".to_owned(),
        subject: Some(rank_regions_request::Subject::Indicator(
            DROPOUTS.to_owned(),
        )),
        period: "2025-03".to_owned(),
    };
    let got = node
        .rollup()
        .rank_regions(asked)
        .await
        .expect("an answer")
        .into_inner();
    let rows: Vec<(u32, &str, &str, u32)> = got
        .rows
        .iter()
        .map(|row| (row.place, row.region.as_str(), row.name.as_str(), row.green))
        .collect();
    assert_eq!(
        rows,
        [
            (1, "371524001", "铜城街道", 1),
            (2, "371524-C", "东阿县实验小学", 0)
        ]
    );
}

#[tokio::test]
async fn a_cell_is_taken_apart_here() {
    let node = start("371524", TREE, "").await;
    let rows = vec![
        dropouts("371524-A", 2),
        dropouts("371524-C", 1),
        dropouts("371524", 10),
    ];
    node.push("1", rows).await;
    let asked = DrillRollupRequest {
        region: "371524".to_owned(),
        indicator: DROPOUTS.to_owned(),
        period: "2025-03".to_owned(),
        live: true,
    };
    let got = node
        .rollup()
        .drill_rollup(asked.clone())
        .await
        .expect("an answer")
        .into_inner();
    assert!(!got.live, "it is hosted here");
    let drill = got.drill.expect("a drill");
    assert_eq!(drill.total.map(|sums| sums.numerator), Some(13));
    assert_eq!(drill.own.map(|sums| sums.numerator), Some(10));
    let rows: Vec<(&str, i64)> = drill
        .rows
        .iter()
        .map(|row| {
            (
                row.region.as_str(),
                row.sums.map_or(-1, |sums| sums.numerator),
            )
        })
        .collect();
    assert_eq!(rows, [("371524-C", 1), ("371524001", 2)]);

    let derived = DrillRollupRequest {
        indicator: "urban-rural-bachelor-ratio".to_owned(),
        ..asked
    };
    let status = node
        .rollup()
        .drill_rollup(derived)
        .await
        .expect_err("it is computed");
    assert_eq!(status.code(), Code::InvalidArgument);
}

async fn next(stream: &mut Streaming<WatchRollupResponse>) -> WatchRollupResponse {
    let waited = tokio::time::timeout(Duration::from_secs(10), stream.message()).await;
    waited
        .expect("in time")
        .expect("no error")
        .expect("not the end")
}

fn figures(response: &WatchRollupResponse) -> Vec<(&str, i64)> {
    let figure =
        |cell: &liandong_wire::rollup::v1::CellChange| cell.sums.map(|sums| sums.numerator);
    let cells = response.cells.iter();
    cells
        .map(|cell| (cell.region.as_str(), figure(cell).unwrap_or(-1)))
        .collect()
}

#[tokio::test]
async fn a_watch_begins_with_how_things_are_and_can_be_resumed() {
    let node = start("371524", TREE, "").await;
    node.push("1", vec![dropouts("371524-A", 2)]).await;
    let asked = WatchRollupRequest {
        regions: vec!["371524".to_owned(), "371524-A".to_owned()],
        indicators: vec![DROPOUTS.to_owned()],
        ..WatchRollupRequest::default()
    };
    let mut stream = node
        .rollup()
        .watch_rollup(asked.clone())
        .await
        .expect("a watch")
        .into_inner();
    let first = next(&mut stream).await;
    assert_eq!(figures(&first), [("371524-A", 2), ("371524", 2)]);
    assert!(first.caught_up);

    // Neither another region nor another indicator is told of.
    node.push(
        "2",
        vec![bachelors("371524-A", "urban-compulsory-bachelor", (1, 2))],
    )
    .await;
    node.push("3", vec![dropouts("371524-C", 5)]).await;
    let second = next(&mut stream).await;
    assert_eq!(figures(&second), [("371524", 7)]);
    assert!(second.change > first.change);
    drop(stream);

    node.push("4", vec![dropouts("371524-A", 0)]).await;
    let resumed = WatchRollupRequest {
        after_change: second.change,
        incarnation: second.incarnation.clone(),
        ..asked.clone()
    };
    let mut stream = node
        .rollup()
        .watch_rollup(resumed)
        .await
        .expect("a watch")
        .into_inner();
    let third = next(&mut stream).await;
    assert_eq!(figures(&third), [("371524-A", 0), ("371524", 5)]);

    // Another life of the node's data: the watch starts over, though nothing is new.
    let elsewhere = WatchRollupRequest {
        after_change: third.change,
        incarnation: vec![7; 16],
        ..asked
    };
    let mut stream = node
        .rollup()
        .watch_rollup(elsewhere)
        .await
        .expect("a watch")
        .into_inner();
    assert_eq!(figures(&next(&mut stream).await).len(), 2);
}

#[tokio::test]
async fn a_watch_ends_at_once_when_the_node_stops() {
    let node = start("371524", TREE, "").await;
    let asked = WatchRollupRequest {
        regions: vec!["371524".to_owned()],
        ..WatchRollupRequest::default()
    };
    let mut stream = node
        .rollup()
        .watch_rollup(asked)
        .await
        .expect("a watch")
        .into_inner();
    assert!(next(&mut stream).await.caught_up);
    let stopping = Instant::now();
    let stopped = tokio::spawn(node.node.stop());
    let status = stream.message().await.expect_err("the end");
    assert_eq!(status.code(), Code::Unavailable);
    drop(stream);
    stopped.await.expect("no panic").expect("it stops");
    assert!(
        stopping.elapsed() < Duration::from_secs(4),
        "{:?}",
        stopping.elapsed()
    );
}

#[tokio::test]
async fn a_watch_tells_of_every_cell_in_pieces() {
    let node = start("371524", TREE, "").await;
    let mut rows = Vec::new();
    for year in 1949..2025 {
        for month in 1..=12 {
            for school in ["371524-A", "371524-B", "371524-C"] {
                rows.push(Report {
                    period: format!("{year}-{month:02}"),
                    ..dropouts(school, 1)
                });
            }
        }
    }
    let months = rows.len() / 3;
    node.push("1", rows).await;
    // Together they are more than one piece holds.
    let sums = [
        ("371524", 3),
        ("371524001", 2),
        ("371524-A", 1),
        ("371524-B", 1),
        ("371524-C", 1),
    ];
    let sums = BTreeMap::from(sums);
    let asked = WatchRollupRequest {
        regions: sums.keys().map(|region| (*region).to_owned()).collect(),
        ..WatchRollupRequest::default()
    };
    let mut stream = node
        .rollup()
        .watch_rollup(asked)
        .await
        .expect("a watch")
        .into_inner();
    let mut seen = BTreeSet::new();
    let mut pieces = 0;
    loop {
        let piece = next(&mut stream).await;
        pieces += 1;
        for cell in &piece.cells {
            let sum = cell.sums.map(|sums| sums.numerator);
            assert_eq!(sum, sums.get(&*cell.region).copied(), "{}", cell.region);
            assert!(
                seen.insert((cell.region.clone(), cell.period.clone())),
                "told twice"
            );
        }
        if piece.caught_up {
            break;
        }
    }
    assert_eq!(seen.len(), sums.len() * months);
    assert!(pieces > 1);
}

#[tokio::test]
async fn a_cell_of_another_node_is_taken_apart_there() {
    let city = start("371500", "", "").await;
    let parent = format!(
        "[parent]\nregion = '371500'\naddress = 'http://{}'",
        city.node.address()
    );
    let county = start("371524", TREE, &parent).await;
    county
        .push("1", vec![dropouts("371524-A", 2), dropouts("371524-C", 1)])
        .await;
    let asked = |live| DrillRollupRequest {
        region: "371524".to_owned(),
        indicator: DROPOUTS.to_owned(),
        period: "2025-03".to_owned(),
        live,
    };
    let deadline = Instant::now() + Duration::from_secs(10);
    let held = loop {
        let got = city
            .rollup()
            .drill_rollup(asked(false))
            .await
            .expect("an answer");
        let drill = got.into_inner().drill.expect("a drill");
        if drill.total.map(|sums| sums.numerator) == Some(3) {
            break drill;
        }
        assert!(Instant::now() < deadline, "{drill:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let units = |rows: &[DrillRow]| rows.iter().filter(|row| row.region == "371524-C").count();
    assert_eq!(units(&held.rows), 0, "a unit's cells stay in its county");
    let got = city
        .rollup()
        .drill_rollup(asked(true))
        .await
        .expect("an answer")
        .into_inner();
    assert!(got.live);
    let drill = got.drill.expect("a drill");
    assert_eq!((drill.rows.len(), units(&drill.rows)), (2, 1));

    county.node.stop().await.expect("it stops");
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Err(status) = city.rollup().drill_rollup(asked(true)).await {
            assert_eq!(status.code(), Code::Unavailable);
            break;
        }
        assert!(Instant::now() < deadline, "the county is gone");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
