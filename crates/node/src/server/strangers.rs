//! Those who have not shown who they are, be it that they are still at it or that they never will.
//!
//! They have a part of the node's places. Where that is not enough the one who has been there
//! longest goes, so that a crowd of strangers keeps nobody out: a handshake takes a moment, and so
//! does what a stranger may ask.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The strangers of a node.
#[derive(Debug)]
pub(super) struct Strangers {
    most: usize,
    here: Mutex<Here>,
}

#[derive(Debug, Default)]
struct Here {
    next: u64,
    /// By the order in which they came.
    waiting: BTreeMap<u64, Arc<Notify>>,
}

/// One stranger's connection, until this is dropped.
#[derive(Debug)]
pub(super) struct Stranger {
    strangers: Arc<Strangers>,
    number: u64,
    has_to_go: Arc<Notify>,
}

impl Strangers {
    /// At most so many at a time, and at least one.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most: most.max(1),
            here: Mutex::default(),
        })
    }

    /// Lets one more in; if they are too many, the first has to go.
    pub(super) fn enter(self: &Arc<Self>) -> Stranger {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        if here.waiting.len() >= self.most
            && let Some((_, first)) = here.waiting.pop_first()
        {
            first.notify_one();
        }
        let number = here.next;
        here.next += 1;
        let has_to_go = Arc::<Notify>::default();
        here.waiting.insert(number, Arc::clone(&has_to_go));
        Stranger {
            strangers: Arc::clone(self),
            number,
            has_to_go,
        }
    }
}

impl Stranger {
    /// Ends when this one has to go; never when it was dropped.
    pub(super) fn has_to_go(&self) -> impl Future<Output = ()> + use<> {
        let has_to_go = Arc::clone(&self.has_to_go);
        async move { has_to_go.notified().await }
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let here = self.strangers.here.lock();
        let mut here = here.unwrap_or_else(PoisonError::into_inner);
        here.waiting.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::{Stranger, Strangers};

    async fn goes(stranger: &Stranger) -> bool {
        let moment = Duration::from_millis(1);
        timeout(moment, stranger.has_to_go()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_who_has_been_there_longest_goes() {
        let strangers = Strangers::new(2);
        let (first, second) = (strangers.enter(), strangers.enter());
        assert!(!goes(&first).await);
        let third = strangers.enter();
        assert!(goes(&first).await && !goes(&second).await && !goes(&third).await);
        // Whoever has shown who it is makes room.
        drop(second);
        let fourth = strangers.enter();
        assert!(!goes(&third).await);
        let fifth = strangers.enter();
        assert!(goes(&third).await && !goes(&fourth).await && !goes(&fifth).await);
        drop((first, third, fourth, fifth));
        assert!(strangers.here.lock().unwrap().waiting.is_empty());
    }
}
