//! A run: thirty machines, their clients, and what goes wrong, in simulated time.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow};
use metrics_exporter_prometheus::PrometheusBuilder;
use turmoil::Sim;

use crate::clients;
use crate::dice::Dice;
use crate::machine::{Disk, Machine};
use crate::places::{EAST, PLACES, WATCH, WEST, links};
use crate::schedule::{Fault, Holds, Part, Planned, STORM};
use crate::shared::{Shared, Verdict};
use crate::trace;
use crate::watch;

/// How finely time passes. What is sent takes one of these at least.
const TICK: Duration = Duration::from_millis(30);

/// The longest a message takes on a line in good order.
const SLOWEST: Duration = Duration::from_millis(60);

/// A run that has not ended by then is stuck.
const LONGEST: Duration = Duration::from_secs(150);

/// What a supervisor waits before it starts a node that gave up.
const SUPERVISOR: u64 = 500;

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) elapsed: Duration,
    pub(crate) hash: String,
}

/// One thing that is done to the world.
#[derive(Debug)]
enum Act {
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
struct Cut {
    node: usize,
    /// Until then it waits for a moment when something is written and not synced.
    lurks_until: u64,
    /// How long the power is away.
    down: u64,
    /// How long after that it goes away again.
    again: Option<u64>,
}

/// What is to be done, and the kind of fault that begins with it.
type Planning = (Option<&'static str>, Act);

struct World<'a> {
    sim: Sim<'a>,
    shared: Rc<Shared>,
    machines: Vec<Rc<Machine>>,
    dice: Dice,
    /// What is to be done, by when and in which order.
    acts: BTreeMap<(u64, u64), Planning>,
    planned: u64,
    twin: Option<Rc<Machine>>,
    backed_up_at: BTreeMap<usize, Duration>,
}

/// Runs a seed, or a part of it, with disks in `dir`.
///
/// # Errors
/// When the machine that simulates cannot do it; what breaks in the simulated world is part of the
/// outcome.
pub(crate) fn run(seed: u64, faults: &[Planned], part: &Part, dir: &Path) -> Result<Outcome> {
    let shared = Rc::new(Shared {
        seed,
        ..Shared::default()
    });
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let mut machines = Vec::new();
    for place in &PLACES {
        let name = place.host();
        let own = dir.join(&name);
        machines.push(Rc::new(Machine::new(place, name, own, &shared, &metrics)?));
    }
    let mut sim = turmoil::Builder::new()
        .epoch(UNIX_EPOCH)
        .simulation_duration(Duration::from_secs(3_600))
        .tick_duration(TICK)
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(SLOWEST)
        .tcp_capacity(1_024)
        .rng_seed(seed)
        .build();
    for machine in &machines {
        add(&mut sim, machine);
    }
    for from in [EAST, WEST] {
        sim.client(from, clients::run(Rc::clone(&shared), part.clone(), from));
    }
    sim.client(WATCH, watch::run(Rc::clone(&shared)));
    let mut world = World {
        sim,
        shared,
        machines,
        dice: Dice::new(seed, "power cuts"),
        acts: BTreeMap::new(),
        planned: 0,
        twin: None,
        backed_up_at: BTreeMap::new(),
    };
    world.prepare_twin(faults, part, dir, &metrics)?;
    for (place, planned) in faults.iter().enumerate() {
        if part.has_fault(place) {
            world.plan_fault(planned);
        }
    }
    world.plan(STORM, Act::Heal);
    world.drive()?;
    let verdict = world.shared.verdict.take();
    let mut verdict = verdict.unwrap_or_default();
    let broken = world.shared.broken.take();
    verdict.broken.extend(broken);
    Ok(Outcome {
        verdict,
        counts: world.shared.counts.take(),
        elapsed: world.sim.elapsed(),
        hash: trace::end(),
    })
}

fn add(sim: &mut Sim<'_>, machine: &Rc<Machine>) {
    let running = Rc::clone(machine);
    sim.host(machine.name.as_str(), move || Rc::clone(&running).run());
}

impl World<'_> {
    /// The second node with the identity of another stands ready, switched off.
    fn prepare_twin(
        &mut self,
        faults: &[Planned],
        part: &Part,
        dir: &Path,
        metrics: &metrics_exporter_prometheus::PrometheusHandle,
    ) -> Result<()> {
        for (place, planned) in faults.iter().enumerate() {
            let Fault::Twin { node, .. } = planned.fault else {
                continue;
            };
            if self.twin.is_some() || !part.has_fault(place) {
                continue;
            }
            let Some(of) = PLACES.get(node) else { continue };
            let name = format!("twin{}", of.code);
            let own = dir.join(&name);
            let twin = Machine::new(of, name, own, &self.shared, metrics)?;
            let twin = Rc::new(twin);
            add(&mut self.sim, &twin);
            self.sim.crash(twin.name.as_str());
            self.shared.ledger.borrow_mut().had_twin.insert(of.code);
            self.twin = Some(twin);
        }
        Ok(())
    }

    fn plan(&mut self, at: u64, act: Act) {
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

    fn plan_fault(&mut self, planned: &Planned) {
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
            Fault::Restore { node, later } => {
                self.plan(at, Act::BackUp(node));
                self.plan(at + later, Act::PutBack(node));
                self.plan(at + later + 300, Act::Start(node, usual));
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
    fn lines_of(&self, node: usize) -> Vec<(String, String)> {
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

    /// Lets time pass until the watch has come to a verdict.
    fn drive(&mut self) -> Result<()> {
        loop {
            let now = self.sim.elapsed();
            let until = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
            while let Some(entry) = self.acts.first_entry() {
                if entry.key().0 > until {
                    break;
                }
                let (kind, act) = entry.remove();
                if let Some(kind) = kind {
                    // A power cut counts when it comes.
                    if !matches!(act, Act::Cut(_)) {
                        self.shared.count(kind);
                    }
                }
                self.act(act).context("cannot do what is planned")?;
            }
            let step = self.sim.step();
            step.map_err(|error| anyhow!("a simulated host failed: {error}"))?;
            if self.shared.verdict.borrow().is_some() {
                return Ok(());
            }
            if now > LONGEST {
                self.shared.broke("stuck: the run does not end".to_owned());
                return Ok(());
            }
            for node in 0..self.machines.len() {
                let failed = self
                    .machines
                    .get(node)
                    .is_some_and(|machine| machine.failed.get());
                if failed {
                    self.crash(node);
                    self.plan(until + SUPERVISOR, Act::Start(node, Disk::default()));
                }
            }
        }
    }

    fn act(&mut self, act: Act) -> Result<()> {
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
                self.goes_back(node, back_to.unwrap_or_default());
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

    fn crash(&mut self, node: usize) {
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
