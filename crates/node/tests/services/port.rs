//! The one port: its bounds, its pages, what it tells of itself, and how it closes.

use std::time::{Duration, Instant};

use liandong_wire::admin::v1::ListRegionsRequest;
use liandong_wire::admin::v1::admin_service_client::AdminServiceClient;
use liandong_wire::progress::v1::{PushReportsRequest, Report, UploadReportsRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Request};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};

use crate::support::{Running, TREE, batch, dropouts, start};

/// Asks for a page over HTTP/1.1; returns all that is answered.
async fn page(node: &Running, path: &str) -> String {
    asked(node, &format!("GET {path}"), "host: localhost", "").await
}

/// What is answered to a request over HTTP/1.1.
async fn asked(node: &Running, what: &str, headers: &str, body: &str) -> String {
    let mut connection = TcpStream::connect(node.node.address())
        .await
        .expect("it listens");
    let length = body.len();
    let request = format!(
        "{what} HTTP/1.1\r\n{headers}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    connection
        .write_all(request.as_bytes())
        .await
        .expect("it is sent");
    let mut answer = Vec::new();
    connection
        .read_to_end(&mut answer)
        .await
        .expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn pages_and_services_share_the_port() {
    let node = start("371524", TREE, "").await;
    node.push("1", vec![dropouts("371524-A", 3)]).await;
    let console = page(&node, "/console").await;
    assert!(console.starts_with("HTTP/1.1 200"), "{console}");
    assert!(console.contains("东阿县"), "{console}");
    assert!(page(&node, "/metrics").await.starts_with("HTTP/1.1 200"));
    let bad = page(&node, "/console?region=%3Cscript%3E").await;
    assert!(bad.starts_with("HTTP/1.1 400"), "{bad}");
    assert!(!bad.contains("text/html"), "{bad}");
    assert!(page(&node, "/nothing").await.starts_with("HTTP/1.1 404"));
}

/// What a page that a browser has open elsewhere makes it send to a node in plain text.
#[tokio::test]
async fn no_page_of_somebody_elses_reads_or_commands_a_node_in_plain_text() {
    let node = start("371524", TREE, "").await;
    let here = format!("host: {}", node.node.address());
    let more = |header: &str| format!("{here}\r\n{header}");
    let call = "POST /liandong.admin.v1.AdminService/GetStatus";
    let frame = "\0\0\0\0\0";
    let grpc = "content-type: application/grpc";
    let refused = [
        ("GET /console", "host: evil.example:7410".to_owned(), ""),
        ("GET /metrics", "host: evil.example".to_owned(), ""),
        ("GET /metrics", more("sec-fetch-site: cross-site"), ""),
        ("GET /console", more("origin: http://evil.example"), ""),
        (call, more("content-type: text/plain"), frame),
        (call, here.clone(), frame),
        ("OPTIONS /metrics", more("origin: null"), ""),
    ];
    for (what, headers, body) in &refused {
        let answer = asked(&node, what, headers, body).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{what}: {answer}");
        assert!(answer.contains("in plain text a node"), "{answer}");
        assert!(!answer.contains("liandong_"), "{answer}");
    }
    let foreign = more(&format!("{grpc}\r\norigin: http://evil.example"));
    let answer = asked(&node, call, &foreign, frame).await;
    assert!(answer.contains("grpc-status: 7"), "{answer}");
    let local = asked(&node, call, &more(grpc), frame).await;
    assert!(local.starts_with("HTTP/1.1 200"), "{local}");
    assert!(local.contains("东阿县"), "{local}");
    for site in ["none", "same-origin"] {
        let own = more(&format!("sec-fetch-site: {site}"));
        let answer = asked(&node, "GET /console", &own, "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    // Over HTTP/2, for a name that leads here.
    let address = format!("http://{}", node.node.address());
    let endpoint = Channel::from_shared(address).expect("an address");
    let named = endpoint.origin("http://evil.example".parse().expect("an origin"));
    let mut client = HealthClient::new(named.connect_lazy());
    let status = client.check(HealthCheckRequest::default()).await;
    let status = status.expect_err("for another host");
    assert_eq!(status.code(), Code::PermissionDenied, "{status}");
    assert!(status.message().contains("evil.example"), "{status}");
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused_and_the_connection_stays() {
    let node = start("371524", TREE, "[limits]\nmessage_mb = 1\n").await;
    let wordy = Report {
        note: "长".repeat(400_000),
        ..dropouts("371524-A", 1)
    };
    let request = PushReportsRequest {
        batch: Some(batch("1", vec![wordy])),
        all_outcomes: false,
    };
    let status = node
        .progress()
        .push_reports(request)
        .await
        .expect_err("too large");
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    assert!(
        status.message().starts_with("message_mb: \"1\""),
        "{status}"
    );
    node.push("1", vec![dropouts("371524-A", 1)]).await;
}

#[tokio::test]
async fn headers_without_end_are_refused_and_the_node_goes_on() {
    let node = start("371524", TREE, "").await;
    let mut request = Request::new(PushReportsRequest::default());
    let long = "x".repeat(16 << 10).parse().expect("a value");
    request.metadata_mut().insert("x-long", long);
    node.progress()
        .push_reports(request)
        .await
        .expect_err("too long");
    node.push("1", vec![dropouts("371524-A", 1)]).await;
}

#[tokio::test]
async fn requests_beyond_the_bound_of_a_connection_are_shed() {
    let node = start("371524", TREE, "[limits]\nrequests_per_connection = 1\n").await;
    let (batches, upload) = tokio::sync::mpsc::channel::<UploadReportsRequest>(1);
    let mut client = node.progress();
    let uploading =
        tokio::spawn(async move { client.upload_reports(ReceiverStream::new(upload)).await });
    let one = UploadReportsRequest {
        batch: Some(batch("1", vec![dropouts("371524-A", 1)])),
    };
    batches.send(one).await.expect("the node listens");
    let shed = crate::support::until("the upload has begun", async || {
        let request = PushReportsRequest::default();
        let status = node
            .progress()
            .push_reports(request)
            .await
            .expect_err("no batch");
        (status.code() != Code::InvalidArgument).then_some(status)
    })
    .await;
    assert!(
        matches!(shed.code(), Code::ResourceExhausted | Code::Unavailable),
        "{shed}"
    );
    drop(batches);
    uploading
        .await
        .expect("no panic")
        .expect("the upload is taken");
}

/// The node makes one long answer at a time here, on the one thread of this test.
#[tokio::test]
async fn lists_that_nobody_reads_keep_no_other_list_from_being_made() {
    let node = start("371524", TREE, "").await;
    let whoever = format!("http://{}", node.node.address());
    let mut hung = Vec::new();
    for _ in 0..4 {
        // Whose window is one byte, reads next to nothing.
        let endpoint = Channel::from_shared(whoever.clone()).expect("an address");
        let endpoint = endpoint.initial_stream_window_size(1);
        let channel = endpoint.connect().await.expect("it listens");
        let mut client = AdminServiceClient::new(channel);
        hung.push(tokio::spawn(async move {
            client.list_regions(ListRegionsRequest::default()).await
        }));
    }
    for _ in 0..8 {
        let mut client = node.admin();
        let listing = client.list_regions(ListRegionsRequest::default());
        let listed = tokio::time::timeout(Duration::from_secs(20), listing).await;
        let listed = listed.expect("in time").expect("a list");
        assert!(listed.into_inner().regions.len() > 1_000);
    }
    for task in hung {
        task.abort();
    }
}

#[tokio::test]
async fn both_reflections_list_the_services() {
    let node = start("371524", TREE, "").await;
    let question = v1::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(question),
    };
    let mut client =
        v1::server_reflection_client::ServerReflectionClient::new(node.channel.clone());
    let answers = client
        .server_reflection_info(tokio_stream::iter([request]))
        .await;
    let answer = answers.expect("answers").into_inner().message().await;
    let listed = format!("{:?}", answer.expect("an answer"));
    assert!(listed.contains("liandong.link.v1.LinkService"), "{listed}");

    let question = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(question),
    };
    let mut client =
        v1alpha::server_reflection_client::ServerReflectionClient::new(node.channel.clone());
    let answers = client
        .server_reflection_info(tokio_stream::iter([request]))
        .await;
    let answer = answers.expect("answers").into_inner().message().await;
    let listed = format!("{:?}", answer.expect("an answer"));
    assert!(
        listed.contains("liandong.progress.v1.ProgressService"),
        "{listed}"
    );
}

#[tokio::test]
async fn who_watches_the_health_is_told_that_the_node_stops_and_holds_up_nothing() {
    let node = start("371524", TREE, "").await;
    let mut client = HealthClient::new(node.channel.clone());
    let mut watches = Vec::new();
    for service in ["", "liandong.progress.v1.ProgressService"] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        let watched = client.watch(request).await.expect("a watch");
        let mut watch = watched.into_inner();
        let first = watch.message().await.expect("a status").expect("a status");
        assert_eq!(first.status, ServingStatus::Serving as i32);
        watches.push(watch);
    }
    let began = Instant::now();
    node.stop().await;
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    for mut watch in watches {
        let last = watch.message().await.expect("a status").expect("a status");
        assert_eq!(last.status, ServingStatus::NotServing as i32);
        assert!(watch.message().await.expect("its end").is_none());
    }
}

#[tokio::test]
async fn an_upload_that_is_stuck_does_not_keep_a_node_from_stopping() {
    let node = start("371524", TREE, "").await;
    let (batches, upload) = tokio::sync::mpsc::channel::<UploadReportsRequest>(1);
    let mut client = node.progress();
    let uploading =
        tokio::spawn(async move { client.upload_reports(ReceiverStream::new(upload)).await });
    let one = UploadReportsRequest {
        batch: Some(batch("1", vec![dropouts("371524-A", 1)])),
    };
    batches.send(one).await.expect("the node listens");
    crate::support::until("it is taken", async || {
        (node.sum("371524").await.0 == 1).then_some(())
    })
    .await;
    let began = Instant::now();
    let dir = node.stop().await;
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
    drop(batches);
    let _ = uploading.await;
    let node = crate::support::start_in(dir, "371524", TREE, "").await;
    assert_eq!(node.sum("371524").await.0, 1);
}
