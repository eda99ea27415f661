//! Data that was copied back under a running identity.

use super::{city, county, hand_down, meet};
use crate::command::Command;
use crate::document::{Body, Kind};
use crate::step::Action;
use crate::testing::{Node, author, code};

pub(super) fn split(copy: &mut Node, incarnation: u128) {
    copy.run(Command::Split {
        incarnation,
        above: 0,
    })
    .unwrap();
    copy.incarnation = copy.state.incarnation(copy.state.life().unwrap().identity);
}

fn step(county: &mut Node, action: Action, why: &str) {
    let issuer = code("371500");
    let task = county.state.documents_of(Kind::Task, issuer).next();
    let task = task.unwrap().id.clone();
    county
        .run(Command::StepTask {
            region: county.here,
            issuer,
            task,
            action,
            author: author(why),
        })
        .unwrap();
}

/// What a county has done in its task, as a node knows it.
fn done(node: &Node) -> Vec<Action> {
    let mut progress = node.state.documents_of(Kind::TaskProgress, code("371502"));
    match progress.next().map(|one| &one.body) {
        Some(Body::TaskProgress(progress)) => {
            progress.steps.iter().map(|step| step.action).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn what_a_copy_has_lost_and_its_parent_holds_is_not_told_over() {
    let mut county = county();
    let mut city = city();
    meet(&mut county, &mut city);
    hand_down(&mut city);
    meet(&mut county, &mut city);
    step(&mut county, Action::Acknowledge, "");
    meet(&mut county, &mut city);
    let frames = county.journal.len();
    step(&mut county, Action::Complete, "all of it");
    meet(&mut county, &mut city);
    assert_eq!(done(&city), [Action::Acknowledge, Action::Complete]);

    let mut copy = county.copied_back(frames);
    assert_eq!(done(&copy), [Action::Acknowledge]);
    split(&mut copy, 99);
    meet(&mut copy, &mut city);
    for node in [&copy, &city] {
        assert_eq!(done(node), [Action::Acknowledge, Action::Complete]);
        node.verify();
    }
}

#[test]
fn what_a_copy_has_written_itself_stays_and_is_told_above() {
    let mut county = county();
    let mut city = city();
    meet(&mut county, &mut city);
    hand_down(&mut city);
    meet(&mut county, &mut city);
    let frames = county.journal.len();
    step(&mut county, Action::Acknowledge, "");
    step(&mut county, Action::Complete, "all of it");
    meet(&mut county, &mut city);

    let mut copy = county.copied_back(frames);
    split(&mut copy, 99);
    step(&mut copy, Action::Acknowledge, "again");
    meet(&mut copy, &mut city);
    for node in [&copy, &city] {
        assert_eq!(done(node), [Action::Acknowledge]);
        node.verify();
    }
}
