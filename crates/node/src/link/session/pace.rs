//! How much is put on a line at a time: enough to keep it busy, little enough that an answer, an
//! acknowledgement or a keep-alive ping behind it comes through within seconds, and that a line
//! that breaks has lost no more than seconds of work.
//!
//! The line is measured by what it confirms. While confirmations come quickly the window grows by
//! as much as was confirmed; when they take long it shrinks. Between the two it rests, which on a
//! line of 50 kbit/s is at some ten kilobytes.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Bytes that may be on their way on a line of which nothing is known: half a second of 50 kbit/s,
/// and not too much for a tenth of that.
const FIRST_WINDOW: usize = 3 << 10;
const LEAST_WINDOW: usize = 1 << 10;
const MOST_WINDOW: usize = 2 << 20;

/// A confirmation that comes sooner lets the window grow.
const QUICK: Duration = Duration::from_millis(1_000);
/// A confirmation that takes longer lets it shrink.
const SLOW: Duration = Duration::from_millis(2_000);

/// Bytes that a frame has beside its cells: numbers of changes, a trace, a region, a period.
const FRAME_ITSELF: usize = 96;

/// The most changes that are looked through for one frame: the commit loop waits meanwhile.
const MOST_CHANGES: usize = 2_048;

/// What is on its way without a confirmation, and how much more may be.
#[derive(Debug)]
pub(super) struct Pace {
    window: usize,
    on_their_way: VecDeque<Sent>,
    bytes: usize,
    /// Sixteenths of a byte that a cell took lately.
    per_cell: usize,
    /// The last change and how many pieces the peer has confirmed.
    confirmed: (u64, u64),
    shrunk: Option<Instant>,
}

#[derive(Debug)]
struct Sent {
    what: What,
    bytes: usize,
    at: Instant,
    /// Whether more could not have been sent beside it.
    filled: bool,
}

/// What tells that something has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The acknowledgement of a change.
    ChangesUpto(u64),
    /// The count of pieces.
    Piece(u64),
}

impl Pace {
    /// The pace of a stream that has just begun.
    pub(super) fn new() -> Self {
        Self {
            window: FIRST_WINDOW,
            on_their_way: VecDeque::new(),
            bytes: 0,
            per_cell: 12 * 16,
            confirmed: (0, 0),
            shrunk: None,
        }
    }

    /// How many bytes the next frame should have at most.
    pub(super) fn frame_bytes(&self) -> usize {
        self.window / 3
    }

    /// How many changes should be looked through for it.
    pub(super) fn frame_changes(&self) -> usize {
        (self.frame_bytes() * 16 / self.per_cell).clamp(1, MOST_CHANGES)
    }

    /// A frame was sent and took so many bytes. `cells` is how many it had; 0 where it had documents,
    /// too, whose size says nothing of that of cells: a seal follows each batch, and the next batch
    /// would be cut into many frames for it.
    pub(super) fn sent(&mut self, upto: u64, cells: usize, bytes: usize, now: Instant) {
        self.note_sent(What::ChangesUpto(upto), bytes, now);
        let of_cells = bytes.saturating_sub(FRAME_ITSELF) * 16;
        if let Some(per_cell) = of_cells.checked_div(cells) {
            self.per_cell = (self.per_cell * 3 + per_cell.max(1)).div_ceil(4);
        }
    }

    /// The so-many-eth piece on this stream was sent.
    pub(super) fn sent_piece(&mut self, number: u64, bytes: usize, now: Instant) {
        self.note_sent(What::Piece(number), bytes, now);
    }

    fn note_sent(&mut self, what: What, bytes: usize, now: Instant) {
        self.bytes += bytes;
        self.on_their_way.push_back(Sent {
            what,
            bytes,
            at: now,
            filled: self.bytes * 2 >= self.window,
        });
    }

    /// The peer has confirmed everything up to a change, and so many pieces of frames.
    pub(super) fn confirmed(&mut self, change: u64, pieces: u64, now: Instant) {
        let (known_change, known_pieces) = self.confirmed;
        self.confirmed = (known_change.max(change), known_pieces.max(pieces));
        while let Some(sent) = self.on_their_way.front() {
            let has_come = match sent.what {
                What::ChangesUpto(upto) => upto <= self.confirmed.0,
                What::Piece(number) => number <= self.confirmed.1,
            };
            if !has_come {
                break;
            }
            let took = now.saturating_duration_since(sent.at);
            let Sent {
                bytes, filled, at, ..
            } = *sent;
            self.on_their_way.pop_front();
            self.bytes -= bytes;
            if took < QUICK && filled {
                self.window = (self.window + bytes).min(MOST_WINDOW);
            } else if took > SLOW && self.shrunk.is_none_or(|shrunk| shrunk <= at) {
                // What was sent before the window shrank says nothing of the smaller one.
                self.window = (self.window - self.window / 3).max(LEAST_WINDOW);
                self.shrunk = Some(now);
            }
        }
    }

    /// Whether everything that was sent is confirmed.
    pub(super) fn is_empty(&self) -> bool {
        self.on_their_way.is_empty()
    }

    /// Whether nothing more may be sent until something is confirmed.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= self.window
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Pace;

    /// Sends for a while over a line that is never idle but for the window; returns the bytes
    /// that arrived in the second half of the time, and the longest wait for a confirmation in it.
    fn over(bytes_a_second: usize, round_trip: Duration, seconds: u64) -> (usize, Duration) {
        let began = Instant::now();
        let half = began + Duration::from_secs(seconds) / 2;
        let end = began + Duration::from_secs(seconds);
        let mut pace = Pace::new();
        let mut now = began;
        let mut line_free = began;
        let mut confirmations: std::collections::VecDeque<(Instant, u64, usize, Instant)> =
            std::collections::VecDeque::new();
        let (mut upto, mut arrived, mut longest) = (0, 0, Duration::ZERO);
        while now < end {
            while !pace.is_full() {
                upto += 1;
                let bytes = pace.frame_bytes();
                pace.sent(upto, pace.frame_changes(), bytes, now);
                let takes = Duration::from_micros((bytes * 1_000_000 / bytes_a_second) as u64);
                line_free = line_free.max(now) + takes;
                confirmations.push_back((line_free + round_trip, upto, bytes, now));
            }
            let Some((at, confirmed, bytes, sent)) = confirmations.pop_front() else {
                break;
            };
            now = at;
            pace.confirmed(confirmed, 0, now);
            if now > half {
                arrived += bytes;
                longest = longest.max(now - sent);
            }
        }
        (arrived, longest)
    }

    #[test]
    fn a_slow_line_is_busy_and_never_far_behind() {
        for (bytes_a_second, round_trip) in [(6_250, 300), (1_500, 800), (62_500, 60)] {
            let (arrived, longest) = over(bytes_a_second, Duration::from_millis(round_trip), 120);
            println!("{bytes_a_second} B/s: {arrived} B in 60 s, longest wait {longest:?}");
            assert!(arrived >= bytes_a_second * 60 * 9 / 10, "{arrived} bytes");
            assert!(longest < Duration::from_secs(4), "{longest:?}");
        }
    }

    #[test]
    fn a_fast_line_is_soon_used_in_full() {
        let (arrived, _) = over(100_000_000, Duration::from_millis(1), 2);
        assert!(arrived > 50_000_000, "{arrived} bytes in a second");
    }

    #[test]
    fn a_batch_of_a_school_stays_in_one_frame_whatever_was_sent_before() {
        let mut pace = Pace::new();
        let now = Instant::now();
        for upto in 1..1_000 {
            assert!(pace.frame_changes() >= 60, "{pace:?}");
            let (cells, bytes) = match upto % 3 {
                0 => (41, 300),
                // A seal.
                1 => (0, 165),
                // A correction.
                _ => (1, 100),
            };
            pace.sent(upto, cells, bytes, now);
            pace.confirmed(upto, 0, now + Duration::from_millis(5));
        }
    }

    #[test]
    fn small_changes_on_a_quiet_day_leave_the_window_alone() {
        let mut pace = Pace::new();
        let now = Instant::now();
        let before = pace.frame_bytes();
        for upto in 1..1_000 {
            pace.sent(upto, 1, 60, now);
            pace.confirmed(upto, 0, now + Duration::from_millis(5));
        }
        assert!(pace.is_empty());
        assert_eq!(pace.frame_bytes(), before);
    }
}
