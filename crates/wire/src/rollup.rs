//! Roll-ups as they are asked for and shown.

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    reason = "written by the code generator; the proto files carry the comments"
)]
/// The generated messages, client and server of `liandong.rollup.v1`.
pub mod v1 {
    tonic::include_proto!("liandong.rollup.v1");
}

mod comparison;
mod proof;
mod withdrawal;

pub use comparison::Comparison;
pub use proof::{ProofQuestion, ProveQuestion};
pub use withdrawal::Withdrawal;

use liandong_core::indicator::IndicatorCode;
use liandong_core::period::Period;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::rollup::{Light, Ranked, Sums, Value};

use crate::read::{self, enumeration, optional};

enumeration!(Light, light, [Green, Yellow, Red, Grey]);

/// The sums of a cell with how many units are expected to report.
pub fn sums(sums: &Sums, expected: u32) -> v1::Sums {
    v1::Sums {
        numerator: sums.numerator,
        denominator: sums.denominator,
        expected,
        reported: sums.reported,
        on_time: sums.on_time,
    }
}

/// Reads [`sums`] back: the sums and how many units are expected.
pub fn read_sums(sums: v1::Sums) -> (Sums, u32) {
    let v1::Sums {
        numerator,
        denominator,
        expected,
        reported,
        on_time,
    } = sums;
    let read = Sums {
        numerator,
        denominator,
        reported,
        on_time,
    };
    (read, expected)
}

/// A value as an exact fraction in decimal digits: what is above the line and what is below it;
/// both empty when there is no value.
pub fn fraction(value: Value) -> (String, String) {
    if value.is_known() {
        (value.numerator.to_string(), value.denominator.to_string())
    } else {
        (String::new(), String::new())
    }
}

/// One region of a ranking.
pub fn rank_row(ranked: &Ranked, name: &str) -> v1::RankRow {
    v1::RankRow {
        place: ranked.place,
        region: ranked.region.to_string(),
        name: name.to_owned(),
        green: ranked.score.green,
        yellow: ranked.score.yellow,
        red: ranked.score.red,
        grey: ranked.score.grey,
        completion_basis_points: ranked.score.tie_break,
    }
}

/// What a roll-up, a completeness or a ranking is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One indicator.
    Indicator(IndicatorCode),
    /// Every target of a plan.
    Plan(PlanKey),
}

/// Names a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanKey {
    /// The region that issues it.
    pub issuer: RegionCode,
    /// Its code.
    pub plan: String,
}

impl TryFrom<v1::PlanKey> for PlanKey {
    type Error = Refusal;

    fn try_from(key: v1::PlanKey) -> Result<Self, Refusal> {
        let v1::PlanKey { issuer, plan } = key;
        Ok(Self {
            issuer: read::region("issuer", &issuer)?,
            plan,
        })
    }
}

impl From<&PlanKey> for v1::PlanKey {
    fn from(key: &PlanKey) -> Self {
        Self {
            issuer: key.issuer.to_string(),
            plan: key.plan.clone(),
        }
    }
}

/// A region, a subject and a period: what a roll-up, a completeness and a ranking are asked by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The region.
    pub region: RegionCode,
    /// What it is about.
    pub subject: Subject,
    /// The period.
    pub period: Period,
}

fn indicator_subject(code: &str) -> Result<Subject, Refusal> {
    read::indicator("indicator", code).map(Subject::Indicator)
}

fn plan_subject(key: v1::PlanKey) -> Result<Subject, Refusal> {
    let read = PlanKey::try_from(key).map_err(|refusal| read::inside("plan", refusal))?;
    Ok(Subject::Plan(read))
}

fn no_subject() -> Refusal {
    let accepted = Accepted::OneOf(vec!["indicator".to_owned(), "plan".to_owned()]);
    Refusal::new(Reason::Missing, "subject", "", accepted)
}

impl TryFrom<v1::GetRollupRequest> for Question {
    type Error = Refusal;

    fn try_from(request: v1::GetRollupRequest) -> Result<Self, Refusal> {
        use v1::get_rollup_request::Subject as Asked;
        let v1::GetRollupRequest {
            region,
            subject,
            period,
        } = request;
        let subject = match subject.ok_or_else(no_subject)? {
            Asked::Indicator(code) => indicator_subject(&code)?,
            Asked::Plan(key) => plan_subject(key)?,
        };
        Ok(Self {
            region: read::region("region", &region)?,
            subject,
            period: read::period("period", &period)?,
        })
    }
}

impl TryFrom<v1::GetCompletenessRequest> for Question {
    type Error = Refusal;

    fn try_from(request: v1::GetCompletenessRequest) -> Result<Self, Refusal> {
        use v1::get_completeness_request::Subject as Asked;
        let v1::GetCompletenessRequest {
            region,
            subject,
            period,
        } = request;
        let subject = match subject.ok_or_else(no_subject)? {
            Asked::Indicator(code) => indicator_subject(&code)?,
            Asked::Plan(key) => plan_subject(key)?,
        };
        Ok(Self {
            region: read::region("region", &region)?,
            subject,
            period: read::period("period", &period)?,
        })
    }
}

impl TryFrom<v1::RankRegionsRequest> for Question {
    type Error = Refusal;

    fn try_from(request: v1::RankRegionsRequest) -> Result<Self, Refusal> {
        use v1::rank_regions_request::Subject as Asked;
        let v1::RankRegionsRequest {
            region,
            subject,
            period,
        } = request;
        let subject = match subject.ok_or_else(no_subject)? {
            Asked::Indicator(code) => indicator_subject(&code)?,
            Asked::Plan(key) => plan_subject(key)?,
        };
        Ok(Self {
            region: read::region("region", &region)?,
            subject,
            period: read::period("period", &period)?,
        })
    }
}

/// One cell that is to be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrillQuestion {
    /// The region.
    pub region: RegionCode,
    /// The indicator.
    pub indicator: IndicatorCode,
    /// The period.
    pub period: Period,
    /// Whether the region's own node is asked when the cells below it are not held here.
    pub live: bool,
}

impl TryFrom<v1::DrillRollupRequest> for DrillQuestion {
    type Error = Refusal;

    fn try_from(request: v1::DrillRollupRequest) -> Result<Self, Refusal> {
        let v1::DrillRollupRequest {
            region,
            indicator,
            period,
            live,
        } = request;
        Ok(Self {
            region: read::region("region", &region)?,
            indicator: read::indicator("indicator", &indicator)?,
            period: read::period("period", &period)?,
            live,
        })
    }
}

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchQuestion {
    /// The regions; at least one.
    pub regions: Vec<RegionCode>,
    /// Only these indicators; empty for all.
    pub indicators: Vec<IndicatorCode>,
    /// Only the indicators of this plan.
    pub plan: Option<PlanKey>,
    /// Go on after this change number of this incarnation; `None` to start with how all cells are.
    pub after: Option<(u128, u64)>,
}

impl TryFrom<v1::WatchRollupRequest> for WatchQuestion {
    type Error = Refusal;

    fn try_from(request: v1::WatchRollupRequest) -> Result<Self, Refusal> {
        let v1::WatchRollupRequest {
            regions: region_codes,
            indicators: indicator_codes,
            plan,
            after_change,
            incarnation,
        } = request;
        if region_codes.is_empty() {
            return Err(read::missing("regions"));
        }
        let mut regions = Vec::with_capacity(region_codes.len());
        for (place, code) in region_codes.iter().enumerate() {
            let field = |refusal| read::inside(&format!("regions[{place}]"), refusal);
            regions.push(read::region("", code).map_err(field)?);
        }
        let mut indicators = Vec::with_capacity(indicator_codes.len());
        for (place, code) in indicator_codes.iter().enumerate() {
            let field = |refusal| read::inside(&format!("indicators[{place}]"), refusal);
            indicators.push(read::indicator("", code).map_err(field)?);
        }
        let after = if after_change == 0 {
            None
        } else {
            Some((
                read::incarnation("incarnation", &incarnation)?,
                after_change,
            ))
        };
        Ok(Self {
            regions,
            indicators,
            plan: optional("plan", plan)?,
            after,
        })
    }
}

#[cfg(test)]
mod tests;
