//! Listing what a node knows of regions and indicators.

use std::collections::BTreeMap;

use liandong_core::access::Right;
use liandong_core::catalogue::Catalogue;
use liandong_core::command::Command;
use liandong_core::document::{Body, Kind};
use liandong_core::indicator::{Indicator, IndicatorCode};
use liandong_core::plan::Plan;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::state::{Regions, State};
use liandong_wire::admin::v1::{self, ListedRegion};
use liandong_wire::admin::{IndicatorFilter, RegionFilter};

use super::super::call::{MAX_LISTED, Sight};

/// The regions below one, or from the top; parents before their children.
pub(super) fn regions(
    regions: &Regions,
    catalogue: &Catalogue,
    filter: RegionFilter,
) -> Result<Vec<ListedRegion>, Refusal> {
    let mut rung = match filter.under {
        None => regions.roots(catalogue),
        Some(under) => {
            if regions.get(catalogue, under).is_none() {
                let accepted = Accepted::Nothing;
                return Err(Refusal::new(
                    Reason::UnknownRegion,
                    "under",
                    under,
                    accepted,
                ));
            }
            regions.children(catalogue, under)
        }
    };
    let mut listed = Vec::new();
    let mut gone_down = 0;
    while !rung.is_empty() && filter.depth.is_none_or(|depth| gone_down < depth) {
        if listed.len() + rung.len() > MAX_LISTED {
            return Err(Refusal::advise(
                Reason::TooManyRows,
                "depth",
                filter.depth.unwrap_or(0),
                format!("最多列出 {MAX_LISTED} 个区域，请指定上级或较小的层数"),
                format!("at most {MAX_LISTED} regions: name one to start below, or fewer rungs"),
            ));
        }
        let mut next = Vec::new();
        for code in rung {
            listed.extend(listing(regions, catalogue, code));
            next.extend(regions.children(catalogue, code));
        }
        rung = next;
        gone_down += 1;
    }
    Ok(listed)
}

fn listing(regions: &Regions, catalogue: &Catalogue, code: RegionCode) -> Option<ListedRegion> {
    let joined = regions.tree().get(code);
    let region = joined.or_else(|| catalogue.regions.get(code))?;
    Some(ListedRegion {
        region: Some(v1::Region::from(region)),
        joined: joined.is_some(),
        hosted: regions.hosts(code),
    })
}

/// The indicators that are known, or those that a plan has targets for; ordered by code.
pub(super) fn indicators(
    state: &State,
    catalogue: &Catalogue,
    filter: &IndicatorFilter,
    sight: &Sight<'_>,
) -> Result<Vec<v1::Indicator>, Refusal> {
    let mut found: BTreeMap<IndicatorCode, &Indicator> = BTreeMap::new();
    if let Some((issuer, code)) = &filter.plan {
        sight.require(Right::ReadPlans, *issuer)?;
        let shown = |plan: &&Plan| sight.shows_plan(*issuer, plan);
        let Some(plan) = state.plan(*issuer, code).filter(shown) else {
            return Err(sight.unknown_plan(code));
        };
        for (_, target) in plan.text.targets() {
            let known = state.indicator(catalogue, target.indicator);
            found.extend(known.map(|known| (known.code, known)));
        }
    } else {
        found.extend(
            &mut catalogue
                .indicators
                .iter()
                .map(|(code, known)| (*code, known)),
        );
        for document in state.documents(Kind::Indicator) {
            if let Body::Indicator(indicator) = &document.body {
                let known = state.indicator(catalogue, indicator.code);
                found.extend(known.map(|known| (known.code, known)));
            }
        }
    }
    if found.len() > MAX_LISTED {
        let advice = format!("at most {MAX_LISTED}");
        let count = found.len();
        return Err(Refusal::advise(
            Reason::TooManyRows,
            "plan",
            count,
            "请指定方案",
            advice,
        ));
    }
    Ok(found.into_values().map(v1::Indicator::from).collect())
}

/// How many regions of a command to host are not hosted yet as they are given.
pub(super) fn differing(state: &State, command: &Command) -> u32 {
    let Command::Host { regions, .. } = command else {
        return 0;
    };
    let mut differing = 0;
    for region in regions {
        let same = state.hosts(region.code) && state.tree().get(region.code) == Some(region);
        differing += u32::from(!same);
    }
    differing
}
