//! Tests of trace contexts.

use super::{REMEMBERED, Traces, checked};

#[test]
fn only_a_trace_context_is_handed_on() {
    let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert_eq!(checked(good), good);
    let bad = [
        "",
        "00",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
        "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331c-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "00-聊聊聊聊聊聊聊聊聊聊cd-b7ad6b7169203331-01",
    ];
    for header in bad {
        assert_eq!(checked(header), "", "{header}");
    }
}

#[test]
fn the_newest_trace_of_a_range_is_found_and_old_ones_are_forgotten() {
    let traces = Traces::default();
    traces.note(3, "a".to_owned());
    traces.note(5, String::new());
    traces.note(7, "b".to_owned());
    assert_eq!(traces.between(0, 6), "a");
    assert_eq!(traces.between(0, 7), "b");
    assert_eq!(traces.between(3, 6), "");
    let more = REMEMBERED as u64;
    for change in 8..8 + more {
        traces.note(change, "c".to_owned());
    }
    assert_eq!(traces.between(0, 7), "");
    assert_eq!(traces.between(7, 8), "c");
}
