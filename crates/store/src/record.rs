//! Records: events as bytes, in the journal and in checkpoints.
//!
//! Both begin with a version of their own, so that a program that meets a newer one says so
//! instead of reading nonsense. A journal record is kept for ever: its shapes may grow only by new
//! variants at the end of an enum; anything else is a new version beside the old one, and
//! `tests/golden` fails until it is.
//!
//! ```text
//! journal record     version 1 (1 byte), postcard of the batch, a sequence of events
//!                    version 2 (1 byte), postcard of the batch's trail, then the batch as above
//! checkpoint state   version 1 (1 byte), incarnation (16 bytes), postcard of the snapshot
//! with evidence      version 2 (1 byte), the same, postcard of the evidence
//! with what was      version 3 (1 byte), the same, postcard of the evidence if there is any, postcard of
//! noted                what was noted of signers and seals
//! with repetitions   version 4 (1 byte), the same, postcard of the reports that said again what
//!                    counted already
//! with turns         version 5 (1 byte), the same, postcard of the versions of the entries by which who
//!                    signs was seen to change
//! with earlier       version 6 (1 byte), the same, postcard of up to which change what is held of a
//! lives                peer is of an earlier life of it
//! with lineages      version 7 (1 byte), the same, postcard of the marks of what was told by files
//! ```

use std::collections::BTreeMap;
use std::io::Write;

use liandong_core::audit::Trail;
use liandong_core::event::{Attested, Event};
use liandong_core::region::RegionCode;
use liandong_core::report::RepeatedReport;
use liandong_core::state::{Lineages, Noted, Snapshot};

use crate::identity::Incarnation;

mod batch;
#[cfg(test)]
mod tests;

pub use batch::Batch;

/// A batch of which nobody wrote down whose it was.
const RECORD_VERSION: u8 = 1;
/// A batch behind its part of the audit trail.
const AUDITED_VERSION: u8 = 2;
const STATE_VERSION: u8 = 1;
const STATE_WITH_EVIDENCE: u8 = 2;
const STATE_WITH_NOTES: u8 = 3;
const STATE_WITH_REPETITIONS: u8 = 4;
const STATE_WITH_TURNS: u8 = 5;
const STATE_WITH_EARLIER_LIVES: u8 = 6;
const STATE_WITH_LINEAGES: u8 = 7;
const NEWEST_STATE: u8 = STATE_WITH_LINEAGES;

/// What stands behind the state: the evidence, what was noted of signers and seals, repetitions, the
/// earlier lives of peers, and lineages.
type Beside = (
    Option<Attested>,
    Noted,
    Vec<RepeatedReport>,
    BTreeMap<RegionCode, u64>,
    Lineages,
);

/// Why stored bytes are not a record.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Written by a program with another format.
    #[error("format version {found} is unknown, this program reads versions up to {supported}")]
    UnknownVersion {
        /// Version found.
        found: u8,
        /// The newest version that this program reads.
        supported: u8,
    },
    /// No bytes at all, or too few to be anything.
    #[error("the record ends before its content")]
    Short,
    /// The content is not what the version says.
    #[error("the record cannot be read: {0}")]
    Content(#[source] postcard::Error),
    /// There is more than the content.
    #[error("{bytes} bytes follow the end of the record")]
    Trailing {
        /// How many.
        bytes: usize,
    },
    /// A checkpoint with cells of regions or indicators that it does not list.
    #[error("the checkpoint has cells of what it does not list")]
    Unlisted,
    /// A checkpoint of another life of this store, left over from before a restore.
    #[error("the checkpoint belongs to another incarnation")]
    OtherIncarnation,
    /// A checkpoint of an earlier program, which did not note all of signers and seals.
    #[error(
        "an earlier version of the program wrote it, which did not note who signed before whom"
    )]
    Outdated,
}

/// An event that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the record cannot be written: {0}")]
pub struct EncodeError(#[source] postcard::Error);

/// A committed batch as a journal payload.
pub fn encode(events: &[Event]) -> Result<Vec<u8>, EncodeError> {
    postcard::to_extend(events, vec![RECORD_VERSION]).map_err(EncodeError)
}

/// The batch in a journal payload.
///
/// # Errors
/// [`DecodeError::UnknownVersion`] names both versions.
pub fn decode(payload: &[u8]) -> Result<Vec<Event>, DecodeError> {
    read(payload)?.events()
}

/// A journal payload of which the trail was read, and the batch was not.
#[derive(Debug)]
pub struct Audited<'a> {
    /// Whose the batch was; nobody's in a record of version 1.
    pub trail: Trail,
    batch: &'a [u8],
}

impl Audited<'_> {
    /// How many bytes the batch takes.
    pub fn bytes(&self) -> usize {
        self.batch.len()
    }

    /// The batch.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn events(&self) -> Result<Vec<Event>, DecodeError> {
        from_postcard(self.batch)
    }
}

/// The trail in a journal payload, which stands before the batch and is a small part of it.
///
/// # Errors
/// [`DecodeError::UnknownVersion`] names both versions.
pub fn read(payload: &[u8]) -> Result<Audited<'_>, DecodeError> {
    match payload.split_first() {
        Some((&RECORD_VERSION, batch)) => Ok(Audited {
            trail: Trail::default(),
            batch,
        }),
        _ => {
            let content = after_version(payload, AUDITED_VERSION)?;
            let taken = postcard::take_from_bytes(content);
            let (trail, batch) = taken.map_err(DecodeError::Content)?;
            Ok(Audited { trail, batch })
        }
    }
}

/// A snapshot as checkpoint bytes.
pub fn encode_state(incarnation: Incarnation, snapshot: &Snapshot) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = vec![state_version(snapshot)];
    bytes.extend_from_slice(&incarnation.0);
    write_content(snapshot, &mut bytes)?;
    Ok(bytes)
}

/// Writes a snapshot as checkpoint bytes, piece by piece. What the writer fails with is told as
/// [`EncodeError`], too.
pub fn write_state(
    incarnation: Incarnation,
    snapshot: &Snapshot,
    writer: &mut dyn Write,
) -> Result<(), EncodeError> {
    let head = writer
        .write_all(&[state_version(snapshot)])
        .and_then(|()| writer.write_all(&incarnation.0));
    if head.is_err() {
        return Err(EncodeError(postcard::Error::SerializeBufferFull));
    }
    write_content(snapshot, writer)
}

fn write_content(snapshot: &Snapshot, writer: &mut dyn Write) -> Result<(), EncodeError> {
    let writer = postcard::to_io(snapshot, writer).map_err(EncodeError)?;
    let (evidence, noted) = (snapshot.evidence(), snapshot.noted());
    match state_version(snapshot) {
        STATE_WITH_LINEAGES => {
            let (turns, lives) = (noted.versions(), snapshot.earlier_lives());
            let (repeated, lineages) = (snapshot.repeated(), snapshot.lineages());
            let beside = (evidence, noted, repeated, turns, lives, lineages);
            postcard::to_io(&beside, writer).map_err(EncodeError)?;
        }
        STATE_WITH_EARLIER_LIVES => {
            let (turns, lives) = (noted.versions(), snapshot.earlier_lives());
            let beside = (evidence, noted, snapshot.repeated(), turns, lives);
            postcard::to_io(&beside, writer).map_err(EncodeError)?;
        }
        STATE_WITH_TURNS => {
            let beside = (evidence, noted, snapshot.repeated(), noted.versions());
            postcard::to_io(&beside, writer).map_err(EncodeError)?;
        }
        STATE_WITH_REPETITIONS => {
            let beside = (evidence, noted, snapshot.repeated());
            postcard::to_io(&beside, writer).map_err(EncodeError)?;
        }
        _ => {}
    }
    Ok(())
}

/// A state with nothing of what came later is written as it always was. Where there is evidence it is
/// written with all that belongs to it, even if that is nothing: earlier programs did not know of it.
fn state_version(snapshot: &Snapshot) -> u8 {
    if !snapshot.lineages().is_empty() {
        STATE_WITH_LINEAGES
    } else if !snapshot.earlier_lives().is_empty() {
        STATE_WITH_EARLIER_LIVES
    } else if snapshot.evidence().is_some() || !snapshot.noted().is_empty() {
        STATE_WITH_TURNS
    } else if !snapshot.repeated().is_empty() {
        STATE_WITH_REPETITIONS
    } else {
        STATE_VERSION
    }
}

/// Whether checkpoint bytes say that evidence may stand behind the state.
pub fn has_evidence(bytes: &[u8]) -> bool {
    bytes
        .first()
        .is_some_and(|version| (STATE_WITH_EVIDENCE..=NEWEST_STATE).contains(version))
}

/// The snapshot in checkpoint bytes, if it is of this incarnation.
pub fn decode_state(incarnation: Incarnation, bytes: &[u8]) -> Result<Snapshot, DecodeError> {
    let (&version, content) = bytes.split_first().ok_or(DecodeError::Short)?;
    if !(STATE_VERSION..=NEWEST_STATE).contains(&version) {
        return Err(DecodeError::UnknownVersion {
            found: version,
            supported: NEWEST_STATE,
        });
    }
    let (written_by, content) = content.split_first_chunk().ok_or(DecodeError::Short)?;
    if *written_by != incarnation.0 {
        return Err(DecodeError::OtherIncarnation);
    }
    let taken = postcard::take_from_bytes::<Snapshot>(content);
    let (snapshot, rest) = taken.map_err(DecodeError::Content)?;
    let beside: Beside = match version {
        STATE_WITH_LINEAGES => {
            let (evidence, noted, repeated, versions, lives, lineages) = from_postcard(rest)?;
            let noted = with_versions(noted, versions)?;
            (evidence, noted, repeated, lives, lineages)
        }
        STATE_WITH_EARLIER_LIVES => {
            let (evidence, noted, repeated, versions, lives) = from_postcard(rest)?;
            let noted = with_versions(noted, versions)?;
            (evidence, noted, repeated, lives, Lineages::default())
        }
        STATE_WITH_TURNS => {
            let (evidence, noted, repeated, versions) = from_postcard(rest)?;
            let noted = with_versions(noted, versions)?;
            (
                evidence,
                noted,
                repeated,
                BTreeMap::new(),
                Lineages::default(),
            )
        }
        STATE_WITH_REPETITIONS => {
            let (evidence, noted, repeated) = from_postcard(rest)?;
            (
                evidence,
                noted,
                repeated,
                BTreeMap::new(),
                Lineages::default(),
            )
        }
        STATE_WITH_NOTES => {
            let (evidence, noted) = from_postcard(rest)?;
            (
                evidence,
                noted,
                Vec::new(),
                BTreeMap::new(),
                Lineages::default(),
            )
        }
        STATE_WITH_EVIDENCE => {
            let evidence = Some(from_postcard(rest)?);
            (
                evidence,
                Noted::default(),
                Vec::new(),
                BTreeMap::new(),
                Lineages::default(),
            )
        }
        _ if rest.is_empty() => Beside::default(),
        _ => return Err(DecodeError::Trailing { bytes: rest.len() }),
    };
    let (evidence, noted, repeated, earlier_lives, lineages) = beside;
    let snapshot = snapshot.with_beside(evidence, noted, repeated, earlier_lives);
    let snapshot = snapshot.with_lineages(lineages);
    if snapshot.is_whole() {
        Ok(snapshot)
    } else {
        Err(DecodeError::Unlisted)
    }
}

fn with_versions(noted: Noted, versions: Vec<(u64, u64)>) -> Result<Noted, DecodeError> {
    noted.with_versions(versions).ok_or(DecodeError::Unlisted)
}

/// Whether an earlier program wrote these checkpoint bytes and did not note all of signers and seals
/// that the journal tells.
pub fn is_outdated(bytes: &[u8], snapshot: &Snapshot) -> bool {
    match bytes.first() {
        Some(&STATE_WITH_EVIDENCE) => true,
        Some(&(STATE_WITH_NOTES | STATE_WITH_REPETITIONS)) => snapshot.noted().lacks_versions(),
        _ => false,
    }
}

/// The snapshot with no more than the program noted that wrote these checkpoint bytes.
#[must_use]
pub fn as_noted_in(bytes: &[u8], snapshot: Snapshot) -> Snapshot {
    let noted = match bytes.first() {
        Some(&STATE_WITH_EVIDENCE) => Noted::default(),
        Some(&(STATE_WITH_NOTES | STATE_WITH_REPETITIONS)) => {
            snapshot.noted().clone().without_versions()
        }
        _ => return snapshot,
    };
    let (evidence, repeated) = (snapshot.evidence().cloned(), snapshot.repeated().to_vec());
    let earlier_lives = snapshot.earlier_lives().clone();
    snapshot.with_beside(evidence, noted, repeated, earlier_lives)
}

fn after_version(bytes: &[u8], supported: u8) -> Result<&[u8], DecodeError> {
    match bytes.split_first() {
        None => Err(DecodeError::Short),
        Some((&found, content)) if found == supported => Ok(content),
        Some((&found, _)) => Err(DecodeError::UnknownVersion { found, supported }),
    }
}

fn from_postcard<'a, T: serde::Deserialize<'a>>(content: &'a [u8]) -> Result<T, DecodeError> {
    let (value, rest) = postcard::take_from_bytes(content).map_err(DecodeError::Content)?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(DecodeError::Trailing { bytes: rest.len() })
    }
}
