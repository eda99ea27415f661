//! One address that takes all the connections it can get, in a network of its own.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Result, ensure};
use liandong_client::wire::admin::v1::GetStatusRequest;
use liandong_tests::machine::lacks;
use liandong_tests::network::{NEEDS, Namespace, join};
use liandong_tests::node::Node;
use liandong_tests::outcome::{counted, not_run};
use liandong_tests::settings::Settings;
use liandong_tests::wait::eventually;

use crate::h2::{Ended, Raw};
use crate::place::{COUNTY, Place, Way};

const PORT: u16 = 7410;

/// What a node gives one address, unless it is told otherwise.
const PER_ADDRESS: usize = 256;

/// What the address tries to get.
const TRIED: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts real processes: cargo xtask test fuzz"]
async fn one_address_gets_no_more_connections_than_it_may_have() -> Result<()> {
    if let Some(why) = lacks(&NEEDS) {
        not_run("row 15", &format!("connections of one address: {why}"));
        return Ok(());
    }
    let namespace = Namespace::make()?;
    let (first, _) = join(&namespace, None)?;
    let (second, _) = join(&namespace, None)?;
    let at = |address: Ipv4Addr| SocketAddr::from((address, PORT));
    // They are not let go for another reason meanwhile.
    let settings = Settings::new(COUNTY).section("[limits]\nhandshake_seconds = 60\n");
    let mut node = Node::prepare(settings)?;
    node.run_under(&namespace.inside());
    node.listen_on(at(Ipv4Addr::UNSPECIFIED), at(first.address));
    let place = Place::begun(node).await?;

    // By the first cable a thousand connections come from one address and never greet.
    let way = Way {
        to: at(first.address),
        tls: None,
    };
    let mut open = Vec::new();
    for _ in 0..TRIED {
        open.push(Raw::silently(&way).await?);
    }
    let kept = eventually("those beyond what there is are turned away", async || {
        let mut kept = 0;
        for raw in &mut open {
            if raw.drain() == Ended::Open {
                kept += 1;
            }
            // Else a task that looks at so many is told that there is nothing to see.
            tokio::task::yield_now().await;
        }
        ensure!(kept <= PER_ADDRESS, "{kept} connections are kept");
        Ok(Some(kept))
    })
    .await?;
    ensure!(kept > PER_ADDRESS / 2, "only {kept} are kept");
    ensure!(place.client().await.is_err(), "one more is let in");
    // Whoever comes from another address is served meanwhile.
    let client = place.client_at(at(second.address)).await?;
    client.admin().get_status(GetStatusRequest {}).await?;
    // When they are gone, the first address is as good as any.
    drop(open);
    eventually("the address is let in again", async || {
        let client = place.client().await?;
        client.admin().get_status(GetStatusRequest {}).await?;
        Ok(Some(()))
    })
    .await?;
    counted(
        "row 15",
        &format!("{TRIED} connections from one address: {kept} kept, others served"),
    );
    Ok(())
}
