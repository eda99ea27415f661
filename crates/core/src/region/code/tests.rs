//! What is a region's code and what is none.

use super::{MAX_REGION_CODE_LEN, RegionCode};

#[test]
fn a_code_is_letters_digits_and_hyphens() {
    let longest = "7".repeat(MAX_REGION_CODE_LEN);
    for text in [
        "7",
        "a",
        "-",
        "371524",
        "371524-A",
        "11370000MB2847361X",
        &longest,
    ] {
        let code: RegionCode = text.parse().unwrap();
        assert_eq!(code.as_str(), text);
        assert_eq!(RegionCode::from_ascii(text.as_bytes()), Some(code));
    }
}

#[test]
fn whatever_else_there_is_makes_it_none() {
    let (longer, much_longer) = ("7".repeat(MAX_REGION_CODE_LEN + 1), "7".repeat(257));
    for text in [
        "",
        "371_524",
        "37 1524",
        "371524\0",
        "东阿",
        &longer,
        &much_longer,
    ] {
        let refused = text.parse::<RegionCode>().unwrap_err();
        assert!(text.starts_with(&refused.value), "{refused}");
        assert_eq!(RegionCode::from_ascii(text.as_bytes()), None, "{text}");
    }
    assert_eq!(RegionCode::from_ascii(b"371524\xff"), None);
}

#[test]
fn codes_are_ordered_like_their_texts() {
    let longest = "7".repeat(MAX_REGION_CODE_LEN);
    let last_differs = format!("{}8", &longest[1..]);
    let in_order = [
        "3715",
        "371524",
        "371524-",
        "371524-0000001",
        "371524-0000001-0",
        "371524-0000001-01",
        "371524-0000001-1",
        "371524-000001",
        "371524-A",
        &longest[1..],
        &longest,
        &last_differs,
        "a",
        "aa",
        "b",
    ];
    let codes = in_order.map(|text| {
        let code: RegionCode = text.parse().unwrap();
        code
    });
    for (place, code) in codes.iter().enumerate() {
        for (other_place, other) in codes.iter().enumerate() {
            assert_eq!(code.cmp(other), place.cmp(&other_place), "{code} {other}");
        }
    }
    assert!(codes.iter().all(|code| RegionCode::LOWEST < *code));
}
