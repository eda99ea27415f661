//! Every acknowledged figure counts, once, at its county and in every ancestor; what is kept is
//! what a recount finds.

use std::collections::{BTreeMap, BTreeSet};

use liandong_wire::admin::v1::{VerifyNodeRequest, VerifyPart, VerifyResult};
use liandong_wire::progress::v1::{ListHistoryRequest, ReportVersion};
use liandong_wire::rollup::v1::{DrillRollupRequest, Sums};

use super::all;
use crate::ledger::Key;
use crate::line::{Line, Said};
use crate::places::{INDICATORS, PERIODS, PLACES, Place, county_of, is_within};
use crate::shared::Shared;

/// What a figure is, as its county says: the part above and the part below the line.
type Figures = BTreeMap<Key, (i64, i64)>;

/// What does not hold, and which version of each figure counts, by its place in the ledger. `lost` are
/// cells that are counted above and gone at their county.
pub(super) async fn look(
    shared: &Shared,
    lines: &[Line],
    lost: &BTreeSet<String>,
) -> (Vec<String>, BTreeMap<Key, usize>) {
    let mut broken = recount(lines).await;
    let figures = counted(shared, lines, &mut broken).await;
    levels(lines, &figures, lost, &mut broken).await;
    let ledger = shared.ledger.borrow();
    let counts = figures.iter().filter_map(|(key, (numerator, _))| {
        let mut versions = ledger.books.get(key)?.versions.iter();
        let place = versions.position(|version| version.numerator == *numerator)?;
        Some((*key, place))
    });
    (broken, counts.collect())
}

/// Every node counts again and finds what it keeps.
async fn recount(lines: &[Line]) -> Vec<String> {
    let asked = lines.iter().map(|line| {
        let mut client = line.admin();
        let parts = [VerifyPart::Journal, VerifyPart::State, VerifyPart::Cells];
        let request = VerifyNodeRequest {
            parts: parts.map(i32::from).into(),
        };
        async move { client.verify_node(request).await }
    });
    let answers = all(asked.collect()).await;
    let mut broken = Vec::new();
    for (place, said) in PLACES.iter().zip(answers) {
        match said {
            Said::Answer(found) => {
                for wrong in found.mismatches {
                    broken.push(format!("recount: {} finds {wrong:?}", place.code));
                }
                for part in found.parts {
                    if part.result() != VerifyResult::Fits {
                        let what = part.part();
                        broken.push(format!("recount: {} {what:?}: {}", place.code, part.first));
                    }
                }
            }
            Said::Refused(status) => {
                let why = status.message();
                broken.push(format!("recount: {} refuses: {why}", place.code));
            }
            Said::Nothing(why) => broken.push(format!("recount: {}: {why}", place.code)),
        }
    }
    broken
}

/// The version of each figure that counts at its county, which must be one that may.
async fn counted(shared: &Shared, lines: &[Line], broken: &mut Vec<String>) -> Figures {
    let keys: Vec<Key> = shared.ledger.borrow().books.keys().copied().collect();
    let mut asked = Vec::new();
    for key in &keys {
        let county = county_of(key.source);
        let place = PLACES.iter().position(|place| place.code == county);
        let Some(line) = place.and_then(|place| lines.get(place)) else {
            continue;
        };
        let mut client = line.progress();
        let request = ListHistoryRequest {
            source: key.source.to_owned(),
            indicator: key.indicator.to_owned(),
            period: key.period.to_owned(),
            ..ListHistoryRequest::default()
        };
        asked.push(async move { client.list_history(request).await });
    }
    let answers = all(asked).await;
    let ledger = shared.ledger.borrow();
    let mut figures = Figures::new();
    for (key, said) in keys.iter().zip(answers) {
        let versions = match said {
            Said::Answer(history) => history.versions,
            Said::Refused(status) => {
                let why = status.message();
                broken.push(format!("figure: {key:?} is refused: {why}"));
                continue;
            }
            Said::Nothing(why) => {
                broken.push(format!("figure: {key:?}: {why}"));
                continue;
            }
        };
        let counting: Vec<&ReportVersion> = versions
            .iter()
            .filter(|version| version.counts_now)
            .collect();
        if counting.len() > 1 {
            broken.push(format!("once: {key:?} has {} that count", counting.len()));
        }
        let mut seen = BTreeSet::new();
        for version in &versions {
            let name = (version.batch.clone(), version.row, version.id.clone());
            if !seen.insert(name) {
                let id = &version.batch;
                broken.push(format!("once: {key:?} was taken twice from {id}"));
            }
        }
        let value = counting.first();
        let value = value.map(|version| (version.numerator, version.denominator.unwrap_or(0)));
        let went_back = ledger.went_back.contains_key(county_of(key.source));
        let forgets = ledger.forgetful.contains(county_of(key.source));
        let book = ledger.books.get(key);
        let may = book.map(|book| book.may_count(went_back, forgets));
        let may = may.unwrap_or_default();
        if !may.contains(&value) {
            broken.push(format!(
                "acknowledged: {key:?} is {value:?}, may be {may:?}"
            ));
        }
        if let Some(value) = value {
            figures.insert(*key, value);
        }
    }
    figures
}

/// One cell, as a drill asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    region: &'static str,
    indicator: &'static str,
    period: &'static str,
}

/// Every node shows every region at or below it as the figures add up, and as every other node
/// shows it.
async fn levels(
    lines: &[Line],
    figures: &Figures,
    lost: &BTreeSet<String>,
    broken: &mut Vec<String>,
) {
    let mut asked = Vec::new();
    let mut questions = Vec::new();
    for (place, line) in PLACES.iter().zip(lines) {
        for region in shown(place) {
            for indicator in INDICATORS {
                for period in PERIODS {
                    if lost.contains(&format!("{indicator}/{period}")) {
                        continue;
                    }
                    let cell = Cell {
                        region,
                        indicator,
                        period,
                    };
                    let mut client = line.rollup();
                    let request = DrillRollupRequest {
                        region: region.to_owned(),
                        indicator: indicator.to_owned(),
                        period: period.to_owned(),
                        live: false,
                    };
                    questions.push((place.code, cell));
                    asked.push(async move { client.drill_rollup(request).await });
                }
            }
        }
    }
    let answers = all(asked).await;
    let mut shown: BTreeMap<Cell, (Sums, &str)> = BTreeMap::new();
    for ((node, cell), said) in questions.into_iter().zip(answers) {
        let drill = match said {
            Said::Answer(answer) => answer.drill.unwrap_or_default(),
            Said::Refused(status) => {
                let why = status.message();
                broken.push(format!("level: {node} refuses {cell:?}: {why}"));
                continue;
            }
            Said::Nothing(why) => {
                broken.push(format!("level: {node}, {cell:?}: {why}"));
                continue;
            }
        };
        let mut seen = vec![(cell, drill.total.unwrap_or_default())];
        for row in drill.rows {
            let below = PLACES.iter().find(|place| place.code == row.region);
            if let Some(below) = below {
                let region = below.code;
                seen.push((Cell { region, ..cell }, row.sums.unwrap_or_default()));
            }
        }
        for (cell, sums) in seen {
            compare(node, cell, sums, figures, &mut shown, broken);
        }
    }
}

fn compare(
    node: &'static str,
    cell: Cell,
    sums: Sums,
    figures: &Figures,
    shown: &mut BTreeMap<Cell, (Sums, &'static str)>,
    broken: &mut Vec<String>,
) {
    let mut wanted = (0i64, 0i64);
    for (key, (numerator, denominator)) in figures {
        let same = key.indicator == cell.indicator && key.period == cell.period;
        if same && is_within(key.source, cell.region) {
            wanted = (wanted.0 + numerator, wanted.1 + denominator);
        }
    }
    if (sums.numerator, sums.denominator) != wanted {
        broken.push(format!(
            "rollup: {node} shows {cell:?} as {}/{}, the figures add up to {}/{}",
            sums.numerator, sums.denominator, wanted.0, wanted.1
        ));
    }
    if let Some((other, by)) = shown.get(&cell) {
        if *other != sums {
            broken.push(format!(
                "level: {node} shows {cell:?} as {sums:?}, {by} as {other:?}"
            ));
        }
    } else {
        shown.insert(cell, (sums, node));
    }
}

/// The regions that a node is asked to take apart: itself and what has something below it.
fn shown(place: &'static Place) -> Vec<&'static str> {
    let below = PLACES
        .iter()
        .filter(|other| other.code != place.code && is_within(other.code, place.code));
    let inner = below.filter(|other| other.children().next().is_some());
    std::iter::once(place.code)
        .chain(inner.map(|other| other.code))
        .collect()
}
