//! What several rounds came to.

use serde::Serialize;

/// The least, the middle and the most of several rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// Rounds.
    pub rounds: usize,
    /// The least.
    pub least: u64,
    /// The one in the middle; of an even number the lower of the two, which never flatters a rate.
    pub median: u64,
    /// The most.
    pub most: u64,
}

impl Spread {
    /// Of one value a round; `None` of none.
    pub fn of(values: impl IntoIterator<Item = u64>) -> Option<Self> {
        let mut values: Vec<u64> = values.into_iter().collect();
        values.sort_unstable();
        let middle = values.len().checked_sub(1)? / 2;
        Some(Self {
            rounds: values.len(),
            least: *values.first()?,
            median: *values.get(middle)?,
            most: *values.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn the_median_is_one_of_the_rounds() {
        let spread = |values: &[u64]| Spread::of(values.iter().copied());
        let odd = spread(&[9, 1, 5]).map(|odd| (odd.least, odd.median, odd.most));
        assert_eq!(odd, Some((1, 5, 9)));
        let even = spread(&[4, 3, 2, 1]).map(|even| even.median);
        assert_eq!(even, Some(2));
        assert_eq!(spread(&[]), None);
    }
}
