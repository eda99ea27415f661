//! Row 12: a node that was restored from an old backup, and two nodes with one identity.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use liandong_tests::machine::run;
use liandong_tests::node::Node;
use liandong_tests::outcome::{counted, times};
use liandong_tests::program::liandong;
use liandong_tests::settings::Settings;
use liandong_tests::wait::eventually;

use crate::county::{BUSY, CITY, COUNTY, Office, PROVINCE, settings};

const RESTORED: &str = "row 12 (restored)";
const TWINS: &str = "row 12 (twins)";

/// Runs a command of the operator that must go well.
fn operate(arguments: &[&str]) -> Result<()> {
    let said = Command::new(liandong()?)
        .args(["--lang", "en"])
        .args(arguments)
        .output()?;
    ensure!(
        said.status.success(),
        "liandong {}: {}{}",
        arguments.join(" "),
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr)
    );
    Ok(())
}

fn text(path: &std::path::Path) -> Result<&str> {
    path.to_str().context("a folder with a strange name")
}

/// Takes a backup of a running node.
fn back_up(node: &Node) -> Result<()> {
    let (from, to) = (node.path("node.toml"), node.path("backup"));
    operate(&["backup", "--config", text(&from)?, "--to", text(&to)?])
}

/// Pulls the plug, throws the data away and starts from the backup.
async fn restore(node: &mut Node) -> Result<()> {
    let before = node.status().await?.incarnation;
    let (from, to) = (node.path("backup"), node.path("data"));
    node.kill()?;
    std::fs::remove_dir_all(&to)?;
    operate(&["restore", "--from", text(&from)?, "--data", text(&to)?])?;
    node.resume().await?;
    let after = node.status().await?.incarnation;
    ensure!(
        before != after,
        "{} does not know that it is restored",
        node.region()
    );
    Ok(())
}

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row 12"]
async fn row_12_restored_from_an_old_backup() -> Result<()> {
    let times = times(8, 20)?;
    let mut office = Office::open(RESTORED)?;
    let mut province = Node::start(Settings::new(PROVINCE).section(BUSY)).await?;
    let city = Settings::new(CITY).section(BUSY).parent(&province);
    let mut city = Node::start(city).await?;
    let mut county = Node::start(settings(BUSY).parent(&city)).await?;
    let begun = Instant::now();
    let mut repeated = 0;
    for round in 0..times {
        office.calm(&county, Duration::from_millis(150)).await?;
        office.settle(&county).await?;
        {
            let above: [(&Node, &[&str]); 2] =
                [(&city, &[COUNTY, CITY]), (&province, &[CITY, PROVINCE])];
            office.ledger.arrives(&above).await?;
        }
        let old = match round % 4 {
            0 | 2 => &mut county,
            1 => &mut city,
            _ => &mut province,
        };
        back_up(old)?;
        let since = office.ledger.len();
        office.calm(&county, Duration::from_millis(150)).await?;
        office.settle(&county).await?;
        {
            // Half of the time what came after the backup is known above, half of it is not.
            let above: [(&Node, &[&str]); 2] =
                [(&city, &[COUNTY, CITY]), (&province, &[CITY, PROVINCE])];
            if office.chance.one_in(2) {
                office.ledger.arrives(&above).await?;
            }
        }
        match round % 4 {
            0 | 2 => {
                restore(&mut county).await?;
                // What the node itself had taken since the backup is pushed again by those who
                // have it, under the same ids.
                repeated += office.ledger.repeat_from(since, &county).await?;
            }
            1 => restore(&mut city).await?,
            _ => restore(&mut province).await?,
        }
        office.ledger.settle_all(&county).await?;
        let above: [(&Node, &[&str]); 2] =
            [(&city, &[COUNTY, CITY]), (&province, &[CITY, PROVINCE])];
        office.ledger.all_arrive(&above).await?;
        for node in [&county, &city, &province] {
            ensure!(
                node.recount().await? > 0,
                "{} holds no cells",
                node.region()
            );
        }
    }
    counted(
        RESTORED,
        &format!(
            "{times} times (county, city, county, province), {repeated} batches pushed again, {} \
             in {} s",
            office.ledger.tally(),
            begun.elapsed().as_secs()
        ),
    );
    Ok(())
}

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row 12"]
async fn row_12_two_nodes_with_one_identity() -> Result<()> {
    let times = times(4, 20)?;
    let mut office = Office::open(TWINS)?;
    let city = Node::start(Settings::new(CITY).section(BUSY)).await?;
    let mut county = Node::start(settings(BUSY).parent(&city)).await?;
    let begun = Instant::now();
    for round in 0..times {
        office.calm(&county, Duration::from_millis(100)).await?;
        office.settle(&county).await?;
        county.terminate().await?;
        let mut twin = Node::prepare(county.settings().clone())?;
        let (from, to) = (county.path("data"), twin.path("data"));
        run(&["cp", "-a", text(&from)?, text(&to)?])?;
        // Whoever comes first stays; the other is told.
        let (first, second) = if round % 2 == 0 {
            (&mut county, &mut twin)
        } else {
            (&mut twin, &mut county)
        };
        first.resume().await?;
        eventually("the first is connected", async || {
            let links = first.status().await?.links;
            Ok(links.iter().any(|link| link.connected).then_some(()))
        })
        .await?;
        second.resume().await?;
        office.calm(&county, Duration::from_millis(200)).await?;
        eventually("the city notices the twin", async || {
            let noticed = city.status().await?.twins;
            Ok((!noticed.is_empty()).then_some(()))
        })
        .await?;
        office.settle(&county).await?;
        twin.terminate().await?;
        let above: [(&Node, &[&str]); 1] = [(&city, &[COUNTY, CITY])];
        office.ledger.all_arrive(&above).await?;
        for node in [&county, &city] {
            ensure!(
                node.recount().await? > 0,
                "{} holds no cells",
                node.region()
            );
        }
    }
    counted(
        TWINS,
        &format!(
            "{times} times a copy ran beside its original, noticed each time, {} in {} s",
            office.ledger.tally(),
            begun.elapsed().as_secs()
        ),
    );
    Ok(())
}
