//! Opening a journal: mirror and journal are brought together, the tail is settled, and writing can
//! go on.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::durable::{Context, create_dir, sync_all};
use crate::journal::error::JournalError;
use crate::journal::frame::FrameHash;
use crate::journal::recovery::{self, Recovery, Replay};
use crate::journal::segment::{self, Form, SegmentHeader};
use crate::journal::shared::{Shared, Tail, TailFile};
use crate::journal::size::planned;
use crate::journal::{Journal, JournalOptions, Sequence, mend, mirror, require_space, seal};
use crate::progress::Progress;

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
            let bytes = planned(first.number, options.segment_bytes);
            require_space(dir, options.free_floor, bytes)?;
            let file = segment::prepare(dir, bytes)?;
            segment::adopt(dir, &file, &first)?;
            headers.push(first);
            if let Some(mirror) = &options.mirror {
                let file = segment::prepare(mirror, bytes)?;
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
        let bytes = planned(end.number, options.segment_bytes);
        let mut room = lay_out(dir, &file, &end.path, options.free_floor, bytes)?;
        if let (Some(dir), Some(copy)) = (&options.mirror, &mirror) {
            let there = lay_out(dir, &copy.file, &copy.path, options.free_floor, room)?;
            // No frame may begin that ends behind the end of either file.
            room = room.min(there);
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
            room,
            hash: end.hash,
            buffer: Vec::new(),
            prepared: None,
            lock: None,
        };
        Ok((journal, recovery))
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
}

/// Makes the last segment as long as a new one is, if there is room: it is short after a restore, or
/// after a crash between its end and the next one's beginning. Returns how much of it is laid out
/// then, which is no more than the file is long; a frame that needs more goes elsewhere.
fn lay_out(
    dir: &Path,
    file: &fs::File,
    path: &Path,
    floor: u64,
    bytes: u64,
) -> Result<u64, JournalError> {
    let length = file.metadata().context("look at", path)?.len();
    let missing = bytes.saturating_sub(length);
    if missing == 0 || require_space(dir, floor, missing).is_err() {
        return Ok(length);
    }
    match segment::zero(file, length, bytes).context("fill with zeros", path) {
        // A quota, or another program, that the free space does not show.
        Err(error) if error.is_full() => {
            file.set_len(length).context("cut to length", path)?;
            return Ok(length);
        }
        other => other?,
    }
    sync_all(file).context("sync", path)?;
    Ok(bytes)
}
