//! Cells that are taken back, as they travel.

use std::collections::BTreeSet;

use liandong_core::compare::CellName;
use liandong_core::refusal::{Accepted, Reason, Refusal};

use super::v1;
use crate::read;

/// What is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// These cells, at most [`Withdrawal::MOST`].
    pub cells: BTreeSet<CellName>,
    /// And those that the node knows to be lost.
    pub lost: bool,
}

impl Withdrawal {
    /// The most cells that are named at a time.
    pub const MOST: usize = 10_000;
}

impl From<&CellName> for v1::CellName {
    fn from(name: &CellName) -> Self {
        Self {
            region: name.region.to_string(),
            indicator: name.indicator.to_string(),
            period: name.period.to_string(),
        }
    }
}

impl TryFrom<v1::CellName> for CellName {
    type Error = Refusal;

    fn try_from(name: v1::CellName) -> Result<Self, Refusal> {
        let v1::CellName {
            region,
            indicator,
            period,
        } = name;
        Ok(Self {
            region: read::region("region", &region)?,
            indicator: read::indicator("indicator", &indicator)?,
            period: read::period("period", &period)?,
        })
    }
}

impl TryFrom<v1::WithdrawCellsRequest> for Withdrawal {
    type Error = Refusal;

    fn try_from(request: v1::WithdrawCellsRequest) -> Result<Self, Refusal> {
        let v1::WithdrawCellsRequest { cells, lost } = request;
        if cells.len() > Self::MOST {
            let most = i64::try_from(Self::MOST).unwrap_or(i64::MAX);
            let accepted = Accepted::Range(0, most);
            let count = cells.len();
            return Err(Refusal::new(Reason::TooManyRows, "cells", count, accepted));
        }
        let cells: Vec<CellName> = read::each("cells", cells)?;
        if cells.is_empty() && !lost {
            return Err(Refusal::advise(
                Reason::Missing,
                "cells",
                "",
                "请指明汇总格，或用 lost 收回状态所列丢失的全部汇总格",
                "name the cells, or ask with `lost` for all that the status lists as lost",
            ));
        }
        Ok(Self {
            cells: cells.into_iter().collect(),
            lost,
        })
    }
}
