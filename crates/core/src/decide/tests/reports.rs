//! When a report is new, a retry, a correction, too late or in conflict.

use crate::command::{Answer, Command, Push};
use crate::event::Event;
use crate::refusal::Reason;
use crate::region::RegionKind;
use crate::report::{Fingerprints, Outcome, Report};
use crate::testing::{Node, bureau, code, month, report, school};

fn county() -> Node {
    Node::new(&[bureau("371502", None), school("s1", "371502")])
}

fn figure(id: &str, numerator: i64, revision: u32) -> Report {
    Report {
        id: id.to_owned(),
        revision,
        ..report("s1", numerator)
    }
}

/// What becomes of a report in a cell that has gone through these before.
fn after(before: &[Report], next: Report) -> Outcome {
    let mut node = county();
    for earlier in before {
        node.push(vec![earlier.clone()]);
    }
    let apart = node.push(vec![next.clone()]).remove(0);
    // In one push, and in one frame of several pushes, it is the same.
    let mut node = county();
    let mut rows = before.to_vec();
    rows.push(next.clone());
    let together = node.push(rows.clone()).pop().unwrap();
    assert_eq!(apart, together);
    let mut node = county();
    let mut commands = Vec::new();
    for row in rows {
        commands.push(node.push_command(vec![row]));
    }
    let Some(Ok(Answer::Reports(in_one_frame))) = node.run_together(commands).pop() else {
        panic!("the last push was not answered");
    };
    assert_eq!(apart, in_one_frame[0].1);
    apart
}

fn reason(outcome: &Outcome) -> Option<Reason> {
    match outcome {
        Outcome::Refused(refusal) => Some(refusal.reason),
        _ => None,
    }
}

#[test]
fn the_idempotency_table() {
    let first = || figure("a", 10, 0);
    let accepted = |revision| Outcome::Accepted { revision };
    let duplicate = |revision| Outcome::Duplicate { revision };
    let superseded = |revision| Outcome::Superseded { revision };
    let stale = |revision| Outcome::Stale { revision };
    assert_eq!(after(&[], first()), accepted(1));
    assert_eq!(after(&[], figure("a", 10, 7)), accepted(7));
    // The same id: the same figure is a retry, another one a mistake.
    assert_eq!(after(&[first()], first()), duplicate(1));
    let reused = after(&[first()], figure("a", 11, 0));
    assert_eq!(reason(&reused), Some(Reason::IdReused));
    // A new id.
    assert_eq!(after(&[first()], figure("b", 10, 0)), duplicate(1));
    assert_eq!(after(&[first()], figure("b", 11, 0)), superseded(2));
    assert_eq!(after(&[first()], figure("b", 10, 5)), superseded(5));
    // Revisions.
    let fifth = || figure("a", 10, 5);
    assert_eq!(after(&[fifth()], figure("b", 11, 4)), stale(5));
    assert_eq!(after(&[fifth()], figure("b", 10, 5)), duplicate(5));
    let conflict = after(&[fifth()], figure("b", 11, 5));
    assert_eq!(reason(&conflict), Some(Reason::RevisionConflict));
    assert_eq!(after(&[fifth()], figure("b", 11, 6)), superseded(6));
    assert_eq!(after(&[fifth()], figure("b", 11, 0)), superseded(6));
    // A late retry of what was superseded changes nothing, whatever it says.
    let corrected = [first(), figure("b", 20, 0)];
    assert_eq!(after(&corrected, first()), stale(2));
    let twice = [first(), figure("b", 20, 0), figure("c", 30, 0)];
    assert_eq!(after(&twice, first()), stale(3));
    assert_eq!(after(&twice, figure("b", 20, 0)), stale(3));
    // What only said again what counted is no correction when it comes once more.
    let again = [first(), figure("b", 10, 0), figure("c", 20, 0)];
    assert_eq!(after(&again[..2], figure("b", 10, 0)), duplicate(1));
    assert_eq!(after(&again, figure("b", 10, 0)), stale(2));
    assert_eq!(after(&again, figure("d", 10, 0)), superseded(3));
    let reused = after(&again[..2], figure("b", 11, 0));
    assert_eq!(reason(&reused), Some(Reason::IdReused));
    let back = [&again[..], &[figure("d", 10, 0)]].concat();
    assert_eq!(after(&back, figure("b", 10, 0)), duplicate(3));
}

#[test]
fn each_row_of_a_push_counts_for_its_own_source_and_indicator() {
    let schools = ["s1", "s2", "s3"].map(|code| school(code, "371502"));
    let mut node = Node::new(&[&[bureau("371502", None)], &schools[..]].concat());
    // Side by side, in turn, and once more behind others.
    let rows = [
        ("s1", "count", 1),
        ("s1", "other", 2),
        ("s2", "count", 4),
        ("s1", "money", 8),
        ("s3", "other", 16),
        ("s2", "other", 32),
        ("s2", "money", 64),
        ("s3", "count", 128),
    ];
    let reports = rows.map(|(source, indicator, numerator)| Report {
        indicator: indicator.parse().unwrap(),
        ..report(source, numerator)
    });
    let outcomes = node.push(reports.to_vec());
    assert_eq!(outcomes, [const { Outcome::Accepted { revision: 1 } }; 8]);
    for report in reports {
        let cell = node
            .state
            .cell(report.source, report.indicator, report.period);
        let counted = cell.map(|cell| cell.sums.numerator);
        assert_eq!(counted, Some(report.numerator), "{report:?}");
    }
    assert_eq!(node.sums("371502").numerator, 1 + 4 + 128);
}

/// As far as an id is remembered, it is of one cell, however many share it.
#[test]
fn an_id_that_said_what_counted_is_known_in_its_cell_alone() {
    let mut node = county();
    let mut other = figure("a", 5, 0);
    other.period = "2025-02".parse().unwrap();
    node.push(vec![figure("a", 10, 0), other.clone()]);
    node.push(vec![figure("b", 10, 0)]);
    other.id = "b".to_owned();
    other.numerator = 6;
    assert_eq!(
        node.push(vec![other]),
        [Outcome::Superseded { revision: 2 }]
    );
}

#[test]
fn a_retry_of_what_this_very_push_supersedes_is_stale() {
    let mut node = county();
    node.push(vec![figure("a", 10, 0)]);
    let outcomes = node.push(vec![figure("b", 20, 0), figure("a", 10, 0)]);
    assert_eq!(outcomes[1], Outcome::Stale { revision: 2 });
    assert_eq!(node.sums("371502").numerator, 20);
}

#[test]
fn a_push_without_ids_that_comes_again_changes_nothing() {
    let mut node = county();
    let push = |node: &mut Node, numerator| {
        node.run(Command::PushReports(Push {
            id: "same".to_owned(),
            by: "test".to_owned(),
            rows: vec![(1, report("s1", numerator))],
            all_or_nothing: false,
            fingerprints: Fingerprints::default(),
        }))
        .unwrap()
    };
    push(&mut node, 10);
    let change = node.state.last_change();
    let again = push(&mut node, 10);
    let known = Outcome::Duplicate { revision: 1 };
    assert_eq!(again, Answer::Reports(vec![(1, known)]));
    assert_eq!(node.state.last_change(), change);
    assert_eq!(node.journal.len(), 2);
}

#[test]
fn ids_whose_fingerprints_are_known_are_the_same_ids() {
    let rows = vec![
        (1, figure("", 10, 0)),
        (2, figure("b", 20, 0)),
        (3, figure("", 10, 0)),
        (5, figure("b", 20, 0)),
    ];
    let all = Fingerprints::of("p", &rows);
    // Of other rows than are pushed: it is as if nothing was known.
    let some = Fingerprints::of("p", &rows[1..]);
    let nodes = [Fingerprints::default(), all, some].map(|fingerprints| {
        let mut node = county();
        for id in ["p", "p"] {
            let push = Push {
                id: id.to_owned(),
                by: "test".to_owned(),
                rows: rows.clone(),
                all_or_nothing: false,
                fingerprints: fingerprints.clone(),
            };
            node.run(Command::PushReports(push)).unwrap();
        }
        node.verify();
        node
    });
    let [worked_out, known, not_known] = &nodes;
    let bytes = |node: &Node| postcard::to_stdvec(&node.state.snapshot()).unwrap();
    assert_eq!(worked_out.sums("371502").numerator, 10);
    assert_eq!(bytes(known), bytes(worked_out));
    assert_eq!(bytes(not_known), bytes(worked_out));
}

#[test]
fn all_or_nothing_takes_nothing_when_one_row_is_refused() {
    let mut node = county();
    let mut push = Push {
        id: "p".to_owned(),
        by: "test".to_owned(),
        rows: vec![(1, report("s1", 10)), (2, report("nobody", 1))],
        all_or_nothing: true,
        fingerprints: Fingerprints::default(),
    };
    let answer = node.run(Command::PushReports(push.clone())).unwrap();
    let Answer::Reports(outcomes) = answer else {
        panic!("a push is answered with outcomes");
    };
    assert_eq!(reason(&outcomes[0].1), Some(Reason::BatchRefused));
    assert_eq!(reason(&outcomes[1].1), Some(Reason::UnknownRegion));
    assert_eq!(node.sums("371502").reported, 0);
    push.all_or_nothing = false;
    node.run(Command::PushReports(push)).unwrap();
    assert_eq!(node.sums("371502").numerator, 10);
}

#[test]
fn each_version_names_the_frame_of_the_one_it_replaces() {
    let mut node = county();
    for numerator in [10, 20, 30] {
        node.push(vec![report("s1", numerator)]);
    }
    let mut chain = Vec::new();
    for (frame, events) in (1u64..).zip(&node.journal) {
        for event in events {
            if let Event::Reports(batch) = event {
                chain.extend(batch.rows.iter().map(|row| (frame, row.replaces)));
            }
        }
    }
    assert_eq!(chain, [(2, 0), (3, 2), (4, 3)]);
    let head = node
        .state
        .report(code("s1"), "count".parse().unwrap(), month());
    assert_eq!(head.unwrap().frame, 4);
}

#[test]
fn a_report_after_the_grace_is_late_and_a_bureau_counts_no_unit() {
    let mut node = county();
    node.today = jiff::civil::date(2025, 4, 1);
    node.push(vec![report("s1", 10), report("371502", 5)]);
    let sums = node.sums("371502");
    assert_eq!((sums.numerator, sums.reported, sums.on_time), (15, 1, 0));
    node.today = jiff::civil::date(2025, 3, 31);
    node.push(vec![report("s1", 11)]);
    assert_eq!(node.sums("371502").on_time, 1);
}

#[test]
fn a_unit_that_is_not_expected_to_report_adds_to_the_sums_only() {
    let mut node = county();
    let known = node.catalogue.indicators.get_mut(&"count".parse().unwrap());
    known.unwrap().reported_by = vec![RegionKind::HighSchool];
    node.push(vec![report("s1", 10)]);
    let sums = node.sums("371502");
    let expected = node.state.roster(code("371502"));
    assert_eq!((sums.numerator, sums.reported), (10, 0));
    assert_eq!(expected.expected(&[RegionKind::HighSchool]), 0);
}

#[test]
fn rows_in_any_order_are_judged_as_if_pushed_one_by_one() {
    let units = [
        bureau("371502", None),
        school("s1", "371502"),
        school("s2", "371502"),
    ];
    let cells = [
        ("s1", "2025-01", "count"),
        ("s1", "2025-01", "other"),
        ("s1", "2025-02", "count"),
        ("s2", "2025-01", "count"),
    ];
    // Every way to name five of four cells: in order, back and forth, and again.
    for way in 0..4_usize.pow(5) {
        let row = |step: u32| {
            let (source, period, indicator) = cells[way / 4_usize.pow(step) % 4];
            Report {
                id: step.to_string(),
                indicator: indicator.parse().unwrap(),
                period: period.parse().unwrap(),
                ..report(source, i64::from(step) + 1)
            }
        };
        let rows: Vec<Report> = (0..5).map(row).collect();
        let (mut apart, mut together) = (Node::new(&units), Node::new(&units));
        let one_by_one = rows
            .iter()
            .map(|row| apart.push(vec![row.clone()]).remove(0));
        let one_by_one: Vec<Outcome> = one_by_one.collect();
        assert!(one_by_one.iter().all(|outcome| reason(outcome).is_none()));
        assert_eq!(together.push(rows.clone()), one_by_one, "{rows:?}");
    }
}
