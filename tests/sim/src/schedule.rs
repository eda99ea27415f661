//! What goes wrong in a run, and when: drawn from the seed before anything runs, so that it can be
//! printed, and so that a part of it can be run again.

mod draw;

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context, Result, bail};

pub(crate) use draw::{CLIENTS, STORM, draw};

/// One thing that goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The process is killed; the machine says goodbye to its peers for it.
    Kill { node: usize, down: u64 },
    /// The machine loses its power: what was not synced survives sector by sector, or not. It waits
    /// for a moment when something is not synced, but not for longer than it lurks.
    PowerCut { node: usize, down: u64, lurks: u64 },
    /// Like that, and the machine loses its power again while the node starts.
    CutInRecovery {
        node: usize,
        down: u64,
        lurks: u64,
        again: u64,
    },
    /// Two hosts hear nothing of each other; what was on its way is lost.
    Partition { a: String, b: String, lasts: u64 },
    /// One of two hosts hears nothing of the other.
    OneWay {
        from: String,
        to: String,
        lasts: u64,
    },
    /// A node hears nothing of anybody.
    Isolation { node: usize, lasts: u64 },
    /// What is on its way between two hosts stays there, and comes all at once.
    Hold { a: String, b: String, lasts: u64 },
    /// Some of what is sent between two hosts is lost; in thousandths.
    Loss {
        a: String,
        b: String,
        lasts: u64,
        rate: u64,
    },
    /// What is sent between two hosts takes so many milliseconds.
    Delay {
        a: String,
        b: String,
        lasts: u64,
        takes: u64,
    },
    /// A node's clock is wrong by so many seconds from now on.
    Skew { node: usize, seconds: i64 },
    /// A node starts again on a disk that takes so many milliseconds for a sync.
    SlowDisk { node: usize, takes: u64 },
    /// A node starts again on a disk that is full, and later on one that is not.
    DiskFull { node: usize, lasts: u64 },
    /// A node's journal is copied, and the copy takes its place later; some time after that perhaps
    /// once more, so that two lives begin with one backup.
    Restore {
        node: usize,
        later: u64,
        again: Option<u64>,
    },
    /// A node starts again with nothing.
    Emptied { node: usize },
    /// A second node starts with the identity of this one.
    Twin {
        node: usize,
        lasts: u64,
        holds: Holds,
    },
}

/// What a second node with the identity of another starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Nothing.
    Nothing,
    /// A copy of the whole data directory, identity included.
    Everything,
    /// A copy of the journal, as a restored backup.
    Backup,
}

/// A fault with when it begins, in simulated milliseconds since the start.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) at: u64,
    pub(crate) fault: Fault,
}

/// Which faults and which clients of a seed take part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    /// Places in the list of faults; all when absent.
    pub(crate) faults: Option<BTreeSet<usize>>,
    /// Places in the list of clients; all when absent.
    pub(crate) clients: Option<BTreeSet<usize>>,
}

impl Part {
    /// Reads `faults=1,2;clients=3`; what is not named takes part as a whole.
    ///
    /// # Errors
    /// When it is written in another way.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let mut part = Self::default();
        for piece in text.split(';').filter(|piece| !piece.is_empty()) {
            let (key, list) = piece
                .split_once('=')
                .with_context(|| format!("{piece:?} is not written like faults=1,2"))?;
            let mut places = BTreeSet::new();
            for number in list.split(',').filter(|number| !number.is_empty()) {
                let place = number.parse();
                places.insert(place.with_context(|| format!("{number:?} is not a number"))?);
            }
            match key {
                "faults" => part.faults = Some(places),
                "clients" => part.clients = Some(places),
                other => bail!("{other:?}: accepted are faults and clients"),
            }
        }
        Ok(part)
    }

    /// Whether a fault takes part.
    pub(crate) fn has_fault(&self, place: usize) -> bool {
        self.faults
            .as_ref()
            .is_none_or(|kept| kept.contains(&place))
    }

    /// Whether a client takes part.
    pub(crate) fn has_client(&self, place: usize) -> bool {
        self.clients
            .as_ref()
            .is_none_or(|kept| kept.contains(&place))
    }
}

impl Fault {
    /// The kind, as it is counted.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Kill { .. } => "kill",
            Self::PowerCut { .. } => "power-cut",
            Self::CutInRecovery { .. } => "cut-in-recovery",
            Self::Partition { .. } => "partition",
            Self::OneWay { .. } => "one-way",
            Self::Isolation { .. } => "isolation",
            Self::Hold { .. } => "hold",
            Self::Loss { .. } => "loss",
            Self::Delay { .. } => "delay",
            Self::Skew { .. } => "skew",
            Self::SlowDisk { .. } => "slow-disk",
            Self::DiskFull { .. } => "disk-full",
            Self::Restore { .. } => "restore",
            Self::Emptied { .. } => "emptied",
            Self::Twin { .. } => "twin",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |node: &usize| {
            crate::places::PLACES
                .get(*node)
                .map_or("?", |place| place.code)
        };
        let kind = self.kind();
        match self {
            Self::Kill { node, down } => {
                write!(f, "{kind} of {} for {down} ms", name(node))
            }
            Self::PowerCut { node, down, lurks } => {
                write!(
                    f,
                    "{kind} of {} for {down} ms, within {lurks} ms",
                    name(node)
                )
            }
            Self::CutInRecovery {
                node,
                down,
                lurks,
                again,
            } => {
                let node = name(node);
                write!(
                    f,
                    "{kind} of {node} for {down} ms, within {lurks} ms, again after {again} ms"
                )
            }
            Self::Partition { a, b, lasts } | Self::Hold { a, b, lasts } => {
                write!(f, "{kind} between {a} and {b} for {lasts} ms")
            }
            Self::OneWay { from, to, lasts } => {
                write!(f, "{kind} from {from} to {to} for {lasts} ms")
            }
            Self::Isolation { node, lasts } => {
                write!(f, "{kind} of {} for {lasts} ms", name(node))
            }
            Self::Loss { a, b, lasts, rate } => {
                write!(
                    f,
                    "{kind} of {rate} in 1000 between {a} and {b} for {lasts} ms"
                )
            }
            Self::Delay { a, b, lasts, takes } => {
                write!(f, "{kind} of {takes} ms between {a} and {b} for {lasts} ms")
            }
            Self::Skew { node, seconds } => {
                write!(f, "{kind} of {} by {seconds} s", name(node))
            }
            Self::SlowDisk { node, takes } => {
                write!(f, "{kind} of {}: {takes} ms a sync", name(node))
            }
            Self::DiskFull { node, lasts } => {
                write!(f, "{kind} of {} for {lasts} ms", name(node))
            }
            Self::Restore { node, later, again } => {
                let node = name(node);
                write!(f, "{kind} of {node} from a copy {later} ms old")?;
                match again {
                    Some(again) => write!(f, ", once more after {again} ms"),
                    None => Ok(()),
                }
            }
            Self::Emptied { node } => write!(f, "{kind}: {}", name(node)),
            Self::Twin { node, lasts, holds } => {
                write!(f, "{kind} of {} for {lasts} ms with {holds:?}", name(node))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, draw};

    #[test]
    fn a_part_of_a_schedule_is_read() {
        let part = Part::read("faults=3,5;clients=").unwrap();
        assert!(part.has_fault(3) && part.has_fault(5) && !part.has_fault(4));
        assert!(!part.has_client(0));
        let all = Part::read("").unwrap();
        assert!(all.has_fault(4) && all.has_client(0));
        assert!(Part::read("faults=x").is_err() && Part::read("nodes=1").is_err());
    }

    #[test]
    fn a_seed_draws_the_same_schedule_and_another_seed_another() {
        let text = |seed| {
            let drawn = draw(seed);
            let words: Vec<String> = drawn.iter().map(|one| one.fault.to_string()).collect();
            words.join("\n")
        };
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }
}
