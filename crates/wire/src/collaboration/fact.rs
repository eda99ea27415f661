//! What happened in a project, as it travels.

use liandong_core::aid::AidFact;
use liandong_core::refusal::{Accepted, Reason, Refusal};

use super::v1;
use super::v1::aid_fact::Fact;
use crate::read::date;

impl From<&AidFact> for v1::AidFact {
    fn from(fact: &AidFact) -> Self {
        let wire = match fact {
            AidFact::Disbursement {
                amount,
                on,
                purpose,
            } => Fact::Disbursement(v1::Disbursement {
                amount_fen: *amount,
                on: on.to_string(),
                purpose: purpose.clone(),
            }),
            AidFact::Receipt {
                disbursement,
                amount,
                on,
            } => Fact::Receipt(v1::Receipt {
                disbursement: disbursement.clone(),
                amount_fen: *amount,
                on: on.to_string(),
            }),
            AidFact::Expenditure {
                amount,
                on,
                purpose,
            } => Fact::Expenditure(v1::Expenditure {
                amount_fen: *amount,
                on: on.to_string(),
                purpose: purpose.clone(),
            }),
            AidFact::Placement {
                teachers,
                from,
                until,
                subject,
                host,
            } => Fact::Placement(v1::Placement {
                teachers: *teachers,
                from: from.to_string(),
                until: until.to_string(),
                subject: subject.clone(),
                host: host.clone(),
            }),
            AidFact::PlacementConfirmed {
                placement,
                teachers,
            } => Fact::PlacementConfirmation(v1::PlacementConfirmation {
                placement: placement.clone(),
                teachers: *teachers,
            }),
            AidFact::MilestoneReached { number, on } => {
                Fact::MilestoneReached(v1::MilestoneReached {
                    number: *number,
                    on: on.to_string(),
                })
            }
        };
        Self { fact: Some(wire) }
    }
}

impl TryFrom<v1::AidFact> for AidFact {
    type Error = Refusal;

    fn try_from(fact: v1::AidFact) -> Result<Self, Refusal> {
        let v1::AidFact { fact } = fact;
        match fact.ok_or_else(no_fact)? {
            Fact::Disbursement(v1::Disbursement {
                amount_fen,
                on,
                purpose,
            }) => Ok(Self::Disbursement {
                amount: amount_fen,
                on: date("disbursement.on", &on)?,
                purpose,
            }),
            Fact::Receipt(v1::Receipt {
                disbursement,
                amount_fen,
                on,
            }) => Ok(Self::Receipt {
                disbursement,
                amount: amount_fen,
                on: date("receipt.on", &on)?,
            }),
            Fact::Expenditure(v1::Expenditure {
                amount_fen,
                on,
                purpose,
            }) => Ok(Self::Expenditure {
                amount: amount_fen,
                on: date("expenditure.on", &on)?,
                purpose,
            }),
            Fact::Placement(v1::Placement {
                teachers,
                from,
                until,
                subject,
                host,
            }) => Ok(Self::Placement {
                teachers,
                from: date("placement.from", &from)?,
                until: date("placement.until", &until)?,
                subject,
                host,
            }),
            Fact::PlacementConfirmation(v1::PlacementConfirmation {
                placement,
                teachers,
            }) => Ok(Self::PlacementConfirmed {
                placement,
                teachers,
            }),
            Fact::MilestoneReached(v1::MilestoneReached { number, on }) => {
                Ok(Self::MilestoneReached {
                    number,
                    on: date("milestone_reached.on", &on)?,
                })
            }
        }
    }
}

fn no_fact() -> Refusal {
    let names = [
        "disbursement",
        "receipt",
        "expenditure",
        "placement",
        "placement_confirmation",
        "milestone_reached",
    ];
    let accepted = Accepted::OneOf(names.map(str::to_owned).into());
    Refusal::new(Reason::Missing, "", "", accepted)
}
