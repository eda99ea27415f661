//! Two nodes that say they are the same.

use std::time::{Duration, Instant};

use liandong_wire::link::v1::Hello;
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::v1::{Ping, Pong};
use liandong_wire::refusal::RemoteRefusal;
use tokio::time::timeout;

use super::{agree, comparing, parent, status, times};
use crate::peers::dial;
use crate::restarts::copy;
use crate::support::{Running, TREE, dropouts, start, start_in, until};

async fn knows(city: &Running, sum: (i64, u32)) {
    until("the city knows", async || {
        (city.sum("371500").await == sum).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_nodes_with_one_identity_the_second_is_refused_and_both_are_told() {
    let city = start("371500", "", "").await;
    let more = parent("371500", &city);
    let mut county = start("371524", TREE, &more).await;
    county.push("0", vec![dropouts("371524-A", 2)]).await;
    knows(&city, (2, 3)).await;
    for time in 0..times() {
        let dir = county.stop().await;
        let copied = tempfile::tempdir().expect("a directory");
        copy(dir.path(), copied.path());
        let original = start_in(dir, "371524", TREE, &more).await;
        until("the original is connected", async || {
            let links = original.links().await;
            links[0].connected.then_some(())
        })
        .await;
        let twin = start_in(copied, "371524", TREE, &more).await;
        let told = until("the twin is told", async || {
            let twins = status(&twin).await.twins;
            twins.first().cloned()
        })
        .await;
        assert_eq!(told.peer, "371524");
        assert!(told.message.contains("another node"), "{told:?}");
        let listed = status(&city).await.twins;
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].peer, "371524");

        // What both are told meanwhile: the original's counts at once, the twin's waits.
        let figure = 10 + i64::from(time);
        original
            .push(&format!("{time} o"), vec![dropouts("371524-A", figure)])
            .await;
        twin.push(&format!("{time} t"), vec![dropouts("371524-A", 900)])
            .await;
        knows(&city, (figure, 3)).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(city.sum("371500").await, (figure, 3), "nothing of the twin");
        let links = city.links().await;
        assert!(
            links[0].connected && links[0].trouble.is_empty(),
            "{links:?}"
        );

        // The copy is stopped; the original goes on as if nothing had been.
        drop(twin.stop().await);
        original
            .push(&format!("{time} o2"), vec![dropouts("371524-B", 1)])
            .await;
        knows(&city, (figure + 1, 3)).await;
        original
            .push(&format!("{time} o3"), vec![dropouts("371524-B", 0)])
            .await;
        knows(&city, (figure, 3)).await;
        agree(&original).await;
        county = original;
    }
    city.verify().await;
    county.verify().await;
    println!(
        "counted: row 12: two nodes started with one identity {} times, the second refused, \
         0 figures lost or doubled",
        times()
    );
}

fn from_process(process: u8, region: &str) -> Said {
    Said::Hello(Hello {
        process: vec![process; 16],
        ..comparing(region)
    })
}

#[tokio::test]
async fn a_successor_takes_over_at_once_when_the_old_stream_is_dead_and_soon_when_it_is_mute() {
    let city = start("371500", "", "").await;
    let mut old = dial(&city.channel, Some(from_process(1, "371524")))
        .await
        .expect("admitted");
    old.hear_hello().await;
    // The same process comes again: it knows best which of its streams is dead.
    let began = Instant::now();
    let mut same = dial(&city.channel, Some(from_process(1, "371524")))
        .await
        .expect("admitted");
    same.hear_hello().await;
    while old.hear().await.is_some() {}
    // Its stream ended, and another process comes.
    drop(same);
    until("it is gone", async || {
        (!city.links().await[0].connected).then_some(())
    })
    .await;
    let mut next = dial(&city.channel, Some(from_process(2, "371524")))
        .await
        .expect("admitted");
    next.hear_hello().await;
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(status(&city).await.twins, []);

    // A stream that is open and answers no ping: as after a power cut.
    let successor = dial(&city.channel, Some(from_process(3, "371524"))).await;
    let mut successor = successor.expect("admitted");
    successor.hear_hello().await;
    let pinged = loop {
        match next.hear().await {
            Some(Said::Ping(ping)) => break ping.id,
            Some(_) => {}
            None => panic!("it was not asked"),
        }
    };
    assert!(pinged > 0);
    while next.hear().await.is_some() {}
    assert_eq!(status(&city).await.twins, []);
}

#[tokio::test]
async fn whoever_answers_stays_and_two_that_take_turns_are_noticed() {
    let city = start("371500", "", "").await;
    let mut first = dial(&city.channel, Some(from_process(1, "371524")))
        .await
        .expect("admitted");
    first.hear_hello().await;
    let channel = city.channel.clone();
    let second = tokio::spawn(async move { dial(&channel, Some(from_process(2, "371524"))).await });
    let id = loop {
        if let Said::Ping(Ping { id }) = first.hear().await.expect("it stays") {
            break id;
        }
    };
    first.say(Said::Pong(Pong { id })).await;
    let Err(refused) = second.await.expect("no panic") else {
        panic!("the twin was admitted");
    };
    let refusal = RemoteRefusal::from_status(&refused).expect("a refusal");
    assert_eq!(refusal.code, "IDENTITY_IN_USE");
    assert!(refusal.message.contains("371524"), "{refusal:?}");
    assert_eq!(status(&city).await.twins.len(), 1);
    let answered = timeout(Duration::from_millis(100), first.hear()).await;
    assert!(!matches!(answered, Ok(None)), "the first stays");

    // They never meet, but one comes back after the other was there.
    let yunxi = start("371500", "", "").await;
    for process in [5, 6, 5] {
        let mut line = dial(&yunxi.channel, Some(from_process(process, "371524")))
            .await
            .expect("admitted");
        line.hear_hello().await;
        drop(line);
        until("it is gone", async || {
            (!yunxi.links().await[0].connected).then_some(())
        })
        .await;
    }
    let twins = status(&yunxi).await.twins;
    assert_eq!(twins.len(), 1);
    assert!(twins[0].message.contains("take turns"), "{twins:?}");
}
