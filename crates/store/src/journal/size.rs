//! How large a segment is made: the first ones small, later ones larger, so that what is laid out
//! ahead of writing stays a part of what is there. A county that reports a few megabytes a year takes
//! no more of its disk than that.
//!
//! The size follows from the number alone. Nothing depends on it: a segment ends where its frames
//! end, and one that was made by another rule is filled up to the length that it has.

/// The size of the first segments in bytes.
const FIRST: u64 = 4 << 20;
/// After so many segments the next are twice as large.
const OF_ONE_SIZE: u64 = 3;

/// The size that segment `number` is made with, in bytes; never more than `most`.
pub(super) fn planned(number: u64, most: u64) -> u64 {
    let doublings = number.saturating_sub(1) / OF_ONE_SIZE;
    // From here on it is more than any disk has.
    if doublings > 32 {
        return most;
    }
    (FIRST << doublings).min(most)
}

#[cfg(test)]
mod tests {
    use super::planned;

    #[test]
    fn what_is_laid_out_ahead_is_a_part_of_what_is_there() {
        let most = 64 << 20;
        let mut before = 0;
        for number in 1..=1_000 {
            let size = planned(number, most);
            assert!(size <= most && size >= planned(number.max(2) - 1, most));
            // The one that is written and the one that is made ready.
            let ahead = size + planned(number + 1, most);
            let is_large = number > 3 && 3 * ahead > 4 * before;
            assert!(!is_large, "{number}: {ahead} of {before}");
            before += size;
        }
        assert_eq!(planned(1, most), 4 << 20);
        assert_eq!(planned(1_000, most), most);
        assert_eq!(planned(u64::MAX, most), most);
    }

    #[test]
    fn small_segments_are_as_large_as_was_asked_for() {
        for number in [1, 2, 30, 400] {
            assert_eq!(planned(number, 4_096), 4_096);
        }
    }
}
