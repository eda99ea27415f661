//! Whether every link is up and has nothing left to say, and nothing was set aside.

use liandong_wire::admin::v1::GetStatusResponse;

use crate::places::{PLACES, links};
use crate::shared::Shared;

/// What is not settled yet.
pub(super) fn look(shared: &Shared, statuses: &[Option<GetStatusResponse>]) -> Vec<String> {
    let mut unsettled = Vec::new();
    let ledger = shared.ledger.borrow();
    let strange = !ledger.went_back.is_empty() || !ledger.had_twin.is_empty();
    for (place, status) in PLACES.iter().zip(statuses) {
        let Some(status) = status else {
            unsettled.push(format!("links: {} does not answer", place.code));
            continue;
        };
        let peers = links().into_iter().filter_map(|(a, b)| match () {
            () if a == place.code => Some(b),
            () if b == place.code => Some(a),
            () => None,
        });
        for peer in peers {
            let link = status.links.iter().find(|link| link.peer == peer);
            let Some(link) = link else {
                unsettled.push(format!("links: {} knows no link to {peer}", place.code));
                continue;
            };
            if !link.connected || link.lag > 0 {
                unsettled.push(format!(
                    "links: {} to {peer}: connected {}, lag {}, {}",
                    place.code, link.connected, link.lag, link.trouble
                ));
            }
        }
        if !strange {
            for set_aside in &status.quarantined {
                unsettled.push(format!(
                    "set aside: {} set aside {} of {}: {}",
                    place.code, set_aside.what, set_aside.peer, set_aside.message
                ));
            }
        }
    }
    unsettled
}
