//! From one segment to the next: the full one is cut and durable before the next has a name.

use std::fs;
use std::path::Path;
use std::thread::JoinHandle;

use crate::durable::{Context, FileError, sync_all};
use crate::journal::Journal;
use crate::journal::error::JournalError;
use crate::journal::index::{SegmentEntry, SparseIndex};
use crate::journal::segment::{self, Form, SegmentHeader};
use crate::journal::shared::{Tail, TailFile};
use crate::journal::size::planned;

/// The files that become the next segment.
#[derive(Debug)]
pub(crate) struct Prepared {
    main: fs::File,
    mirror: Option<fs::File>,
    /// The length of both.
    bytes: u64,
}

impl Prepared {
    fn make(dir: &Path, mirror: Option<&Path>, bytes: u64) -> Result<Self, FileError> {
        let main = segment::prepare(dir, bytes)?;
        let mirror = match mirror {
            Some(mirror) => Some(segment::prepare(mirror, bytes)?),
            None => None,
        };
        Ok(Self {
            main,
            mirror,
            bytes,
        })
    }
}

impl Journal {
    /// Ends the current segment, durably and cut to its last frame, and begins the next.
    pub(super) fn change_segment(
        &mut self,
        least_bytes: u64,
        floor: u64,
    ) -> Result<(), JournalError> {
        let ready = match self.prepared.take().map(JoinHandle::join) {
            Some(Ok(Ok(files))) if files.bytes >= least_bytes => Some(files),
            // Too short, or whatever kept it from being made ready shows again, as an error, below.
            _ => None,
        };
        let files = match ready {
            Some(files) => files,
            None => {
                let bytes = self.next_bytes().max(least_bytes);
                self.require_space(floor, bytes)?;
                Prepared::make(&self.shared.dir, self.shared.mirror.as_deref(), bytes)?
            }
        };
        self.shared.sync()?;
        let result = self.begin_segment(files);
        if result.is_err() {
            // Which of the steps reached the disk is unknown; opening finds out.
            self.shared.stop();
        }
        Ok(result?)
    }

    fn begin_segment(&mut self, files: Prepared) -> Result<(), FileError> {
        let full = self.shared.tail().clone();
        for file in full.files() {
            let (handle, path) = (&file.file, &file.path);
            handle.set_len(self.offset).context("cut to length", path)?;
            sync_all(handle).context("sync", path)?;
        }
        let number = self.number + 1;
        let first = full.written + 1;
        let header = SegmentHeader {
            form: Form::Plain,
            number,
            first,
            previous: self.hash,
        };
        segment::adopt(&self.shared.dir, &files.main, &header)?;
        let path = segment::path(&self.shared.dir, number);
        let mirror = match (&self.shared.mirror, files.mirror) {
            (Some(dir), Some(file)) => {
                segment::adopt(dir, &file, &header)?;
                let path = segment::path(dir, number);
                Some(TailFile::new(file, path, segment::HEADER))
            }
            _ => None,
        };
        let index = Some(SparseIndex::default());
        self.shared.table_mut().segments.push(SegmentEntry {
            number,
            first,
            index,
        });
        *self.shared.tail() = Tail {
            number,
            main: TailFile::new(files.main, path, segment::HEADER),
            mirror,
            written: full.written,
            end: segment::HEADER,
        };
        self.number = number;
        self.offset = segment::HEADER;
        self.room = files.bytes;
        Ok(())
    }

    /// Lays out more of the current segment, which has no frame yet, for one that is larger than it.
    pub(super) fn lengthen(&mut self, end: u64, floor: u64) -> Result<(), JournalError> {
        self.require_space(floor, end - self.room)?;
        let tail = self.shared.tail().clone();
        for file in tail.files() {
            let (handle, path) = (&file.file, &file.path);
            segment::zero(handle, self.room, end).context("fill with zeros", path)?;
            if let Err(error) = sync_all(handle).context("sync", path) {
                // Whether the zeros reach the disk by another sync is not known, either.
                self.shared.stop();
                return Err(error.into());
            }
        }
        self.room = end;
        Ok(())
    }

    /// How large the next segment is made.
    pub(super) fn next_bytes(&self) -> u64 {
        planned(self.number + 1, self.options.segment_bytes)
    }

    pub(super) fn prepare_next(&mut self) {
        let bytes = self.next_bytes();
        let wanted = self.options.prepare_ahead
            && self.prepared.is_none()
            && self.offset >= self.room / 4
            && self.require_space(self.options.free_floor, bytes).is_ok();
        if !wanted {
            return;
        }
        let (dir, mirror) = (self.shared.dir.clone(), self.shared.mirror.clone());
        let spawned = std::thread::Builder::new()
            .name("journal-prepare".to_owned())
            .spawn(move || Prepared::make(&dir, mirror.as_deref(), bytes));
        // Without the thread the segment is made when it is needed.
        self.prepared = spawned.ok();
    }
}
