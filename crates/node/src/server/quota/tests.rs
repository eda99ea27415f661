//! Tests of what identities are counted for, on a paused clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use liandong_core::identity::Identity;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use tokio::sync::watch;

use super::{Accounts, Kind, MOST_REMEMBERED, SWEPT_AFTER};
use crate::config::{Config, Quotas};
use crate::surroundings::Clock;

/// A wall clock that is set by hand, in seconds since 1970.
#[derive(Debug)]
struct Wall(AtomicI64);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

fn quotas(tables: &str) -> Quotas {
    let text = format!("region = '371524'\ndata = 'd'\nlisten = '127.0.0.1:0'\n{tables}");
    let config = Config::read(&text, std::path::Path::new("/node.toml")).unwrap();
    config.limits.quotas
}

fn accounts(tables: &str) -> (Accounts, Arc<Wall>) {
    let wall = Arc::new(Wall(AtomicI64::new(1_795_359_600)));
    let (_, quotas) = watch::channel(quotas(tables));
    (Accounts::new(quotas, wall.clone()), wall)
}

fn who(region: &str, role: &str) -> Identity {
    let text = format!("spiffe://edu.example/region/{region}/{role}");
    text.parse().unwrap()
}

fn wait(refusal: &Refusal) -> Duration {
    assert_eq!(refusal.reason, Reason::LimitReached);
    match refusal.accepted {
        Accepted::Later(wait) => wait,
        _ => panic!("{refusal} does not say when"),
    }
}

const SMALL: &str = "[limits.identity]\nrequests_in_flight = 2\nrequests_per_second = 10\n\
                     requests_burst = 8\nstreams = 1\nmb_per_day = 1\n[limits.reporter]\nstreams = 3\n";

#[tokio::test(start_paused = true)]
async fn requests_and_streams_of_an_identity_are_counted_over_all_its_connections() {
    let (accounts, _) = accounts(SMALL);
    let (here, there) = (who("371524", "admin"), who("371525", "admin"));
    let one = accounts.of(&here);
    let held = one.admit(Kind::Request).unwrap();
    let second = accounts.of(&here).admit(Kind::Request).unwrap();
    let refused = accounts.of(&here).admit(Kind::Request).unwrap_err();
    assert_eq!(refused.field, "requests_in_flight");
    assert_eq!(refused.value, "2");
    assert!(wait(&refused) <= Duration::from_secs(1));
    // Streams are apart, and so are others.
    let stream = one.admit(Kind::Stream).unwrap();
    assert_eq!(one.admit(Kind::Stream).unwrap_err().field, "streams");
    assert!(accounts.of(&there).admit(Kind::Request).is_ok());
    drop(held);
    assert!(one.admit(Kind::Request).is_ok());
    drop((second, stream));
    assert!(one.admit(Kind::Stream).is_ok());
    // The role's table replaces what it names, and nothing else.
    let reporter = accounts.of(&who("371524", "reporter"));
    let streams: Vec<_> = (0..5).map(|_| reporter.admit(Kind::Stream)).collect();
    assert_eq!(streams.iter().filter(|it| it.is_ok()).count(), 3);
    let requests: Vec<_> = (0..5).map(|_| reporter.admit(Kind::Request)).collect();
    assert_eq!(requests.iter().filter(|it| it.is_ok()).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_an_identity_may_have_changes_while_it_is_connected() {
    let wall = Arc::new(Wall(AtomicI64::new(1_795_359_600)));
    let (change, now) = watch::channel(quotas(SMALL));
    let accounts = Accounts::new(now, wall);
    let here = accounts.of(&who("371524", "admin"));
    let open = here.admit(Kind::Stream).unwrap();
    assert_eq!(here.admit(Kind::Stream).unwrap_err().value, "1");
    change.send_replace(quotas("[limits.identity]\nstreams = 2\n"));
    let second = here.admit(Kind::Stream).unwrap();
    assert_eq!(here.admit(Kind::Stream).unwrap_err().value, "2");
    // Whoever has more open than is left keeps it.
    change.send_replace(quotas("[limits.admin]\nstreams = 1\n"));
    drop(open);
    assert_eq!(here.admit(Kind::Stream).unwrap_err().value, "1");
    drop(second);
    assert!(here.admit(Kind::Stream).is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_comes_too_often_is_told_when_to_come_and_is_taken_then() {
    let (accounts, _) = accounts(SMALL);
    let here = accounts.of(&who("371524", "admin"));
    let taken = (0..20).filter(|_| here.admit(Kind::Request).is_ok());
    assert_eq!(taken.count(), 8);
    let refused = here.admit(Kind::Request).unwrap_err();
    assert_eq!(refused.field, "requests_per_second");
    assert_eq!(refused.value, "10");
    tokio::time::advance(wait(&refused)).await;
    assert!(here.admit(Kind::Request).is_ok());
    assert!(here.admit(Kind::Request).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_days_bytes_are_over_until_midnight_in_china() {
    let (accounts, wall) = accounts(SMALL);
    let name = who("371524", "admin");
    let here = accounts.of(&name);
    assert!(here.count(1 << 20).is_ok());
    let refused = here.count(1).unwrap_err();
    assert_eq!(
        (refused.field.as_str(), refused.value.as_str()),
        ("mb_per_day", "1")
    );
    assert_eq!(wait(&refused), Duration::from_secs(3_600));
    assert!(here.admit(Kind::Request).is_err());
    // Hanging up does not help.
    drop(here);
    let here = accounts.of(&name);
    assert!(here.admit(Kind::Request).is_err());
    wall.0.fetch_add(3_600, Ordering::Relaxed);
    assert!(here.admit(Kind::Request).is_ok());
    assert!(here.count(1 << 20).is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_speaks_in_plain_text_is_not_hindered_unless_it_is_said() {
    let (open, _) = accounts(SMALL);
    let all = open.anonymous();
    let held: Vec<_> = (0..100_000).map(|_| all.admit(Kind::Stream)).collect();
    assert!(held.iter().all(Result::is_ok));
    assert!(all.count(usize::MAX).is_ok());
    let (bounded, _) = accounts("[limits.anonymous]\nstreams = 1\n");
    let held = bounded.anonymous().admit(Kind::Stream);
    assert!(held.is_ok() && bounded.anonymous().admit(Kind::Stream).is_err());
}

#[tokio::test(start_paused = true)]
async fn those_who_are_gone_are_forgotten_and_their_day_is_not() {
    let (accounts, wall) = accounts(SMALL);
    let busy = who("999999", "admin");
    accounts.of(&busy).count(1 << 20).unwrap();
    let kept = |accounts: &Accounts| {
        let known = accounts
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.accounts.len()
    };
    for number in 0..SWEPT_AFTER * 4 {
        accounts.of(&who(&format!("A{number}"), "viewer"));
    }
    assert!(kept(&accounts) <= SWEPT_AFTER, "{}", kept(&accounts));
    assert!(accounts.of(&busy).admit(Kind::Request).is_err());
    // However many have been there on one day, there is an end to it.
    for number in 0..MOST_REMEMBERED + 10 {
        let one = accounts.of(&who(&format!("B{number}"), "viewer"));
        one.count(1).unwrap();
    }
    assert!(kept(&accounts) <= MOST_REMEMBERED, "{}", kept(&accounts));
    wall.0.fetch_add(3_600, Ordering::Relaxed);
}

#[test]
fn no_identity_may_send_more_than_anybody_may() {
    let all = quotas("[limits]\nmessage_mb = 2\n[limits.viewer]\nmessage_mb = 1\n");
    let largest = |role| all.of(role).message_bytes;
    use liandong_core::identity::Role;
    assert_eq!(largest(Some(Role::Reporter)), 2 << 20);
    assert_eq!(largest(Some(Role::Viewer)), 1 << 20);
    assert_eq!(largest(None), 2 << 20);
    let text = "region = '371524'\ndata = 'd'\nlisten = '127.0.0.1:0'\n\
                [limits.viewer]\nmessage_mb = 17\nstreams = 0\n";
    let refused = Config::read(text, std::path::Path::new("/node.toml")).unwrap_err();
    let said = refused.to_string();
    assert!(said.contains("limits.viewer.message_mb"), "{said}");
    assert!(said.contains("limits.viewer.streams"), "{said}");
}
