use std::collections::BTreeMap;

use super::{Fate, Month, Sent, Tally, Versions, judge};

fn sent(rows: &[(&str, i64)], fate: Fate) -> Sent {
    let rows = rows
        .iter()
        .map(|&(school, number)| (school.to_owned(), number));
    Sent {
        id: "batch".to_owned(),
        period: "2025-03".to_owned(),
        rows: rows.collect(),
        fate,
    }
}

fn shown(cells: &[(&str, &[i64])]) -> BTreeMap<String, Versions> {
    let cell = |&(school, numbers): &(&str, &[i64])| {
        let newest = numbers.iter().max().copied();
        let versions = numbers.iter().map(|&one| (one, Some(one) == newest));
        (school.to_owned(), versions.collect())
    };
    cells.iter().map(cell).collect()
}

fn judged(batches: &[Sent], cells: &[(&str, &[i64])]) -> (Tally, Month, Vec<Fate>) {
    let mut batches = batches.to_vec();
    let mut tally = Tally::default();
    let month = judge(&mut batches, &shown(cells), &mut tally);
    (tally, month, batches.iter().map(|one| one.fate).collect())
}

#[test]
fn what_was_acknowledged_is_there_once() {
    let batch = [sent(&[("a", 1), ("b", 2)], Fate::Acknowledged)];
    let (tally, month, _) = judged(&batch, &[("a", &[1]), ("b", &[2])]);
    assert!(tally.is_clean());
    assert_eq!(month, Month { sum: 3, schools: 2 });
    let (tally, ..) = judged(&batch, &[("a", &[1]), ("b", &[])]);
    assert_eq!(tally.lost, 1);
    let mut twice = shown(&[("a", &[1]), ("b", &[2])]);
    twice.insert("a".to_owned(), vec![(1, true), (1, false)]);
    let mut tally = Tally::default();
    judge(&mut batch.clone(), &twice, &mut tally);
    assert_eq!(tally.doubled, 1);
}

#[test]
fn a_batch_without_an_answer_is_there_whole_or_not_at_all() {
    let batch = [sent(&[("a", 1), ("b", 2)], Fate::Unsure)];
    let (tally, _, fates) = judged(&batch, &[("a", &[1]), ("b", &[2])]);
    assert!(tally.is_clean() && fates == [Fate::Acknowledged]);
    let (tally, _, fates) = judged(&batch, &[("a", &[]), ("b", &[])]);
    assert!(tally.is_clean() && fates == [Fate::Refused]);
    let (tally, ..) = judged(&batch, &[("a", &[1]), ("b", &[])]);
    assert_eq!(tally.torn, 1);
}

#[test]
fn what_nobody_pushed_and_what_was_refused_is_not_there() {
    let refused = [sent(&[("a", 1)], Fate::Refused)];
    let (tally, ..) = judged(&refused, &[("a", &[1])]);
    assert!(!tally.is_clean());
    let (tally, ..) = judged(&[], &[("a", &[9])]);
    assert_eq!(tally.strange, 1);
}

#[test]
fn the_newest_figure_is_the_one_that_counts() {
    let batches = [
        sent(&[("a", 1)], Fate::Acknowledged),
        sent(&[("a", 5)], Fate::Acknowledged),
    ];
    let (tally, month, _) = judged(&batches, &[("a", &[5, 1])]);
    assert!(tally.is_clean() && month.sum == 5);
    let mut old = shown(&[("a", &[5, 1])]);
    old.insert("a".to_owned(), vec![(5, false), (1, true)]);
    let mut tally = Tally::default();
    judge(&mut batches.to_vec(), &old, &mut tally);
    assert_eq!(tally.strange, 1);
}
