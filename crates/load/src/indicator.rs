//! The indicators that are reported.

use liandong_core::indicator::{IndicatorCode, IndicatorKind};
use liandong_core::period::PeriodKind;
use liandong_core::region::RegionKind;

use crate::error::LoadError;

/// An indicator of the load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Its code in the catalogue.
    pub code: IndicatorCode,
    /// Whether its reports have a denominator.
    pub has_denominator: bool,
}

/// The first `most` indicators of the built-in catalogue that primary schools report every month, in
/// the order of their codes.
///
/// # Errors
/// [`LoadError::Catalogue`] when the catalogue cannot be read, [`LoadError::Nothing`] when it holds no
/// such indicator.
pub fn monthly(most: usize) -> Result<Vec<Reported>, LoadError> {
    let known = liandong_catalog::builtin_indicators()
        .map_err(|errors| LoadError::Catalogue(format!("{errors:?}")))?;
    let mut monthly = Vec::new();
    for (code, indicator) in known {
        let is_expected = indicator.reported_by.is_empty()
            || indicator.reported_by.contains(&RegionKind::PrimarySchool);
        let is_sent = matches!(
            indicator.kind,
            IndicatorKind::Count | IndicatorKind::Ratio | IndicatorKind::Money
        );
        if is_expected && is_sent && indicator.period == PeriodKind::Month {
            monthly.push(Reported {
                code,
                has_denominator: indicator.kind.has_denominator(),
            });
        }
    }
    monthly.truncate(most);
    if monthly.is_empty() {
        return Err(LoadError::Nothing("indicators"));
    }
    Ok(monthly)
}
