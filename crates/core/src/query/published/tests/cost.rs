//! How long the state is held for what is published.

use std::time::{Duration, Instant};

use super::{Published, question};
use crate::indicator::{IndicatorCode, IndicatorKind};
use crate::query::{Scope, drill};
use crate::testing::{Node, bureau, code, report, school};

const INDICATORS: usize = 200;

/// A city of eight counties of two hundred schools, each of which reports the figures of all
/// indicators that `figure` gives for its number.
fn large(figure: fn(usize) -> i64) -> (Node, Vec<IndicatorCode>) {
    let counties: Vec<String> = (21..29).map(|county| format!("3715{county}")).collect();
    let mut regions = vec![bureau("371500", None)];
    for county in &counties {
        regions.push(bureau(county, Some("371500")));
        regions.extend((0..200).map(|number| school(&format!("{county}S{number}"), county)));
    }
    let mut node = Node::new(&regions);
    let mut codes = Vec::with_capacity(INDICATORS);
    for number in 0..INDICATORS {
        let mut known =
            crate::testing::indicator(&format!("people-{number}"), IndicatorKind::Count);
        known.unit = "人".to_owned();
        codes.push(known.code);
        node.catalogue.indicators.insert(known.code, known);
    }
    for county in &counties {
        for school in 0..200 {
            let rows = codes.iter().map(|code| {
                let mut one = report(&format!("{county}S{school}"), figure(school));
                one.indicator = *code;
                one
            });
            node.push(rows.collect());
        }
    }
    (node, codes)
}

/// The shortest of five times that one comparison takes.
fn held(node: &Node, codes: &[IndicatorCode], exact: bool) -> Duration {
    let once = || {
        let began = Instant::now();
        for known in codes {
            let scope = Scope::Indicator(*known);
            let question = question(node, &scope);
            let drilled = drill(&question, code("371500")).unwrap();
            if !exact {
                Published::new(&question).hidden(code("371500"), drilled.indicator);
            }
        }
        began.elapsed()
    };
    (0..5).map(|_| once()).min().unwrap()
}

#[test]
#[ignore = "measures: cargo test -p liandong-core --release --lib published -- --ignored --nocapture"]
fn what_a_comparison_costs_a_viewer() {
    let kinds: [(&str, fn(usize) -> i64); 3] = [
        ("schools of ten", |_| 10),
        ("schools of none to four", |school| {
            i64::try_from(school % 5).unwrap_or(0)
        }),
        ("one school of one, the rest of five", |school| {
            if school == 0 { 1 } else { 5 }
        }),
    ];
    for (name, figure) in kinds {
        let (node, codes) = large(figure);
        let exact = held(&node, &codes, true);
        let published = held(&node, &codes, false);
        println!("{name}: {exact:?} exact, {published:?} published");
    }
}
