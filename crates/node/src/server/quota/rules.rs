//! The arithmetic of limits. It is told the time and asks nobody for it.

use std::time::Duration;

const SECONDS_OF_DAY: i64 = 24 * 3600;

/// China is so many seconds ahead of UTC, all year.
const CHINA: i64 = 8 * 3600;

/// How fast somebody comes: so many at once after a rest, and so many a second in the long run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pace {
    /// When all that may come at once may come again. Each that comes puts it off.
    rested: Duration,
}

impl Pace {
    /// Takes one more who comes at `now`, which is counted from any moment and never goes back.
    ///
    /// # Errors
    /// After how long there is room for one.
    pub(super) fn take(
        &mut self,
        now: Duration,
        per_second: u32,
        burst: u32,
    ) -> Result<(), Duration> {
        let each = Duration::from_secs(1) / per_second.max(1);
        if each.is_zero() {
            // More a second than there are nanoseconds is no limit.
            return Ok(());
        }
        let after = self.rested.max(now) + each;
        let room = now + each.saturating_mul(burst.max(1));
        if after > room {
            return Err(after - room);
        }
        self.rested = after;
        Ok(())
    }

    /// Whether it makes no difference that somebody came before.
    pub(super) fn is_rested(self, now: Duration) -> bool {
        self.rested <= now
    }
}

/// What has come in a calendar day of China.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Day {
    number: i64,
    bytes: u64,
}

impl Day {
    /// Adds bytes that came at `now`, in seconds since 1970 by a clock that may be set back; a day
    /// that is not the one before begins with nothing.
    ///
    /// # Errors
    /// How long the day lasts, when more than `most` have come in it.
    pub(super) fn add(&mut self, now: i64, bytes: u64, most: u64) -> Result<(), Duration> {
        let number = day_of(now);
        if number != self.number {
            *self = Self { number, bytes: 0 };
        }
        self.bytes = self.bytes.saturating_add(bytes);
        // Whoever has had all gets nothing more; the last byte is not too many.
        let is_over = self.bytes > most || (bytes == 0 && self.bytes == most);
        if is_over {
            return Err(left_of_day(now));
        }
        Ok(())
    }

    /// Whether nothing has come on the day of `now`.
    pub(super) fn is_empty(self, now: i64) -> bool {
        self.number != day_of(now) || self.bytes == 0
    }
}

fn day_of(now: i64) -> i64 {
    now.saturating_add(CHINA).div_euclid(SECONDS_OF_DAY)
}

fn left_of_day(now: i64) -> Duration {
    let gone = now.saturating_add(CHINA).rem_euclid(SECONDS_OF_DAY);
    Duration::from_secs((SECONDS_OF_DAY - gone).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Day, Pace};

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_crowd_is_taken_at_once_and_the_rest_at_the_pace() {
        let mut pace = Pace::default();
        let now = ms(5_000);
        let taken = (0..50).filter(|_| pace.take(now, 10, 20).is_ok()).count();
        assert_eq!(taken, 20);
        assert_eq!(pace.take(now, 10, 20), Err(ms(100)));
        assert_eq!(pace.take(ms(5_099), 10, 20), Err(ms(1)));
        assert_eq!(pace.take(ms(5_100), 10, 20), Ok(()));
        assert!(pace.take(ms(5_100), 10, 20).is_err());
        // Whoever waits as long as was said is taken, always.
        let mut now = ms(5_100);
        for _ in 0..1_000 {
            if let Err(wait) = pace.take(now, 10, 20) {
                now += wait;
                assert_eq!(pace.take(now, 10, 20), Ok(()));
            }
        }
        assert!(now >= ms(100_000));
        // A rest makes room for a crowd again, and for no larger one.
        assert!(!pace.is_rested(now));
        let later = now + ms(3_600_000);
        assert!(pace.is_rested(later));
        let taken = (0..50).filter(|_| pace.take(later, 10, 20).is_ok()).count();
        assert_eq!(taken, 20);
    }

    #[test]
    fn who_has_no_limit_is_never_stopped() {
        let mut pace = Pace::default();
        for _ in 0..100_000 {
            assert_eq!(pace.take(ms(2), u32::MAX, u32::MAX), Ok(()));
        }
        assert_eq!(pace.take(ms(1), u32::MAX, u32::MAX), Ok(()));
    }

    #[test]
    fn a_day_ends_at_midnight_in_china() {
        // 2026-11-22 23:00 in China, 15:00 in Greenwich.
        let evening = 1_795_359_600;
        let mut day = Day::default();
        assert!(day.is_empty(evening));
        assert_eq!(day.add(evening, 600, 1_000), Ok(()));
        assert_eq!(day.add(evening + 60, 400, 1_000), Ok(()));
        assert!(!day.is_empty(evening));
        let left = Duration::from_secs(3_600 - 120);
        assert_eq!(day.add(evening + 120, 0, 1_000), Err(left));
        assert_eq!(day.add(evening + 120, 1, 1_000), Err(left));
        assert_eq!(
            day.add(evening + 3_599, 0, 1_000),
            Err(Duration::from_secs(1))
        );
        assert!(day.is_empty(evening + 3_600));
        assert_eq!(day.add(evening + 3_600, 1_000, 1_000), Ok(()));
        // A clock that is set back begins a day again.
        assert_eq!(day.add(evening, 1_000, 1_000), Ok(()));
    }
}
