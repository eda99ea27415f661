//! The life of a plan: draft, consultation, comments, issue.

use jiff::civil::date;

use crate::command::{Answer, Command};
use crate::document::Kind;
use crate::indicator::{Indicator, IndicatorKind};
use crate::plan::{Bound, PlanStatus, PlanText};
use crate::quantity::Exact;
use crate::refusal::{Reason, Refusal};
use crate::testing::{Node, author, bureau, code, indicator, plan_text, target};

fn city() -> Node {
    Node::new(&[bureau("371500", None), bureau("371502", Some("371500"))])
}

fn import_with(
    node: &mut Node,
    text: PlanText,
    indicators: Vec<Indicator>,
) -> Result<Answer, Refusal> {
    node.run(Command::ImportPlan {
        issuer: node.here,
        text,
        indicators,
        author: author(""),
    })
}

fn import(node: &mut Node, plan: &str) -> Result<Answer, Refusal> {
    let fifty = Bound::AtLeast(Exact::whole(50));
    import_with(
        node,
        plan_text(plan, vec![target("count", fifty)]),
        Vec::new(),
    )
}

fn consult(node: &mut Node, plan: &str) -> Result<Answer, Refusal> {
    node.run(Command::ConsultPlan {
        issuer: node.here,
        plan: plan.to_owned(),
        until: date(2025, 4, 10),
        author: author(""),
    })
}

fn issue(node: &mut Node, plan: &str) -> Result<Answer, Refusal> {
    node.run(Command::IssuePlan {
        issuer: node.here,
        plan: plan.to_owned(),
        author: author(""),
    })
}

fn comment(node: &mut Node, plan: &str, id: &str, item: &str) -> Result<Answer, Refusal> {
    node.run(Command::CommentPlan {
        region: code("371502"),
        id: id.to_owned(),
        issuer: code("371500"),
        plan: plan.to_owned(),
        item: item.to_owned(),
        text: "建议".to_owned(),
        author: author(""),
    })
}

fn why(result: Result<Answer, Refusal>) -> (Reason, String) {
    let refusal = result.unwrap_err();
    (refusal.reason, refusal.field)
}

fn status(node: &Node, plan: &str) -> PlanStatus {
    node.state.plan(node.here, plan).unwrap().status
}

#[test]
fn a_plan_goes_from_draft_over_consultation_to_issue() {
    let mut node = city();
    import(&mut node, "p").unwrap();
    assert_eq!(status(&node, "p"), PlanStatus::Draft);
    // A draft is nobody's to comment on, and may be brought in again.
    let early = why(comment(&mut node, "p", "c1", ""));
    assert_eq!(early, (Reason::NotAllowedNow, "plan".to_owned()));
    import(&mut node, "p").unwrap();
    consult(&mut node, "p").unwrap();
    let until = date(2025, 4, 10);
    assert_eq!(status(&node, "p"), PlanStatus::Consultation { until });
    comment(&mut node, "p", "c1", "1").unwrap();
    let unknown = why(comment(&mut node, "p", "c2", "99"));
    assert_eq!(unknown, (Reason::UnknownItem, "item".to_owned()));
    // The last day counts, the day after does not.
    node.today = until;
    comment(&mut node, "p", "c2", "").unwrap();
    node.today = date(2025, 4, 11);
    let late = why(comment(&mut node, "p", "c3", ""));
    assert_eq!(late, (Reason::ConsultationOver, "plan".to_owned()));
    issue(&mut node, "p").unwrap();
    assert_eq!(status(&node, "p"), PlanStatus::Issued);
    let again = why(import(&mut node, "p"));
    assert_eq!(again, (Reason::AlreadyExists, "plan.code".to_owned()));
    assert_eq!(why(issue(&mut node, "p")).0, Reason::NotAllowedNow);
    assert_eq!(why(consult(&mut node, "p")).0, Reason::NotAllowedNow);
    let steps = &node.state.plan(node.here, "p").unwrap().steps;
    assert_eq!(steps.len(), 4);
    assert_eq!(node.state.documents(Kind::Comment).count(), 2);
    node.verify();
}

#[test]
fn a_consultation_does_not_end_before_today() {
    let mut node = city();
    import(&mut node, "p").unwrap();
    node.today = date(2025, 4, 11);
    let past = why(consult(&mut node, "p"));
    assert_eq!(past, (Reason::OutOfRange, "until".to_owned()));
    assert_eq!(why(consult(&mut node, "q")).0, Reason::UnknownPlan);
}

#[test]
fn a_comment_is_changed_but_never_replaced_by_one_on_another_plan() {
    let mut node = city();
    for plan in ["p", "q"] {
        import(&mut node, plan).unwrap();
        consult(&mut node, plan).unwrap();
    }
    comment(&mut node, "p", "c1", "").unwrap();
    comment(&mut node, "p", "c1", "1").unwrap();
    let reused = why(comment(&mut node, "q", "c1", ""));
    assert_eq!(reused, (Reason::IdReused, "id".to_owned()));
    assert_eq!(node.state.documents(Kind::Comment).count(), 1);
}

#[test]
fn an_import_names_what_is_wrong() {
    let mut node = city();
    let count = || target("count", Bound::AtLeast(Exact::whole(1)));
    let fine = || plan_text("p", vec![count()]);
    let mut no_code = fine();
    no_code.code.clear();
    let mut bad_code = fine();
    bad_code.code = "a/b".to_owned();
    let mut no_title = fine();
    no_title.title = "  ".to_owned();
    let mut no_number = fine();
    no_number.items[0].number.clear();
    let mut long_number = fine();
    long_number.items[0].number = "九".repeat(40);
    let mut twice = fine();
    twice.items.push(twice.items[0].clone());
    let unknown = plan_text("p", vec![target("none", Bound::AtLeast(Exact::whole(1)))]);
    for (text, reason, field) in [
        (no_code, Reason::Missing, "plan.code"),
        (bad_code, Reason::Malformed, "plan.code"),
        (no_title, Reason::Missing, "plan.title"),
        (no_number, Reason::Missing, "plan.items[0].number"),
        (long_number, Reason::TooLong, "plan.items[0].number"),
        (twice, Reason::AlreadyExists, "plan.items[1].number"),
        (
            unknown,
            Reason::UnknownIndicator,
            "plan.items[0].targets.indicator",
        ),
    ] {
        let found = why(import_with(&mut node, text, Vec::new()));
        assert_eq!(found, (reason, field.to_owned()));
    }
    assert_eq!(node.state.documents(Kind::Plan).count(), 0);
}

#[test]
fn a_plan_brings_indicators_but_redefines_none() {
    let mut node = city();
    let bound = Bound::AtLeast(Exact::whole(1));
    let text = || plan_text("p", vec![target("new", bound)]);
    let new = indicator("new", IndicatorKind::Count);
    import_with(&mut node, text(), vec![new.clone()]).unwrap();
    assert_eq!(node.state.indicator(&node.catalogue, new.code), Some(&new));
    let mut changed = indicator("count", IndicatorKind::Money);
    changed.name = "另一个".to_owned();
    let clash = why(import_with(&mut node, text(), vec![changed]));
    assert_eq!(clash, (Reason::AlreadyExists, "indicator.code".to_owned()));
    let mut halved = indicator("halved", IndicatorKind::Ratio);
    halved.denominator = None;
    let incomplete = why(import_with(&mut node, text(), vec![halved]));
    assert_eq!(incomplete.0, Reason::DenominatorMissing);
}

#[test]
fn what_a_plan_computes_is_computed_from_reported_indicators() {
    let mut node = city();
    let bound = Bound::AtLeast(Exact::whole(1));
    let text = || plan_text("p", vec![target("count", bound)]);
    let computed = |name: &str, of: [&str; 2]| {
        let mut computed = indicator(name, IndicatorKind::RatioOfRatios);
        computed.of = Some(of.map(|part| part.parse().unwrap()));
        computed
    };
    let mut posing = computed("posing", ["ratio", "built"]);
    posing.kind = IndicatorKind::Count;
    let of = "indicator.of";
    let cases = [
        (
            vec![computed("i", ["i", "i"])],
            Reason::DerivedIndicator,
            of,
        ),
        (
            vec![computed("i", ["gap", "ratio"])],
            Reason::DerivedIndicator,
            of,
        ),
        (
            vec![computed("i", ["new", "ratio"])],
            Reason::UnknownIndicator,
            of,
        ),
        (
            vec![computed("i", ["j", "ratio"]), computed("j", ["ratio", "i"])],
            Reason::DerivedIndicator,
            of,
        ),
        (vec![posing], Reason::Malformed, of),
    ];
    for (indicators, reason, field) in cases {
        let found = why(import_with(&mut node, text(), indicators));
        assert_eq!(found, (reason, field.to_owned()));
    }
    assert_eq!(node.state.documents(Kind::Indicator).count(), 0);
    // A part may be defined behind what is computed from it, and stays one that is reported.
    let part = indicator("part", IndicatorKind::Ratio);
    let of_part = computed("whole", ["part", "ratio"]);
    import_with(&mut node, text(), vec![of_part, part]).unwrap();
    let found = why(import_with(
        &mut node,
        text(),
        vec![computed("part", ["ratio", "built"])],
    ));
    assert_eq!(
        found,
        (Reason::DerivedIndicator, "indicator.code".to_owned())
    );
}

#[test]
fn only_the_hosted_issuer_acts_and_everybody_has_a_name() {
    let mut node = city();
    import(&mut node, "p").unwrap();
    let foreign = node.run(Command::IssuePlan {
        issuer: code("500000"),
        plan: "p".to_owned(),
        author: author(""),
    });
    assert_eq!(why(foreign), (Reason::ForeignRegion, "issuer".to_owned()));
    let mut nameless = author("");
    nameless.name.clear();
    let unnamed = node.run(Command::IssuePlan {
        issuer: node.here,
        plan: "p".to_owned(),
        author: nameless,
    });
    assert_eq!(why(unnamed), (Reason::Missing, "author.name".to_owned()));
}
