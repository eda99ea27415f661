//! Links: what two nodes say to each other, whatever happens to either of them.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::v1::{Ack, CellBlock, Changes, DrillQuery, Query};
use liandong_wire::link::v1::{answer, query};
use liandong_wire::progress::v1::Report;
use liandong_wire::rollup::v1::DrillRollupRequest;
use tonic::Code;

use crate::peers::{Line, Played, dial, hello};
use crate::restarts::copy;
use crate::support::{Setup, TREE, dropouts, start, start_in, until};

fn parent(region: &str, address: &str) -> String {
    format!("[parent]\nregion = '{region}'\naddress = '{address}'\n")
}

fn url(address: std::net::SocketAddr) -> String {
    format!("http://{address}")
}

fn cells(changes: &Changes) -> usize {
    let groups = changes.cells.iter().flat_map(|block| &block.groups);
    groups.map(|group| group.indicator_step.len()).sum()
}

#[tokio::test]
async fn a_parent_that_ends_every_stream_is_asked_ever_more_rarely_and_holds_up_no_stop() {
    let mut city = Played::start().await;
    let county = start("371524", TREE, &parent("371500", &city.address)).await;
    let began = Instant::now();
    for _ in 0..5 {
        let mut line = city.line().await;
        line.hear_hello().await;
        line.say(hello("371500")).await;
    }
    // Half of 0.2, 0.4, 0.8 and 1.6 seconds at least.
    assert!(
        began.elapsed() > Duration::from_millis(1_400),
        "{:?}",
        began.elapsed()
    );
    // The last stream ends, and the longest wait so far begins.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let stopping = Instant::now();
    county.stop().await;
    assert!(
        stopping.elapsed() < Duration::from_secs(1),
        "it sat out its wait"
    );
}

#[tokio::test]
async fn a_stream_that_a_partner_opened_is_not_ended_by_dialling_it() {
    let mut partner = Played::start().await;
    let more = format!(
        "[[partner]]\nregion = '500243'\naddress = '{}'\n",
        partner.address
    );
    let node = start("371524", TREE, &more).await;
    let mut dialled = partner.line().await;
    dialled.hear_hello().await;
    dialled.say(hello("500243")).await;
    until("the link is up", async || {
        node.links().await[0].connected.then_some(())
    })
    .await;
    let mut opened = dial(&node.channel, Some(hello("500243")))
        .await
        .expect("admitted");
    opened.hear_hello().await;
    while dialled.hear().await.is_some() {}
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(
        partner.lines.try_recv().is_err(),
        "the node dialled although it was connected"
    );
    drop(opened);
    partner.line().await;
}

#[tokio::test]
async fn of_two_streams_with_one_peer_the_newer_stays() {
    let city = start("371500", "", "").await;
    let mut old = dial(&city.channel, Some(hello("371524")))
        .await
        .expect("admitted");
    old.hear_hello().await;
    let mut new = dial(&city.channel, Some(hello("371524")))
        .await
        .expect("admitted");
    new.hear_hello().await;
    while old.hear().await.is_some() {}
    assert!(
        new.is_silent().await,
        "there is nothing to say and no reason to end"
    );
    let links = city.links().await;
    assert_eq!(links.len(), 1);
    assert!(links[0].connected, "{links:?}");
}

#[tokio::test]
async fn strangers_and_garbage_end_the_stream_and_nothing_else() {
    let city = start("371500", "", "").await;
    let ended = |refused: Result<Line, tonic::Status>| match refused {
        Ok(_) => panic!("admitted"),
        Err(status) => status.code(),
    };
    // A county of another city, the node itself, a text, and a frame that is no hello.
    for region in ["500243", "371500"] {
        let refused = dial(&city.channel, Some(hello(region))).await;
        assert_eq!(ended(refused), Code::PermissionDenied, "{region}");
    }
    let refused = dial(&city.channel, Some(hello("聊城"))).await;
    assert_eq!(ended(refused), Code::InvalidArgument);
    let refused = dial(&city.channel, Some(Said::Ack(Ack { upto: 1 }))).await;
    assert_eq!(ended(refused), Code::InvalidArgument);

    let lost_a_frame = Changes {
        cells: Some(CellBlock {
            known_indicators: 5,
            ..CellBlock::default()
        }),
        ..Changes::default()
    };
    let garbage = [
        hello("371524"),
        Said::Ack(Ack { upto: u64::MAX }),
        Said::Changes(lost_a_frame),
    ];
    for said in garbage {
        let mut line = dial(&city.channel, Some(hello("371524")))
            .await
            .expect("admitted");
        line.hear_hello().await;
        line.say(said).await;
        while line.hear().await.is_some() {}
    }
    let links = until("the stream has ended", async || {
        let links = city.links().await;
        links.iter().all(|link| !link.connected).then_some(links)
    })
    .await;
    assert!(links[0].trouble.contains("known_indicators"), "{links:?}");
    assert!(
        links[0].acked_upto <= 2,
        "an acknowledgement of nothing is not believed"
    );
}

#[tokio::test]
async fn only_the_node_above_may_ask_questions() {
    let city = start("371500", "", "").await;
    let mut line = dial(&city.channel, Some(hello("371524")))
        .await
        .expect("admitted");
    line.hear_hello().await;
    let drill = DrillQuery {
        region: "371500".to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
    };
    line.say(Said::Query(Query {
        id: 9,
        query: Some(query::Query::Drill(drill)),
    }))
    .await;
    let answered = match line.hear().await {
        Some(Said::Answer(answered)) => answered,
        other => panic!("{other:?}"),
    };
    assert_eq!(answered.id, 9);
    match answered.answer {
        Some(answer::Answer::Refusal(refusal)) => assert_eq!(refusal.reason, "NOT_ENTITLED"),
        other => panic!("{other:?}"),
    }
}

/// Forty townships with a school each.
fn forty_townships() -> String {
    let mut tree = "code,name,parent,level,kind\n".to_owned();
    for number in 101..=140 {
        writeln!(tree, "371524{number},第{number}镇,371524,township,").expect("text");
        writeln!(
            tree,
            "371524-{number},第{number}小学,371524{number},unit,primary-school"
        )
        .expect("text");
    }
    tree
}

/// More changes than may be on their way: 40 townships and the county, 504 months.
async fn push_much(county: &crate::support::Running) -> usize {
    let mut sent = 0;
    for year in 1984..=2025 {
        let mut rows: Vec<Report> = Vec::new();
        for month in 1..=12 {
            for number in 101..=140 {
                rows.push(Report {
                    period: format!("{year}-{month:02}"),
                    ..dropouts(&format!("371524-{number}"), 1)
                });
            }
            sent += 41;
        }
        let pushed = county.push(&year.to_string(), rows).await;
        let counts = pushed.counts.expect("counts");
        if counts.refused > 0 {
            assert_eq!(counts.accepted, 0, "{:?}", pushed.outcomes.first());
            sent -= 41 * 12;
        }
    }
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_backlog_goes_in_bounded_frames_and_no_faster_than_it_is_acknowledged() {
    const FRAME: usize = 2_048;
    // Of a line that says nothing, nothing is known: a few kilobytes are all that it is given.
    const WINDOW: usize = 1_024;
    let mut city = Played::start().await;
    let tree = forty_townships();
    let county = start("371524", &tree, &parent("371500", &city.address)).await;
    let mut line = city.line().await;
    let expected = push_much(&county).await;
    assert!(
        expected > WINDOW + FRAME,
        "{expected} changes are no backlog"
    );
    let said = line.hear_hello().await;
    // Beyond what the county has: of another life, whatever its incarnation says.
    let Said::Hello(mut greeting) = hello("371500") else {
        unreachable!("a hello");
    };
    greeting.after = u64::MAX;
    greeting.after_incarnation = said.incarnation;
    line.say(Said::Hello(greeting)).await;

    let (mut heard, mut after, mut documents) = (0, 0, 0);
    let mut upto = 0;
    while let Ok(changes) = tokio::time::timeout(Duration::from_secs(1), line.hear_changes()).await
    {
        let changes = changes.expect("the stream stays open");
        assert!(cells(&changes) + changes.documents.len() <= 2 * FRAME);
        assert!(changes.after >= after && changes.upto > changes.after);
        (after, upto) = (changes.upto, changes.upto);
        heard += cells(&changes);
        documents += changes.documents.len();
    }
    assert!(
        documents > 0 && heard + documents <= WINDOW,
        "{heard} cells, {documents} documents"
    );
    let lag = county.links().await[0].lag;
    assert!(lag as usize > WINDOW, "the lag can be seen: {lag}");
    while heard < expected {
        line.say(Said::Ack(Ack { upto })).await;
        let changes = line.hear_changes().await.expect("the stream stays open");
        upto = changes.upto;
        heard += cells(&changes);
    }
    assert_eq!(heard, expected);
    line.say(Said::Ack(Ack { upto })).await;
    until("nothing lags", async || {
        (county.links().await[0].lag == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_parent_that_lost_everything_is_told_everything_again() {
    let city = start("371500", "", "").await;
    let address = city.node.address();
    let county = start("371524", TREE, &parent("371500", &url(address))).await;
    county
        .push("1", vec![dropouts("371524-A", 2), dropouts("371524-C", 1)])
        .await;
    until("the city knows", async || {
        (city.sum("371500").await == (3, 3)).then_some(())
    })
    .await;
    drop(city.stop().await);

    county.push("2", vec![dropouts("371524-B", 4)]).await;
    let listen = address.to_string();
    let setup = Setup {
        listen: &listen,
        ..Setup::new("371500", "", "")
    };
    let empty = tempfile::tempdir().expect("a directory");
    let city = setup.start_in(empty).await.expect("the node starts");
    until("the city knows again", async || {
        (city.sum("371500").await == (7, 3)).then_some(())
    })
    .await;
    city.verify().await;
    assert!(city.links().await.iter().all(|link| link.quarantined == 0));
}

#[tokio::test]
async fn a_county_restored_from_a_backup_and_its_city_agree_again() {
    let city = start("371500", "", "").await;
    let more = parent("371500", &url(city.node.address()));
    let county = start("371524", TREE, &more).await;
    county
        .push("1", vec![dropouts("371524-A", 2), dropouts("371524-C", 1)])
        .await;
    let dir = county.stop().await;
    let backup = tempfile::tempdir().expect("a directory");
    copy(
        &dir.path().join("data/journal"),
        &backup.path().join("data/journal"),
    );

    let county = start_in(dir, "371524", TREE, &more).await;
    for count in 10..20 {
        let id = count.to_string();
        county.push(&id, vec![dropouts("371524-A", count)]).await;
    }
    until("the city knows", async || {
        (city.sum("371500").await == (20, 3)).then_some(())
    })
    .await;
    drop(county.stop().await);

    let county = start_in(backup, "371524", TREE, &more).await;
    assert_eq!(county.sum("371524").await, (3, 3));
    until("the city is told again", async || {
        (city.sum("371500").await == (3, 3)).then_some(())
    })
    .await;
    // As many changes as were lost: none may be taken for the one that had its number.
    for count in 30..40 {
        let id = count.to_string();
        county.push(&id, vec![dropouts("371524-A", count)]).await;
        let told = (count + 1, 3);
        until("the city follows", async || {
            (city.sum("371500").await == told).then_some(())
        })
        .await;
    }
    city.verify().await;
    county.verify().await;
}

#[tokio::test]
async fn a_question_to_a_county_that_is_offline_is_refused_two_levels_up() {
    let province = start("370000", "", "").await;
    let city = start(
        "371500",
        "",
        &parent("370000", &url(province.node.address())),
    )
    .await;
    let county = start("371524", TREE, &parent("371500", &url(city.node.address()))).await;
    county
        .push("1", vec![dropouts("371524-A", 2), dropouts("371524-C", 1)])
        .await;
    let asked = DrillRollupRequest {
        region: "371524".to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
        live: true,
    };
    until("the county itself answers", async || {
        let drilled = province.rollup().drill_rollup(asked.clone()).await;
        let drill = drilled.ok()?.into_inner().drill?;
        drill
            .rows
            .iter()
            .any(|row| row.region == "371524-C")
            .then_some(())
    })
    .await;
    county.stop().await;
    let status = until("the county is gone", async || {
        province.rollup().drill_rollup(asked.clone()).await.err()
    })
    .await;
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("371524"), "{}", status.message());
    // What was reported before can still be seen.
    assert_eq!(province.sum("370000").await, (3, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_while_its_links_are_busy_loses_nothing() {
    let city = start("371500", "", "").await;
    let tree = forty_townships();
    let more = parent("371500", &url(city.node.address()));
    let county = start("371524", &tree, &more).await;
    let mut client = county.progress();
    let busy = tokio::spawn(async move {
        let mut taken = 0;
        for number in 101..=140 {
            for unit in 0..5 {
                let row = dropouts(&format!("371524-{number}"), unit + 1);
                let request = liandong_wire::progress::v1::PushReportsRequest {
                    batch: Some(crate::support::batch(
                        &format!("{number}/{unit}"),
                        vec![row],
                    )),
                    all_outcomes: false,
                };
                if client.push_reports(request).await.is_err() {
                    return taken;
                }
            }
            taken += 5;
        }
        taken
    });
    until("the city hears of it", async || {
        (city.sum("371500").await.0 > 20).then_some(())
    })
    .await;
    let began = Instant::now();
    let dir = county.stop().await;
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    let taken = busy.await.expect("no panic");
    let county = start_in(dir, "371524", &tree, &more).await;
    let (counted, _) = county.sum("371524").await;
    assert!(counted >= taken, "{counted} of {taken}");
    until("the city knows", async || {
        (city.sum("371500").await == (counted, 40)).then_some(())
    })
    .await;
    county.verify().await;
    city.verify().await;
}
