//! A county that its city hosted gets a node of its own, with its history.

use anyhow::{Context, Result, ensure};
use liandong_client::wire::admin::v1::ExportRegionRequest;
use liandong_client::wire::progress::v1::ListHistoryRequest;
use liandong_tests::figures::{DROPOUTS, MONTH, arrives, count, push, push_new, sums};
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};

const COUNTY: &str = "371581";

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_hosted_county_moves_out_with_its_history() -> Result<()> {
    let province = Node::start(Settings::new("370000")).await?;
    let city = Settings::new("371500")
        .host(COUNTY)
        .schools(COUNTY, 2)
        .parent(&province);
    let city = Node::start(city).await?;
    let donge = Settings::new("371524").schools("371524", 1).parent(&city);
    let donge = Node::start(donge).await?;
    let unit = school(COUNTY, 1);
    push_new(&donge, "1", vec![count(&school("371524", 1), 100)]).await?;
    push_new(
        &city,
        "1",
        vec![count(&unit, 4), count(&school(COUNTY, 2), 6)],
    )
    .await?;
    push(&city, "2", vec![count(&unit, 5)]).await?;
    arrives(&province, "370000", DROPOUTS, 111, 3).await?;

    let request = ExportRegionRequest {
        region: COUNTY.to_owned(),
        move_out: true,
    };
    let mut export = city.client().await?.admin().export_region(request).await?;
    let mut chunks = Vec::new();
    while let Some(chunk) = export.next_chunk().await? {
        chunks.push(chunk);
    }
    let late = push(&city, "3", vec![count(&unit, 9)]).await?;
    let refusal = late
        .outcomes
        .first()
        .and_then(|outcome| outcome.refusal.as_ref());
    let refusal = refusal.context("the city took a figure of a county that has left")?;
    ensure!(refusal.reason == "REGION_MOVED", "{refusal:?}");

    let county = Settings::new(COUNTY).schools(COUNTY, 2).parent(&city);
    let county = Node::start(county).await?;
    let taken = county
        .client()
        .await?
        .admin()
        .import_region(tokio_stream::iter(chunks))
        .await?;
    ensure!((taken.regions, taken.reports) == (3, 3), "{taken:?}");
    let own = sums(&county, COUNTY, DROPOUTS).await?;
    ensure!((own.numerator, own.reported) == (11, 2), "{own:?}");
    let asked = ListHistoryRequest {
        source: unit.clone(),
        indicator: DROPOUTS.to_owned(),
        period: MONTH.to_owned(),
        ..ListHistoryRequest::default()
    };
    let versions = county
        .client()
        .await?
        .progress()
        .list_history(asked)
        .await?
        .versions;
    let figures: Vec<i64> = versions.iter().map(|version| version.numerator).collect();
    ensure!(figures == [5, 4], "the history moved along: {figures:?}");

    // Life goes on at the new node, and nothing is counted twice above.
    let corrected = push(&county, "4", vec![count(&unit, 50)]).await?;
    ensure!(
        corrected.counts.unwrap_or_default().superseded == 1,
        "{corrected:?}"
    );
    arrives(&city, "371500", DROPOUTS, 156, 3).await?;
    arrives(&province, "370000", DROPOUTS, 156, 3).await?;
    for node in [&province, &city, &donge, &county] {
        ensure!(
            node.recount().await? > 0,
            "{} holds no cells",
            node.region()
        );
    }
    Ok(())
}
