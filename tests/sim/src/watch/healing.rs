//! Comparisons of peers find nothing, unless the data of a node went back: links lose nothing that
//! a comparison would have to bring.

use liandong_wire::admin::v1::GetStatusResponse;

use crate::shared::Shared;

/// Looks for links on which something differed and was healed.
pub(super) fn look(shared: &Shared, status: &GetStatusResponse) {
    let strange = {
        let ledger = shared.ledger.borrow();
        !ledger.went_back.is_empty() || !ledger.had_twin.is_empty()
    };
    if strange {
        return;
    }
    for link in &status.links {
        if link.healed > 0 {
            let (node, peer, healed) = (&status.region, &link.peer, link.healed);
            shared.broke(format!(
                "healed: {node} and {peer} differed in {healed} documents and cells"
            ));
        }
    }
}
