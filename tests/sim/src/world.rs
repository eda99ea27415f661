//! A run: thirty machines, their clients, and what goes wrong, in simulated time.

mod act;
mod plan;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow};
use metrics_exporter_prometheus::PrometheusBuilder;
use turmoil::Sim;

use crate::clients;
use crate::dice::Dice;
use crate::machine::{Disk, Machine};
use crate::places::{EAST, PLACES, WATCH, WEST};
use crate::schedule::{Fault, Part, Planned, STORM};
use crate::shared::{Shared, Verdict};
use crate::trace;
use crate::watch;

use plan::{Act, Planning};

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
    /// Backups that took the place of the data: of which node, and of when.
    put_back: BTreeSet<(usize, Duration)>,
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
        put_back: BTreeSet::new(),
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
    // What broke on the way, like a node that does not start any more, is why the rest does not
    // hold at the end.
    let mut broken = world.shared.broken.take();
    broken.append(&mut verdict.broken);
    verdict.broken = broken;
    let outcome = Outcome {
        verdict,
        counts: world.shared.counts.take(),
        elapsed: world.sim.elapsed(),
        hash: trace::end(),
    };
    // The process ends with the run: thirty nodes need not be taken apart first.
    std::mem::forget(world);
    Ok(outcome)
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
}
