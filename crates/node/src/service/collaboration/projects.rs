//! Showing aid projects: their totals, both sides' facts, and where the two disagree.

use liandong_core::access::{Right, entry_prefix};
use liandong_core::aid::{
    AidDocuments, AidProject as AidProjectBody, AidSummary as AidSummaryBody, project_state,
    reconcile,
};
use liandong_core::catalogue::Catalogue;
use liandong_core::decide::aid_documents;
use liandong_core::document::{Body, DocumentKey, Kind};
use liandong_core::privacy::is_few;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use liandong_wire::collaboration::v1::{
    AidConsent, AidEntry, AidProject, AidSummary, Difference, GetProjectResponse,
    ListProjectsResponse, OwnedAidEntry, OwnedAidSummary, ProjectOverview, ProjectState,
    ReconcileProjectResponse,
};
use liandong_wire::collaboration::{ProjectFilter, ProjectKey};

use super::super::call::{MAX_LISTED, Sight, too_long};

/// The projects that are asked for: those of which both sides' documents are held, and of others
/// the summaries that regions below have sent up. A caller who may look at the sums alone gets the
/// summaries of the former, too.
pub(super) fn list(
    state: &State,
    catalogue: &Catalogue,
    filter: ProjectFilter,
    sight: &Sight<'_>,
) -> Result<ListProjectsResponse, Refusal> {
    let takes = |sides: [RegionCode; 2]| {
        let within = |top| {
            sides
                .iter()
                .any(|side| state.is_within(catalogue, *side, top))
        };
        filter.region.is_none_or(within)
            && filter
                .partner
                .is_none_or(|partner| sides.contains(&partner))
    };
    let mut response = ListProjectsResponse::default();
    for document in state.documents(Kind::AidProject) {
        let Body::AidProject(project) = &document.body else {
            continue;
        };
        let sides = [project.donor, project.recipient];
        if !takes(sides) || !sight.may_in_pair(Right::ReadAid, sides) {
            continue;
        }
        if let Some(documents) = aid_documents(state, document.owner, &document.id) {
            response.projects.push(overview(&documents));
        }
    }
    for document in state.documents(Kind::AidSummary) {
        let Body::AidSummary(summary) = &document.body else {
            continue;
        };
        let key = project_key(summary.proposer, &summary.project);
        let sides = [summary.donor, summary.recipient];
        let is_listed = state.document(&key).is_some() && sight.may_in_pair(Right::ReadAid, sides);
        // Of a summary that was sent up no side is here: it is its owner's.
        let is_shown = sight.may_in_pair(Right::ReadAidSummary, sides)
            || (state.document(&key).is_none() && sight.may(Right::ReadAidSummary, document.owner));
        if !is_listed && is_shown && takes(sides) {
            let mut regions = sides.into_iter().chain([document.owner]);
            let exact = regions.any(|region| sight.may(Right::ReadExact, region));
            response.summaries.push(OwnedAidSummary {
                region: document.owner.to_string(),
                version: document.version,
                summary: Some(if exact {
                    AidSummary::from(summary)
                } else {
                    published(summary)
                }),
            });
        }
    }
    let rows = response.projects.len() + response.summaries.len();
    if rows > MAX_LISTED {
        return Err(too_long("region", rows));
    }
    Ok(response)
}

/// The sums for those who may not look at exact figures. Teachers are few as a rule: neither side's
/// count is shown where one of them is, or what lies between the two.
fn published(summary: &AidSummaryBody) -> AidSummary {
    let (sent, confirmed) = (
        i64::from(summary.teachers_sent),
        i64::from(summary.teachers_confirmed),
    );
    let mut shown = AidSummary::from(summary);
    if [sent, confirmed, (sent - confirmed).abs()]
        .into_iter()
        .any(is_few)
    {
        (shown.teachers_sent, shown.teachers_confirmed) = (0, 0);
        shown.teachers_hidden = true;
    }
    shown
}

/// One project with the documents of both sides.
pub(super) fn get(
    state: &State,
    key: &ProjectKey,
    sight: &Sight<'_>,
) -> Result<GetProjectResponse, Refusal> {
    let documents = find(state, key, sight)?;
    let sides = [documents.project.donor, documents.project.recipient];
    let mut entries = Vec::with_capacity(documents.entries.len());
    for (owner, id, entry) in &documents.entries {
        let partner = if *owner == sides[0] {
            sides[1]
        } else {
            sides[0]
        };
        let prefix = entry_prefix(documents.proposer, documents.id, partner);
        let stored = state.document(&DocumentKey {
            kind: Kind::AidEntry,
            owner: *owner,
            id: format!("{prefix}{id}"),
        });
        entries.push(OwnedAidEntry {
            region: owner.to_string(),
            id: (*id).to_owned(),
            version: stored.map_or(0, |stored| stored.document.version),
            entry: Some(AidEntry::from(*entry)),
        });
    }
    if entries.len() > MAX_LISTED {
        return Err(too_long("project", entries.len()));
    }
    Ok(GetProjectResponse {
        overview: Some(overview(&documents)),
        consent: documents.consent.map(AidConsent::from),
        entries,
    })
}

/// Where the two sides of a project disagree.
pub(super) fn reconciled(
    state: &State,
    key: &ProjectKey,
    sight: &Sight<'_>,
) -> Result<ReconcileProjectResponse, Refusal> {
    let documents = find(state, key, sight)?;
    let differences = reconcile(&documents);
    if differences.len() > MAX_LISTED {
        return Err(too_long("project", differences.len()));
    }
    Ok(ReconcileProjectResponse {
        overview: Some(overview(&documents)),
        differences: differences.iter().map(Difference::from).collect(),
    })
}

/// A project that the caller may look into. Others learn in the same words whether there is none or
/// whether it is not theirs.
fn find<'a>(
    state: &'a State,
    key: &'a ProjectKey,
    sight: &Sight<'_>,
) -> Result<AidDocuments<'a>, Refusal> {
    let sides = |project: &AidProjectBody| [project.donor, project.recipient];
    let found = aid_documents(state, key.proposer, &key.project);
    if let Some(found) = found
        && sight.may_in_pair(Right::ReadAid, sides(found.project))
    {
        return Ok(found);
    }
    sight.require(Right::ReadAid, key.proposer)?;
    let mut known = Vec::new();
    for document in state.documents(Kind::AidProject) {
        if let Body::AidProject(project) = &document.body
            && sight.may_in_pair(Right::ReadAid, sides(project))
        {
            known.push(format!("{} ({})", document.id, document.owner));
        }
    }
    let accepted = Accepted::OneOf(known);
    Err(Refusal::new(
        Reason::UnknownProject,
        "project",
        &key.project,
        accepted,
    ))
}

fn overview(documents: &AidDocuments<'_>) -> ProjectOverview {
    let differences = reconcile(documents).len();
    ProjectOverview {
        proposer: documents.proposer.to_string(),
        id: documents.id.to_owned(),
        version: documents.version,
        project: Some(AidProject::from(documents.project)),
        state: Some(ProjectState::from(&project_state(documents))),
        differences: u32::try_from(differences).unwrap_or(u32::MAX),
    }
}

fn project_key(proposer: RegionCode, project: &str) -> DocumentKey {
    DocumentKey {
        kind: Kind::AidProject,
        owner: proposer,
        id: project.to_owned(),
    }
}
