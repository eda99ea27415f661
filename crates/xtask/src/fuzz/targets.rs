//! The targets of the package `liandong-fuzz`, and how a run is divided among them.

/// One target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) name: &'static str,
    /// Its part of a number of executions, of a thousand. What is quick gets most; what has more
    /// behind each execution gets enough to be searched.
    pub(crate) of_runs: u64,
    /// Its part of the seconds that the tests take: what has more behind it gets more.
    pub(crate) of_time: u32,
    /// The longest input, in bytes: long enough for every part of the format, and no longer,
    /// since what is long is slow and what breaks a reader is short.
    pub(crate) longest: u32,
}

const fn target(name: &'static str, of_runs: u64, of_time: u32, longest: u32) -> Target {
    Target {
        name,
        of_runs,
        of_time,
        longest,
    }
}

/// Every target.
pub(crate) const TARGETS: [Target; 12] = [
    target("requests", 190, 2, 2_048),
    target("frames", 50, 3, 8_192),
    target("linkfile", 40, 1, 4_096),
    target("proofs", 40, 1, 4_096),
    target("receive", 30, 3, 8_192),
    target("journal", 6, 2, 4_096),
    target("records", 270, 1, 2_048),
    target("reports", 24, 2, 1_024),
    target("regions", 40, 1, 768),
    target("plans", 50, 1, 2_048),
    target("config", 60, 1, 2_048),
    target("texts", 200, 1, 128),
];

/// The target of a name.
pub(crate) fn named(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}

/// How many of `runs` executions each of the targets gets; none gets nothing, and together they
/// get at least `runs`.
pub(crate) fn divide(runs: u64, targets: &[Target]) -> Vec<u64> {
    let whole: u64 = targets.iter().map(|target| target.of_runs).sum();
    targets
        .iter()
        .map(|target| {
            let part = u128::from(runs) * u128::from(target.of_runs);
            let part = part.div_ceil(u128::from(whole.max(1)));
            u64::try_from(part).unwrap_or(u64::MAX).max(1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{TARGETS, divide};

    #[test]
    fn parts_add_up() {
        let whole: u64 = TARGETS.iter().map(|target| target.of_runs).sum();
        assert_eq!(whole, 1_000);
        for runs in [1, 999, 1_000_000_000] {
            let parts = divide(runs, &TARGETS);
            assert!(parts.iter().all(|part| *part > 0), "{parts:?}");
            let sum: u64 = parts.iter().sum();
            assert!(sum >= runs && sum - runs < 12, "{sum} of {runs}");
        }
    }

    #[test]
    fn a_target_alone_gets_everything() {
        assert_eq!(divide(1_000, &TARGETS[4..5]), [1_000]);
    }
}
