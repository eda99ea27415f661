use std::collections::BTreeSet;

use super::{Deed, Touched, deed};
use crate::access::Relation;
use crate::command::Command;
use crate::document::Kind;
use crate::indicator::IndicatorKind;
use crate::plan::Bound;
use crate::step::Action;
use crate::testing::{
    Node, author, bureau, carry, code, indicator, month, plan_text, report, school, target,
};

fn county() -> Node {
    Node::new(&[
        bureau("371524", None),
        school("371524-A", "371524"),
        school("371524-B", "371524"),
    ])
}

#[test]
fn a_word_names_one_deed() {
    let words: BTreeSet<&str> = Deed::ALL.into_iter().map(Deed::word).collect();
    assert_eq!(words.len(), Deed::ALL.len());
    for deed in Deed::ALL {
        assert_eq!(Deed::from_word(deed.word()), Some(deed));
    }
    assert_eq!(Deed::from_word("PushReports"), None);
}

#[test]
fn a_deed_has_the_author_of_its_command() {
    let step = |action| Command::StepTask {
        region: code("371524"),
        issuer: code("371500"),
        task: "t".to_owned(),
        action,
        author: author("材料不全"),
    };
    let returned = step(Action::Return);
    let (done, by) = deed(&returned).unwrap();
    assert_eq!(done, Deed::ReturnTask);
    assert_eq!(by.unwrap().why, "材料不全");
    assert_eq!(deed(&step(Action::Import)), None);
    let begin = Command::Begin {
        identity: 1,
        restored: false,
    };
    assert_eq!(deed(&begin), Some((Deed::BeginLife, None)));
    // Only remembered, of a conversation.
    let peer = code("371500");
    assert_eq!(deed(&Command::Settle { peer }), None);
}

#[test]
fn reports_are_counted_by_region_and_only_those_that_are_asked_for() {
    let mut node = county();
    let rows = [report("371524-A", 1), report("371524-B", 2)];
    let mut later = report("371524-B", 3);
    later.period = "2025-02".parse().unwrap();
    let rows = rows.into_iter().chain([later]).collect();
    node.push(rows);
    let touched = Touched::of(node.journal.last().unwrap());
    assert!(!touched.is_of_node());
    let everything = touched.everything();
    assert_eq!((everything.reports, everything.documents), (3, 0));
    let (regions, own) = touched
        .of_regions(|region| region == code("371524-A"))
        .unwrap();
    assert_eq!(regions, [code("371524-A")]);
    assert_eq!((own.reports, own.periods), (1, [month()].into()));
    let (_, other) = touched
        .of_regions(|region| region == code("371524-B"))
        .unwrap();
    assert_eq!((other.reports, other.periods.len()), (2, 2));
    assert!(touched.of_regions(|_| false).is_none());
}

#[test]
fn a_plan_is_what_its_import_is_about_and_not_what_came_with_it() {
    let mut node = county();
    let own = indicator("own", IndicatorKind::Count);
    let five = target("own", Bound::AtLeast("5".parse().unwrap()));
    node.run(Command::ImportPlan {
        issuer: code("371524"),
        text: plan_text("p", vec![five]),
        indicators: vec![own],
        author: author(""),
    })
    .unwrap();
    let touched = Touched::of(node.journal.last().unwrap());
    let (regions, tally) = touched.of_regions(|_| true).unwrap();
    assert_eq!(regions, [code("371524")]);
    assert_eq!(tally.documents, 2);
    let (key, version) = tally.about.unwrap();
    assert_eq!((key.kind, key.id.as_str()), (Kind::Plan, "p"));
    assert!(version > 0);
}

#[test]
fn what_a_peer_brings_is_of_the_node() {
    let mut county = county();
    county.push(vec![report("371524-A", 1)]);
    let mut city = Node::new(&[bureau("371500", None)]);
    carry(&county, &mut city, Relation::Parent, 100);
    let touched = Touched::of(city.journal.last().unwrap());
    assert_eq!(touched.peer, Some(code("371524")));
    assert!(touched.is_of_node());
    let everything = touched.everything();
    assert!(
        everything.documents > 0 && everything.cells > 0,
        "{everything:?}"
    );
}
