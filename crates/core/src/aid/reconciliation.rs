//! Reconciliation (对账): every yuan and every teacher that the two sides do not agree on.

use std::collections::BTreeMap;

use super::{AidDocuments, AidFact, project_state};
use crate::region::RegionCode;

/// One thing that the two sides do not agree on. Amounts are in 分.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Paid out, and no receipt has come.
    NotReceived {
        /// The donor's disbursement.
        disbursement: String,
        /// What was paid out.
        disbursed: i64,
    },
    /// Paid out and received, but not the same amount.
    AmountDiffers {
        /// The donor's disbursement.
        disbursement: String,
        /// What was paid out.
        disbursed: i64,
        /// What the receipts for it add up to.
        received: i64,
    },
    /// Received, but the donor knows no such disbursement.
    NotDisbursed {
        /// The disbursement the receipts name.
        disbursement: String,
        /// What the receipts add up to.
        received: i64,
    },
    /// More was paid out than was promised.
    OverFund {
        /// What was promised.
        fund: i64,
        /// What was paid out.
        disbursed: i64,
    },
    /// More was spent than has arrived.
    Overspent {
        /// What has arrived.
        received: i64,
        /// What was spent.
        spent: i64,
    },
    /// The sender's and the host's count of teachers differ.
    TeachersDiffer {
        /// The side that sent.
        sender: RegionCode,
        /// The sender's placement.
        placement: String,
        /// How many were sent.
        sent: u32,
        /// How many the host says came; `None` while it has said nothing.
        confirmed: Option<u32>,
    },
    /// The host confirms a placement that the other side does not know.
    PlacementUnknown {
        /// The placement the confirmation names.
        placement: String,
        /// How many the host says came.
        confirmed: u32,
    },
}

/// Lists every difference, ordered by what it is about.
pub fn reconcile(documents: &AidDocuments<'_>) -> Vec<Difference> {
    let project = documents.project;
    let mut disbursed: BTreeMap<&str, i64> = BTreeMap::new();
    let mut received: BTreeMap<&str, i64> = BTreeMap::new();
    // By sender: both sides may send teachers, and their ids are their own.
    let mut sent: BTreeMap<(RegionCode, &str), u32> = BTreeMap::new();
    let mut confirmed: BTreeMap<(RegionCode, &str), u32> = BTreeMap::new();
    for (owner, id, entry) in &documents.entries {
        match &entry.fact {
            AidFact::Disbursement { amount, .. } if *owner == project.donor => {
                disbursed.insert(id, *amount);
            }
            AidFact::Receipt {
                disbursement,
                amount,
                ..
            } if *owner == project.recipient => {
                let sum = received.entry(disbursement).or_default();
                *sum = sum.saturating_add(*amount);
            }
            AidFact::Placement { teachers, .. } => {
                sent.insert((*owner, id), *teachers);
            }
            AidFact::PlacementConfirmed {
                placement,
                teachers,
            } => {
                // What came was sent by the other side; nobody confirms its own.
                let sender = if *owner == project.donor {
                    project.recipient
                } else {
                    project.donor
                };
                let sum = confirmed.entry((sender, placement)).or_default();
                *sum = sum.saturating_add(*teachers);
            }
            _ => {}
        }
    }
    let mut differences = Vec::new();
    for (id, paid) in &disbursed {
        let disbursement = (*id).to_owned();
        match received.remove(id) {
            None => differences.push(Difference::NotReceived {
                disbursement,
                disbursed: *paid,
            }),
            Some(arrived) if arrived != *paid => differences.push(Difference::AmountDiffers {
                disbursement,
                disbursed: *paid,
                received: arrived,
            }),
            Some(_) => {}
        }
    }
    for (id, arrived) in received {
        differences.push(Difference::NotDisbursed {
            disbursement: id.to_owned(),
            received: arrived,
        });
    }
    for ((sender, id), teachers) in sent {
        let came = confirmed.remove(&(sender, id));
        if came != Some(teachers) {
            differences.push(Difference::TeachersDiffer {
                sender,
                placement: id.to_owned(),
                sent: teachers,
                confirmed: came,
            });
        }
    }
    for ((_, id), teachers) in confirmed {
        differences.push(Difference::PlacementUnknown {
            placement: id.to_owned(),
            confirmed: teachers,
        });
    }
    let state = project_state(documents);
    if state.disbursed > project.fund {
        differences.push(Difference::OverFund {
            fund: project.fund,
            disbursed: state.disbursed,
        });
    }
    if state.spent > state.received {
        differences.push(Difference::Overspent {
            received: state.received,
            spent: state.spent,
        });
    }
    differences
}

#[cfg(test)]
mod tests;
