//! What requests in memory are paid from, and what each has paid.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The unit of the purse, in bytes.
pub(super) const COIN: usize = 1 << 10;

/// What requests in memory are paid from: first from what each connection has to itself, so that
/// nobody who sends little waits for those who send much, then from what all share.
#[derive(Clone, Debug)]
pub(in crate::server) struct Purse {
    pub(super) own: Arc<Semaphore>,
    pub(super) shared: Arc<Semaphore>,
    /// What one message may cost at most, so that every message can be paid.
    pub(super) dearest: usize,
    /// The largest message, unpacked, in bytes.
    pub(super) largest: usize,
}

impl Purse {
    /// A purse of so many bytes that all connections share; no message is larger than `largest`.
    pub(in crate::server) fn new(bytes: usize, largest: usize) -> Self {
        let coins = (bytes / COIN).min(Semaphore::MAX_PERMITS);
        Self {
            own: Arc::new(Semaphore::new(0)),
            shared: Arc::new(Semaphore::new(coins)),
            dearest: bytes,
            largest,
        }
    }

    /// The purse of one connection, which has so many bytes to itself besides.
    pub(in crate::server) fn of_connection(&self, bytes: usize) -> Self {
        Self {
            own: Arc::new(Semaphore::new(bytes / COIN)),
            ..self.clone()
        }
    }

    /// How many bytes are left to share.
    #[cfg(test)]
    pub(super) fn left(&self) -> usize {
        self.shared.available_permits() * COIN
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shared.available_permits() == 0
    }
}

/// What one request has paid; given back when the request is done with.
#[derive(Debug, Default)]
pub(in crate::server) struct Paid(Mutex<Vec<OwnedSemaphorePermit>>);

impl Paid {
    pub(super) fn add(&self, permit: OwnedSemaphorePermit) {
        let mut paid = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for known in paid.iter_mut() {
            if Arc::ptr_eq(known.semaphore(), permit.semaphore()) {
                known.merge(permit);
                return;
            }
        }
        paid.push(permit);
    }

    pub(super) fn give_back(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
