//! Chance that can be repeated: numbers from a seed, so that a run that failed can be run again.
//!
//! What real processes do in between is not repeated by it.

use std::time::Duration;

use anyhow::{Context, Result};

/// Names the seed of a run.
const SEED: &str = "LIANDONG_FAULTS_SEED";

/// A row of numbers that follows from its seed (splitmix64).
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// From the seed that `LIANDONG_FAULTS_SEED` names, or else one of the moment, which is printed.
    ///
    /// # Errors
    /// When the seed is not a number.
    pub fn begin(of: &str) -> Result<Self> {
        let seed = match std::env::var(SEED) {
            Ok(given) => given
                .parse()
                .with_context(|| format!("{SEED}={given:?} is not a number"))?,
            Err(_) => std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)?
                .subsec_nanos()
                .into(),
        };
        println!("seed: {of}: {SEED}={seed}");
        Ok(Self { state: seed })
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when that is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.number().checked_rem(bound).unwrap_or(0)
    }

    /// Whether something happens that happens once in `times`.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// A time below `longest`, in whole microseconds.
    pub fn time_below(&mut self, longest: Duration) -> Duration {
        let micros = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.below(micros))
    }
}
