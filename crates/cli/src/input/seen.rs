//! Figures that a file says twice, and not the same way.
//!
//! Whichever row counted, the clerk meant only one of them, and every push of the file would make
//! versions of the figure again: so the later row is refused. Rows that all have an id or a revision
//! say themselves which version they are, and are left to the node.

use std::collections::HashMap;

use liandong_core::indicator::IndicatorCode;
use liandong_core::period::Period;
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::report::Report;

use super::column::Field;
use super::figure::figure_text;
use super::known::KnownIndicators;

/// The most figures that are remembered, in some 45 MB: 200 schools report fewer in a year. What a longer
/// file says of others is left to the node.
const MOST: usize = 200_000;

type Figure = (RegionCode, IndicatorCode, Period);

/// What the rows of a file have said so far.
#[derive(Debug, Default)]
pub struct Seen {
    figures: HashMap<Figure, Row>,
}

#[derive(Debug)]
struct Row {
    line: u64,
    numerator: i64,
    denominator: Option<i64>,
    /// Whether it says which version it is.
    is_named: bool,
}

impl Seen {
    /// Notes the report on a line.
    ///
    /// # Errors
    /// [`Reason::Contradiction`] when an earlier line says something else of the same figure.
    pub fn note(
        &mut self,
        line: u64,
        report: &Report,
        known: &KnownIndicators,
    ) -> Result<(), Refusal> {
        let figure = (report.source, report.indicator, report.period);
        let row = Row {
            line,
            numerator: report.numerator,
            denominator: report.denominator,
            is_named: !report.id.is_empty() || report.revision > 0,
        };
        let Some(earlier) = self.figures.get_mut(&figure) else {
            if self.figures.len() < MOST {
                self.figures.insert(figure, row);
            }
            return Ok(());
        };
        if earlier.is_named && row.is_named {
            *earlier = row;
            return Ok(());
        }
        let (field, value, said) = if row.numerator != earlier.numerator {
            let text = |value| figure_text(value, known.get(report.indicator));
            let (value, said) = (text(row.numerator), text(earlier.numerator));
            (Field::Numerator, value, said)
        } else if row.denominator != earlier.denominator {
            let text = |value: Option<i64>| value.map_or(String::new(), |one| one.to_string());
            let (value, said) = (text(row.denominator), text(earlier.denominator));
            (Field::Denominator, value, said)
        } else {
            return Ok(());
        };
        let first = earlier.line;
        Err(Refusal::advise(
            Reason::Contradiction,
            field.headings()[0],
            value,
            format!("第 {first} 行写的是“{said}”；请只保留正确的一行"),
            format!("line {first} says \"{said}\"; keep the one row that is right"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use liandong_catalog::builtin_indicators;
    use liandong_core::language::Language;
    use liandong_core::refusal::Reason;
    use liandong_core::report::Report;

    use super::{MOST, Seen};
    use crate::known::KnownIndicators;

    fn known() -> KnownIndicators {
        KnownIndicators::new(builtin_indicators().unwrap().into_values())
    }

    fn report(indicator: &str, numerator: i64, denominator: Option<i64>) -> Report {
        Report {
            id: String::new(),
            source: "371524001".parse().unwrap(),
            indicator: indicator.parse().unwrap(),
            period: "2025-03".parse().unwrap(),
            numerator,
            denominator,
            revision: 0,
            note: String::new(),
        }
    }

    #[test]
    fn a_second_value_of_a_figure_is_refused_with_the_line_of_the_first() {
        let (mut seen, known) = (Seen::default(), known());
        let first = report("compulsory-dropouts", 12, None);
        assert_eq!(seen.note(2, &first, &known), Ok(()));
        let other = Report {
            period: "2025-04".parse().unwrap(),
            ..first.clone()
        };
        assert_eq!(seen.note(3, &other, &known), Ok(()));
        let second = Report {
            numerator: 15,
            ..first.clone()
        };
        for line in [5, 9] {
            let refusal = seen.note(line, &second, &known).unwrap_err();
            assert_eq!(refusal.reason, Reason::Contradiction);
            assert_eq!((&*refusal.field, &*refusal.value), ("numerator", "15"));
            let told = refusal.accepted.message(Language::En);
            assert_eq!(told, "line 2 says \"12\"; keep the one row that is right");
        }
        assert_eq!(seen.note(11, &first, &known), Ok(()), "the same once more");
    }

    #[test]
    fn a_denominator_contradicts_as_well() {
        let (mut seen, known) = (Seen::default(), known());
        let share = "campus-meal-coverage";
        assert_eq!(seen.note(2, &report(share, 1, Some(40)), &known), Ok(()));
        let later = report(share, 1, Some(41));
        let refusal = seen.note(3, &later, &known).unwrap_err();
        assert_eq!((&*refusal.field, &*refusal.value), ("denominator", "41"));
        let left_out = seen.note(4, &report(share, 1, None), &known).unwrap_err();
        assert_eq!((&*left_out.field, &*left_out.value), ("denominator", ""));
    }

    #[test]
    fn amounts_are_told_in_yuan() {
        let (mut seen, known) = (Seen::default(), known());
        let funds = "cooperation-project-funds";
        assert_eq!(seen.note(2, &report(funds, 123_450, None), &known), Ok(()));
        let refusal = seen.note(3, &report(funds, 1, None), &known).unwrap_err();
        assert_eq!(&*refusal.value, "0.01");
        let told = refusal.accepted.message(Language::Zh);
        assert_eq!(told, "第 2 行写的是“1234.50”；请只保留正确的一行");
    }

    #[test]
    fn only_rows_that_all_say_which_version_they_are_stand_beside_each_other() {
        let known = known();
        let plain = report("compulsory-dropouts", 12, None);
        let numbered = Report {
            numerator: 15,
            revision: 2,
            ..plain.clone()
        };
        let named = Report {
            numerator: 16,
            id: "a-7".to_owned(),
            ..plain.clone()
        };
        for (first, second) in [(&plain, &numbered), (&plain, &named), (&named, &plain)] {
            let mut seen = Seen::default();
            assert_eq!(seen.note(2, first, &known), Ok(()));
            let refusal = seen.note(3, second, &known).unwrap_err();
            assert_eq!(refusal.reason, Reason::Contradiction);
        }
        let mut seen = Seen::default();
        let once_more = Report {
            numerator: 16,
            ..plain
        };
        for (line, report) in [(2, &numbered), (3, &named), (4, &once_more)] {
            assert_eq!(seen.note(line, report, &known), Ok(()), "{line}");
        }
    }

    #[test]
    fn what_is_remembered_of_a_long_file_is_bounded() {
        let (mut seen, known) = (Seen::default(), known());
        let of = |unit: usize, numerator| Report {
            source: format!("371524-{unit}").parse().unwrap(),
            ..report("compulsory-dropouts", numerator, None)
        };
        for unit in 0..=MOST {
            assert_eq!(seen.note(2, &of(unit, 12), &known), Ok(()));
        }
        assert_eq!(seen.figures.len(), MOST);
        assert_eq!(seen.note(3, &of(MOST, 13), &known), Ok(()));
        assert!(seen.note(4, &of(0, 13), &known).is_err());
    }
}
