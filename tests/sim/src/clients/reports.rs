//! A county that reports its figures and those of its schools: corrected, sent again after a lost
//! answer, sent twice at once, sent in the wrong order.

mod send;

use std::collections::BTreeSet;

use liandong_wire::progress::v1::{Report, ReportBatch};

use super::pause;
use crate::dice::Dice;
use crate::ledger::{Key, Version};
use crate::line::Line;
use crate::places::{CARE_ROOMS, DROPOUTS, FUNDS, PERIODS, Place};
use crate::schedule::STORM;
use crate::shared::Shared;

/// Rows that are sent together, and where their versions stand in the ledger.
#[derive(Clone)]
struct Push {
    batch: ReportBatch,
    rows: Vec<(Key, usize)>,
}

/// A county's reporting.
struct County<'a> {
    shared: &'a Shared,
    place: &'static Place,
    /// The client's number, for its ids.
    number: usize,
    line: Line,
    dice: Dice,
    keys: Vec<Key>,
    /// Figures whose revisions the client numbers itself.
    numbered: BTreeSet<Key>,
    pushes: Vec<Push>,
    lives: u32,
}

/// Reports until the storm is over, then makes sure of the last.
pub(super) async fn run(shared: &Shared, place: &'static Place, number: usize, dice: Dice) {
    let mut county = County {
        shared,
        place,
        number,
        line: Line::new(place),
        dice,
        keys: Vec::new(),
        numbered: BTreeSet::new(),
        pushes: Vec::new(),
        lives: 0,
    };
    county.choose_keys();
    if county.dice.percent(30) {
        let mut ledger = shared.ledger.borrow_mut();
        ledger.forgetful.insert(place.code);
    }
    let pushes = county.dice.between(5, 12);
    for _ in 0..pushes {
        pause(&mut county.dice, 0, 2 * STORM / (pushes + 1)).await;
        if shared.is_healed() {
            break;
        }
        county.after_going_back().await;
        county.one().await;
    }
    while !shared.is_healed() {
        pause(&mut county.dice, 200, 400).await;
    }
    county.after_going_back().await;
    let last = county.make(1, false);
    county.deliver(&last, usize::MAX).await;
}

impl County<'_> {
    fn choose_keys(&mut self) {
        let mut all = Vec::new();
        for period in PERIODS {
            for source in self.place.schools {
                all.push((*source, DROPOUTS, period));
                all.push((*source, CARE_ROOMS, period));
            }
            all.push((self.place.code, FUNDS, period));
            if self.place.schools.is_empty() {
                all.push((self.place.code, DROPOUTS, period));
                all.push((self.place.code, CARE_ROOMS, period));
            }
        }
        let count = self.dice.between(2, 5);
        for _ in 0..count {
            let Some((source, indicator, period)) = self.dice.pick(&all).copied() else {
                continue;
            };
            let key = Key {
                source,
                indicator,
                period,
            };
            if self.keys.contains(&key) {
                continue;
            }
            self.keys.push(key);
            if self.dice.percent(50) {
                self.numbered.insert(key);
            }
        }
    }

    async fn one(&mut self) {
        match self.dice.below(100) {
            0..60 => {
                let push = self.make(3, false);
                let patience = self.patience();
                self.deliver(&push, patience).await;
            }
            60..72 => {
                self.shared.count("client-replay");
                if let Some(push) = self.replayable() {
                    self.deliver(&push, 2).await;
                }
            }
            72..86 => {
                self.shared.count("client-duplicate");
                let push = self.make(3, false);
                let patience = self.patience();
                self.twice(&push).await;
                self.deliver(&push, patience).await;
            }
            _ => {
                self.shared.count("client-reorder");
                let first = self.make(2, true);
                let second = self.make(2, true);
                self.deliver(&second, 2).await;
                self.deliver(&first, 2).await;
                self.deliver(&second, 3).await;
            }
        }
    }

    /// Most clients ask until they are answered, some give up.
    fn patience(&mut self) -> usize {
        if self.dice.percent(80) {
            usize::MAX
        } else {
            usize::try_from(self.dice.between(1, 3)).unwrap_or(1)
        }
    }

    /// New versions of some figures; they are in the ledger from now on.
    fn make(&mut self, most: u64, numbered_only: bool) -> Push {
        let wanted = self.dice.between(1, most);
        let mut rows = Vec::new();
        let mut reports = Vec::new();
        let mut taken = BTreeSet::new();
        let place = self.pushes.len();
        let id = format!("c{}-{place}", self.number);
        for row in 0..wanted {
            let Some(key) = self.dice.pick(&self.keys).copied() else {
                continue;
            };
            let numbered = self.numbered.contains(&key);
            if numbered_only && !numbered || !taken.insert(key) {
                continue;
            }
            let mut ledger = self.shared.ledger.borrow_mut();
            let book = ledger.books.entry(key).or_default();
            let made = book.versions.len();
            let low = i64::try_from(self.dice.between(1, 1_000)).unwrap_or(1);
            let step = i64::try_from(made).unwrap_or(0) * 1_000;
            let numerator = low + step;
            let version = Version {
                numerator,
                denominator: (key.indicator == CARE_ROOMS).then_some(numerator + 7),
                revision: if numbered {
                    u32::try_from(made + 1).unwrap_or(1)
                } else {
                    0
                },
                acknowledged: false,
                acknowledged_in: None,
                loose: false,
            };
            let own_id = if self.dice.percent(50) {
                format!("{id}-{row}")
            } else {
                String::new()
            };
            reports.push(Report {
                id: own_id,
                source: key.source.to_owned(),
                indicator: key.indicator.to_owned(),
                period: key.period.to_owned(),
                numerator: version.numerator,
                denominator: version.denominator,
                revision: version.revision,
                note: String::new(),
            });
            rows.push((key, made));
            book.versions.push(version);
        }
        let push = Push {
            batch: ReportBatch {
                id,
                by: "sim".to_owned(),
                first_row: 0,
                rows: reports,
                all_or_nothing: false,
            },
            rows,
        };
        self.pushes.push(push.clone());
        push
    }
}
