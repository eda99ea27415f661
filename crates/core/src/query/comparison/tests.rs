//! Side by side stands what is seen when each cell is taken apart by itself.

use super::{ComparedCell, Comparing};
use crate::indicator::IndicatorCode;
use crate::query::{Published, Question, Scope, drill};
use crate::refusal::Reason;
use crate::region::{RegionCode, RegionKind};
use crate::report::Report;
use crate::rollup::LightPolicy;
use crate::testing::{Node, bureau, code, report, school};

const PERIOD: &str = "2025-03";

/// A city with two counties, one with three schools and one with none, that counts pupils (few of
/// them) and shares, and knows a third county from the catalogue alone.
fn city() -> Node {
    let mut node = Node::new(&[
        bureau("371500", None),
        bureau("371524", Some("371500")),
        bureau("371525", Some("371500")),
        school("371524S1", "371524"),
        school("371524S2", "371524"),
        school("371524S3", "371524"),
    ]);
    node.catalogue
        .regions
        .insert(bureau("371526", Some("371500")))
        .unwrap();
    let pupils = node.catalogue.indicators.get_mut(&indicator("count"));
    pupils.unwrap().unit = "人".to_owned();
    let share = node.catalogue.indicators.get_mut(&indicator("ratio"));
    share.unwrap().reported_by = vec![RegionKind::Bureau];
    let share = |source: &str, part: i64| Report {
        indicator: indicator("ratio"),
        denominator: Some(100),
        ..report(source, part)
    };
    node.push(vec![
        report("371524S1", 3),
        report("371524S2", 20),
        report("371525", 2),
        share("371524S2", 40),
        share("371525", 7),
    ]);
    node
}

fn indicator(code: &str) -> IndicatorCode {
    code.parse().unwrap()
}

fn comparing(node: &Node, exact: bool) -> Comparing<'_> {
    Comparing {
        state: &node.state,
        catalogue: &node.catalogue,
        period: PERIOD.parse().unwrap(),
        policy: LightPolicy::default(),
        exact,
    }
}

/// A region's cell of one indicator, by all the other ways there are.
fn taken_apart(
    node: &Node,
    exact: bool,
    top: &str,
    asked: IndicatorCode,
) -> (ComparedCell, Vec<(RegionCode, ComparedCell)>) {
    let scope = Scope::Indicator(asked);
    let question = Question {
        state: &node.state,
        catalogue: &node.catalogue,
        scope: &scope,
        period: PERIOD.parse().unwrap(),
        policy: LightPolicy::default(),
    };
    let drilled = drill(&question, code(top)).unwrap();
    let published = Published::new(&question).hidden(code(top), drilled.indicator);
    let reported_by = &drilled.indicator.reported_by;
    let total = ComparedCell {
        sums: drilled.total,
        expected: node.state.roster(code(top)).expected(reported_by),
        hidden: !exact && published.total,
    };
    let rows = drilled.rows.iter().map(|row| {
        let cell = ComparedCell {
            sums: row.sums,
            expected: row.expected,
            hidden: !exact && published.rows.contains(&row.region),
        };
        (row.region, cell)
    });
    (total, rows.collect())
}

#[test]
fn side_by_side_stands_what_taking_apart_shows() {
    let node = city();
    let asked = ["count", "ratio", "built", "count"].map(indicator);
    let mut hidden = 0;
    for top in ["371500", "371524", "371525"] {
        for exact in [true, false] {
            let compared = comparing(&node, exact).compare(code(top), &asked).unwrap();
            assert_eq!(compared.total.region, code(top));
            for (place, indicator) in asked.into_iter().enumerate() {
                let (total, rows) = taken_apart(&node, exact, top, indicator);
                assert_eq!(compared.total.cells[place], total, "{top} {indicator}");
                let shown = compared.rows.iter();
                let shown: Vec<_> = shown.map(|row| (row.region, row.cells[place])).collect();
                assert_eq!(shown, rows, "{top} {indicator}");
                hidden += rows.iter().filter(|(_, cell)| cell.hidden).count();
            }
        }
    }
    assert!(hidden > 0);
}

#[test]
fn those_who_have_not_joined_stand_beside_the_others() {
    let node = city();
    let asked = [indicator("count")];
    let compared = comparing(&node, true).compare(code("371500"), &asked);
    let compared = compared.unwrap();
    let rows = compared.rows.iter();
    let shown: Vec<_> = rows
        .map(|row| (row.region, row.joined, row.cells[0].sums.numerator))
        .collect();
    let row = |region: &str, joined, figure| (code(region), joined, figure);
    assert_eq!(
        shown,
        [
            row("371524", true, 23),
            row("371525", true, 2),
            row("371526", false, 0)
        ]
    );
    assert_eq!(compared.rows[0].cells[0].expected, 3);
    assert_eq!(
        compared.total.name,
        node.state
            .region(&node.catalogue, code("371500"))
            .unwrap()
            .name
    );
}

#[test]
fn what_cannot_be_compared_is_refused_with_its_place() {
    let node = city();
    let refused = |region: &str, indicators: &[&str]| {
        let indicators: Vec<_> = indicators.iter().copied().map(indicator).collect();
        let refused = comparing(&node, true).compare(code(region), &indicators);
        let refusal = refused.unwrap_err();
        (refusal.reason, refusal.field)
    };
    let at = |reason, field: &str| (reason, field.to_owned());
    assert_eq!(
        refused("371500", &["count", "unheard-of"]),
        at(Reason::UnknownIndicator, "indicators[1]")
    );
    assert_eq!(
        refused("371500", &["count", "ratio", "gap"]),
        at(Reason::DerivedIndicator, "indicators[2]")
    );
    assert_eq!(
        refused("999999", &["count"]),
        at(Reason::UnknownRegion, "region")
    );
    let of_a_quarter = Comparing {
        period: "2025-Q1".parse().unwrap(),
        ..comparing(&node, true)
    };
    let refused = of_a_quarter.compare(code("371500"), &[indicator("count")]);
    assert_eq!(refused.unwrap_err().reason, Reason::WrongPeriodKind);
}
