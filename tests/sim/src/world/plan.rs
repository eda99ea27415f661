//! What is to be done to the world: each fault of a seed as the acts that it is made of.

use std::time::Duration;

use super::World;
use crate::machine::Disk;
use crate::places::{EAST, WATCH, WEST};
use crate::schedule::{Fault, Holds, Planned};

/// One thing that is done to the world.
#[derive(Debug)]
pub(super) enum Act {
    Kill(usize),
    Cut(Cut),
    Start(usize, Disk),
    Part(Vec<(String, String)>),
    Join(Vec<(String, String)>),
    PartOneWay(String, String),
    JoinOneWay(String, String),
    Hold(String, String),
    Release(String, String),
    Lose(String, String, u64),
    Delay(String, String, Option<u64>),
    Skew(usize, i64),
    BackUp(usize),
    PutBack(usize),
    Empty(usize),
    TwinUp(usize, Holds),
    TwinDown,
    Heal,
}

/// A machine loses its power.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub(super) node: usize,
    /// Until then it waits for a moment when something is written and not synced.
    pub(super) lurks_until: u64,
    /// How long the power is away.
    pub(super) down: u64,
    /// How long after that it goes away again.
    pub(super) again: Option<u64>,
}

/// What is to be done, and the kind of fault that begins with it.
pub(super) type Planning = (Option<&'static str>, Act);

impl World<'_> {
    pub(super) fn plan(&mut self, at: u64, act: Act) {
        self.planned += 1;
        self.acts.insert((at, self.planned), (None, act));
    }

    /// Plans what a fault begins with: it is counted when it is done.
    fn begin(&mut self, planned: &Planned, act: Act) {
        self.planned += 1;
        let kind = planned.fault.kind();
        self.acts
            .insert((planned.at, self.planned), (Some(kind), act));
    }

    pub(super) fn plan_fault(&mut self, planned: &Planned) {
        let at = planned.at;
        let usual = Disk::default();
        match planned.fault.clone() {
            Fault::Kill { node, down } => {
                self.begin(planned, Act::Kill(node));
                self.plan(at + down, Act::Start(node, usual));
            }
            Fault::PowerCut { node, down, lurks } => {
                let cut = Cut {
                    node,
                    lurks_until: at + lurks,
                    down,
                    again: None,
                };
                self.begin(planned, Act::Cut(cut));
            }
            Fault::CutInRecovery {
                node,
                down,
                lurks,
                again,
            } => {
                let cut = Cut {
                    node,
                    lurks_until: at + lurks,
                    down,
                    again: Some(again),
                };
                self.begin(planned, Act::Cut(cut));
            }
            Fault::Partition { a, b, lasts } => {
                self.begin(planned, Act::Part(vec![(a.clone(), b.clone())]));
                self.plan(at + lasts, Act::Join(vec![(a, b)]));
            }
            Fault::OneWay { from, to, lasts } => {
                self.begin(planned, Act::PartOneWay(from.clone(), to.clone()));
                self.plan(at + lasts, Act::JoinOneWay(from, to));
            }
            Fault::Isolation { node, lasts } => {
                let lines = self.lines_of(node);
                self.begin(planned, Act::Part(lines.clone()));
                self.plan(at + lasts, Act::Join(lines));
            }
            Fault::Hold { a, b, lasts } => {
                self.begin(planned, Act::Hold(a.clone(), b.clone()));
                self.plan(at + lasts, Act::Release(a, b));
            }
            Fault::Loss { a, b, lasts, rate } => {
                self.begin(planned, Act::Lose(a.clone(), b.clone(), rate));
                self.plan(at + lasts, Act::Lose(a, b, 0));
            }
            Fault::Delay { a, b, lasts, takes } => {
                self.begin(planned, Act::Delay(a.clone(), b.clone(), Some(takes)));
                self.plan(at + lasts, Act::Delay(a, b, None));
            }
            Fault::Skew { node, seconds } => self.begin(planned, Act::Skew(node, seconds)),
            Fault::SlowDisk { node, takes } => {
                let sync_takes = Some(Duration::from_millis(takes));
                let slow = Disk {
                    sync_takes,
                    ..usual
                };
                self.begin(planned, Act::Kill(node));
                self.plan(at + 300, Act::Start(node, slow));
            }
            Fault::DiskFull { node, lasts } => {
                let full = Disk {
                    full: true,
                    ..usual
                };
                self.begin(planned, Act::Kill(node));
                self.plan(at + 100, Act::Start(node, full));
                self.plan(at + lasts, Act::Kill(node));
                self.plan(at + lasts + 100, Act::Start(node, usual));
            }
            Fault::Restore { node, later, again } => {
                self.plan(at, Act::BackUp(node));
                let second = again.map(|again| at + later + again);
                for put_back in [Some(at + later), second].into_iter().flatten() {
                    self.plan(put_back, Act::PutBack(node));
                    self.plan(put_back + 300, Act::Start(node, usual));
                }
            }
            Fault::Emptied { node } => {
                self.begin(planned, Act::Empty(node));
                self.plan(at + 300, Act::Start(node, usual));
            }
            Fault::Twin { node, lasts, holds } => {
                self.begin(planned, Act::TwinUp(node, holds));
                self.plan(at + lasts, Act::TwinDown);
            }
        }
    }

    /// A node's lines to every host it talks to.
    pub(super) fn lines_of(&self, node: usize) -> Vec<(String, String)> {
        let Some(machine) = self.machines.get(node) else {
            return Vec::new();
        };
        let name = &machine.name;
        let others = self.machines.iter().map(|other| other.name.clone());
        let others = others.chain([EAST.to_owned(), WEST.to_owned(), WATCH.to_owned()]);
        others
            .filter(|other| other != name)
            .map(|other| (name.clone(), other))
            .collect()
    }
}
