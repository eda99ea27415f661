//! Comparing what this node and its peers hold of each other, now.

use std::collections::BTreeMap;

use liandong_core::compare::Bucket;
use liandong_core::language::Language;
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_wire::admin::VerifyPart;
use liandong_wire::admin::v1::{VerifiedPart, VerifyNodeResponse, VerifyResult};
use tokio::task::JoinSet;

use super::part;
use crate::context::Context;
use crate::link::Comparison;

/// Compares with every peer; one that cannot be reached is said to be not compared.
pub(super) async fn compare(
    context: &Context,
    language: Language,
    answer: &mut VerifyNodeResponse,
) {
    let mut comparing = JoinSet::new();
    let links = context.links.list();
    // Whose region has come to this node is no peer any more, and will not answer.
    let here = context.reader.read(|state| {
        let peers = links.iter().map(|link| link.peer);
        peers.filter(|peer| state.hosts(*peer)).collect::<Vec<_>>()
    });
    let here = here.await.unwrap_or_default();
    for link in links.iter().filter(|link| !here.contains(&link.peer)) {
        let (links, peer) = (context.links.clone(), link.peer);
        comparing.spawn(async move { (peer, links.compare_now(peer).await) });
    }
    let mut compared: BTreeMap<RegionCode, VerifiedPart> = BTreeMap::new();
    while let Some(joined) = comparing.join_next().await {
        if let Ok((peer, result)) = joined {
            compared.insert(peer, of_peer(peer, result, language));
        }
    }
    let known = known_differences(context).await;
    for (peer, mut part) in compared {
        // What a comparison has marked before is left out of later ones, and differs all the same.
        if let Some((count, first)) = known.get(&peer)
            && part.result() == VerifyResult::Fits
        {
            part.set_result(VerifyResult::Differs);
            part.differing = *count;
            part.first = only_at_one_end(first, language);
        }
        answer.parts.push(part);
    }
}

/// What only one end of a link holds, as earlier comparisons have found: how many, and the first.
async fn known_differences(context: &Context) -> BTreeMap<RegionCode, (u64, String)> {
    let mut known: BTreeMap<RegionCode, (u64, String)> = BTreeMap::new();
    let mut note = |peer: RegionCode, what: String| {
        let entry = known.entry(peer).or_insert((0, what));
        entry.0 += 1;
    };
    let links = context.links.list();
    let unowned = context.reader.read(|state| {
        let mut unowned: Vec<(RegionCode, String)> = Vec::new();
        for link in &links {
            for name in &link.only_there {
                // It may have been reported again since.
                let is_back = state
                    .cell(name.region, name.indicator, name.period)
                    .is_some();
                if !is_back {
                    let what = format!("{} {} {}", name.region, name.indicator, name.period);
                    unowned.push((link.peer, what));
                }
            }
        }
        for (name, from) in state.unowned_cells() {
            let what = format!("{} {} {}", name.region, name.indicator, name.period);
            unowned.push((from, what));
        }
        for (key, from) in state.unowned_documents() {
            unowned.push((
                from,
                format!("{} {} {}", key.kind.word(), key.owner, key.id),
            ));
        }
        unowned
    });
    // A node that is stopping has told of nothing.
    for (peer, what) in unowned.await.unwrap_or_default() {
        note(peer, what);
    }
    known
}

fn only_at_one_end(first: &str, language: Language) -> String {
    language.pick(
        format!("{first}：只有一方还有，见 status"),
        format!("{first}: held at one end only, see status"),
    )
}

fn of_peer(
    peer: RegionCode,
    result: Result<Comparison, Refusal>,
    language: Language,
) -> VerifiedPart {
    let of_peer = |checked, result, first: String| VerifiedPart {
        peer: peer.to_string(),
        ..part(VerifyPart::Peers, checked, result, first)
    };
    let comparison = match result {
        Ok(comparison) => comparison,
        Err(refusal) => return of_peer(0, VerifyResult::NotChecked, refusal.message(language)),
    };
    let Comparison { told, heard } = &comparison;
    let checked = told.compared + heard.compared;
    let differing = told.healed + heard.healed + told.cells_missing + heard.cells_missing;
    let first = first_difference(&comparison, language);
    let result = match (told.complete && heard.complete, first.is_empty()) {
        (false, true) => {
            let why = language.pick(
                "变更不断，未能核对完",
                "changes kept coming; it did not get to its end",
            );
            return of_peer(checked, VerifyResult::NotChecked, why.to_owned());
        }
        (_, true) => VerifyResult::Fits,
        _ if told.cells_missing + heard.cells_missing == 0 => VerifyResult::Healed,
        _ => VerifyResult::Differs,
    };
    VerifiedPart {
        differing,
        ..of_peer(checked, result, first)
    }
}

/// The first thing that differed, for a person; empty when nothing did.
fn first_difference(comparison: &Comparison, language: Language) -> String {
    let Comparison { told, heard } = comparison;
    let cells = told.cells.iter().map(|cell| (cell, false));
    if let Some((cell, is_here)) = cells
        .chain(heard.cells.iter().map(|cell| (cell, true)))
        .next()
    {
        let (region, indicator, period) = (cell.region, cell.indicator, cell.period);
        return match is_here {
            true => language.pick(
                format!("{region} {indicator} {period}：本节点有，对方已没有"),
                format!("{region} {indicator} {period}: held here, and no more by the peer"),
            ),
            false => language.pick(
                format!("{region} {indicator} {period}：对方有，本节点已没有"),
                format!("{region} {indicator} {period}: held by the peer, and no more here"),
            ),
        };
    }
    match told.differing.iter().chain(&heard.differing).next() {
        None => String::new(),
        Some(Bucket::Documents(kind, owner)) => format!("{} {owner}", kind.word()),
        Some(Bucket::Cells(region)) => format!("cell {region}"),
    }
}
