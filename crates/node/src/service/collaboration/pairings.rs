//! Listing pairings with what both sides say of them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use liandong_core::access::Right;
use liandong_core::aid::{PairingSide, in_force};
use liandong_core::document::{Body, Document, Kind};
use liandong_core::refusal::Refusal;
use liandong_core::state::State;
use liandong_wire::collaboration::PairingFilter;
use liandong_wire::collaboration::v1;

use super::super::call::{MAX_LISTED, Sight, too_long};

/// The pairings that are asked for, ordered by id.
pub(super) fn list(
    state: &State,
    filter: PairingFilter,
    today: Date,
    sight: &Sight<'_>,
) -> Result<Vec<v1::Pairing>, Refusal> {
    let mut by_id: BTreeMap<&str, Vec<(&Document, &PairingSide)>> = BTreeMap::new();
    for document in state.documents(Kind::Pairing) {
        let Body::Pairing(side) = &document.body else {
            continue;
        };
        let sides = [document.owner, side.partner];
        let asked_for = filter.region.is_none_or(|wanted| sides.contains(&wanted));
        if asked_for && sight.may_in_pair(Right::ReadAid, sides) {
            by_id
                .entry(&document.id)
                .or_default()
                .push((document, side));
        }
    }
    if by_id.len() > MAX_LISTED {
        return Err(too_long("region", by_id.len()));
    }
    let pairings = by_id.into_iter().map(|(id, sides)| v1::Pairing {
        id: id.to_owned(),
        in_force: match sides.as_slice() {
            [(_, one), (_, other)] => in_force(one, other, today),
            _ => false,
        },
        sides: sides.into_iter().map(owned).collect(),
    });
    Ok(pairings.collect())
}

fn owned((document, side): (&Document, &PairingSide)) -> v1::OwnedPairingSide {
    v1::OwnedPairingSide {
        region: document.owner.to_string(),
        version: document.version,
        side: Some(v1::PairingSide::from(side)),
    }
}
