//! The client against a stand-in for a node that fails on command.

#[cfg(test)]
mod stand_in;

use std::time::Duration;

use liandong_client::wire::progress::v1;
use liandong_client::wire::refusal::status;
use liandong_client::wire::rollup::ProofQuestion;
use liandong_client::wire::rollup::v1 as rollup;
use liandong_client::{Client, ClientError, ProofError, PushCounts, TraceParent, WatchEvent};
use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use stand_in::{quick, report, start};
use tokio::net::TcpListener;
use tonic::Status;

#[tokio::test]
async fn rows_keep_their_numbers_across_batches_and_gaps() {
    let (stand_in, client) = start(quick()).await;
    let rows = [2, 3, 4, 7, 8, 9, 10].map(|row| (row, report(row, i64::from(row))));
    let pusher = client.progress().pusher("push", "test").rows_per_batch(3);
    let counts = pusher.push_all(rows, |_, _| {}).await.unwrap();
    assert_eq!(counts.accepted, 7);
    let mut batches = stand_in.note(|notes| std::mem::take(&mut notes.batches));
    batches.sort_by_key(|(_, first_row, _)| *first_row);
    let expected = [(2, vec![2, 3, 4]), (7, vec![7, 8, 9]), (10, vec![10])];
    assert_eq!(batches.len(), expected.len());
    for ((id, first_row, figures), (row, expected)) in batches.into_iter().zip(expected) {
        assert_eq!((id.as_str(), first_row), ("push", row));
        assert_eq!(figures, expected);
    }
}

#[tokio::test]
async fn a_later_row_of_a_cell_waits_for_the_earlier_one() {
    let (stand_in, client) = start(quick()).await;
    // The stand-in answers earlier batches later, so without care the last would come first.
    let rows = (1..=20).map(|row| (row, report(1, i64::from(row))));
    let pusher = client.progress().pusher("push", "test").rows_per_batch(1);
    pusher
        .batches_under_way(8)
        .push_all(rows, |_, _| {})
        .await
        .unwrap();
    let order: Vec<u32> =
        stand_in.note(|notes| notes.batches.iter().map(|batch| batch.1).collect());
    assert_eq!(order, (1..=20).collect::<Vec<u32>>());
}

#[tokio::test]
async fn a_batch_that_fails_in_passing_is_sent_again_under_its_id() {
    let (stand_in, client) = start(quick()).await;
    let overloaded = Refusal::new(Reason::Overloaded, "", "", Accepted::Nothing);
    stand_in.note(|notes| {
        notes.failures = vec![
            Status::unavailable("gone"),
            status(&overloaded, Language::Zh),
            Status::resource_exhausted("busy"),
        ];
    });
    let rows = (1..=4).map(|row| (row, report(row, 1)));
    let pusher = client.progress().pusher("same", "test").rows_per_batch(4);
    let counts = pusher.push_all(rows, |_, _| {}).await.unwrap();
    assert_eq!(counts.accepted, 4);
    let batches = stand_in.note(|notes| notes.batches.clone());
    assert_eq!(batches, [("same".to_owned(), 1, vec![1; 4])]);
}

#[tokio::test]
async fn refused_rows_come_back_with_what_they_said() {
    let (_stand_in, client) = start(quick()).await;
    let rows = [(2, report(1, 5)), (3, report(2, -1)), (5, report(3, -2))];
    let mut refused = Vec::new();
    let pusher = client.progress().pusher("push", "test");
    let counts = pusher
        .push_all(rows, |_, rows| refused.extend_from_slice(rows))
        .await
        .unwrap();
    let expected = PushCounts {
        accepted: 1,
        refused: 2,
        ..PushCounts::default()
    };
    assert_eq!((counts, counts.total()), (expected, 3));
    refused.sort_by_key(|row| row.row);
    let seen: Vec<(u32, i64)> = refused
        .iter()
        .map(|row| (row.row, row.report.numerator))
        .collect();
    assert_eq!(seen, [(3, -1), (5, -2)]);
    assert_eq!(refused[0].refusal.reason, Some(Reason::OutOfRange));
}

#[tokio::test]
async fn every_call_carries_language_and_trace() {
    let (stand_in, client) = start(quick()).await;
    let parent = TraceParent::generate();
    let traced = client.with_trace_parent(parent);
    let empty = v1::PushReportsRequest::default();
    traced.progress().push_reports(empty).await.unwrap();
    let (trace, language) = stand_in.note(|notes| (notes.trace.clone(), notes.language.clone()));
    assert_eq!(trace, parent.to_string());
    assert_eq!(language, "zh-CN");
}

#[tokio::test]
async fn a_refusal_is_typed_and_not_tried_again() {
    let (_stand_in, client) = start(quick()).await;
    let request = v1::ListHistoryRequest::default();
    let error = client.progress().list_history(request).await.unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!(refusal.reason, Some(Reason::UnknownRegion));
    assert_eq!(
        (refusal.field.as_str(), refusal.value.as_str()),
        ("source", "9")
    );
    assert!(refusal.message.contains("不是已知的"), "{refusal}");
}

#[tokio::test]
async fn every_page_of_a_history_is_read() {
    let (_stand_in, client) = start(quick()).await;
    let request = v1::ListHistoryRequest {
        source: "371524-A".to_owned(),
        ..v1::ListHistoryRequest::default()
    };
    let versions = client.progress().every_version(request).await.unwrap();
    let revisions: Vec<u32> = versions.iter().map(|one| one.revision).collect();
    assert_eq!(revisions, [3, 2, 1]);
}

#[tokio::test]
async fn a_node_that_is_not_there_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Client::connect_with(&address.parse().unwrap(), quick())
        .await
        .unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    assert!(error.message(Language::Zh).contains("无法连接"), "{error}");
}

#[tokio::test]
async fn a_watch_goes_on_after_the_last_change_it_told() {
    let (stand_in, client) = start(quick()).await;
    let mut watch = client.rollup().watch(rollup::WatchRollupRequest {
        regions: vec!["371500".to_owned()],
        ..rollup::WatchRollupRequest::default()
    });
    let mut told = Vec::new();
    while told.len() < 3 {
        match watch.next().await.unwrap() {
            WatchEvent::Changes(changes) => told.push((changes.change, false)),
            WatchEvent::StartedOver(changes) => told.push((changes.change, true)),
            WatchEvent::Interrupted { pause, .. } => assert!(pause < Duration::from_secs(1)),
        }
    }
    assert_eq!(told, [(1, false), (2, false), (3, true)]);
    let asked: Vec<(u64, usize)> = stand_in.note(|notes| {
        let watches = notes.watches.iter();
        watches
            .map(|asked| (asked.after_change, asked.incarnation.len()))
            .collect()
    });
    assert_eq!(asked, [(0, 0), (1, 16), (2, 16)]);
}

#[tokio::test]
async fn a_proof_is_written_as_it_comes_and_a_broken_one_is_none() {
    let (_, client) = start(quick()).await;
    let asked = |partial| rollup::ProveRollupRequest {
        region: "371500".to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
        partial,
    };
    let figure = ProofQuestion::try_from(asked(true)).unwrap().figure;
    let proof = client.rollup().prove(asked(true)).await.unwrap();
    let mut file = Vec::new();
    let written = proof.write(&figure, &mut file).await.unwrap();
    assert_eq!((written.statements, written.missing), (2, 1));
    assert_eq!(written.bytes, file.len() as u64);
    let text = String::from_utf8(file).unwrap();
    let begins: Vec<&str> = text
        .lines()
        .map(|line| &line[..line.len().min(12)])
        .collect();
    let expected = [
        "{\"proof\":{\"f",
        "{\"certificat",
        "{\"certificat",
        "371500",
        "{\"signature\"",
        // The same certificates are not written twice.
        "371500",
        "{\"signature\"",
        "{\"missing\":{",
        "{\"end\":{\"sta",
    ];
    assert_eq!(begins, expected);
    assert!(
        text.contains("\"at\":\"1970-01-01T00:00:01.000001Z\""),
        "{text}"
    );

    let proof = client.rollup().prove(asked(false)).await.unwrap();
    let broken = proof.write(&figure, &mut Vec::new()).await.unwrap_err();
    let is_client = matches!(broken, ProofError::Client(ClientError::Unreachable { .. }));
    assert!(is_client, "{broken}");
}
