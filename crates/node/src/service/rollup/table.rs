//! Rows of roll-up tables and of completeness, as they are shown.

use liandong_core::indicator::Indicator;
use liandong_core::language::Language;
use liandong_core::period::Period;
use liandong_core::plan::PlanItem;
use liandong_core::quantity::basis_points;
use liandong_core::query::{
    CompletenessRow as Completeness, Published, Question, RollupRow as Row, rollup,
};
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_wire::admin::v1::IndicatorKind;
use liandong_wire::rollup::v1::{CompletenessRow, GetRollupResponse, Light, RollupRow, Sums};
use liandong_wire::rollup::{fraction, sums};
use liandong_wire::task::v1::Target;

use super::value;

/// What stands in the place of a figure that is hidden.
const HIDDEN: &str = "*";

/// The roll-up of a region, exact or as it is published.
pub(super) fn table(
    question: &Question<'_>,
    region: RegionCode,
    exact: bool,
    language: Language,
) -> Result<GetRollupResponse, Refusal> {
    let rows = if exact {
        rollup(question, region)?
    } else {
        Published::new(question).rollup(region)?
    };
    let known = question.state.region(question.catalogue, region);
    Ok(GetRollupResponse {
        region: region.to_string(),
        name: known.map(|known| known.name.clone()).unwrap_or_default(),
        as_of: question.period.to_string(),
        rows: rows
            .iter()
            .map(|row| rollup_row(question, row, language))
            .collect(),
    })
}

fn rollup_row(question: &Question<'_>, row: &Row<'_>, language: Language) -> RollupRow {
    let indicator = row.indicator;
    let (value_numerator, value_denominator) = fraction(row.value);
    let named = |name: fn(&PlanItem) -> &String| row.item.map(name).cloned().unwrap_or_default();
    RollupRow {
        region: row.region.to_string(),
        item: named(|item| &item.number),
        item_name: named(|item| &item.name),
        indicator: indicator.code.to_string(),
        indicator_name: indicator_name(indicator, language).to_owned(),
        unit: indicator.unit.clone(),
        kind: IndicatorKind::from(indicator.kind).into(),
        period: own_period(indicator, question.period).to_string(),
        target: row.target.as_ref().map(Target::from),
        sums: (!row.hidden).then(|| sums(&row.sums, row.expected)),
        sums_below: sums_below(question, row).filter(|_| !row.hidden),
        value_numerator,
        value_denominator,
        value_text: if row.hidden {
            HIDDEN.to_owned()
        } else {
            value::text(indicator, row.value)
        },
        hidden: row.hidden,
        completion_basis_points: row.completion.rate,
        met: row.completion.met,
        scheduled_basis_points: row.scheduled,
        light: Light::from(row.completion.light).into(),
    }
}

/// An indicator's name in a language, or in Chinese where it has no other.
fn indicator_name(indicator: &Indicator, language: Language) -> &str {
    let english = if indicator.name_en.is_empty() {
        &indicator.name
    } else {
        &indicator.name_en
    };
    language.pick(&indicator.name, english)
}

/// The indicator's own period at the end of the one that was asked for, as core answers.
pub(super) fn own_period(indicator: &Indicator, asked: Period) -> Period {
    if indicator.period == asked.kind() {
        return asked;
    }
    Period::containing(indicator.period, asked.last_day()).unwrap_or(asked)
}

/// For a ratio of ratios: the sums of the ratio below the line.
fn sums_below(question: &Question<'_>, row: &Row<'_>) -> Option<Sums> {
    let [_, below] = row.indicator.of?;
    let state = question.state;
    let indicator = state.indicator(question.catalogue, below)?;
    let cell = state.cell(row.region, below, own_period(indicator, question.period));
    let expected = state.roster(row.region).expected(&indicator.reported_by);
    Some(sums(
        &cell.map(|cell| cell.sums).unwrap_or_default(),
        expected,
    ))
}

/// How complete the reports of one region are.
pub(super) fn completeness_row(row: &Completeness) -> CompletenessRow {
    let share = |part: u64| basis_points(i128::from(part), i128::from(row.expected));
    CompletenessRow {
        region: row.region.to_string(),
        name: row.name.clone(),
        expected: row.expected,
        reported: row.reported,
        on_time: row.on_time,
        reported_basis_points: share(row.reported),
        on_time_basis_points: share(row.on_time),
        joined: row.joined,
    }
}
