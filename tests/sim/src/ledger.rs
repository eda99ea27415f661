//! What the clients know: every version they sent, and what they were told of it. Kept by
//! themselves, beside the nodes, and compared with the nodes at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// One figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// The school or bureau.
    pub(crate) source: &'static str,
    pub(crate) indicator: &'static str,
    pub(crate) period: &'static str,
}

/// One version of a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) numerator: i64,
    pub(crate) denominator: Option<i64>,
    /// The revision that the client gives it; 0 lets the node count.
    pub(crate) revision: u32,
    /// The node said that it has it.
    pub(crate) acknowledged: bool,
    /// The last life of the node in which it said so, as far as that is sure.
    pub(crate) acknowledged_in: Option<u32>,
    /// A copy of it may still be on its way: a request was given up without an answer.
    pub(crate) loose: bool,
}

/// The versions of one figure, in the order they were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    pub(crate) versions: Vec<Version>,
}

/// A step of a task or a signature, by the name of its author, which no other step has.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The node that was asked for it.
    pub(crate) node: &'static str,
    pub(crate) task: String,
    pub(crate) author: String,
    pub(crate) acknowledged_at: Duration,
}

/// One amount of an entry, as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Amount {
    pub(crate) fen: i64,
    pub(crate) acknowledged_at: Option<Duration>,
    pub(crate) loose: bool,
}

/// Everything the clients know.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) books: BTreeMap<Key, Book>,
    /// Steps that were acknowledged.
    pub(crate) steps: Vec<Step>,
    /// Amounts of an aid entry, by the side and its id.
    pub(crate) amounts: BTreeMap<(&'static str, String), Vec<Amount>>,
    /// Nodes whose data went back to an earlier moment, and the earliest of those moments.
    pub(crate) went_back: BTreeMap<&'static str, Duration>,
    /// Counties whose clients send nothing again after the node's data went back.
    pub(crate) forgetful: BTreeSet<&'static str>,
    /// Nodes that had a second one beside them.
    pub(crate) had_twin: BTreeSet<&'static str>,
}

impl Book {
    /// Every value that may count now; `None` stands for "never reported".
    ///
    /// A version that the client numbers counts unless a higher one does. Where the node numbers,
    /// the last that comes counts, and that may be one whose answer was lost.
    /// What was lost and is not sent again leaves any version before it, or none.
    pub(crate) fn may_count(&self, went_back: bool, forgets: bool) -> Vec<Option<(i64, i64)>> {
        let value = |version: &Version| (version.numerator, version.denominator.unwrap_or(0));
        if went_back && forgets {
            let all = self.versions.iter().map(|version| Some(value(version)));
            return all.chain([None]).collect();
        }
        let newest = self
            .versions
            .iter()
            .rposition(|version| version.acknowledged);
        let mut may: Vec<Option<(i64, i64)>> = Vec::new();
        may.push(newest.and_then(|place| self.versions.get(place)).map(value));
        for (place, version) in self.versions.iter().enumerate() {
            let later = newest.is_none_or(|newest| place > newest);
            let unanswered = !version.acknowledged && (later || version.revision == 0);
            let comes_back = went_back && version.loose && version.revision == 0;
            if unanswered || comes_back {
                may.push(Some(value(version)));
            }
        }
        may
    }
}

impl Ledger {
    /// Whether something that a node acknowledged then may be gone: its data went back to before.
    pub(crate) fn may_be_gone(&self, node: &str, acknowledged_at: Duration) -> bool {
        let back_to = self.went_back.get(node);
        back_to.is_some_and(|back_to| acknowledged_at > *back_to)
    }
}

#[cfg(test)]
mod tests {
    use super::{Book, Version};

    fn version(numerator: i64, revision: u32, acknowledged: bool) -> Version {
        Version {
            numerator,
            denominator: None,
            revision,
            acknowledged,
            acknowledged_in: None,
            loose: !acknowledged,
        }
    }

    #[test]
    fn the_newest_acknowledged_version_counts_or_a_later_one_without_an_answer() {
        let versions = vec![
            version(1, 1, false),
            version(2, 2, true),
            version(3, 3, false),
        ];
        let numbered = Book { versions };
        assert_eq!(
            numbered.may_count(false, false),
            [Some((2, 0)), Some((3, 0))]
        );
        // Where the node numbers, one that was given up may have come last.
        let versions = vec![version(1, 0, false), version(2, 0, true)];
        let counted = Book { versions };
        assert_eq!(
            counted.may_count(false, false),
            [Some((2, 0)), Some((1, 0))]
        );
    }

    #[test]
    fn a_figure_that_was_never_acknowledged_may_be_missing() {
        let book = Book {
            versions: vec![version(1, 1, false)],
        };
        assert_eq!(book.may_count(false, false), [None, Some((1, 0))]);
    }
}
