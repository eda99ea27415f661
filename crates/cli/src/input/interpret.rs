//! What a row means: a report, a row left empty, or a refusal that names column and value.

use liandong_core::indicator::{Indicator, IndicatorKind};
use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::MAX_REGION_CODE_LEN;
use liandong_core::report::Report;

use super::cells::{Cells, RawRow, RowTrouble};
use super::column::Field;
use super::figure::{FigureError, figure_text, read_whole, read_yuan};
use super::known::KnownIndicators;
use super::period_text::read_period;
use super::text::{normalise, trim};

/// What a row means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interpreted {
    /// A figure.
    Report(Report),
    /// A row of a template that nobody has filled in.
    LeftEmpty,
}

/// A row that is refused, here or by the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// The line it stands on.
    pub line: u64,
    /// What it holds.
    pub cells: Cells,
    /// The column that is wrong; `None` for the row as a whole.
    pub field: Option<Field>,
    /// The value that is wrong.
    pub value: String,
    /// The reason's stable word.
    pub reason: String,
    /// Why, and what would be accepted, without the name of the column.
    pub message: String,
}

impl RefusedRow {
    /// A row that was refused here.
    pub fn here(line: u64, cells: Cells, refusal: &Refusal, language: Language) -> Self {
        Self {
            line,
            cells,
            field: Field::from_path(&refusal.field),
            value: refusal.value.clone(),
            reason: refusal.reason.code().to_owned(),
            message: sentence(
                refusal.reason.describe(language),
                &refusal.accepted.message(language),
                language,
            ),
        }
    }
}

/// A reason and what would be accepted, as one sentence.
pub fn sentence(reason: &str, accepted: &str, language: Language) -> String {
    if accepted.is_empty() {
        return reason.to_owned();
    }
    let mark = language.pick("；", "; ");
    format!("{reason}{mark}{accepted}")
}

/// Reads what a row means.
///
/// # Errors
/// The first thing that is wrong with it; its field is the English heading of the column.
pub fn interpret(row: &RawRow, known: &KnownIndicators) -> Result<Interpreted, Refusal> {
    if let Some(trouble) = &row.trouble {
        return Err(refuse_form(trouble));
    }
    let cells = &row.cells;
    if is_left_empty(cells) {
        return Ok(Interpreted::LeftEmpty);
    }
    let source = read_source(cells)?;
    let indicator = known.find(cells.get(Field::Indicator))?;
    let period = read_period_cell(cells, indicator)?;
    let numerator = read_figure(cells, Field::Numerator, indicator)?;
    let numerator = numerator.ok_or_else(|| missing(Field::Numerator, &indicator.numerator))?;
    let denominator = read_figure(cells, Field::Denominator, indicator)?;
    Ok(Interpreted::Report(Report {
        id: normalise(cells.get(Field::Id)),
        source,
        indicator: indicator.code,
        period,
        numerator,
        denominator: default_denominator(denominator, indicator),
        revision: read_revision(cells)?,
        note: trim(cells.get(Field::Note)).to_owned(),
    }))
}

/// Unit, indicator and period are there, as a template has them, and nothing else is.
fn is_left_empty(cells: &Cells) -> bool {
    let blank = |field: Field| trim(cells.get(field)).is_empty();
    let given = [Field::Source, Field::Indicator, Field::Period];
    let to_fill = [
        Field::Numerator,
        Field::Denominator,
        Field::Id,
        Field::Revision,
        Field::Note,
    ];
    !given.into_iter().any(blank) && to_fill.into_iter().all(blank)
}

fn refuse_form(trouble: &RowTrouble) -> Refusal {
    match trouble {
        RowTrouble::TooManyCells(value) => Refusal::advise(
            Reason::Malformed,
            "",
            value,
            "单元格多于表头；含千分位逗号的数须加引号，如 \"1,234\"",
            "the row has more cells than the heading; put numbers with commas into quotation \
             marks: \"1,234\"",
        ),
        RowTrouble::OpenQuote(start) => Refusal::advise(
            Reason::Malformed,
            "",
            start,
            "引号没有闭合，其后的行都被当作一个单元格",
            "its quotation mark is not closed, so all rows after it are one cell",
        ),
        RowTrouble::NotAnObject(start) => {
            let form =
                r#"{"source":"371524001","indicator":"…","period":"2025-03","numerator":12}"#;
            let accepted = Accepted::Form(form.to_owned());
            Refusal::new(Reason::Malformed, "", start, accepted)
        }
        RowTrouble::DoubleKey(key) => Refusal::advise(
            Reason::Malformed,
            "",
            key,
            "同一行中重复出现",
            "the line has two keys with this meaning",
        ),
        RowTrouble::NotAValue(field, value) => {
            let accepted = Accepted::Form("12 | \"12\"".to_owned());
            Refusal::new(Reason::Malformed, field.headings()[0], value, accepted)
        }
    }
}

fn read_source(cells: &Cells) -> Result<liandong_core::region::RegionCode, Refusal> {
    let code = normalise(cells.get(Field::Source));
    if code.is_empty() {
        return Err(missing(Field::Source, "371524001"));
    }
    code.parse().map_err(|_| {
        let zh =
            format!("请填单位代码（1 至 {MAX_REGION_CODE_LEN} 个字母、数字或连字符），不填名称");
        let en = format!(
            "write the unit's code (1 to {MAX_REGION_CODE_LEN} letters, digits and hyphens), not \
             its name"
        );
        Refusal::advise(
            Reason::Malformed,
            "source",
            trim(cells.get(Field::Source)),
            zh,
            en,
        )
    })
}

fn read_period_cell(
    cells: &Cells,
    indicator: &Indicator,
) -> Result<liandong_core::period::Period, Refusal> {
    let example = indicator.period.example();
    let cell = normalise(cells.get(Field::Period));
    if cell.is_empty() {
        return Err(missing(Field::Period, example));
    }
    read_period(&cell).ok_or_else(|| {
        let accepted = Accepted::Form(example.to_owned());
        Refusal::new(
            Reason::Malformed,
            "period",
            trim(cells.get(Field::Period)),
            accepted,
        )
    })
}

fn read_figure(cells: &Cells, field: Field, indicator: &Indicator) -> Result<Option<i64>, Refusal> {
    let cell = normalise(cells.get(field));
    if cell.is_empty() {
        return Ok(None);
    }
    let is_money = indicator.kind == IndicatorKind::Money;
    let read = if is_money {
        read_yuan(&cell)
    } else {
        read_whole(&cell)
    };
    match read {
        Ok(figure) => Ok(Some(figure)),
        Err(error) => Err(refuse_figure(error, field, cells, is_money)),
    }
}

fn refuse_figure(error: FigureError, field: Field, cells: &Cells, is_money: bool) -> Refusal {
    let (zh, en) = match error {
        FigureError::NotANumber if is_money => (
            "请填以元为单位的金额，如 1234.50",
            "write an amount in 元, like 1234.50",
        ),
        FigureError::NotANumber => ("请填整数，如 1234", "write a whole number, like 1234"),
        FigureError::Negative => ("不能为负数", "it cannot be negative"),
        FigureError::Percentage => (
            "请分别填写分子和分母，不填百分比",
            "write numerator and denominator, not the percentage",
        ),
        FigureError::NotWhole => (
            "请填整数，不带小数",
            "write a whole number without decimals",
        ),
        FigureError::OddCommas => (
            "千分位逗号的位置不对，如 1,234,567",
            "the commas do not separate thousands, as in 1,234,567",
        ),
        FigureError::TooFine => (
            "金额以元为单位，最多两位小数",
            "an amount in 元 has at most two decimals",
        ),
        FigureError::OtherUnit => (
            "请换算为元，如 50万元 填 500000",
            "convert it to 元: 50万元 is 500000",
        ),
        FigureError::TooLarge => ("数值过大", "it is too large"),
    };
    let reason = match error {
        FigureError::Negative | FigureError::TooLarge => Reason::OutOfRange,
        _ => Reason::Malformed,
    };
    Refusal::advise(reason, field.headings()[0], trim(cells.get(field)), zh, en)
}

/// A milestone is 1 of 1 or 0 of 1, so its denominator need not be written.
fn default_denominator(given: Option<i64>, indicator: &Indicator) -> Option<i64> {
    if given.is_none() && indicator.kind == IndicatorKind::Milestone {
        return Some(1);
    }
    given
}

fn read_revision(cells: &Cells) -> Result<u32, Refusal> {
    let cell = normalise(cells.get(Field::Revision));
    if cell.is_empty() {
        return Ok(0);
    }
    let number = read_whole(&cell)
        .ok()
        .and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| {
        let accepted = Accepted::Range(1, i64::from(u32::MAX));
        let value = trim(cells.get(Field::Revision));
        Refusal::new(Reason::Malformed, "revision", value, accepted)
    })
}

fn missing(field: Field, example: &str) -> Refusal {
    let accepted = Accepted::Form(example.to_owned());
    Refusal::new(Reason::Missing, field.headings()[0], "", accepted)
}

/// A report as cells, as a file of refused rows holds it.
pub fn cells_of(report: &Report, known: &KnownIndicators) -> Cells {
    let mut cells = Cells::default();
    let figure = figure_text(report.numerator, known.get(report.indicator));
    cells.set(Field::Source, report.source.to_string());
    cells.set(Field::Indicator, report.indicator.to_string());
    cells.set(Field::Period, report.period.to_string());
    cells.set(Field::Numerator, figure);
    if let Some(denominator) = report.denominator {
        cells.set(Field::Denominator, denominator.to_string());
    }
    cells.set(Field::Id, report.id.clone());
    if report.revision > 0 {
        cells.set(Field::Revision, report.revision.to_string());
    }
    cells.set(Field::Note, report.note.clone());
    cells
}

#[cfg(test)]
mod tests;
