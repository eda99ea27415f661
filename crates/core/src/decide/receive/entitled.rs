//! What a peer may say: which regions stand where, whose documents and cells it may tell of.

use super::shape::{check_shape, check_version};
use crate::access::{Relation, may_give};
use crate::decide::Setting;
use crate::document::{CellDocument, Document};
use crate::evidence::Proofs;
use crate::planted::is_newer;
use crate::refusal::{Accepted, Reason, Refusal};
use crate::region::{Level, Region, RegionCode, RegionTree};
use crate::state::State;

/// No tree of regions is so deep: a country's has six levels. Every look at an ancestor is a walk, so
/// without a bound a peer could make each of its regions cost as much as all of them.
const MOST_LEVELS: usize = 32;

/// The one that tells, and what it is believed against.
#[derive(Clone, Copy)]
pub(in crate::decide) struct Peer<'a> {
    pub(in crate::decide) state: &'a State,
    pub(in crate::decide) setting: &'a Setting<'a>,
    pub(in crate::decide) from: RegionCode,
    pub(in crate::decide) relation: Relation,
    /// Who signed what it tells.
    pub(in crate::decide) proofs: &'a Proofs,
}

impl Peer<'_> {
    /// Whether the peer may tell of the document, with regions standing as in `tree`.
    ///
    /// # Errors
    /// A refusal when it may not, or the document is not what it should be.
    pub(super) fn check_document(
        &self,
        tree: &RegionTree,
        document: &Document,
    ) -> Result<(), Refusal> {
        check_shape(document)?;
        let Self {
            state,
            setting,
            from,
            relation,
            ..
        } = *self;
        let believed = may_give(tree, setting.here, from, relation, document);
        if state.hosts(document.owner) || !believed {
            return Err(not_entitled(from, relation, document.owner));
        }
        Ok(())
    }

    /// Whether the peer may say that the region stands where the document puts it.
    ///
    /// Where the catalogue of this node knows the region, it decides: a neighbour's region comes under
    /// the peer only once this node's own data says so, as after a reorganisation.
    ///
    /// # Errors
    /// A refusal when it may not.
    pub(super) fn check_place(
        &self,
        tree: &RegionTree,
        document: &Document,
        region: &Region,
    ) -> Result<(), Refusal> {
        let Self {
            state,
            setting,
            from,
            relation,
            ..
        } = *self;
        let refused = || not_entitled(from, relation, region.code);
        let catalogue = &setting.catalogue.regions;
        if let Some(parent) = region.parent {
            check_depth(tree, parent)?;
        }
        if state.hosts(region.code) || region.code != document.owner {
            return Err(refused());
        }
        let listed_here = catalogue
            .get(region.code)
            .is_some_and(|listed| listed.parent == region.parent);
        let below_peer = region
            .parent
            .is_some_and(|parent| tree.is_within(parent, from));
        let reorganised = relation == Relation::Child && listed_here && below_peer;
        if reorganised {
            check_shape(document)?;
        } else {
            self.check_document(tree, document)?;
        }
        let Some(parent) = region.parent else {
            return Ok(());
        };
        let known = tree.get(region.code);
        if known.is_some_and(|known| known.parent == region.parent) || listed_here {
            return Ok(());
        }
        let of_a_unit = tree
            .get(parent)
            .is_some_and(|above| above.level == Level::Unit);
        let joins = known.is_none() && relation == Relation::Child && !of_a_unit;
        if state.hosts(parent) && !joins {
            // What is hosted here grows only by what joins the mesh.
            return Err(refused());
        }
        let elsewhere = catalogue.contains(region.code) && !catalogue.is_within(region.code, from);
        if known.is_none() && elsewhere && region.code != from {
            return Err(refused());
        }
        Ok(())
    }
}

fn check_depth(tree: &RegionTree, parent: RegionCode) -> Result<(), Refusal> {
    let above = tree.ancestors(parent).take(MOST_LEVELS).count();
    if above + 2 > MOST_LEVELS {
        return Err(Refusal::advise(
            Reason::OutOfRange,
            "parent",
            parent,
            format!("层级最多 {MOST_LEVELS} 层"),
            format!("a tree has at most {MOST_LEVELS} levels"),
        ));
    }
    Ok(())
}

/// Whether a cell is believed, and newer than what is held of it.
///
/// # Errors
/// A refusal when the peer may not tell of it, or it cannot be.
pub(in crate::decide) fn check_cell(
    state: &State,
    tree: &RegionTree,
    cell: &CellDocument,
    from: RegionCode,
    relation: Relation,
) -> Result<bool, Refusal> {
    let within = relation == Relation::Child && tree.is_within(cell.region, from);
    if !within || state.hosts(cell.region) {
        return Err(not_entitled(from, relation, cell.region));
    }
    if !tree.contains(cell.region) {
        let accepted = Accepted::Nothing;
        return Err(Refusal::new(
            Reason::UnknownRegion,
            "region",
            cell.region,
            accepted,
        ));
    }
    check_version(cell.version)?;
    if !cell.sums.is_plausible() {
        let accepted = Accepted::Range(0, i64::MAX / 256);
        let value = cell.sums.numerator;
        return Err(Refusal::new(
            Reason::OutOfRange,
            "numerator",
            value,
            accepted,
        ));
    }
    let known = state.cell(cell.region, cell.indicator, cell.period);
    Ok(known.is_none_or(|known| is_newer(cell.version, known.version)))
}

pub(in crate::decide) fn not_entitled(
    from: RegionCode,
    relation: Relation,
    owner: RegionCode,
) -> Refusal {
    Refusal::advise(
        Reason::NotEntitled,
        "owner",
        owner,
        format!("对端 {from}（{}）", relation.word()),
        format!("peer {from} ({})", relation.word()),
    )
}

pub(super) fn cycle(region: RegionCode) -> Refusal {
    Refusal::new(Reason::NotAChild, "parent", region, Accepted::Nothing)
}
