//! The ledger of a test: every figure that was pushed, and what the one who pushed it was told.
//!
//! It is kept outside the nodes and compared with them afterwards: the history of every cell at the
//! node that took the figures, and the sums at every ancestor. What was acknowledged is there once;
//! what was refused is not; a batch without an answer is there whole or not at all, and which of
//! the two is settled for good by the first look after the node is back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use liandong_client::wire::progress::v1::ListHistoryRequest;

use crate::chance::Chance;
use crate::figures::{DROPOUTS, sums_in};
use crate::load::{Fate, Sent, Work, push_once};
use crate::node::Node;
use crate::wait::eventually;

/// What the comparisons have found so far, in rows unless said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Acknowledged, or found whole though no answer had come.
    pub acknowledged: u64,
    /// Acknowledged and not there.
    pub lost: u64,
    /// There more than once.
    pub doubled: u64,
    /// Batches of which some rows are there and others are not.
    pub torn: u64,
    /// There although refused, or although nobody pushed it.
    pub strange: u64,
}

impl Tally {
    fn is_clean(self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.torn == 0 && self.strange == 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} acknowledged, {} lost, {} doubled, {} torn",
            self.acknowledged, self.lost, self.doubled, self.torn
        )?;
        if self.strange > 0 {
            write!(out, ", {} that should not be there", self.strange)?;
        }
        Ok(())
    }
}

/// What a whole month must come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Month {
    sum: i64,
    schools: u32,
}

/// Everything that was pushed to one node.
#[derive(Debug, Default)]
pub struct Ledger {
    by_period: BTreeMap<String, Vec<Sent>>,
    /// Months with batches that were not compared yet.
    open: BTreeSet<String>,
    /// Months whose sums were not looked for above yet.
    to_arrive: BTreeSet<String>,
    months: BTreeMap<String, Month>,
    tally: Tally,
    taken_over: u64,
    /// The most versions that any cell was seen with.
    longest: usize,
}

/// Versions of a cell as its node shows them: the figure, and whether it is the one that counts.
type Versions = Vec<(i64, bool)>;

impl Ledger {
    /// Enters what was pushed.
    pub fn add(&mut self, sent: Vec<Sent>) {
        for batch in sent {
            self.open.insert(batch.period.clone());
            self.by_period
                .entry(batch.period.clone())
                .or_default()
                .push(batch);
        }
    }

    /// What was found so far.
    pub fn tally(&self) -> Tally {
        let mut tally = self.tally;
        tally.acknowledged = self.acknowledged();
        tally
    }

    /// Adds what another ledger, of a node that is no more, has found to this one's tally.
    pub fn take_over(&mut self, other: &Self) {
        self.taken_over += other.acknowledged();
        self.longest = self.longest.max(other.longest);
    }

    /// The most versions that any cell was seen with.
    pub fn longest_history(&self) -> usize {
        self.longest
    }

    fn acknowledged(&self) -> u64 {
        let all = self.by_period.values().flatten();
        let known = all.filter(|batch| batch.fate == Fate::Acknowledged);
        let here: u64 = known.map(|batch| batch.rows.len() as u64).sum();
        here + self.taken_over
    }

    /// How many batches wait for it to be seen whether they are there.
    pub fn unsure(&self) -> usize {
        let all = self.by_period.values().flatten();
        all.filter(|batch| batch.fate == Fate::Unsure).count()
    }

    /// Pushes about every second batch without an answer again, under the same id, as a client
    /// does that heard nothing.
    pub async fn repeat_unsure(&mut self, node: &Node, chance: &mut Chance) {
        let work = repeating(node);
        let mut client = None;
        for period in &self.open {
            for batch in self.by_period.get_mut(period).into_iter().flatten() {
                if batch.fate == Fate::Unsure && chance.one_in(2) {
                    batch.fate = push_once(&mut client, &work, batch).await;
                }
            }
        }
    }

    /// How many batches were entered.
    pub fn len(&self) -> usize {
        self.by_period.values().map(Vec::len).sum()
    }

    /// Whether nothing was entered yet.
    pub fn is_empty(&self) -> bool {
        self.by_period.is_empty()
    }

    /// Pushes every batch again that was acknowledged after the first `count` were entered, under
    /// the same ids; returns how many. For a node that was restored to an earlier state.
    ///
    /// # Errors
    /// When one is not acknowledged now.
    pub async fn repeat_from(&mut self, count: usize, node: &Node) -> Result<u64> {
        let mut client = None;
        let mut repeated = 0;
        let work = repeating(node);
        let all = self.by_period.values().flatten().skip(count);
        for batch in all.filter(|batch| batch.fate == Fate::Acknowledged) {
            let fate = push_once(&mut client, &work, batch).await;
            ensure!(fate == Fate::Acknowledged, "{} again: {fate:?}", batch.id);
            repeated += 1;
        }
        Ok(repeated)
    }

    /// Compares the months that were pushed to since the last time with the histories of the node
    /// that took them, and with its own sums.
    ///
    /// # Errors
    /// When the node does not answer, or something is lost, doubled, torn or wrong.
    pub async fn settle(&mut self, node: &Node) -> Result<()> {
        let open: Vec<String> = std::mem::take(&mut self.open).into_iter().collect();
        for period in &open {
            self.compare(node, period).await?;
        }
        self.to_arrive.extend(open);
        Ok(())
    }

    /// Compares every month there ever was, as after a recovery that may have touched old ones.
    ///
    /// # Errors
    /// As [`Ledger::settle`].
    pub async fn settle_all(&mut self, node: &Node) -> Result<()> {
        self.open = self.by_period.keys().cloned().collect();
        self.settle(node).await
    }

    /// Waits until the ancestors hold the sums of the months that were settled since the last
    /// time. Each is a node with the regions whose cells to look at.
    ///
    /// # Errors
    /// When they do not come to that.
    pub async fn arrives(&mut self, ancestors: &[(&Node, &[&str])]) -> Result<()> {
        let periods = std::mem::take(&mut self.to_arrive);
        self.look_above(ancestors, &periods).await
    }

    /// Looks for the sums of every month there ever was.
    ///
    /// # Errors
    /// When they do not come to that.
    pub async fn all_arrive(&mut self, ancestors: &[(&Node, &[&str])]) -> Result<()> {
        self.to_arrive.clear();
        let periods = self.months.keys().cloned().collect();
        self.look_above(ancestors, &periods).await
    }

    async fn look_above(
        &self,
        ancestors: &[(&Node, &[&str])],
        periods: &BTreeSet<String>,
    ) -> Result<()> {
        for (node, regions) in ancestors {
            let mut client = node.client().await?;
            for (period, month) in periods
                .iter()
                .filter_map(|name| self.months.get_key_value(name))
            {
                for region in *regions {
                    let what = format!("{} holds {month:?} of {region} {period}", node.region());
                    eventually(&what, async || {
                        let found = match sums_in(&client, region, DROPOUTS, period).await {
                            Ok(found) => found,
                            Err(error) => {
                                client = node.client().await?;
                                return Err(error);
                            }
                        };
                        let held = Month {
                            sum: found.numerator,
                            schools: found.reported,
                        };
                        ensure!(held == *month, "it holds {held:?}");
                        Ok(Some(()))
                    })
                    .await?;
                }
            }
        }
        Ok(())
    }

    async fn compare(&mut self, node: &Node, period: &str) -> Result<()> {
        let Some(batches) = self.by_period.get_mut(period) else {
            return Ok(());
        };
        let schools: BTreeSet<String> = batches
            .iter()
            .flat_map(|batch| batch.rows.iter().map(|(school, _)| school.clone()))
            .collect();
        let shown = histories(node, &schools, period).await?;
        let longest = shown.values().map(Vec::len).max().unwrap_or(0);
        self.longest = self.longest.max(longest);
        let month = judge(batches, &shown, &mut self.tally);
        ensure!(
            self.tally.is_clean(),
            "{} in {period}: {}; it shows {:.2000}",
            node.region(),
            self.tally(),
            format!("{shown:?}")
        );
        let client = node.client().await?;
        let held = sums_in(&client, node.region(), DROPOUTS, period).await?;
        ensure!(
            (held.numerator, held.reported) == (month.sum, month.schools),
            "{} in {period}: the histories come to {month:?}, the sums are {held:?}",
            node.region()
        );
        self.months.insert(period.to_owned(), month);
        Ok(())
    }
}

/// How a batch is pushed again.
fn repeating(node: &Node) -> Work {
    Work {
        url: node.url(),
        options: node.options(),
        schools: Vec::new(),
        clerks: 1,
        period: String::new(),
        note: String::new(),
        stubborn: false,
        deadline: Duration::from_secs(20),
    }
}

async fn histories(
    node: &Node,
    schools: &BTreeSet<String>,
    period: &str,
) -> Result<BTreeMap<String, Versions>> {
    let client = node.client().await?.progress();
    let mut shown = BTreeMap::new();
    for school in schools {
        let asked = ListHistoryRequest {
            source: school.clone(),
            indicator: DROPOUTS.to_owned(),
            period: period.to_owned(),
            ..ListHistoryRequest::default()
        };
        let told = client.every_version(asked).await;
        let told = told.with_context(|| format!("the history of {school} {period}"))?;
        let versions = told.iter();
        let versions = versions
            .map(|one| (one.numerator, one.counts_now))
            .collect();
        shown.insert(school.clone(), versions);
    }
    Ok(shown)
}

/// Compares the batches of a month with what its histories show, and settles what was unsure.
fn judge(batches: &mut [Sent], shown: &BTreeMap<String, Versions>, tally: &mut Tally) -> Month {
    let mut expected: BTreeSet<(&str, i64)> = BTreeSet::new();
    for batch in batches.iter_mut() {
        let mut found = 0;
        for (school, number) in &batch.rows {
            let versions = shown.get(school).map_or(&[][..], Vec::as_slice);
            let times = versions.iter().filter(|(one, _)| one == number).count();
            if times > 1 {
                tally.doubled += 1;
            }
            found += usize::from(times > 0);
        }
        let (rows, found) = (batch.rows.len() as u64, found as u64);
        match batch.fate {
            Fate::Acknowledged => tally.lost += rows - found,
            Fate::Refused => tally.strange += found,
            Fate::Unsure if found == 0 => batch.fate = Fate::Refused,
            Fate::Unsure if found == rows => batch.fate = Fate::Acknowledged,
            Fate::Unsure => tally.torn += 1,
        }
    }
    for batch in batches.iter().filter(|one| one.fate == Fate::Acknowledged) {
        for (school, number) in &batch.rows {
            expected.insert((school, *number));
        }
    }
    let mut month = Month::default();
    for (school, versions) in shown {
        for (number, _) in versions {
            if !expected.contains(&(school.as_str(), *number)) {
                tally.strange += 1;
            }
        }
        // The clerk of a school gives higher numbers to later figures.
        let newest = versions.iter().map(|(number, _)| *number).max();
        let counting: Vec<i64> = versions
            .iter()
            .filter_map(|&(number, counts)| counts.then_some(number))
            .collect();
        match (newest, counting.as_slice()) {
            (None, []) => {}
            (Some(newest), [counting]) if newest == *counting => {
                month.sum += newest;
                month.schools += 1;
            }
            _ => tally.strange += 1,
        }
    }
    month
}

#[cfg(test)]
mod tests;
