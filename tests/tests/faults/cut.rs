//! A network cut in two: nodes in namespaces of their own, joined by a cable that is pulled out,
//! carries one way only, or loses packets.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use liandong_tests::machine::lacks;
use liandong_tests::network::{End, NEEDS, Namespace, join};
use liandong_tests::node::Node;
use liandong_tests::outcome::{counted, not_run, times};
use liandong_tests::settings::Settings;

use crate::county::{BUSY, CITY, COUNTY, Office, settings};

const ROW: &str = "partition";
const LOSS: &str = "loss";
const PORT: u16 = 7410;

/// Every ancestor converges within a minute of healing.
const HEALED: Duration = Duration::from_secs(60);

/// A city and a county, each in a network of its own.
struct Apart {
    // The processes end before their namespaces go.
    county: Node,
    city: Node,
    /// The cable's end at the county, and at the city.
    below: End,
    above: End,
    _namespaces: [Namespace; 2],
}

/// A node in a namespace, which this test reaches by a cable of its own.
fn place(settings: Settings, namespace: &Namespace) -> Result<Node> {
    let (inner, _) = join(namespace, None)?;
    let mut node = Node::prepare(settings)?;
    node.run_under(&namespace.inside());
    let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT));
    node.listen_on(everywhere, SocketAddr::from((inner.address, PORT)));
    Ok(node)
}

impl Apart {
    async fn start() -> Result<Self> {
        let (lower, upper) = (Namespace::make()?, Namespace::make()?);
        let (below, above) = join(&lower, Some(&upper))?;
        let mut city = place(Settings::new(CITY).section(BUSY), &upper)?;
        city.resume().await?;
        let parent = format!("https://{}:{PORT}", above.address);
        let mut county = place(settings(BUSY).parent_at(CITY, &parent), &lower)?;
        county.resume().await?;
        Ok(Self {
            county,
            city,
            below,
            above,
            _namespaces: [lower, upper],
        })
    }
}

#[derive(Clone, Copy, Debug)]
enum Break {
    Both,
    NothingArrivesAbove,
    NothingArrivesBelow,
}

impl Break {
    fn set(self, apart: &Apart) -> Result<()> {
        match self {
            Self::Both => apart.below.down(),
            Self::NothingArrivesAbove => apart.above.lose(100),
            Self::NothingArrivesBelow => apart.below.lose(100),
        }
    }

    fn heal(self, apart: &Apart) -> Result<()> {
        match self {
            Self::Both => apart.below.up(),
            Self::NothingArrivesAbove => apart.above.lose(0),
            Self::NothingArrivesBelow => apart.below.lose(0),
        }
    }
}

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row partition"]
async fn partition_between_two_networks() -> Result<()> {
    if let Some(why) = lacks(&NEEDS) {
        not_run(ROW, &why);
        return Ok(());
    }
    let times = times(1, 20)?;
    let mut office = Office::open(ROW)?;
    let apart = Apart::start().await?;
    let begun = Instant::now();
    let above: [(&Node, &[&str]); 1] = [(&apart.city, &[COUNTY, CITY])];
    office
        .calm(&apart.county, Duration::from_millis(100))
        .await?;
    office.settle(&apart.county).await?;
    office.ledger.arrives(&above).await?;
    let (mut breaks, mut slowest) = (0, Duration::ZERO);
    for _ in 0..times {
        for fault in [
            Break::Both,
            Break::NothingArrivesAbove,
            Break::NothingArrivesBelow,
        ] {
            let work = office.work(&apart.county);
            let load = office.push(&work);
            tokio::time::sleep(office.chance.time_below(Duration::from_millis(100))).await;
            fault.set(&apart)?;
            breaks += 1;
            tokio::time::sleep(Duration::from_millis(200)).await;
            office.close(load).await?;
            // Short ones, and ones that outlast the keep-alive.
            let long = if breaks % 2 == 0 { 3_000 } else { 25_000 };
            let length = office.chance.time_below(Duration::from_millis(long));
            tokio::time::sleep(length).await;
            // What is reported meanwhile does not get through.
            office
                .calm(&apart.county, Duration::from_millis(100))
                .await?;
            fault.heal(&apart)?;
            let healed = Instant::now();
            office.settle(&apart.county).await?;
            office.ledger.arrives(&above).await?;
            let took = healed.elapsed();
            ensure!(
                took <= HEALED,
                "{fault:?} of {length:?} healed after {took:?}"
            );
            slowest = slowest.max(took);
        }
    }
    for node in [&apart.county, &apart.city] {
        ensure!(
            node.recount().await? > 0,
            "{} holds no cells",
            node.region()
        );
    }
    counted(
        ROW,
        &format!(
            "{breaks} cuts (both ways, one way, the other way), {}, slowest convergence {} ms \
             after healing, in {} s",
            office.ledger.tally(),
            slowest.as_millis(),
            begun.elapsed().as_secs()
        ),
    );
    Ok(())
}

#[tokio::test]
#[ignore = "real faults: cargo xtask faults --row loss"]
async fn loss_of_packets_on_the_line() -> Result<()> {
    if let Some(why) = lacks(&NEEDS) {
        not_run(LOSS, &why);
        return Ok(());
    }
    let seconds = times(5, 120)?;
    let mut office = Office::open(LOSS)?;
    let apart = Apart::start().await?;
    let above: [(&Node, &[&str]); 1] = [(&apart.city, &[COUNTY, CITY])];
    let mut told = Vec::new();
    for of_a_hundred in [5, 20] {
        apart.below.lose(of_a_hundred)?;
        apart.above.lose(of_a_hundred)?;
        for _ in 0..seconds {
            office.calm(&apart.county, Duration::from_secs(1)).await?;
        }
        office.settle(&apart.county).await?;
        let pushed = Instant::now();
        office.ledger.arrives(&above).await?;
        let lost = apart.below.lost()? + apart.above.lost()?;
        ensure!(lost > 0, "the line loses nothing");
        told.push(format!(
            "{of_a_hundred} % ({lost} packets): all there {} ms after {seconds} s of pushing",
            pushed.elapsed().as_millis()
        ));
    }
    for node in [&apart.county, &apart.city] {
        ensure!(
            node.recount().await? > 0,
            "{} holds no cells",
            node.region()
        );
    }
    counted(
        LOSS,
        &format!("{}; {}", told.join(", "), office.ledger.tally()),
    );
    Ok(())
}
