//! Indicators that a plan brings along: defined once, in full, and computed from reported ones alone.

use super::super::receive::shape::{check_of, derived_part};
use super::super::text::{check_text, check_texts};
use super::super::{Setting, body};
use crate::document::{Body, Kind};
use crate::indicator::{Indicator, IndicatorKind, MAX_INDICATOR_CODE_LEN};
use crate::privacy::check_given_id;
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::RegionCode;
use crate::state::State;

/// Refuses an indicator that is defined already, or not in full.
pub(super) fn check(
    state: &State,
    indicator: &Indicator,
    issuer: RegionCode,
    setting: &Setting<'_>,
) -> Result<(), Refusal> {
    if let Some(known) = state.indicator(setting.catalogue, indicator.code) {
        let own = body(state, Kind::Indicator, issuer, indicator.code.as_str()).is_some();
        if known != indicator && !own {
            return Err(Refusal::advise(
                Reason::AlreadyExists,
                "indicator.code",
                indicator.code,
                format!("已定义为“{}”，口径不同请换用新的代码", known.name),
                format!(
                    "it is defined as {:?}: a different definition needs a code of its own",
                    known.name
                ),
            ));
        }
    }
    let code = indicator.code.as_str();
    check_given_id("indicator.code", code, MAX_INDICATOR_CODE_LEN)?;
    check_text("indicator.name", &indicator.name, true)?;
    check_text("indicator.name_en", &indicator.name_en, false)?;
    check_text("indicator.unit", &indicator.unit, false)?;
    check_text("indicator.numerator", &indicator.numerator, false)?;
    check_texts("indicator.denominator", &indicator.denominator)?;
    let complete = match indicator.kind {
        IndicatorKind::RatioOfRatios => indicator.of.is_some(),
        kind => !kind.has_denominator() || indicator.denominator.is_some(),
    };
    if !complete {
        let accepted = Accepted::Form(indicator.kind.word().to_owned());
        return Err(Refusal::new(
            Reason::DenominatorMissing,
            "indicator.denominator",
            indicator.code,
            accepted,
        ));
    }
    Ok(())
}

/// Refuses an indicator that is computed from anything but reported ones: whoever shows it would
/// follow the parts of its parts, without end where they lead back to it.
///
/// `brought` are the indicators of the same file, which count before those that are known.
pub(super) fn check_parts(
    state: &State,
    indicator: &Indicator,
    brought: &[Indicator],
    setting: &Setting<'_>,
) -> Result<(), Refusal> {
    check_of("indicator.of", indicator)?;
    for part in indicator.of.iter().flatten() {
        let same = brought.iter().find(|known| known.code == *part);
        let known = same.or_else(|| state.indicator(setting.catalogue, *part));
        let Some(known) = known else {
            return Err(Refusal::advise(
                Reason::UnknownIndicator,
                "indicator.of",
                part,
                "请在同一文件中定义该指标",
                "define the indicator in the same file",
            ));
        };
        if known.is_derived() {
            return Err(derived_part("indicator.of", *part));
        }
    }
    if !indicator.is_derived() {
        return Ok(());
    }
    // What others are computed from stays one that is reported.
    let documents = state.documents(Kind::Indicator);
    let known = documents.filter_map(|document| match &document.body {
        Body::Indicator(known) => Some(known),
        _ => None,
    });
    let shipped = setting.catalogue.indicators.values();
    let mut others = brought.iter().chain(shipped).chain(known);
    match others.find(|other| {
        other
            .of
            .iter()
            .flatten()
            .any(|part| *part == indicator.code)
    }) {
        Some(_) => Err(derived_part("indicator.code", indicator.code)),
        None => Ok(()),
    }
}
