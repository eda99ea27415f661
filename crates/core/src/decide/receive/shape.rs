//! What any document from a peer must satisfy, whoever sends it: sizes, ids and amounts that the
//! rules here count on.

use crate::aid::AidFact;
use crate::document::{Body, Document, MAX_DOCUMENT_ID_LEN, Roster};
use crate::handover::HANDOVER_ID;
use crate::indicator::{Indicator, IndicatorCode, IndicatorKind};
use crate::quantity::MAX_FIGURE;
use crate::refusal::{Accepted, Reason, Refusal};
use crate::seal::SEAL_ID;
use crate::state::fold::NO_VERSION;

/// The most steps of one side of a pairing: one that is made and ended every month for twenty years has
/// fewer.
const MOST_STEPS: usize = 1_000;

/// The most units that report beneath one region; China has about half a million schools.
const MAX_UNITS: u64 = 1_000_000;

/// Refuses a document that no node following the rules would send.
pub(in crate::decide) fn check_shape(document: &Document) -> Result<(), Refusal> {
    if document.id.len() > MAX_DOCUMENT_ID_LEN {
        let accepted = Accepted::AtMostChars(MAX_DOCUMENT_ID_LEN);
        return Err(Refusal::new(Reason::TooLong, "id", &document.id, accepted));
    }
    check_version(document.version)?;
    match &document.body {
        // One region has one entry and one roster.
        Body::Region(_) => check_id(document, document.owner.as_str()),
        Body::Roster(roster) => {
            check_id(document, document.owner.as_str())?;
            check_roster(roster)
        }
        Body::Pairing(side) => check_steps(side.steps.len()),
        Body::AidProject(project) => check_amount("fund", project.fund),
        Body::AidEntry(entry) => match &entry.fact {
            AidFact::Disbursement { amount, .. }
            | AidFact::Receipt { amount, .. }
            | AidFact::Expenditure { amount, .. } => check_amount("amount", *amount),
            AidFact::Placement { .. }
            | AidFact::PlacementConfirmed { .. }
            | AidFact::MilestoneReached { .. } => Ok(()),
        },
        Body::Indicator(indicator) => check_of("of", indicator),
        Body::Plan(_)
        | Body::Comment(_)
        | Body::Task(_)
        | Body::TaskProgress(_)
        | Body::AidConsent(_)
        | Body::AidSummary(_) => Ok(()),
        // One region has one seal.
        Body::Seal(_) => check_id(document, SEAL_ID),
        // And is handed over to one node at a time.
        Body::Handover(_) => check_id(document, HANDOVER_ID),
    }
}

/// Refuses an indicator that is made of itself, and parts of one that is not computed from any.
/// Whether the parts are reported ones is known only where their definitions are.
pub(in crate::decide) fn check_of(field: &str, indicator: &Indicator) -> Result<(), Refusal> {
    let is_ratio_of_ratios = indicator.kind == IndicatorKind::RatioOfRatios;
    if is_ratio_of_ratios != indicator.of.is_some() {
        let accepted = Accepted::Form(format!(
            "kind = {:?}, of = […, …]",
            IndicatorKind::RatioOfRatios.word()
        ));
        return Err(Refusal::new(
            Reason::Malformed,
            field,
            indicator.code,
            accepted,
        ));
    }
    if indicator
        .of
        .iter()
        .flatten()
        .any(|part| *part == indicator.code)
    {
        return Err(derived_part(field, indicator.code));
    }
    Ok(())
}

/// The refusal of a part that is computed itself.
pub(in crate::decide) fn derived_part(field: &str, code: IndicatorCode) -> Refusal {
    Refusal::advise(
        Reason::DerivedIndicator,
        field,
        code,
        "比率之比只能由填报的指标算出",
        "a ratio of ratios is computed from indicators that are reported",
    )
}

/// The other side takes note of every end in its own document, so there have to be few.
fn check_steps(count: usize) -> Result<(), Refusal> {
    if count <= MOST_STEPS {
        return Ok(());
    }
    let accepted = Accepted::Range(0, MOST_STEPS as i64);
    Err(Refusal::new(Reason::OutOfRange, "steps", count, accepted))
}

/// Refuses a version that no node following the rules gives: nothing could ever stand above it.
pub(in crate::decide) fn check_version(version: u64) -> Result<(), Refusal> {
    if version < NO_VERSION {
        return Ok(());
    }
    let accepted = Accepted::Range(0, NO_VERSION as i64 - 1);
    Err(Refusal::new(
        Reason::OutOfRange,
        "version",
        version,
        accepted,
    ))
}

fn check_id(document: &Document, id: &str) -> Result<(), Refusal> {
    if document.id == id {
        return Ok(());
    }
    let accepted = Accepted::OneOf(vec![id.to_owned()]);
    Err(Refusal::new(
        Reason::Malformed,
        "id",
        &document.id,
        accepted,
    ))
}

fn check_roster(roster: &Roster) -> Result<(), Refusal> {
    let bureaus = u64::from(roster.bureaus) + u64::from(roster.standing_in);
    let units = roster.units.values().map(|count| u64::from(*count));
    let total = bureaus + units.sum::<u64>();
    if total <= MAX_UNITS {
        return Ok(());
    }
    let accepted = Accepted::Range(0, MAX_UNITS as i64);
    Err(Refusal::new(Reason::OutOfRange, "units", total, accepted))
}

fn check_amount(field: &str, fen: i64) -> Result<(), Refusal> {
    if (0..=MAX_FIGURE).contains(&fen) {
        return Ok(());
    }
    let accepted = Accepted::Range(0, MAX_FIGURE);
    Err(Refusal::new(Reason::OutOfRange, field, fen, accepted))
}
