//! Doing to the world what was planned.

use std::time::Duration;

use anyhow::Result;

use super::World;
use super::plan::{Act, Cut};
use crate::machine::Disk;
use crate::places::{EAST, PLACES, WATCH, WEST, links};
use crate::schedule::Holds;
use crate::trace;

impl World<'_> {
    pub(super) fn act(&mut self, act: Act) -> Result<()> {
        let now = self.sim.elapsed();
        trace::bytes(now, format!("{act:?}").as_bytes());
        if trace::is_aloud() {
            println!("{:>9.3} {act:?}", now.as_secs_f64());
        }
        match act {
            Act::Kill(node) => self.crash(node),
            Act::Cut(cut) => self.cut(cut)?,
            Act::Start(node, disk) => self.start(node, disk),
            Act::Part(lines) => {
                for (a, b) in lines {
                    self.sim.partition(a, b);
                }
            }
            Act::Join(lines) => {
                for (a, b) in lines {
                    self.sim.repair(a, b);
                }
            }
            Act::PartOneWay(from, to) => self.sim.partition_oneway(from, to),
            Act::JoinOneWay(from, to) => self.sim.repair_oneway(from, to),
            Act::Hold(a, b) => self.sim.hold(a, b),
            Act::Release(a, b) => self.sim.release(a, b),
            Act::Lose(a, b, rate) => {
                // Thousandths of one, as milliseconds are of a second.
                let rate = Duration::from_millis(rate).as_secs_f64();
                self.sim.set_link_fail_rate(a, b, rate);
            }
            Act::Delay(a, b, takes) => self.delay(a, b, takes),
            Act::Skew(node, seconds) => {
                if let Some(machine) = self.machines.get(node) {
                    machine.clock.set(seconds);
                }
            }
            Act::BackUp(node) => {
                if let Some(machine) = self.machines.get(node) {
                    machine.back_up()?;
                    self.backed_up_at.insert(node, now);
                }
            }
            Act::PutBack(node) => {
                self.crash(node);
                if let Some(machine) = self.machines.get(node) {
                    machine.put_back()?;
                }
                self.shared.count("restore");
                let back_to = self.backed_up_at.get(&node).copied();
                let back_to = back_to.unwrap_or_default();
                if !self.put_back.insert((node, back_to)) {
                    self.shared.count("of-which-restored-again");
                }
                self.goes_back(node, back_to);
            }
            Act::Empty(node) => {
                self.crash(node);
                if let Some(machine) = self.machines.get(node) {
                    machine.wipe()?;
                }
                self.goes_back(node, Duration::ZERO);
            }
            Act::TwinUp(node, holds) => self.start_twin(node, holds)?,
            Act::TwinDown => {
                if let Some(twin) = &self.twin {
                    self.sim.crash(twin.name.as_str());
                }
            }
            Act::Heal => self.heal(),
        }
        Ok(())
    }

    /// Cuts the power, at once or when there is something to lose.
    fn cut(&mut self, cut: Cut) -> Result<()> {
        let now = u64::try_from(self.sim.elapsed().as_millis()).unwrap_or(u64::MAX);
        let Some(machine) = self.machines.get(cut.node).cloned() else {
            return Ok(());
        };
        if now < cut.lurks_until && !machine.has_unsynced() {
            self.plan(now + 1, Act::Cut(cut));
            return Ok(());
        }
        let kind = if cut.again.is_some() {
            "cut-in-recovery"
        } else {
            "power-cut"
        };
        self.shared.count(kind);
        for (a, b) in self.lines_of(cut.node) {
            self.sim.partition(a, b);
        }
        self.crash(cut.node);
        machine.lose_unsynced(&mut self.dice)?;
        self.plan(now + cut.down, Act::Start(cut.node, Disk::default()));
        if let Some(again) = cut.again {
            let next = Cut {
                node: cut.node,
                lurks_until: 0,
                down: 500,
                again: None,
            };
            self.plan(now + cut.down + again, Act::Cut(next));
        }
        Ok(())
    }

    pub(super) fn crash(&mut self, node: usize) {
        if let Some(machine) = self.machines.get(node) {
            machine.failed.set(false);
            self.sim.crash(machine.name.as_str());
        }
    }

    fn start(&mut self, node: usize, disk: Disk) {
        let lines = self.lines_of(node);
        let Some(machine) = self.machines.get(node) else {
            return;
        };
        machine.disk.set(disk);
        let running = self.sim.is_host_running(machine.name.as_str());
        if running {
            return;
        }
        for (a, b) in lines {
            self.sim.repair(a, b);
        }
        let name = machine.name.clone();
        self.sim.bounce(name);
    }

    fn delay(&mut self, a: String, b: String, takes: Option<u64>) {
        match takes {
            Some(takes) => {
                let takes = Duration::from_millis(takes);
                self.sim.set_link_latency(a, b, takes);
            }
            None => {
                let usual = Duration::from_millis(20);
                self.sim.set_link_latency(a, b, usual);
            }
        }
    }

    fn goes_back(&mut self, node: usize, back_to: Duration) {
        let Some(machine) = self.machines.get(node) else {
            return;
        };
        let code = machine.place.code;
        *self.shared.lives.borrow_mut().entry(code).or_insert(0) += 1;
        let mut ledger = self.shared.ledger.borrow_mut();
        let earliest = ledger.went_back.entry(code).or_insert(back_to);
        *earliest = (*earliest).min(back_to);
    }

    fn start_twin(&mut self, node: usize, holds: Holds) -> Result<()> {
        let (Some(twin), Some(machine)) = (&self.twin, self.machines.get(node)) else {
            return Ok(());
        };
        match holds {
            Holds::Nothing => twin.wipe()?,
            Holds::Everything => twin.copy_from(machine, false)?,
            Holds::Backup => twin.copy_from(machine, true)?,
        }
        let name = twin.name.clone();
        self.sim.bounce(name);
        Ok(())
    }

    /// Everything works from now on; clocks stay as wrong as they are.
    fn heal(&mut self) {
        self.acts
            .retain(|_, (_, act)| matches!(act, Act::Start(..) | Act::TwinDown));
        let mut names: Vec<String> = Vec::new();
        names.extend(self.machines.iter().map(|machine| machine.name.clone()));
        names.extend([EAST.to_owned(), WEST.to_owned(), WATCH.to_owned()]);
        for (place, a) in names.iter().enumerate() {
            for b in names.iter().skip(place + 1) {
                self.sim.set_link_fail_rate(a.as_str(), b.as_str(), 0.0);
                self.sim.release(a.as_str(), b.as_str());
            }
        }
        for (lower, upper) in links() {
            let (a, b) = (crate::places::host(lower), crate::places::host(upper));
            self.delay(a, b, None);
        }
        for place in &PLACES {
            self.delay(place.host(), place.clients().to_owned(), None);
        }
        if let Some(twin) = &self.twin {
            self.sim.crash(twin.name.as_str());
        }
        for node in 0..self.machines.len() {
            let full = self
                .machines
                .get(node)
                .is_some_and(|machine| machine.disk.get().full);
            if full {
                self.crash(node);
            }
            self.start(node, Disk::default());
        }
        self.shared.healed_at.set(Some(self.sim.elapsed()));
    }
}
