//! Evidence, frame by frame: every document that came signed, whether a newer one took its place or
//! not.
//!
//! **Seals** come with every burst of figures, by the million in a year, so of each region two are
//! checked: the last, which says what the figures are, and the one before it, which says with the last
//! whether one of them [was ever given](liandong_core::state). Nothing that a node holds, counts or
//! shows depends on earlier ones, so one that was forged into a journal changes nothing; that it
//! stands there is not found here.

use std::collections::BTreeMap;
use std::sync::Arc;

use liandong_core::document::{Document, DocumentKey, Kind};
use liandong_core::event::{Attested, Event};
use liandong_core::evidence::{Proof, Roots};
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::seal::Fit;
use liandong_core::state::{Reviewed, State, not_from};

use crate::journal::Sequence;
use crate::verify::{Fault, Judge, Report};

/// A seal as it came.
struct Sealed {
    sequence: Sequence,
    document: Document,
    proof: Proof,
    /// Whether its signer was one who could be, as far as was known when it came.
    is_by_a_signer: bool,
}

/// What was found of evidence so far.
pub(super) struct Evidence {
    judge: Option<Arc<dyn Judge>>,
    /// The frame that each document came in.
    came: BTreeMap<DocumentKey, Sequence>,
    checked: u64,
    /// Of every region the last two seals, the earlier first.
    seals: BTreeMap<DocumentKey, [Option<Sealed>; 2]>,
    /// The first that does not hold.
    first: Option<(Sequence, DocumentKey, Refusal)>,
    count: u64,
}

impl Evidence {
    pub(super) fn new(judge: Option<Arc<dyn Judge>>) -> Self {
        Self {
            judge,
            came: BTreeMap::new(),
            checked: 0,
            seals: BTreeMap::new(),
            first: None,
            count: 0,
        }
    }

    /// Looks at a frame that was just applied.
    pub(super) fn frame(&mut self, state: &State, sequence: Sequence, events: &[Event]) {
        let mut told: BTreeMap<(DocumentKey, u64), &Document> = BTreeMap::new();
        for event in events {
            match event {
                Event::Received(received) => self.note(sequence, &received.documents, &mut told),
                Event::Healed(healed) => self.note(sequence, &healed.documents, &mut told),
                Event::Attested(attested) => self.check(state, sequence, attested, &told),
                _ => {}
            }
        }
    }

    fn note<'a>(
        &mut self,
        sequence: Sequence,
        documents: &'a [Document],
        told: &mut BTreeMap<(DocumentKey, u64), &'a Document>,
    ) {
        for document in documents {
            let key = document.key();
            self.came.insert(key.clone(), sequence);
            told.insert((key, document.version), document);
        }
    }

    fn check(
        &mut self,
        state: &State,
        sequence: Sequence,
        attested: &Attested,
        told: &BTreeMap<(DocumentKey, u64), &Document>,
    ) {
        let Some(judge) = self.judge.clone() else {
            return;
        };
        let mut roots = Roots::default();
        let mut last = None;
        let proofs = attested.evidence.proofs();
        for (named, proof) in attested.documents.iter().zip(&proofs) {
            if named.0.kind == Kind::Seal {
                self.note_seal(state, sequence, named, proof, told);
                continue;
            }
            let held = || state.document(&named.0).map(|held| &*held.document);
            let document = told.get(named).copied().or_else(held);
            let document = document.filter(|document| document.version == named.1);
            let signer = proof.batch.signer.region;
            let root = document.and_then(|document| roots.root(proof, document));
            let could_sign = |document| state.could_sign(signer, document);
            let root = root.filter(|_| document.is_some_and(could_sign));
            self.checked += 1;
            let result = match root {
                // Documents of one batch stand side by side, and have one root.
                Some(root) if last == Some((Arc::as_ptr(&proof.batch), root)) => Ok(()),
                Some(root) => judge.judge(&proof.batch, &root).map(|()| {
                    last = Some((Arc::as_ptr(&proof.batch), root));
                }),
                None => Err(not_from(signer)),
            };
            if let Err(refusal) = result {
                self.count += 1;
                let first = (sequence, named.0.clone(), refusal);
                self.first.get_or_insert(first);
            }
        }
    }

    fn note_seal(
        &mut self,
        state: &State,
        sequence: Sequence,
        named: &(DocumentKey, u64),
        proof: &Proof,
        told: &BTreeMap<(DocumentKey, u64), &Document>,
    ) {
        let held = state.document(&named.0);
        let is_held = held.is_some_and(|held| held.document.version == named.1);
        if let Some(document) = told.get(named).filter(|_| is_held) {
            let seal = Sealed {
                sequence,
                document: Document::clone(document),
                proof: proof.clone(),
                is_by_a_signer: state.could_sign(proof.batch.signer.region, document),
            };
            let seals = self.seals.entry(named.0.clone()).or_default();
            *seals = [seals[1].take(), Some(seal)];
        }
    }

    /// Checks the seals before the last ones.
    fn check_former_seals(&mut self) {
        let Some(judge) = self.judge.clone() else {
            return;
        };
        for (key, [before, _]) in std::mem::take(&mut self.seals) {
            let Some(Sealed {
                sequence,
                document,
                proof,
                is_by_a_signer,
            }) = before
            else {
                continue;
            };
            self.checked += 1;
            let signer = proof.batch.signer.region;
            let root = Roots::default().root(&proof, &document);
            let root = root.filter(|_| is_by_a_signer);
            let told = root.map_or_else(
                || Err(not_from(signer)),
                |root| judge.judge(&proof.batch, &root),
            );
            if let Err(refusal) = told {
                self.count += 1;
                if self.first.as_ref().is_none_or(|first| sequence < first.0) {
                    self.first = Some((sequence, key, refusal));
                }
            }
        }
    }

    /// Looks at what counts at the end.
    pub(super) fn finish(mut self, state: &State, report: &mut Report) {
        self.check_former_seals();
        let judge = self.judge.clone();
        let mut ask = judge.map(|judge| move |batch: &_, root: &_| judge.judge(batch, root));
        let reviewed = state.review(ask.as_mut().map(|ask| ask as _));
        for (key, refusal) in &reviewed.bad {
            let at = self.came.get(key).copied().unwrap_or_default();
            let is_earlier = |first: &(Sequence, DocumentKey, Refusal)| first.0 <= at;
            if key.kind == Kind::Seal {
                self.count += 1;
            }
            if !self.first.as_ref().is_some_and(is_earlier) {
                self.first = Some((at, key.clone(), refusal.clone()));
            }
        }
        report.evidence = self.checked;
        if ask.is_some() {
            let seals = reviewed.seals;
            report.evidence += seals;
            self.judged(&reviewed, report);
        }
        if let Some((region, fit)) = reviewed.differing.first() {
            let key = Reviewed::seal_of(*region);
            let sequence = self.came.get(&key).copied().unwrap_or_default();
            let count = reviewed.differing.len() as u64;
            report
                .faults
                .extend(not_sealed(*region, *fit, sequence, count));
        }
        if let Some(turn) = reviewed.to_ask_about.first() {
            report.faults.push(Fault::Turned {
                sequence: turn.frame,
                region: turn.region,
                from: turn.from,
                to: turn.to,
                told_by: turn.told_by,
                count: reviewed.to_ask_about.len() as u64,
            });
        }
        report.reviewed = Some(reviewed);
    }

    fn judged(&self, reviewed: &Reviewed, report: &mut Report) {
        if let Some((sequence, key, refusal)) = &self.first {
            report.faults.push(Fault::Evidence {
                sequence: *sequence,
                document: named(key),
                refusal: Box::new(refusal.clone()),
                count: self.count.max(1),
            });
            return;
        }
        let unsigned = reviewed.unsigned.iter();
        let first = unsigned.map(|key| (self.came.get(key).copied().unwrap_or_default(), key));
        if let Some((sequence, key)) = first.min() {
            report.faults.push(Fault::Unsigned {
                sequence,
                document: named(key),
                count: reviewed.unsigned.len() as u64,
            });
        }
    }
}

/// What does not fit of a region's figures and their seal.
fn not_sealed(region: RegionCode, fit: Fit, sequence: Sequence, count: u64) -> Option<Fault> {
    match fit {
        Fit::Fits | Fit::Newer { .. } => None,
        Fit::Beyond { version } => Some(Fault::Beyond {
            sequence,
            region,
            version,
            count,
        }),
        Fit::Differs { held, sealed } => Some(Fault::Sealed {
            sequence,
            region,
            held,
            sealed,
            count,
        }),
    }
}

fn named(key: &DocumentKey) -> String {
    format!("{} {}/{}", key.kind.word(), key.owner, key.id)
}
