//! Sealing what hosted regions tell of their figures.

use super::{Setting, put};
use crate::command::{Answer, Decision};
use crate::document::Body;
use crate::region::RegionCode;
use crate::seal::SEAL_ID;
use crate::state::State;

/// Seals the figures of regions, as far as they are hosted here, are told to the node above, and are
/// not what was sealed last.
pub(super) fn seal(state: &State, regions: &[RegionCode], setting: &Setting<'_>) -> Decision {
    let mut events = Vec::new();
    for region in regions {
        if !state.hosts(*region) || !state.cell_goes_up(setting.here, *region) {
            continue;
        }
        let Some(seal) = state.seal_now(*region) else {
            continue;
        };
        if state.seal(*region) != Some(&seal) {
            let (event, _) = put(state, *region, SEAL_ID, Body::Seal(seal));
            events.push(event);
        }
    }
    Decision {
        events,
        answer: Answer::Done,
    }
}
