//! Random trees on random nodes with random traffic: after a drain every sum is exact everywhere.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};

use crate::period::Period;
use crate::region::{Level, Region, RegionKind};
use crate::report::Report;
use crate::state::{Snapshot, State};
use crate::testing::{Mesh, Node, month, place_code};

/// One report: source, which indicator, which month, figure, revision, id.
type Row = (usize, bool, bool, i64, u32, u8);

#[derive(Clone, Debug)]
enum Act {
    Push(Vec<Row>, bool),
    Send(usize, usize, Option<u64>),
    Deliver(usize, bool),
    Rename(usize),
    Reparent(usize, usize),
    MoveOut(usize),
    Restart(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let row = (
        any::<usize>(),
        any::<bool>(),
        any::<bool>(),
        0..1_000i64,
        prop_oneof![4 => Just(0), 1 => 1..5u32],
        0..12u8,
    );
    prop_oneof![
        6 => (vec(row, 1..8), any::<bool>()).prop_map(|(rows, split)| Act::Push(rows, split)),
        6 => (any::<usize>(), 1..20usize, proptest::option::weighted(0.3, any::<u64>()))
            .prop_map(|(node, limit, older)| Act::Send(node, limit, older)),
        6 => (any::<usize>(), any::<bool>()).prop_map(|(which, again)| Act::Deliver(which, again)),
        1 => any::<usize>().prop_map(Act::Rename),
        2 => (any::<usize>(), any::<usize>()).prop_map(|(one, to)| Act::Reparent(one, to)),
        1 => any::<usize>().prop_map(Act::MoveOut),
        1 => any::<usize>().prop_map(Act::Restart),
    ]
}

/// A bureau or unit: the choice of its parent, whether it is a unit, whether it has its own node.
type Seed = (usize, bool, bool);

/// Two to five levels; a county may stand directly below the province and may have no units.
fn regions(seeds: &[Seed]) -> Vec<(Region, bool)> {
    let mut regions: Vec<(Region, bool)> = Vec::new();
    let mut bureaus: Vec<(usize, usize)> = Vec::new();
    for (place, (choice, is_unit, own_node)) in seeds.iter().enumerate() {
        let open: Vec<(usize, usize)> = bureaus
            .iter()
            .filter(|(_, depth)| *is_unit || *depth < 3)
            .copied()
            .collect();
        let above = open.get(choice % open.len().max(1)).copied();
        let depth = above.map_or(0, |(_, depth)| depth + 1);
        let (level, kind) = match depth {
            0 => (Level::Province, RegionKind::Bureau),
            _ if *is_unit => (Level::Unit, RegionKind::PrimarySchool),
            1 if choice % 2 == 0 => (Level::Prefecture, RegionKind::Bureau),
            1 | 2 => (Level::County, RegionKind::Bureau),
            _ => (Level::Township, RegionKind::Bureau),
        };
        if level != Level::Unit {
            bureaus.push((place, depth));
        }
        let region = Region {
            code: place_code(place),
            name: String::new(),
            parent: above.map(|(place, _)| place_code(place)),
            level,
            kind,
        };
        // Units with a node of their own are rare.
        let own_node = *own_node && (level != Level::Unit || choice % 3 == 0);
        regions.push((region, own_node));
    }
    regions
}

fn report(row: &Row, count: usize) -> Report {
    let (source, coverage, earlier, figure, revision, id) = *row;
    let indicator = if coverage { "ratio" } else { "count" };
    let period: Period = if earlier {
        "2025-02".parse().unwrap()
    } else {
        month()
    };
    Report {
        // Few ids, so that they are used again for the same figure and for others.
        id: match id {
            0..4 => String::new(),
            id => format!("id-{id}"),
        },
        source: place_code(source % count),
        indicator: indicator.parse().unwrap(),
        period,
        numerator: figure,
        denominator: coverage.then_some(1_000),
        revision,
        note: String::new(),
    }
}

fn restart(node: &mut Node) {
    let bytes = postcard::to_stdvec(&node.state.snapshot()).unwrap();
    let snapshot: Snapshot = postcard::from_bytes(&bytes).unwrap();
    node.state = State::from_snapshot(snapshot);
}

fn perform(mesh: &mut Mesh, act: &Act, count: usize) {
    match act {
        Act::Push(rows, split) => {
            let reports: Vec<Report> = rows.iter().map(|row| report(row, count)).collect();
            mesh.push(&reports, *split);
        }
        Act::Send(node, limit, older) => mesh.send(*node, *limit, *older),
        Act::Deliver(which, again) => mesh.deliver(*which, *again),
        Act::Rename(place) => {
            let mut region = mesh.tree.get(place_code(place % count)).unwrap().clone();
            region.name.push('新');
            mesh.change(region);
        }
        Act::Reparent(place, to) => {
            let mut region = mesh.tree.get(place_code(place % count)).unwrap().clone();
            let parent = mesh.tree.get(place_code(to % count)).unwrap();
            if region.parent.is_some() && parent.level < region.level {
                region.parent = Some(parent.code);
                mesh.change(region);
            }
        }
        Act::MoveOut(place) => mesh.move_out(place_code(place % count)),
        Act::Restart(place) => restart(mesh.host_of(place_code(place % count))),
    }
}

fn run(seeds: &[Seed], acts: &[Act], limit: usize) {
    let regions = regions(seeds);
    let mut mesh = Mesh::new(&regions);
    for act in acts {
        perform(&mut mesh, act, regions.len());
    }
    mesh.drain(limit);
    let indicators = ["count".parse().unwrap(), "ratio".parse().unwrap()];
    mesh.verify(&indicators, &["2025-02".parse().unwrap(), month()]);
    for node in &mesh.nodes {
        assert_eq!(node.state.set_aside(), [], "at {}", node.here);
    }
}

proptest! {
    #[test]
    fn every_sum_is_exact_everywhere(
        seeds in vec((any::<usize>(), any::<bool>(), any::<bool>()), 2..14),
        acts in vec(act(), 0..40),
        limit in 1..30usize,
    ) {
        run(&seeds, &acts, limit);
    }
}

proptest! {
    #[test]
    fn every_sum_is_exact_again_when_nodes_came_back_from_backups_or_from_nothing(
        seeds in vec((any::<usize>(), any::<bool>(), any::<bool>()), 2..12),
        acts in vec(act(), 0..30),
        lost in vec((any::<usize>(), 0..=16usize, any::<bool>()), 1..5),
        limit in 1..30usize,
    ) {
        let regions = regions(&seeds);
        let mut mesh = Mesh::new(&regions);
        // A move that only the lost time knew of is for the catalogues to say again: no node moves
        // itself below another region of its superior's.
        let mut acts = acts;
        acts.retain(|act| !matches!(act, Act::Reparent(..)));
        let chunk = acts.len() / lost.len() + 1;
        let mut parts = acts.chunks(chunk);
        for (identity, (node, share, quiet)) in (100..).zip(&lost) {
            for act in parts.next().unwrap_or_default() {
                perform(&mut mesh, act, regions.len());
            }
            if *quiet {
                mesh.drain(limit);
            }
            mesh.come_back(*node, *share, identity);
        }
        for act in parts.flatten() {
            perform(&mut mesh, act, regions.len());
        }
        mesh.converge(limit);
        let indicators = ["count".parse().unwrap(), "ratio".parse().unwrap()];
        mesh.verify(&indicators, &["2025-02".parse().unwrap(), month()]);
        for node in &mesh.nodes {
            prop_assert_eq!(node.state.unowned_cells().count(), 0);
        }
    }
}
