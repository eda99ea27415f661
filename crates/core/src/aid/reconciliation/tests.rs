//! Tests of reconciliation: one case for every kind of difference.

use jiff::civil::date;

use super::{Difference, reconcile};
use crate::aid::{
    AidDocuments, AidEntry, AidFact, AidProject, Milestone, project_state, summarise,
};
use crate::region::RegionCode;
use crate::testing::code;

const DONOR: &str = "371500";
const RECIPIENT: &str = "500243";

fn project() -> AidProject {
    let milestone = |number, owner| Milestone {
        number,
        title: "交付".to_owned(),
        due: date(2025, 6, 1),
        owner: code(owner),
    };
    AidProject {
        pairing: String::new(),
        name: "project".to_owned(),
        content: String::new(),
        donor: code(DONOR),
        recipient: code(RECIPIENT),
        fund: 1_000,
        milestones: vec![milestone(1, DONOR), milestone(2, RECIPIENT)],
        steps: Vec::new(),
    }
}

fn paid(amount: i64) -> AidFact {
    AidFact::Disbursement {
        amount,
        on: date(2025, 3, 1),
        purpose: "设备".to_owned(),
    }
}

fn received(disbursement: &str, amount: i64) -> AidFact {
    AidFact::Receipt {
        disbursement: disbursement.to_owned(),
        amount,
        on: date(2025, 3, 2),
    }
}

fn spent(amount: i64) -> AidFact {
    AidFact::Expenditure {
        amount,
        on: date(2025, 3, 3),
        purpose: "设备".to_owned(),
    }
}

fn sent(teachers: u32) -> AidFact {
    AidFact::Placement {
        teachers,
        from: date(2025, 3, 1),
        until: date(2025, 7, 1),
        subject: "数学".to_owned(),
        host: "一中".to_owned(),
    }
}

fn came(placement: &str, teachers: u32) -> AidFact {
    AidFact::PlacementConfirmed {
        placement: placement.to_owned(),
        teachers,
    }
}

fn reached(number: u32) -> AidFact {
    let on = date(2025, 5, 1);
    AidFact::MilestoneReached { number, on }
}

/// Hands the documents of a project with these facts (owner, id, fact) to `look`.
fn with<T>(facts: &[(&str, &str, AidFact)], look: impl FnOnce(&AidDocuments<'_>) -> T) -> T {
    let project = project();
    let entry = |fact: &AidFact| AidEntry {
        proposer: code(DONOR),
        project: "x".to_owned(),
        fact: fact.clone(),
        steps: Vec::new(),
    };
    let kept: Vec<(RegionCode, &str, AidEntry)> = facts
        .iter()
        .map(|(owner, id, fact)| (code(owner), *id, entry(fact)))
        .collect();
    look(&AidDocuments {
        proposer: code(DONOR),
        id: "x",
        version: 1,
        project: &project,
        consent: None,
        entries: kept
            .iter()
            .map(|(owner, id, one)| (*owner, *id, one))
            .collect(),
    })
}

fn differences(facts: &[(&str, &str, AidFact)]) -> Vec<Difference> {
    with(facts, reconcile)
}

#[test]
fn what_both_sides_say_alike_is_no_difference() {
    let facts = [
        (DONOR, "d1", paid(600)),
        (DONOR, "t1", sent(3)),
        (RECIPIENT, "e1", spent(600)),
        (RECIPIENT, "h1", came("t1", 2)),
        (RECIPIENT, "h2", came("t1", 1)),
        (RECIPIENT, "r1", received("d1", 400)),
        (RECIPIENT, "r2", received("d1", 200)),
    ];
    assert_eq!(differences(&facts), []);
}

#[test]
fn money_that_did_not_arrive_as_it_was_sent() {
    let disbursement = || "d1".to_owned();
    let missing = Difference::NotReceived {
        disbursement: disbursement(),
        disbursed: 600,
    };
    assert_eq!(differences(&[(DONOR, "d1", paid(600))]), [missing]);
    let facts = [
        (DONOR, "d1", paid(600)),
        (RECIPIENT, "r1", received("d1", 599)),
    ];
    let less = Difference::AmountDiffers {
        disbursement: disbursement(),
        disbursed: 600,
        received: 599,
    };
    assert_eq!(differences(&facts), [less]);
    let unknown = Difference::NotDisbursed {
        disbursement: disbursement(),
        received: 5,
    };
    assert_eq!(
        differences(&[(RECIPIENT, "r1", received("d1", 5))]),
        [unknown]
    );
}

#[test]
fn money_beyond_what_was_promised_or_arrived() {
    let facts = [
        (DONOR, "d1", paid(1_001)),
        (RECIPIENT, "e1", spent(1_002)),
        (RECIPIENT, "r1", received("d1", 1_001)),
    ];
    let over = Difference::OverFund {
        fund: 1_000,
        disbursed: 1_001,
    };
    let overspent = Difference::Overspent {
        received: 1_001,
        spent: 1_002,
    };
    assert_eq!(differences(&facts), [over, overspent]);
}

#[test]
fn teachers_are_confirmed_by_the_other_side_alone() {
    let differs = |sender: &str, confirmed| Difference::TeachersDiffer {
        sender: code(sender),
        placement: "t1".to_owned(),
        sent: 3,
        confirmed,
    };
    let unknown = Difference::PlacementUnknown {
        placement: "t1".to_owned(),
        confirmed: 3,
    };
    assert_eq!(
        differences(&[(DONOR, "t1", sent(3))]),
        [differs(DONOR, None)]
    );
    let fewer = [(DONOR, "t1", sent(3)), (RECIPIENT, "h1", came("t1", 2))];
    assert_eq!(differences(&fewer), [differs(DONOR, Some(2))]);
    assert_eq!(
        differences(&[(RECIPIENT, "h1", came("t1", 3))]),
        std::slice::from_ref(&unknown)
    );
    // Nobody confirms what it sent itself.
    let own = [(DONOR, "h1", came("t1", 3)), (DONOR, "t1", sent(3))];
    assert_eq!(differences(&own), [differs(DONOR, None), unknown]);
    // Both sides send, and happen to use the same id.
    let both = [
        (DONOR, "h1", came("t1", 3)),
        (DONOR, "t1", sent(3)),
        (RECIPIENT, "t1", sent(3)),
    ];
    assert_eq!(differences(&both), [differs(DONOR, None)]);
}

#[test]
fn a_fact_counts_only_from_the_side_whose_business_it_is() {
    let facts = [
        (DONOR, "e1", spent(9)),
        (DONOR, "m1", reached(1)),
        (DONOR, "m2", reached(2)),
        (DONOR, "r1", received("d1", 9)),
        (RECIPIENT, "d1", paid(9)),
    ];
    let state = with(&facts, project_state);
    assert_eq!((state.disbursed, state.received, state.spent), (0, 0, 0));
    assert_eq!(state.reached.into_iter().collect::<Vec<_>>(), [1]);
    assert_eq!(differences(&facts), []);
    let summary = with(&facts, summarise);
    assert_eq!((summary.milestones, summary.milestones_reached), (2, 1));
    assert!(!summary.agreed);
}
