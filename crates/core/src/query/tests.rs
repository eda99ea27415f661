//! Tests of what is answered from the state.

use crate::command::{Command, Part};
use crate::indicator::IndicatorKind;
use crate::plan::{Bound, PlanText, Target};
use crate::query::{Question, RollupRow, Scope, completeness, drill, rank_children, rollup};
use crate::refusal::Reason;
use crate::region::RegionKind;
use crate::report::Report;
use crate::rollup::{Light, LightPolicy};
use crate::testing::{Node, author, bureau, code, plan_text, report, school, target};

/// A city that hosts two counties: one with two schools, one with none.
fn city() -> Node {
    Node::new(&[
        bureau("371500", None),
        bureau("371524", Some("371500")),
        bureau("371525", Some("371500")),
        school("371524S1", "371524"),
        school("371524S2", "371524"),
    ])
}

fn question<'a>(node: &'a Node, scope: &'a Scope, period: &str) -> Question<'a> {
    Question {
        state: &node.state,
        catalogue: &node.catalogue,
        scope,
        period: period.parse().unwrap(),
        policy: LightPolicy::default(),
    }
}

fn of(indicator: &str) -> Scope {
    Scope::Indicator(indicator.parse().unwrap())
}

fn share(source: &str, numerator: i64, denominator: i64) -> Report {
    Report {
        indicator: "ratio".parse().unwrap(),
        denominator: Some(denominator),
        ..report(source, numerator)
    }
}

fn due(indicator: &str, bound: &str, year: &str) -> Target {
    Target {
        due: Some(year.parse().unwrap()),
        ..target(indicator, Bound::AtLeast(bound.parse().unwrap()))
    }
}

fn issue(node: &mut Node, plan: PlanText) -> Scope {
    let issuer = code("371500");
    let scope = Scope::Plan {
        issuer: Some(issuer),
        code: plan.code.clone(),
    };
    let import = Command::ImportPlan {
        issuer,
        text: plan.clone(),
        indicators: Vec::new(),
        author: author(""),
    };
    let issue = Command::IssuePlan {
        issuer,
        plan: plan.code,
        author: author(""),
    };
    node.run(import).unwrap();
    node.run(issue).unwrap();
    scope
}

fn only<'a>(rows: &'a [RollupRow<'a>]) -> &'a RollupRow<'a> {
    assert_eq!(rows.len(), 1, "{rows:?}");
    &rows[0]
}

#[test]
fn the_target_of_the_year_applies() {
    let mut node = city();
    node.push(vec![share("371524S1", 40, 100)]);
    let targets = vec![due("ratio", "30%", "2024"), due("ratio", "100%", "2025")];
    let mut plan = plan_text("cover", targets);
    plan.issued_on = Some(jiff::civil::date(2024, 1, 1));
    let scope = issue(&mut node, plan);
    let asked = question(&node, &scope, "2025-03");
    let rows = rollup(&asked, code("371500")).unwrap();
    let row = only(&rows);
    assert_eq!(row.completion.rate, Some(4_000));
    // The year of the second target began when the first was due: 90 of 365 days are gone.
    assert_eq!(row.scheduled, Some(2_466));
    assert_eq!(row.completion.light, Light::Green);
    assert_eq!((row.sums.reported, row.expected), (1, 3));
}

#[test]
fn a_whole_count_is_no_target_for_a_part() {
    let mut node = city();
    node.push(vec![report("371524S1", 10)]);
    let scope = issue(
        &mut node,
        plan_text("fifty", vec![due("count", "50", "2024")]),
    );
    let city_rows = rollup(&question(&node, &scope, "2025-03"), code("371500")).unwrap();
    assert_eq!(only(&city_rows).completion.rate, Some(2_000));
    assert_eq!(only(&city_rows).completion.light, Light::Red);
    let county_rows = rollup(&question(&node, &scope, "2025-03"), code("371524")).unwrap();
    assert_eq!(only(&county_rows).completion.light, Light::Grey);
    drop((city_rows, county_rows));
    let assign = Command::AssignTasks {
        issuer: code("371500"),
        plan_issuer: code("371500"),
        plan: "fifty".to_owned(),
        item: "1".to_owned(),
        parts: vec![Part {
            assignee: code("371524"),
            targets: vec![due("count", "10", "2024")],
            due: None,
        }],
        author: author(""),
    };
    node.run(assign).unwrap();
    let asked = question(&node, &scope, "2025-03");
    let county_rows = rollup(&asked, code("371524")).unwrap();
    assert_eq!(only(&county_rows).completion.rate, Some(10_000));
    assert_eq!(only(&county_rows).completion.light, Light::Green);
}

#[test]
fn a_goal_without_a_date_is_never_late() {
    let mut node = city();
    node.push(vec![share("371524S1", 1, 100)]);
    let all = target("ratio", Bound::AtLeast("100%".parse().unwrap()));
    let scope = issue(&mut node, plan_text("some-day", vec![all]));
    let asked = question(&node, &scope, "2025-03");
    let rows = rollup(&asked, code("371500")).unwrap();
    assert_eq!(only(&rows).scheduled, None);
    assert_eq!(only(&rows).completion.light, Light::Grey);
}

#[test]
fn a_ratio_of_ratios_counts_the_reports_above_the_line() {
    let mut node = city();
    let built = Report {
        indicator: "built".parse().unwrap(),
        denominator: Some(1),
        ..report("371524S1", 1)
    };
    node.push(vec![share("371524S1", 90, 100), built]);
    let ratio = node.catalogue.indicators.get_mut(&"ratio".parse().unwrap());
    ratio.unwrap().reported_by = vec![RegionKind::PrimarySchool];
    let scope = of("gap");
    let asked = question(&node, &scope, "2025-03");
    let rows = rollup(&asked, code("371500")).unwrap();
    let row = only(&rows);
    assert_eq!(row.indicator.kind, IndicatorKind::RatioOfRatios);
    assert_eq!((row.value.numerator, row.value.denominator), (90, 100));
    // Two primary schools, and the county that stands in for its own.
    assert_eq!((row.sums.reported, row.expected), (1, 3));
}

#[test]
fn another_rhythm_answers_with_its_last_whole_period() {
    let mut node = city();
    let count = node.catalogue.indicators.get_mut(&"count".parse().unwrap());
    count.unwrap().period = crate::period::PeriodKind::Quarter;
    for (period, figure) in [("2024-Q4", 4), ("2025-Q1", 1)] {
        node.push(vec![Report {
            period: period.parse().unwrap(),
            ..report("371524S1", figure)
        }]);
    }
    let scope = of("count");
    for (asked, figure) in [("2025-02", 4), ("2025-03", 1), ("2024", 4), ("2025-H1", 0)] {
        let asked_for = question(&node, &scope, asked);
        let rows = rollup(&asked_for, code("371500")).unwrap();
        assert_eq!(only(&rows).sums.numerator, figure, "{asked}");
    }
}

#[test]
fn drill_down_shows_the_parts_and_what_the_bureau_reported_itself() {
    let mut node = city();
    node.push(vec![
        report("371524S1", 3),
        report("371524", 2),
        report("371525", 5),
    ]);
    let scope = of("count");
    let asked = question(&node, &scope, "2025-03");
    let county = drill(&asked, code("371524")).unwrap();
    assert_eq!(county.total.numerator, 5);
    assert_eq!(county.own.map(|own| own.numerator), Some(2));
    let parts: i64 = county.rows.iter().map(|row| row.sums.numerator).sum();
    assert_eq!(parts + 2, county.total.numerator);
    let gap = of("gap");
    let refused = drill(&question(&node, &gap, "2025-03"), code("371524")).unwrap_err();
    assert_eq!(refused.reason, Reason::DerivedIndicator);
    let nowhere = drill(&asked, code("999999")).unwrap_err();
    assert_eq!(nowhere.reason, Reason::UnknownRegion);
    let quarter = drill(&question(&node, &scope, "2025-Q1"), code("371524")).unwrap_err();
    assert_eq!(quarter.reason, Reason::WrongPeriodKind);
}

#[test]
fn what_never_comes_here_is_refused_instead_of_shown_as_empty() {
    let mut node = city();
    let neighbour = bureau("371400", None);
    node.catalogue.regions.insert(neighbour).unwrap();
    let scope = of("count");
    let asked = question(&node, &scope, "2025-03");
    let refused = rollup(&asked, code("371400")).unwrap_err();
    assert_eq!(refused.reason, Reason::ForeignRegion);
    assert_eq!(rollup(&asked, code("371524S1")).unwrap().len(), 1);
}

#[test]
fn completeness_counts_units_and_misses_nobody() {
    let mut node = city();
    node.push(vec![report("371524S1", 3), report("371525", 5)]);
    let scope = of("count");
    let rows = completeness(&question(&node, &scope, "2025-03"), code("371500")).unwrap();
    let shown: Vec<(String, u64, u64)> = rows
        .iter()
        .map(|row| (row.region.to_string(), row.reported, row.expected))
        .collect();
    let row = |region: &str, reported, expected| (region.to_owned(), reported, expected);
    assert_eq!(
        shown,
        [
            row("371500", 2, 3),
            row("371524", 1, 2),
            row("371525", 1, 1)
        ]
    );
}

#[test]
fn counties_are_ranked_by_their_lights() {
    let mut node = city();
    node.push(vec![share("371524S1", 10, 100), share("371525", 90, 100)]);
    let scope = issue(
        &mut node,
        plan_text("half", vec![due("ratio", "50%", "2024")]),
    );
    let ranked = rank_children(&question(&node, &scope, "2025-03"), code("371500")).unwrap();
    let places: Vec<(u32, String, u32)> = ranked
        .iter()
        .map(|one| (one.place, one.region.to_string(), one.score.green))
        .collect();
    assert_eq!(
        places,
        [(1, "371525".to_owned(), 1), (2, "371524".to_owned(), 0)]
    );
}
