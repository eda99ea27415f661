//! A node that lost its data gets its own back from its peers, where it has signed it, and nothing
//! that they invent.

use std::net::SocketAddr;

use liandong_core::compare::Findings;
use liandong_core::document::{Body, Document};
use liandong_core::task::Task;
use liandong_wire::admin::v1::VerifyResult;
use liandong_wire::link::findings;
use liandong_wire::link::v1::comparison::Step as Compared;
use liandong_wire::link::v1::frame::Frame as Said;
use liandong_wire::link::v1::{
    Ack, Bucket, Comparison, Hello, RetrySetAsideRequest, RetrySetAsideResponse, Verdict,
};
use tempfile::TempDir;

use super::forged::{code, set_aside, signed};
use super::{CITY, COUNTY, Realm, evidence, folder, parent, start, started};
use crate::converging::lives::{hand_down, has_task};
use crate::peers::{Line, dial, hello};
use crate::support::{Running, Setup, TREE, until};

/// A city that listens where another did.
async fn start_anew(realm: &Realm, dir: TempDir, address: SocketAddr) -> Running {
    let own = realm.issue(CITY, "node");
    realm.settle(&dir.path().join("identity"), &own, &[]);
    let listen = address.to_string();
    let setup = Setup {
        listen: &listen,
        ..Setup::new(CITY, "", "\n[identity]\nfolder = 'identity'\n")
    };
    let node = setup.start_node(dir.path()).await;
    let node = node.expect("the node starts");
    let admin = realm.issue(CITY, "admin");
    let channel = realm.dial(node.address(), Some(&admin)).await;
    Running {
        dir,
        node,
        channel: channel.expect("the node listens"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_city_that_lost_everything_takes_back_what_it_had_signed() {
    let realm = Realm::new("edu.example");
    let city = start(&realm, folder(), CITY, "", "").await;
    let address = city.node.address();
    let county = start(&realm, folder(), COUNTY, TREE, &parent(&city, CITY)).await;
    until("the city knows the county", async || {
        (city.links().await.first()?.received_upto > 0).then_some(())
    })
    .await;
    hand_down(&city).await;
    until("the task is known", async || {
        has_task(&county).await.then_some(())
    })
    .await;
    drop(city.stop().await);

    let city = start_anew(&realm, folder(), address).await;
    until("the task is back", async || {
        has_task(&city).await.then_some(())
    })
    .await;
    assert_eq!(set_aside(&city).await, []);
    // What it came back by is kept, and held to be good.
    let folder = city.dir.path().join("identity");
    let data = city.dir.path().join("data");
    assert_eq!(evidence(&county).await.0, VerifyResult::Fits);
    let dir = city.stop().await;
    let parts = super::verify(&data, Some(&folder));
    let checked = super::part(&parts, super::Check::Evidence);
    assert_eq!(checked.fits, Some(true), "{checked:?}");
    drop(dir);
}

fn task() -> Document {
    Document {
        owner: code(CITY),
        id: "plan-1/1/371524".to_owned(),
        version: 7,
        body: Body::Task(Task {
            plan_issuer: code(CITY),
            plan: "plan-1".to_owned(),
            item: "1".to_owned(),
            name: "控辍保学".to_owned(),
            assignee: code(COUNTY),
            targets: Vec::new(),
            due: None,
            steps: Vec::new(),
            reviewed: 0,
        }),
    }
}

/// Waits for the node's next comparison, and says that this document of its own is held here.
async fn claim(line: &mut Line, found: &Findings) {
    let tasks = Bucket {
        kind: 9,
        region: CITY.to_owned(),
    };
    loop {
        let (id, step) = match line.hear().await.expect("the stream stays open") {
            Said::Comparison(Comparison { id, step }) => (id, step.expect("a step")),
            Said::Changes(changes) => {
                let upto = changes.upto;
                line.say(Said::Ack(Ack { upto })).await;
                continue;
            }
            _ => continue,
        };
        let answer = match step {
            Compared::Digest(_) => Compared::Verdict(Verdict {
                differing: vec![tasks.clone()],
                ..Verdict::default()
            }),
            Compared::Content(_) => Compared::Findings(findings(false, found)),
            _ => continue,
        };
        let is_said = matches!(answer, Compared::Findings(_));
        let step = Some(answer);
        line.say(Said::Comparison(Comparison { id, step })).await;
        if is_said {
            return;
        }
    }
}

async fn reason(city: &Running, reason: &str) {
    until("it is set aside", async || {
        let listed = set_aside(city).await;
        let is_there = |one: &(String, String)| one.0 == reason && one.1.contains("task 371500/");
        (listed.len() == 1 && is_there(&listed[0])).then_some(())
    })
    .await;
}

async fn retry(city: &Running, unsigned: bool) -> RetrySetAsideResponse {
    let peer = String::new();
    let request = RetrySetAsideRequest {
        peer,
        unsigned,
        ..Default::default()
    };
    let mut client = liandong_wire::link::v1::link_file_service_client::LinkFileServiceClient::new(
        city.channel.clone(),
    );
    let tried = client.retry_set_aside(request).await;
    tried.expect("tried").into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_peer_invents_is_not_taken_back() {
    let realm = Realm::new("edu.example");
    let dir = folder();
    realm.settle(
        &dir.path().join("identity"),
        &realm.issue(CITY, "node"),
        &[],
    );
    let city = started(&realm, dir, CITY, "", "").await;
    let own = realm.issue(COUNTY, "node");
    let channel = realm.dial(city.node.address(), Some(&own)).await;
    let Said::Hello(first) = hello(COUNTY) else {
        unreachable!("a hello")
    };
    // It says that it knows an earlier life of the city.
    let first = Hello {
        scheme: 1,
        after: 3,
        after_incarnation: vec![9; 16],
        ..first
    };
    let line = dial(&channel.expect("let in"), Some(Said::Hello(first))).await;
    let mut line = line.expect("admitted");
    line.hear_hello().await;

    let mut found = Findings::default();
    found.hold(&task(), None);
    claim(&mut line, &found).await;
    reason(&city, "NOT_SIGNED").await;
    assert!(!has_task(&city).await);
    // Nor under the signature of the one that gives it back.
    let documents = [task()];
    let mut found = Findings::default();
    found.hold(&task(), signed(&own, &documents)[0].as_ref());
    claim(&mut line, &found).await;
    reason(&city, "BAD_SIGNATURE").await;
    let tried = retry(&city, true).await;
    assert_eq!((tried.tried, tried.applied, tried.remaining), (1, 0, 1));
    assert!(!has_task(&city).await);
    // Where it came with none, a person may know better.
    let mut found = Findings::default();
    found.hold(&task(), None);
    claim(&mut line, &found).await;
    reason(&city, "NOT_SIGNED").await;
    let tried = retry(&city, false).await;
    assert_eq!((tried.applied, tried.remaining), (0, 1));
    let tried = retry(&city, true).await;
    assert_eq!((tried.applied, tried.remaining), (1, 0));
    assert!(has_task(&city).await);
}
