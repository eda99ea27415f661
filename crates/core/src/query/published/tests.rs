//! What is hidden in tables that lie in each other, and from whoever asks for all of them.

use super::{Published, counts_people};
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

/// Every figure as a reader sees it who asks for each region's table: `*` where it is hidden.
fn seen(node: &Node) -> Vec<(String, String)> {
    let scope = Scope::Indicator(report("371524S1", 0).indicator);
    let question = Question {
        state: &node.state,
        catalogue: &node.catalogue,
        scope: &scope,
        period: report("371524S1", 0).period,
        policy: LightPolicy::default(),
    };
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

#[test]
fn shares_of_schools_are_no_counts_of_people() {
    let node = city([[1, 1, 1], [1, 1, 1]]);
    let mut ratio = node
        .catalogue
        .indicators
        .values()
        .find(|known| known.kind == crate::indicator::IndicatorKind::Ratio)
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
