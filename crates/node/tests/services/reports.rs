//! Pushing, uploading, correcting, and the history of a figure.

use liandong_core::refusal::Reason;
use liandong_wire::progress::v1::{
    Outcome, OutcomeCounts, PushReportsRequest, Report, UploadReportsRequest,
};
use liandong_wire::refusal::RemoteRefusal;
use tonic::{Code, Request};

use crate::support::{TREE, batch, dropouts, start};

fn counts(accepted: u64, superseded: u64, duplicate: u64, refused: u64) -> Option<OutcomeCounts> {
    Some(OutcomeCounts {
        accepted,
        superseded,
        duplicate,
        stale: 0,
        refused,
    })
}

/// One good row, one that names no region, one that no rule takes.
fn mixed() -> Vec<Report> {
    let unreadable = Report {
        period: "2025-13".to_owned(),
        ..dropouts("371524-B", 1)
    };
    let future = Report {
        period: "2198-01".to_owned(),
        ..dropouts("371524-C", 1)
    };
    vec![dropouts("371524-A", 2), unreadable, future]
}

#[tokio::test]
async fn bad_rows_are_named_and_good_ones_taken() {
    let node = start("371524", TREE, "").await;
    let pushed = node.push("file-1", mixed()).await;
    assert_eq!(pushed.counts, counts(1, 0, 0, 2));
    let outcomes: Vec<(u32, Outcome)> = pushed
        .outcomes
        .iter()
        .map(|row| (row.row, row.outcome()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (1, Outcome::Accepted),
            (2, Outcome::Refused),
            (3, Outcome::Refused)
        ]
    );
    let refusal = pushed.outcomes[1].refusal.clone().expect("a refusal");
    assert_eq!(
        (refusal.field.as_str(), refusal.value.as_str()),
        ("period", "2025-13")
    );
    assert!(refusal.accepted.contains("2025-Q1"), "{}", refusal.accepted);
    assert_eq!(
        pushed.outcomes[2]
            .refusal
            .as_ref()
            .expect("a refusal")
            .reason,
        "FUTURE_PERIOD"
    );

    let again = node.push("file-1", mixed()).await;
    assert_eq!(again.counts, counts(0, 0, 1, 2));
}

#[tokio::test]
async fn all_or_nothing_takes_nothing_and_names_every_fault() {
    let node = start("371524", TREE, "").await;
    let mut whole = batch("file-1", mixed());
    whole.all_or_nothing = true;
    let request = PushReportsRequest {
        batch: Some(whole),
        all_outcomes: false,
    };
    let pushed = node
        .progress()
        .push_reports(request)
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(pushed.counts, counts(0, 0, 0, 3));
    let reasons: Vec<String> = pushed
        .outcomes
        .into_iter()
        .map(|row| row.refusal.expect("a refusal").reason)
        .collect();
    assert_eq!(reasons, ["BATCH_REFUSED", "MALFORMED", "FUTURE_PERIOD"]);

    let good = node.push("file-1", vec![dropouts("371524-A", 2)]).await;
    assert_eq!(
        good.counts,
        counts(1, 0, 0, 0),
        "the good row had not been taken"
    );
}

#[tokio::test]
async fn refusals_speak_the_callers_language() {
    let node = start("371524", TREE, "").await;
    let mut request = Request::new(PushReportsRequest::default());
    request
        .metadata_mut()
        .insert("accept-language", "zh-CN".parse().expect("a value"));
    let status = node
        .progress()
        .push_reports(request)
        .await
        .expect_err("no batch");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(
        status.message().contains("缺少必填内容"),
        "{}",
        status.message()
    );

    let unnamed = PushReportsRequest {
        batch: Some(batch("", vec![dropouts("371524-A", 2)])),
        all_outcomes: false,
    };
    let status = node
        .progress()
        .push_reports(unnamed)
        .await
        .expect_err("no id");
    let refusal = RemoteRefusal::from_status(&status).expect("a refusal");
    assert_eq!(
        (refusal.reason, refusal.field.as_str()),
        (Some(Reason::Missing), "batch.id")
    );

    let own_ids = Report {
        id: "a-2025-03".to_owned(),
        ..dropouts("371524-A", 2)
    };
    let named = node.push("", vec![own_ids]).await;
    assert_eq!(named.counts, counts(1, 0, 0, 0));
}

#[tokio::test]
async fn an_upload_sums_up_its_batches() {
    let node = start("371524", TREE, "").await;
    let batches = vec![
        batch("1", mixed()),
        batch("2", vec![dropouts("371524-A", 3), dropouts("371524-B", 0)]),
    ];
    let requests = batches
        .into_iter()
        .map(|batch| UploadReportsRequest { batch: Some(batch) });
    let stream = tokio_stream::iter(requests);
    let uploaded = node
        .progress()
        .upload_reports(stream)
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(uploaded.batches, 2);
    assert_eq!(uploaded.counts, counts(2, 1, 0, 2));
    let refused: Vec<(&str, u32)> = uploaded
        .refused
        .iter()
        .map(|row| (row.batch.as_str(), row.row))
        .collect();
    assert_eq!(refused, [("1", 2), ("1", 3)]);
}

#[tokio::test]
async fn an_upload_may_take_longer_than_a_request() {
    let node = start("371524", TREE, "[limits]\ntimeout_seconds = 1\n").await;
    let (batches, upload) = tokio::sync::mpsc::channel(1);
    let stream = tokio_stream::wrappers::ReceiverStream::new(upload);
    let mut client = node.progress();
    let answer = tokio::spawn(async move { client.upload_reports(stream).await });
    for (id, count) in [("1", 5), ("2", 6), ("3", 7)] {
        let batch = Some(batch(id, vec![dropouts("371524-A", count)]));
        let sent = batches.send(UploadReportsRequest { batch }).await;
        sent.expect("the node still listens");
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    }
    drop(batches);
    let uploaded = answer.await.expect("no panic").expect("an answer");
    assert_eq!(uploaded.into_inner().counts, counts(1, 2, 0, 0));
}
