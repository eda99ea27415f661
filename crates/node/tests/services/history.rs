//! The history of a figure, whole and in pages.

use liandong_wire::progress::v1::{ListHistoryRequest, Report};
use liandong_wire::progress::{HistoryPage, HistoryPlace};
use tonic::{Code, Status};

use crate::support::{Running, TREE, dropouts, start};

#[tokio::test]
async fn the_history_of_a_figure_is_newest_first_across_and_within_frames() {
    let node = start("371524", TREE, "").await;
    node.push(
        "first",
        vec![dropouts("371524-A", 5), dropouts("371524-C", 9)],
    )
    .await;
    // Two corrections of the same figure in one batch stand in one frame.
    let corrected = Report {
        note: "漏报一人".to_owned(),
        ..dropouts("371524-A", 6)
    };
    node.push("second", vec![corrected, dropouts("371524-A", 7)])
        .await;
    node.push("third", vec![dropouts("371524-A", 0)]).await;
    let request = ListHistoryRequest {
        source: "371524-A".to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
        ..ListHistoryRequest::default()
    };
    let listed = node
        .progress()
        .list_history(request.clone())
        .await
        .expect("a history");
    let versions = listed.into_inner().versions;
    let seen: Vec<(i64, u32, &str, bool)> = versions
        .iter()
        .map(|v| (v.numerator, v.revision, v.batch.as_str(), v.counts_now))
        .collect();
    assert_eq!(
        seen,
        [
            (0, 4, "third", true),
            (7, 3, "second", false),
            (6, 2, "second", false),
            (5, 1, "first", false),
        ]
    );
    assert_eq!(versions[2].note, "漏报一人");
    assert_eq!(versions[3].by, "教务处");
    assert!(versions.iter().all(|version| version.denominator.is_none()));
    assert!(!versions[0].on_time, "March 2025 is long over");

    let nothing = ListHistoryRequest {
        source: "371524-B".to_owned(),
        ..request.clone()
    };
    let listed = node
        .progress()
        .list_history(nothing)
        .await
        .expect("no history");
    assert!(listed.into_inner().versions.is_empty());
    let unknown = ListHistoryRequest {
        source: "371524-Z".to_owned(),
        ..request
    };
    let status = node
        .progress()
        .list_history(unknown)
        .await
        .expect_err("no such unit");
    assert_eq!(status.code(), Code::NotFound);
}

/// The page of the history of a school's dropouts that a token names.
async fn page(
    node: &Running,
    source: &str,
    page_size: i32,
    page_token: &str,
) -> Result<(Vec<i64>, String), Status> {
    let request = ListHistoryRequest {
        source: source.to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
        page_size,
        page_token: page_token.to_owned(),
    };
    let listed = node.progress().list_history(request).await?.into_inner();
    let counting = listed.versions.iter().filter(|one| one.counts_now).count();
    assert_eq!(counting, usize::from(page_token.is_empty()));
    let figures = listed.versions.iter().map(|one| one.numerator).collect();
    Ok((figures, listed.next_page_token))
}

#[tokio::test]
async fn a_long_history_is_read_in_pages() {
    let node = start("371524", TREE, "").await;
    // Fourteen versions: some stand alone in their frame, others share one.
    let mut count = 0;
    for batch in [1, 3, 1, 1, 4, 2, 1, 1] {
        let rows = (count + 1..=count + batch).map(|count| dropouts("371524-A", count));
        count += batch;
        node.push(&format!("until {count}"), rows.collect()).await;
    }
    node.push("other", vec![dropouts("371524-C", 9)]).await;
    let all: Vec<i64> = (1..=count).rev().collect();
    assert_eq!(all.len(), 14);
    for size in [1, 2, 3, 5, 7, 13, 14, 15, 0] {
        let (mut seen, mut token, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let (figures, next) = page(&node, "371524-A", size, &token).await.expect("a page");
            assert!(!figures.is_empty(), "an empty page after {seen:?}");
            seen.extend(figures);
            pages += 1;
            token = next;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, all, "in pages of {size}");
        let full = usize::try_from(size).expect("a size");
        let wanted = if full == 0 {
            1
        } else {
            all.len().div_ceil(full)
        };
        assert_eq!(pages, wanted, "in pages of {size}");
    }

    // What is corrected meanwhile does not move the pages that follow.
    let (_, token) = page(&node, "371524-A", 5, "").await.expect("a page");
    node.push("meanwhile", vec![dropouts("371524-A", 99)]).await;
    let (rest, _) = page(&node, "371524-A", 100, &token).await.expect("a page");
    assert_eq!(rest, all[5..]);

    // A token is good for the history that it was given for.
    for (source, token) in [
        ("371524-C", token.as_str()),
        ("371524-B", token.as_str()),
        ("371524-A", "2"),
    ] {
        let status = page(&node, source, 5, token).await;
        let status = status.expect_err("not a token of this history");
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains("page_token"), "{status}");
        assert!(status.message().contains("next_page_token"), "{status}");
    }
    let status = page(&node, "371524-A", -1, "").await;
    assert_eq!(status.expect_err("no size").code(), Code::InvalidArgument);

    // Well made, and of a journal that this node does not have.
    let figure = HistoryPage::try_from(ListHistoryRequest {
        source: "371524-A".to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
        ..ListHistoryRequest::default()
    });
    let figure = figure.expect("a figure").figure;
    for (frame, below) in [(u64::MAX, 9), (0, 9), (1, 9)] {
        let token = HistoryPlace { frame, below }.token(&figure);
        let status = page(&node, "371524-A", 5, &token).await;
        let status = status.expect_err("nothing is there");
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }
}
