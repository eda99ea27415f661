//! What is an indicator's code and what is none.

use super::{IndicatorCode, MAX_INDICATOR_CODE_LEN};

#[test]
fn a_code_is_lower_case_letters_digits_and_hyphens() {
    let longest = "a".repeat(MAX_INDICATOR_CODE_LEN);
    for text in [
        "a",
        "7",
        "-",
        "compulsory-dropouts",
        "preschool-3-years",
        &longest,
    ] {
        let code: IndicatorCode = text.parse().unwrap();
        assert_eq!(code.as_str(), text);
        assert_eq!(IndicatorCode::from_ascii(text.as_bytes()), Some(code));
    }
}

#[test]
fn whatever_else_there_is_makes_it_none() {
    let (longer, much_longer) = ("a".repeat(MAX_INDICATOR_CODE_LEN + 1), "a".repeat(257));
    for text in [
        "",
        "Dropouts",
        "a_b",
        "a b",
        "a\0",
        "控辍",
        &longer,
        &much_longer,
    ] {
        let refused = text.parse::<IndicatorCode>().unwrap_err();
        assert!(text.starts_with(&refused.value), "{refused}");
        assert_eq!(IndicatorCode::from_ascii(text.as_bytes()), None, "{text}");
    }
    assert_eq!(IndicatorCode::from_ascii(b"a\xff"), None);
}
