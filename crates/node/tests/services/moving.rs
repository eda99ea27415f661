//! A region that moves to a node of its own takes its figures and its history along.

use std::time::{Duration, Instant};

use liandong_wire::admin::v1::{
    ExportRegionRequest, GetStatusRequest, ImportRegionRequest, ImportRegionResponse,
    ListRegionsRequest, VerifyNodeRequest, VerifyPart,
};
use liandong_wire::progress::v1::{ListHistoryRequest, ReportVersion};
use liandong_wire::refusal::RemoteRefusal;
use liandong_wire::rollup::v1::{GetRollupRequest, RollupRow, get_rollup_request};
use tonic::{Code, Status};

use crate::support::{Running, TREE, bachelors, dropouts, start, start_in};

/// Liaocheng hosts Dong'e and Yanggu until Dong'e gets a node of its own.
const CITY: &str = "code,name,parent,level,kind\n\
    371524,东阿县,371500,county,\n\
    371524001,铜城街道,371524,township,\n\
    371524-A,铜城街道中心小学,371524001,unit,primary-school\n\
    371524-B,铜城街道初级中学,371524001,unit,middle-school\n\
    371524-C,东阿县实验小学,371524,unit,primary-school\n\
    371521,阳谷县,371500,county,\n\
    371521-A,阳谷县第一小学,371521,unit,primary-school\n";

pub(crate) async fn export(
    node: &Running,
    region: &str,
    move_out: bool,
) -> Result<Vec<u8>, Status> {
    let request = ExportRegionRequest {
        region: region.to_owned(),
        move_out,
    };
    let mut stream = node.admin().export_region(request).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(message) = stream.message().await? {
        bytes.extend(message.chunk);
    }
    Ok(bytes)
}

pub(crate) async fn import(node: &Running, bytes: &[u8]) -> Result<ImportRegionResponse, Status> {
    let chunks: Vec<ImportRegionRequest> = bytes
        .chunks(100)
        .map(|chunk| ImportRegionRequest {
            chunk: chunk.to_vec(),
        })
        .collect();
    let imported = node
        .admin()
        .import_region(tokio_stream::iter(chunks))
        .await?;
    Ok(imported.into_inner())
}

async fn table(node: &Running, region: &str) -> RollupRow {
    let asked = GetRollupRequest {
        region: region.to_owned(),
        subject: Some(get_rollup_request::Subject::Indicator(
            "compulsory-dropouts".to_owned(),
        )),
        period: "2025-03".to_owned(),
    };
    let got = node.rollup().get_rollup(asked).await.expect("a table");
    got.into_inner().rows.remove(0)
}

async fn history(node: &Running, source: &str) -> Vec<ReportVersion> {
    let request = ListHistoryRequest {
        source: source.to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
        ..ListHistoryRequest::default()
    };
    let listed = node
        .progress()
        .list_history(request)
        .await
        .expect("a history");
    listed.into_inner().versions
}

async fn verify(node: &Running) -> u64 {
    let verified = node
        .admin()
        .verify_node(VerifyNodeRequest {
            parts: vec![VerifyPart::Journal.into(), VerifyPart::Cells.into()],
        })
        .await;
    let verified = verified.expect("an answer").into_inner();
    assert!(verified.mismatches.is_empty(), "{:?}", verified.mismatches);
    assert!(verified.journal_frames_checked > 0);
    verified.cells_checked
}

/// A city with reports of both counties, some of them corrected.
async fn city() -> Running {
    let city = start("371500", CITY, "").await;
    city.push(
        "1",
        vec![
            dropouts("371524-A", 5),
            dropouts("371521-A", 100),
            dropouts("371524-C", 1),
        ],
    )
    .await;
    city.push("2", vec![dropouts("371524-A", 6), dropouts("371524-A", 7)])
        .await;
    city.push("3", vec![dropouts("371521-A", 50), dropouts("371524", 2)])
        .await;
    city.push(
        "4",
        vec![bachelors("371524-B", "rural-compulsory-bachelor", (1, 3))],
    )
    .await;
    city
}

#[tokio::test]
async fn figures_and_history_are_the_same_on_the_new_node() {
    let city = city().await;
    let before = table(&city, "371524").await;
    let versions = history(&city, "371524-A").await;
    assert_eq!(before.sums.map(|sums| sums.numerator), Some(10));

    let bytes = export(&city, "371524", true).await.expect("an export");
    let again = export(&city, "371524", true)
        .await
        .expect("it can be asked for again");
    assert_eq!(again, bytes);

    let refused = city.push("5", vec![dropouts("371524-A", 0)]).await;
    let refusal = refused.outcomes[0].refusal.clone().expect("a refusal");
    assert_eq!(refusal.reason, "REGION_MOVED");
    city.push("6", vec![dropouts("371521-A", 1)]).await;
    verify(&city).await;

    let county = start("371524", TREE, "").await;
    let imported = import(&county, &bytes).await.expect("an import");
    assert_eq!((imported.region.as_str(), imported.regions), ("371524", 5));
    assert_eq!(imported.reports, 6);
    assert_eq!(table(&county, "371524").await, before);
    assert_eq!(history(&county, "371524-A").await, versions);
    assert!(history(&county, "371524-C").await.len() == 1);
    assert!(verify(&county).await > 0);

    // It goes on from there.
    let pushed = county.push("7", vec![dropouts("371524-A", 0)]).await;
    assert_eq!(pushed.outcomes[0].revision, 4);
    let revisions: Vec<u32> = history(&county, "371524-A")
        .await
        .iter()
        .map(|v| v.revision)
        .collect();
    assert_eq!(revisions, [4, 3, 2, 1]);
    let late = county.push("1", vec![dropouts("371524-A", 5)]).await;
    assert_eq!(
        late.counts.map(|counts| counts.stale),
        Some(1),
        "a late retry is known again"
    );

    // And after a restart from its own journal.
    let dir = county.dir;
    county.node.stop().await.expect("it stops");
    let county = start_in(dir, "371524", TREE, "").await;
    assert_eq!(
        table(&county, "371524")
            .await
            .sums
            .map(|sums| sums.numerator),
        Some(3)
    );
    verify(&county).await;
}

#[tokio::test]
async fn an_export_that_is_not_whole_is_refused_and_changes_nothing() {
    let city = city().await;
    let bytes = export(&city, "371524", false).await.expect("an export");
    assert!(
        city.push("5", vec![dropouts("371524-A", 0)]).await.outcomes[0]
            .refusal
            .is_none()
    );
    let county = start("371524", TREE, "").await;
    let status = import(&county, &bytes)
        .await
        .expect_err("the city hosts it");
    assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
    let bytes = export(&city, "371524", true).await.expect("an export");
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    for broken in [&bytes[..bytes.len() - 1], &bytes[..middle], &damaged, &[]] {
        let status = import(&county, broken).await.expect_err("it is broken");
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    }
    assert!(history(&county, "371524-A").await.is_empty());
    import(&county, &bytes).await.expect("the whole is taken");
    let status = import(&county, &bytes).await.expect_err("only once");
    let refusal = RemoteRefusal::from_status(&status).expect("a refusal");
    assert_eq!(refusal.code, "ALREADY_EXISTS");
    let status = export(&county, "371521", true)
        .await
        .expect_err("a stranger");
    assert_eq!(status.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn status_and_listings_tell_what_is_there() {
    let city = city().await;
    let status = city
        .admin()
        .get_status(GetStatusRequest {})
        .await
        .expect("a status")
        .into_inner();
    assert_eq!(
        (status.region.as_str(), status.name.as_str()),
        ("371500", "聊城市")
    );
    assert_eq!(status.hosted.len(), 8);
    let sizes = status.sizes.expect("sizes");
    assert_eq!(sizes.reports, 5);
    assert!(sizes.journal_bytes > 0 && status.journal_frame > 0 && status.change > 0);

    let below = ListRegionsRequest {
        under: "371524".to_owned(),
        depth: 1,
    };
    let listed = city
        .admin()
        .list_regions(below)
        .await
        .expect("a list")
        .into_inner();
    let codes: Vec<String> = listed
        .regions
        .into_iter()
        .map(|listed| listed.region.expect("a region").code)
        .collect();
    assert_eq!(codes, ["371524-C", "371524001"]);
    let top = ListRegionsRequest {
        under: String::new(),
        depth: 1,
    };
    let listed = city
        .admin()
        .list_regions(top)
        .await
        .expect("a list")
        .into_inner();
    assert!(!listed.regions.is_empty() && listed.regions.len() < 100);

    let request = liandong_wire::admin::v1::ListIndicatorsRequest::default();
    let listed = city
        .admin()
        .list_indicators(request)
        .await
        .expect("a list")
        .into_inner();
    assert!(
        listed
            .indicators
            .windows(2)
            .all(|pair| pair[0].code < pair[1].code)
    );
    assert!(
        listed
            .indicators
            .iter()
            .any(|known| known.code == "compulsory-dropouts")
    );
}

#[tokio::test]
async fn the_old_node_goes_on_as_the_node_above() {
    let city = city().await;
    let before = table(&city, "371500").await;
    let bytes = export(&city, "371524", true).await.expect("an export");
    assert_eq!(
        table(&city, "371500").await,
        before,
        "nothing is lost while it moves"
    );
    let parent = format!(
        "[parent]\nregion = '371500'\naddress = 'http://{}'",
        city.node.address()
    );
    let county = start("371524", TREE, &parent).await;
    import(&county, &bytes).await.expect("an import");
    county.push("7", vec![dropouts("371524-A", 3)]).await;
    let total = before.sums.expect("sums").numerator - 7 + 3;
    let deadline = Instant::now() + Duration::from_secs(10);
    while table(&city, "371500").await.sums.map(|sums| sums.numerator) != Some(total) {
        assert!(
            Instant::now() < deadline,
            "{:?}",
            table(&city, "371500").await
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (above, below) = (table(&city, "371524").await, table(&county, "371524").await);
    assert_eq!(above.sums, below.sums);
    verify(&city).await;

    // What the county has said since is not the old node's to export.
    let late = export(&city, "371524", true).await.expect("an export");
    let third = start("371524", TREE, "").await;
    import(&third, &late).await.expect("an import");
    let left = table(&third, "371524").await;
    assert_eq!(left.sums.map(|sums| sums.numerator), Some(10));
    verify(&county).await;
}

#[tokio::test]
async fn a_neighbour_takes_nothing_and_the_region_may_still_go_to_its_own_node() {
    let city = city().await;
    let bytes = export(&city, "371524", true).await.expect("an export");
    let tree = "code,name,parent,level,kind\n371521-A,阳谷县第一小学,371521,unit,primary-school\n";
    let neighbour = start("371521", tree, "").await;
    let status = import(&neighbour, &bytes)
        .await
        .expect_err("it stands elsewhere");
    let refusal = RemoteRefusal::from_status(&status).expect("a refusal");
    assert_eq!(refusal.code, "FOREIGN_REGION", "{status:?}");
    assert!(status.message().contains("371500"), "{status:?}");
    let county = start("371524", TREE, "").await;
    import(&county, &bytes).await.expect("its own node");
    assert_eq!(
        table(&county, "371524").await.sums,
        table(&city, "371524").await.sums
    );
}

#[tokio::test]
async fn a_region_without_reports_is_imported_once_as_well() {
    let city = start("371500", CITY, "").await;
    let bytes = export(&city, "371524", true).await.expect("an export");
    let county = start("371524", TREE, "").await;
    import(&county, &bytes).await.expect("an import");
    let status = import(&county, &bytes).await.expect_err("only once");
    let refusal = RemoteRefusal::from_status(&status).expect("a refusal");
    assert_eq!(refusal.code, "ALREADY_EXISTS", "{status:?}");
    verify(&county).await;
}

#[tokio::test]
async fn a_move_that_nobody_took_up_is_undone_where_it_began() {
    let city = city().await;
    let before = table(&city, "371500").await;
    let versions = history(&city, "371524-A").await;
    let bytes = export(&city, "371524", true).await.expect("an export");
    let frame = async || {
        let status = city.admin().get_status(GetStatusRequest {}).await;
        status.expect("a status").into_inner().journal_frame
    };
    let held = frame().await;
    let imported = import(&city, &bytes).await.expect("an import");
    assert_eq!((imported.regions, imported.reports), (5, 6));
    assert_eq!(frame().await, held + 1);
    assert_eq!(table(&city, "371500").await, before);
    assert_eq!(history(&city, "371524-A").await, versions);
    verify(&city).await;
    let pushed = city.push("7", vec![dropouts("371524-A", 0)]).await;
    assert_eq!(pushed.outcomes[0].revision, 4);
    assert_eq!(history(&city, "371524-A").await.len(), 4);
    verify(&city).await;
    // And it can move again.
    let bytes = export(&city, "371524", true).await.expect("an export");
    let county = start("371524", TREE, "").await;
    import(&county, &bytes).await.expect("its own node");
    let (above, below) = (table(&city, "371524").await, table(&county, "371524").await);
    assert_eq!(above.sums, below.sums);
    verify(&county).await;
}

#[tokio::test]
async fn a_region_that_no_node_could_take_does_not_move_out() {
    let city = start("371500", CITY, "").await;
    let mut figure = 0;
    // Eighty thousand corrections with reasons as long as they may be.
    for push in 0..20 {
        let mut reports = Vec::new();
        for _ in 0..4_000 {
            figure = (figure + 1) % 7;
            let mut report = dropouts("371524-A", figure);
            report.note = "更".repeat(200);
            reports.push(report);
        }
        city.push(&format!("p{push}"), reports).await;
    }
    let status = export(&city, "371524", true)
        .await
        .expect_err("it is too large");
    let refusal = RemoteRefusal::from_status(&status).expect("a refusal");
    assert_eq!(refusal.code, "TOO_LONG", "{status:?}");
    assert!(status.message().contains("MiB"), "{status:?}");
    let pushed = city.push("after", vec![dropouts("371524-A", 9)]).await;
    assert!(pushed.outcomes[0].refusal.is_none(), "it is still here");
    export(&city, "371521", true)
        .await
        .expect("another one moves");
}
