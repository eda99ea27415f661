use jiff::Timestamp;
use liandong_core::language::Language;

use super::Listing;
use crate::output::{Cell, Column};

fn listing() -> Listing {
    let mut listing = Listing::new(&[
        Column::text("region", "区域", "region"),
        Column::number("fund_yuan", "资金", "fund"),
        Column::number("completion_basis_points", "完成率", "completion"),
        Column::text("joined", "已接入", "joined"),
        Column::text("at", "时间", "at"),
    ]);
    listing.row(vec![
        Cell::text("371500"),
        Cell::Fen(50_000_000),
        Cell::Share(Some(8_512)),
        Cell::Yes(Some(true)),
        Cell::Moment(Some(Timestamp::UNIX_EPOCH)),
    ]);
    listing.row(vec![
        Cell::text("=1+1"),
        Cell::Fen(-1),
        Cell::Share(None),
        Cell::Yes(None),
        Cell::Moment(None),
    ]);
    listing
}

#[test]
fn json_has_stable_names_and_exact_amounts() {
    let json = serde_json::to_string(&listing()).unwrap();
    let first = r#"[{"region":"371500","fund_yuan":"500000.00","completion_basis_points":8512,"joined":true,"at":"1970-01-01T00:00:00Z"},"#;
    assert!(json.starts_with(first), "{json}");
    let second = r#"{"region":"=1+1","fund_yuan":"-0.01","completion_basis_points":null,"joined":null,"at":null}]"#;
    assert!(json.ends_with(second), "{json}");
}

fn csv(language: Language, bom: bool) -> String {
    let mut short = listing();
    short.columns.truncate(4);
    for row in &mut short.rows {
        row.truncate(4);
    }
    let mut bytes = Vec::new();
    short.write_csv(&mut bytes, language, bom).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn csv_has_a_heading_in_the_readers_language() {
    let expected = "区域,资金,完成率,已接入\r\n371500,500000.00,85.12%,是\r\n'=1+1,-0.01,,\r\n";
    assert_eq!(csv(Language::Zh, false), expected);
    assert!(csv(Language::En, false).starts_with("region,fund,completion,joined\r\n"));
}

#[test]
fn the_mark_for_excel_is_written_when_it_is_asked_for() {
    assert!(csv(Language::Zh, true).starts_with('\u{feff}'));
    assert!(!csv(Language::Zh, false).starts_with('\u{feff}'));
}

#[test]
fn some_columns_and_some_rows_can_be_shown() {
    let all = listing();
    let some = all.only(&["at", "region"]);
    let keys: Vec<&str> = some.columns.iter().map(|column| column.key).collect();
    assert_eq!(keys, ["at", "region"]);
    assert_eq!(some.rows.len(), 2);
    assert_eq!(some.rows[1][1], Cell::text("=1+1"));
    // The second row has no time and is joined nowhere.
    let with = all.with(&["at", "joined"]);
    assert_eq!(with.rows.len(), 1);
    assert_eq!(with.rows[0][0], Cell::text("371500"));
    assert!(all.with(&["no-such-column"]).is_empty());
}

#[test]
fn bytes_are_rounded_for_people_only() {
    let cell = Cell::Bytes(67_108_865);
    assert_eq!(cell.for_people(Language::Zh), "64.00 MiB");
    assert_eq!(cell.for_spreadsheets(Language::Zh), "67108865");
    assert_eq!(serde_json::to_string(&cell).unwrap(), "67108865");
    let both = Cell::both("磁盘", "disk");
    assert_eq!(both.for_people(Language::Zh), "磁盘");
    assert_eq!(serde_json::to_string(&both).unwrap(), "\"disk\"");
}
