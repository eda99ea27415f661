//! A stream that breaks while the listener says what only it holds.

use std::time::Duration;

use liandong_core::state::ChangeSet;
use liandong_wire::link::bucket_content;
use liandong_wire::link::v1::comparison::Step;
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::v1::{Bucket, Digest, Findings};

use super::{comparing, next_step, parent, say_step, status};
use crate::peers::{Line, dial};
use crate::support::{Running, TREE, dropouts, start, until};

/// A county that has lost everything dials.
async fn emptied(city: &Running) -> Line {
    let dialled = dial(&city.channel, Some(Said::Hello(comparing("371524")))).await;
    let mut line = dialled.expect("admitted");
    line.hear_hello().await;
    line
}

/// The buckets that the city finds to differ from nothing.
async fn differing(line: &mut Line, id: u64) -> Vec<Bucket> {
    let digest = Digest {
        contents: true,
        ..Digest::default()
    };
    say_step(line, id, Step::Digest(digest)).await;
    loop {
        // The city compares what it tells, too.
        if let (said, Step::Verdict(verdict)) = next_step(line).await {
            assert_eq!(said, id);
            return verdict.differing;
        }
    }
}

/// Says that there is nothing in a bucket.
async fn nothing_in(line: &Line, id: u64, bucket: &Bucket) {
    let named = (*bucket).clone().try_into().expect("a bucket");
    let content = bucket_content(0, named, &ChangeSet::default(), true);
    say_step(line, id, Step::Content(content)).await;
}

async fn findings(line: &mut Line, id: u64) -> Findings {
    loop {
        if let (said, Step::Findings(findings)) = next_step(line).await {
            assert_eq!(said, id);
            return findings;
        }
    }
}

#[tokio::test]
async fn what_only_a_listener_holds_it_names_again_on_every_new_stream() {
    let city = start("371500", "", "").await;
    let county = start("371524", TREE, &parent("371500", &city)).await;
    county.push("1", vec![dropouts("371524-A", 2)]).await;
    until("the city knows", async || {
        (city.sum("371500").await.0 == 2).then_some(())
    })
    .await;
    drop(county.stop().await);

    let roster = Bucket {
        kind: 5,
        region: "371524".to_owned(),
    };
    let cells = Bucket {
        kind: 0,
        region: "371524".to_owned(),
    };
    let mut line = emptied(&city).await;
    let found = differing(&mut line, 1).await;
    assert!(
        found.contains(&roster) && found.contains(&cells),
        "{found:?}"
    );
    nothing_in(&line, 2, &roster).await;
    nothing_in(&line, 3, &cells).await;
    until("the city has written down what it found", async || {
        let orphaned = status(&city).await.orphaned;
        let has = |kind: &str| orphaned.iter().any(|one| one.kind == kind);
        (has("roster") && has("cell")).then_some(())
    })
    .await;
    // What it found is on its way when the stream breaks.
    drop(line);
    tokio::time::sleep(Duration::from_millis(50)).await;

    let mut line = emptied(&city).await;
    let again = differing(&mut line, 1).await;
    assert_eq!(again, found, "nobody has heard of it");
    nothing_in(&line, 2, &roster).await;
    let documents = findings(&mut line, 2).await.documents;
    assert_eq!(documents.len(), 1, "{documents:?}");
    nothing_in(&line, 3, &cells).await;
    let missing = findings(&mut line, 3).await;
    assert!(missing.cells_missing > 0 && missing.highest > 0);
    // On one stream once is enough.
    let quiet = differing(&mut line, 4).await;
    assert!(!quiet.contains(&roster) && !quiet.contains(&cells));
    assert_eq!(quiet.len() + 2, found.len(), "{quiet:?}");
}
