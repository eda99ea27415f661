//! Targets as people write and read them: `indicator=50`, `indicator<=1.05`, `indicator@2025>=100%`.

use liandong_client::wire::task::v1;
use liandong_core::indicator::IndicatorKind;
use liandong_core::period::Period;
use liandong_core::plan::{Bound, Target};
use liandong_core::quantity::{Exact, yuan};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_input::{KnownIndicators, normalise};

use crate::failure::Failure;

/// Operators, the longer ones first.
const OPERATORS: [&str; 5] = [">=", "<=", "≥", "≤", "="];

/// A target as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrittenTarget {
    indicator: String,
    due: Option<Period>,
    operator: &'static str,
    value: String,
}

/// Takes a written target apart.
pub(crate) fn read_target(text: &str) -> Result<WrittenTarget, Refusal> {
    let plain = normalise(text);
    let malformed = || {
        let form = "gigabit-school-coverage=50 | compulsory-dropouts<=0 | gigabit-school-coverage@2025>=100%";
        let accepted = Accepted::Form(form.to_owned());
        Refusal::new(Reason::Malformed, "--target", text, accepted)
    };
    let found = OPERATORS
        .into_iter()
        .find_map(|operator| plain.split_once(operator).map(|split| (operator, split)));
    let (operator, (name, value)) = found.ok_or_else(malformed)?;
    let (indicator, due) = match name.split_once('@') {
        None => (name, None),
        Some((indicator, due)) => (
            indicator,
            Some(due.trim().parse().map_err(|_| malformed())?),
        ),
    };
    if indicator.trim().is_empty() || value.trim().is_empty() {
        return Err(malformed());
    }
    Ok(WrittenTarget {
        indicator: indicator.trim().to_owned(),
        due,
        operator,
        value: value.trim().to_owned(),
    })
}

impl WrittenTarget {
    /// The target that it means for a plan item: due date, direction and words are the item's own.
    pub(crate) fn resolve(
        &self,
        item: &v1::PlanItem,
        known: &KnownIndicators,
    ) -> Result<v1::Target, Failure> {
        let indicator = known.find(&self.indicator)?;
        let code = indicator.code.to_string();
        let mut fitting: Vec<Target> = Vec::new();
        for message in item
            .targets
            .iter()
            .filter(|target| target.indicator == code)
        {
            let target = Target::try_from(message.clone()).map_err(Failure::Answer)?;
            if self.due.is_none() || target.due == self.due {
                fitting.push(target);
            }
        }
        let whole = match fitting.as_slice() {
            [only] => only.clone(),
            [] => {
                let codes = item.targets.iter().map(written_name).collect();
                let accepted = Accepted::OneOf(codes);
                return Err(Refusal::new(Reason::UnknownItem, "--target", &code, accepted).into());
            }
            several => {
                let codes = several
                    .iter()
                    .map(|target| written_name(&target.into()))
                    .collect();
                let codes: Vec<String> = codes;
                let names = codes.join(", ");
                let zh = format!("有几个期限，请写明：{names}");
                let en = format!("it has several due dates; name one: {names}");
                let reason = Reason::Malformed;
                return Err(Refusal::advise(reason, "--target", &code, zh, en).into());
            }
        };
        let value = self.read_value(indicator.kind == IndicatorKind::Money)?;
        let bound = match (self.operator, whole.bound) {
            (">=" | "≥", _) => Bound::AtLeast(value),
            ("<=" | "≤", _) => Bound::AtMost(value),
            (_, Some(Bound::AtMost(_))) => Bound::AtMost(value),
            (_, Some(Bound::Equals(_))) => Bound::Equals(value),
            (_, Some(Bound::AtLeast(_)) | None) => Bound::AtLeast(value),
        };
        Ok(v1::Target::from(&Target {
            bound: Some(bound),
            ..whole
        }))
    }

    /// Amounts are written in 元.
    fn read_value(&self, is_money: bool) -> Result<Exact, Refusal> {
        let text = if is_money && !self.value.ends_with('元') {
            format!("{}元", self.value)
        } else {
            self.value.clone()
        };
        text.parse().map_err(|_| {
            let accepted = Accepted::Form("50 | 1.05 | 100% | 500000元".to_owned());
            Refusal::new(Reason::Malformed, "--target", &self.value, accepted)
        })
    }
}

fn written_name(target: &v1::Target) -> String {
    if target.due.is_empty() {
        target.indicator.clone()
    } else {
        format!("{}@{}", target.indicator, target.due)
    }
}

/// What a target demands, for a person: `≥ 50`, `≤ 1.05`, `= 100%`; amounts in 元.
pub(crate) fn bound_text(target: &v1::Target, known: &KnownIndicators) -> String {
    let code = target.indicator.parse().ok();
    let kind = code
        .and_then(|code| known.get(code))
        .map(|indicator| indicator.kind);
    bound_text_of(target, kind)
}

/// The same where the kind of the indicator is known.
pub(crate) fn bound_text_of(target: &v1::Target, kind: Option<IndicatorKind>) -> String {
    let bound = target.bound.as_ref().and_then(|bound| bound.bound.as_ref());
    let (sign, value) = match bound {
        None => return String::new(),
        Some(v1::bound::Bound::AtLeast(value)) => ("≥", value),
        Some(v1::bound::Bound::AtMost(value)) => ("≤", value),
        Some(v1::bound::Bound::Equals(value)) => ("=", value),
    };
    format!("{sign} {}", value_text(value, kind))
}

/// An exact decimal for a person: a share in per cent, an amount in 元.
pub(crate) fn value_text(value: &str, kind: Option<IndicatorKind>) -> String {
    match kind {
        Some(IndicatorKind::Money) => match value.parse::<i64>() {
            Ok(fen) => yuan(fen),
            Err(_) => value.to_owned(),
        },
        Some(IndicatorKind::Ratio | IndicatorKind::Milestone) => percent_text(value),
        _ => value.to_owned(),
    }
}

/// A decimal with its point moved by two places, exactly: `0.305` is `30.5%`.
fn percent_text(value: &str) -> String {
    let (whole, decimals) = value.split_once('.').unwrap_or((value, ""));
    let mut digits = format!("{decimals:0<2}");
    let rest = digits.split_off(2);
    let joined = format!("{whole}{digits}");
    let plain = joined.trim_start_matches('0');
    let shown = if plain.is_empty() { "0" } else { plain };
    let fraction = rest.trim_end_matches('0');
    if fraction.is_empty() {
        format!("{shown}%")
    } else {
        format!("{shown}.{fraction}%")
    }
}

#[cfg(test)]
mod tests {
    use super::{percent_text, read_target};

    #[test]
    fn targets_are_taken_apart() {
        let target = read_target("gigabit-school-coverage@2025>=100%").unwrap();
        assert_eq!(target.indicator, "gigabit-school-coverage");
        assert_eq!(target.due, Some("2025".parse().unwrap()));
        assert_eq!((target.operator, target.value.as_str()), (">=", "100%"));
        let plain = read_target("compulsory-dropouts＝０").unwrap();
        assert_eq!((plain.operator, plain.value.as_str()), ("=", "0"));
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for text in ["", "compulsory-dropouts", "=5", "a=", "a@someday=5"] {
            assert!(read_target(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn shares_are_shown_in_per_cent_exactly() {
        for (value, shown) in [
            ("0.3", "30%"),
            ("1", "100%"),
            ("0", "0%"),
            ("0.305", "30.5%"),
            ("0.0005", "0.05%"),
            ("1.25", "125%"),
        ] {
            assert_eq!(percent_text(value), shown);
        }
    }
}
