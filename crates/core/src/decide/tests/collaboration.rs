//! Pairings and aid projects of two nodes that share no superior.

use jiff::civil::date;

use crate::access::Relation;
use crate::aid::{AidFact, AidSummary, Difference, Milestone, PairingKind, reconcile};
use crate::command::{Answer, Command};
use crate::decide::aid_documents;
use crate::document::{Body, Kind};
use crate::refusal::{Reason, Refusal};
use crate::testing::{Node, author, bureau, carry, code};

pub(super) const CITY: &str = "371500";
pub(super) const COUNTY: &str = "500243";

pub(super) struct Pair {
    pub(super) city: Node,
    pub(super) county: Node,
}

impl Pair {
    fn new() -> Self {
        Self {
            city: Node::new(&[bureau(CITY, Some("370000"))]),
            county: Node::new(&[bureau(COUNTY, Some("500000"))]),
        }
    }

    pub(super) fn exchange(&mut self) {
        carry(&self.city, &mut self.county, Relation::Partner, 3);
        carry(&self.county, &mut self.city, Relation::Partner, 3);
        assert_eq!(self.city.state.set_aside(), []);
        assert_eq!(self.county.state.set_aside(), []);
    }

    /// Both have signed the same terms, and know it.
    pub(super) fn signed() -> Self {
        let mut pair = Self::new();
        propose(&mut pair.city, COUNTY, "协议").unwrap();
        pair.exchange();
        sign(&mut pair.county, CITY).unwrap();
        pair.exchange();
        pair
    }

    /// The city has proposed project `x`, and the county has agreed.
    fn agreed() -> Self {
        let mut pair = Self::signed();
        project(&mut pair.city, 1_000).unwrap();
        pair.exchange();
        consent(&mut pair.county).unwrap();
        pair.exchange();
        pair
    }
}

pub(super) fn propose(node: &mut Node, partner: &str, terms: &str) -> Result<Answer, Refusal> {
    node.run(Command::ProposePairing {
        region: node.here,
        partner: code(partner),
        kind: PairingKind::AcrossProvinces,
        terms: terms.to_owned(),
        from: date(2025, 1, 1),
        until: Some(date(2025, 12, 31)),
        author: author(""),
    })
}

pub(super) fn sign(node: &mut Node, partner: &str) -> Result<Answer, Refusal> {
    node.run(Command::SignPairing {
        region: node.here,
        partner: code(partner),
        author: author(""),
    })
}

pub(super) fn end(node: &mut Node, partner: &str, why: &str) -> Result<Answer, Refusal> {
    node.run(Command::EndPairing {
        region: node.here,
        partner: code(partner),
        author: author(why),
    })
}

pub(super) fn project(node: &mut Node, fund: i64) -> Result<Answer, Refusal> {
    let milestone = Milestone {
        number: 1,
        title: "验收".to_owned(),
        due: date(2025, 6, 1),
        owner: code(COUNTY),
    };
    node.run(Command::ProposeProject {
        region: node.here,
        id: "x".to_owned(),
        partner: code(COUNTY),
        donor: code(CITY),
        name: "信息化".to_owned(),
        content: String::new(),
        fund,
        milestones: vec![milestone],
        author: author(""),
    })
}

fn consent(node: &mut Node) -> Result<Answer, Refusal> {
    node.run(Command::ConsentProject {
        region: node.here,
        proposer: code(CITY),
        project: "x".to_owned(),
        author: author(""),
    })
}

fn record(node: &mut Node, id: &str, fact: AidFact, why: &str) -> Result<Answer, Refusal> {
    node.run(Command::RecordAid {
        region: node.here,
        id: id.to_owned(),
        proposer: code(CITY),
        project: "x".to_owned(),
        fact,
        author: author(why),
    })
}

fn paid(amount: i64) -> AidFact {
    AidFact::Disbursement {
        amount,
        on: date(2025, 3, 1),
        purpose: "设备".to_owned(),
    }
}

fn received(amount: i64) -> AidFact {
    AidFact::Receipt {
        disbursement: "d1".to_owned(),
        amount,
        on: date(2025, 3, 2),
    }
}

pub(super) fn why(result: Result<Answer, Refusal>) -> Reason {
    result.unwrap_err().reason
}

fn summary(node: &Node, side: &str) -> Option<AidSummary> {
    let mut summaries = node.state.documents_of(Kind::AidSummary, code(side));
    summaries.find_map(|document| match &document.body {
        Body::AidSummary(summary) => Some(summary.clone()),
        _ => None,
    })
}

#[test]
fn a_pairing_is_in_force_when_both_signed_the_same_terms() {
    let mut pair = Pair::new();
    assert_eq!(why(sign(&mut pair.county, CITY)), Reason::UnknownPairing);
    propose(&mut pair.city, COUNTY, "协议").unwrap();
    pair.exchange();
    assert_eq!(why(project(&mut pair.city, 1)), Reason::UnknownPairing);
    // Other terms are a proposal of its own, no signature.
    propose(&mut pair.county, CITY, "另一份").unwrap();
    pair.exchange();
    assert_eq!(why(project(&mut pair.city, 1)), Reason::UnknownPairing);
    sign(&mut pair.county, CITY).unwrap();
    pair.exchange();
    project(&mut pair.city, 1).unwrap();
    pair.city.today = date(2026, 1, 1);
    assert_eq!(why(project(&mut pair.city, 2)), Reason::UnknownPairing);
    pair.city.verify();
    pair.county.verify();
}

#[test]
fn what_one_side_ends_is_ended() {
    let mut pair = Pair::signed();
    assert_eq!(why(end(&mut pair.county, CITY, "")), Reason::ReasonRequired);
    end(&mut pair.county, CITY, "期满").unwrap();
    pair.exchange();
    assert_eq!(why(project(&mut pair.city, 1)), Reason::UnknownPairing);
    let nobody = end(&mut pair.city, "500152", "期满");
    assert_eq!(why(nobody), Reason::UnknownPairing);
}

#[test]
fn nobody_pairs_with_itself_or_backwards_in_time() {
    let mut pair = Pair::new();
    let here = propose(&mut pair.city, CITY, "协议").unwrap_err();
    assert_eq!(
        (here.reason, here.field.as_str()),
        (Reason::OutOfRange, "partner")
    );
    let empty = propose(&mut pair.city, COUNTY, " ").unwrap_err();
    assert_eq!(
        (empty.reason, empty.field.as_str()),
        (Reason::Missing, "terms")
    );
    let backwards = pair.city.run(Command::ProposePairing {
        region: code(CITY),
        partner: code(COUNTY),
        kind: PairingKind::AcrossProvinces,
        terms: "协议".to_owned(),
        from: date(2025, 2, 1),
        until: Some(date(2025, 1, 1)),
        author: author(""),
    });
    assert_eq!(backwards.unwrap_err().field, "until");
}

#[test]
fn a_consent_is_to_one_version_of_the_project() {
    let mut pair = Pair::signed();
    project(&mut pair.city, 1_000).unwrap();
    assert_eq!(why(consent(&mut pair.city)), Reason::NotYours);
    pair.exchange();
    consent(&mut pair.county).unwrap();
    // The county agreed to the first version while the city changed it.
    project(&mut pair.city, 500).unwrap();
    pair.exchange();
    let early = record(&mut pair.city, "d1", paid(1), "");
    assert_eq!(why(early), Reason::NotAllowedNow);
    assert!(!summary(&pair.city, CITY).unwrap().agreed);
    consent(&mut pair.county).unwrap();
    pair.exchange();
    record(&mut pair.city, "d1", paid(1), "").unwrap();
    assert!(summary(&pair.city, CITY).unwrap().agreed);
}

#[test]
fn facts_are_recorded_by_the_side_whose_business_they_are() {
    let mut pair = Pair::agreed();
    assert_eq!(
        why(record(&mut pair.county, "d1", paid(1), "")),
        Reason::NotYours
    );
    assert_eq!(
        why(record(&mut pair.city, "r1", received(1), "")),
        Reason::NotYours
    );
    let on = date(2025, 5, 1);
    let reached = |number| AidFact::MilestoneReached { number, on };
    assert_eq!(
        why(record(&mut pair.city, "m1", reached(1), "")),
        Reason::NotYours
    );
    let unknown = record(&mut pair.county, "m1", reached(9), "");
    assert_eq!(why(unknown), Reason::UnknownMilestone);
    record(&mut pair.county, "m1", reached(1), "").unwrap();
    let negative = record(&mut pair.city, "d1", paid(-1), "").unwrap_err();
    assert_eq!(
        (negative.reason, negative.field.as_str()),
        (Reason::OutOfRange, "amount")
    );
    // A correction needs a reason and stays what it was about.
    record(&mut pair.city, "d1", paid(600), "").unwrap();
    assert_eq!(
        why(record(&mut pair.city, "d1", paid(700), "")),
        Reason::ReasonRequired
    );
    record(&mut pair.city, "d1", paid(700), "更正").unwrap();
    let spent = AidFact::Placement {
        teachers: 1,
        from: on,
        until: on,
        subject: "数学".to_owned(),
        host: "一中".to_owned(),
    };
    assert_eq!(
        why(record(&mut pair.city, "d1", spent, "x")),
        Reason::IdReused
    );
}

#[test]
fn both_sides_come_to_the_same_state_and_superiors_see_sums_alone() {
    let mut pair = Pair::agreed();
    record(&mut pair.city, "d1", paid(600), "").unwrap();
    pair.exchange();
    record(&mut pair.county, "r1", received(500), "").unwrap();
    pair.exchange();
    for node in [&pair.city, &pair.county] {
        let documents = aid_documents(&node.state, code(CITY), "x").unwrap();
        assert!(matches!(
            reconcile(&documents).as_slice(),
            [Difference::AmountDiffers {
                disbursed: 600,
                received: 500,
                ..
            }]
        ));
        node.verify();
    }
    let told = summary(&pair.city, CITY).unwrap();
    assert_eq!(Some(&told), summary(&pair.county, COUNTY).as_ref());
    assert_eq!(
        (told.disbursed, told.received, told.differences),
        (600, 500, 1)
    );
    let mut province = Node::new(&[bureau("370000", None)]);
    carry(&pair.city, &mut province, Relation::Parent, 3);
    assert_eq!(province.state.set_aside(), []);
    assert_eq!(summary(&province, CITY), Some(told));
    for kind in [
        Kind::Pairing,
        Kind::AidProject,
        Kind::AidConsent,
        Kind::AidEntry,
    ] {
        assert_eq!(province.state.documents(kind).count(), 0, "{kind:?}");
    }
    // A third partner sees none of it.
    let nothing = pair
        .city
        .changes_for(code("500152"), Relation::Partner, 0, 100);
    let kinds: Vec<Kind> = nothing
        .documents
        .iter()
        .map(|one| one.body.kind())
        .collect();
    assert_eq!(kinds, [Kind::Region]);
}

#[test]
fn follow_ups_stand_in_the_journal_where_they_were_applied() {
    let mut pair = Pair::agreed();
    record(&mut pair.city, "d1", paid(600), "").unwrap();
    let history = pair.city.journal.concat();
    let mut moved = Node::empty(code(CITY));
    moved
        .run(Command::MoveIn {
            region: code(CITY),
            history,
        })
        .unwrap();
    moved.verify();
    assert_eq!(summary(&moved, CITY), summary(&pair.city, CITY));
}

#[test]
fn no_fact_takes_the_number_of_a_person() {
    let mut pair = Pair::agreed();
    let on = date(2025, 3, 1);
    // From the text of GB 11643-1999.
    let number = || "联系人 11010519491231002X".to_owned();
    let fine = || "数学".to_owned();
    let spent = AidFact::Expenditure {
        amount: 1,
        on,
        purpose: number(),
    };
    let given = AidFact::Disbursement {
        amount: 1,
        on,
        purpose: number(),
    };
    let placed = |subject: String, host: String| AidFact::Placement {
        teachers: 1,
        from: on,
        until: on,
        subject,
        host,
    };
    let refusals = [
        ("purpose", record(&mut pair.county, "a", spent, "")),
        ("purpose", record(&mut pair.city, "a", given, "")),
        (
            "subject",
            record(&mut pair.city, "b", placed(number(), fine()), ""),
        ),
        (
            "host",
            record(&mut pair.city, "b", placed(fine(), number()), ""),
        ),
    ];
    for (field, refusal) in refusals {
        let refusal = refusal.expect_err(field);
        assert_eq!(
            (refusal.reason, refusal.field.as_str()),
            (Reason::PersonalNumber, field)
        );
    }
    record(&mut pair.city, "b", placed(fine(), fine()), "").unwrap();
}
