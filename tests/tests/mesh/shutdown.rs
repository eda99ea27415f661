//! Going down and coming up in order.

use std::time::Duration;

use anyhow::{Result, ensure};
use liandong_client::wire::rollup::v1::WatchRollupRequest;
use liandong_tests::figures::{DROPOUTS, arrives, count, push, push_new, sums};
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};
use tokio::net::TcpStream;

/// A node that has nothing to finish has nothing to wait for.
const QUICKLY: Duration = Duration::from_secs(5);

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn sigterm_ends_a_node_in_order_and_it_starts_from_its_checkpoint() -> Result<()> {
    let mut city = Node::start(Settings::new("371500")).await?;
    let county = Settings::new("371524").schools("371524", 1).parent(&city);
    let mut county = Node::start(county).await?;
    let unit = school("371524", 1);
    for figure in 1..=50 {
        let answer = push(&county, &figure.to_string(), vec![count(&unit, figure)]).await?;
        ensure!(answer.counts.unwrap_or_default().refused == 0, "{answer:?}");
    }
    arrives(&city, "371500", DROPOUTS, 50, 1).await?;

    // Neither an open link nor an open watch holds a node up.
    let watch = WatchRollupRequest {
        regions: vec!["371500".to_owned()],
        ..WatchRollupRequest::default()
    };
    let mut watch = city.client().await?.rollup().watch(watch);
    watch.next().await?;
    for node in [&mut city, &mut county] {
        let (status, took) = node.terminate().await?;
        println!("measured: {} stopped in {took:?}", node.region());
        ensure!(
            status.success(),
            "{} ended with {status}:\n{}",
            node.region(),
            node.log()
        );
        ensure!(took < QUICKLY, "{} took {took:?}", node.region());
        let gone = TcpStream::connect(node.address()).await.is_err();
        ensure!(gone, "somebody still listens for {}", node.region());
    }

    let before = county.log().len();
    county.resume().await?;
    let log = county.log().split_off(before);
    let verified = log.lines().find(|line| line.contains("journal verified"));
    let from_checkpoint = verified.is_some_and(|line| line.contains("\"folded\":0"));
    ensure!(from_checkpoint, "the journal was folded again:\n{log}");
    let held = sums(&county, "371524", DROPOUTS).await?;
    ensure!(held.numerator == 50, "{held:?}");
    city.resume().await?;
    push(&county, "after", vec![count(&unit, 51)]).await?;
    arrives(&city, "371500", DROPOUTS, 51, 1).await?;
    for node in [&city, &county] {
        ensure!(
            node.recount().await? > 0,
            "{} holds no cells",
            node.region()
        );
    }
    Ok(())
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_node_whose_parent_is_long_gone_still_stops() -> Result<()> {
    let mut city = Node::start(Settings::new("371500")).await?;
    let mut county = Node::start(Settings::new("371524").parent(&city)).await?;
    city.kill()?;
    // Long enough for the pause between two attempts to have grown beyond what is allowed below.
    tokio::time::sleep(Duration::from_secs(14)).await;
    let (status, took) = county.terminate().await?;
    println!("measured: a node without its parent stopped in {took:?}");
    ensure!(status.success(), "{status}:\n{}", county.log());
    ensure!(took < QUICKLY, "it took {took:?}");
    Ok(())
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_lost_checkpoint_is_made_again_from_the_journal() -> Result<()> {
    let mut county = Node::start(Settings::new("371524").schools("371524", 2)).await?;
    push_new(&county, "1", vec![count(&school("371524", 1), 8)]).await?;
    push_new(&county, "2", vec![count(&school("371524", 2), 9)]).await?;
    county.terminate().await?;
    let state = county.path("data/sled");
    std::fs::remove_dir_all(&state)?;
    county.resume().await?;
    let held = sums(&county, "371524", DROPOUTS).await?;
    ensure!((held.numerator, held.reported) == (17, 2), "{held:?}");
    ensure!(county.recount().await? > 0, "no cells");
    Ok(())
}
