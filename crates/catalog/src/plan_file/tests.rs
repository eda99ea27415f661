use liandong_core::language::Language;
use liandong_core::plan::Bound;
use liandong_core::refusal::Reason;

use super::{parse_plan_file, unknown_indicators};
use crate::builtin::builtin_indicators;
use crate::error::Place;

const GOOD: &str = r#"
[plan]
code = "county-2025"
title = "某县方案"
issuer = "371524"
issued_on = "2025-03-14"
source = "县教育和体育局"

[[plan.item]]
number = "1"
name = "控辍保学"
offices = ["基础教育科"]

[[plan.item.target]]
indicator = "compulsory-dropouts"
due = "2025-Q2"
equals = "0"
text = "动态清零"

[[plan.item.target]]
indicator = "own-funds"
at_least = "500000元"
text = "投入50万元"

[[indicator]]
code = "own-funds"
name = "投入资金"
unit = "元"
kind = "money"
direction = "up"
numerator = "截至期末投入的资金"
period = "quarter"
reported_by = ["bureau"]
"#;

#[test]
fn good_file_is_read() {
    let file = parse_plan_file(GOOD).unwrap();
    assert_eq!(file.plan.items[0].targets.len(), 2);
    assert_eq!(
        file.plan.items[0].targets[0].due.unwrap().to_string(),
        "2025-Q2"
    );
    assert!(matches!(
        file.plan.items[0].targets[1].bound,
        Some(Bound::AtLeast(_))
    ));
    assert_eq!(file.indicators[0].code.as_str(), "own-funds");
}

#[test]
fn indicator_nobody_knows_is_named() {
    let file = parse_plan_file(GOOD).unwrap();
    let mut known = builtin_indicators().unwrap();
    let errors = unknown_indicators(&file.plan, &known);
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].refusal.value, "own-funds");
    known.insert(file.indicators[0].code, file.indicators[0].clone());
    assert!(unknown_indicators(&file.plan, &known).is_empty());
}

#[test]
fn every_mistake_is_reported_at_once() {
    let text = GOOD
        .replace("title = \"某县方案\"\n", "")
        .replace("2025-03-14", "14.3.2025")
        .replace("offices = [", "office = [")
        .replace("2025-Q2", "2025-Q5")
        .replace("equals = \"0\"", "equals = \"0\"\nat_most = \"1\"")
        .replace("500000元", "50万元")
        .replace("kind = \"money\"", "kind = \"cash\"");
    let errors = parse_plan_file(&text).unwrap_err();
    let seen: Vec<(String, &str, Reason)> = errors
        .iter()
        .map(|error| {
            (
                error.place.to_string(),
                error.refusal.field.as_str(),
                error.refusal.reason,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("plan".to_owned(), "title", Reason::Missing),
            ("plan".to_owned(), "issued_on", Reason::Malformed),
            ("item 1".to_owned(), "office", Reason::Malformed),
            ("item 1 target 1".to_owned(), "due", Reason::Malformed),
            (
                "item 1 target 1".to_owned(),
                "target",
                Reason::AlreadyExists
            ),
            ("item 1 target 2".to_owned(), "at_least", Reason::Malformed),
            ("indicator own-funds".to_owned(), "kind", Reason::Malformed),
        ]
    );
    let due = errors[3].message(Language::Zh);
    assert!(
        due.contains("第 1 项第 1 个目标") && due.contains("2025-Q5"),
        "{due}"
    );
    assert!(due.contains("2025-Q1"), "{due}");
    assert!(errors[2].to_string().contains("offices"), "{}", errors[2]);
}

#[test]
fn item_numbers_are_unique() {
    let text = format!("{GOOD}\n[[plan.item]]\nnumber = \"1\"\nname = \"又一项\"\n");
    let errors = parse_plan_file(&text).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].refusal.reason, Reason::AlreadyExists);
}

#[test]
fn syntax_error_names_its_line() {
    let text = GOOD.replace("number = \"1\"", "number = 一");
    let errors = parse_plan_file(&text).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].place, Place::Line(10));
    assert!(
        errors[0].to_string().contains("number = 一"),
        "{}",
        errors[0]
    );
}

#[test]
fn shape_of_an_indicator_follows_its_kind() {
    let text = GOOD.replace("kind = \"money\"", "kind = \"ratio\"\nof = [\"a\", \"b\"]");
    let errors = parse_plan_file(&text).unwrap_err();
    let fields: Vec<&str> = errors
        .iter()
        .map(|error| error.refusal.field.as_str())
        .collect();
    assert_eq!(fields, ["denominator", "of"]);
}

#[test]
fn empty_file_says_what_is_missing() {
    let errors = parse_plan_file("").unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].refusal.field, "plan");
}
