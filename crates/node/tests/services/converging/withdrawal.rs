//! Taking back what only a peer still holds, because this node lost it for good.

use liandong_core::refusal::Reason;
use liandong_wire::admin::v1::VerifyResult;
use liandong_wire::refusal::RemoteRefusal;
use liandong_wire::rollup::v1::{CellName, DrillRollupRequest, WithdrawCellsRequest};
use tonic::Code;

use super::{agree, compared, parent, status};
use crate::support::{Running, TREE, dropouts, start, start_in, until};

const FEBRUARY: &str = "2025-02";

fn cell(region: &str, indicator: &str, period: &str) -> CellName {
    CellName {
        region: region.to_owned(),
        indicator: indicator.to_owned(),
        period: period.to_owned(),
    }
}

async fn withdraw(
    node: &Running,
    cells: &[CellName],
    lost: bool,
) -> Result<Vec<CellName>, tonic::Status> {
    let request = WithdrawCellsRequest {
        cells: cells.to_vec(),
        lost,
    };
    let answered = node.rollup().withdraw_cells(request).await?;
    Ok(answered.into_inner().cells)
}

/// Pupils out of school in February, as a node counts them, and how many units reported.
async fn february(node: &Running, region: &str) -> (i64, u32) {
    let request = DrillRollupRequest {
        region: region.to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: FEBRUARY.to_owned(),
        live: false,
    };
    let drilled = node.rollup().drill_rollup(request).await;
    let total = drilled.expect("an answer").into_inner().drill;
    let total = total.and_then(|drill| drill.total).expect("a total");
    (total.numerator, total.reported)
}

/// A county that lost everything it knew of February, with its city and its province.
async fn set_back() -> (Running, Running, Running) {
    let province = start("370000", "", "").await;
    let city = start("371500", "", &parent("370000", &province)).await;
    let more = parent("371500", &city);
    let county = start("371524", TREE, &more).await;
    let mut report = dropouts("371524-B", 8);
    report.period = FEBRUARY.to_owned();
    county.push("february", vec![report]).await;
    until("the province has February", async || {
        (february(&province, "370000").await == (8, 1)).then_some(())
    })
    .await;
    drop(county.stop().await);
    let empty = tempfile::tempdir().expect("a directory");
    let county = start_in(empty, "371524", TREE, &more).await;
    county.push("new", vec![dropouts("371524-A", 4)]).await;
    until("the county knows what it lost", async || {
        compared(&county).await;
        (status(&county).await.lost.len() == 2).then_some(())
    })
    .await;
    (province, city, county)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_for_good_is_taken_back_at_every_level_above() {
    let (province, city, county) = set_back().await;
    assert_eq!(february(&province, "370000").await, (8, 1));
    assert_eq!(status(&city).await.orphaned.len(), 2);
    let taken = withdraw(&county, &[], true).await.expect("they are lost");
    let dropouts_of = |region| cell(region, "compulsory-dropouts", FEBRUARY);
    assert_eq!(taken, [dropouts_of("371524"), dropouts_of("371524001")]);
    for (node, region) in [(&city, "371500"), (&province, "370000")] {
        until("it no longer counts", async || {
            (february(node, region).await == (0, 0)).then_some(())
        })
        .await;
    }
    assert_eq!(status(&county).await.lost, []);
    assert_eq!(status(&city).await.orphaned, []);
    agree(&county).await;
    assert_eq!(
        withdraw(&county, &[], true).await.expect("nothing is lost"),
        []
    );

    // Whoever reports after all is counted as ever.
    let mut report = dropouts("371524-B", 9);
    report.period = FEBRUARY.to_owned();
    county.push("after all", vec![report]).await;
    until("the province has it", async || {
        (february(&province, "370000").await == (9, 1)).then_some(())
    })
    .await;
    agree(&county).await;
    for node in [&province, &city, &county] {
        node.verify().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_is_known_again_after_a_restart_until_it_is_taken_back() {
    let (_province, city, county) = set_back().await;
    let dir = county.stop().await;
    let county = start_in(dir, "371524", TREE, &parent("371500", &city)).await;
    assert_eq!(status(&county).await.lost, []);
    until("it is told again by the city", async || {
        let parts = compared(&county).await;
        (parts[0].result() == VerifyResult::Differs).then_some(())
    })
    .await;
    let parts = compared(&county).await;
    assert_eq!(parts[0].differing, 2, "{parts:?}");
    assert_eq!(status(&county).await.lost.len(), 2);
    let taken = withdraw(&county, &[], true).await.expect("they are lost");
    assert_eq!(taken.len(), 2);
    agree(&county).await;
    assert_eq!(status(&county).await.lost, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_gone_here_and_owned_here_is_taken_back() {
    let (_province, city, county) = set_back().await;
    let lost = cell("371524001", "compulsory-dropouts", FEBRUARY);
    let refusals = [
        // It has a figure.
        (
            &county,
            cell("371524", "compulsory-dropouts", "2025-03"),
            Reason::NotAllowedNow,
        ),
        // It belongs to another node.
        (&city, lost.clone(), Reason::ForeignRegion),
        // Slips of the pen.
        (
            &county,
            cell("371524", "no-such-thing", FEBRUARY),
            Reason::UnknownIndicator,
        ),
        (
            &county,
            cell("371524", "compulsory-dropouts", "2025"),
            Reason::WrongPeriodKind,
        ),
        (
            &county,
            cell("371524", "compulsory-dropouts", "二月"),
            Reason::Malformed,
        ),
    ];
    for (node, named, reason) in refusals {
        // One that is refused takes none of the others along.
        let refused = withdraw(node, &[lost.clone(), named.clone()], false).await;
        let status = refused.expect_err("it is not taken back");
        let refusal = RemoteRefusal::from_status(&status).expect("a typed refusal");
        assert_eq!(refusal.reason, Some(reason), "{named:?}: {status}");
    }
    let nothing = withdraw(&county, &[], false).await;
    assert_eq!(
        nothing.expect_err("nothing is named").code(),
        Code::InvalidArgument
    );
    assert_eq!(status(&county).await.lost.len(), 2);

    let taken = withdraw(&county, std::slice::from_ref(&lost), false).await;
    assert_eq!(taken.expect("it is lost"), [lost]);
    assert_eq!(
        status(&county).await.lost.len(),
        1,
        "the county's own stays"
    );
}
