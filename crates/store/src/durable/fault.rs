//! Failing disks for tests: what this thread writes and syncs fails as planned.

use std::cell::Cell;
use std::io;

thread_local! {
    static ROOM: Cell<Option<u64>> = const { Cell::new(None) };
    static AGAIN: Cell<bool> = const { Cell::new(true) };
    static SYNCS: Cell<Option<u64>> = const { Cell::new(None) };
    static HITS: Cell<u64> = const { Cell::new(0) };
}

/// The disk takes so many bytes more, then says that it is full; `None` for no end.
pub(crate) fn set_room(bytes: Option<u64>) {
    ROOM.set(bytes);
    AGAIN.set(true);
}

/// Like [`set_room`], but somebody makes room as soon as one write has failed.
pub(crate) fn set_room_once(bytes: u64) {
    ROOM.set(Some(bytes));
    AGAIN.set(false);
}

/// So many syncs more succeed, then one fails; `None` for no failure.
pub(crate) fn set_syncs(count: Option<u64>) {
    SYNCS.set(count);
}

/// How often a plan came true on this thread.
pub(crate) fn hits() -> u64 {
    HITS.get()
}

/// How much of a write still fits; `None` if all of it.
pub(super) fn room_for(bytes: usize) -> Option<usize> {
    let room = ROOM.get()?;
    let left = room.checked_sub(bytes as u64);
    ROOM.set(Some(left.unwrap_or(0)));
    if left.is_some() {
        return None;
    }
    HITS.set(HITS.get() + 1);
    if !AGAIN.get() {
        ROOM.set(None);
    }
    Some(room as usize)
}

pub(super) fn sync() -> io::Result<()> {
    let Some(left) = SYNCS.get() else {
        return Ok(());
    };
    if let Some(fewer) = left.checked_sub(1) {
        SYNCS.set(Some(fewer));
        return Ok(());
    }
    // One failure only: a journal that tries again would get away with it.
    SYNCS.set(None);
    HITS.set(HITS.get() + 1);
    Err(io::Error::from_raw_os_error(5))
}
