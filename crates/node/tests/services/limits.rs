//! What one identity may have of a node: each limit by a real client with its certificate, while
//! another goes on as if nothing were.

use std::time::Duration;

use http::StatusCode;
use liandong_core::language::Language;
use liandong_identity::Own;
use liandong_wire::admin::v1::GetStatusRequest;
use liandong_wire::admin::v1::admin_service_client::AdminServiceClient;
use liandong_wire::progress::v1::progress_service_client::ProgressServiceClient;
use liandong_wire::progress::v1::{PushReportsRequest, UploadReportsRequest};
use liandong_wire::refusal::{RemoteRefusal, ask_for};
use liandong_wire::rollup::v1::WatchRollupRequest;
use liandong_wire::rollup::v1::rollup_service_client::RollupServiceClient;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::rights::pages::get;
use crate::support::certificates::Realm;
use crate::support::{Setup, TREE, batch, dropouts, start, until};

const COUNTY: &str = "371524";

/// A county's node with limits, and those who call it.
struct Place {
    realm: Realm,
    node: liandong_node::Node,
    _dir: tempfile::TempDir,
    reporter: Own,
}

impl Place {
    async fn new(limits: &str) -> Self {
        let realm = Realm::new("edu.example");
        let dir = tempfile::tempdir().expect("a directory");
        let own = realm.issue(COUNTY, "node");
        realm.settle(&dir.path().join("identity"), &own, &[]);
        let more = format!("[identity]\nfolder = 'identity'\n{limits}");
        let node = Setup::new(COUNTY, TREE, &more).start_node(dir.path());
        Self {
            node: node.await.expect("the node starts"),
            reporter: realm.issue(COUNTY, "reporter"),
            realm,
            _dir: dir,
        }
    }

    async fn dial(&self, own: &Own) -> Channel {
        let channel = self.realm.dial(self.node.address(), Some(own)).await;
        channel.expect("the node listens")
    }

    /// The reporter, on a connection of its own.
    async fn reporter(&self) -> Channel {
        self.dial(&self.reporter).await
    }

    /// Whether somebody else is answered.
    async fn answers_others(&self) {
        let admin = self.realm.issue(COUNTY, "admin");
        let mut admin = AdminServiceClient::new(self.dial(&admin).await);
        let status = admin.get_status(GetStatusRequest {}).await;
        status.expect("whoever did nothing is answered");
    }
}

async fn push(channel: &Channel, id: &str, note: &str) -> Result<(), Status> {
    let mut row = dropouts("371524-A", 1);
    note.clone_into(&mut row.note);
    let request = PushReportsRequest {
        batch: Some(batch(id, vec![row])),
        all_outcomes: false,
    };
    let mut progress = ProgressServiceClient::new(channel.clone());
    let pushed = progress.push_reports(request).await;
    pushed.map(|_| ())
}

/// The limit that a refusal names, its value, and when to try again.
fn told(status: &Status) -> (String, String, Option<Duration>) {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    let refusal = RemoteRefusal::from_status(status).expect("a refusal");
    assert_eq!(refusal.code, "LIMIT_REACHED");
    (refusal.field, refusal.value, refusal.retry_after)
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_again() {
    let rate = "[limits.reporter]\nrequests_per_second = 2\nrequests_burst = 3\n";
    let place = Place::new(rate).await;
    // Over two connections: what counts is the identity.
    let (one, two) = (place.reporter().await, place.reporter().await);
    let mut refused = None;
    for number in 0..12 {
        let line = if number % 2 == 0 { &one } else { &two };
        if let Err(status) = push(line, &number.to_string(), "").await {
            assert!(number >= 3, "{number}: {status}");
            refused = Some(status);
            break;
        }
    }
    let status = refused.expect("one is refused");
    let (limit, value, after) = told(&status);
    assert_eq!(
        (limit.as_str(), value.as_str()),
        ("requests_per_second", "2")
    );
    place.answers_others().await;
    let after = after.expect("a time");
    assert!(after <= Duration::from_millis(500), "{after:?}");
    tokio::time::sleep(after).await;
    push(&one, "later", "").await.expect("the time has come");
    // In the language that was asked for.
    let mut said = None;
    for _ in 0..20 {
        let mut request = Request::new(GetStatusRequest {});
        ask_for(Language::Zh, request.metadata_mut());
        let status = AdminServiceClient::new(one.clone())
            .get_status(request)
            .await;
        said = status
            .err()
            .filter(|it| it.code() == Code::ResourceExhausted);
        if said.is_some() {
            break;
        }
    }
    let said = said.expect("one is refused");
    assert!(said.message().contains("已达到；请在"), "{said}");
    // Whoever looks at pages, too.
    let mut said = None;
    for _ in 0..20 {
        let (status, body) = get(one.clone(), "/console").await;
        if status == StatusCode::TOO_MANY_REQUESTS {
            said = Some(body);
            break;
        }
    }
    let said = said.expect("one is refused");
    assert!(said.contains("requests_per_second"), "{said}");
    assert!(said.contains("try again in"), "{said}");
}

#[tokio::test]
async fn streams_of_an_identity_are_counted_over_its_connections() {
    let place = Place::new("[limits.identity]\nstreams = 2\n").await;
    let upload = async |channel: Channel| {
        let (batches, upload) = tokio::sync::mpsc::channel::<UploadReportsRequest>(1);
        let mut client = ProgressServiceClient::new(channel);
        let uploading =
            tokio::spawn(async move { client.upload_reports(ReceiverStream::new(upload)).await });
        let one = UploadReportsRequest {
            batch: Some(batch("1", vec![dropouts("371524-A", 1)])),
        };
        batches.send(one).await.expect("it is sent");
        (batches, uploading)
    };
    let (first, uploading) = upload(place.reporter().await).await;
    let (second, _) = upload(place.reporter().await).await;
    let watch = async || {
        let mut rollup = RollupServiceClient::new(place.reporter().await);
        let watched = rollup.watch_rollup(WatchRollupRequest::default()).await;
        watched.err()
    };
    let status = until("both are counted", async || {
        watch()
            .await
            .filter(|it| it.code() == Code::ResourceExhausted)
    })
    .await;
    let (limit, value, after) = told(&status);
    assert_eq!((limit.as_str(), value.as_str()), ("streams", "2"));
    assert!(after.is_some());
    // What is no stream goes on.
    push(&place.reporter().await, "2", "").await.expect("taken");
    drop(first);
    uploading.await.expect("no panic").expect("it is taken");
    until("there is room", async || {
        let refused = watch().await;
        refused
            .is_none_or(|it| it.code() != Code::ResourceExhausted)
            .then_some(())
    })
    .await;
    drop(second);
}

#[tokio::test]
async fn so_many_requests_are_answered_at_a_time_and_no_more() {
    let place = Place::new("[limits.identity]\nrequests_in_flight = 1\n").await;
    let channel = place.reporter().await;
    let mut pushes = tokio::task::JoinSet::new();
    // Fewer than the streams that a connection may have.
    for number in 0..40 {
        let channel = channel.clone();
        pushes.spawn(async move { push(&channel, &number.to_string(), "").await });
    }
    let (mut taken, mut refused) = (0, 0);
    while let Some(pushed) = pushes.join_next().await {
        match pushed.expect("no panic") {
            Ok(()) => taken += 1,
            Err(status) => {
                let (limit, value, after) = told(&status);
                assert_eq!(
                    (limit.as_str(), value.as_str()),
                    ("requests_in_flight", "1")
                );
                assert!(after.is_some_and(|after| after <= Duration::from_secs(1)));
                refused += 1;
            }
        }
    }
    assert!(taken > 0 && refused > 0, "{taken} and {refused}");
    push(&channel, "afterwards", "")
        .await
        .expect("all are done");
}

#[tokio::test]
async fn large_messages_and_full_days_are_refused_by_name() {
    let limits = "[limits.reporter]\nmessage_mb = 1\nmb_per_day = 2\n";
    let place = Place::new(limits).await;
    let channel = place.reporter().await;
    let status = push(&channel, "1", &"长".repeat(400_000)).await;
    let (limit, value, after) = told(&status.expect_err("too large"));
    assert_eq!((limit.as_str(), value.as_str()), ("message_mb", "1"));
    assert_eq!(after, None, "it is too large tomorrow, too");
    // What came before it in an upload counts.
    let mut wordy = dropouts("371524-A", 1);
    wordy.note = "长".repeat(400_000);
    let good = dropouts("371524-B", 3);
    let uploads = [("a", good), ("b", wordy)].map(|(id, row)| UploadReportsRequest {
        batch: Some(batch(id, vec![row])),
    });
    let mut progress = ProgressServiceClient::new(channel.clone());
    let uploaded = progress.upload_reports(tokio_stream::iter(uploads)).await;
    assert_eq!(told(&uploaded.expect_err("too large")).0, "message_mb");
    let again = PushReportsRequest {
        batch: Some(batch("a", vec![dropouts("371524-B", 3)])),
        all_outcomes: false,
    };
    let again = progress
        .push_reports(again)
        .await
        .expect("taken")
        .into_inner();
    assert_eq!(again.counts.expect("counts").duplicate, 1);
    // The connection stays. Long notes are refused row by row, and their bytes have come.
    let mut pushed = 0;
    let status = loop {
        match push(&channel, &format!("r{pushed}"), &"长".repeat(100_000)).await {
            Ok(()) => pushed += 1,
            Err(status) => break status,
        }
        assert!(pushed < 10, "a day has no end");
    };
    assert!(pushed >= 4, "{pushed} of 300 KB fit");
    let (limit, value, after) = told(&status);
    assert_eq!((limit.as_str(), value.as_str()), ("mb_per_day", "2"));
    assert!(after.is_some_and(|after| after <= Duration::from_secs(24 * 3600)));
    // Another connection is of the same identity.
    let again = push(&place.reporter().await, "again", "").await;
    assert_eq!(told(&again.expect_err("the day is full")).0, "mb_per_day");
    place.answers_others().await;
}

#[tokio::test]
async fn a_crowd_that_shows_nothing_keeps_nobody_out() {
    let place = Place::new("[limits]\nconnections = 32\nhandshake_seconds = 60\n").await;
    let address = place.node.address();
    let mut crowd = Vec::new();
    for round in 0..5 {
        // Some say nothing at all, and some come through their handshake without a certificate.
        for _ in 0..40 {
            crowd.push(
                tokio::net::TcpStream::connect(address)
                    .await
                    .expect("it listens"),
            );
        }
        let mut strangers = Vec::new();
        for _ in 0..10 {
            strangers.extend(place.realm.dial(address, None).await.ok());
        }
        push(&place.reporter().await, &round.to_string(), "")
            .await
            .expect("whoever has a certificate is served");
    }
}

#[tokio::test]
async fn limits_are_taken_up_without_a_restart_and_wrong_ones_change_nothing() {
    let node = start("371524", TREE, "[limits.anonymous]\nstreams = 1\n").await;
    let asked = WatchRollupRequest {
        regions: vec!["371524".to_owned()],
        ..WatchRollupRequest::default()
    };
    let watch = async || node.rollup().watch_rollup(asked.clone()).await;
    let file = node.dir.path().join("node.toml");
    let text = std::fs::read_to_string(&file).expect("readable");
    let write = |streams: &str| {
        let text = text.replace("streams = 1", streams);
        std::fs::write(&file, text).expect("written");
    };
    let _first = watch().await.expect("there is room for one");
    let refused = watch().await.expect_err("there is room for one");
    let (limit, value, _) = told(&refused);
    assert_eq!((limit.as_str(), value.as_str()), ("streams", "1"));
    write("streams = 2 # or 3");
    let _second = until("there is room for two", async || watch().await.ok()).await;
    assert_eq!(told(&watch().await.expect_err("no third")).1, "2");
    write("streams = 0");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(told(&watch().await.expect_err("no third")).1, "2");
    write("streams = 30");
    let _third = until("there is room", async || watch().await.ok()).await;
}
