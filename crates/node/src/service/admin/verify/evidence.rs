//! What other nodes told: who signed it, and whether the figures are what was sealed.

use std::sync::Arc;

use liandong_core::evidence::{Batch, Digest};
use liandong_core::language::Language;
use liandong_core::refusal::Refusal;
use liandong_core::seal::Fit;
use liandong_core::state::Reviewed;
use liandong_identity::Purpose;
use liandong_wire::admin::VerifyPart;
use liandong_wire::admin::v1::{VerifiedPart, VerifyNodeResponse, VerifyResult};

use super::super::super::call::blocking;
use super::part;
use crate::context::Context;
use crate::evidence::judged;

/// Goes through all evidence and all seals. A node without an identity has none, which is no fault.
pub(super) async fn verify(
    context: &Context,
    language: Language,
    answer: &mut VerifyNodeResponse,
) -> Result<(), Refusal> {
    let Some(identities) = context.identities.as_ref().map(Arc::clone) else {
        return Ok(());
    };
    let state = context.reader.read(Clone::clone).await?;
    let reviewed = blocking(context, move || {
        let mut judge = |batch: &Batch, root: &Digest| {
            judged(batch, |leaf, above, attestation| {
                identities.attested(leaf, above, Purpose::Documents, root, attestation)
            })
        };
        Ok(state.review(Some(&mut judge)))
    })
    .await?;
    let unsigned = reviewed.unsigned.len() as u64;
    let differing = reviewed.bad.len() as u64 + unsigned + reviewed.differing.len() as u64;
    let checked = reviewed.signed + unsigned;
    let result = match differing {
        0 => VerifyResult::Fits,
        _ => VerifyResult::Differs,
    };
    let first = first(&reviewed, language);
    if differing > 0 {
        tracing::error!(differing, first, "evidence does not hold");
    }
    answer.parts.push(VerifiedPart {
        differing,
        ..part(VerifyPart::Evidence, checked, result, first)
    });
    Ok(())
}

/// The first thing that does not fit, or else what no seal covers yet.
fn first(reviewed: &Reviewed, language: Language) -> String {
    if let Some((key, refusal)) = reviewed.bad.first() {
        let (kind, owner, id) = (key.kind.word(), key.owner, &key.id);
        let why = refusal.message(language);
        return language.pick(
            format!("{kind} {owner}/{id}：{why}"),
            format!("{kind} {owner}/{id}: {why}"),
        );
    }
    if let Some(key) = reviewed.unsigned.first() {
        let (kind, owner, id) = (key.kind.word(), key.owner, &key.id);
        return language.pick(
            format!("{kind} {owner}/{id} 没有签名"),
            format!("{kind} {owner}/{id} came without a signature"),
        );
    }
    if let Some((region, Fit::Differs { held, sealed })) = reviewed.differing.first() {
        return language.pick(
            format!("{region} 的数字与其封签不符：现有 {held} 格，封签 {sealed} 格"),
            format!(
                "the figures of {region} are not what its node sealed: {held} held, {sealed} sealed"
            ),
        );
    }
    match reviewed.newer {
        (0, _) => String::new(),
        (cells, regions) => language.pick(
            format!("{regions} 个区域有 {cells} 格新于封签，待下一封签核对"),
            format!("{cells} figures of {regions} regions are newer than their seals: the next will tell"),
        ),
    }
}
