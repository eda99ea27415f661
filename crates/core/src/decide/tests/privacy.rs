//! No free text of any command takes the number of a person.

mod regions;

use jiff::civil::date;

use crate::aid::{Milestone, PairingKind};
use crate::command::{Command, Part};
use crate::event::Event;
use crate::language::Language;
use crate::plan::{Bound, PlanText};
use crate::quantity::Exact;
use crate::refusal::Reason;
use crate::report::{Fingerprints, Outcome};
use crate::step::{Action, Author};
use crate::testing::{Node, author, bureau, code, indicator, plan_text, report, school, target};

/// From the text of GB 11643-1999.
const NUMBER: &str = "11010519491231002X";

/// Puts a number into one of a plan's texts.
type Change = fn(&mut PlanText);

fn city() -> Node {
    Node::new(&[
        bureau("371500", None),
        bureau("371524", Some("371500")),
        school("s1", "371524"),
    ])
}

fn import(text: PlanText) -> Command {
    Command::ImportPlan {
        issuer: code("371500"),
        text,
        indicators: Vec::new(),
        author: author(""),
    }
}

/// A plan with a target; one of its texts is changed.
fn plan_with(change: impl FnOnce(&mut PlanText)) -> Command {
    let bound = Bound::AtLeast(Exact::whole(1));
    let mut text = plan_text("p", vec![target("count", bound)]);
    change(&mut text);
    import(text)
}

fn number() -> String {
    format!("联系人 {NUMBER}")
}

fn refused(node: &mut Node, field: &str, command: Command) {
    let before = node.journal.len();
    let refusal = node.run(command).expect_err(field);
    assert_eq!(refusal.reason, Reason::PersonalNumber, "{field}: {refusal}");
    assert_eq!(refusal.field, field);
    for language in [Language::Zh, Language::En] {
        let message = refusal.message(language);
        assert!(!message.contains("1101051949"), "{message}");
    }
    assert_eq!(node.journal.len(), before, "nothing is written");
}

#[test]
fn no_text_of_a_plan_takes_one() {
    let mut node = city();
    let changes: [(&str, Change); 11] = [
        ("plan.title", |text| text.title = number()),
        ("plan.document", |text| text.document = number()),
        ("plan.source", |text| text.source = number()),
        ("plan.note", |text| text.note = number()),
        ("plan.items[0].name", |text| text.items[0].name = number()),
        ("plan.items[0].group", |text| text.items[0].group = number()),
        ("plan.items[0].content", |text| {
            text.items[0].content = number()
        }),
        ("plan.items[0].goal", |text| text.items[0].goal = number()),
        ("plan.items[0].lead", |text| {
            text.items[0].lead = vec![number()]
        }),
        ("plan.items[0].offices", |text| {
            text.items[0].offices = vec![number()]
        }),
        ("plan.items[0].targets", |text| {
            text.items[0].targets[0].text = number()
        }),
    ];
    for (field, change) in changes {
        refused(&mut node, field, plan_with(change));
    }
    let mut named = indicator("new", crate::indicator::IndicatorKind::Count);
    named.name = number();
    let command = Command::ImportPlan {
        issuer: code("371500"),
        text: plan_text("p", Vec::new()),
        indicators: vec![named],
        author: author(""),
    };
    refused(&mut node, "indicator.name", command);
    node.run(plan_with(|_| ())).expect("a plan without");
}

#[test]
fn no_region_step_or_comment_takes_one() {
    let mut node = city();
    let mut named = school("s2", "371524");
    named.name = number();
    let host = Command::Host {
        regions: vec![named],
        configured: true,
    };
    refused(&mut node, "name", host);
    let plan = "p".to_owned();
    let issuer = code("371500");
    let by = |author| Command::IssuePlan {
        issuer,
        plan: plan.clone(),
        author,
    };
    node.run(plan_with(|_| ())).expect("a plan");
    let name = number();
    refused(
        &mut node,
        "author.name",
        by(Author {
            name,
            why: String::new(),
        }),
    );
    refused(&mut node, "author.why", by(author(&number())));
    let consult = Command::ConsultPlan {
        issuer,
        plan: plan.clone(),
        until: date(2025, 12, 31),
        author: author(""),
    };
    node.run(consult).expect("in consultation");
    let comment = Command::CommentPlan {
        region: code("371524"),
        id: "c".to_owned(),
        issuer,
        plan: plan.clone(),
        item: String::new(),
        text: number(),
        author: author(""),
    };
    refused(&mut node, "text", comment);
    node.run(by(author(""))).expect("issued");
    let part = Part {
        assignee: code("371524"),
        targets: Vec::new(),
        due: None,
    };
    let assign = Command::AssignTasks {
        issuer,
        plan_issuer: issuer,
        plan,
        item: "1".to_owned(),
        parts: vec![part],
        author: author(""),
    };
    node.run(assign).expect("assigned");
    let step = Command::StepTask {
        region: code("371524"),
        issuer,
        task: "p/1/371524".to_owned(),
        action: Action::Acknowledge,
        author: author(&number()),
    };
    refused(&mut node, "author.why", step);
}

#[test]
fn no_text_of_a_pairing_takes_one() {
    let mut node = city();
    let pairing = Command::ProposePairing {
        region: node.here,
        partner: code("500243"),
        kind: PairingKind::AcrossProvinces,
        terms: number(),
        from: date(2025, 1, 1),
        until: None,
        author: author(""),
    };
    refused(&mut node, "terms", pairing);
    let project = |name: String, content: String, title: String| Command::ProposeProject {
        region: code("371500"),
        id: "x".to_owned(),
        partner: code("500243"),
        donor: code("371500"),
        name,
        content,
        fund: 0,
        milestones: vec![Milestone {
            number: 1,
            title,
            due: date(2025, 6, 1),
            owner: code("500243"),
        }],
        author: author(""),
    };
    let fine = || "验收".to_owned();
    refused(&mut node, "name", project(number(), fine(), fine()));
    refused(&mut node, "content", project(fine(), number(), fine()));
}

#[test]
fn no_note_of_a_report_takes_one_and_the_other_rows_go_on() {
    let mut node = city();
    let mut noted = report("s1", 5);
    noted.note = number();
    let outcomes = node.push(vec![noted, report("371524", 7)]);
    let Outcome::Refused(refusal) = &outcomes[0] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(refusal.reason, Reason::PersonalNumber);
    assert_eq!(refusal.field, "note");
    assert!(matches!(outcomes[1], Outcome::Accepted { .. }));
}

#[test]
fn no_id_of_a_report_is_a_person_nor_is_one_of_a_comment() {
    let mut node = city();
    let mut named = report("s1", 5);
    named.id = NUMBER.to_owned();
    let outcomes = node.push(vec![named, report("371524", 7)]);
    let Outcome::Refused(refusal) = &outcomes[0] else {
        panic!("{outcomes:?}");
    };
    let found = (refusal.reason, refusal.field.as_str());
    assert_eq!(found, (Reason::PersonalNumber, "id"));
    assert!(!refusal.message(Language::En).contains("1101051949"));
    assert!(matches!(outcomes[1], Outcome::Accepted { .. }));
    let plan = |text: &mut PlanText| text.code = NUMBER.to_owned();
    refused(&mut node, "plan.code", plan_with(plan));
}

/// Like [`NUMBER`], in lower case and without an X, as codes of indicators have to be.
const IN_DIGITS: &str = "440524188001010014";

#[test]
fn a_report_that_counts_already_is_its_duplicate_whatever_would_be_refused_today() {
    let mut node = city();
    let before = node.journal.len();
    node.push(vec![report("s1", 5)]);
    // What an earlier program took.
    let mut events = node.journal[before].clone();
    let [Event::Reports(batch)] = &mut events[..] else {
        panic!("{events:?}");
    };
    IN_DIGITS.clone_into(&mut batch.rows[0].id);
    batch.rows[0].note = number();
    let mut old = city();
    batch.fingerprints = Fingerprints::default();
    old.state.apply(&events[0], old.journal.len() as u64 + 1);
    old.journal.push(events);

    let mut again = report("s1", 5);
    IN_DIGITS.clone_into(&mut again.id);
    again.note = number();
    let outcomes = old.push(vec![again.clone()]);
    assert_eq!(outcomes, [Outcome::Duplicate { revision: 1 }]);
    // Another figure under that id, and that figure under another: refused, and not repeated.
    let mut other = again.clone();
    other.numerator = 6;
    let mut renamed = again;
    "r-2".clone_into(&mut renamed.id);
    for report in [other, renamed] {
        let outcomes = old.push(vec![report]);
        let [Outcome::Refused(refusal)] = &outcomes[..] else {
            panic!("{outcomes:?}");
        };
        assert_eq!(refusal.reason, Reason::PersonalNumber);
    }
}

#[test]
fn no_code_of_an_indicator_nor_number_of_an_item_is_a_person() {
    let mut node = city();
    let coded = indicator(
        &format!("pupil-{IN_DIGITS}"),
        crate::indicator::IndicatorKind::Count,
    );
    let command = Command::ImportPlan {
        issuer: code("371500"),
        text: plan_text("p", Vec::new()),
        indicators: vec![coded],
        author: author(""),
    };
    refused(&mut node, "indicator.code", command);
    let numbered = |text: &mut PlanText| text.items[0].number = NUMBER.to_owned();
    refused(&mut node, "plan.items[0].number", plan_with(numbered));
}
