//! Latencies as a histogram: memory does not grow with how many there are.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Serialize, Serializer};

/// An hour: what takes longer counts as that.
const LONGEST_NANOS: u64 = 3_600_000_000_000;

/// A histogram of latencies of at most an hour, each exact to one part in a thousand.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    /// In nanoseconds; there is none before the first value.
    nanos: Option<Histogram<u64>>,
}

/// What a histogram is usually asked for. Written as whole microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// How many latencies there are.
    pub count: u64,
    /// Half of them do not exceed it.
    #[serde(rename = "p50_us", serialize_with = "micros")]
    pub p50: Duration,
    /// Nine of ten do not exceed it.
    #[serde(rename = "p90_us", serialize_with = "micros")]
    pub p90: Duration,
    /// 99 of 100 do not exceed it.
    #[serde(rename = "p99_us", serialize_with = "micros")]
    pub p99: Duration,
    /// 999 of 1,000 do not exceed it.
    #[serde(rename = "p99_9_us", serialize_with = "micros")]
    pub p999: Duration,
    /// The longest.
    #[serde(rename = "max_us", serialize_with = "micros")]
    pub max: Duration,
}

impl Latencies {
    /// Adds one.
    pub fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(LONGEST_NANOS);
        if self.nanos.is_none() {
            self.nanos = Histogram::new(3).ok();
        }
        if let Some(histogram) = &mut self.nanos {
            // It grows to any value up to the bound, so there is none that it does not take.
            let _ = histogram.record(nanos.clamp(1, LONGEST_NANOS));
        }
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.nanos, &other.nanos) {
            (_, None) => {}
            (Some(histogram), Some(others)) => {
                let _ = histogram.add(others);
            }
            (none, Some(others)) => *none = Some(others.clone()),
        }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.nanos.as_ref().map_or(0, Histogram::len)
    }

    /// The median, the tail and the longest; all zero when there are none.
    pub fn quantiles(&self) -> Quantiles {
        let Some(histogram) = &self.nanos else {
            return Quantiles::default();
        };
        let at = |quantile| Duration::from_nanos(histogram.value_at_quantile(quantile));
        Quantiles {
            count: histogram.len(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: Duration::from_nanos(histogram.max()),
        }
    }
}

impl Extend<Duration> for Latencies {
    fn extend<I: IntoIterator<Item = Duration>>(&mut self, latencies: I) {
        for latency in latencies {
            self.record(latency);
        }
    }
}

fn micros<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Latencies;

    #[test]
    fn merged_histograms_hold_what_both_held() {
        let mut quick = Latencies::default();
        quick.extend((1..=990).map(|_| Duration::from_millis(1)));
        let mut slow = Latencies::default();
        slow.extend((1..=10).map(|_| Duration::from_secs(2)));
        let mut both = Latencies::default();
        both.merge(&slow);
        both.merge(&quick);
        both.merge(&Latencies::default());
        let seen = both.quantiles();
        assert_eq!(seen.count, 1_000);
        assert_eq!(seen.p50.as_micros(), 1_000);
        assert_eq!(seen.p99.as_micros(), 1_000);
        assert!(seen.p999 >= Duration::from_secs(2));
        assert!(seen.max < Duration::from_millis(2_002));
    }

    #[test]
    fn an_empty_histogram_is_all_zero() {
        let seen = Latencies::default().quantiles();
        assert_eq!((seen.count, seen.max), (0, Duration::ZERO));
    }
}
