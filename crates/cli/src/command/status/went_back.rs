//! Figures that went back when the node that tells of them began anew with older data, among what is
//! listed as set aside.

use liandong_client::wire::admin::v1::QuarantinedChange;

/// The code of the reason.
const REASON: &str = "WENT_BACK";

/// Figures that went back.
#[derive(Debug)]
pub(super) struct WentBack {
    /// How many are listed, each with what it was and is.
    pub(super) listed: usize,
    /// How many are only counted, for want of room in the list.
    unlisted: u64,
}

impl WentBack {
    pub(super) fn of(changes: &[QuarantinedChange]) -> Self {
        let mut found = Self {
            listed: 0,
            unlisted: 0,
        };
        for change in changes.iter().filter(|change| change.reason == REASON) {
            // A line without an id stands for all of a peer that found no room.
            if change.id.is_empty() {
                found.unlisted = found.unlisted.saturating_add(change.version);
            } else {
                found.listed += 1;
            }
        }
        found
    }

    pub(super) fn is_any(&self) -> bool {
        self.listed > 0 || self.unlisted > 0
    }

    /// Of so many lines, those of other changes.
    pub(super) fn others(changes: &[QuarantinedChange]) -> usize {
        let others = changes.iter().filter(|change| change.reason != REASON);
        others.count()
    }

    /// What happened, in Chinese and in English.
    pub(super) fn sentences(&self) -> (String, String) {
        let Self { listed, unlisted } = self;
        let (zh, en) = (
            format!("有 {listed} 个数字退回到先前的数（WENT_BACK）"),
            format!("{listed} figures went back to what they were before (WENT_BACK)"),
        );
        match unlisted {
            0 => (zh, en),
            _ => (
                format!("{zh}，另有 {unlisted} 个列不下，只计其数"),
                format!("{en}, and {unlisted} more that the list has no room for"),
            ),
        }
    }
}
