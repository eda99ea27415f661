//! Several peers that were told different versions before the time was lost.

use super::{city, meet};
use crate::access::Relation;
use crate::command::Command;
use crate::plan::PlanStatus;
use crate::region::RegionCode;
use crate::state::State;
use crate::testing::{Node, author, bureau, carry, code, greet, plan_text};

fn county(of: &str) -> Node {
    let mut county = Node::empty(code(of));
    county.begin(10, false);
    county.host(&[bureau(of, Some("371500"))]).unwrap();
    county
}

fn import(city: &mut Node) {
    let issuer = city.here;
    city.run(Command::ImportPlan {
        issuer,
        text: plan_text("p", Vec::new()),
        indicators: Vec::new(),
        author: author(""),
    })
    .unwrap();
}

fn consult(city: &mut Node) {
    let issuer = city.here;
    city.run(Command::ConsultPlan {
        issuer,
        plan: "p".to_owned(),
        until: city.today,
        author: author(""),
    })
    .unwrap();
}

fn consulting(city: &Node) -> PlanStatus {
    PlanStatus::Consultation { until: city.today }
}

fn issue(city: &mut Node, why: &str) {
    let issuer = city.here;
    city.run(Command::IssuePlan {
        issuer,
        plan: "p".to_owned(),
        author: author(why),
    })
    .unwrap();
}

fn status(node: &Node, issuer: RegionCode) -> Option<PlanStatus> {
    node.state.plan(issuer, "p").map(|plan| plan.status)
}

/// A city whose plan was in consultation when one county lost its link, and was issued after; a
/// backup of it from before, restored.
fn restored() -> (Node, Node, Node) {
    let (mut told, mut behind, mut city) = (county("371502"), county("371503"), city());
    import(&mut city);
    meet(&mut told, &mut city);
    meet(&mut behind, &mut city);
    let backup = city.journal.len();
    consult(&mut city);
    meet(&mut told, &mut city);
    meet(&mut behind, &mut city);
    issue(&mut city, "at first");
    meet(&mut told, &mut city);
    (told, behind, city.restored(backup, 22))
}

#[test]
fn what_a_peer_that_lags_behind_gives_back_does_not_outdo_what_another_holds() {
    let (mut told, mut behind, mut city) = restored();
    let issuer = city.here;
    meet(&mut behind, &mut city);
    assert_eq!(status(&city, issuer), Some(consulting(&city)));
    // It is no matter whether a checkpoint was in between.
    city.state = State::from_snapshot(city.state.snapshot());
    meet(&mut told, &mut city);
    for node in [&told, &city] {
        assert_eq!(status(node, issuer), Some(PlanStatus::Issued));
        node.verify();
    }
    meet(&mut behind, &mut city);
    assert_eq!(status(&behind, issuer), Some(PlanStatus::Issued));
    behind.verify();
}

#[test]
fn what_was_taken_back_and_written_again_is_told_above_what_another_peer_holds() {
    let (mut told, mut behind, mut city) = restored();
    let issuer = city.here;
    meet(&mut behind, &mut city);
    issue(&mut city, "again");
    let written = city.state.plan(issuer, "p").unwrap().clone();
    greet(&told, &mut city);
    carry(&city, &mut told, Relation::Child, 100);
    meet(&mut told, &mut city);
    for node in [&told, &city] {
        assert_eq!(node.state.plan(issuer, "p"), Some(&written));
        node.verify();
    }
}
