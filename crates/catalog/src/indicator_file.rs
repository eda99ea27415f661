//! Indicator files: `[[indicator]]` tables with the definition (口径) of each figure.

use std::collections::BTreeSet;

use liandong_core::indicator::{Direction, Indicator, IndicatorCode, IndicatorKind};
use liandong_core::period::PeriodKind;
use liandong_core::refusal::{Accepted, Reason};
use liandong_core::region::RegionKind;
use toml::Table;

use crate::error::{CatalogError, Place};
use crate::fields::{Fields, parse_table};

const CODE_FORM: &str = "gigabit-school-coverage (a-z 0-9 -, 1..=47)";
const KINDS: [IndicatorKind; 5] = [
    IndicatorKind::Count,
    IndicatorKind::Money,
    IndicatorKind::Ratio,
    IndicatorKind::Milestone,
    IndicatorKind::RatioOfRatios,
];
const DIRECTIONS: [Direction; 3] = [Direction::Up, Direction::Down, Direction::Zero];

/// Reads a file of indicators.
///
/// # Errors
/// Everything that is wrong with the file, each with its indicator, field, value and what would
/// be accepted.
pub fn parse_indicator_file(text: &str) -> Result<Vec<Indicator>, Vec<CatalogError>> {
    let top = parse_table(text)?;
    let mut errors = Vec::new();
    let mut fields = Fields::new(Place::File, top, &mut errors);
    let tables = fields.tables("indicator", "indicator");
    fields.finish();
    let indicators = read_indicators(tables, &mut errors);
    if errors.is_empty() {
        Ok(indicators)
    } else {
        Err(errors)
    }
}

/// Reads `[[indicator]]` tables; those with a mistake are left out and the mistake is noted.
pub(crate) fn read_indicators(
    tables: Vec<Table>,
    errors: &mut Vec<CatalogError>,
) -> Vec<Indicator> {
    let mut indicators = Vec::with_capacity(tables.len());
    let mut seen = BTreeSet::new();
    for (index, table) in tables.into_iter().enumerate() {
        let place = Place::Indicator {
            code: format!("#{}", index + 1),
        };
        let mut fields = Fields::new(place, table, errors);
        let indicator = read_indicator(&mut fields);
        if let Some(indicator) = indicator {
            if seen.insert(indicator.code) {
                indicators.push(indicator);
            } else {
                let value = indicator.code.to_string();
                fields.refuse(Reason::AlreadyExists, "code", &value, Accepted::Nothing);
            }
        }
        fields.finish();
    }
    indicators
}

fn read_indicator(fields: &mut Fields<'_>) -> Option<Indicator> {
    let code = fields.parsed::<IndicatorCode>("code", CODE_FORM);
    if let Some(code) = code {
        fields.set_place(Place::Indicator {
            code: code.to_string(),
        });
    }
    let name = fields.text("name");
    let name_en = fields.optional_text("name_en").unwrap_or_default();
    let unit = fields.text("unit");
    let kind = fields.word("kind", &KINDS, IndicatorKind::word);
    let direction = fields.word("direction", &DIRECTIONS, Direction::word);
    let numerator = fields.optional_text("numerator").unwrap_or_default();
    let denominator = fields.optional_text("denominator");
    let numerator_may_exceed = fields.flag("numerator_may_exceed");
    let of = read_ratio_pair(fields);
    let period = fields.word("period", &PeriodKind::ALL, PeriodKind::word);
    let reported_by = read_reporters(fields);

    let kind = kind?;
    check_shape(
        fields,
        kind,
        &numerator,
        denominator.as_deref(),
        of.is_some(),
    );
    if name.is_empty() || unit.is_empty() {
        return None;
    }
    Some(Indicator {
        code: code?,
        name,
        name_en,
        unit,
        kind,
        direction: direction?,
        numerator,
        denominator,
        numerator_may_exceed,
        of,
        period: period?,
        reported_by,
    })
}

/// The two ratios of a ratio of ratios: the one above the line first.
fn read_ratio_pair(fields: &mut Fields<'_>) -> Option<[IndicatorCode; 2]> {
    let texts = fields.texts("of");
    if texts.is_empty() {
        return None;
    }
    let parsed: Vec<IndicatorCode> = texts.iter().filter_map(|text| text.parse().ok()).collect();
    if let (2, [above, below]) = (texts.len(), parsed.as_slice()) {
        return Some([*above, *below]);
    }
    let form = Accepted::Form("of = [\"ratio-above\", \"ratio-below\"]".to_owned());
    fields.refuse(Reason::Malformed, "of", &texts.join(", "), form);
    None
}

fn read_reporters(fields: &mut Fields<'_>) -> Vec<RegionKind> {
    let mut kinds = Vec::new();
    for word in fields.texts("reported_by") {
        match RegionKind::from_word(&word) {
            Some(kind) => kinds.push(kind),
            None => {
                let words = RegionKind::ALL.map(|kind| kind.word().to_owned()).to_vec();
                fields.refuse(
                    Reason::Malformed,
                    "reported_by",
                    &word,
                    Accepted::OneOf(words),
                );
            }
        }
    }
    kinds
}

/// Which definitions a kind of figure needs, and which it must not have.
fn check_shape(
    fields: &mut Fields<'_>,
    kind: IndicatorKind,
    numerator: &str,
    denominator: Option<&str>,
    has_pair: bool,
) {
    let derived = kind == IndicatorKind::RatioOfRatios;
    let needs = [
        ("numerator", !derived, !numerator.trim().is_empty()),
        (
            "denominator",
            kind.has_denominator(),
            denominator.is_some_and(|text| !text.trim().is_empty()),
        ),
        ("of", derived, has_pair),
    ];
    for (key, needed, given) in needs {
        if needed && !given {
            let form = Accepted::Form(format!("{key} = … (kind = \"{}\")", kind.word()));
            fields.refuse(Reason::Missing, key, "", form);
        }
        if given && !needed {
            let words = KINDS
                .into_iter()
                .filter(|other| match key {
                    "numerator" => *other != IndicatorKind::RatioOfRatios,
                    "denominator" => other.has_denominator(),
                    _ => *other == IndicatorKind::RatioOfRatios,
                })
                .map(|other| format!("kind = \"{}\"", other.word()))
                .collect();
            fields.refuse(
                Reason::NotAllowedNow,
                key,
                kind.word(),
                Accepted::OneOf(words),
            );
        }
    }
}
