//! The journal: the truth of a node, kept for ever.
//!
//! A directory of segment files holding one chain of frames (`frame`, `segment`). One writer
//! appends a committed batch as one frame and makes it durable; only then may anybody be told. A
//! frame is never changed or removed, except that opening cuts a tail that no sync covered.
//!
//! The journal never looks into a payload, never retries a failed sync, and never repairs decayed
//! data: it says where the damage is and stops.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::durable::{Context, FileError, create_dir, free_space, sync_all, write_at};
use crate::lock::DirLock;
use crate::progress::Progress;

mod beside;
mod cursor;
mod damage;
mod error;
mod frame;
mod index;
mod mend;
mod mirror;
mod place;
mod reader;
mod recovery;
mod seal;
mod sealed;
mod segment;
mod shared;
mod source;
#[cfg(test)]
mod tests;

pub use error::{JournalError, ReplayError};
pub use frame::{FrameFault, FrameHash, MAX_PAYLOAD};
pub use index::SparseIndex;
pub use mend::{CopyOf, Repair};
pub use mirror::Mirrored;
pub use reader::{JournalIter, JournalReader, OnDisk, Verified};
pub use recovery::{Cut, Recovery, Replay};
pub use seal::{Sealed, Sealer};
pub use shared::{Extent, Syncer, Unsynced};

pub(crate) use mirror::mend_from;
pub(crate) use reader::Span;
pub(crate) use seal::{check_file, check_file_with};

use index::SegmentEntry;
use segment::{Form, SegmentHeader};
use shared::{Shared, Tail, TailFile};

/// The place of a frame in the journal: 1 for the first, without gaps. 0 stands for "none yet".
pub type Sequence = u64;

/// How a journal keeps its files.
#[derive(Debug, Clone)]
pub struct JournalOptions {
    /// Size of a segment file in bytes. A frame that is larger gets a segment of its own size.
    pub segment_bytes: u64,
    /// Appending refuses while fewer bytes are free on the file system.
    pub free_floor: u64,
    /// Make the next segment ready on another thread when the current one is a quarter full, so
    /// that changing segments does not wait for zeros to be written.
    pub prepare_ahead: bool,
    /// How many full segments stay as they are when older ones are sealed.
    pub plain_segments: u64,
    /// Directory of a second copy, on another disk; frames are in both before they count.
    pub mirror: Option<PathBuf>,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            free_floor: 256 << 20,
            prepare_ahead: true,
            plain_segments: 2,
            mirror: None,
        }
    }
}

/// The files that become the next segment.
#[derive(Debug)]
struct Prepared {
    main: fs::File,
    mirror: Option<fs::File>,
}

impl Prepared {
    fn make(dir: &Path, mirror: Option<&Path>, bytes: u64) -> Result<Self, FileError> {
        let main = segment::prepare(dir, bytes)?;
        let mirror = match mirror {
            Some(mirror) => Some(segment::prepare(mirror, bytes)?),
            None => None,
        };
        Ok(Self { main, mirror })
    }
}

/// The writing end of a journal. There is one.
#[derive(Debug)]
pub struct Journal {
    shared: Arc<Shared>,
    options: JournalOptions,
    number: u64,
    /// Where the next frame goes.
    offset: u64,
    hash: FrameHash,
    buffer: Vec<u8>,
    prepared: Option<JoinHandle<Result<Prepared, FileError>>>,
    lock: Option<Arc<DirLock>>,
}

impl Journal {
    /// Opens or begins the journal in `dir`, replays the frames from `from` on, and cuts an
    /// unsynced tail. What is replayed is durable when this returns.
    ///
    /// The caller holds the lock of the data directory.
    ///
    /// # Errors
    /// [`JournalError::Corrupt`], [`JournalError::SegmentHeader`] and
    /// [`JournalError::MissingSegment`] say where stored data is damaged; nothing was changed
    /// then. An error of `replay` ends the replay.
    pub fn open(
        dir: &Path,
        options: JournalOptions,
        from: Sequence,
        replay: Replay<'_>,
    ) -> Result<(Self, Recovery), JournalError> {
        Self::open_with(dir, options, from, replay, &mut |_| {})
    }

    /// Like [`Self::open`]; `progress` is told of segments that are copied between the journal and
    /// its mirror.
    ///
    /// # Errors
    /// Those of [`Self::open`], and [`JournalError::Diverged`] if the mirror has another history.
    pub fn open_with(
        dir: &Path,
        options: JournalOptions,
        from: Sequence,
        replay: Replay<'_>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, Recovery), JournalError> {
        create_dir(dir)?;
        segment::discard_prepared(dir)?;
        seal::clean(dir)?;
        mend::clean(dir)?;
        let mirrored = match &options.mirror {
            Some(mirror) => Some(mirror::bring_together(dir, mirror, from, progress)?),
            None => None,
        };
        let mut headers = segment::list(dir)?;
        if headers.is_empty() {
            let first = SegmentHeader {
                form: Form::Plain,
                number: 1,
                first: 1,
                previous: [0; 32],
            };
            require_space(dir, options.free_floor, options.segment_bytes)?;
            let file = segment::prepare(dir, options.segment_bytes)?;
            segment::adopt(dir, &file, &first)?;
            headers.push(first);
            if let Some(mirror) = &options.mirror {
                let file = segment::prepare(mirror, options.segment_bytes)?;
                segment::adopt(mirror, &file, &first)?;
            }
        }
        let (mut end, table, mut recovery) = recovery::recover(dir, &headers, from, replay)?;
        recovery.mirrored = mirrored;
        let Some(file) = end.file.take() else {
            let (segment, path) = (end.number, end.path);
            return Err(JournalError::MissingSegment { segment, path });
        };
        let mirror = match &options.mirror {
            Some(mirror) => {
                let file = mirror::settle(mirror, &end, dir)?;
                let path = segment::path(mirror, end.number);
                Some(TailFile::new(file, path, end.offset))
            }
            None => None,
        };
        let bytes = options.segment_bytes;
        extend(dir, &file, &end.path, options.free_floor, bytes)?;
        if let (Some(dir), Some(copy)) = (&options.mirror, &mirror) {
            extend(dir, &copy.file, &copy.path, options.free_floor, bytes)?;
        }
        let tail = Tail {
            number: end.number,
            main: TailFile::new(file, end.path, end.offset),
            mirror,
            written: end.last,
            end: end.offset,
        };
        let journal = Self {
            shared: Arc::new(Shared::new(
                dir.to_path_buf(),
                options.mirror.clone(),
                tail,
                table,
            )),
            options,
            number: end.number,
            offset: end.offset,
            hash: end.hash,
            buffer: Vec::new(),
            prepared: None,
            lock: None,
        };
        Ok((journal, recovery))
    }

    /// Writes one frame and returns its sequence. It is durable only after a sync.
    ///
    /// # Errors
    /// [`JournalError::NoSpace`] and [`JournalError::PayloadSize`] leave the journal as it was;
    /// appending may be tried again. After a failed write it may, too, unless the next call says
    /// [`JournalError::Stopped`].
    pub fn append(&mut self, payload: &[u8]) -> Result<Sequence, JournalError> {
        self.append_parts(&[payload])
    }

    /// Like [`Self::append`]; the parts together are the payload.
    pub fn append_parts(&mut self, parts: &[&[u8]]) -> Result<Sequence, JournalError> {
        let floor = self.options.free_floor;
        self.require_space(floor, 0)?;
        self.append_above(floor, parts)
    }

    /// Like [`Self::append_parts`], for what was decided after [`Self::check_space`] and has to be
    /// kept: it may go below the floor, which is there for it.
    pub fn append_checked(&mut self, parts: &[&[u8]]) -> Result<Sequence, JournalError> {
        self.append_above(0, parts)
    }

    fn append_above(&mut self, floor: u64, parts: &[&[u8]]) -> Result<Sequence, JournalError> {
        self.shared.check()?;
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        let length = u32::try_from(bytes)
            .ok()
            .filter(|_| (1..=MAX_PAYLOAD).contains(&bytes));
        let Some(length) = length else {
            return Err(JournalError::PayloadSize { bytes });
        };
        let frame_bytes = (frame::OVERHEAD + bytes) as u64;
        let empty = self.offset == segment::HEADER;
        if !empty && self.offset + frame_bytes > self.options.segment_bytes {
            self.change_segment(segment::HEADER + frame_bytes, floor)?;
        }
        let sequence = self.last() + 1;
        let place = (sequence, self.shared.durable());
        let hash = frame::lay(&mut self.buffer, parts, length, place, self.hash);
        self.write_frame()?;
        self.note(sequence);
        self.shared.tail().written = sequence;
        self.hash = hash;
        self.offset += frame_bytes;
        self.prepare_next();
        Ok(sequence)
    }

    /// Whether a frame may be appended now, even one that needs the next segment; asked before a
    /// batch is decided, so that nothing is decided that could not be kept.
    ///
    /// # Errors
    /// [`JournalError::NoSpace`] below the free-space floor, [`JournalError::Stopped`] after a
    /// failed sync.
    pub fn check_space(&self) -> Result<(), JournalError> {
        self.shared.check()?;
        // A segment that is being made ready takes its space by itself.
        let next_segment = match self.prepared {
            Some(_) => 0,
            None => self.options.segment_bytes,
        };
        self.require_space(self.options.free_floor, next_segment)
    }

    fn require_space(&self, floor: u64, wanted: u64) -> Result<(), JournalError> {
        require_space(&self.shared.dir, floor, wanted)?;
        match &self.shared.mirror {
            Some(mirror) => require_space(mirror, floor, wanted),
            None => Ok(()),
        }
    }

    /// Makes everything appended so far durable and returns its last sequence.
    ///
    /// # Errors
    /// Any failure is final: this and every later call on the journal fails.
    pub fn sync(&mut self) -> Result<Sequence, JournalError> {
        self.shared.sync()
    }

    /// A handle that syncs from another thread.
    pub fn syncer(&self) -> Syncer {
        Syncer {
            shared: Arc::clone(&self.shared),
        }
    }

    /// A handle that tells which bytes a power cut could still take away.
    pub fn unsynced(&self) -> Unsynced {
        self.syncer().unsynced()
    }

    /// A handle that reads from any thread.
    pub fn reader(&self) -> JournalReader {
        JournalReader {
            shared: Arc::clone(&self.shared),
        }
    }

    /// A handle that compresses old segments from another thread.
    pub fn sealer(&self) -> Sealer {
        Sealer {
            shared: Arc::clone(&self.shared),
            plain_segments: self.options.plain_segments,
            _lock: self.lock.clone(),
        }
    }

    /// The last sequence appended, durable or not; 0 if none.
    pub fn last(&self) -> Sequence {
        self.shared.tail().written
    }

    /// The last durable sequence; 0 if none.
    pub fn durable(&self) -> Sequence {
        self.shared.durable()
    }

    /// How many segment files there are.
    pub fn segments(&self) -> u64 {
        self.number
    }

    /// Hash of the last frame appended: names the whole history up to it.
    pub fn hash(&self) -> FrameHash {
        self.hash
    }

    /// Changes the floor of [`JournalOptions::free_floor`].
    pub fn set_free_floor(&mut self, bytes: u64) {
        self.options.free_floor = bytes;
    }

    /// About how many bytes of frames there are in `dir` from frame `from` on.
    ///
    /// # Errors
    /// When the files cannot be read, or a header is damaged.
    pub fn bytes_from(dir: &Path, from: Sequence) -> Result<u64, JournalError> {
        if !dir.exists() {
            return Ok(0);
        }
        let headers = segment::list(dir)?;
        let start = headers
            .partition_point(|header| header.first <= from)
            .saturating_sub(1);
        let mut bytes = 0;
        for header in &headers[start..] {
            let is_last = header.number == headers.len() as u64;
            bytes += segment::frames_length(dir, header.number, is_last)?;
        }
        Ok(bytes)
    }

    /// Where segment `number` of a journal in `dir` is, or would be.
    pub(crate) fn segment_path(dir: &Path, number: u64) -> PathBuf {
        segment::path(dir, number)
    }

    /// The first frame of the segment in a file, and the hash of the frame before it.
    pub(crate) fn beginning(
        path: &Path,
        number: u64,
    ) -> Result<(Sequence, FrameHash), JournalError> {
        let file = fs::File::open(path).context("open", path)?;
        let header = segment::header_of(&file, path, number)?;
        Ok((header.first, header.previous))
    }

    /// Adds an empty segment behind a sealed one, which cannot be written to.
    pub(crate) fn continue_sealed(
        dir: &Path,
        last: Sequence,
        hash: FrameHash,
    ) -> Result<(), JournalError> {
        let headers = segment::list(dir)?;
        let Some(end) = headers.last().filter(|end| end.form == Form::Sealed) else {
            return Ok(());
        };
        let header = SegmentHeader {
            form: Form::Plain,
            number: end.number + 1,
            first: last + 1,
            previous: hash,
        };
        let file = segment::prepare(dir, segment::HEADER)?;
        Ok(segment::adopt(dir, &file, &header)?)
    }

    /// Keeps the data directory locked for as long as the journal lives.
    pub(crate) fn hold(&mut self, lock: Arc<DirLock>) {
        self.lock = Some(lock);
    }

    fn write_frame(&mut self) -> Result<(), JournalError> {
        let end = self.offset + self.buffer.len() as u64;
        let tail = {
            let mut tail = self.shared.tail();
            tail.end = end;
            tail.clone()
        };
        let mut result = Ok(());
        for file in tail.files() {
            result = write_at(&file.file, &self.buffer, self.offset).context("write", &file.path);
            if result.is_err() {
                break;
            }
        }
        let Err(error) = result else {
            return Ok(());
        };
        // A piece of a frame must not stay: a shorter one in its place would leave its end behind.
        for file in tail.files() {
            if segment::zero(&file.file, self.offset, end).is_err() {
                self.shared.stop();
            }
        }
        Err(error.into())
    }

    fn note(&self, sequence: Sequence) {
        let due = {
            let table = self.shared.table();
            let index = table
                .segments
                .last()
                .and_then(|segment| segment.index.as_ref());
            index.is_some_and(|index| index.is_due(self.offset))
        };
        if !due {
            return;
        }
        let mut table = self.shared.table_mut();
        if let Some(index) = table
            .segments
            .last_mut()
            .and_then(|segment| segment.index.as_mut())
        {
            index.note(sequence, self.offset);
        }
    }

    /// Ends the current segment, durably and cut to its last frame, and begins the next.
    fn change_segment(&mut self, least_bytes: u64, floor: u64) -> Result<(), JournalError> {
        let ready = match self.prepared.take().map(JoinHandle::join) {
            Some(Ok(Ok(files))) => Some(files),
            // Whatever kept it from being made ready shows again, as an error, below.
            _ => None,
        };
        let files = match ready {
            Some(files) => files,
            None => {
                let bytes = self.options.segment_bytes.max(least_bytes);
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
        Ok(())
    }

    fn prepare_next(&mut self) {
        let bytes = self.options.segment_bytes;
        let wanted = self.options.prepare_ahead
            && self.prepared.is_none()
            && self.offset >= bytes / 4
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

impl Drop for Journal {
    fn drop(&mut self) {
        // A thread that outlives the journal could truncate the file its successor prepares.
        if let Some(thread) = self.prepared.take() {
            let _ = thread.join();
        }
    }
}

/// Makes the last segment as long as a new one is, if there is room: it is short after a restore, or
/// after a crash between its end and the next one's beginning.
fn extend(
    dir: &Path,
    file: &fs::File,
    path: &Path,
    floor: u64,
    bytes: u64,
) -> Result<(), JournalError> {
    let length = file.metadata().context("look at", path)?.len();
    let missing = bytes.saturating_sub(length);
    if missing == 0 || require_space(dir, floor, missing).is_err() {
        return Ok(());
    }
    segment::zero(file, length, bytes).context("fill with zeros", path)?;
    Ok(sync_all(file).context("sync", path)?)
}

/// Bytes that a frame with this payload takes.
pub(crate) fn frame_bytes(payload: &[u8]) -> u64 {
    (frame::OVERHEAD + payload.len()) as u64
}

fn require_space(dir: &Path, floor: u64, wanted: u64) -> Result<(), JournalError> {
    let free = free_space(dir)?;
    let floor = floor.saturating_add(wanted);
    if free < floor {
        Err(JournalError::NoSpace { free, floor })
    } else {
        Ok(())
    }
}
