//! Reading a journal from outside the process that writes it, or one that nobody has open. Nothing
//! is written, and no right to write is needed.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::durable::Context;
use crate::journal::Sequence;
use crate::journal::error::JournalError;
use crate::journal::index::{SegmentEntry, SegmentTable};
use crate::journal::reader::JournalReader;
use crate::journal::recovery::last_at_rest;
use crate::journal::segment::{self, SegmentHeader};
use crate::journal::shared::{Shared, Tail, TailFile};

impl JournalReader {
    /// Reads the journal in `dir` while another process writes it, up to the frame `durable`, of
    /// which that process says that it is durable. What it commits later is not seen.
    ///
    /// # Errors
    /// When a segment is missing or its header is damaged.
    pub fn beside(dir: &Path, durable: Sequence) -> Result<Self, JournalError> {
        let headers = headers(dir)?;
        reader(dir, &headers, durable)
    }

    /// Reads the journal in `dir` that nobody has open: the frames that opening would keep. The
    /// caller sees to it that nobody opens it meanwhile.
    ///
    /// # Errors
    /// When a segment is missing, its header is damaged, or the end of the last one has decayed.
    pub fn at_rest(dir: &Path) -> Result<Self, JournalError> {
        let headers = headers(dir)?;
        let last = match headers.last() {
            Some(header) => last_at_rest(dir, header)?,
            None => 0,
        };
        reader(dir, &headers, last)
    }
}

fn headers(dir: &Path) -> Result<Vec<SegmentHeader>, JournalError> {
    let headers = segment::list(dir)?;
    if headers.is_empty() {
        return Err(JournalError::MissingSegment {
            segment: 1,
            path: segment::path(dir, 1),
        });
    }
    Ok(headers)
}

fn reader(
    dir: &Path,
    headers: &[SegmentHeader],
    durable: Sequence,
) -> Result<JournalReader, JournalError> {
    let mut table = SegmentTable::default();
    let mut number = 1;
    for header in headers {
        number = header.number;
        table.segments.push(SegmentEntry {
            number,
            first: header.first,
            index: None,
        });
    }
    let path = segment::path(dir, number);
    let file = File::open(&path).context("open", &path)?;
    let tail = Tail {
        number,
        main: TailFile::new(file, path, 0),
        mirror: None,
        written: durable,
        end: 0,
    };
    let shared = Shared::new(dir.to_path_buf(), None, tail, table);
    Ok(JournalReader {
        shared: Arc::new(shared),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::journal::{Journal, JournalOptions, JournalReader};

    fn bytes_in(dir: &Path) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
        found.sort();
        found
    }

    #[test]
    fn reads_what_is_durable_and_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let options = JournalOptions {
            segment_bytes: 4096,
            free_floor: 0,
            prepare_ahead: false,
            ..JournalOptions::default()
        };
        let (mut journal, _) = Journal::open(dir.path(), options, 1, &mut |_, _| Ok(())).unwrap();
        for number in 1..=50_u8 {
            journal.append(&[number; 300]).unwrap();
        }
        journal.sync().unwrap();
        journal.append(&[51; 300]).unwrap();
        let before = bytes_in(dir.path());
        let beside = JournalReader::beside(dir.path(), 50).unwrap();
        assert_eq!(beside.verify(&mut |_| {}).unwrap().frames, 50);
        assert_eq!(beside.read(50).unwrap(), [50; 300]);
        assert!(beside.read(51).is_err());
        assert_eq!(
            beside.hash_of(50).unwrap(),
            journal.reader().hash_of(50).unwrap()
        );
        let at_rest = JournalReader::at_rest(dir.path()).unwrap();
        assert_eq!(at_rest.verify(&mut |_| {}).unwrap().frames, 51);
        assert!(bytes_in(dir.path()) == before);

        let empty = tempfile::tempdir().unwrap();
        assert!(JournalReader::at_rest(empty.path()).is_err());
        assert!(JournalReader::beside(empty.path(), 1).is_err());
    }
}
