//! What became of a file of reports, as it is told at the end.

use liandong_client::PushCounts;

use crate::command::report::refused::Refused;
use crate::failure::Failure;
use crate::output::{Cell, Said};

/// What became of the file.
pub(super) struct Summary {
    pub(super) counts: PushCounts,
    pub(super) refused_here: u64,
    pub(super) left_empty: u64,
    pub(super) dry_run: bool,
}

impl Summary {
    pub(super) fn refused(&self) -> u64 {
        self.counts.refused + self.refused_here
    }

    pub(super) fn show(&self, refused: &Refused) -> Result<(), Failure> {
        let PushCounts {
            accepted,
            superseded,
            duplicate,
            stale,
            ..
        } = self.counts;
        let (bad, empty) = (self.refused(), self.left_empty);
        let (empty_zh, empty_en) = if empty > 0 {
            (format!("，未填 {empty}"), format!(", left empty {empty}"))
        } else {
            (String::new(), String::new())
        };
        let said = if self.dry_run {
            Said::new(
                format!("检查：可报 {accepted}，有误 {bad}{empty_zh}；未上报"),
                format!("checked: good {accepted}, refused {bad}{empty_en}; nothing was sent"),
            )
        } else {
            Said::new(
                format!(
                    "新收 {accepted}，更正 {superseded}，未变 {duplicate}，过时 {stale}，被拒 {bad}{empty_zh}"
                ),
                format!(
                    "accepted {accepted}, superseded {superseded}, unchanged {duplicate}, stale {stale}, refused {bad}{empty_en}"
                ),
            )
        };
        let said = said
            .fact("dry_run", Cell::Yes(Some(self.dry_run)))
            .fact("accepted", Cell::Count(accepted))
            .fact("superseded", Cell::Count(superseded))
            .fact("unchanged", Cell::Count(duplicate))
            .fact("stale", Cell::Count(stale))
            .fact("refused", Cell::Count(bad))
            .fact("left_empty", Cell::Count(empty));
        refused.show(&said)?;
        Ok(())
    }
}
