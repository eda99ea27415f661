//! What a pairing lets the other side see: what it names, until it ends.

use jiff::civil::Date;

use super::standing::Standing;
use crate::aid::in_force;
use crate::document::{Body, DocumentKey, Kind};
use crate::region::RegionCode;
use crate::state::State;

/// The regions that a region is paired with on a day, by pairings in force.
pub fn partners(state: &State, region: RegionCode, day: Date) -> Vec<RegionCode> {
    let mut partners = Vec::new();
    for document in state.documents_of(Kind::Pairing, region) {
        let Body::Pairing(own) = &document.body else {
            continue;
        };
        let key = DocumentKey {
            kind: Kind::Pairing,
            owner: own.partner,
            id: document.id.clone(),
        };
        let theirs = state.document(&key).map(|stored| &stored.document.body);
        if let Some(Body::Pairing(theirs)) = theirs
            && in_force(own, theirs, day)
        {
            partners.push(own.partner);
        }
    }
    partners
}

/// Pairings of the regions hosted here for which a side has to sign once more: that side, and the other.
pub fn to_sign_again(state: &State) -> Vec<(RegionCode, RegionCode)> {
    let mut found = Vec::new();
    for document in state.documents(Kind::Pairing) {
        let Body::Pairing(side) = &document.body else {
            continue;
        };
        let key = DocumentKey {
            kind: Kind::Pairing,
            owner: side.partner,
            id: document.id.clone(),
        };
        let other = state.document(&key).map(|stored| &stored.document.body);
        let concerns_us = state.hosts(document.owner) || state.hosts(side.partner);
        if let Some(Body::Pairing(other)) = other
            && concerns_us
            && side.has_to_sign_again(other)
        {
            found.push((document.owner, side.partner));
        }
    }
    found
}

/// Whether what a region shares with `other` is any business of a caller who stands to that region
/// in that way: a partner's only where it is the other side itself, and its superior's only where
/// the other side is below it. `is_within` says whether its first region is the second or below it.
pub fn shares(
    standing: Standing,
    caller: RegionCode,
    other: RegionCode,
    is_within: impl Fn(RegionCode, RegionCode) -> bool,
) -> bool {
    match standing {
        Standing::Own | Standing::Hosted | Standing::Superior => true,
        Standing::Partner => caller == other,
        Standing::PartnersSuperior => is_within(other, caller),
        Standing::Subordinate | Standing::Stranger => false,
    }
}

#[cfg(test)]
mod tests {
    use super::shares;
    use crate::access::Standing;
    use crate::testing::code;

    #[test]
    fn what_a_region_shares_with_one_partner_is_none_of_another_ones() {
        // Pengshui, below Chongqing, and Enshi, below Hubei, are both paired with the region.
        let is_within = |code: crate::region::RegionCode, top: crate::region::RegionCode| {
            code == top || (code.as_str(), top.as_str()) == ("500243", "500000")
        };
        let with_pengshui = |standing, caller: &str| {
            let other = code("500243");
            shares(standing, code(caller), other, is_within)
        };
        assert!(with_pengshui(Standing::Partner, "500243"));
        assert!(!with_pengshui(Standing::Partner, "422800"));
        assert!(with_pengshui(Standing::PartnersSuperior, "500000"));
        assert!(!with_pengshui(Standing::PartnersSuperior, "420000"));
        for standing in [Standing::Own, Standing::Hosted, Standing::Superior] {
            assert!(with_pengshui(standing, "371500"), "{standing:?}");
        }
        for standing in [Standing::Subordinate, Standing::Stranger] {
            assert!(!with_pengshui(standing, "371525"), "{standing:?}");
        }
    }
}
