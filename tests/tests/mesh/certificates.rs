//! A node tells of its own certificate wherever an operator may look, and takes up a new one while it
//! runs.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use liandong_core::identity::Role;
use liandong_tests::certificates::{furnish, furnish_for};
use liandong_tests::node::Node;
use liandong_tests::program::liandong;
use liandong_tests::settings::Settings;
use liandong_tests::wait::eventually;

const CITY: &str = "371500";
const GAUGE: &str = "liandong_certificate_seconds_left ";
const DAY: u64 = 86_400;

fn command(node: &Node, words: &[&str]) -> Result<String> {
    let mut command = Command::new(liandong()?);
    command
        .args(["--lang", "en"])
        .args(node.asked())
        .args(words);
    let output = command.output().context("cannot start the program")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{said}{output:?}");
    Ok(said)
}

async fn days_by_the_gauge(node: &Node) -> Result<u64> {
    let page = node.page("/metrics").await?;
    let line = page.lines().find_map(|line| line.strip_prefix(GAUGE));
    Ok(line.context("no gauge")?.trim().parse::<u64>()? / DAY)
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_certificate_that_ends_within_thirty_days_is_told_of_everywhere() -> Result<()> {
    let mut node = Node::prepare(Settings::new(CITY))?;
    let identity = node.path("identity");
    furnish_for(&identity, CITY, Role::Node, 10)?;
    node.resume().await?;
    let told = node.status().await?.certificate.context("no certificate")?;
    ensure!(
        told.ends_soon && told.days_left == 9 && told.trouble.is_empty(),
        "{told:?}"
    );
    ensure!(
        told.identity == "spiffe://shandong.example/region/371500/node",
        "{told:?}"
    );
    let said = command(&node, &["status"])?;
    for words in ["ends in 9 days", "cert renew", "(9 days)"] {
        ensure!(said.contains(words), "{words:?} is not said: {said}");
    }
    let said = command(
        &node,
        &["status", "--only", "certificate", "--format", "json"],
    )?;
    let rows: serde_json::Value = serde_json::from_str(&said)?;
    ensure!(
        rows[0]["ends_soon"] == true && rows[0]["days_left"] == 9,
        "{rows}"
    );
    eventually("the log says so", async || {
        Ok(node
            .log()
            .contains("the node's certificate ends soon")
            .then_some(()))
    })
    .await?;
    let left = days_by_the_gauge(&node).await?;
    ensure!(left == 9, "{left} days");

    // A new one is taken up without a restart, and there is nothing more to say.
    furnish(&identity, CITY, Role::Node)?;
    eventually("the new certificate is in use", async || {
        let told = node.status().await?.certificate.context("no certificate")?;
        Ok((!told.ends_soon && told.days_left == 89).then_some(()))
    })
    .await?;
    let said = command(&node, &["status"])?;
    ensure!(!said.contains("ends in"), "{said}");
    eventually("the gauge follows", async || {
        Ok((days_by_the_gauge(&node).await? > 80).then_some(()))
    })
    .await
}
