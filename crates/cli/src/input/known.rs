//! The indicators that the node knows, found by code or by exact Chinese name.

use std::collections::BTreeMap;

use liandong_core::indicator::{Indicator, IndicatorCode};
use liandong_core::refusal::{Accepted, Reason, Refusal};

use super::text::{normalise, trim};

/// How many indicators are proposed for one that is not known.
const PROPOSED: usize = 5;

/// Indicators by code and by name.
#[derive(Clone, Debug, Default)]
pub struct KnownIndicators {
    by_code: BTreeMap<IndicatorCode, Indicator>,
    by_name: BTreeMap<String, Vec<IndicatorCode>>,
}

impl KnownIndicators {
    /// Indicators that cells may name.
    pub fn new(indicators: impl IntoIterator<Item = Indicator>) -> Self {
        let mut known = Self::default();
        for indicator in indicators {
            let name = normalise(&indicator.name);
            known.by_name.entry(name).or_default().push(indicator.code);
            known.by_code.insert(indicator.code, indicator);
        }
        known
    }

    /// The indicator of a code.
    pub fn get(&self, code: IndicatorCode) -> Option<&Indicator> {
        self.by_code.get(&code)
    }

    /// The indicator that a cell names.
    pub fn find(&self, cell: &str) -> Result<&Indicator, Refusal> {
        let name = normalise(cell);
        if name.is_empty() {
            let accepted = Accepted::Form("compulsory-dropouts".to_owned());
            return Err(Refusal::new(Reason::Missing, "indicator", "", accepted));
        }
        let by_code = name.parse().ok().and_then(|code| self.get(code));
        if let Some(indicator) = by_code {
            return Ok(indicator);
        }
        match self.by_name.get(&name).map(Vec::as_slice) {
            Some([only]) => self.get(*only).ok_or_else(|| self.unknown(cell, &name)),
            Some(several) => {
                let codes: Vec<String> = several.iter().map(ToString::to_string).collect();
                Err(Refusal::advise(
                    Reason::Malformed,
                    "indicator",
                    trim(cell),
                    format!("有多个指标同名，请填代码：{}", list(&codes)),
                    format!(
                        "several indicators have this name; write a code: {}",
                        list(&codes)
                    ),
                ))
            }
            None => Err(self.unknown(cell, &name)),
        }
    }

    fn unknown(&self, cell: &str, name: &str) -> Refusal {
        let lower = name.to_lowercase();
        let similar: Vec<String> = self
            .by_code
            .values()
            .filter(|indicator| {
                let known = indicator.name.as_str();
                known.contains(name)
                    || (known.chars().count() > 3 && name.contains(known))
                    || (lower.len() > 3 && indicator.code.as_str().contains(&lower))
            })
            .take(PROPOSED)
            .map(|indicator| format!("{} ({})", indicator.code, indicator.name))
            .collect();
        if similar.is_empty() {
            return Refusal::advise(
                Reason::UnknownIndicator,
                "indicator",
                trim(cell),
                "用 liandong indicator list 查看全部指标",
                "liandong indicator list shows them all",
            );
        }
        let accepted = Accepted::OneOf(similar);
        Refusal::new(Reason::UnknownIndicator, "indicator", trim(cell), accepted)
    }
}

fn list(codes: &[String]) -> String {
    codes.join(", ")
}
