use liandong_catalog::builtin_indicators;
use liandong_core::language::Language;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::report::Report;

use super::{Interpreted, RefusedRow, cells_of, interpret};
use crate::cells::{Cells, RawRow};
use crate::column::Field;
use crate::known::KnownIndicators;

fn known() -> KnownIndicators {
    KnownIndicators::new(builtin_indicators().unwrap().into_values())
}

/// A row with source, indicator, period, numerator and denominator.
fn row(cells: [&str; 5]) -> RawRow {
    let mut filled = Cells::default();
    for (field, text) in Field::ALL.into_iter().zip(cells) {
        filled.set(field, text.to_owned());
    }
    RawRow {
        line: 2,
        cells: filled,
        trouble: None,
    }
}

fn report(cells: [&str; 5]) -> Report {
    match interpret(&row(cells), &known()) {
        Ok(Interpreted::Report(report)) => report,
        other => panic!("{cells:?}: {other:?}"),
    }
}

fn refusal(cells: [&str; 5]) -> Refusal {
    interpret(&row(cells), &known()).unwrap_err()
}

#[test]
fn a_figure_is_read_as_people_type_it() {
    let plain = report(["371524-s1", "compulsory-dropouts", "2025-03", "1234", ""]);
    assert_eq!(plain.numerator, 1_234);
    assert_eq!(plain.denominator, None);
    let typed = report([
        "　３７１５２４－ｓ１ ",
        "义务教育阶段失学辍学学生数",
        "２０２５年３月",
        " １，２３４ ",
        "　",
    ]);
    assert_eq!(typed, plain);
}

#[test]
fn amounts_are_in_yuan_and_become_fen() {
    let amount = report([
        "371524",
        "cooperation-project-funds",
        "2025-03",
        "1,234.5",
        "",
    ]);
    assert_eq!(amount.numerator, 123_450);
    let shown = cells_of(&amount, &known());
    assert_eq!(shown.get(Field::Numerator), "1234.50");
}

#[test]
fn what_is_uncertain_names_column_and_value() {
    let source = "371524-s1";
    let dropouts = "compulsory-dropouts";
    let funds = "cooperation-project-funds";
    let cases = [
        (
            ["东阿小学", dropouts, "2025-03", "1", ""],
            "source",
            Reason::Malformed,
        ),
        (
            ["", dropouts, "2025-03", "1", ""],
            "source",
            Reason::Missing,
        ),
        (
            [source, "辍学", "2025-03", "1", ""],
            "indicator",
            Reason::UnknownIndicator,
        ),
        (
            [source, "", "2025-03", "1", ""],
            "indicator",
            Reason::Missing,
        ),
        (
            [source, dropouts, "2025/3/1", "1", ""],
            "period",
            Reason::Malformed,
        ),
        ([source, dropouts, "", "1", ""], "period", Reason::Missing),
        (
            [source, dropouts, "2025-03", "1,23", ""],
            "numerator",
            Reason::Malformed,
        ),
        (
            [source, dropouts, "2025-03", "1.5", ""],
            "numerator",
            Reason::Malformed,
        ),
        (
            [source, dropouts, "2025-03", "85%", ""],
            "numerator",
            Reason::Malformed,
        ),
        (
            [source, dropouts, "2025-03", "-1", ""],
            "numerator",
            Reason::OutOfRange,
        ),
        (
            [source, dropouts, "2025-03", "", "5"],
            "numerator",
            Reason::Missing,
        ),
        (
            [source, dropouts, "2025-03", "1", "x"],
            "denominator",
            Reason::Malformed,
        ),
        (
            [source, funds, "2025-03", "50万元", ""],
            "numerator",
            Reason::Malformed,
        ),
        (
            [source, funds, "2025-03", "0.001", ""],
            "numerator",
            Reason::Malformed,
        ),
    ];
    for (cells, field, reason) in cases {
        let refused = refusal(cells);
        assert_eq!(
            (refused.field.as_str(), refused.reason),
            (field, reason),
            "{cells:?}"
        );
        let accepted = refused.accepted.message(Language::Zh);
        assert!(!accepted.is_empty(), "{cells:?} does not say what would do");
    }
}

#[test]
fn similar_indicators_are_proposed() {
    let refused = refusal(["371524", "compulsory-dropout", "2025-03", "1", ""]);
    let proposed = refused.accepted.message(Language::En);
    assert!(proposed.contains("compulsory-dropouts"), "{proposed}");
}

#[test]
fn a_row_of_a_template_that_nobody_filled_in_is_left_alone() {
    let empty = row(["371524-s1", "compulsory-dropouts", "2025-03", " ", ""]);
    assert_eq!(interpret(&empty, &known()), Ok(Interpreted::LeftEmpty));
    let mut noted = empty;
    noted.cells.set(Field::Note, "稍后补".to_owned());
    assert_eq!(
        interpret(&noted, &known()).unwrap_err().reason,
        Reason::Missing
    );
}

#[test]
fn a_milestone_needs_no_denominator() {
    let milestone = report(["371500", "bundled-appointment", "2025-03", "1", ""]);
    assert_eq!(milestone.denominator, Some(1));
}

#[test]
fn a_refused_row_speaks_the_readers_language() {
    let refused = refusal(["371524", "compulsory-dropouts", "2025-03", "1.5", ""]);
    let cells = Cells::default();
    let zh = RefusedRow::here(7, cells.clone(), &refused, Language::Zh);
    assert_eq!(zh.message, "无法识别；请填整数，不带小数");
    assert_eq!(
        (zh.line, zh.field, zh.value.as_str()),
        (7, Some(Field::Numerator), "1.5")
    );
    let en = RefusedRow::here(7, cells, &refused, Language::En);
    assert_eq!(
        en.message,
        "cannot be read; write a whole number without decimals"
    );
}
