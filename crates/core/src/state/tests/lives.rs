//! Lives of a node's data: emptied, restored from a backup, copied back; and what peers do about it.

mod back;
mod broken;
mod clock;
mod copied;
mod listed;
mod several;

use crate::access::Relation;
use crate::command::{Answer, Command, Part, Reconciling};
use crate::compare::{Bucket, Findings};
use crate::document::{Body, DocumentKey, Kind};
use crate::evidence::Shown;
use crate::region::RegionCode;
use crate::testing::{
    Compared, Node, author, bureau, carry, code, compare, compare_anew, greet, plan_text, report,
    school,
};

const ALL: usize = usize::MAX;

fn county() -> Node {
    county_in_life(10)
}

/// A county's node whose data began with that life.
fn county_in_life(identity: u128) -> Node {
    let mut county = Node::empty(code("371502"));
    county.begin(identity, false);
    county
        .host(&[
            bureau("371502", Some("371500")),
            school("s1", "371502"),
            school("s2", "371502"),
        ])
        .unwrap();
    county
}

fn city() -> Node {
    let mut city = Node::empty(code("371500"));
    city.begin(20, false);
    city.host(&[bureau("371500", Some("370000"))]).unwrap();
    city
}

/// What the two say to each other until there is nothing more to say.
fn meet(below: &mut Node, above: &mut Node) -> Vec<Compared> {
    greet(below, above);
    greet(above, below);
    let mut all = Vec::new();
    for round in 0..4 {
        carry(below, above, Relation::Parent, 100);
        carry(above, below, Relation::Child, 100);
        let (up, down) = if round == 0 {
            let up = compare_anew(below, above, Relation::Parent);
            (up, compare_anew(above, below, Relation::Child))
        } else {
            let up = compare(below, above, Relation::Parent, ALL);
            (up, compare(above, below, Relation::Child, ALL))
        };
        let quiet = up.differing.is_empty() && down.differing.is_empty();
        all.extend([up, down]);
        carry(below, above, Relation::Parent, 100);
        carry(above, below, Relation::Child, 100);
        if quiet {
            return all;
        }
    }
    panic!("they do not come together: {all:?}");
}

fn task_key(owner: RegionCode, node: &Node) -> Vec<DocumentKey> {
    let tasks = node.state.documents_of(Kind::Task, owner);
    tasks.map(|task| task.key()).collect()
}

/// A plan that the city issues, and a task for the county.
fn hand_down(city: &mut Node) {
    let issuer = city.here;
    city.run(Command::ImportPlan {
        issuer,
        text: plan_text("p", Vec::new()),
        indicators: Vec::new(),
        author: author(""),
    })
    .unwrap();
    city.run(Command::IssuePlan {
        issuer,
        plan: "p".to_owned(),
        author: author(""),
    })
    .unwrap();
    let part = Part {
        assignee: code("371502"),
        targets: Vec::new(),
        due: None,
    };
    city.run(Command::AssignTasks {
        issuer,
        plan_issuer: issuer,
        plan: "p".to_owned(),
        item: "1".to_owned(),
        parts: vec![part],
        author: author(""),
    })
    .unwrap();
}

#[test]
fn a_county_that_was_emptied_rises_above_what_its_city_holds_and_zeroes_nothing() {
    let mut old = county();
    let mut city = city();
    for figure in 0..50 {
        old.push(vec![report("s1", figure), report("s2", 7)]);
    }
    let mut other = report("s2", 3);
    other.indicator = "other".parse().unwrap();
    old.push(vec![other]);
    meet(&mut old, &mut city);
    assert_eq!(city.sums("371500").numerator, 49 + 7);

    let mut new = county();
    new.begin(11, false);
    new.push(vec![report("s1", 4)]);
    meet(&mut new, &mut city);
    assert_eq!(city.sums("371500").numerator, 4, "its owner has a figure");
    let held = city.state.cell(
        code("371502"),
        "other".parse().unwrap(),
        crate::testing::month(),
    );
    assert_eq!(held.unwrap().sums.numerator, 3, "nobody has taken it back");
    assert_eq!(city.state.unowned_cells().count(), 1);
    new.verify();
    city.verify();
    // Every later change is above what the city holds.
    for figure in 10..14 {
        let mut other = report("s2", figure);
        other.indicator = "other".parse().unwrap();
        new.push(vec![report("s2", figure), other]);
        carry(&new, &mut city, Relation::Parent, 100);
        assert_eq!(city.sums("371500").numerator, 4 + figure);
        assert_eq!(city.state.unowned_cells().count(), 0);
    }
    let quiet = meet(&mut new, &mut city);
    assert!(quiet.iter().all(|round| round.differing.is_empty()));
    city.verify();
}

#[test]
fn two_lives_that_number_alike_do_not_leave_a_figure_of_the_first_at_the_province() {
    let mut city = city();
    let mut province = Node::new(&[bureau("370000", None)]);
    let told = |node: &Node| {
        let held = node.state.cells_held(code("371502"));
        held.map(|cell| (cell.sums.numerator, cell.version))
            .collect::<Vec<_>>()
    };
    let mut old = county();
    old.push(vec![report("s1", 5)]);
    meet(&mut old, &mut city);
    meet(&mut city, &mut province);
    let before = told(&province);

    let mut new = county_in_life(11);
    new.push(vec![report("s1", 9)]);
    assert_eq!(told(&new)[0].1, before[0].1, "numbered alike");
    meet(&mut new, &mut city);
    // The city and the province have no reason to compare.
    carry(&city, &mut province, Relation::Parent, 100);
    assert_eq!(told(&province)[0].0, 9);
    assert_eq!(province.sums("370000").numerator, 9);
    let quiet = meet(&mut city, &mut province);
    assert!(quiet.iter().all(|round| round.differing.is_empty()));
    province.verify();
}

#[test]
fn a_city_rebuilt_from_nothing_gets_all_from_its_counties_and_its_own_back() {
    let mut county = county();
    let mut city = city();
    let mut province = Node::new(&[bureau("370000", None)]);
    county.push(vec![report("s1", 5), report("s2", 6)]);
    meet(&mut county, &mut city);
    hand_down(&mut city);
    meet(&mut county, &mut city);
    meet(&mut city, &mut province);
    let tasks = task_key(city.here, &city);
    assert_eq!(tasks.len(), 1);
    let task = city.state.document(&tasks[0]).unwrap().document.clone();

    let mut rebuilt = self::city();
    rebuilt.begin(21, false);
    let rounds = meet(&mut county, &mut rebuilt);
    let back: usize = rounds.iter().map(|round| round.taken_back.len()).sum();
    assert_eq!(back, 2, "the plan and the task: {rounds:?}");
    assert_eq!(rebuilt.state.document(&tasks[0]).unwrap().document, task);
    assert_eq!(rebuilt.sums("371500").numerator, 11);
    assert_eq!(rebuilt.expected("371500"), 2);
    meet(&mut rebuilt, &mut province);
    assert_eq!(province.sums("370000").numerator, 11);
    assert_eq!(province.expected("370000"), 2);
    // What it writes from now on reaches everybody.
    hand_down_more(&mut rebuilt);
    meet(&mut county, &mut rebuilt);
    assert_eq!(
        task_key(rebuilt.here, &county).len(),
        task_key(rebuilt.here, &rebuilt).len()
    );
    for node in [&county, &rebuilt, &province] {
        node.verify();
        assert_eq!(node.state.set_aside(), []);
    }
    assert_eq!(county.state.unowned_documents().count(), 0);
}

fn hand_down_more(city: &mut Node) {
    let issuer = city.here;
    city.run(Command::ImportPlan {
        issuer,
        text: plan_text("q", Vec::new()),
        indicators: Vec::new(),
        author: author(""),
    })
    .unwrap();
    city.run(Command::IssuePlan {
        issuer,
        plan: "q".to_owned(),
        author: author(""),
    })
    .unwrap();
}

#[test]
fn a_restored_city_takes_back_what_it_wrote_in_the_lost_time() {
    let mut county = county();
    let mut city = city();
    meet(&mut county, &mut city);
    let backup = city.journal.len();
    hand_down(&mut city);
    meet(&mut county, &mut city);
    let mut restored = city.restored(backup, 22);
    assert_eq!(task_key(city.here, &restored), []);
    meet(&mut county, &mut restored);
    assert_eq!(task_key(city.here, &restored), task_key(city.here, &city));
    restored.verify();
    county.verify();
}

#[test]
fn a_county_restored_twice_from_one_backup_still_rises_above_its_first_return() {
    let mut city = city();
    let mut old = county();
    old.push(vec![report("s1", 1)]);
    let backup = old.journal.len();
    old.push(vec![report("s1", 2)]);
    meet(&mut old, &mut city);
    for (identity, figure) in [(31, 30), (32, 40), (33, 50)] {
        let mut restored = old.restored(backup, identity);
        // In the first return it says much, in the later ones little.
        for step in 0..(40 - i64::from(u8::try_from(identity).unwrap())) {
            restored.push(vec![report("s1", figure - 20 + step)]);
        }
        restored.push(vec![report("s1", figure)]);
        meet(&mut restored, &mut city);
        assert_eq!(city.sums("371500").numerator, figure, "return {identity}");
        restored.verify();
        city.verify();
    }
}

#[test]
fn a_restored_county_tells_its_roster_again() {
    let mut city = city();
    let mut county = county();
    meet(&mut county, &mut city);
    let backup = county.journal.len();
    county.host(&[school("s3", "371502")]).unwrap();
    meet(&mut county, &mut city);
    assert_eq!(city.expected("371500"), 3);
    let restored = county.restored(backup, 12);
    carry(&restored, &mut city, Relation::Parent, 100);
    assert_eq!(city.expected("371500"), 2);
    restored.verify();
    city.verify();
}

#[test]
fn a_life_begins_once_however_often_it_is_asked() {
    let mut county = county();
    county.push(vec![report("s1", 1)]);
    let frames = county.journal.len();
    for restored in [false, true] {
        county.begin(10, restored);
        assert_eq!(county.journal.len(), frames);
    }
    let epoch = |node: &Node| node.state.hosted().next().unwrap().1;
    assert_eq!(epoch(&county), 1);
    // The store was given a new identity and the node crashed before it could say so.
    county.begin(11, true);
    assert_eq!(epoch(&county), 2);
    county.begin(11, false);
    assert_eq!(epoch(&county), 2);
    assert_eq!(county.state.incarnation(11), 11);
    county
        .run(Command::Split {
            incarnation: 99,
            above: 0,
        })
        .unwrap();
    assert_eq!(county.state.incarnation(11), 99);
    county.verify();
}

/// Says to `node`, as its peer would, that it holds `document`.
fn claim(node: &mut Node, peer: &str, relation: Relation, document: crate::document::Document) {
    let bucket = Bucket::Documents(document.body.kind(), document.owner);
    let findings = Findings {
        documents: vec![document],
        ..Findings::default()
    };
    let reconciled = node.run(Command::Reconcile(Reconciling {
        peer: code(peer),
        relation,
        bucket,
        findings,
        shown: Shown::NotAsked,
    }));
    assert!(matches!(reconciled, Ok(Answer::Reconciled { .. })));
}

#[test]
fn nobody_writes_in_a_nodes_name_outside_of_the_one_time_it_asks() {
    let mut county = county();
    let mut city = city();
    meet(&mut county, &mut city);
    hand_down(&mut city);
    meet(&mut county, &mut city);
    let known = task_key(city.here, &city);
    let mut forged = (*city.state.document(&known[0]).unwrap().document).clone();
    forged.id = "forged".to_owned();
    forged.version = 1 << 41;
    let before = city.state.last_change();
    claim(&mut city, "371502", Relation::Child, forged.clone());
    // Nor by saying at a later hello that it knew another life.
    city.run(Command::Meet {
        peer: code("371502"),
        knows: Some(77),
    })
    .unwrap();
    claim(&mut city, "371502", Relation::Child, forged.clone());
    assert_eq!(city.state.last_change(), before);

    // In that one time, only what the peer was ever told.
    let mut rebuilt = self::city();
    rebuilt.begin(21, false);
    rebuilt
        .run(Command::Meet {
            peer: code("371502"),
            knows: Some(20),
        })
        .unwrap();
    let before = rebuilt.state.last_change();
    let Body::Task(task) = &mut forged.body else {
        panic!("a task")
    };
    task.assignee = code("371524");
    claim(&mut rebuilt, "371502", Relation::Child, forged.clone());
    forged.owner = code("370000");
    claim(&mut rebuilt, "371502", Relation::Child, forged.clone());
    assert_eq!(rebuilt.state.last_change(), before);
}

#[test]
fn what_this_life_has_written_is_not_taken_from_an_earlier_one() {
    let mut county = county();
    let mut city = city();
    meet(&mut county, &mut city);
    hand_down(&mut city);
    meet(&mut county, &mut city);
    let mut rebuilt = self::city();
    rebuilt.begin(21, false);
    let issuer = rebuilt.here;
    let mut text = plan_text("p", Vec::new());
    text.title = "second edition".to_owned();
    rebuilt
        .run(Command::ImportPlan {
            issuer,
            text,
            indicators: Vec::new(),
            author: author(""),
        })
        .unwrap();
    rebuilt
        .run(Command::IssuePlan {
            issuer,
            plan: "p".to_owned(),
            author: author(""),
        })
        .unwrap();
    meet(&mut county, &mut rebuilt);
    for node in [&rebuilt, &county] {
        let plan = node.state.plan(issuer, "p").unwrap();
        assert_eq!(plan.text.title, "second edition");
    }
    county.verify();
    rebuilt.verify();
}

#[test]
fn an_absurd_version_is_not_followed() {
    let mut county = county();
    county.push(vec![report("s1", 1)]);
    let findings = Findings {
        highest: u64::MAX,
        cells_missing: 1,
        ..Findings::default()
    };
    let before = county.state.last_change();
    county
        .run(Command::Reconcile(Reconciling {
            peer: code("371500"),
            relation: Relation::Parent,
            bucket: Bucket::Cells(code("371502")),
            findings,
            shown: Shown::NotAsked,
        }))
        .unwrap();
    assert_eq!(county.state.last_change(), before);
}
