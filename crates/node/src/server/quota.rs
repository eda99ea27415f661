//! What one identity has of the node at a time, on all of its connections together, and what it is
//! told when that is all it may have.
//!
//! An identity is looked up once for each connection. What is kept of those that are gone is what
//! they have had of their day, until the day ends.

mod limit;
mod rules;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use liandong_core::identity::Identity;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use tokio::sync::watch;
use tokio::time::Instant;

use self::limit::Limit;
use self::rules::{Day, Pace};
use crate::config::{Quota, Quotas};
use crate::surroundings::Clock;

/// The most identities that are remembered while they are not connected.
const MOST_REMEMBERED: usize = 65_536;

/// How many may come before those who are done with are forgotten.
const SWEPT_AFTER: usize = 1_024;

/// When somebody may try again who has all the requests, or streams, that there are: nobody knows
/// when one of them ends.
const REQUEST_ENDS: Duration = Duration::from_millis(500);
const STREAM_ENDS: Duration = Duration::from_secs(5);

/// How often the log tells of one identity that is at a limit.
const TELL_AGAIN: Duration = Duration::from_secs(60);

/// Everybody who is connected or has been today.
#[derive(Debug)]
pub(super) struct Accounts {
    /// As they stand now.
    quotas: watch::Receiver<Quotas>,
    clock: Arc<dyn Clock>,
    began: Instant,
    known: Mutex<Known>,
    /// Of all who speak in plain text.
    anonymous: Arc<Account>,
}

#[derive(Debug, Default)]
struct Known {
    accounts: BTreeMap<Identity, Arc<Account>>,
    sweep_at: usize,
}

/// What one identity has.
#[derive(Debug)]
pub(super) struct Account {
    who: Option<Identity>,
    quotas: watch::Receiver<Quotas>,
    clock: Arc<dyn Clock>,
    began: Instant,
    usage: Mutex<Usage>,
}

#[derive(Debug, Default)]
struct Usage {
    requests: u32,
    streams: u32,
    pace: Pace,
    day: Day,
    told: Option<Instant>,
}

/// A place among the requests, or the streams, of an identity; free again when this is dropped.
#[derive(Debug)]
pub(super) struct Held {
    account: Arc<Account>,
    kind: Kind,
}

/// What a caller opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One message each way.
    Request,
    /// Anything longer.
    Stream,
}

impl Accounts {
    pub(super) fn new(quotas: watch::Receiver<Quotas>, clock: Arc<dyn Clock>) -> Self {
        let began = Instant::now();
        Self {
            began,
            known: Mutex::default(),
            anonymous: Account::new(None, &quotas, &clock, began),
            quotas,
            clock,
        }
    }

    /// The account of an identity.
    pub(super) fn of(&self, who: &Identity) -> Arc<Account> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = known.accounts.get(who) {
            return Arc::clone(account);
        }
        if known.accounts.len() >= known.sweep_at {
            known.accounts.retain(|_, account| account.is_needed());
            if known.accounts.len() >= MOST_REMEMBERED {
                // Who is connected has a place, of which there is a bound.
                known
                    .accounts
                    .retain(|_, account| Arc::strong_count(account) > 1);
            }
            known.sweep_at = (known.accounts.len() * 2).clamp(SWEPT_AFTER, MOST_REMEMBERED);
        }
        let account = Account::new(Some(who.clone()), &self.quotas, &self.clock, self.began);
        known.accounts.insert(who.clone(), Arc::clone(&account));
        account
    }

    /// The account of all who speak in plain text.
    pub(super) fn anonymous(&self) -> Arc<Account> {
        Arc::clone(&self.anonymous)
    }

    /// An account for one connection whose caller is nobody yet.
    pub(super) fn of_stranger(&self) -> Arc<Account> {
        Account::new(None, &self.quotas, &self.clock, self.began)
    }
}

impl Account {
    fn new(
        who: Option<Identity>,
        quotas: &watch::Receiver<Quotas>,
        clock: &Arc<dyn Clock>,
        began: Instant,
    ) -> Arc<Self> {
        Arc::new(Self {
            who,
            quotas: quotas.clone(),
            clock: Arc::clone(clock),
            began,
            usage: Mutex::default(),
        })
    }

    /// What it may have now; whoever has more open than that keeps it.
    fn quota(&self) -> Quota {
        let role = self.who.as_ref().map(|who| who.role);
        self.quotas.borrow().of(role)
    }

    /// Takes one more request or stream in.
    ///
    /// # Errors
    /// What there is too much of, and when to try again.
    pub(super) fn admit(self: &Arc<Self>, kind: Kind) -> Result<Held, Refusal> {
        let quota = self.quota();
        let mut usage = self.usage();
        // Whoever comes in first has come first: those who waited for it have not come before.
        let now = Instant::now();
        let seconds = self.clock.now().as_second();
        let (open, most, limit, wait) = match kind {
            Kind::Request => {
                let limit = Limit::RequestsInFlight;
                let most = quota.requests_in_flight;
                (usage.requests, most, limit, REQUEST_ENDS)
            }
            Kind::Stream => (usage.streams, quota.streams, Limit::Streams, STREAM_ENDS),
        };
        if open >= most {
            return Err(self.later(usage, limit, wait));
        }
        if let Err(wait) = usage.day.add(seconds, 0, quota.bytes_per_day) {
            return Err(self.later(usage, Limit::MbPerDay, wait));
        }
        let since = now.duration_since(self.began);
        let (per_second, burst) = (quota.requests_per_second, quota.requests_burst);
        if let Err(wait) = usage.pace.take(since, per_second, burst) {
            return Err(self.later(usage, Limit::RequestsPerSecond, wait));
        }
        match kind {
            Kind::Request => usage.requests += 1,
            Kind::Stream => usage.streams += 1,
        }
        drop(usage);
        Ok(Held {
            account: Arc::clone(self),
            kind,
        })
    }

    /// Counts bytes of a request that have come.
    ///
    /// # Errors
    /// That they are too many for a day, and when the next begins.
    pub(super) fn count(&self, bytes: usize) -> Result<(), Refusal> {
        let seconds = self.clock.now().as_second();
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let mut usage = self.usage();
        let counted = usage.day.add(seconds, bytes, self.quota().bytes_per_day);
        counted.map_err(|wait| self.later(usage, Limit::MbPerDay, wait))
    }

    /// The largest message that is taken, in bytes.
    pub(super) fn largest(&self) -> usize {
        usize::try_from(self.quota().message_bytes).unwrap_or(usize::MAX)
    }

    /// What somebody is told whose message is larger than that.
    pub(super) fn too_large(&self) -> Refusal {
        let limit = Limit::MessageMb;
        self.tell(self.usage(), limit, None);
        Refusal::advise(
            Reason::LimitReached,
            limit.key(),
            limit.value(&self.quota()),
            "单个消息过大，请分成几次发送",
            "a message is larger; send it in smaller ones",
        )
    }

    fn later(&self, usage: MutexGuard<'_, Usage>, limit: Limit, wait: Duration) -> Refusal {
        self.tell(usage, limit, Some(wait));
        let value = limit.value(&self.quota());
        let later = Accepted::Later(wait);
        Refusal::new(Reason::LimitReached, limit.key(), value, later)
    }

    /// Tells those who run the node: every time in the metrics, now and then in the log.
    fn tell(&self, mut usage: MutexGuard<'_, Usage>, limit: Limit, wait: Option<Duration>) {
        let key = limit.key();
        metrics::counter!("liandong_limits_reached_total", "limit" => key).increment(1);
        let now = Instant::now();
        let told = usage.told;
        if told.is_some_and(|told| now.duration_since(told) < TELL_AGAIN) {
            return;
        }
        usage.told = Some(now);
        drop(usage);
        let identity = self.who.as_ref().map(ToString::to_string);
        let value = limit.value(&self.quota());
        tracing::warn!(identity, limit = key, value, ?wait, "a limit is reached");
    }

    /// Whether it is in use, or what it says is needed still.
    fn is_needed(self: &Arc<Self>) -> bool {
        if Arc::strong_count(self) > 1 {
            return true;
        }
        let since = Instant::now().duration_since(self.began);
        let usage = self.usage();
        !usage.day.is_empty(self.clock.now().as_second()) || !usage.pace.is_rested(since)
    }

    fn usage(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut usage = self.account.usage();
        let open = match self.kind {
            Kind::Request => &mut usage.requests,
            Kind::Stream => &mut usage.streams,
        };
        *open = open.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests;
