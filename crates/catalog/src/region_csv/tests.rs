use encoding_rs::GB18030;
use liandong_core::language::Language;
use liandong_core::refusal::Reason;
use liandong_core::region::{Level, RegionKind, RegionTree};

use super::parse_region_csv;
use crate::error::{CatalogError, Place};
use crate::regions::national_regions;

const CHINESE: &str = "代码,名称,上级,级别,类别\n\
    371524001,铜城街道,371524,乡镇,\n\
    371524001-S01,铜城街道中心小学,371524001,学校,小学\n\
    371524001-K01,铜城街道中心幼儿园,371524001,学校,幼儿园\n";

fn national() -> RegionTree {
    national_regions().unwrap()
}

fn errors_of(text: &str) -> Vec<CatalogError> {
    parse_region_csv(text.as_bytes(), &national()).unwrap_err()
}

#[test]
fn same_tree_in_every_encoding_and_language() {
    let known = national();
    let plain = parse_region_csv(CHINESE.as_bytes(), &known).unwrap();
    assert_eq!(plain.len(), 3);
    assert_eq!(plain[0].kind, RegionKind::Bureau);
    assert_eq!(plain[1].level, Level::Unit);
    assert_eq!(plain[2].kind, RegionKind::Kindergarten);

    let marked = format!("\u{feff}{CHINESE}");
    assert_eq!(parse_region_csv(marked.as_bytes(), &known).unwrap(), plain);
    let (gb18030, _, unmappable) = GB18030.encode(CHINESE);
    assert!(!unmappable);
    assert_eq!(parse_region_csv(&gb18030, &known).unwrap(), plain);
    let english = CHINESE
        .replace(
            "代码,名称,上级,级别,类别",
            "Code,name,parent,level,kind,remark",
        )
        .replace("乡镇", "township")
        .replace("学校", "unit")
        .replace(",小学", ",primary-school")
        .replace(",幼儿园", ",kindergarten")
        .replace('\n', "\r\n");
    assert_eq!(parse_region_csv(english.as_bytes(), &known).unwrap(), plain);
}

#[test]
fn columns_may_stand_in_any_order_and_children_before_parents() {
    let text = "kind,parent,code,level,name\n\
        primary-school,371524001,A1,unit,甲\n\
        ,371524 , 371524001,township,乙\n";
    let regions = parse_region_csv(text.as_bytes(), &national()).unwrap();
    assert_eq!(regions[0].code.as_str(), "A1");
}

#[test]
fn every_bad_row_is_reported_at_once() {
    let errors = errors_of(
        "代码,名称,上级,级别,类别\n\
         37_15,甲,371524,unit,小学\n\
         A1,,371524,unit,小学\n\
         A2,乙,371599,unit,小学\n\
         A3,丙,371524,班级,小学\n\
         A4,丁,371524,unit,\n\
         A5,戊,371524,unit,小学\n\
         A5,己,371524,unit,小学\n\
         A6,庚,371524,county,\n",
    );
    let seen: Vec<(Place, &str, Reason)> = errors
        .iter()
        .map(|error| {
            (
                error.place.clone(),
                error.refusal.field.as_str(),
                error.refusal.reason,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (Place::Line(2), "code", Reason::Malformed),
            (Place::Line(3), "name", Reason::Missing),
            (Place::Line(4), "parent", Reason::UnknownRegion),
            (Place::Line(5), "level", Reason::Malformed),
            (Place::Line(6), "kind", Reason::Missing),
            (Place::Line(8), "code", Reason::AlreadyExists),
            (Place::Line(9), "level", Reason::OutOfRange),
        ]
    );
    let message = errors[3].message(Language::Zh);
    assert!(
        message.contains("第 5 行") && message.contains("班级"),
        "{message}"
    );
    assert!(message.contains("township"), "{message}");
}

#[test]
fn missing_column_names_both_headings() {
    let errors = errors_of("代码,名称,上级,级别\nA1,甲,371524,unit\n");
    assert_eq!(errors.len(), 1);
    assert!(errors[0].to_string().contains("类别"), "{}", errors[0]);
}

#[test]
fn circle_is_reported() {
    let errors = errors_of(
        "code,name,parent,level,kind\nA1,甲,A2,township,\nA2,乙,A1,township,\nA3,丙,A3,unit,小学\n",
    );
    assert!(errors.iter().any(
        |error| error.place == Place::Line(3) && error.refusal.reason == Reason::NotAllowedNow
    ));
    assert!(errors.iter().any(|error| error.place == Place::Line(4)));
}

#[test]
fn unreadable_bytes_are_refused() {
    assert!(parse_region_csv(b"code,name\n\xff\xff\xff", &national()).is_err());
    assert!(parse_region_csv(b"", &national()).is_err());
}
