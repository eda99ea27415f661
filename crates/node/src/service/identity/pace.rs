//! How many strangers are listened to in a second.

use std::time::Duration;

use tokio::time::Instant;

/// So many at once.
const MOST: u32 = 10;

/// One more after this.
const EVERY: Duration = Duration::from_millis(250);

/// Counts those who come.
#[derive(Debug)]
pub(super) struct Pace {
    left: u32,
    since: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            left: MOST,
            since: now,
        }
    }

    /// Whether one more may come.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        while self.left < MOST && now.duration_since(self.since) >= EVERY {
            self.left += 1;
            self.since += EVERY;
        }
        if self.left == MOST {
            self.since = now;
        }
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::{EVERY, MOST, Pace};

    #[test]
    fn a_crowd_is_let_in_one_after_the_other() {
        let began = Instant::now();
        let mut pace = Pace::new(began);
        let taken = (0..100).filter(|_| pace.take(began)).count();
        assert_eq!(taken, MOST as usize);
        assert!(!pace.take(began + EVERY / 2));
        assert!(pace.take(began + EVERY));
        assert!(!pace.take(began + EVERY));
        // Long quiet makes room for a crowd again, and for no larger one.
        let later = began + EVERY * 10_000;
        let taken = (0..100).filter(|_| pace.take(later)).count();
        assert_eq!(taken, MOST as usize);
    }
}
