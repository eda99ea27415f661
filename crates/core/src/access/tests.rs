//! Who sees and who gives what: every relation with every kind of document.

use jiff::Timestamp;
use jiff::civil::date;

use super::{Relation, entry_prefix, may_give, may_see};
use crate::aid::{AidConsent, AidEntry, AidFact, AidProject, AidSummary, PairingKind, PairingSide};
use crate::document::{Body, Document, Kind, Roster};
use crate::handover::Handover;
use crate::indicator::IndicatorKind;
use crate::plan::{Comment, Plan, PlanStatus};
use crate::region::RegionTree;
use crate::seal::Seal;
use crate::step::{Action, Step};
use crate::task::{Task, TaskProgress};
use crate::testing::{author, bureau, code, indicator, plan_text, school};

/// A province's part of the tree as its city knows it, with two counties and a partner elsewhere.
fn tree() -> RegionTree {
    let mut tree = RegionTree::new();
    for region in [
        bureau("371500", Some("370000")),
        bureau("371502", Some("371500")),
        bureau("371524", Some("371500")),
        school("s1", "371502"),
        bureau("500243", Some("500000")),
    ] {
        tree.insert(region).unwrap();
    }
    tree
}

/// A document of each kind by `owner`; what has another side has `other` there.
fn document(kind: Kind, owner: &str, other: &str) -> Document {
    let step = || Step::new(Action::Sign, &author(""), Timestamp::UNIX_EPOCH);
    let (own, other) = (code(owner), code(other));
    let mut id = owner.to_owned();
    let body = match kind {
        Kind::Region => {
            let level_of = |text: &str| match text {
                "s1" => school("s1", "371502"),
                "371500" => bureau(text, Some("370000")),
                "500243" => bureau(text, Some("500000")),
                _ => bureau(text, Some("371500")),
            };
            Body::Region(level_of(owner))
        }
        Kind::Roster => Body::Roster(Roster::default()),
        Kind::Indicator => Body::Indicator(indicator("new", IndicatorKind::Count)),
        Kind::Plan => Body::Plan(Plan {
            text: plan_text("p", Vec::new()),
            status: PlanStatus::Issued,
            steps: Vec::new(),
        }),
        Kind::Seal => Body::Seal(Seal {
            upto: 1,
            cells: 1,
            root: [0; 32],
        }),
        Kind::Handover => Body::Handover(Handover {
            from: own,
            since: 1,
        }),
        Kind::Comment => Body::Comment(Comment {
            issuer: other,
            plan: "p".to_owned(),
            item: String::new(),
            text: String::new(),
            made: step(),
        }),
        Kind::Task => Body::Task(Task {
            plan_issuer: own,
            plan: "p".to_owned(),
            item: "1".to_owned(),
            name: String::new(),
            assignee: other,
            targets: Vec::new(),
            due: None,
            steps: Vec::new(),
            reviewed: 0,
        }),
        Kind::TaskProgress => Body::TaskProgress(TaskProgress {
            issuer: other,
            task: "p/1".to_owned(),
            steps: Vec::new(),
        }),
        Kind::Pairing => Body::Pairing(PairingSide {
            partner: other,
            kind: PairingKind::AcrossProvinces,
            terms: String::new(),
            from: date(2025, 1, 1),
            until: None,
            steps: Vec::new(),
            signed: true,
            ended: false,
        }),
        Kind::AidProject => Body::AidProject(AidProject {
            pairing: String::new(),
            name: String::new(),
            content: String::new(),
            donor: own,
            recipient: other,
            fund: 0,
            milestones: Vec::new(),
            steps: Vec::new(),
        }),
        Kind::AidConsent => Body::AidConsent(AidConsent {
            proposer: other,
            project: "x".to_owned(),
            version: 1,
            step: step(),
        }),
        Kind::AidEntry => {
            id = format!("{}e1", entry_prefix(own, "x", other));
            Body::AidEntry(AidEntry {
                proposer: own,
                project: "x".to_owned(),
                fact: AidFact::MilestoneReached {
                    number: 1,
                    on: date(2025, 1, 1),
                },
                steps: Vec::new(),
            })
        }
        Kind::AidSummary => Body::AidSummary(AidSummary {
            proposer: own,
            project: "x".to_owned(),
            name: String::new(),
            donor: own,
            recipient: other,
            agreed: true,
            fund: 0,
            disbursed: 0,
            received: 0,
            spent: 0,
            milestones: 0,
            milestones_reached: 0,
            teachers_sent: 0,
            teachers_confirmed: 0,
            differences: 0,
        }),
    };
    Document {
        owner: own,
        id,
        version: 1,
        body,
    }
}

/// The kinds that the city shows to `peer`, of documents by `owner` with `other` on the other side.
fn seen(peer: &str, relation: Relation, owner: &str, other: &str) -> Vec<Kind> {
    let sees = |kind: &Kind| {
        let document = document(*kind, owner, other);
        may_see(&tree(), code("371500"), code(peer), relation, &document)
    };
    Kind::ALL.into_iter().filter(sees).collect()
}

/// The kinds that the city believes when `peer` gives documents by `owner`.
fn believed(peer: &str, relation: Relation, owner: &str, other: &str) -> Vec<Kind> {
    let believes = |kind: &Kind| {
        let document = document(*kind, owner, other);
        may_give(&tree(), code("371500"), code(peer), relation, &document)
    };
    Kind::ALL.into_iter().filter(believes).collect()
}

const UP: [Kind; 9] = [
    Kind::Region,
    Kind::Roster,
    Kind::Indicator,
    Kind::Plan,
    Kind::Comment,
    Kind::TaskProgress,
    Kind::AidSummary,
    Kind::Seal,
    Kind::Handover,
];
const DOWN: [Kind; 3] = [Kind::Indicator, Kind::Plan, Kind::Task];
const ACROSS: [Kind; 5] = [
    Kind::Region,
    Kind::Pairing,
    Kind::AidProject,
    Kind::AidConsent,
    Kind::AidEntry,
];
const NOTHING: [Kind; 0] = [];

#[test]
fn what_each_relation_sees() {
    let (parent, child, partner) = (Relation::Parent, Relation::Child, Relation::Partner);
    // Up: the city's own and its counties', no unit's, no partner's, nothing inside a pairing.
    assert_eq!(seen("370000", parent, "371500", "500243"), UP);
    assert_eq!(seen("370000", parent, "371502", "500243"), UP);
    assert_eq!(seen("370000", parent, "s1", "371502"), NOTHING);
    assert_eq!(seen("370000", parent, "500243", "371500"), NOTHING);
    // Down: plans, indicators and the peer's own tasks, from here and above.
    assert_eq!(seen("371502", child, "371500", "371502"), DOWN);
    assert_eq!(seen("371502", child, "370000", "371502"), DOWN);
    let without_tasks = [Kind::Indicator, Kind::Plan];
    assert_eq!(seen("371502", child, "371500", "371524"), without_tasks);
    assert_eq!(seen("371502", child, "371502", "371502"), NOTHING);
    assert_eq!(seen("371502", child, "371524", "371502"), NOTHING);
    assert_eq!(seen("371502", child, "500243", "371500"), NOTHING);
    // A peer that is not known yet misses nothing.
    assert_eq!(seen("371581", child, "371500", "371581"), DOWN);
    // Across: this side's own of that pairing.
    assert_eq!(seen("500243", partner, "371500", "500243"), ACROSS);
    assert_eq!(seen("500152", partner, "371500", "500243"), [Kind::Region]);
    assert_eq!(seen("500243", partner, "371502", "500243"), NOTHING);
    assert_eq!(seen("500243", partner, "500243", "371500"), NOTHING);
}

#[test]
fn what_each_relation_is_believed() {
    let (parent, child, partner) = (Relation::Parent, Relation::Child, Relation::Partner);
    assert_eq!(believed("370000", parent, "370000", "371500"), DOWN);
    assert_eq!(believed("370000", parent, "371500", "371500"), NOTHING);
    assert_eq!(believed("370000", parent, "371502", "371500"), NOTHING);
    assert_eq!(believed("371502", child, "371502", "371500"), UP);
    assert_eq!(believed("371502", child, "s1", "371500"), UP);
    assert_eq!(believed("371502", child, "371524", "371500"), NOTHING);
    assert_eq!(believed("371502", child, "371500", "371500"), NOTHING);
    assert_eq!(believed("371502", child, "500243", "371500"), NOTHING);
    assert_eq!(believed("500243", partner, "500243", "371500"), ACROSS);
    // Documents of its pairing with somebody else are none of ours.
    assert_eq!(
        believed("500243", partner, "500243", "500152"),
        [Kind::Region]
    );
    assert_eq!(believed("500243", partner, "371500", "500243"), NOTHING);
    assert_eq!(believed("500243", partner, "371502", "371500"), NOTHING);
}

#[test]
fn a_project_of_this_region_with_a_third_is_not_the_partners_to_propose() {
    let mut project = document(Kind::AidProject, "500243", "371500");
    if let Body::AidProject(body) = &mut project.body {
        body.donor = code("371500");
        body.recipient = code("500152");
    }
    let here = code("371500");
    assert!(!may_give(
        &tree(),
        here,
        code("500243"),
        Relation::Partner,
        &project
    ));
}

#[test]
fn a_consultation_does_not_go_up() {
    let mut plan = document(Kind::Plan, "371500", "371502");
    if let Body::Plan(body) = &mut plan.body {
        let until = date(2025, 12, 31);
        body.status = PlanStatus::Consultation { until };
    }
    let here = code("371500");
    let sees = |peer: &str, relation| may_see(&tree(), here, code(peer), relation, &plan);
    assert!(sees("371502", Relation::Child));
    assert!(!sees("370000", Relation::Parent));
}

#[test]
fn a_draft_stays_with_its_issuer() {
    let mut plan = document(Kind::Plan, "371500", "371502");
    if let Body::Plan(body) = &mut plan.body {
        body.status = PlanStatus::Draft;
    }
    for (peer, relation) in [
        ("371502", Relation::Child),
        ("370000", Relation::Parent),
        ("500243", Relation::Partner),
    ] {
        assert!(!may_see(
            &tree(),
            code("371500"),
            code(peer),
            relation,
            &plan
        ));
    }
}
