//! Reading a file as its bytes come.

use liandong_core::lineage::Lineage;
use prost::Message;

use super::end::read_end;
use super::header::read_header;
use super::{CHANGES, DIGEST, END, FileEnd, FileFault, FileHeader, HEADER, MAGIC, MAGIC_OF_ALL};
use super::{LARGEST_SMALL, SECTION_HEAD, SIGNATURE};
use crate::link::pack::LARGEST_PACKED;
use crate::link::v1;

/// A section of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum FileSection {
    /// Who wrote it for whom; the first.
    Header(Box<FileHeader>),
    /// Changes, for [`crate::link::StreamReader::packed`].
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
