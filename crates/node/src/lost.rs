//! Cells that a peer holds of this node and this node does not have any more, as after a restore from
//! an older backup. They are told apart and never acted on here: whether they are reported again or
//! taken back is for a person to say.

use liandong_core::compare::CellName;
use liandong_core::region::RegionCode;
use liandong_core::state::State;

use crate::context::Context;

/// Each cell with the peer that holds it, as the last comparison with each peer found them.
pub(crate) fn cells(context: &Context, state: &State) -> Vec<(RegionCode, CellName)> {
    let mut lost = Vec::new();
    for link in context.links.list() {
        for name in link.only_there {
            // It may have been reported again since.
            let cell = state.cell(name.region, name.indicator, name.period);
            if cell.is_none() {
                lost.push((link.peer, name));
            }
        }
    }
    lost
}
