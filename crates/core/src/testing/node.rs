//! A node without disk or network: real decisions, a journal in memory.

use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::data;
use crate::access::{Relation, may_see};
use crate::catalogue::Catalogue;
use crate::command::{Answer, Command, Incoming, Push};
use crate::decide::{Setting, apply, decide};
use crate::event::Event;
use crate::evidence::Proofs;
use crate::refusal::Refusal;
use crate::region::{Region, RegionCode};
use crate::report::{Fingerprints, Outcome, Report};
use crate::rollup::Sums;
use crate::state::State;

/// One node of the simulated mesh.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) here: RegionCode,
    pub(crate) state: State,
    /// Frames with their events, as a journal would hold them.
    pub(crate) journal: Vec<Vec<Event>>,
    pub(crate) catalogue: Catalogue,
    pub(crate) today: Date,
    pub(crate) incarnation: u128,
    pushes: u32,
}

impl Node {
    /// A node that hosts these regions; the first is its own.
    pub(crate) fn new(regions: &[Region]) -> Self {
        let mut node = Self::empty(regions[0].code);
        node.host(regions).unwrap();
        node
    }

    /// A node that hosts nothing yet.
    pub(crate) fn empty(here: RegionCode) -> Self {
        Self {
            here,
            state: State::default(),
            journal: Vec::new(),
            catalogue: data::catalogue(),
            today: date(2025, 3, 31),
            incarnation: 1,
            pushes: 0,
        }
    }

    pub(crate) fn host(&mut self, regions: &[Region]) -> Result<Answer, Refusal> {
        let hosted = |code| regions.iter().any(|region| region.code == code);
        for region in regions {
            // A catalogue that has every parent as a region of its own would refuse them below a child
            // that tells of them.
            if region.parent.is_some_and(hosted) {
                continue;
            }
            self.know_parent(region);
        }
        self.run(Command::Host {
            regions: regions.to_vec(),
            configured: true,
        })
    }

    /// Begins, or goes on with, a life of the node's data.
    pub(crate) fn begin(&mut self, identity: u128, restored: bool) {
        self.run(Command::Begin { identity, restored }).unwrap();
        self.incarnation = self.state.incarnation(identity);
    }

    /// What a backup of this node's journal gives: its first frames, in a new life.
    pub(crate) fn restored(&self, frames: usize, identity: u128) -> Self {
        let mut node = self.copied_back(frames);
        node.begin(identity, true);
        node
    }

    /// What a snapshot of the whole machine gives: the first frames, and nobody says that they are old.
    pub(crate) fn copied_back(&self, frames: usize) -> Self {
        let mut node = Self {
            state: State::default(),
            journal: self.journal[..frames.min(self.journal.len())].to_vec(),
            ..self.clone()
        };
        for (frame, events) in (1..).zip(&node.journal) {
            for event in events {
                node.state.apply(event, frame);
            }
        }
        node
    }

    /// The parent of a node's top region is known from the catalogue.
    fn know_parent(&mut self, region: &Region) {
        let Some(parent) = region.parent else { return };
        if !self.state.tree().contains(parent) && !self.catalogue.regions.contains(parent) {
            let mut above = region.clone();
            above.code = parent;
            above.parent = None;
            self.catalogue.regions.insert(above).unwrap();
        }
    }

    /// Commits one command in a frame of its own.
    pub(crate) fn run(&mut self, command: Command) -> Result<Answer, Refusal> {
        self.run_together(vec![command]).remove(0)
    }

    /// Commits several commands in one frame.
    pub(crate) fn run_together(&mut self, commands: Vec<Command>) -> Vec<Result<Answer, Refusal>> {
        let setting = Setting {
            now: Timestamp::UNIX_EPOCH,
            today: self.today,
            catalogue: &self.catalogue,
            grace_days: 0,
            here: self.here,
            frame: self.journal.len() as u64 + 1,
        };
        let mut events = Vec::new();
        let mut answers = Vec::new();
        for command in commands {
            let decided = decide(&self.state, command, &setting);
            answers.push(decided.map(|decision| {
                let frame = setting.frame;
                apply(&mut self.state, decision.events, frame, |event| {
                    events.push(event);
                });
                decision.answer
            }));
        }
        if !events.is_empty() {
            self.journal.push(events);
        }
        answers
    }

    /// The command that pushes these reports.
    pub(crate) fn push_command(&mut self, reports: Vec<Report>) -> Command {
        self.pushes += 1;
        Command::PushReports(Push {
            id: format!("push-{}", self.pushes),
            by: "test".to_owned(),
            rows: (1..).zip(reports).collect(),
            all_or_nothing: false,
            fingerprints: Fingerprints::default(),
        })
    }

    /// Pushes reports; says what became of each.
    pub(crate) fn push(&mut self, reports: Vec<Report>) -> Vec<Outcome> {
        let command = self.push_command(reports);
        match self.run(command) {
            Ok(Answer::Reports(outcomes)) => outcomes.into_iter().map(|(_, one)| one).collect(),
            other => panic!("a push was answered with {other:?}"),
        }
    }

    /// What `peer` is entitled to after its watermark, as the command that it would run.
    pub(crate) fn changes_for(
        &self,
        peer: RegionCode,
        peer_is: Relation,
        after: u64,
        limit: usize,
    ) -> Incoming {
        let changes = self.state.changes_after(
            after,
            limit,
            |document| may_see(self.state.tree(), self.here, peer, peer_is, document),
            |region| self.state.cell_goes_up(self.here, region),
            peer_is == Relation::Parent,
        );
        let relation = match peer_is {
            Relation::Parent => Relation::Child,
            Relation::Child => Relation::Parent,
            Relation::Partner => Relation::Partner,
        };
        Incoming {
            from: self.here,
            relation,
            incarnation: self.incarnation,
            upto: changes.upto,
            documents: changes
                .documents
                .iter()
                .map(|document| document.as_ref().clone())
                .collect(),
            cells: changes.cells,
            unreadable: Vec::new(),
            proofs: Proofs::new(),
        }
    }

    /// Where this node has taken the peer's changes up to.
    pub(crate) fn taken_from(&self, peer: &Self) -> u64 {
        self.state
            .watermark(peer.here)
            .filter(|mark| mark.incarnation == peer.incarnation)
            .map_or(0, |mark| mark.upto)
    }

    /// The sums of `count` in March 2025.
    pub(crate) fn sums(&self, region: &str) -> Sums {
        let indicator = "count".parse().unwrap();
        let cell = self
            .state
            .cell(data::code(region), indicator, data::month());
        cell.map(|cell| cell.sums).unwrap_or_default()
    }

    /// How many units report beneath a region, by what is known here.
    pub(crate) fn expected(&self, region: &str) -> u32 {
        self.state.roster(data::code(region)).expected(&[])
    }

    /// Panics where a recount finds another sum, or a replay another state.
    pub(crate) fn verify(&self) {
        let (_, mismatches) = self.state.recount();
        assert_eq!(mismatches, [], "recount at {}", self.here);
        self.state.check_rosters();
        let mut replayed = State::default();
        for (frame, events) in (1..).zip(&self.journal) {
            for event in events {
                replayed.apply(event, frame);
            }
        }
        let bytes = |state: &State| postcard::to_stdvec(&state.snapshot()).unwrap();
        let same = bytes(&replayed) == bytes(&self.state);
        assert!(same, "a replay at {} gives another state", self.here);
    }
}

/// Carries all changes of `from` to `to`, which stands in `to_is` to it, in batches of `limit`.
pub(crate) fn carry(from: &Node, to: &mut Node, to_is: Relation, limit: usize) {
    loop {
        let after = to.taken_from(from);
        let incoming = from.changes_for(to.here, to_is, after, limit);
        let upto = incoming.upto;
        to.run(Command::Receive(incoming)).unwrap();
        if upto == from.state.last_change() {
            return;
        }
    }
}
