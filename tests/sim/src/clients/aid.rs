//! The two sides of a pairing: a project, payments and receipts, corrected now and then.
//!
//! Each round looks at what its node holds and does the next thing that is missing, as a person
//! would who finds the books of last week gone.

use liandong_wire::collaboration::v1::{
    AidFact, ConsentProjectRequest, Disbursement, GetProjectRequest, GetProjectResponse,
    ListPairingsRequest, PairingKind, ProposePairingRequest, ProposeProjectRequest, Receipt,
    RecordEntryRequest, SignPairingRequest, aid_fact,
};
use liandong_wire::task::v1::Author;

use super::round;
use crate::dice::Dice;
use crate::ledger::Amount;
use crate::line::{Line, Said, ask};
use crate::places::{DONOR, Place, RECIPIENT};
use crate::shared::Shared;
use crate::trace;

/// The project.
pub(crate) const PROJECT: &str = "p-1";

/// Rounds that are made after everything works again.
const LAST_ROUNDS: u32 = 3;

/// One side.
struct Side<'a> {
    shared: &'a Shared,
    place: &'static Place,
    line: Line,
    dice: Dice,
    payments: u32,
}

/// The side that gives.
pub(super) async fn give(shared: &Shared, place: &'static Place, dice: Dice) {
    let mut side = Side::new(shared, place, dice);
    let mut last_rounds = LAST_ROUNDS;
    while last_rounds > 0 {
        last_rounds -= round(shared, &mut side.dice).await;
        match side.project().await {
            Some(project) if is_agreed(&project) => side.pay().await,
            Some(_) => {}
            None => {
                side.propose_pairing().await;
                side.propose_project().await;
            }
        }
    }
}

/// The side that receives.
pub(super) async fn receive(shared: &Shared, place: &'static Place, dice: Dice) {
    let mut side = Side::new(shared, place, dice);
    let mut last_rounds = LAST_ROUNDS;
    while last_rounds > 0 {
        last_rounds -= round(shared, &mut side.dice).await;
        match side.project().await {
            Some(project) if is_agreed(&project) => side.receive(&project).await,
            Some(_) => {
                side.sign().await;
                side.consent().await;
            }
            None => side.sign().await,
        }
    }
}

fn is_agreed(project: &GetProjectResponse) -> bool {
    let state = project
        .overview
        .as_ref()
        .and_then(|overview| overview.state.as_ref());
    state.is_some_and(|state| state.agreed)
}

impl<'a> Side<'a> {
    fn new(shared: &'a Shared, place: &'static Place, dice: Dice) -> Self {
        Self {
            shared,
            place,
            line: Line::new(place),
            dice,
            payments: 0,
        }
    }

    async fn project(&mut self) -> Option<GetProjectResponse> {
        let request = GetProjectRequest {
            proposer: DONOR.to_owned(),
            project: PROJECT.to_owned(),
        };
        let said = ask(self.line.aid().get_project(request)).await;
        self.heed(said)
    }

    async fn propose_pairing(&mut self) {
        let request = ProposePairingRequest {
            region: DONOR.to_owned(),
            partner: RECIPIENT.to_owned(),
            kind: PairingKind::AcrossProvinces.into(),
            terms: "渝鲁协作".to_owned(),
            from: "2023-01-01".to_owned(),
            until: String::new(),
            author: author(),
        };
        let said = ask(self.line.aid().propose_pairing(request)).await;
        self.heed(said);
    }

    async fn propose_project(&mut self) {
        let request = ProposeProjectRequest {
            region: DONOR.to_owned(),
            id: PROJECT.to_owned(),
            partner: RECIPIENT.to_owned(),
            donor: DONOR.to_owned(),
            name: "智慧教室".to_owned(),
            content: String::new(),
            fund_fen: 1_000_000,
            milestones: Vec::new(),
            author: author(),
        };
        let said = ask(self.line.aid().propose_project(request)).await;
        self.heed(said);
    }

    async fn sign(&mut self) {
        let listed = ask(self
            .line
            .aid()
            .list_pairings(ListPairingsRequest::default()))
        .await;
        let Some(listed) = self.heed(listed) else {
            return;
        };
        if listed.pairings.is_empty() {
            return;
        }
        let request = SignPairingRequest {
            region: RECIPIENT.to_owned(),
            partner: DONOR.to_owned(),
            author: author(),
        };
        let said = ask(self.line.aid().sign_pairing(request)).await;
        self.heed(said);
    }

    async fn consent(&mut self) {
        let request = ConsentProjectRequest {
            region: RECIPIENT.to_owned(),
            proposer: DONOR.to_owned(),
            project: PROJECT.to_owned(),
            author: author(),
        };
        let said = ask(self.line.aid().consent_project(request)).await;
        self.heed(said);
    }

    /// Pays, or corrects what was paid.
    async fn pay(&mut self) {
        let again = self.payments > 0 && self.dice.percent(40);
        if !again {
            self.payments += 1;
        }
        let number = if again {
            self.dice.between(1, u64::from(self.payments))
        } else {
            u64::from(self.payments)
        };
        let id = format!("d-{number}");
        let fen = i64::try_from(self.dice.between(1, 50_000)).unwrap_or(1);
        let fact = aid_fact::Fact::Disbursement(Disbursement {
            amount_fen: fen,
            on: "2025-03-01".to_owned(),
            purpose: "首批".to_owned(),
        });
        self.record(&id, fen, fact).await;
    }

    /// Confirms what has arrived and was not confirmed, or not with that amount.
    async fn receive(&mut self, project: &GetProjectResponse) {
        let fact = |entry: &liandong_wire::collaboration::v1::OwnedAidEntry| {
            let entry = entry.entry.clone().unwrap_or_default();
            entry.fact.and_then(|fact| fact.fact)
        };
        let confirmed = |id: &str, fen: i64| {
            project.entries.iter().any(|entry| {
                matches!(fact(entry), Some(aid_fact::Fact::Receipt(receipt))
                    if receipt.disbursement == id && receipt.amount_fen == fen)
            })
        };
        for entry in &project.entries {
            let Some(aid_fact::Fact::Disbursement(paid)) = fact(entry) else {
                continue;
            };
            if confirmed(&entry.id, paid.amount_fen) {
                continue;
            }
            let receipt = aid_fact::Fact::Receipt(Receipt {
                disbursement: entry.id.clone(),
                amount_fen: paid.amount_fen,
                on: "2025-03-03".to_owned(),
            });
            let id = format!("r-{}", entry.id);
            self.record(&id, paid.amount_fen, receipt).await;
        }
    }

    async fn record(&mut self, id: &str, fen: i64, fact: aid_fact::Fact) {
        let key = (self.place.code, id.to_owned());
        let place = {
            let mut ledger = self.shared.ledger.borrow_mut();
            let amounts = ledger.amounts.entry(key.clone()).or_default();
            amounts.push(Amount {
                fen,
                acknowledged_at: None,
                loose: false,
            });
            amounts.len() - 1
        };
        let request = RecordEntryRequest {
            region: self.place.code.to_owned(),
            id: id.to_owned(),
            proposer: DONOR.to_owned(),
            project: PROJECT.to_owned(),
            fact: Some(AidFact { fact: Some(fact) }),
            author: author(),
        };
        let said = ask(self.line.aid().record_entry(request)).await;
        let unanswered = matches!(said, Said::Nothing(_));
        let refused = matches!(said, Said::Refused(_));
        let answered = self.heed(said).is_some();
        if answered {
            self.shared.count("client-aid-entry");
        }
        let mut ledger = self.shared.ledger.borrow_mut();
        let amounts = ledger.amounts.entry(key).or_default();
        if refused {
            amounts.truncate(place);
        } else if let Some(amount) = amounts.get_mut(place) {
            amount.loose = unanswered;
            amount.acknowledged_at = answered.then(trace::now);
        }
    }

    /// A refusal tells that it is done already, or that it is not its turn.
    fn heed<T>(&mut self, said: Said<T>) -> Option<T> {
        match said {
            Said::Answer(answer) => Some(answer),
            Said::Refused(_) => None,
            Said::Nothing(_) => {
                self.line.renew();
                None
            }
        }
    }
}

fn author() -> Option<Author> {
    Some(Author {
        name: "sim".to_owned(),
        why: "sim".to_owned(),
    })
}
