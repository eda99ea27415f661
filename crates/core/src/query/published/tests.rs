//! What is hidden in tables that lie in each other, and from whoever asks for all of them.

use super::{Published, counts_people};
use crate::indicator::{Indicator, IndicatorKind};
use crate::query::{Question, Scope, drill};
use crate::rollup::LightPolicy;
use crate::testing::{Node, bureau, code, report, school};

/// A city with two counties, each with three schools.
fn city(figures: [[i64; 3]; 2]) -> Node {
    let mut regions = vec![
        bureau("371500", None),
        bureau("371524", Some("371500")),
        bureau("371525", Some("371500")),
    ];
    for county in ["371524", "371525"] {
        for number in 1..=3 {
            regions.push(school(&format!("{county}S{number}"), county));
        }
    }
    let mut node = Node::new(&regions);
    let pupils = report("371524S1", 0).indicator;
    let known = node.catalogue.indicators.get_mut(&pupils).unwrap();
    known.unit = "人".to_owned();
    for (county, figures) in ["371524", "371525"].into_iter().zip(figures) {
        for (number, figure) in (1..).zip(figures) {
            node.push(vec![report(&format!("{county}S{number}"), figure)]);
        }
    }
    node
}

fn question<'a>(node: &'a Node, scope: &'a Scope) -> Question<'a> {
    Question {
        state: &node.state,
        catalogue: &node.catalogue,
        scope,
        period: report("371524S1", 0).period,
        policy: LightPolicy::default(),
    }
}

/// Every figure as a reader sees it who asks for each region's table: `*` where it is hidden.
fn seen(node: &Node) -> Vec<(String, String)> {
    let scope = Scope::Indicator(report("371524S1", 0).indicator);
    let question = question(node, &scope);
    let published = Published::new(&question);
    let mut seen = Vec::new();
    for region in ["371500", "371524", "371525"] {
        let drilled = drill(&question, code(region)).unwrap();
        let hidden = published.hidden(code(region), drilled.indicator);
        let word = |hidden: bool, figure: i64| {
            if hidden {
                "*".to_owned()
            } else {
                figure.to_string()
            }
        };
        let mut line = Vec::new();
        for row in &drilled.rows {
            let is_hidden = hidden.rows.contains(&row.region);
            line.push(word(is_hidden, row.sums.numerator));
            // The same figure is hidden wherever it stands.
            let own = published.hidden(row.region, drilled.indicator);
            assert_eq!(is_hidden, own.total, "{region} {}", row.region);
        }
        line.push(format!("= {}", word(hidden.total, drilled.total.numerator)));
        seen.push((region.to_owned(), line.join(" ")));
    }
    seen
}

fn lines(figures: [[i64; 3]; 2]) -> [String; 3] {
    let seen = seen(&city(figures));
    let mut lines = seen.into_iter().map(|(_, line)| line);
    std::array::from_fn(|_| lines.next().unwrap())
}

#[test]
fn what_one_table_hides_no_other_gives_away() {
    // Nobody is few.
    let found = lines([[10, 20, 30], [40, 50, 60]]);
    assert_eq!(found, ["60 150 = 210", "10 20 30 = 60", "40 50 60 = 150"]);
    // One school is, and another is hidden with it; the county's sum gives neither away.
    let found = lines([[10, 3, 30], [40, 50, 60]]);
    assert_eq!(found, ["43 150 = 193", "10 * * = 43", "40 50 60 = 150"]);
    // A county is, so its neighbour is hidden with it, and then a school of the neighbour, whose
    // schools would add up to it.
    let found = lines([[0, 3, 0], [40, 50, 60]]);
    assert_eq!(found, ["* * = 153", "0 * 0 = *", "* 50 60 = *"]);
    // Schools of one each tell their sum and are told by it.
    let found = lines([[1, 1, 1], [40, 50, 60]]);
    assert_eq!(found, ["* * = 153", "* * * = *", "* 50 60 = *"]);
}

/// The indicators, as they are shown to a viewer of the city: hidden or not.
fn hidden(node: &Node, indicators: &[&str]) -> Vec<bool> {
    let is_hidden = |known: &&str| {
        let scope = Scope::Indicator(known.parse().unwrap());
        let question = question(node, &scope);
        let rows = Published::new(&question).rollup(code("371500")).unwrap();
        assert_eq!(rows.len(), 1);
        assert!(!rows[0].hidden || rows[0].sums.numerator == 0);
        rows[0].hidden
    };
    indicators.iter().map(is_hidden).collect()
}

fn computed(name: &str, kind: IndicatorKind, of: [&str; 2]) -> Indicator {
    let mut indicator = crate::testing::indicator(name, kind);
    indicator.of = Some(of.map(|part| part.parse().unwrap()));
    indicator
}

#[test]
fn what_is_computed_from_computed_figures_is_not_followed() {
    let mut node = city([[10, 20, 30], [40, 50, 60]]);
    let kind = IndicatorKind::RatioOfRatios;
    for looped in [
        computed("itself", kind, ["itself", "itself"]),
        computed("there", kind, ["count", "back"]),
        computed("back", kind, ["there", "count"]),
        computed("plain", kind, ["count", "other"]),
        computed("unknown", kind, ["nowhere", "count"]),
    ] {
        node.catalogue.indicators.insert(looped.code, looped);
    }
    let found = hidden(&node, &["itself", "there", "back", "plain", "unknown"]);
    assert_eq!(found, [true, true, true, false, false]);
}

#[test]
fn what_is_computed_of_few_people_is_hidden_whatever_it_calls_itself() {
    let mut node = city([[0, 0, 0], [0, 0, 3]]);
    for indicator in [
        computed("gap", IndicatorKind::RatioOfRatios, ["count", "other"]),
        computed("posing", IndicatorKind::Count, ["count", "other"]),
    ] {
        node.catalogue.indicators.insert(indicator.code, indicator);
    }
    assert_eq!(hidden(&node, &["count", "gap", "posing"]), [true; 3]);
}

/// No real tree is as deep as a loop of two that were glued together.
#[test]
fn parts_of_parts_are_followed_only_so_far() {
    for (levels, is_hidden) in [(20, false), (40, true)] {
        let mut regions = vec![bureau("371500", None)];
        let mut above = "371500".to_owned();
        for level in 0..levels {
            let name = format!("level-{level}");
            regions.push(bureau(&name, Some(&above)));
            above = name;
        }
        regions.push(school("unit", &above));
        let mut node = Node::new(&regions);
        let known = node.catalogue.indicators.values_mut();
        known.for_each(|known| known.unit = "人".to_owned());
        node.push(vec![report("unit", 100)]);
        assert_eq!(node.sums("371500").numerator, 100);
        assert_eq!(hidden(&node, &["count"]), [is_hidden], "{levels}");
    }
}

/// A look at some of the parts says of a sum what the whole table says.
#[test]
fn a_table_that_is_not_made_in_full_says_the_same() {
    let (mut told, mut random) = (0, 7_u64);
    for _ in 0..400 {
        let mut figures = [[0; 3]; 2];
        for figure in figures.as_flattened_mut() {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let kinds = [0, 0, 0, 1, 1, 2, 3, 5, 5, 6, 9];
            *figure = kinds[usize::try_from(random >> 33).unwrap() % kinds.len()];
        }
        let node = city(figures);
        let scope = Scope::Indicator("count".parse().unwrap());
        let question = question(&node, &scope);
        let indicator = question.indicator("count".parse().unwrap()).unwrap();
        for region in ["371500", "371524", "371525"] {
            let region = code(region);
            if (1..=4).contains(&question.sums(region, indicator).numerator) {
                continue;
            }
            let published = Published::new(&question);
            let parts = published.parts(region, indicator).collect();
            let whole = published.table(region, parts, indicator, 0).shows_total;
            let looked = Published::new(&question).shows_total(region, indicator, 0);
            assert_eq!(looked, whole, "{figures:?} {region}");
            told += usize::from(!whole);
        }
    }
    assert!(told > 20, "{told}");
}

#[test]
fn a_count_is_of_people_unless_its_unit_or_definition_says_otherwise() {
    for (unit, counted, people) in [
        ("人", "x", true),
        ("人次", "x", true),
        ("户", "x", true),
        ("名", "x", true),
        ("位", "x", true),
        ("万人", "x", true),
        ("persons", "x", true),
        ("所", "x", false),
        ("间", "教师", false),
        ("次", "团体辅导的次数", false),
        ("个", "当年截至期末新提供的学位数(按年重新起算)", false),
        ("个", "截至期末学籍在册的残疾儿童少年数(按年重新起算)", true),
        ("个", "因病缺课的学生（含幼儿）数", true),
        ("", "number of pupils", true),
        ("", "count", false),
    ] {
        let mut count = crate::testing::indicator("c", IndicatorKind::Count);
        count.unit = unit.to_owned();
        count.numerator = counted.to_owned();
        assert_eq!(counts_people(&count), people, "{unit} {counted}");
    }
}

#[test]
fn shares_of_schools_are_no_counts_of_people() {
    let node = city([[1, 1, 1], [1, 1, 1]]);
    let mut ratio = node
        .catalogue
        .indicators
        .values()
        .find(|known| known.kind == IndicatorKind::Ratio)
        .cloned()
        .unwrap();
    for (counted, people) in [
        ("截至期末已建立家长委员会的乡村学校(含幼儿园)数", false),
        ("截至期末建有学科基地的县(市、区)数", false),
        ("截至期末乡镇公办幼儿园在编教师数", true),
        ("截至期末乡镇公办幼儿园在园幼儿数", true),
        ("something else", true),
    ] {
        ratio.numerator = counted.to_owned();
        assert_eq!(counts_people(&ratio), people, "{counted}");
    }
}
