//! Comparisons: whatever differs between two nodes is found, and the next comparison finds nothing.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use crate::access::Relation;
use crate::command::Command;
use crate::compare::{Bucket, Direction, Range, Side};
use crate::document::{Body, Document, Kind};
use crate::event::Event;
use crate::evidence::Proofs;
use crate::plan::{Plan, PlanStatus};
use crate::rollup::Sums;
use crate::state::State;
use crate::state::cells::Kept;
use crate::testing::{Compared, Node, author, bureau, carry, code, compare, plan_text, school};

const ALL: usize = usize::MAX;

fn report(source: &str, month: u32, numerator: i64) -> crate::report::Report {
    crate::report::Report {
        period: format!("2024-{month:02}").parse().unwrap(),
        ..crate::testing::report(source, numerator)
    }
}

/// A county with two townships, reports and a plan; and its city, which has taken all of it and
/// has handed a plan down.
fn pair(figures: &[i64]) -> (Node, Node) {
    let mut county = Node::new(&[
        bureau("371502", Some("371500")),
        bureau("371502001", Some("371502")),
        bureau("371502002", Some("371502")),
        school("s1", "371502001"),
        school("s2", "371502002"),
    ]);
    for (place, figure) in (0..).zip(figures) {
        let source = if place % 2 == 0 { "s1" } else { "s2" };
        county.push(vec![report(source, 1 + place / 2 % 12, *figure)]);
    }
    let mut city = Node::new(&[bureau("371500", Some("370000"))]);
    for (node, plan) in [(&mut county, "own"), (&mut city, "handed-down")] {
        issue(node, plan);
    }
    carry(&county, &mut city, Relation::Parent, 100);
    carry(&city, &mut county, Relation::Child, 100);
    (county, city)
}

fn issue(node: &mut Node, plan: &str) {
    let issuer = node.here;
    let text = plan_text(plan, Vec::new());
    node.run(Command::ImportPlan {
        issuer,
        text,
        indicators: Vec::new(),
        author: author(""),
    })
    .unwrap();
    let plan = plan.to_owned();
    node.run(Command::IssuePlan {
        issuer,
        plan,
        author: author(""),
    })
    .unwrap();
}

fn up(county: &mut Node, city: &mut Node) -> Compared {
    compare(county, city, Relation::Parent, ALL)
}

/// Something that went wrong at the listener, without anybody noticing.
#[derive(Clone, Debug)]
enum Accident {
    DropDocument(usize),
    AlterDocument(usize),
    StaleDocument(usize),
    ExtraDocument,
    NewerDocument(usize),
    DropCell(usize),
    AlterCell(usize, i64),
    StaleCell(usize, i64),
    ExtraCell(i64),
    NewerCell(usize, i64),
}

fn accident() -> impl Strategy<Value = Accident> {
    let which = any::<usize>();
    let figure = 0..1_000i64;
    prop_oneof![
        which.prop_map(Accident::DropDocument),
        which.prop_map(Accident::AlterDocument),
        which.prop_map(Accident::StaleDocument),
        Just(Accident::ExtraDocument),
        which.prop_map(Accident::NewerDocument),
        which.prop_map(Accident::DropCell),
        (which, figure.clone()).prop_map(|(cell, figure)| Accident::AlterCell(cell, figure)),
        (which, figure.clone()).prop_map(|(cell, figure)| Accident::StaleCell(cell, figure)),
        figure.clone().prop_map(Accident::ExtraCell),
        (which, figure).prop_map(|(cell, figure)| Accident::NewerCell(cell, figure)),
    ]
}

impl State {
    /// Something of `owner`'s branch goes wrong in memory; sums above are left as they are.
    fn suffer(&mut self, accident: &Accident, owner: &str) {
        let told = |state: &Self, which: usize| {
            let owned = state.documents.keys();
            let owned = owned.filter(|key| state.tree().is_within(key.owner, code(owner)));
            let keys: Vec<_> = owned.cloned().collect();
            keys.get(which % keys.len().max(1)).cloned()
        };
        let cell = |state: &Self, which: usize| {
            let mut keys: Vec<_> = state.cells.cells.iter().map(|(key, _)| key).collect();
            keys.retain(|key| {
                let region = state.cells.regions.item(key.region).unwrap();
                state.tree().is_within(region, code(owner))
            });
            keys.sort_unstable();
            keys.get(which % keys.len().max(1)).copied()
        };
        match accident {
            Accident::DropDocument(which) => {
                let Some(key) = told(self, *which) else {
                    return;
                };
                self.documents.remove(&key);
            }
            Accident::AlterDocument(which) => {
                let Some(key) = told(self, *which) else {
                    return;
                };
                self.rewrite(&key, |document| alter(&mut document.body));
            }
            Accident::StaleDocument(which) => {
                let Some(key) = told(self, *which) else {
                    return;
                };
                self.rewrite(&key, |document| {
                    document.version = document.version.saturating_sub(1);
                    alter(&mut document.body);
                });
            }
            Accident::NewerDocument(which) => {
                let Some(key) = told(self, *which) else {
                    return;
                };
                self.rewrite(&key, |document| {
                    document.version += 1 << 40;
                    alter(&mut document.body);
                });
            }
            Accident::ExtraDocument => {
                let body = Body::Plan(Plan {
                    text: plan_text("never issued", Vec::new()),
                    status: PlanStatus::Issued,
                    steps: Vec::new(),
                });
                let document = Document {
                    owner: code(owner),
                    id: "never issued".to_owned(),
                    version: 1,
                    body,
                };
                self.apply(&Event::Put(Box::new(document)), self.frame);
            }
            Accident::DropCell(which) => {
                let Some(key) = cell(self, *which) else {
                    return;
                };
                self.cells.cells.forget(&key);
            }
            Accident::AlterCell(which, figure) => {
                let Some(key) = cell(self, *which) else {
                    return;
                };
                let wrong = |kept: &mut Kept| kept.cell.sums.numerator = *figure;
                self.cells.cells.change(key, wrong);
            }
            Accident::StaleCell(which, figure) => {
                let Some(key) = cell(self, *which) else {
                    return;
                };
                self.cells.cells.change(key, |kept| {
                    kept.cell.sums.numerator = *figure;
                    kept.cell.version = kept.cell.version.saturating_sub(1);
                });
            }
            Accident::ExtraCell(figure) => {
                let period = "2023-07".parse().unwrap();
                let key = self
                    .cells
                    .key_or_new(code(owner), "other".parse().unwrap(), period);
                self.change += 1;
                self.cells.note(key, 1, self.change);
                let wrong = |kept: &mut Kept| kept.cell.sums.numerator = *figure;
                self.cells.cells.change(key, wrong);
            }
            Accident::NewerCell(which, figure) => {
                let Some(key) = cell(self, *which) else {
                    return;
                };
                self.cells.cells.change(key, |kept| {
                    kept.cell.sums.numerator = *figure;
                    kept.cell.version += 1 << 40;
                });
            }
        }
        // What was told of a roster counts as it was told.
        self.add_up_rosters();
    }

    fn rewrite(&mut self, key: &crate::document::DocumentKey, how: impl FnOnce(&mut Document)) {
        if let Some(stored) = self.documents.get_mut(key) {
            how(Arc::make_mut(&mut stored.document));
        }
    }
}

fn alter(body: &mut Body) {
    match body {
        Body::Region(region) => region.name.push('误'),
        Body::Roster(roster) => roster.bureaus += 7,
        Body::Plan(plan) => plan.text.title.push('误'),
        other => panic!("{other:?}"),
    }
}

/// What the city holds of the county's cells is what the county holds, and is added up exactly;
/// cells that only the city holds are left as they are.
fn assert_same(county: &Node, city: &Node) {
    for region in ["371502", "371502001", "371502002"] {
        for held in county.state.cells_held(code(region)) {
            let told = city.state.cell(held.region, held.indicator, held.period);
            let told = told.unwrap_or_else(|| panic!("{held:?} is missing"));
            assert_eq!((told.sums, told.version), (held.sums, held.version));
        }
    }
    for kind in Kind::ALL {
        for document in county.state.documents(kind) {
            let direction = Direction {
                teller: county.here,
                listener: city.here,
                listener_is: Relation::Parent,
            };
            if direction.tells(county.state.tree(), document) {
                let held = city.state.document(&document.key());
                assert_eq!(held.map(|held| &held.document), Some(document));
            }
        }
    }
}

/// Carries, compares and carries until nothing differs; at most three times.
fn converge(county: &mut Node, city: &mut Node) -> Vec<Compared> {
    let mut rounds = Vec::new();
    for _ in 0..3 {
        let compared = up(county, city);
        carry(county, city, Relation::Parent, 100);
        let done = compared.differing.is_empty();
        rounds.push(compared);
        if done {
            return rounds;
        }
    }
    panic!("they do not come together: {rounds:?}");
}

proptest! {
    #[test]
    fn every_accident_at_the_listener_is_healed_in_one_round(
        figures in vec(0..500i64, 1..30),
        accidents in vec(accident(), 1..6),
    ) {
        let (mut county, mut city) = pair(&figures);
        for accident in &accidents {
            city.state.suffer(accident, "371502");
        }
        let before: Vec<_> = city.state.cells_held(code("371502")).collect();
        let rounds = converge(&mut county, &mut city);
        prop_assert!(rounds.len() <= 2, "{rounds:?}");
        assert_same(&county, &city);
        // What only the city holds still counts and is listed.
        for (name, from) in city.state.unowned_cells() {
            prop_assert_eq!(from, county.here);
            let held = city.state.cell(name.region, name.indicator, name.period).unwrap();
            let was = before.iter().find(|cell| cell.name() == name).unwrap();
            prop_assert_eq!(held.sums, was.sums);
        }
        let (_, mismatches) = county.state.recount();
        prop_assert_eq!(mismatches, []);
    }
}

#[test]
fn nothing_differs_between_nodes_that_agree_however_small_the_steps() {
    let (mut county, mut city) = pair(&[1, 2, 3, 4, 5, 6]);
    for budget in [1, 7, 40, 100, ALL] {
        let compared = compare(&mut county, &mut city, Relation::Parent, budget);
        assert_eq!(compared.differing, []);
        let down = compare(&mut city, &mut county, Relation::Child, budget);
        assert_eq!(down.differing, []);
        if budget == 1 {
            assert!(compared.steps > 5, "{compared:?}");
        }
    }
    assert_eq!(city.state.unowned_cells().count(), 0);
    assert_eq!(county.journal.len(), county.journal.len());
}

#[test]
fn every_accident_is_seen_in_the_bucket_it_happened_in_and_in_no_other() {
    for (accident, documents) in [
        (Accident::DropDocument(0), true),
        (Accident::AlterDocument(1), true),
        (Accident::DropCell(2), false),
        (Accident::AlterCell(0, 777), false),
    ] {
        let (mut county, mut city) = pair(&[1, 2, 3, 4]);
        city.state.suffer(&accident, "371502");
        let compared = up(&mut county, &mut city);
        assert_eq!(compared.differing.len(), 1, "{accident:?}");
        let is_documents = matches!(compared.differing[0], Bucket::Documents(..));
        assert_eq!(is_documents, documents, "{accident:?}");
        assert_eq!(compared.healed, 1, "{accident:?}");
        // What contradicted it may be told again, above what was held.
        carry(&county, &mut city, Relation::Parent, 100);
        assert_same(&county, &city);
    }
}

#[test]
fn a_lost_cell_is_not_added_twice_above() {
    let (mut county, mut city) = pair(&[5, 6]);
    let period = "2024-01".parse().unwrap();
    let total = |city: &Node| {
        city.state
            .cell(code("371500"), "count".parse().unwrap(), period)
    };
    let before = total(&city).unwrap().sums;
    assert_eq!(before.numerator, 11);
    city.state.suffer(&Accident::DropCell(0), "371502");
    city.state.suffer(&Accident::AlterCell(0, 900), "371502");
    up(&mut county, &mut city);
    assert_eq!(total(&city).unwrap().sums, before);
    let (_, mismatches) = city.state.recount();
    assert_eq!(mismatches, []);
}

#[test]
fn the_order_of_documents_and_cells_does_not_count_and_their_content_does() {
    let (county, city) = pair(&[5, 6, 7]);
    let direction = Direction {
        teller: county.here,
        listener: city.here,
        listener_is: Relation::Parent,
    };
    let whole = Range::default();
    let told = |contents| {
        let side = Side::Teller(direction);
        county.state.tally(side, whole, contents, ALL).buckets
    };
    let mut altered = city.clone();
    altered.state.suffer(&Accident::AlterCell(0, 999), "371502");
    let held = |city: &Node, contents| {
        let side = Side::Listener(direction);
        city.state.tally(side, whole, contents, ALL).buckets
    };
    assert_eq!(told(true), held(&city, true));
    assert_ne!(told(true), held(&altered, true));
    // Programs that hash differently still compare keys and versions.
    assert_eq!(told(false), held(&altered, false));
    assert!(told(true).len() > 5);
}

#[test]
fn what_only_the_listener_holds_counts_until_its_owner_withdraws_it() {
    let (mut county, mut city) = pair(&[5, 6]);
    city.state.suffer(&Accident::ExtraCell(40), "371502");
    let compared = up(&mut county, &mut city);
    assert_eq!((compared.healed, compared.missing), (0, 1));
    let unowned: Vec<_> = city.state.unowned_cells().map(|(name, _)| name).collect();
    assert_eq!(unowned.len(), 1);
    assert_eq!(
        up(&mut county, &mut city).differing,
        [],
        "marked, and quiet"
    );

    let foreign = Command::Withdraw {
        cells: unowned.clone(),
    };
    assert!(city.run(foreign.clone()).is_err(), "only its owner");
    county.run(foreign.clone()).unwrap();
    assert!(county.run(foreign).is_err(), "it has a figure now");
    carry(&county, &mut city, Relation::Parent, 100);
    let name = unowned[0];
    let held = city.state.cell(name.region, name.indicator, name.period);
    assert_eq!(held.unwrap().sums, Sums::default());
    assert_eq!(city.state.unowned_cells().count(), 0);
    assert_eq!(up(&mut county, &mut city).differing, []);
    county.verify();
}

#[test]
fn a_neighbour_is_not_healed_by_what_a_child_says() {
    let (county, mut city) = pair(&[5, 6]);
    let mut neighbour = Node::new(&[bureau("371524", Some("371500"))]);
    neighbour.push(vec![report("371524", 1, 50)]);
    carry(&neighbour, &mut city, Relation::Parent, 100);
    let mut cells: Vec<_> = city.state.cells_held(code("371524")).collect();
    for cell in &mut cells {
        cell.sums.numerator = 1;
    }
    let healing = crate::command::Healing {
        from: county.here,
        relation: Relation::Child,
        bucket: Bucket::Cells(code("371524")),
        documents: Vec::new(),
        cells,
        proofs: Proofs::new(),
        is_current: true,
    };
    let before = city.state.last_change();
    city.run(Command::Heal(healing)).unwrap();
    let mut renamed = bureau("371524", Some("371500"));
    renamed.name.push('误');
    let healing = crate::command::Healing {
        from: county.here,
        relation: Relation::Child,
        bucket: Bucket::Documents(Kind::Region, code("371524")),
        documents: vec![Document {
            owner: code("371524"),
            id: "371524".to_owned(),
            version: 1,
            body: Body::Region(renamed),
        }],
        cells: Vec::new(),
        proofs: Proofs::new(),
        is_current: true,
    };
    city.run(Command::Heal(healing)).unwrap();
    assert_eq!(city.state.last_change(), before);
    assert_eq!(city.state.unowned_cells().count(), 0);
    city.verify();
}
