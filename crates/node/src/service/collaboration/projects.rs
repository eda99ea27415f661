//! Showing aid projects: their totals, both sides' facts, and where the two disagree.

use liandong_core::access::entry_prefix;
use liandong_core::aid::{AidDocuments, project_state, reconcile};
use liandong_core::catalogue::Catalogue;
use liandong_core::decide::aid_documents;
use liandong_core::document::{Body, DocumentKey, Kind};
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use liandong_wire::collaboration::v1::{
    AidConsent, AidEntry, AidProject, AidSummary, Difference, GetProjectResponse,
    ListProjectsResponse, OwnedAidEntry, OwnedAidSummary, ProjectOverview, ProjectState,
    ReconcileProjectResponse,
};
use liandong_wire::collaboration::{ProjectFilter, ProjectKey};

use super::super::call::{MAX_LISTED, too_long};

/// The projects that are asked for: those of which both sides' documents are held, and of others
/// the summaries that regions below have sent up.
pub(super) fn list(
    state: &State,
    catalogue: &Catalogue,
    filter: ProjectFilter,
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
        if !takes([project.donor, project.recipient]) {
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
        let held = state.document(&key).is_some();
        if !held && takes([summary.donor, summary.recipient]) {
            response.summaries.push(OwnedAidSummary {
                region: document.owner.to_string(),
                version: document.version,
                summary: Some(AidSummary::from(summary)),
            });
        }
    }
    let rows = response.projects.len() + response.summaries.len();
    if rows > MAX_LISTED {
        return Err(too_long("region", rows));
    }
    Ok(response)
}

/// One project with the documents of both sides.
pub(super) fn get(state: &State, key: &ProjectKey) -> Result<GetProjectResponse, Refusal> {
    let documents = find(state, key)?;
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
) -> Result<ReconcileProjectResponse, Refusal> {
    let documents = find(state, key)?;
    let differences = reconcile(&documents);
    if differences.len() > MAX_LISTED {
        return Err(too_long("project", differences.len()));
    }
    Ok(ReconcileProjectResponse {
        overview: Some(overview(&documents)),
        differences: differences.iter().map(Difference::from).collect(),
    })
}

fn find<'a>(state: &'a State, key: &'a ProjectKey) -> Result<AidDocuments<'a>, Refusal> {
    aid_documents(state, key.proposer, &key.project).ok_or_else(|| {
        let known = state.documents(Kind::AidProject);
        let known = known.map(|document| format!("{} ({})", document.id, document.owner));
        let accepted = Accepted::OneOf(known.collect());
        Refusal::new(Reason::UnknownProject, "project", &key.project, accepted)
    })
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
