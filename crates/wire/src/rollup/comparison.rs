//! Regions side by side, as they are asked for.

use liandong_core::indicator::IndicatorCode;
use liandong_core::period::Period;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;

use super::v1;
use crate::read;

/// A region whose regions directly below are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The region.
    pub region: RegionCode,
    /// By which indicators; at least one.
    pub indicators: Vec<IndicatorCode>,
    /// The period.
    pub period: Period,
}

impl Comparison {
    /// The most indicators of one question.
    pub const MOST_INDICATORS: usize = 200;
}

impl TryFrom<v1::CompareRegionsRequest> for Comparison {
    type Error = Refusal;

    fn try_from(request: v1::CompareRegionsRequest) -> Result<Self, Refusal> {
        let v1::CompareRegionsRequest {
            region,
            indicators: codes,
            period,
        } = request;
        let region = read::region("region", &region)?;
        if codes.is_empty() {
            return Err(read::missing("indicators"));
        }
        if codes.len() > Self::MOST_INDICATORS {
            return Err(Refusal::new(
                Reason::OutOfRange,
                "indicators",
                codes.len(),
                Accepted::Range(1, Self::MOST_INDICATORS as i64),
            ));
        }
        let mut indicators = Vec::with_capacity(codes.len());
        for (place, code) in codes.iter().enumerate() {
            let field = |refusal| read::inside(&format!("indicators[{place}]"), refusal);
            indicators.push(read::indicator("", code).map_err(field)?);
        }
        Ok(Self {
            region,
            indicators,
            period: read::period("period", &period)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use liandong_core::refusal::Reason;

    use super::{Comparison, v1};

    fn refused(indicators: Vec<String>) -> (Reason, String) {
        let request = v1::CompareRegionsRequest {
            region: "371524".to_owned(),
            indicators,
            period: "2025-03".to_owned(),
        };
        let refusal = Comparison::try_from(request).unwrap_err();
        (refusal.reason, refusal.field.to_string())
    }

    #[test]
    fn a_comparison_has_some_indicators_and_not_too_many() {
        let many = vec!["campus-meals".to_owned(); 201];
        assert_eq!(refused(many).0, Reason::OutOfRange);
        assert_eq!(refused(Vec::new()).1, "indicators");
        let wrong = vec!["campus-meals".to_owned(), "Not A Code".to_owned()];
        assert_eq!(refused(wrong).1, "indicators[1]");
    }
}
