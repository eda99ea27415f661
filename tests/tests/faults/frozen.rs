//! Frozen processes: a node that is stopped, with its connections open, for longer than the
//! keep-alive lasts, and then goes on.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use liandong_tests::node::Node;
use liandong_tests::outcome::{counted, times};
use liandong_tests::settings::Settings;
use rustix::process::Signal;

use crate::county::{BUSY, CITY, COUNTY, Office, PROVINCE, settings};

const ROW: &str = "frozen";

/// Longer than the interval and the patience of every keep-alive together.
const FROZEN: Duration = Duration::from_secs(34);

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row frozen"]
async fn frozen_nodes_go_on_and_converge() -> Result<()> {
    let times = times(1, 10)?;
    let mut office = Office::open(ROW)?;
    let province = Node::start(Settings::new(PROVINCE).section(BUSY)).await?;
    let city = Settings::new(CITY).section(BUSY).parent(&province);
    let city = Node::start(city).await?;
    let county = Node::start(settings(BUSY).parent(&city)).await?;
    let begun = Instant::now();
    let mut slowest = Duration::ZERO;
    for _ in 0..times {
        for frozen in [&city, &county] {
            let mut work = office.work(&county);
            // While the county is frozen its clerks wait, and try again.
            work.stubborn = true;
            let load = office.push(&work);
            tokio::time::sleep(Duration::from_millis(100)).await;
            frozen.signal(Signal::STOP)?;
            tokio::time::sleep(Duration::from_millis(200)).await;
            if frozen.region() == CITY {
                office.close(load).await?;
                tokio::time::sleep(FROZEN).await;
                frozen.signal(Signal::CONT)?;
            } else {
                tokio::time::sleep(FROZEN).await;
                frozen.signal(Signal::CONT)?;
                office.close(load).await?;
            }
            let healed = Instant::now();
            office.settle(&county).await?;
            let above: [(&Node, &[&str]); 2] =
                [(&city, &[COUNTY, CITY]), (&province, &[CITY, PROVINCE])];
            office.ledger.arrives(&above).await?;
            slowest = slowest.max(healed.elapsed());
        }
    }
    for node in [&county, &city, &province] {
        ensure!(
            node.recount().await? > 0,
            "{} holds no cells",
            node.region()
        );
    }
    counted(
        ROW,
        &format!(
            "{times} times a city and a county for {} s each, {}, slowest convergence {} ms, in {} s",
            FROZEN.as_secs(),
            office.ledger.tally(),
            slowest.as_millis(),
            begun.elapsed().as_secs()
        ),
    );
    Ok(())
}
