//! What is said of callers that were denied something: a metric of every one, and in the log as many
//! as somebody can read.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use liandong_core::access::{Right, Standing};
use liandong_core::region::RegionCode;

/// Lines that are written within [`SPAN`] at most.
const LINES: u32 = 30;
const SPAN: Duration = Duration::from_secs(60);

/// What was written in the present span.
struct Written {
    began: Instant,
    lines: u32,
    left_out: u64,
}

/// Of the whole process, like the log it is about.
static WRITTEN: Mutex<Option<Written>> = Mutex::new(None);

/// Notes that `who` was denied a right to a region.
pub(super) fn note(who: &str, right: Right, region: RegionCode, standing: Standing) {
    metrics::counter!(
        "liandong_denied_total",
        "right" => right.word(),
        "standing" => standing.word(),
    )
    .increment(1);
    if let Some(left_out) = may_write(Instant::now()) {
        tracing::warn!(
            who,
            %right,
            %region,
            %standing,
            left_out,
            "somebody was denied what they asked for"
        );
    }
}

/// Whether another line may be written, and how many were left out before it.
fn may_write(now: Instant) -> Option<u64> {
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    let fresh = Written {
        began: now,
        lines: 0,
        left_out: 0,
    };
    let current = written.get_or_insert(fresh);
    if now.duration_since(current.began) >= SPAN {
        current.began = now;
        current.lines = 0;
    }
    if current.lines >= LINES {
        current.left_out += 1;
        return None;
    }
    current.lines += 1;
    Some(std::mem::take(&mut current.left_out))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{LINES, SPAN, may_write};

    #[test]
    fn a_flood_is_counted_and_not_written() {
        let now = Instant::now();
        let mut lines = 0;
        for _ in 0..1_000 {
            lines += u32::from(may_write(now).is_some());
        }
        assert!(lines <= LINES, "{lines}");
        let left_out = may_write(now + SPAN).expect("a new span");
        assert!(left_out >= u64::from(1_000 - LINES), "{left_out}");
    }
}
