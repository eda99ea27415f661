//! Sending rows, and taking the answers into the ledger.

use liandong_wire::progress::v1::{Outcome, PushReportsRequest, PushReportsResponse};

use super::{County, Push};
use crate::clients::{gave_up, pause};
use crate::ledger::Version;
use crate::line::{Line, Said, ask};
use crate::trace;

impl County<'_> {
    /// A push that was acknowledged. After the node's data went back, only the newest versions and
    /// those with numbers may be sent again without becoming the newest.
    pub(super) fn replayable(&mut self) -> Option<Push> {
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
    pub(super) async fn twice(&mut self, push: &Push) {
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
                    self.heed(push, &answer, None);
                }
                Said::Refused(_) | Said::Nothing(_) => self.line.renew(),
            }
        }
    }

    /// Sends until it is answered, so many times at most.
    pub(super) async fn deliver(&mut self, push: &Push, patience: usize) {
        if push.rows.is_empty() {
            return;
        }
        let mut asked = 0;
        while asked < patience {
            asked += 1;
            let mut client = self.line.progress();
            let life = self.shared.lives_of(self.place.code);
            match ask(client.push_reports(request(push))).await {
                Said::Answer(answer) => {
                    let id = &push.batch.id;
                    trace::say(&format!("{id} is answered at {}", self.place.code));
                    let is_same = self.shared.lives_of(self.place.code) == life;
                    if self.heed(push, &answer, is_same.then_some(life)) {
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

    /// Takes an answer into the ledger, with the life of the node that gave it where that is sure;
    /// whether every row was taken.
    fn heed(&self, push: &Push, answer: &PushReportsResponse, life: Option<u32>) -> bool {
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
                version.acknowledged_in = life.or(version.acknowledged_in);
            }
        }
        all
    }

    fn forgets(&self) -> bool {
        let ledger = self.shared.ledger.borrow();
        ledger.forgetful.contains(self.place.code)
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
    pub(super) async fn after_going_back(&mut self) {
        let lives = self.shared.lives_of(self.place.code);
        if lives == self.lives {
            return;
        }
        self.lives = lives;
        if self.forgets() {
            self.shared.count("client-forgets");
            return;
        }
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
