//! A peer that sends what cannot be applied, and after it what can.

use liandong_wire::admin::v1::{GetStatusRequest, Level, QuarantinedChange, Region, RegionKind};
use liandong_wire::bytes::encode;
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::v1::link_file_service_client::LinkFileServiceClient;
use liandong_wire::link::v1::{
    CellBlock, CellGroup, Document, Packed, Packing, RetrySetAsideRequest, RetrySetAsideResponse,
    UnreadChanges, document,
};
use liandong_wire::task::v1::Comment;

use crate::peers::{Line, dial, hello};
use crate::support::{Running, start, start_in, until};

fn region(code: &str, parent: &str, version: u64) -> Document {
    Document {
        owner: code.to_owned(),
        id: code.to_owned(),
        version,
        body: Some(document::Body::Region(Region {
            code: code.to_owned(),
            name: format!("{code}的名称"),
            parent: parent.to_owned(),
            level: Level::County.into(),
            kind: RegionKind::Bureau.into(),
        })),
    }
}

/// A comment of a region on a plan.
fn comment(owner: &str, id: &str, version: u64) -> Document {
    let made = liandong_wire::task::v1::Step {
        action: liandong_wire::task::v1::Action::Comment.into(),
        by: "教育股".to_owned(),
        at: Some(liandong_wire::Timestamp {
            seconds: 1_741_910_400,
            nanos: 0,
        }),
        why: "依原文".to_owned(),
    };
    Document {
        owner: owner.to_owned(),
        id: id.to_owned(),
        version,
        body: Some(document::Body::Comment(Comment {
            issuer: "371500".to_owned(),
            plan: "plan-1".to_owned(),
            item: String::new(),
            text: "建议写明口径".to_owned(),
            made: Some(made),
        })),
    }
}

/// A document of a kind that no program knows yet.
fn of_tomorrow(id: &str, version: u64) -> Vec<u8> {
    let mut bytes = encode(&Document {
        owner: "371524".to_owned(),
        id: id.to_owned(),
        version,
        body: None,
    });
    bytes.extend([0x9a, 0x06, 3, 1, 2, 3]);
    bytes
}

fn cells(group: CellGroup) -> Option<CellBlock> {
    Some(CellBlock {
        known_indicators: 0,
        new_indicators: vec!["compulsory-dropouts".to_owned()],
        groups: vec![group],
    })
}

fn march(region: &str) -> CellGroup {
    // 2025-03: kind 2, year 2025, month 3.
    CellGroup {
        region: region.to_owned(),
        period: 2 << 28 | 2_025 << 16 | 3,
        version_base: 5,
        indicator_step: vec![0],
        numerator: vec![7],
        reported_step: vec![3],
        ..CellGroup::default()
    }
}

fn packed(upto: u64, documents: Vec<Vec<u8>>, cells: Option<CellBlock>) -> Said {
    let changes = UnreadChanges {
        after: 0,
        upto,
        documents,
        cells,
        ..UnreadChanges::default()
    };
    Said::Packed(Packed {
        packing: Packing::None.into(),
        content: encode(&changes),
    })
}

async fn opened(city: &Running) -> Line {
    let mut line = dial(&city.channel, Some(hello("371524")))
        .await
        .expect("admitted");
    line.hear_hello().await;
    line
}

async fn until_acked(line: &mut Line, upto: u64) {
    loop {
        match line.hear().await {
            Some(Said::Ack(ack)) if ack.upto >= upto => return,
            Some(_) => {}
            None => panic!("the stream ended"),
        }
    }
}

async fn set_aside(city: &Running) -> Vec<QuarantinedChange> {
    let status = city.admin().get_status(GetStatusRequest {}).await;
    status.expect("a status").into_inner().quarantined
}

async fn retry(city: &Running) -> RetrySetAsideResponse {
    let mut client = LinkFileServiceClient::new(city.channel.clone());
    let retried = client
        .retry_set_aside(RetrySetAsideRequest::default())
        .await;
    retried.expect("an answer").into_inner()
}

#[tokio::test]
async fn poison_is_set_aside_with_its_names_and_everything_else_flows() {
    let city = start("371500", "", "").await;
    let mut line = opened(&city).await;
    let county = encode(&region("371524", "371500", 1));
    let documents = vec![
        // Garbage, a kind of tomorrow, a level of tomorrow, somebody else's region, and good ones.
        vec![0xff; 30],
        of_tomorrow("new-1", 4),
        encode(&{
            let mut odd = region("371524", "371500", 9);
            if let Some(document::Body::Region(region)) = &mut odd.body {
                region.level = 77;
            }
            odd
        }),
        encode(&comment("371525", "c-9", 1)),
        county,
        encode(&comment("371524", "c-1", 1)),
    ];
    line.say(packed(3, documents.clone(), cells(march("371524"))))
        .await;
    until_acked(&mut line, 3).await;
    // More in time than were reported, a column that is too short, a region of another branch.
    let mut late = march("371524");
    (late.late, late.version_base) = (vec![9], 6);
    let mut short = march("371524");
    short.numerator.clear();
    let bad_cells = CellBlock {
        known_indicators: 1,
        new_indicators: Vec::new(),
        groups: vec![late, short, march("371525"), {
            let mut good = march("371524");
            (good.version_base, good.numerator) = (8, vec![11]);
            good
        }],
    };
    line.say(packed(4, Vec::new(), Some(bad_cells))).await;
    until_acked(&mut line, 4).await;

    assert_eq!(
        city.sum("371524").await.0,
        11,
        "the good cell behind the bad ones"
    );
    let listed = set_aside(&city).await;
    let named: Vec<(&str, &str, &str, u64, &str)> = listed
        .iter()
        .map(|entry| {
            let names = (entry.kind.as_str(), entry.owner.as_str());
            (
                names.0,
                names.1,
                entry.id.as_str(),
                entry.version,
                entry.reason.as_str(),
            )
        })
        .collect();
    println!("{named:#?}");
    assert_eq!(listed.len(), 7, "{named:?}");
    assert!(
        listed
            .iter()
            .all(|entry| entry.peer == "371524" && entry.at.is_some())
    );
    assert!(named.contains(&("unknown", "371524", "new-1", 4, "MISSING")));
    assert!(
        named.contains(&("region", "371524", "371524", 9, "MALFORMED")),
        "{named:?}"
    );
    assert!(named.contains(&("comment", "371525", "c-9", 1, "NOT_ENTITLED")));
    assert!(named.iter().any(|(kind, ..)| *kind == "cell"));

    // The same again is not listed twice.
    line.say(packed(5, documents, None)).await;
    until_acked(&mut line, 5).await;
    assert_eq!(set_aside(&city).await.len(), 7);
    // A newer version that can be applied takes the place of the one that could not.
    line.say(packed(
        6,
        vec![encode(&region("371524", "371500", 10))],
        None,
    ))
    .await;
    until_acked(&mut line, 6).await;
    let listed = set_aside(&city).await;
    assert_eq!(listed.len(), 6, "{listed:?}");
    assert!(!listed.iter().any(|entry| entry.kind == "region"));
    // A newer version that cannot either takes its place in the list.
    line.say(packed(7, vec![of_tomorrow("new-1", 5)], None))
        .await;
    until_acked(&mut line, 7).await;
    let listed = set_aside(&city).await;
    let unknown: Vec<u64> = listed
        .iter()
        .filter(|entry| entry.id == "new-1")
        .map(|entry| entry.version)
        .collect();
    assert_eq!(unknown, [5]);
    let links = city.links().await;
    assert_eq!(
        (links[0].quarantined, links[0].connected),
        (6, true),
        "{links:?}"
    );
    city.verify().await;
}

#[tokio::test]
async fn what_was_set_aside_is_tried_again_when_asked_for_and_at_a_start() {
    let city = start("371500", "", "").await;
    let mut line = opened(&city).await;
    line.say(packed(
        1,
        vec![encode(&region("371524", "371500", 1))],
        None,
    ))
    .await;
    until_acked(&mut line, 1).await;
    // Said by a township that the city has not heard of: it cannot be the county's.
    let early = vec![
        encode(&comment("371524001", "c-1", 1)),
        of_tomorrow("new-1", 1),
    ];
    line.say(packed(2, early, None)).await;
    until_acked(&mut line, 2).await;
    assert_eq!(set_aside(&city).await.len(), 2);
    let retried = retry(&city).await;
    assert_eq!(
        (retried.tried, retried.applied, retried.remaining),
        (2, 0, 2)
    );
    // Now the township is known.
    let mut township = region("371524001", "371524", 1);
    if let Some(document::Body::Region(region)) = &mut township.body {
        region.level = Level::Township.into();
    }
    line.say(packed(3, vec![encode(&township)], None)).await;
    until_acked(&mut line, 3).await;
    let retried = retry(&city).await;
    assert_eq!(
        (retried.tried, retried.applied, retried.remaining),
        (2, 1, 1)
    );
    let again = retry(&city).await;
    assert_eq!((again.tried, again.applied, again.remaining), (1, 0, 1));

    // The same at a start.
    let early = vec![encode(&comment("371524002", "c-2", 1))];
    line.say(packed(4, early, None)).await;
    until_acked(&mut line, 4).await;
    let mut township = region("371524002", "371524", 1);
    if let Some(document::Body::Region(region)) = &mut township.body {
        region.level = Level::Township.into();
    }
    line.say(packed(5, vec![encode(&township)], None)).await;
    until_acked(&mut line, 5).await;
    assert_eq!(set_aside(&city).await.len(), 2);
    drop(line);
    let city = start_in(city.stop().await, "371500", "", "").await;
    until("what can be applied now is not listed", async || {
        let listed = set_aside(&city).await;
        (listed.len() == 1 && listed[0].kind == "unknown").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_peer_that_sends_nothing_but_poison_fills_neither_the_list_nor_the_memory() {
    let city = start("371500", "", "").await;
    let mut line = opened(&city).await;
    for upto in 1..=15 {
        let garbage = (0..100u32).map(|number| {
            let mut bytes = vec![0xff; 2_000];
            bytes.extend((upto as u32 * 1_000 + number).to_be_bytes());
            bytes
        });
        line.say(packed(upto, garbage.collect(), None)).await;
        until_acked(&mut line, upto).await;
    }
    let listed = set_aside(&city).await;
    assert_eq!(listed.len(), 1_000);
    assert_eq!(
        retry(&city).await.tried,
        200,
        "of older ones only the names are kept"
    );
    // And a good one behind all of it.
    line.say(packed(
        20,
        vec![encode(&region("371524", "371500", 1))],
        cells(march("371524")),
    ))
    .await;
    until_acked(&mut line, 20).await;
    // What the journal folds to is what the node has, also where room was made in the list.
    city.verify().await;
}
