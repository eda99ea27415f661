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
    ];
    for id in passed {
        assert_eq!(personal_number_in_id(id), None, "{id}");
    }
}
