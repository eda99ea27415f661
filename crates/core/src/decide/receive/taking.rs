//! A batch while it is taken: regions first, then what they own, then cells. What cannot be taken is
//! set aside with the reason; nothing is refused as a whole here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Manner;
use super::anew::Anew;
use super::entitled::{Peer, check_cell, cycle};
use super::signed::Signers;
use super::went_back::WentBack;
use crate::document::{Body, CellDocument, Document, DocumentKey};
use crate::event::{Content, Healed, Quarantined, Subject, Unapplied};
use crate::refusal::Refusal;
use crate::region::{RegionCode, RegionTree};
use crate::state::{State, Watermark};

/// A batch while it is taken.
pub(super) struct Taking<'a> {
    peer: Peer<'a>,
    // Most batches bring no region, so the tree is copied only when one does.
    tree: Cow<'a, RegionTree>,
    region_versions: BTreeMap<RegionCode, u64>,
    documents: Vec<Document>,
    /// Who signed for the regions among them.
    signers: Signers,
    /// Versions that are held, and proven by what they came with now.
    proven: Vec<(DocumentKey, u64)>,
    manner: Manner,
    /// Of what is tried again, that of which a version as new is held already.
    known_already: Vec<Subject>,
    quarantined: Vec<Unapplied>,
    went_back: WentBack<'a>,
    anew: Anew<'a>,
}

/// What became of a batch.
pub(super) struct Taken {
    /// Documents that are believed and new.
    pub(super) documents: Vec<Document>,
    /// Cells that are believed and new.
    pub(super) cells: Vec<CellDocument>,
    /// Of what is tried again, that of which a version as new is held already.
    pub(super) known_already: Vec<Subject>,
    /// Versions that are held already, and proven by what they came with now.
    pub(super) proven: Vec<(DocumentKey, u64)>,
    /// What cannot be taken, and why; figures that went back, too.
    pub(super) quarantined: Vec<Unapplied>,
    /// Figures that had gone back and are what they were again.
    pub(super) reached: Vec<Subject>,
    /// How many figures went back and are only counted.
    pub(super) unlisted: u32,
    /// What was held of an earlier life of the peer, and is told in this one just so.
    pub(super) anew: Option<Healed>,
}

impl<'a> Taking<'a> {
    pub(super) fn new(peer: Peer<'a>, manner: Manner, told: Watermark) -> Self {
        let follows = (manner == Manner::Follow).then_some(told.incarnation);
        Self {
            went_back: WentBack::of(peer.state, peer.from, told),
            peer,
            tree: Cow::Borrowed(peer.state.tree()),
            region_versions: BTreeMap::new(),
            documents: Vec::new(),
            signers: Signers::new(),
            proven: Vec::new(),
            manner,
            known_already: Vec::new(),
            quarantined: Vec::new(),
            anew: Anew::of(peer.state, peer.from, follows),
        }
    }

    /// Takes a batch, of which `unreadable` could not even be read.
    pub(super) fn take(
        mut self,
        documents: Vec<Document>,
        cells: Vec<CellDocument>,
        unreadable: Vec<Unapplied>,
    ) -> Taken {
        self.documents.reserve(documents.len());
        self.quarantined = unreadable;
        let is_region = |document: &Document| matches!(document.body, Body::Region(_));
        let (regions, others) = documents.into_iter().partition(is_region);
        self.take_regions(regions);
        self.take_documents(others);
        let cells = self.take_cells(cells);
        let back = self.went_back.done();
        self.quarantined.extend(back.found);
        Taken {
            reached: back.reached,
            unlisted: back.unlisted,
            anew: self.anew.done(),
            documents: self.documents,
            cells,
            known_already: self.known_already,
            proven: self.proven,
            quarantined: self.quarantined,
        }
    }

    /// Regions come first, and those that wait for their parents are tried again: who owns the
    /// rest depends on them, and a change index lists them in the order of their last change. Each
    /// pass places what stands below the one before, so there are no more passes than levels.
    fn take_regions(&mut self, mut regions: Vec<Document>) {
        loop {
            let before = regions.len();
            let mut waiting = Vec::new();
            let mut refusals = Vec::new();
            for document in regions {
                match self.place(&document) {
                    Ok(true) => self.documents.push(document),
                    Ok(false) => self.pass_over(&document),
                    Err(refusal) => {
                        waiting.push(document);
                        refusals.push(refusal);
                    }
                }
            }
            if waiting.len() == before || waiting.is_empty() {
                for (document, refusal) in waiting.into_iter().zip(&refusals) {
                    self.set_aside_document(document, refusal);
                }
                return;
            }
            regions = waiting;
        }
    }

    fn place(&mut self, document: &Document) -> Result<bool, Refusal> {
        let Body::Region(region) = &document.body else {
            return Ok(false);
        };
        self.peer.check_place(&self.tree, document, region)?;
        self.peer
            .check_signer(&self.tree, document, &self.signers)?;
        let earlier = self.region_versions.get(&region.code);
        let is_new = earlier.is_none_or(|earlier| *earlier < document.version);
        if !is_new || is_known(self.peer.state, document) {
            return Ok(false);
        }
        if self.tree.to_mut().insert(region.clone()).is_err() {
            return Err(cycle(region.code));
        }
        self.region_versions.insert(region.code, document.version);
        if let Some(signer) = self.peer.signer(document) {
            self.signers.insert(region.code, signer);
        }
        Ok(true)
    }

    fn take_documents(&mut self, documents: Vec<Document>) {
        for document in documents {
            let checked = self.peer.check_document(&self.tree, &document);
            let signers = &self.signers;
            match checked.and_then(|()| self.peer.check_signer(&self.tree, &document, signers)) {
                Ok(()) if is_known(self.peer.state, &document) => self.pass_over(&document),
                Ok(()) => self.documents.push(document),
                Err(refusal) => self.set_aside_document(document, &refusal),
            }
        }
    }

    fn take_cells(&mut self, cells: Vec<CellDocument>) -> Vec<CellDocument> {
        let mut taken = Vec::with_capacity(cells.len());
        for cell in cells {
            let Peer {
                state,
                from,
                relation,
                ..
            } = self.peer;
            match check_cell(state, &self.tree, &cell, from, relation) {
                Ok(true) => {
                    self.went_back.look(&cell);
                    taken.push(cell);
                }
                Ok(false) => {
                    self.note_known(|| cell.subject());
                    self.anew.cell(&cell);
                }
                Err(refusal) => self.set_aside_cell(cell, &refusal),
            }
        }
        taken
    }

    /// What is held already brings its proof, where none is held.
    fn pass_over(&mut self, document: &Document) {
        self.note_known(|| document.subject());
        self.anew.document(document);
        if self.peer.proves_what_is_held(document) {
            self.proven.push((document.key(), document.version));
        }
    }

    fn note_known(&mut self, subject: impl FnOnce() -> Subject) {
        if self.manner == Manner::Again {
            self.known_already.push(subject());
        }
    }

    fn set_aside_document(&mut self, document: Document, refusal: &Refusal) {
        let proof = self.peer.proofs.get(&(document.key(), document.version));
        self.quarantined.push(document.set_aside(refusal, proof));
    }

    fn set_aside_cell(&mut self, cell: CellDocument, refusal: &Refusal) {
        self.quarantined.push(Unapplied {
            subject: cell.subject(),
            what: quarantined(describe_cell(&cell), refusal),
            content: Content::Cell(cell),
        });
    }
}

fn quarantined(what: String, refusal: &Refusal) -> Quarantined {
    Quarantined {
        what,
        reason: refusal.reason.code().to_owned(),
        message: refusal.to_string(),
    }
}

fn is_known(state: &State, document: &Document) -> bool {
    let known = state.document(&document.key());
    known.is_some_and(|known| known.document.version >= document.version)
}

fn describe_cell(cell: &CellDocument) -> String {
    let CellDocument {
        region,
        indicator,
        period,
        version,
        ..
    } = cell;
    format!("cell {region}/{indicator}/{period} version {version}")
}
