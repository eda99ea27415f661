//! Pairings, aid projects and their facts as they travel, and where two sides disagree.

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "written by the code generator; the proto files carry the comments"
)]
/// The generated messages, client and server of `liandong.collaboration.v1`.
pub mod v1 {
    tonic::include_proto!("liandong.collaboration.v1");
}

mod document;
mod fact;
mod request;

use liandong_core::aid::{Difference, PairingKind, ProjectState};
use liandong_core::refusal::Refusal;

use crate::read::enumeration;

pub use request::{PairingFilter, ProjectFilter, ProjectKey};

enumeration!(
    PairingKind,
    pairing_kind,
    [AcrossProvinces, WithinProvince, Counterpart]
);

impl From<&ProjectState> for v1::ProjectState {
    fn from(state: &ProjectState) -> Self {
        Self {
            agreed: state.agreed,
            disbursed_fen: state.disbursed,
            received_fen: state.received,
            spent_fen: state.spent,
            reached: state.reached.iter().copied().collect(),
            teachers_sent: state.teachers_sent,
            teachers_confirmed: state.teachers_confirmed,
        }
    }
}

impl From<&Difference> for v1::Difference {
    fn from(difference: &Difference) -> Self {
        use v1::difference::Difference as Wire;
        let wire = match difference {
            Difference::NotReceived {
                disbursement,
                disbursed,
            } => Wire::NotReceived(v1::NotReceived {
                disbursement: disbursement.clone(),
                disbursed_fen: *disbursed,
            }),
            Difference::AmountDiffers {
                disbursement,
                disbursed,
                received,
            } => Wire::AmountDiffers(v1::AmountDiffers {
                disbursement: disbursement.clone(),
                disbursed_fen: *disbursed,
                received_fen: *received,
            }),
            Difference::NotDisbursed {
                disbursement,
                received,
            } => Wire::NotDisbursed(v1::NotDisbursed {
                disbursement: disbursement.clone(),
                received_fen: *received,
            }),
            Difference::OverFund { fund, disbursed } => Wire::OverFund(v1::OverFund {
                fund_fen: *fund,
                disbursed_fen: *disbursed,
            }),
            Difference::Overspent { received, spent } => Wire::Overspent(v1::Overspent {
                received_fen: *received,
                spent_fen: *spent,
            }),
            Difference::TeachersDiffer {
                sender,
                placement,
                sent,
                confirmed,
            } => Wire::TeachersDiffer(v1::TeachersDiffer {
                sender: sender.to_string(),
                placement: placement.clone(),
                sent: *sent,
                confirmed: *confirmed,
            }),
            Difference::PlacementUnknown {
                placement,
                confirmed,
            } => Wire::PlacementUnknown(v1::PlacementUnknown {
                placement: placement.clone(),
                confirmed: *confirmed,
            }),
        };
        Self {
            difference: Some(wire),
        }
    }
}

impl TryFrom<v1::Difference> for Difference {
    type Error = Refusal;

    fn try_from(difference: v1::Difference) -> Result<Self, Refusal> {
        use v1::difference::Difference as Wire;
        let v1::Difference { difference } = difference;
        Ok(match difference {
            None => return Err(crate::read::missing("difference")),
            Some(Wire::NotReceived(v1::NotReceived {
                disbursement,
                disbursed_fen,
            })) => Self::NotReceived {
                disbursement,
                disbursed: disbursed_fen,
            },
            Some(Wire::AmountDiffers(v1::AmountDiffers {
                disbursement,
                disbursed_fen,
                received_fen,
            })) => Self::AmountDiffers {
                disbursement,
                disbursed: disbursed_fen,
                received: received_fen,
            },
            Some(Wire::NotDisbursed(v1::NotDisbursed {
                disbursement,
                received_fen,
            })) => Self::NotDisbursed {
                disbursement,
                received: received_fen,
            },
            Some(Wire::OverFund(v1::OverFund {
                fund_fen,
                disbursed_fen,
            })) => Self::OverFund {
                fund: fund_fen,
                disbursed: disbursed_fen,
            },
            Some(Wire::Overspent(v1::Overspent {
                received_fen,
                spent_fen,
            })) => Self::Overspent {
                received: received_fen,
                spent: spent_fen,
            },
            Some(Wire::TeachersDiffer(v1::TeachersDiffer {
                sender,
                placement,
                sent,
                confirmed,
            })) => Self::TeachersDiffer {
                sender: crate::read::region("teachers_differ.sender", &sender)?,
                placement,
                sent,
                confirmed,
            },
            Some(Wire::PlacementUnknown(v1::PlacementUnknown {
                placement,
                confirmed,
            })) => Self::PlacementUnknown {
                placement,
                confirmed,
            },
        })
    }
}

#[cfg(test)]
mod tests;
