use liandong_wire::link::file::FileHeader;

/// The head of a county's file for its city.
pub(super) fn header(incarnation: u128, after: u64) -> FileHeader {
    FileHeader {
        exporter: "371524".parse().expect("a code"),
        recipient: "371500".parse().expect("a code"),
        incarnation,
        after,
        holds: None,
        key: [3; 32],
        shown: None,
        earlier_life: false,
        mark: None,
        parted: None,
    }
}
