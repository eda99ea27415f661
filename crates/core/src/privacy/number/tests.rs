//! Numbers of persons, and other numbers.

use crate::privacy::PersonalNumber::{Identity, Mobile};
use crate::privacy::{personal_number, personal_number_in_id};

// The examples of identity numbers are those that GB 11643-1999 itself prints.
#[test]
fn numbers_of_persons_are_found_however_they_are_set() {
    let found = [
        ("11010519491231002X", Identity),
        ("身份证11010519491231002x，已核", Identity),
        ("440524188001010014", Identity),
        ("440524 18800101 0014", Identity),
        ("440524-18800101-0014", Identity),
        ("４４０５２４１８８００１０１００１４", Identity),
        ("440524800101001", Identity),
        ("13800138000", Mobile),
        ("联系人电话:138-0013-8000。", Mobile),
        ("138 0013 8000", Mobile),
        ("+86 13800138000", Mobile),
        ("008613800138000", Mobile),
        ("电话１９９００００００００", Mobile),
        ("两校共 12 人；13800138000", Mobile),
        // With other numbers before or behind them.
        ("13800138000 13900139000", Mobile),
        ("张老师 12 13800138000", Mobile),
        ("2025-03-14 138 0013 8000", Mobile),
        ("1. 138-0013-8000 - 12", Mobile),
        ("3 440524188001010014 7", Identity),
        ("3 440524-18800101-0014 7", Identity),
        ("1 11010519491231002X 2", Identity),
        // As word processors set them.
        ("138\u{a0}0013\u{3000}8000", Mobile),
        ("138－0013—8000", Mobile),
        ("138_0013‑8000", Mobile),
        ("138・0013．8000", Mobile),
        ("138.0013.8000，138.0013.8001", Mobile),
        ("12 138.0013.8000", Mobile),
        ("138 0013-8000", Mobile),
        ("+86 138 0013 8000", Mobile),
        ("+86138 0013 8000", Mobile),
        ("86-138 0013 8000", Mobile),
        ("138 0013 8000 139 0013 9000", Mobile),
        ("12 138-0013-8000 7", Mobile),
        ("4405 2418 8001 0100 14", Identity),
        ("3 440524 18800101 0014 7", Identity),
        ("13800138000\t12", Mobile),
        ("13800138000 万老师", Mobile),
        // A child's, which the check digit proves.
        ("371524202301010017", Identity),
        // Mistyped: the check digit is another one.
        ("110105194912310021", Identity),
        ("110105-19491231-0021", Identity),
    ];
    for (text, number) in found {
        assert_eq!(personal_number(text), Some(number), "{text}");
    }
}

#[test]
fn other_numbers_are_let_through() {
    let passed = [
        "",
        "完成 97.5%，新增学位 1200 个",
        "440524188001010015",
        "440524188013010012",
        "440524199013010012",
        "440524209901320012",
        "160524199001010012",
        "440524210001010013",
        "440524801301001",
        // The number of a public institution, which a school is.
        "123715244951234567",
        // Counts in a row, of which some would make a number of eleven digits.
        "15 1301 2001 300 7",
        "150 320 410 220 人",
        "资金 12345678901 元",
        "12800138000",
        "1380013800",
        "138001380001",
        "2025-03-14 至 2025-12-31",
        "371524S01",
        "91371500MA3C0X1234",
        "鲁教字〔2023〕15号",
        "0635-8246000",
        "3.1415926535897932384626",
        // Counts and amounts in a row.
        "500 1350 980 1240",
        "500 156 2023 2024",
        "156 2023 2024 1",
        "1350 1200 130",
        "156\t2023\t2024",
        "13\t800138000",
        "投入 153.5000 1200.0000 万元",
        "153.5000 1200",
        "中 1.138.0013.8000",
        "371524 20151123 1201 300",
        // A ratio, and amounts.
        "0.15384615385",
        "人均 2.15384615385",
        "15000000000元",
        "15000000000 元",
        "15000000000 万元",
        "13800138000人",
        "156 2023 2024人",
        // Region, day and serial number, of which every eleventh has the right check digit.
        "371524202511230001",
        "371524-20251123-0001",
        "受理编号：371524202511230018",
        "受理编号 371524202005100108",
        "流水号 371524-20251123-0018",
        "371524251123001",
        "440524199001010001",
        "440524800101000",
        // Unified social credit codes, whose region ends in 19 or 20.
        "125001201234567890",
        "125001191001012345",
        "523101200101012345",
        "120301199001010012",
    ];
    for text in passed {
        assert_eq!(personal_number(text), None, "{text}");
    }
}
#[test]
fn an_id_is_no_number_of_a_person_and_none_that_holds_other_numbers_is() {
    let found = [
        ("440524188001010014", Identity),
        ("11010519491231002x", Identity),
        ("pupil-440524188001010014", Identity),
        ("440524-18800101-0014", Identity),
        ("学生440524188001010014", Identity),
        ("440524188001010014-1", Identity),
        ("1_440524188001010014", Identity),
        ("440524800101001", Identity),
        ("13800138000", Mobile),
        ("１３８００１３８０００", Mobile),
        ("学生13800138000", Mobile),
        ("8613800138000", Mobile),
    ];
    for (id, number) in found {
        assert_eq!(personal_number_in_id(id), Some(number), "{id}");
    }
    let passed = [
        "",
        "b-1",
        // Seconds since 1970 and a row; a day, a time and a row; hexadecimal numbers.
        "1763851234-5",
        "20251122-102144-1",
        "202511221021441",
        "a13800138000",
        "13800138-0001-4000-8000-138001380001",
        "0f13800138000e77",
        // Eighteen digits that nothing proves.
        "440524199001010011",
        "2025-03-371524S01-138",
        // Of every night: region, day and serial number.
        "371524-20251123-0018",
        "371524-20251123-0018-2",
        "371524202511230018",
        "371524251123001",
    ];
    for id in passed {
        assert_eq!(personal_number_in_id(id), None, "{id}");
    }
}
