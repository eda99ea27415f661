use liandong_core::refusal::{Accepted, Reason};

use super::{HistoryPage, HistoryPlace, MAX_HISTORY_PAGE};
use crate::progress::v1::ListHistoryRequest;

fn asked(source: &str, page_size: i32, page_token: String) -> ListHistoryRequest {
    ListHistoryRequest {
        source: source.to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
        page_size,
        page_token,
    }
}

fn page(page_size: i32) -> HistoryPage {
    HistoryPage::try_from(asked("371524-A", page_size, String::new())).expect("a page")
}

#[test]
fn a_page_is_as_long_as_asked_up_to_a_bound() {
    let sizes = [0, 1, 999, 1_000, 1_001, 70_000, i32::MAX].map(|size| page(size).size);
    let most = MAX_HISTORY_PAGE;
    assert_eq!(sizes, [most, 1, 999, most, most, most, most]);
    let refused = HistoryPage::try_from(asked("371524-A", -1, String::new()));
    let refused = refused.expect_err("no page has -1 versions");
    assert_eq!(
        (
            refused.reason,
            refused.field.as_str(),
            refused.value.as_str()
        ),
        (Reason::OutOfRange, "page_size", "-1")
    );
    assert_eq!(refused.accepted, Accepted::Range(0, 1_000));
}

#[test]
fn a_token_brings_back_its_place() {
    let figure = page(0).figure;
    for (frame, below) in [(1, 1), (u64::MAX, u32::MAX), (0x0123_4567_89ab_cdef, 77)] {
        let place = HistoryPlace { frame, below };
        let token = place.token(&figure);
        let read = HistoryPage::try_from(asked("371524-A", 0, token)).expect("a page");
        assert_eq!(read.from, Some(place));
    }
}

#[test]
fn any_other_token_is_refused() {
    let figure = page(0).figure;
    let place = HistoryPlace { frame: 7, below: 3 };
    let token = place.token(&figure);
    let another = HistoryPlace { frame: 8, below: 3 };
    let other_figure = HistoryPage::try_from(asked("371524-B", 0, String::new()));
    let other_figure = other_figure.expect("a page").figure;
    let mut altered = token.clone();
    altered.replace_range(15..16, "8");
    assert_eq!(altered[..24], another.token(&figure)[..24]);
    let wrong = [
        "2".to_owned(),
        "第二页".to_owned(),
        altered,
        token.to_uppercase(),
        format!("+{token}"),
        format!("0{token}"),
        token[..31].to_owned(),
        place.token(&other_figure),
    ];
    for token in wrong {
        let refused = HistoryPage::try_from(asked("371524-A", 0, token.clone()));
        let refused = refused.expect_err(&token);
        assert_eq!(
            (refused.reason, refused.field.as_str()),
            (Reason::Malformed, "page_token"),
            "{token}"
        );
        assert!(refused.to_string().contains("next_page_token"), "{refused}");
    }
}
