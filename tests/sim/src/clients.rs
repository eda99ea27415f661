//! The people who use the mesh: counties that report and work on tasks, a city that gives tasks,
//! and the two sides of a pairing.

mod aid;
mod reports;
mod tasks;

use std::rc::Rc;
use std::time::Duration;

use crate::dice::Dice;
use crate::places::{DONOR, PLACES, Place, RECIPIENT, find};
use crate::schedule::Part;
use crate::shared::Shared;
use crate::trace;

pub(crate) use aid::PROJECT;

/// One client.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Client {
    /// A county that reports, and works on the tasks it is given.
    County(&'static Place),
    /// The city that gives tasks to its counties.
    Issuer(&'static Place),
    /// The side of the pairing that gives.
    Donor(&'static Place),
    /// The side of the pairing that receives.
    Recipient(&'static Place),
}

impl Client {
    fn place(self) -> &'static Place {
        match self {
            Self::County(place)
            | Self::Issuer(place)
            | Self::Donor(place)
            | Self::Recipient(place) => place,
        }
    }
}

/// Every client, in an order that never changes for a seed.
pub(crate) fn all() -> Vec<Client> {
    let counties = PLACES.iter().filter(|place| place.is_county());
    let mut clients: Vec<Client> = counties.map(Client::County).collect();
    if let (Some(donor), Some(recipient)) = (find(DONOR), find(RECIPIENT)) {
        clients.push(Client::Issuer(donor));
        clients.push(Client::Donor(donor));
        clients.push(Client::Recipient(recipient));
    }
    clients
}

/// Runs the clients that call from one host.
pub(crate) async fn run(shared: Rc<Shared>, part: Part, from: &'static str) -> turmoil::Result {
    let mut running = tokio::task::JoinSet::new();
    for (number, client) in all().into_iter().enumerate() {
        if !part.has_client(number) || client.place().clients() != from {
            continue;
        }
        shared.working.set(shared.working.get() + 1);
        let dice = Dice::new(shared.seed, &format!("client {number}"));
        let shared = Rc::clone(&shared);
        running.spawn_local(async move {
            match client {
                Client::County(place) => {
                    let steps = tasks::steps(Rc::clone(&shared), place, dice.clone());
                    let reports = reports::run(&shared, place, number, dice);
                    tokio::join!(steps, reports);
                }
                Client::Issuer(place) => tasks::give(&shared, place, dice).await,
                Client::Donor(place) => aid::give(&shared, place, dice).await,
                Client::Recipient(place) => aid::receive(&shared, place, dice).await,
            }
            shared.working.set(shared.working.get() - 1);
        });
    }
    while let Some(ended) = running.join_next().await {
        ended?;
    }
    Ok(())
}

/// Waits a random time.
async fn pause(dice: &mut Dice, low: u64, high: u64) {
    tokio::time::sleep(Duration::from_millis(dice.between(low, high))).await;
}

/// Waits until the next round of somebody who looks now and then; 1 when everything works again by
/// then, so that the last rounds can be counted.
async fn round(shared: &Shared, dice: &mut Dice) -> u32 {
    if shared.is_healed() {
        pause(dice, 200, 600).await;
    } else {
        pause(dice, 500, 3_500).await;
    }
    u32::from(shared.is_healed())
}

/// Whether a client has waited for an answer for too long after everything worked again.
fn gave_up(shared: &Shared, what: &str) -> bool {
    let Some(healed) = shared.healed_at.get() else {
        return false;
    };
    let late = trace::now() > healed + Duration::from_secs(45);
    if late {
        shared.broke(format!("answer: {what} is not answered after healing"));
    }
    late
}
