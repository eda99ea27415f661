//! A mesh of nodes over one tree, and an independent count of what it must add up to.

use std::collections::BTreeMap;

use super::comparing::{compare, greet};
use super::data::code;
use super::node::{Node, carry};
use crate::access::Relation;
use crate::command::{Command, Incoming};
use crate::event::Event;
use crate::indicator::IndicatorCode;
use crate::period::Period;
use crate::region::{Level, Region, RegionCode, RegionTree};
use crate::report::{Outcome, Report};
use crate::rollup::Sums;

/// The newest accepted figure of each source, kept by the test itself.
type Newest = BTreeMap<(RegionCode, IndicatorCode, Period), (i64, i64)>;

/// Nodes, the regions they host, and the batches that are still on their way.
pub(crate) struct Mesh {
    pub(crate) tree: RegionTree,
    pub(crate) nodes: Vec<Node>,
    hosts: BTreeMap<RegionCode, usize>,
    /// Batches that were sent and not yet delivered: to which node, and what.
    held: Vec<(usize, Incoming)>,
    newest: Newest,
}

impl Mesh {
    /// Regions, parents first, each with whether it has a node of its own; the first has.
    pub(crate) fn new(regions: &[(Region, bool)]) -> Self {
        let mut mesh = Self {
            tree: RegionTree::new(),
            nodes: Vec::new(),
            hosts: BTreeMap::new(),
            held: Vec::new(),
            newest: BTreeMap::new(),
        };
        for (region, own_node) in regions {
            mesh.tree.insert(region.clone()).unwrap();
            let parent_host = region.parent.map(|parent| mesh.hosts[&parent]);
            let host = match parent_host {
                Some(host) if !own_node => host,
                _ => {
                    mesh.nodes.push(Node::empty(region.code));
                    mesh.nodes.len() - 1
                }
            };
            mesh.hosts.insert(region.code, host);
            mesh.nodes[host].host(std::slice::from_ref(region)).unwrap();
        }
        mesh
    }

    pub(crate) fn host_of(&mut self, region: RegionCode) -> &mut Node {
        let host = self.hosts[&region];
        &mut self.nodes[host]
    }

    /// The node above a node, if it is not the top.
    fn above(&self, node: usize) -> Option<usize> {
        let parent = self.tree.parent(self.nodes[node].here)?;
        self.hosts.get(&parent).copied()
    }

    /// Pushes reports of sources that one node hosts, in one or two pushes of one frame.
    pub(crate) fn push(&mut self, reports: &[Report], split: bool) {
        let Some(first) = reports.first() else { return };
        let host = self.hosts[&first.source];
        let hosted = |report: &&Report| self.hosts[&report.source] == host;
        let mine: Vec<Report> = reports.iter().filter(hosted).cloned().collect();
        let middle = if split { mine.len() / 2 } else { 0 };
        let (before, after) = mine.split_at(middle);
        let node = &mut self.nodes[host];
        let commands = vec![
            node.push_command(before.to_vec()),
            node.push_command(after.to_vec()),
        ];
        let mut outcomes = Vec::new();
        for answer in node.run_together(commands) {
            match answer {
                Ok(crate::command::Answer::Reports(part)) => outcomes.extend(part),
                other => panic!("a push was answered with {other:?}"),
            }
        }
        for (report, (_, outcome)) in mine.iter().zip(outcomes) {
            if matches!(
                outcome,
                Outcome::Accepted { .. } | Outcome::Superseded { .. }
            ) {
                let key = (report.source, report.indicator, report.period);
                let figure = (report.numerator, report.denominator.unwrap_or(0));
                self.newest.insert(key, figure);
            }
        }
    }

    /// A node sends its next batch upwards: after what was taken, or after an older change.
    pub(crate) fn send(&mut self, node: usize, limit: usize, older: Option<u64>) {
        let node = node % self.nodes.len();
        let Some(above) = self.above(node) else {
            return;
        };
        let taken = self.nodes[above].taken_from(&self.nodes[node]);
        let after = older.map_or(taken, |older| older % (taken + 1));
        let to = self.nodes[above].here;
        let incoming = self.nodes[node].changes_for(to, Relation::Parent, after, limit);
        self.held.push((above, incoming));
    }

    /// One of the batches on their way arrives; it may arrive again later.
    pub(crate) fn deliver(&mut self, which: usize, again: bool) {
        if self.held.is_empty() {
            return;
        }
        let which = which % self.held.len();
        let (to, incoming) = if again {
            self.held[which].clone()
        } else {
            self.held.remove(which)
        };
        self.nodes[to].run(Command::Receive(incoming)).unwrap();
    }

    /// Changes a region's entry at its host; the parent must be hosted there too.
    pub(crate) fn change(&mut self, region: Region) {
        let host = self.hosts[&region.code];
        let moves = region.parent != self.tree.parent(region.code);
        let together = region
            .parent
            .is_none_or(|parent| self.hosts[&parent] == host);
        // A bureau that loses its last unit is another matter.
        let lonely = self
            .tree
            .parent(region.code)
            .is_some_and(|parent| self.tree.children(parent).len() == 1);
        if moves && (!together || lonely || self.nodes[host].here == region.code) {
            return;
        }
        if self.tree.insert(region.clone()).is_ok() {
            self.nodes[host].host(&[region]).unwrap();
        }
    }

    /// A region moves out of the node that hosts it, to a node of its own.
    pub(crate) fn move_out(&mut self, region: RegionCode) {
        let host = self.hosts[&region];
        if self.nodes[host].here == region {
            return;
        }
        let history = self.export(host, region);
        let command = Command::MoveOut {
            region,
            handovers: Vec::new(),
        };
        self.nodes[host].run(command).unwrap();
        let mut node = Node::empty(region);
        node.run(Command::MoveIn { region, history }).unwrap();
        node.verify();
        self.nodes.push(node);
        let new_host = self.nodes.len() - 1;
        for below in self.tree.subtree(region) {
            if self.hosts[&below] == host {
                self.hosts.insert(below, new_host);
            }
        }
    }

    /// A node comes back from a backup of its first `share` of 16 frames, or from nothing, and its
    /// sources push again what they last reported.
    pub(crate) fn come_back(&mut self, node: usize, share: usize, identity: u128) {
        let node = node % self.nodes.len();
        let old = self.nodes[node].clone();
        let mut hosted = Vec::new();
        for region in self.tree.subtree(old.here) {
            if self.hosts[&region] == node {
                hosted.extend(self.tree.get(region).cloned());
            }
        }
        let mut new = old.restored(old.journal.len() * share / 16, identity);
        // What the configuration names, and so what moved out since the backup stays out.
        for gone in old.state.tree().subtree(old.here) {
            if new.state.hosts(gone) && !old.state.hosts(gone) {
                let command = Command::MoveOut {
                    region: gone,
                    handovers: Vec::new(),
                };
                new.run(command).unwrap();
            }
        }
        new.host(&hosted).unwrap();
        self.held
            .retain(|(to, batch)| *to != node && batch.from != old.here);
        self.nodes[node] = new;
        let newest = self.newest.clone();
        for (number, (named, figures)) in newest.into_iter().enumerate() {
            let (source, indicator, period) = named;
            let (numerator, denominator) = figures;
            if self.hosts[&source] != node {
                continue;
            }
            let ratio = denominator != 0 || indicator.as_str() == "ratio";
            let revision = 1 + old
                .state
                .report(source, indicator, period)
                .map_or(0, |head| head.revision);
            let report = Report {
                // One that no push of an earlier life had.
                id: format!("again {identity} {number}"),
                source,
                indicator,
                period,
                numerator,
                denominator: ratio.then_some(denominator),
                revision,
                note: String::new(),
            };
            self.nodes[node].push(vec![report]);
        }
    }

    /// Every node compares with the one above until nothing differs; returns what was healed.
    pub(crate) fn converge(&mut self, limit: usize) -> u32 {
        let mut healed = 0;
        for _ in 0..8 {
            self.drain(limit);
            let mut differed = false;
            for node in 0..self.nodes.len() {
                let Some(above) = self.above(node) else {
                    continue;
                };
                let mut teller = self.nodes[node].clone();
                let mut listener = self.nodes[above].clone();
                greet(&listener, &mut teller);
                let compared = compare(&mut teller, &mut listener, Relation::Parent, 500);
                differed |= !compared.differing.is_empty();
                healed += compared.healed;
                self.nodes[node] = teller;
                self.nodes[above] = listener;
            }
            if !differed {
                return healed;
            }
        }
        panic!("they do not come together");
    }

    /// What a node knows of a region and all below it, as events.
    fn export(&self, node: usize, region: RegionCode) -> Vec<Event> {
        let within = |code: RegionCode| self.tree.is_within(code, region);
        let mut events = Vec::new();
        for event in self.nodes[node].journal.iter().flatten() {
            match event {
                Event::Hosted { region: entry, .. } if within(entry.code) => {
                    events.push(event.clone());
                }
                Event::MovedOut { region: left } if within(*left) => events.push(event.clone()),
                Event::Received(received) if within(received.from) => events.push(event.clone()),
                Event::Reports(batch) => {
                    let mut batch = batch.clone();
                    let sources = batch.sources.clone();
                    batch
                        .rows
                        .retain(|row| within(sources[row.source as usize]));
                    events.push(Event::Reports(batch));
                }
                _ => {}
            }
        }
        events
    }

    /// Delivers what is on its way and everything that changed, up to the top.
    pub(crate) fn drain(&mut self, limit: usize) {
        while !self.held.is_empty() {
            self.deliver(0, false);
        }
        let depth = |mesh: &Self, node: usize| mesh.tree.ancestors(mesh.nodes[node].here).count();
        let mut order: Vec<usize> = (0..self.nodes.len()).collect();
        order.sort_by_key(|node| std::cmp::Reverse(depth(self, *node)));
        for node in order {
            if let Some(above) = self.above(node) {
                let from = self.nodes[node].clone();
                carry(&from, &mut self.nodes[above], Relation::Parent, limit);
            }
        }
    }

    /// What the test's own list of figures adds up to beneath a region.
    fn naive(&self, region: RegionCode, indicator: IndicatorCode, period: Period) -> Sums {
        let mut sums = Sums::default();
        for ((source, reported, when), (numerator, denominator)) in &self.newest {
            let here = self.tree.is_within(*source, region);
            if !here || *reported != indicator || *when != period {
                continue;
            }
            sums.numerator += numerator;
            sums.denominator += denominator;
            if self.tree.is_leaf(*source) {
                sums.reported += 1;
                sums.on_time += u32::from(*when == super::month());
            }
        }
        sums
    }

    /// Panics where any node holds anything else than what must be there after a drain.
    pub(crate) fn verify(&self, indicators: &[IndicatorCode], periods: &[Period]) {
        for node in &self.nodes {
            node.verify();
            let listed = node.state.set_aside().iter();
            let refused = listed.filter(|one| !one.subject.is_lost_figure());
            assert_eq!(refused.count(), 0, "at {}", node.here);
        }
        for region in self.tree.iter() {
            let host = self.hosts[&region.code];
            let leaves = self.tree.subtree(region.code);
            let leaves = leaves.iter().filter(|code| self.tree.is_leaf(**code));
            let expected = u32::try_from(leaves.count()).unwrap();
            for (at, node) in self.nodes.iter().enumerate() {
                let is_above = self.tree.is_within(region.code, node.here);
                let sees = at == host || is_above && region.level != Level::Unit;
                if sees {
                    let roster = node.state.roster(region.code).expected(&[]);
                    assert_eq!(roster, expected, "{} at {}", region.code, node.here);
                }
                let pairs = indicators
                    .iter()
                    .flat_map(|indicator| periods.iter().map(move |period| (*indicator, *period)));
                for (indicator, period) in pairs {
                    let naive = self.naive(region.code, indicator, period);
                    let cell = node.state.cell(region.code, indicator, period);
                    let sums = cell.map(|cell| cell.sums).unwrap_or_default();
                    if sees {
                        assert_eq!(sums, naive, "{} at {}", region.code, node.here);
                        assert!(sums.reported <= expected);
                    }
                }
            }
        }
    }
}

/// A region of the mesh by its place in the list it was made of.
pub(crate) fn place_code(place: usize) -> RegionCode {
    code(&format!("r{place:02}"))
}
