//! Writing a file, section by section.

use liandong_core::compare::{Bucket, Findings};
use liandong_core::lineage::Lineage;
use liandong_core::state::ChangeSet;
use prost::Message;

use super::{CHANGES, DIGEST, END, FileEnd, FileHeader, HEADER, MAGIC};
use crate::link::{StreamWriter, compare, pack};

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
        section(HEADER, &header.to_message(), &mut bytes);
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
        let mut bytes = Vec::new();
        section(END, &self.end.to_message(lineage), &mut bytes);
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
