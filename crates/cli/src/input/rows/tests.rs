use std::io::Read;

use proptest::prelude::{any, prop, proptest};

use super::{InputKind, RowReader};
use crate::cells::{RawRow, RowTrouble};
use crate::column::Field;
use crate::error::{InputError, MAX_ROW_BYTES};

fn read(bytes: &[u8]) -> Result<Vec<RawRow>, InputError> {
    let mut reader = RowReader::new(bytes, None)?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        rows.push(row);
    }
    Ok(rows)
}

fn line_and(rows: &[RawRow], field: Field) -> Vec<(u64, &str)> {
    rows.iter()
        .map(|row| (row.line, row.cells.get(field)))
        .collect()
}

#[test]
fn rows_keep_the_lines_that_an_editor_shows() {
    let unix = "source,indicator,period,value,note\na,i,2025,1,\n\n\nb,i,2025,2,\"two\nlines\"\nc,i,2025,3,";
    let windows = unix.replace('\n', "\r\n");
    for text in [unix, &windows] {
        let rows = read(text.as_bytes()).unwrap();
        assert_eq!(
            line_and(&rows, Field::Source),
            [(2, "a"), (5, "b"), (7, "c")]
        );
        assert_eq!(rows[1].cells.get(Field::Note), "two\nlines");
    }
}

#[test]
fn headings_may_be_chinese_in_any_order_with_columns_for_people() {
    let text = "单位名称,周期,单位代码,完成值,指标,备注\n某小学,2025-03,371524-s1,3,控辍,\n";
    let rows = read(text.as_bytes()).unwrap();
    let row = &rows[0].cells;
    assert_eq!(row.get(Field::Source), "371524-s1");
    assert_eq!(row.get(Field::Numerator), "3");
    assert_eq!(row.get(Field::Indicator), "控辍");
}

#[test]
fn semicolons_and_tabs_separate_too() {
    for separator in [";", "\t"] {
        let text = "source,indicator,period,value\na,i,2025,1\n".replace(',', separator);
        assert_eq!(
            read(text.as_bytes()).unwrap()[0]
                .cells
                .get(Field::Numerator),
            "1"
        );
    }
}

#[test]
fn a_heading_that_lacks_columns_says_which() {
    let error = read("单位,指标,周期\na,i,2025\n".as_bytes()).unwrap_err();
    let InputError::MissingColumns { missing, found } = error else {
        panic!("{error}");
    };
    assert_eq!(missing.len(), 1);
    assert!(missing[0].contains(&"完成值"));
    assert_eq!(found, ["单位", "指标", "周期"]);
}

#[test]
fn two_columns_with_one_meaning_are_refused() {
    let error = read("单位,指标,周期,分子,数值\n".as_bytes()).unwrap_err();
    assert!(matches!(error, InputError::DoubleColumn { first, second }
        if first == "分子" && second == "数值"));
}

#[test]
fn a_thousands_separator_without_quotation_marks_is_noticed() {
    let text = "source,indicator,period,value\na,i,2025,1,234\nb,i,2025,\"1,234\",\n";
    let rows = read(text.as_bytes()).unwrap();
    assert_eq!(
        rows[0].trouble,
        Some(RowTrouble::TooManyCells("234".to_owned()))
    );
    assert_eq!(rows[1].trouble, None);
    assert_eq!(rows[1].cells.get(Field::Numerator), "1,234");
}

#[test]
fn a_quotation_mark_that_is_never_closed_swallows_no_rows_in_silence() {
    let text = "source,indicator,period,value,note\na,i,2025,1,\nb,i,2025,2,\"x\nc,i,2025,3,\n";
    let rows = read(text.as_bytes()).unwrap();
    assert_eq!(rows[0].trouble, None);
    assert_eq!(rows[1].line, 3);
    assert!(
        matches!(rows[1].trouble, Some(RowTrouble::OpenQuote(_))),
        "{rows:?}"
    );
}

#[test]
fn empty_files_and_arrays_are_told_from_files_without_rows() {
    assert!(matches!(read(b""), Err(InputError::Empty)));
    assert!(matches!(read(b"[{}]"), Err(InputError::JsonArray)));
    assert!(read(b"source,indicator,period,value\n").unwrap().is_empty());
}

#[test]
fn json_numbers_stay_as_they_are_written() {
    let text = r#"{"source":"a","indicator":"i","period":"2025","numerator":12345678901.10,"denominator":null}
{"单位":"b","指标":"i","周期":"2025","数值":"7"}"#;
    let rows = read(text.as_bytes()).unwrap();
    assert_eq!(rows[0].cells.get(Field::Numerator), "12345678901.10");
    assert_eq!(rows[0].cells.get(Field::Denominator), "");
    assert_eq!(line_and(&rows, Field::Source), [(1, "a"), (2, "b")]);
}

#[test]
fn a_bad_json_line_does_not_stop_the_others() {
    let text =
        "{\"source\":\"a\"}\nnonsense\n\n{\"source\":\"b\",\"单位\":\"c\"}\n{\"source\":[1]}\n";
    let rows = read(text.as_bytes()).unwrap();
    assert_eq!(line_and(&rows, Field::Source)[0], (1, "a"));
    assert_eq!(
        rows[1].trouble,
        Some(RowTrouble::NotAnObject("nonsense".to_owned()))
    );
    assert_eq!(
        (rows[2].line, &rows[2].trouble),
        (4, &Some(RowTrouble::DoubleKey("单位".to_owned())))
    );
    let list = "[1]".to_owned();
    assert_eq!(
        rows[3].trouble,
        Some(RowTrouble::NotAValue(Field::Source, list))
    );
}

/// Gives the same bytes for ever, and counts them.
struct Endless<'c> {
    head: &'static [u8],
    given: &'c std::cell::Cell<u64>,
}

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = if self.head.is_empty() {
            buffer.fill(b'x');
            buffer.len()
        } else {
            let count = self.head.len().min(buffer.len());
            buffer[..count].copy_from_slice(&self.head[..count]);
            self.head = &self.head[count..];
            count
        };
        self.given.set(self.given.get() + count as u64);
        Ok(count)
    }
}

#[test]
fn a_row_without_end_is_refused_after_a_bounded_read() {
    let heads: [&[u8]; 4] = [
        b"source,indicator,period,value\n\"",
        b"source,indicator,period,value\na,i,2025,",
        b"{\"source\":\"",
        b"source,",
    ];
    for head in heads {
        let given = std::cell::Cell::new(0);
        let endless = Endless {
            head,
            given: &given,
        };
        let stopped = RowReader::new(endless, None).and_then(|mut reader| reader.next_row());
        assert!(
            matches!(stopped, Err(InputError::RowTooLong { .. })),
            "{head:?}"
        );
        assert!(
            given.get() < 2 * MAX_ROW_BYTES,
            "{} bytes were read",
            given.get()
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _read_or_refused = read(&bytes);
        for kind in [InputKind::Csv, InputKind::Jsonl] {
            if let Ok(mut reader) = RowReader::new(bytes.as_slice(), Some(kind)) {
                while let Ok(Some(_)) = reader.next_row() {}
            }
        }
    }

    #[test]
    fn lines_rise_whatever_the_cells_are(
        cells in prop::collection::vec("[a-z0-9\",\r\n 单位；]{0,12}", 0..40)
    ) {
        let mut text = "source,indicator,period,value,note\n".to_owned();
        for cell in &cells {
            text.push_str(&format!("\"{}\",i,2025,1,{cell}\n", cell.replace('"', "\"\"")));
        }
        let rows = read(text.as_bytes()).unwrap();
        for pair in rows.windows(2) {
            assert!(pair[0].line < pair[1].line, "{text:?}");
        }
    }
}
