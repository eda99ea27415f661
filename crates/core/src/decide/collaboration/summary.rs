//! The documents of a project taken together, and the summary that a superior sees of them.

use std::collections::BTreeSet;

use super::project::{consent_id, project};
use crate::access::entry_prefix;
use crate::aid::{AidDocuments, summarise};
use crate::decide::{body, put};
use crate::document::{Body, Document, Kind};
use crate::event::Event;
use crate::region::RegionCode;
use crate::state::State;

/// The documents of a project that are known here; `None` while the project itself is not.
pub fn documents_of<'a>(
    state: &'a State,
    proposer: RegionCode,
    id: &'a str,
) -> Option<AidDocuments<'a>> {
    let (project, version) = project(state, proposer, id).ok()?;
    let other = if project.donor == proposer {
        project.recipient
    } else {
        project.donor
    };
    let consent = match body(state, Kind::AidConsent, other, &consent_id(proposer, id)) {
        Some(Body::AidConsent(consent)) => Some(consent),
        _ => None,
    };
    let mut entries = Vec::new();
    for (owner, partner) in [(proposer, other), (other, proposer)] {
        let prefix = entry_prefix(proposer, id, partner);
        for document in state.documents_of(Kind::AidEntry, owner) {
            let Some(own_id) = document.id.strip_prefix(&prefix) else {
                continue;
            };
            if let Body::AidEntry(entry) = &document.body {
                entries.push((owner, own_id, entry));
            }
        }
    }
    entries.sort_by_key(|(owner, own_id, _)| (*owner, *own_id));
    Some(AidDocuments {
        proposer,
        id,
        version,
        project,
        consent,
        entries,
    })
}

/// The summaries that hosted sides have to write again after `event`, because what is known here
/// says something else than they do.
pub(in crate::decide) fn follow_up(state: &State, event: &Event) -> Vec<Event> {
    let mut projects = BTreeSet::new();
    match event {
        Event::Put(document) => projects.extend(project_of(document)),
        Event::Received(received) => {
            projects.extend(received.documents.iter().filter_map(project_of));
        }
        Event::Hosted { .. }
        | Event::MovedOut { .. }
        | Event::Reports(_)
        | Event::SetAside(_)
        | Event::SetAsideFairly(_)
        | Event::Released(_)
        | Event::PeerHolds(_)
        | Event::LifeBegan(_)
        | Event::Met(_)
        | Event::Marked(_)
        | Event::Traced(_)
        | Event::Parted(_)
        | Event::Overtaken(_)
        | Event::Withdrawn(_)
        | Event::Attested(_)
        | Event::Repeated(_)
        | Event::BureauReports(_) => {}
        Event::Healed(healed) => {
            projects.extend(healed.documents.iter().filter_map(project_of));
        }
    }
    let mut events = Vec::new();
    for (proposer, project) in projects {
        events.extend(summaries(state, proposer, &project));
    }
    events
}

pub(super) fn project_of(document: &Document) -> Option<(RegionCode, String)> {
    match &document.body {
        Body::AidProject(_) => Some((document.owner, document.id.clone())),
        Body::AidConsent(consent) => Some((consent.proposer, consent.project.clone())),
        Body::AidEntry(entry) => Some((entry.proposer, entry.project.clone())),
        _ => None,
    }
}

pub(super) fn summaries(state: &State, proposer: RegionCode, project: &str) -> Vec<Event> {
    let Some(documents) = documents_of(state, proposer, project) else {
        return Vec::new();
    };
    let summary = summarise(&documents);
    let id = consent_id(proposer, project);
    let mut events = Vec::new();
    for side in [summary.donor, summary.recipient] {
        let unchanged = matches!(
            body(state, Kind::AidSummary, side, &id),
            Some(Body::AidSummary(known)) if *known == summary
        );
        if state.hosts(side) && !unchanged {
            events.push(put(state, side, &id, Body::AidSummary(summary.clone())).0);
        }
    }
    events
}
