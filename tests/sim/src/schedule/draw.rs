//! Drawing a schedule.

use super::{Fault, Holds, Planned};
use crate::dice::Dice;
use crate::places::{EAST, PLACES, WEST, host, links};

/// How long things go wrong, in simulated milliseconds.
pub(crate) const STORM: u64 = 24_000;

/// How long a power cut waits for something to lose.
const LURKS: u64 = 2_500;

/// How many clients there are: one a county, the issuer of the tasks, and both sides of the
/// pairing.
pub(crate) const CLIENTS: usize = 28;

/// The faults of a seed, in the order of their beginnings.
pub(crate) fn draw(seed: u64) -> Vec<Planned> {
    let mut dice = Dice::new(seed, "faults");
    let mut free_from = [0u64; PLACES.len()];
    let count = dice.between(10, 60);
    let mut planned: Vec<Planned> = (0..count)
        .filter_map(|_| one(&mut dice, &mut free_from))
        .collect();
    planned.extend(rare(&mut dice, &mut free_from));
    planned.sort_by_key(|one| one.at);
    planned
}

/// A common fault. Two faults of the same machine do not overlap.
fn one(dice: &mut Dice, free_from: &mut [u64]) -> Option<Planned> {
    let at = dice.between(500, STORM - 1_000);
    let lasts = dice.between(200, 9_000).min(STORM - at);
    let fault = match dice.below(100) {
        0..14 => Fault::Kill {
            node: machine(dice, free_from, at, lasts)?,
            down: lasts,
        },
        14..32 => Fault::PowerCut {
            node: machine(dice, free_from, at, lasts + LURKS)?,
            down: lasts,
            lurks: lurks(dice),
        },
        32..40 => Fault::CutInRecovery {
            node: machine(dice, free_from, at, lasts + LURKS + 1_000)?,
            down: lasts,
            lurks: lurks(dice),
            again: dice.below(120),
        },
        40..48 => {
            let (a, b) = pair(dice)?;
            Fault::Partition { a, b, lasts }
        }
        48..56 => {
            let (mut from, mut to) = pair(dice)?;
            if dice.percent(50) {
                std::mem::swap(&mut from, &mut to);
            }
            Fault::OneWay { from, to, lasts }
        }
        56..60 => Fault::Isolation {
            node: any(dice),
            lasts,
        },
        60..70 => {
            let (a, b) = pair(dice)?;
            Fault::Hold { a, b, lasts }
        }
        70..78 => {
            let (a, b) = pair(dice)?;
            let rate = dice.between(5, 200);
            Fault::Loss { a, b, lasts, rate }
        }
        78..86 => {
            let (a, b) = pair(dice)?;
            let takes = dice.between(100, 3_000);
            Fault::Delay { a, b, lasts, takes }
        }
        86..94 => {
            let day = 86_400;
            let ahead = i64::try_from(dice.below(2 * day)).unwrap_or(0);
            Fault::Skew {
                node: any(dice),
                seconds: ahead - 86_400,
            }
        }
        94..97 => Fault::SlowDisk {
            node: machine(dice, free_from, at, 500)?,
            takes: dice.between(100, 2_000),
        },
        _ => Fault::DiskFull {
            node: machine(dice, free_from, at, lasts)?,
            lasts,
        },
    };
    Some(Planned { at, fault })
}

/// Most power cuts come when they hurt.
fn lurks(dice: &mut Dice) -> u64 {
    if dice.percent(80) { LURKS } else { 0 }
}

/// Faults of which a bureau sees one in ten years.
fn rare(dice: &mut Dice, free_from: &mut [u64]) -> Vec<Planned> {
    let mut planned = Vec::new();
    if dice.percent(30) {
        let at = dice.between(1_000, STORM / 2);
        let later = dice.between(1_000, STORM / 2 - 2_000);
        let rest = STORM.saturating_sub(at + later + 1_000);
        let again = (dice.percent(50) && rest > 1_500).then(|| dice.between(1_000, rest));
        let lasts = later + again.unwrap_or_default() + 500;
        if let Some(node) = machine(dice, free_from, at, lasts) {
            let fault = Fault::Restore { node, later, again };
            planned.push(Planned { at, fault });
        }
    }
    if dice.percent(15) {
        let at = dice.between(1_000, STORM - 1_000);
        if let Some(node) = machine(dice, free_from, at, 500) {
            let fault = Fault::Emptied { node };
            planned.push(Planned { at, fault });
        }
    }
    if dice.percent(15) {
        let at = dice.between(1_000, STORM - 6_000);
        let lasts = dice.between(1_000, 6_000);
        let holds = [Holds::Nothing, Holds::Everything, Holds::Backup];
        let holds = dice.pick(&holds).copied().unwrap_or(Holds::Nothing);
        if let Some(node) = machine(dice, free_from, at, lasts) {
            let fault = Fault::Twin { node, lasts, holds };
            planned.push(Planned { at, fault });
        }
    }
    planned
}

fn any(dice: &mut Dice) -> usize {
    usize::try_from(dice.below(PLACES.len() as u64)).unwrap_or(0)
}

/// A machine that nothing happens to in that time; nothing else will.
fn machine(dice: &mut Dice, free_from: &mut [u64], at: u64, lasts: u64) -> Option<usize> {
    let node = any(dice);
    let free = free_from.get_mut(node)?;
    // Earlier times may be free as well; a schedule need not be dense.
    if *free > at {
        return None;
    }
    *free = at + lasts + 200;
    Some(node)
}

/// Two hosts that talk to each other: two nodes, or clients and their node.
fn pair(dice: &mut Dice) -> Option<(String, String)> {
    if dice.percent(80) {
        let links = links();
        let (lower, upper) = dice.pick(&links)?;
        return Some((host(lower), host(upper)));
    }
    let place = dice.pick(&PLACES)?;
    let clients = if place.clients() == EAST { EAST } else { WEST };
    Some((clients.to_owned(), place.host()))
}
