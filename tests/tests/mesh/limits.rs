//! What one caller may have of a node, as the SDK meets it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use liandong_client::wire::admin::v1::GetStatusRequest;
use liandong_client::{Client, ConnectOptions, RetryPolicy};
use liandong_tests::node::Node;
use liandong_tests::settings::Settings;

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn the_sdk_waits_as_long_as_it_is_told() -> Result<()> {
    let limits = "[limits.admin]\nrequests_per_second = 20\nrequests_burst = 10\n";
    let node = Node::start(Settings::new("371524").section(limits)).await?;
    let admin = node.client().await?.admin();
    let begun = Instant::now();
    for _ in 0..50 {
        admin.get_status(GetStatusRequest {}).await?;
    }
    let took = begun.elapsed();
    println!("measured: 50 calls at 20 a second took {took:?}");
    ensure!(took >= Duration::from_secs(2), "{took:?}: nobody waited");

    // Whoever does not wait is told, and it is counted.
    let options = ConnectOptions {
        retry: RetryPolicy::NEVER,
        ..node.options()
    };
    let hasty = Client::connect_with(&node.url().parse()?, options).await?;
    let mut refused = None;
    for _ in 0..50 {
        if let Err(error) = hasty.admin().get_status(GetStatusRequest {}).await {
            refused = Some(error);
            break;
        }
    }
    let refused = refused.context("nobody was refused")?;
    let refusal = refused.refusal().context("no refusal")?;
    ensure!(refusal.code == "LIMIT_REACHED", "{refusal:?}");
    ensure!(refusal.field == "requests_per_second", "{refusal:?}");
    let after = refusal.retry_after.context("not told when")?;
    ensure!(after <= Duration::from_millis(50), "{after:?}");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let metrics = node.page("/metrics").await?;
    let counted = "liandong_limits_reached_total{limit=\"requests_per_second\"}";
    ensure!(metrics.contains(counted), "it is not counted");
    Ok(())
}
