//! Starting again: on a checkpoint, on the journal alone, with another tree, on a full disk.

use std::path::Path;

use liandong_core::refusal::Reason;
use liandong_node::NodeError;
use liandong_store::{Store, StoreOptions, record};
use liandong_wire::admin::v1::{ExportRegionRequest, GetStatusRequest};
use liandong_wire::progress::v1::{OutcomeCounts, PushReportsRequest, Report};
use liandong_wire::refusal::RemoteRefusal;
use tempfile::TempDir;

use crate::support::{Setup, TREE, batch, dropouts, start, start_in, until};

const OFTEN: &str = "free_floor_mb = 1\ncheckpoint_frames = 2";

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// The state that a data directory gives, as bytes, and the checkpoint it began with.
fn opened(data: &Path) -> (Vec<u8>, Option<u64>) {
    let opened = Store::open(data, StoreOptions::default(), [9; 16], &mut |_| {});
    let opened = opened.expect("the data opens");
    assert!(opened.loss.is_none(), "{:?}", opened.loss);
    let snapshot = opened.state.snapshot();
    let bytes = record::encode_state(opened.store.incarnation, &snapshot);
    (bytes.expect("bytes"), opened.checkpoint)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_with_what_came_after_it_is_what_the_journal_says() {
    let setup = Setup {
        journal: OFTEN,
        ..Setup::new("371524", TREE, "")
    };
    let dir = tempfile::tempdir().expect("a directory");
    let node = setup.start_in(dir).await.expect("the node starts");
    // Checkpoints are written while reports come in.
    for number in 0..30 {
        let rows = vec![
            dropouts("371524-A", number),
            dropouts("371524-C", 2 * number),
        ];
        node.push(&format!("first {number}"), rows).await;
    }
    let dir = node.stop().await;
    let kept = tempfile::tempdir().expect("a directory");
    copy(&dir.path().join("data/sled"), kept.path());

    let node = start_in(dir, "371524", TREE, "").await;
    for number in 0..10 {
        node.push(
            &format!("then {number}"),
            vec![dropouts("371524-B", number)],
        )
        .await;
    }
    assert_eq!(node.sum("371524").await, (29 + 58 + 9, 3));
    let dir = node.stop().await;
    let data = dir.path().join("data");
    let (last, saved_at_stop) = opened(&data);

    let sled = data.join("sled");
    std::fs::remove_dir_all(&sled).expect("it is removed");
    copy(kept.path(), &sled);
    let (with_tail, earlier) = opened(&data);
    assert!(
        earlier.is_some() && earlier < saved_at_stop,
        "{earlier:?} {saved_at_stop:?}"
    );
    assert!(with_tail == last, "an older checkpoint gives another state");

    std::fs::remove_dir_all(&sled).expect("it is removed");
    let (journal_alone, none) = opened(&data);
    assert_eq!(none, None);
    assert!(journal_alone == last, "the journal gives another state");
}

#[tokio::test]
async fn the_tree_may_change_between_two_starts() {
    let node = start("371524", TREE, "").await;
    let rows = vec![
        dropouts("371524-A", 1),
        dropouts("371524-B", 10),
        dropouts("371524-C", 100),
    ];
    node.push("1", rows).await;
    assert_eq!(node.sum("371524001").await, (11, 2));
    let dir = node.stop().await;

    // A second town; A is renamed, B moved to it, C left out, D is new.
    let changed = "code,name,parent,level,kind\n\
        371524001,铜城街道,371524,township,\n\
        371524002,新城街道,371524,township,\n\
        371524-A,实验学校,371524001,unit,primary-school\n\
        371524-B,铜城街道初级中学,371524002,unit,middle-school\n\
        371524-D,新城街道小学,371524002,unit,primary-school\n";
    let node = start_in(dir, "371524", changed, "").await;
    assert_eq!(node.sum("371524001").await, (1, 1));
    assert_eq!(node.sum("371524002").await, (10, 2));
    assert_eq!(
        node.sum("371524").await,
        (111, 4),
        "what is left out still counts"
    );
    node.push(
        "2",
        vec![dropouts("371524-D", 1000), dropouts("371524-C", 200)],
    )
    .await;
    assert_eq!(node.sum("371524").await, (1211, 4));
    node.verify().await;

    // And back again, with the rows in another order.
    let dir = node.stop().await;
    let mut lines: Vec<&str> = TREE.lines().collect();
    lines[1..].reverse();
    let node = start_in(dir, "371524", &lines.join("\n"), "").await;
    assert_eq!(node.sum("371524001").await, (11, 2));
    assert_eq!(node.sum("371524").await, (1211, 4));
    node.verify().await;
}

async fn refused(more: &str) -> NodeError {
    let dir: TempDir = tempfile::tempdir().expect("a directory");
    match Setup::new("371524", TREE, more).start_in(dir).await {
        Ok(_) => panic!("the node starts"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_region_that_is_nowhere_is_named_and_the_order_of_others_is_free() {
    let error = refused("hosts = ['371524-Z']").await;
    assert!(matches!(error, NodeError::Catalogue(_)), "{error}");
    assert!(error.to_string().contains("371524-Z"), "{error}");
    // The node's own region stands below one it hosts besides.
    let more = "hosts = ['371524-A', '371500', '371524001', '371500']";
    let node = start("371524", TREE, more).await;
    node.push("1", vec![dropouts("371524-A", 1)]).await;
    assert_eq!(node.sum("371500").await, (1, 3));
    node.verify().await;
}

#[tokio::test]
async fn below_a_town_that_moved_out_nothing_is_hosted_again() {
    let node = start("371524", TREE, "").await;
    node.push("1", vec![dropouts("371524-A", 1), dropouts("371524-C", 5)])
        .await;
    let request = ExportRegionRequest {
        region: "371524001".to_owned(),
        move_out: true,
    };
    let exported = node.admin().export_region(request).await;
    let mut chunks = exported.expect("an export").into_inner();
    while chunks.message().await.expect("the next").is_some() {}
    let dir = node.stop().await;
    let grown = format!("{TREE}371524-E,新来的小学,371524001,unit,primary-school\n");
    let node = start_in(dir, "371524", &grown, "").await;
    let pushed = node
        .push("2", vec![dropouts("371524-E", 1), dropouts("371524-C", 6)])
        .await;
    let counts = pushed.counts.expect("counts");
    assert_eq!((counts.refused, counts.superseded), (1, 1), "{pushed:?}");
    assert_eq!(node.sum("371524").await.0, 7);
}

#[tokio::test]
async fn on_a_full_disk_a_node_starts_shows_and_refuses() {
    let node = start("371524", TREE, "").await;
    node.push("1", vec![dropouts("371524-A", 3)]).await;
    let dir = node.stop().await;
    let full = Setup {
        journal: "free_floor_mb = 1_000_000_000_000",
        ..Setup::new("371524", TREE, "")
    };
    let node = full.start_in(dir).await.expect("the node starts");
    assert_eq!(node.sum("371524").await, (3, 3));
    let again = node.push("1", vec![dropouts("371524-A", 3)]).await;
    let duplicate = OutcomeCounts {
        duplicate: 1,
        ..OutcomeCounts::default()
    };
    assert_eq!(
        again.counts,
        Some(duplicate),
        "what was taken is acknowledged"
    );
    let request = PushReportsRequest {
        batch: Some(batch("2", vec![dropouts("371524-A", 4)])),
        all_outcomes: false,
    };
    let status = node
        .progress()
        .push_reports(request)
        .await
        .expect_err("no room");
    let refusal = RemoteRefusal::from_status(&status).expect("a refusal");
    assert_eq!(refusal.reason, Some(Reason::NoSpace));
    assert_eq!(node.sum("371524").await, (3, 3));
    let dir = node.stop().await;

    let node = start_in(dir, "371524", TREE, "").await;
    node.push("2", vec![dropouts("371524-A", 4)]).await;
    assert_eq!(node.sum("371524").await, (4, 3));
}

/// Sizes of the journal's files, oldest first.
fn segments(data: &Path) -> Vec<u64> {
    let mut segments = Vec::new();
    for entry in std::fs::read_dir(data.join("journal")).expect("a directory") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name");
        if !name.ends_with("tmp") {
            segments.push((name, entry.metadata().expect("metadata").len()));
        }
    }
    segments.sort();
    segments.into_iter().map(|(_, bytes)| bytes).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_segments_are_sealed_beside_the_work_and_read_as_before() {
    let setup = Setup {
        journal: OFTEN,
        ..Setup::new("371524", TREE, "")
    };
    let dir = tempfile::tempdir().expect("a directory");
    let node = setup.start_in(dir).await.expect("the node starts");
    let data = node.dir.path().join("data");
    for number in 0..10 {
        let row = |row: i64| Report {
            note: "更正依据见附件".repeat(28),
            ..dropouts("371524-A", 1_000 * number + row)
        };
        node.push(&format!("batch {number}"), (0..1_000).map(row).collect())
            .await;
    }
    until("the first segment is sealed", async || {
        let sizes = segments(&data);
        (sizes.len() > 4 && sizes[0] < 1 << 18).then_some(())
    })
    .await;
    node.push("last", vec![dropouts("371524-B", 1)]).await;
    let sealing = until("the sealing is idle again", async || {
        let status = node.admin().get_status(GetStatusRequest {}).await;
        let workers = status.expect("a status").into_inner().workers;
        let sealing = workers.into_iter().find(|worker| worker.name == "sealing");
        sealing.filter(|worker| worker.queue_length == 0)
    })
    .await;
    assert_eq!(sealing.status, "idle");
    let sizes = segments(&data);
    assert!(
        sizes[sizes.len() - 2] > 1 << 18,
        "the newest stay: {sizes:?}"
    );
    node.verify().await;
    let dir = node.stop().await;

    std::fs::remove_dir_all(dir.path().join("data/sled")).expect("it is removed");
    let node = start_in(dir, "371524", TREE, "").await;
    assert_eq!(node.sum("371524").await, (9_999 + 1, 3));
    node.stop().await;
}
