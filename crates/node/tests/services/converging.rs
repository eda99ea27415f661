//! Links that converge: whatever one side lost or never got, both hold the same again.

mod broken;
pub(crate) mod lives;
mod twins;
mod withdrawal;

use std::time::Duration;

use liandong_wire::admin::v1::{
    GetStatusRequest, GetStatusResponse, VerifiedPart, VerifyNodeRequest, VerifyPart, VerifyResult,
};
use liandong_wire::link::v1::comparison::Step;
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::v1::{
    Ack, Changes, CompareResult, Comparison, Digest, Findings, Hello, Verdict,
};
use tokio::time::timeout;

use crate::peers::{Line, Played, dial, hello};
use crate::support::{Running, TREE, dropouts, start, until};

/// How often each thing of row 12 is done; 20 times before a release.
fn times() -> u32 {
    let asked = std::env::var("LIANDONG_ROW_12").ok();
    asked.and_then(|times| times.parse().ok()).unwrap_or(3)
}

fn parent(region: &str, city: &Running) -> String {
    let address = city.node.address();
    format!("[parent]\nregion = '{region}'\naddress = 'http://{address}'\n")
}

async fn status(node: &Running) -> GetStatusResponse {
    let status = node.admin().get_status(GetStatusRequest {}).await;
    status.expect("a status").into_inner()
}

/// What the comparison of a node with its peers says, now.
async fn compared(node: &Running) -> Vec<VerifiedPart> {
    let request = VerifyNodeRequest {
        parts: vec![VerifyPart::Peers.into()],
    };
    let verified = node.admin().verify_node(request).await;
    verified.expect("an answer").into_inner().parts
}

/// Waits until a node and its one peer find nothing that differs.
async fn agree(node: &Running) {
    until("both hold the same", async || {
        let parts = compared(node).await;
        assert_eq!(parts.len(), 1);
        (parts[0].result() == VerifyResult::Fits).then_some(())
    })
    .await;
}

/// The hello of a peer that compares.
fn comparing(region: &str) -> Hello {
    let Said::Hello(hello) = hello(region) else {
        unreachable!("a hello");
    };
    Hello { scheme: 1, ..hello }
}

#[tokio::test]
async fn what_a_city_never_got_it_has_after_the_first_comparison() {
    let city = start("371500", "", "").await;
    let county = start("371524", TREE, "").await;
    county
        .push("1", vec![dropouts("371524-A", 2), dropouts("371524-C", 1)])
        .await;
    let known = status(&county).await;
    // The city believes that it has all of it.
    let mut liar = dial(
        &city.channel,
        Some(Said::Hello(Hello {
            incarnation: known.incarnation,
            ..comparing("371524")
        })),
    )
    .await
    .expect("admitted");
    liar.hear_hello().await;
    liar.say(Said::Changes(Changes {
        upto: known.change,
        ..Changes::default()
    }))
    .await;
    until("the city has taken it", async || {
        let links = city.links().await;
        (links[0].received_upto == known.change).then_some(())
    })
    .await;
    drop(liar);
    let dir = county.stop().await;
    let more = parent("371500", &city);
    let county = crate::support::start_in(dir, "371524", TREE, &more).await;
    until("the city has it", async || {
        (city.sum("371500").await == (3, 3)).then_some(())
    })
    .await;
    // Buckets are healed one after the other: it is counted when none is left.
    agree(&county).await;
    let fits = compared(&city).await;
    assert_eq!(fits[0].result(), VerifyResult::Fits, "{fits:?}");
    assert!(fits[0].checked >= 5, "{fits:?}");
    let healed = city.links().await[0].healed;
    assert!(
        healed >= 5,
        "the region, its township, rosters and cells: {healed}"
    );
    let fits = compared(&city).await;
    assert_eq!(fits[0].result(), VerifyResult::Fits, "{fits:?}");
    assert_eq!(
        city.links().await[0].healed,
        healed,
        "and no more than once"
    );
    city.verify().await;
    county.verify().await;
}

/// The next step of a comparison that the node says; changes are acknowledged.
async fn next_step(line: &mut Line) -> (u64, Step) {
    loop {
        match line.hear().await.expect("the stream stays open") {
            Said::Comparison(Comparison { id, step }) => {
                return (id, step.expect("a step"));
            }
            Said::Changes(changes) => {
                let upto = changes.upto;
                line.say(Said::Ack(Ack { upto })).await;
            }
            _ => {}
        }
    }
}

async fn say_step(line: &Line, id: u64, step: Step) {
    let step = Some(step);
    line.say(Said::Comparison(Comparison { id, step })).await;
}

#[tokio::test]
async fn where_both_hold_the_same_nothing_but_a_digest_and_a_verdict_is_said() {
    let mut city = Played::start().await;
    let more = format!(
        "[parent]\nregion = '371500'\naddress = '{}'\n",
        city.address
    );
    let county = start("371524", TREE, &more).await;
    county.push("1", vec![dropouts("371524-A", 2)]).await;
    let mut line = city.line().await;
    line.hear_hello().await;
    line.say(Said::Hello(comparing("371500"))).await;
    let (id, step) = next_step(&mut line).await;
    let Step::Digest(digest) = step else {
        panic!("{step:?}")
    };
    assert!(digest.contents && digest.upto > 0);
    // Region and roster of the county and its township, and the cells of both.
    assert_eq!(digest.tallies.len(), 6, "{digest:?}");
    assert!(digest.until.is_none(), "all of it in one step");
    say_step(&line, id, Step::Verdict(Verdict::default())).await;
    assert!(line.is_silent().await);
    let compared = until("it is known", async || county.links().await[0].compared_at).await;
    assert!(compared.seconds > 0);
    assert_eq!(county.links().await[0].healed, 0);

    // One that has moved on is asked again, soon and with what is new.
    say_step(&line, 900, Step::Compare(Default::default())).await;
    let (id, _) = next_step(&mut line).await;
    let moved_on = Verdict {
        moved_on: true,
        ..Verdict::default()
    };
    say_step(&line, id, Step::Verdict(moved_on)).await;
    let (again, step) = next_step(&mut line).await;
    assert!(again > id && matches!(step, Step::Digest(_)));
    let differing = vec![digest.tallies[5].bucket.clone().expect("a bucket")];
    let verdict = Verdict {
        differing,
        ..Verdict::default()
    };
    say_step(&line, again, Step::Verdict(verdict)).await;
    let (id, step) = next_step(&mut line).await;
    let Step::Content(content) = step else {
        panic!("{step:?}")
    };
    assert!(content.last && content.part.is_some());
    let findings = Findings {
        healed: 1,
        ..Findings::default()
    };
    say_step(&line, id, Step::Findings(findings)).await;
    let (id, step) = next_step(&mut line).await;
    let Step::Result(result) = step else {
        panic!("{step:?}")
    };
    assert_eq!((id, result.complete, result.healed), (900, true, 1));
    // What differed is looked at once more.
    let (_, step) = next_step(&mut line).await;
    assert!(matches!(step, Step::Digest(_)));
}

#[tokio::test]
async fn a_peer_that_does_not_compare_is_told_nothing_of_it() {
    let mut city = Played::start().await;
    let more = format!(
        "[parent]\nregion = '371500'\naddress = '{}'\n",
        city.address
    );
    let county = start("371524", TREE, &more).await;
    let mut line = city.line().await;
    line.hear_hello().await;
    line.say(hello("371500")).await;
    let changes = line.hear_changes().await.expect("changes");
    let upto = changes.upto;
    line.say(Said::Ack(Ack { upto })).await;
    let said = timeout(Duration::from_secs(6), line.hear()).await;
    assert!(said.is_err(), "{said:?}");
    let parts = compared(&county).await;
    assert_eq!(parts[0].result(), VerifyResult::NotChecked, "{parts:?}");
    assert!(parts[0].first.contains("371500"), "{parts:?}");
}

#[tokio::test]
async fn a_listener_says_which_buckets_differ_and_ends_a_stream_of_nonsense() {
    let city = start("371500", "", "").await;
    let dialled = dial(&city.channel, Some(Said::Hello(comparing("371524")))).await;
    let mut line = dialled.expect("admitted");
    line.hear_hello().await;
    let tally = liandong_wire::link::v1::Tally {
        bucket: Some(liandong_wire::link::v1::Bucket {
            kind: 4,
            region: "371524".to_owned(),
        }),
        count: 1,
        sum: vec![9; 16],
    };
    let digest = Digest {
        upto: 5,
        contents: true,
        tallies: vec![tally.clone()],
        ..Digest::default()
    };
    say_step(&line, 1, Step::Digest(digest.clone())).await;
    loop {
        let (id, step) = next_step(&mut line).await;
        // The city compares what it tells, too.
        if let Step::Verdict(verdict) = step {
            assert_eq!(id, 1);
            assert!(!verdict.moved_on);
            assert_eq!(verdict.differing.len(), 1);
            break;
        }
    }
    // Answers to nothing are passed over; a sum that is none ends the stream.
    say_step(&line, 77, Step::Findings(Findings::default())).await;
    say_step(&line, 78, Step::Result(CompareResult::default())).await;
    let nonsense = Digest {
        tallies: vec![liandong_wire::link::v1::Tally {
            sum: vec![1],
            ..tally
        }],
        ..digest
    };
    say_step(&line, 2, Step::Digest(nonsense)).await;
    while line.hear().await.is_some() {}
    let links = city.links().await;
    assert!(links[0].trouble.contains("tally.sum"), "{links:?}");
}

#[tokio::test]
async fn the_lag_is_seen_anew_when_a_peer_has_lost_its_data() {
    let mut city = Played::start().await;
    let more = format!(
        "[parent]\nregion = '371500'\naddress = '{}'\n",
        city.address
    );
    let county = start("371524", TREE, &more).await;
    county.push("1", vec![dropouts("371524-A", 2)]).await;
    let mut line = city.line().await;
    line.hear_hello().await;
    line.say(hello("371500")).await;
    let last = status(&county).await.change;
    let upto = line.hear_changes().await.expect("changes").upto;
    line.say(Said::Ack(Ack { upto })).await;
    until("nothing lags", async || {
        (county.links().await[0].lag == 0).then_some(())
    })
    .await;
    drop(line);
    // It comes back without anything.
    let mut line = city.line().await;
    line.hear_hello().await;
    line.say(hello("371500")).await;
    let again = line.hear_changes().await.expect("changes");
    assert_eq!((again.after, again.upto), (0, upto));
    let links = county.links().await;
    assert_eq!((links[0].lag, links[0].acked_upto), (last, 0), "{links:?}");
    line.say(Said::Ack(Ack { upto })).await;
    until("nothing lags again", async || {
        (county.links().await[0].lag == 0).then_some(())
    })
    .await;
}
