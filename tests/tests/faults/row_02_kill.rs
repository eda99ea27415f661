//! Row 2: kill -9 under load, at any moment, at any node of the line from county to province.

use std::time::{Duration, Instant};

use anyhow::Result;
use liandong_tests::node::Node;
use liandong_tests::outcome::{counted, times};
use liandong_tests::settings::Settings;

use crate::county::{BUSY, CITY, COUNTY, Office, PROVINCE, settings};

const ROW: &str = "row 2";

/// How often a node is killed while it starts.
#[derive(Default)]
struct Kills {
    county: u64,
    starting: u64,
    above: u64,
}

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row 2"]
async fn row_02_kill_under_load() -> Result<()> {
    let loops = times(50, 1_000)?;
    let mut office = Office::open(ROW)?;
    let province = Settings::new(PROVINCE).section(BUSY);
    let mut province = Node::start(province).await?;
    let city = Settings::new(CITY).section(BUSY).parent(&province);
    let mut city = Node::start(city).await?;
    let mut county = Node::start(settings(BUSY).parent(&city)).await?;
    let begun = Instant::now();
    let mut kills = Kills::default();
    for round in 1..=loops {
        let work = office.work(&county);
        let load = office.push(&work);
        // Nodes above go down while the county's changes arrive at them.
        if office.chance.one_in(3) {
            tokio::time::sleep(office.chance.time_below(Duration::from_millis(60))).await;
            let above = if office.chance.one_in(3) {
                &mut province
            } else {
                &mut city
            };
            above.kill()?;
            kills.above += 1;
        }
        tokio::time::sleep(office.chance.time_below(Duration::from_millis(250))).await;
        county.kill()?;
        kills.county += 1;
        office.close(load).await?;
        while office.chance.one_in(3) {
            county.begin()?;
            tokio::time::sleep(office.chance.time_below(Duration::from_millis(60))).await;
            county.kill()?;
            kills.starting += 1;
        }
        for node in [&mut province, &mut city, &mut county] {
            if node.pid().is_err() {
                node.resume().await?;
            }
        }
        office.settle(&county).await?;
        if round % 10 == 0 {
            let above: [(&Node, &[&str]); 2] =
                [(&city, &[COUNTY, CITY]), (&province, &[CITY, PROVINCE])];
            office.ledger.arrives(&above).await?;
        }
    }
    office.ledger.settle_all(&county).await?;
    let above: [(&Node, &[&str]); 2] = [(&city, &[COUNTY, CITY]), (&province, &[CITY, PROVINCE])];
    office.ledger.all_arrive(&above).await?;
    for node in [&county, &city, &province] {
        node.recount().await?;
    }
    counted(
        ROW,
        &format!(
            "{loops} loops, {} at start, {} above, {} in {} s",
            kills.starting,
            kills.above,
            office.ledger.tally(),
            begun.elapsed().as_secs()
        ),
    );
    Ok(())
}
