//! A county that reports its figures and those of its schools: corrected, sent again after a lost
//! answer, sent twice at once, sent in the wrong order.

use std::collections::BTreeSet;

use liandong_wire::progress::v1::{
    Outcome, PushReportsRequest, PushReportsResponse, Report, ReportBatch,
};

use super::{gave_up, pause};
use crate::dice::Dice;
use crate::ledger::{Key, Version};
use crate::line::{Line, Said, ask};
use crate::places::{CARE_ROOMS, DROPOUTS, FUNDS, PERIODS, Place};
use crate::schedule::STORM;
use crate::shared::Shared;
use crate::trace;

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

    /// A push that was acknowledged. After the node's data went back, only the newest versions and
    /// those with numbers may be sent again without becoming the newest.
    fn replayable(&mut self) -> Option<Push> {
        let ledger = self.shared.ledger.borrow();
        let went_back = ledger.went_back.contains_key(self.place.code);
        let fit: Vec<&Push> = self
            .pushes
            .iter()
            .filter(|push| {
                push.rows.iter().all(|(key, place)| {
                    let book = ledger.books.get(key);
                    let version = book.and_then(|book| book.versions.get(*place));
                    version.is_some_and(|version| {
                        version.acknowledged && (version.revision > 0 || !went_back)
                    })
                })
            })
            .collect();
        self.dice.pick(&fit).map(|push| (*push).clone())
    }

    /// Two copies on two connections at the same time; nobody listens to the answers.
    async fn twice(&mut self, push: &Push) {
        self.note(push, |version| version.loose = true);
        let other = Line::new(self.place);
        let (mut first, mut second) = (self.line.progress(), other.progress());
        let both = (
            ask(first.push_reports(request(push))),
            ask(second.push_reports(request(push))),
        );
        let (first, second) = tokio::join!(both.0, both.1);
        for said in [first, second] {
            match said {
                Said::Answer(answer) => {
                    self.heed(push, &answer);
                }
                Said::Refused(_) | Said::Nothing(_) => self.line.renew(),
            }
        }
    }

    /// Sends until it is answered, so many times at most.
    async fn deliver(&mut self, push: &Push, patience: usize) {
        if push.rows.is_empty() {
            return;
        }
        let mut asked = 0;
        while asked < patience {
            asked += 1;
            let mut client = self.line.progress();
            match ask(client.push_reports(request(push))).await {
                Said::Answer(answer) => {
                    let id = &push.batch.id;
                    trace::say(&format!("{id} is answered at {}", self.place.code));
                    if self.heed(push, &answer) {
                        return;
                    }
                }
                Said::Refused(status) => {
                    let said = status.message();
                    self.shared
                        .broke(format!("refused: {} said {said}", self.place.code));
                    return;
                }
                Said::Nothing(_) => {
                    self.shared.count("client-retry");
                    self.note(push, |version| version.loose = true);
                    self.line.renew();
                }
            }
            if gave_up(self.shared, &push.batch.id) {
                return;
            }
            pause(&mut self.dice, 100, 900).await;
        }
    }

    /// Takes an answer into the ledger; whether every row was taken.
    fn heed(&self, push: &Push, answer: &PushReportsResponse) -> bool {
        let mut all = true;
        for (outcome, (key, place)) in answer.outcomes.iter().zip(&push.rows) {
            if outcome.outcome() == Outcome::Refused {
                let refusal = outcome.refusal.as_ref();
                let reason = refusal.map(|refusal| refusal.reason.clone());
                let reason = reason.unwrap_or_default();
                all = false;
                let passes = ["NO_SPACE", "OVERLOADED", "STOPPING"].contains(&reason.as_str());
                if !passes {
                    let said = format!("refused: {key:?} with {reason}");
                    self.shared.broke(said);
                }
                continue;
            }
            let mut ledger = self.shared.ledger.borrow_mut();
            let book = ledger.books.entry(*key).or_default();
            if let Some(version) = book.versions.get_mut(*place) {
                version.acknowledged = true;
            }
        }
        all
    }

    fn note(&self, push: &Push, change: impl Fn(&mut Version)) {
        let mut ledger = self.shared.ledger.borrow_mut();
        for (key, place) in &push.rows {
            let book = ledger.books.entry(*key).or_default();
            if let Some(version) = book.versions.get_mut(*place) {
                change(version);
            }
        }
    }

    /// The node lost its data, or some of it: what was sent to it last is sent again.
    async fn after_going_back(&mut self) {
        let lives = self.shared.lives_of(self.place.code);
        if lives == self.lives {
            return;
        }
        self.lives = lives;
        self.shared.count("client-sends-all-again");
        let mut newest = Vec::new();
        {
            let ledger = self.shared.ledger.borrow();
            for key in &self.keys {
                let book = ledger.books.get(key);
                let place = book.and_then(|book| {
                    book.versions
                        .iter()
                        .rposition(|version| version.acknowledged)
                });
                newest.extend(place.map(|place| (*key, place)));
            }
        }
        // Each figure by itself, with the ids it was sent with.
        for wanted in newest {
            let sent = self.pushes.iter().find(|push| push.rows.contains(&wanted));
            let Some(sent) = sent.cloned() else { continue };
            let Some(row) = sent.rows.iter().position(|row| *row == wanted) else {
                continue;
            };
            let mut alone = sent;
            let first_row = u32::try_from(row + 1).unwrap_or(1);
            alone.batch.first_row = first_row;
            alone.batch.rows = alone.batch.rows.get(row).cloned().into_iter().collect();
            alone.rows = vec![wanted];
            self.deliver(&alone, usize::MAX).await;
        }
    }
}

fn request(push: &Push) -> PushReportsRequest {
    PushReportsRequest {
        batch: Some(push.batch.clone()),
        all_outcomes: true,
    }
}
