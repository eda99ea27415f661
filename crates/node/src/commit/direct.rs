//! The short way of a command that finds nothing under way: the thread of its caller decides,
//! appends and syncs, and nobody has to be woken for it but the caller.
//!
//! It is the way of a quiet node, where waking one thread after the other takes longer than the
//! disk. As soon as two commands are under way the threads of the loop take them, which decide the
//! next batch while the disk works. Whatever the way, there is one writer at a time, and an answer
//! is given by the same code after the same sync.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, TryLockError};

use super::Request;
use super::batch::{SharedDecider, weight};
use super::borrowed::Borrowed;
use super::driver::{EndOnPanic, end_on_failure};
use super::fatal::Fatal;
use super::syncer::{Covered, Durability};

/// The most rows that are decided in the caller's thread.
const FEW_ROWS: usize = 512;

/// The short way to the one writer.
pub(super) struct Direct {
    decider: SharedDecider,
    durability: Arc<Durability>,
    under_way: AtomicUsize,
    borrowed: Borrowed,
}

/// A command that is under way, for as long as this lives.
pub(super) struct UnderWay<'a> {
    direct: &'a Direct,
    is_alone: bool,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.direct.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Direct {
    pub(super) fn new(decider: SharedDecider, durability: Arc<Durability>) -> Self {
        Self {
            decider,
            durability,
            under_way: AtomicUsize::new(0),
            borrowed: Borrowed::default(),
        }
    }

    /// Counts a command as under way.
    pub(super) fn begin(&self) -> UnderWay<'_> {
        let others = self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay {
            direct: self,
            is_alone: others == 0,
        }
    }

    /// Whether a request may be served in the caller's thread. Beside a slow disk waking others no
    /// longer counts, and a caller's patience ends in time only where its thread is free.
    fn may_serve(&self, request: &Request) -> bool {
        Borrowed::may_go() && self.durability.is_quick() && weight(request) <= FEW_ROWS
    }

    /// Has a request decided, made durable and answered at once, or gives it back.
    fn serve(&self, request: Box<Request>) -> Option<Box<Request>> {
        if !self.may_serve(&request) {
            return Some(request);
        }
        let _guard = EndOnPanic;
        let _away = self.borrowed.go();
        let mut waiting = VecDeque::from([*request]);
        end_on_failure(self.decide_and_sync(&mut waiting));
        waiting.pop_front().map(Box::new)
    }

    /// Leaves the request where it is if somebody else is writing, or nobody any more.
    fn decide_and_sync(&self, waiting: &mut VecDeque<Request>) -> Result<(), Fatal> {
        let decided = {
            let mut decider = match self.decider.try_lock() {
                Ok(decider) => decider,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return Ok(()),
            };
            let Some(decider) = decider.as_mut() else {
                return Ok(());
            };
            decider.decide(waiting)?
        };
        let mut covered = Covered::default();
        covered.add(decided);
        covered.sync_and_answer(&self.durability)
    }
}

impl AsRef<Borrowed> for Direct {
    fn as_ref(&self) -> &Borrowed {
        &self.borrowed
    }
}

impl UnderWay<'_> {
    /// Whether a request would be answered at once, as far as can be seen beforehand.
    pub(super) fn may_serve(&self, request: &Request) -> bool {
        self.is_alone && self.direct.may_serve(request)
    }

    /// Has a request answered at once if nothing else is under way; gives it back otherwise.
    pub(super) fn serve(&self, request: Box<Request>) -> Option<Box<Request>> {
        if self.is_alone {
            self.direct.serve(request)
        } else {
            Some(request)
        }
    }
}
