//! Which regions another node signs for than before.

use liandong_client::wire::admin::v1;

use crate::output::{Cell, Column, Listing};

const SIGNERS: [Column; 8] = [
    Column::text("region", "区域", "region"),
    Column::text("from", "原签名者", "signed by"),
    Column::text("to", "现签名者", "now by"),
    Column::text("signed_at", "签名时间", "since"),
    Column::text("told_by", "告知者", "told by"),
    Column::text("told_by_former", "由原签名者告知", "the former says so"),
    Column::text("agreed", "原签名者签名同意", "agreed"),
    Column::text("to_ask_about", "须核实", "to ask about"),
];

/// Every change of who signs, with what is known of it.
pub(super) fn signers(changes: &[v1::SignerChange]) -> Listing {
    let mut listing = Listing::new(&SIGNERS);
    for change in changes {
        listing.row(vec![
            Cell::text(&change.region),
            Cell::text(&change.from),
            Cell::text(&change.to),
            Cell::moment(change.signed_at.as_ref()),
            Cell::text(&change.told_by),
            Cell::Yes(Some(change.told_by_former)),
            Cell::Yes(Some(change.agreed)),
            Cell::Yes(Some(change.to_ask_about)),
        ]);
    }
    listing
}
