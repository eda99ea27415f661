//! Decomposition of a plan item, and the life of a task.

use crate::command::{Answer, Command, Part};
use crate::plan::{Bound, Target};
use crate::quantity::Exact;
use crate::refusal::{Reason, Refusal};
use crate::step::Action;
use crate::task::{Shortfall, Stage, progress_id, stage};
use crate::testing::{Node, author, bureau, code, plan_text, target};

fn at_least(value: i64) -> Bound {
    Bound::AtLeast(Exact::whole(value))
}

fn issued(node: &mut Node, plan: &str, targets: Vec<Target>) {
    let issuer = node.here;
    let plan = plan.to_owned();
    let text = plan_text(&plan, targets);
    let (indicators, author) = (Vec::new(), author(""));
    node.run(Command::ImportPlan {
        issuer,
        text,
        indicators,
        author: author.clone(),
    })
    .unwrap();
    let issue = Command::IssuePlan {
        issuer,
        plan,
        author,
    };
    node.run(issue).unwrap();
}

/// A city with two counties and an issued plan whose one item has these targets.
fn city(targets: Vec<Target>) -> Node {
    let mut node = Node::new(&[
        bureau("371500", None),
        bureau("371502", Some("371500")),
        bureau("371524", Some("371500")),
        bureau("371524001", Some("371524")),
    ]);
    issued(&mut node, "p", targets);
    node
}

fn assign(node: &mut Node, parts: &[(&str, Vec<Target>)]) -> Result<Vec<Shortfall>, Refusal> {
    let parts = parts.iter().map(|(assignee, targets)| Part {
        assignee: code(assignee),
        targets: targets.clone(),
        due: None,
    });
    let answer = node.run(Command::AssignTasks {
        issuer: node.here,
        plan_issuer: node.here,
        plan: "p".to_owned(),
        item: "1".to_owned(),
        parts: parts.collect(),
        author: author(""),
    })?;
    match answer {
        Answer::Tasks { shortfalls, .. } => Ok(shortfalls),
        other => panic!("{other:?}"),
    }
}

const TASK: &str = "p/1/371502";

fn step(node: &mut Node, region: &str, action: Action, why: &str) -> Result<Answer, Refusal> {
    node.run(Command::StepTask {
        region: code(region),
        issuer: node.here,
        task: TASK.to_owned(),
        action,
        author: author(why),
    })
}

fn stands(node: &Node) -> Stage {
    let of = |kind, owner, id: &str| {
        let mut documents = node.state.documents_of(kind, owner);
        documents.find(|document| document.id == id).cloned()
    };
    let task = of(crate::document::Kind::Task, node.here, TASK).unwrap();
    let progress = of(
        crate::document::Kind::TaskProgress,
        code("371502"),
        &progress_id(node.here, TASK),
    );
    let crate::document::Body::Task(task) = &task.body else {
        panic!("a task is a task");
    };
    match progress.as_ref().map(|document| &document.body) {
        Some(crate::document::Body::TaskProgress(progress)) => stage(task, Some(progress)),
        _ => stage(task, None),
    }
}

#[test]
fn parts_of_a_count_add_up_or_the_shortfall_is_shown() {
    let mut node = city(vec![target("count", at_least(50))]);
    let part = |value| vec![target("count", at_least(value))];
    let short = assign(&mut node, &[("371502", part(20))]).unwrap();
    assert_eq!(short.len(), 1);
    assert_eq!(short[0].parts_sum, Some(20));
    assert_eq!(short[0].missing, [code("371524")]);
    // Tasks given earlier count on; a part is given again with another number.
    let enough = assign(&mut node, &[("371524", part(30))]).unwrap();
    assert_eq!(enough, []);
    let less = assign(&mut node, &[("371502", part(19))]).unwrap();
    assert_eq!(less[0].parts_sum, Some(49));
    // An upper bound promises nothing towards a lower one.
    let capped = vec![target("count", Bound::AtMost(Exact::whole(20)))];
    let promised = assign(&mut node, &[("371502", capped)]).unwrap();
    assert_eq!(promised[0].parts_sum, Some(30));
    assert_eq!(promised[0].weaker, [code("371502")]);
}

#[test]
fn a_cap_is_kept_only_when_every_part_has_one() {
    let cap = |value| vec![target("count", Bound::AtMost(Exact::whole(value)))];
    let mut node = city(cap(10));
    let floor = vec![target("count", at_least(1))];
    let parts = [("371502", cap(5)), ("371524", floor)];
    let short = assign(&mut node, &parts).unwrap();
    assert_eq!(short[0].weaker, [code("371524")]);
    assert_eq!(assign(&mut node, &[("371524", cap(5))]).unwrap(), []);
    let over = assign(&mut node, &[("371524", cap(6))]).unwrap();
    assert_eq!(over[0].parts_sum, Some(11));
}

#[test]
fn what_must_be_zero_is_given_to_everybody() {
    let zero = || vec![target("count", Bound::Equals(Exact::whole(0)))];
    let mut node = city(zero());
    let short = assign(&mut node, &[("371502", zero())]).unwrap();
    assert_eq!(short[0].missing, [code("371524")]);
    assert_eq!(assign(&mut node, &[("371524", zero())]).unwrap(), []);
}

#[test]
fn every_part_of_a_share_is_as_strict_as_the_whole() {
    let share = |text: &str| vec![target("ratio", Bound::AtLeast(text.parse().unwrap()))];
    let mut node = city(share("50%"));
    let parts = [("371502", share("49.99%")), ("371524", share("60%"))];
    let short = assign(&mut node, &parts).unwrap();
    assert_eq!(short[0].parts_sum, None);
    assert_eq!(short[0].weaker, [code("371502")]);
    assert_eq!(short[0].missing, []);
    // Without targets of its own a part has those of the item.
    assert_eq!(assign(&mut node, &[("371502", Vec::new())]).unwrap(), []);
}

#[test]
fn an_assignment_names_what_is_wrong() {
    let mut node = city(vec![target("count", at_least(50))]);
    let other = vec![target("other", at_least(1))];
    for (parts, reason, field) in [
        (vec![], Reason::Missing, "parts"),
        (
            vec![("371524001", vec![])],
            Reason::NotAChild,
            "parts[0].assignee",
        ),
        (
            vec![("371502", vec![]), ("371502", vec![])],
            Reason::AlreadyExists,
            "parts[1].assignee",
        ),
        (
            vec![("371502", other)],
            Reason::UnknownIndicator,
            "parts[0].targets.indicator",
        ),
    ] {
        let refusal = assign(&mut node, &parts).unwrap_err();
        assert_eq!((refusal.reason, refusal.field.as_str()), (reason, field));
    }
}

#[test]
fn a_task_is_done_returned_done_again_accepted_and_closed() {
    let mut node = city(vec![target("count", at_least(50))]);
    assign(&mut node, &[("371502", Vec::new())]).unwrap();
    assert_eq!(stands(&node), Stage::Assigned);
    let (worker, issuer) = ("371502", "371500");
    let early = step(&mut node, worker, Action::Complete, "").unwrap_err();
    assert_eq!(early.reason, Reason::NotAllowedNow);
    for (region, action, why, then) in [
        (worker, Action::Acknowledge, "", Stage::Acknowledged),
        (worker, Action::Complete, "", Stage::Completed),
        (issuer, Action::Return, "缺附件", Stage::Returned),
        (worker, Action::Complete, "", Stage::Completed),
        (issuer, Action::Accept, "", Stage::Accepted),
        (issuer, Action::Close, "", Stage::Closed),
    ] {
        if action == Action::Return {
            let silent = step(&mut node, region, action, "").unwrap_err();
            assert_eq!(silent.reason, Reason::ReasonRequired);
        }
        let other = if region == worker { issuer } else { worker };
        let wrong = step(&mut node, other, action, why).unwrap_err();
        assert_eq!(
            (wrong.reason, wrong.field.as_str()),
            (Reason::NotYours, "region")
        );
        step(&mut node, region, action, why).unwrap();
        assert_eq!(stands(&node), then);
    }
    for action in [Action::Revoke, Action::Accept, Action::Close] {
        let late = step(&mut node, issuer, action, "x").unwrap_err();
        assert_eq!(late.reason, Reason::NotAllowedNow);
    }
    let closed = assign(&mut node, &[("371502", Vec::new())]).unwrap_err();
    assert_eq!(closed.reason, Reason::NotAllowedNow);
    node.verify();
}

#[test]
fn a_task_that_was_revoked_and_is_given_again_starts_over() {
    for reached in [Action::Complete, Action::Accept] {
        let mut node = city(vec![target("count", at_least(50))]);
        assign(&mut node, &[("371502", Vec::new())]).unwrap();
        step(&mut node, "371502", Action::Acknowledge, "").unwrap();
        step(&mut node, "371502", Action::Complete, "").unwrap();
        if reached == Action::Accept {
            step(&mut node, "371500", Action::Accept, "").unwrap();
        }
        step(&mut node, "371500", Action::Revoke, "重复").unwrap();
        assert_eq!(stands(&node), Stage::Revoked);
        let short = assign(&mut node, &[("371524", Vec::new())]).unwrap();
        assert_eq!(short, [], "the other county alone reaches the whole");
        assign(&mut node, &[("371502", Vec::new())]).unwrap();
        assert_eq!(stands(&node), Stage::Acknowledged);
        step(&mut node, "371502", Action::Complete, "").unwrap();
        assert_eq!(stands(&node), Stage::Completed);
        step(&mut node, "371500", Action::Accept, "").unwrap();
        assert_eq!(stands(&node), Stage::Accepted);
    }
}

#[test]
fn plans_of_two_issuers_with_one_code_do_not_share_a_task() {
    let mut node = city(vec![target("count", at_least(50))]);
    assign(&mut node, &[("371502", Vec::new())]).unwrap();
    // The county issues a plan of the same code; the city decomposes that one too.
    let here = std::mem::replace(&mut node.here, code("371524"));
    issued(&mut node, "p", vec![target("count", at_least(5))]);
    node.here = here;
    let refusal = node
        .run(Command::AssignTasks {
            issuer: here,
            plan_issuer: code("371524"),
            plan: "p".to_owned(),
            item: "1".to_owned(),
            parts: vec![Part {
                assignee: code("371502"),
                targets: Vec::new(),
                due: None,
            }],
            author: author(""),
        })
        .unwrap_err();
    assert_eq!(refusal.reason, Reason::AlreadyExists);
}
