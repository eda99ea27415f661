//! Documents as they travel.

use liandong_core::document::{Body, Document, Kind, MAX_DOCUMENT_ID_LEN};
use liandong_core::event::{Content, Subject, Unapplied};
use liandong_core::handover::Handover;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::seal::Seal;
use prost::Message;

use super::v1;
use super::v1::document::Body as Wire;
use crate::read;

impl From<&Document> for v1::Document {
    fn from(document: &Document) -> Self {
        let body = match &document.body {
            Body::Region(body) => Wire::Region(body.into()),
            Body::Roster(body) => Wire::Roster(body.into()),
            Body::Indicator(body) => Wire::Indicator(body.into()),
            Body::Plan(body) => Wire::Plan(body.into()),
            Body::Comment(body) => Wire::Comment(body.into()),
            Body::Task(body) => Wire::Task(body.into()),
            Body::TaskProgress(body) => Wire::TaskProgress(body.into()),
            Body::Pairing(body) => Wire::Pairing(body.into()),
            Body::AidProject(body) => Wire::AidProject(body.into()),
            Body::AidConsent(body) => Wire::AidConsent(body.into()),
            Body::AidEntry(body) => Wire::AidEntry(body.into()),
            Body::AidSummary(body) => Wire::AidSummary(body.into()),
            Body::Seal(body) => Wire::Seal(body.into()),
            Body::Handover(body) => Wire::Handover(body.into()),
        };
        Self {
            owner: document.owner.to_string(),
            id: document.id.clone(),
            version: document.version,
            body: Some(body),
        }
    }
}

impl TryFrom<v1::Document> for Document {
    type Error = Refusal;

    fn try_from(document: v1::Document) -> Result<Self, Refusal> {
        let v1::Document {
            owner,
            id,
            version,
            body,
        } = document;
        if id.is_empty() {
            return Err(read::missing("id"));
        }
        if id.len() > MAX_DOCUMENT_ID_LEN {
            let accepted = Accepted::AtMostChars(MAX_DOCUMENT_ID_LEN);
            return Err(Refusal::new(Reason::TooLong, "id", id, accepted));
        }
        Ok(Self {
            owner: read::region("owner", &owner)?,
            id,
            version,
            body: read_body(body)?,
        })
    }
}

fn read_body(body: Option<Wire>) -> Result<Body, Refusal> {
    let Some(body) = body else {
        let kinds = Kind::ALL.map(|kind| kind.word().to_owned());
        let accepted = Accepted::OneOf(kinds.into());
        return Err(Refusal::new(Reason::Missing, "body", "", accepted));
    };
    let kind = kind(&body);
    let read = match body {
        Wire::Region(body) => body.try_into().map(Body::Region),
        Wire::Roster(body) => body.try_into().map(Body::Roster),
        Wire::Indicator(body) => body.try_into().map(Body::Indicator),
        Wire::Plan(body) => body.try_into().map(Body::Plan),
        Wire::Comment(body) => body.try_into().map(Body::Comment),
        Wire::Task(body) => body.try_into().map(Body::Task),
        Wire::TaskProgress(body) => body.try_into().map(Body::TaskProgress),
        Wire::Pairing(body) => body.try_into().map(Body::Pairing),
        Wire::AidProject(body) => body.try_into().map(Body::AidProject),
        Wire::AidConsent(body) => body.try_into().map(Body::AidConsent),
        Wire::AidEntry(body) => body.try_into().map(Body::AidEntry),
        Wire::AidSummary(body) => body.try_into().map(Body::AidSummary),
        Wire::Seal(body) => body.try_into().map(Body::Seal),
        Wire::Handover(body) => body.try_into().map(Body::Handover),
    };
    read.map_err(|refusal| read::inside(kind.word(), refusal))
}

fn kind(body: &Wire) -> Kind {
    match body {
        Wire::Region(_) => Kind::Region,
        Wire::Roster(_) => Kind::Roster,
        Wire::Indicator(_) => Kind::Indicator,
        Wire::Plan(_) => Kind::Plan,
        Wire::Comment(_) => Kind::Comment,
        Wire::Task(_) => Kind::Task,
        Wire::TaskProgress(_) => Kind::TaskProgress,
        Wire::Pairing(_) => Kind::Pairing,
        Wire::AidProject(_) => Kind::AidProject,
        Wire::AidConsent(_) => Kind::AidConsent,
        Wire::AidEntry(_) => Kind::AidEntry,
        Wire::AidSummary(_) => Kind::AidSummary,
        Wire::Seal(_) => Kind::Seal,
        Wire::Handover(_) => Kind::Handover,
    }
}

impl From<&Seal> for v1::Seal {
    fn from(seal: &Seal) -> Self {
        let Seal { upto, cells, root } = *seal;
        Self {
            upto,
            cells,
            root: root.to_vec(),
        }
    }
}

impl TryFrom<v1::Seal> for Seal {
    type Error = Refusal;

    fn try_from(seal: v1::Seal) -> Result<Self, Refusal> {
        let v1::Seal { upto, cells, root } = seal;
        let root = root.as_slice().try_into().map_err(|_| {
            let accepted = Accepted::Form("32 bytes".to_owned());
            Refusal::new(Reason::Malformed, "root", root.len(), accepted)
        })?;
        Ok(Self { upto, cells, root })
    }
}

impl From<&Handover> for v1::Handover {
    fn from(handover: &Handover) -> Self {
        Self {
            from: handover.from.to_string(),
            since: handover.since,
        }
    }
}

impl TryFrom<v1::Handover> for Handover {
    type Error = Refusal;

    fn try_from(handover: v1::Handover) -> Result<Self, Refusal> {
        Ok(Self {
            from: read::region("from", &handover.from)?,
            since: handover.since,
        })
    }
}

/// The most bytes of an unreadable document that are kept to be tried again. A document of a kind
/// that a newer program knows is smaller; garbage may have any size.
const MAX_KEPT: usize = 256 << 10;

/// Reads the bytes of a document, or says what has to be set aside and why.
pub(super) fn read_bytes(bytes: &[u8]) -> Result<Document, Box<Unapplied>> {
    match v1::Document::decode(bytes) {
        Ok(document) => read(document, bytes),
        Err(error) => {
            let refusal = Refusal::new(
                Reason::Malformed,
                "document",
                error.to_string(),
                Accepted::Nothing,
            );
            // Garbage has no name; its digest tells one piece from another.
            let subject = Subject {
                kind: "unknown".to_owned(),
                id: format!("blake3:{}", &blake3::hash(bytes).to_hex()[..16]),
                ..Subject::default()
            };
            let what = format!("{} bytes that are no document, {}", bytes.len(), subject.id);
            Err(Box::new(super::set_aside(
                what,
                subject,
                &refusal,
                kept(bytes),
            )))
        }
    }
}

/// Reads what was kept of a document that could not be read, perhaps by an earlier program.
///
/// # Errors
/// What is to be set aside still.
pub fn read_kept(bytes: &[u8]) -> Result<Document, Box<Unapplied>> {
    read_bytes(bytes)
}

/// Reads a document, or says what has to be set aside and why; `bytes` are what it was read from.
pub(super) fn read(document: v1::Document, bytes: &[u8]) -> Result<Document, Box<Unapplied>> {
    let word = document
        .body
        .as_ref()
        .map_or("unknown", |body| kind(body).word());
    let subject = Subject {
        kind: word.to_owned(),
        owner: short(&document.owner),
        id: short(&document.id),
        version: document.version,
    };
    let what = describe(&subject);
    Document::try_from(document)
        .map_err(|refusal| Box::new(super::set_aside(what, subject, &refusal, kept(bytes))))
}

fn kept(bytes: &[u8]) -> Content {
    if bytes.len() > MAX_KEPT {
        return Content::Nothing;
    }
    Content::Bytes(bytes.to_vec())
}

/// A peer's text, of a length that a listing bears however long it is.
fn short(text: &str) -> String {
    let shown = text.chars().take(MAX_DOCUMENT_ID_LEN);
    shown
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn describe(subject: &Subject) -> String {
    let Subject {
        kind,
        owner,
        id,
        version,
    } = subject;
    format!("{kind} {owner}/{id} version {version}")
}
