//! How a file begins: who wrote it for whom.

use liandong_core::lineage::Mark;
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use prost::Message;

use super::{DIGEST, marks};
use crate::link::v1;
use crate::read;

const KEY_WORDS: &[u8] = b"liandong link file key 1\n";

/// Who wrote a file for whom, and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHeader {
    /// The region whose node wrote it.
    pub exporter: RegionCode,
    /// The region that it is for.
    pub recipient: RegionCode,
    /// The exporter's incarnation.
    pub incarnation: u128,
    /// The exporter's change number after which it begins.
    pub after: u64,
    /// The recipient's incarnation and its last change number that the exporter holds durably.
    pub holds: Option<(u128, u64)>,
    /// The exporter's public key.
    pub key: [u8; 32],
    /// That the key is the exporter's, by its node's certificate.
    pub shown: Option<KeyShown>,
    /// Whether the exporter holds what the recipient told in an earlier life and has not told since.
    pub earlier_life: bool,
    /// The recipient's incarnation and the last mark of its files that the exporter has taken.
    pub mark: Option<(u128, Mark)>,
    /// The recipient's incarnation in which it told two histories, of which nothing is taken any more.
    pub parted: Option<u128>,
}

/// That a node's certificate has signed the key of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyShown {
    /// Certificates in DER: the node's own, then those that lead to a root.
    pub certificates: Vec<Vec<u8>>,
    /// When it was signed, in microseconds since 1970.
    pub at_micros: i64,
    /// The signature of [`FileHeader::key_digest`].
    pub signature: Vec<u8>,
}

impl FileHeader {
    /// What a node's certificate signs to show that a key is that of its files.
    pub fn key_digest(exporter: RegionCode, key: &[u8; 32]) -> [u8; DIGEST] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(KEY_WORDS);
        hasher.update(exporter.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(key);
        *hasher.finalize().as_bytes()
    }

    /// As it is written.
    pub(super) fn to_message(&self) -> v1::LinkFileHeader {
        let (holds_incarnation, holds) = match self.holds {
            Some((incarnation, holds)) => (read::incarnation_bytes(incarnation), holds),
            None => (Vec::new(), 0),
        };
        v1::LinkFileHeader {
            exporter: self.exporter.to_string(),
            recipient: self.recipient.to_string(),
            incarnation: read::incarnation_bytes(self.incarnation),
            after: self.after,
            holds,
            holds_incarnation,
            key: self.key.to_vec(),
            shown: self.shown.as_ref().map(|shown| v1::KeyShown {
                certificates: shown.certificates.clone(),
                at_micros: shown.at_micros,
                signature: shown.signature.clone(),
            }),
            earlier_life: self.earlier_life,
            mark: self.mark.map(|(_, mark)| marks::write(mark)),
            mark_incarnation: self
                .mark
                .map(|(incarnation, _)| read::incarnation_bytes(incarnation))
                .unwrap_or_default(),
            parted_incarnation: self.parted.map(read::incarnation_bytes).unwrap_or_default(),
        }
    }
}

/// Reads the section of a header; names the field that cannot be read.
pub(super) fn read_header(content: &[u8]) -> Result<FileHeader, Refusal> {
    let header =
        v1::LinkFileHeader::decode(content).map_err(|_| read::missing("link_file_header"))?;
    let v1::LinkFileHeader {
        exporter,
        recipient,
        incarnation,
        after,
        holds,
        holds_incarnation,
        key,
        shown,
        earlier_life,
        mark,
        mark_incarnation,
        parted_incarnation,
    } = header;
    let holds = if holds == 0 {
        None
    } else {
        Some((
            read::incarnation("holds_incarnation", &holds_incarnation)?,
            holds,
        ))
    };
    Ok(FileHeader {
        exporter: read::region("exporter", &exporter)?,
        recipient: read::region("recipient", &recipient)?,
        incarnation: read::incarnation("incarnation", &incarnation)?,
        after,
        holds,
        key: key.try_into().map_err(|_| read::missing("key"))?,
        shown: shown.map(|shown| KeyShown {
            certificates: shown.certificates,
            at_micros: shown.at_micros,
            signature: shown.signature,
        }),
        earlier_life,
        mark: match mark {
            Some(mark) => {
                let incarnation = read::incarnation("mark_incarnation", &mark_incarnation)?;
                Some((incarnation, marks::read(&mark)?))
            }
            None => None,
        },
        parted: if parted_incarnation.is_empty() {
            None
        } else {
            Some(read::incarnation(
                "parted_incarnation",
                &parted_incarnation,
            )?)
        },
    })
}
