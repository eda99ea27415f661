//! The stream of a link as a file; the shape stands with `LinkFileHeader` in `file.proto`.
//!
//! The digest is made and compared here; who may have signed it is the node's business.

mod marks;

use liandong_core::compare::{Bucket, Findings};
use liandong_core::language::Language;
use liandong_core::lineage::{Lineage, Mark};
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_core::state::ChangeSet;
use prost::Message;
use thiserror::Error;

use super::pack::LARGEST_PACKED;
use super::{StreamWriter, compare, pack, v1};
use crate::read;

const MAGIC: &[u8; 16] = b"liandong-link 1\n";
/// What every format of these files begins with.
const MAGIC_OF_ALL: &[u8] = b"liandong-link ";

const KEY_WORDS: &[u8] = b"liandong link file key 1\n";

const HEADER: u8 = 1;
const CHANGES: u8 = 2;
const END: u8 = 3;

const SECTION_HEAD: usize = 5;
/// The largest header or end.
const LARGEST_SMALL: usize = 4 << 10;

const DIGEST: usize = 32;
const SIGNATURE: usize = 64;

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
}

/// How a file ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileEnd {
    /// The last of the exporter's change numbers that it covers.
    pub upto: u64,
    /// How many sections of changes there are.
    pub frames: u64,
    /// How many documents.
    pub documents: u64,
    /// How many roll-up cells.
    pub cells: u64,
}

/// Why bytes are no file that can be taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileFault {
    /// They do not begin like one.
    #[error("it is no link file")]
    NoLinkFile,
    /// A newer program wrote it.
    #[error("it has format {found}, this program reads format 1")]
    OtherFormat {
        /// The format it says it has.
        found: String,
    },
    /// A section is not what it may be at its place.
    #[error("section {place} is damaged")]
    Section {
        /// Its place, from 0.
        place: u64,
    },
    /// The header cannot be read.
    #[error("its header cannot be read: {0}")]
    Header(Refusal),
    /// It ends too soon.
    #[error("it ends in the middle, after {bytes} bytes")]
    Short {
        /// How many bytes there are.
        bytes: u64,
    },
    /// There is more behind its end.
    #[error("something follows its end")]
    Trailing,
    /// It does not have the digest that it ends with.
    #[error("it was changed after it was written")]
    Changed,
}

impl FileFault {
    /// The sentence, for a person.
    pub fn message(&self, language: Language) -> String {
        let zh = match self {
            Self::NoLinkFile => "不是联动交换文件".to_owned(),
            Self::OtherFormat { found } => {
                format!("文件格式为 {found}，本程序只认格式 1，请升级")
            }
            Self::Section { place } => format!("第 {place} 段已损坏"),
            Self::Header(refusal) => {
                format!("文件头无法识别（{}）", refusal.message(Language::Zh))
            }
            Self::Short { bytes } => format!("文件不完整，只有 {bytes} 字节"),
            Self::Trailing => "文件末尾之后还有内容".to_owned(),
            Self::Changed => "文件在导出之后被改动".to_owned(),
        };
        language.pick(zh, self.to_string())
    }
}

/// Writes the sections of one file.
#[derive(Debug)]
pub struct FileWriter {
    changes: StreamWriter,
    digest: blake3::Hasher,
    end: FileEnd,
    bytes: u64,
}

impl FileWriter {
    /// A file that begins; the second value is its first bytes.
    pub fn begin(header: &FileHeader) -> (Self, Vec<u8>) {
        let (holds_incarnation, holds) = match header.holds {
            Some((incarnation, holds)) => (read::incarnation_bytes(incarnation), holds),
            None => (Vec::new(), 0),
        };
        let message = v1::LinkFileHeader {
            exporter: header.exporter.to_string(),
            recipient: header.recipient.to_string(),
            incarnation: read::incarnation_bytes(header.incarnation),
            after: header.after,
            holds,
            holds_incarnation,
            key: header.key.to_vec(),
            shown: header.shown.as_ref().map(|shown| v1::KeyShown {
                certificates: shown.certificates.clone(),
                at_micros: shown.at_micros,
                signature: shown.signature.clone(),
            }),
            earlier_life: header.earlier_life,
            mark: header.mark.map(|(_, mark)| marks::write(mark)),
            mark_incarnation: header
                .mark
                .map(|(incarnation, _)| read::incarnation_bytes(incarnation))
                .unwrap_or_default(),
            parted_incarnation: header
                .parted
                .map(read::incarnation_bytes)
                .unwrap_or_default(),
        };
        let mut writer = Self {
            changes: StreamWriter::new(),
            digest: blake3::Hasher::new(),
            end: FileEnd {
                upto: header.after,
                ..FileEnd::default()
            },
            bytes: 0,
        };
        let mut bytes = MAGIC.to_vec();
        section(HEADER, &message, &mut bytes);
        writer.note(&bytes);
        (writer, bytes)
    }

    /// The next changes: everything after those before.
    pub fn changes(&mut self, set: &ChangeSet) -> Vec<u8> {
        let mut bytes = Vec::new();
        if !set.documents.is_empty() || !set.cells.is_empty() {
            let changes = self.changes.changes(self.end.upto, set, "");
            section(CHANGES, &pack(&changes), &mut bytes);
            self.end.frames += 1;
            self.end.documents += set.documents.len() as u64;
            self.end.cells += set.cells.len() as u64;
            self.note(&bytes);
        }
        self.end.upto = set.upto;
        bytes
    }

    /// What the exporter holds of a bucket that the recipient told in an earlier life. Programs that
    /// know nothing of it read a section without changes.
    pub fn found(&mut self, bucket: Bucket, held: &Findings) -> Vec<u8> {
        let mut bytes = Vec::new();
        let found = compare::found(self.end.upto, bucket, held);
        section(CHANGES, &pack(&found), &mut bytes);
        self.end.frames += 1;
        self.note(&bytes);
        bytes
    }

    /// What is written so far.
    pub fn so_far(&self) -> (FileEnd, u64) {
        (self.end, self.bytes)
    }

    /// The end of the file but for its signature, and the digest that has to be signed; with the marks
    /// of the exporter's files, the last for this one.
    pub fn end(mut self, lineage: &Lineage) -> (Vec<u8>, [u8; DIGEST]) {
        let FileEnd {
            upto,
            frames,
            documents,
            cells,
        } = self.end;
        let message = v1::LinkFileEnd {
            upto,
            frames,
            documents,
            cells,
            marks: lineage.marks().iter().copied().map(marks::write).collect(),
            marks_from: lineage.from(),
        };
        let mut bytes = Vec::new();
        section(END, &message, &mut bytes);
        self.note(&bytes);
        let digest = *self.digest.finalize().as_bytes();
        bytes.extend_from_slice(&digest);
        (bytes, digest)
    }

    fn note(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

fn section(kind: u8, message: &impl Message, into: &mut Vec<u8>) {
    let content = message.encode_to_vec();
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    into.push(kind);
    into.extend_from_slice(&length.to_le_bytes());
    into.extend_from_slice(&content);
}

/// A section of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum FileSection {
    /// Who wrote it for whom; the first.
    Header(Box<FileHeader>),
    /// Changes, for [`super::StreamReader::packed`].
    Changes(v1::Packed),
    /// How it ends, and the marks of the exporter's files; the last.
    End(FileEnd, Lineage),
}

/// Reads a file as its bytes come; holds no more than one section.
#[derive(Debug, Default)]
pub struct FileReader {
    waiting: Vec<u8>,
    taken: u64,
    place: u64,
    began: bool,
    ended: bool,
    digest: blake3::Hasher,
}

/// What a whole and unchanged file ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSeal {
    /// What was signed.
    pub digest: [u8; DIGEST],
    /// The signature.
    pub signature: [u8; SIGNATURE],
}

impl FileReader {
    /// Takes some more bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// The next section, once all of it has come.
    ///
    /// # Errors
    /// See [`FileFault`].
    pub fn next_section(&mut self) -> Result<Option<FileSection>, FileFault> {
        if !self.began {
            if !self.begin()? {
                return Ok(None);
            }
            self.began = true;
        }
        if self.ended {
            if self.waiting.len() > DIGEST + SIGNATURE {
                return Err(FileFault::Trailing);
            }
            return Ok(None);
        }
        let Some((head, _)) = self.waiting.split_first_chunk::<SECTION_HEAD>() else {
            return Ok(None);
        };
        let [kind, length @ ..] = *head;
        let length = u32::from_le_bytes(length) as usize;
        let fault = FileFault::Section { place: self.place };
        let most = match kind {
            HEADER if self.place == 0 => LARGEST_SMALL,
            END if self.place > 0 => LARGEST_SMALL,
            CHANGES if self.place > 0 => LARGEST_PACKED,
            _ => return Err(fault),
        };
        if length > most {
            return Err(fault);
        }
        let whole = SECTION_HEAD + length;
        let Some(content) = self.waiting.get(SECTION_HEAD..whole) else {
            return Ok(None);
        };
        let section = match kind {
            HEADER => {
                let header = read_header(content).map_err(FileFault::Header)?;
                FileSection::Header(Box::new(header))
            }
            CHANGES => FileSection::Changes(v1::Packed::decode(content).map_err(|_| fault)?),
            _ => {
                let (end, lineage) = read_end(content).ok_or(fault)?;
                FileSection::End(end, lineage)
            }
        };
        self.take(whole);
        self.place += 1;
        self.ended = kind == END;
        Ok(Some(section))
    }

    /// The end of the file: nothing may be missing, nothing may follow, nothing may have changed.
    ///
    /// # Errors
    /// See [`FileFault`].
    pub fn finish(mut self) -> Result<FileSeal, FileFault> {
        while self.next_section()?.is_some() {}
        let bytes = self.taken + self.waiting.len() as u64;
        let rest = self.waiting.split_first_chunk::<DIGEST>();
        let (Some((said, signature)), true) = (rest, self.ended) else {
            return Err(FileFault::Short { bytes });
        };
        let Ok(signature) = signature.try_into() else {
            return Err(FileFault::Short { bytes });
        };
        let digest = *self.digest.finalize().as_bytes();
        if digest != *said {
            return Err(FileFault::Changed);
        }
        Ok(FileSeal { digest, signature })
    }

    /// Whether the file begins like one.
    fn begin(&mut self) -> Result<bool, FileFault> {
        let begins = &self.waiting[..self.waiting.len().min(MAGIC.len())];
        if begins == MAGIC {
            self.take(MAGIC.len());
            return Ok(true);
        }
        if MAGIC.starts_with(begins) {
            return Ok(false);
        }
        match begins.strip_prefix(MAGIC_OF_ALL) {
            Some(format) => Err(FileFault::OtherFormat {
                found: String::from_utf8_lossy(format).trim().to_owned(),
            }),
            None => Err(FileFault::NoLinkFile),
        }
    }

    fn take(&mut self, bytes: usize) {
        let bytes = bytes.min(self.waiting.len());
        self.digest.update(&self.waiting[..bytes]);
        self.waiting.drain(..bytes);
        self.taken += bytes as u64;
    }
}

fn read_header(content: &[u8]) -> Result<FileHeader, Refusal> {
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

fn read_end(content: &[u8]) -> Option<(FileEnd, Lineage)> {
    let v1::LinkFileEnd {
        upto,
        frames,
        documents,
        cells,
        marks,
        marks_from,
    } = v1::LinkFileEnd::decode(content).ok()?;
    let end = FileEnd {
        upto,
        frames,
        documents,
        cells,
    };
    Some((end, marks::read_all(marks_from, &marks)?))
}

#[cfg(test)]
mod tests;
