//! Comparing what this node and its peers hold of each other, now.

use liandong_core::language::Language;
use liandong_wire::admin::v1::{VerifiedPart, VerifyNodeResponse, VerifyResult};
use liandong_wire::admin::VerifyPart;

use super::part;
use crate::context::Context;

/// Compares with every peer; one that cannot be reached is said to be not compared.
pub(super) async fn compare(
    context: &Context,
    language: Language,
    answer: &mut VerifyNodeResponse,
) {
    for link in context.links.list() {
        let compared = not_compared(language);
        answer.parts.push(VerifiedPart {
            peer: link.peer.to_string(),
            ..compared
        });
    }
}

fn not_compared(language: Language) -> VerifiedPart {
    let why = language.pick("对方未连接", "the peer is not connected");
    part(VerifyPart::Peers, 0, VerifyResult::NotChecked, why)
}
