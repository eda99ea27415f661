//! What other nodes told: who signed it, and whether the figures are what was sealed.

use std::sync::Arc;

use liandong_core::evidence::{Batch, Digest};
use liandong_core::language::Language;
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
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
    let result = match (differing, reviewed.to_ask_about.len()) {
        (0, 0) => VerifyResult::Fits,
        // What another node has to be asked about could not be checked here.
        (0, _) => VerifyResult::NotChecked,
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
    if let Some((region, fit)) = reviewed.differing.first() {
        return not_sealed(*region, *fit, language);
    }
    if let Some(turn) = reviewed.to_ask_about.first() {
        let (region, from, to) = (turn.region, turn.from, turn.to);
        let count = reviewed.to_ask_about.len();
        return language.pick(
            format!("{region} 现由 {to} 代为签名，此前是 {from}，其是否同意未见证明；共 {count} 个区域"),
            format!("{to} signs for {region} where {from} did before, and nothing shows that it agreed; {count} regions in all"),
        );
    }
    match reviewed.newer {
        (0, _) => agreed(reviewed, language),
        (cells, regions) => language.pick(
            format!("{regions} 个区域有 {cells} 格新于封签，待下一封签核对"),
            format!("{cells} figures of {regions} regions are newer than their seals: the next will tell"),
        ),
    }
}

/// Regions that came to another node with the former one's word; nothing where there are none.
fn agreed(reviewed: &Reviewed, language: Language) -> String {
    let Some(turn) = reviewed.agreed.first() else {
        return String::new();
    };
    let (region, from, to) = (turn.region, turn.from, turn.to);
    let count = reviewed.agreed.len();
    language.pick(
        format!("{region} 由 {from} 签名移交，现由 {to} 签名；共 {count} 个区域"),
        format!("{from} has signed that it hands {region} over, and {to} signs since; {count} regions in all"),
    )
}

/// What does not fit of a region's figures and their seal.
fn not_sealed(region: RegionCode, fit: Fit, language: Language) -> String {
    match fit {
        Fit::Fits | Fit::Newer { .. } => String::new(),
        Fit::Beyond { version } => language.pick(
            format!("{region} 的数字中有版本 {version}，其节点后来的封签并未到此：不是该节点给出的"),
            format!("the figures of {region} have a version {version} that its later seal does not reach: its node never gave it"),
        ),
        Fit::Differs { held, sealed } => language.pick(
            format!("{region} 的数字与其封签不符：现有 {held} 格，封签 {sealed} 格"),
            format!(
                "the figures of {region} are not what its node sealed: {held} held, {sealed} sealed"
            ),
        ),
    }
}
