//! A root that another takes the place of: nobody is cut off in between, and what is taken back is
//! believed by whoever knows one of the two.

#![expect(clippy::expect_used, reason = "tests")]

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use liandong_identity::{
    Attestation, Certificate, Chain, Folder, Introduction, Key, Office, OfficeError, Package,
    Purpose, Refused, Request, Trust, Usage, Wanted, Which,
};
use rustls::pki_types::{CertificateDer, UnixTime};
use tempfile::TempDir;

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn now() -> Timestamp {
    "2026-09-01T08:00:00Z".parse().expect("a time")
}

fn unix(at: Timestamp) -> UnixTime {
    let seconds = u64::try_from(at.as_second()).expect("after 1970");
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

fn home(place: &TempDir) -> Folder {
    Folder::at(place.path().join("authority"))
}

fn founded(place: &TempDir) -> Office {
    let domain = "edu.example".parse().expect("a domain");
    Office::found(&home(place), domain, 10, now()).expect("founded")
}

fn asked() -> (Key, Request) {
    let key = Key::generate().expect("a key");
    let request = Request::of(&key).expect("a request");
    (key, request)
}

fn issue(office: &Office, region: &str, at: Timestamp) -> (Key, Package) {
    let identity = format!("spiffe://edu.example/region/{region}/node");
    let wanted = Wanted {
        identity: identity.parse().expect("an identity"),
        names: Vec::new(),
    };
    let (key, request) = asked();
    let package = office.issue(&request, wanted, 90, at).expect("issued");
    (key, package)
}

/// A node with its certificate in a folder of its own.
fn settled(office: &Office, place: &TempDir, region: &str, at: Timestamp) -> Folder {
    let folder = Folder::at(place.path().join(region));
    let (key, package) = issue(office, region, at);
    let introduction = Introduction::Fingerprint(office.root().fingerprint());
    let installed = package.install(&folder, key, None, introduction, at);
    installed.expect("installed");
    folder
}

fn chain(folder: &Folder) -> Chain {
    folder.own().expect("read").expect("a certificate").chain
}

/// Whether the one lets the other in, and the other way round.
fn meet(one: &Folder, other: &Folder, at: Timestamp) -> Result<(), Refused> {
    for (by, shown) in [(one, other), (other, one)] {
        let chain = chain(shown);
        let above = &chain.ders()[1..];
        let trust = by.trust().expect("somebody");
        for usage in [Usage::Client, Usage::Server] {
            trust.check(&chain.leaf.der(), above, usage, unix(at))?;
        }
    }
    Ok(())
}

fn renew(office: &Office, folder: &Folder, at: Timestamp) -> Certificate {
    let (key, request) = asked();
    let shown = chain(folder).leaf;
    let package = office.renew(&shown, &request, at).expect("renewed");
    let installed = package.install(folder, key, None, Introduction::Folder, at);
    installed.expect("installed")
}

fn roots(folder: &Folder) -> usize {
    let trust = folder.trust().expect("somebody");
    trust.domains().iter().map(|one| one.roots().len()).sum()
}

#[test]
fn nobody_is_cut_off_while_a_root_takes_the_place_of_another() {
    let place = tempfile::tempdir().expect("a folder");
    let office = founded(&place);
    let old = office.root().clone();
    let first = settled(&office, &place, "371524", now());
    let second = settled(&office, &place, "371525", now());
    let day = |days: i32| now() + DAY * days;
    let office = office.replace_root(10, day(1)).expect("another root");
    assert_ne!(*office.root(), old);
    meet(&first, &second, day(1)).expect("as before");
    // The one has its certificate renewed, the other has not heard of anything yet.
    renew(&office, &first, day(61));
    assert_eq!((roots(&first), roots(&second)), (2, 1));
    meet(&first, &second, day(61)).expect("by what the old root says");
    // Whoever looks again later, or has read its folder anew since, has that still.
    let shown = chain(&first);
    let look = |trust: &Trust, above: &[CertificateDer<'_>]| {
        let looked = trust.check(&shown.leaf.der(), above, Usage::Client, unix(day(61)));
        looked.map(drop)
    };
    let trust = second.trust().expect("somebody");
    assert!(matches!(
        look(&trust, &[]),
        Err(Refused::UnknownIssuer { .. })
    ));
    look(&trust, &shown.ders()[1..]).expect("by what the old root says");
    look(&trust, &[]).expect("known by now");
    let again = second.trust().expect("somebody").following(&trust);
    look(&again, &[]).expect("known since before");
    // One that comes now knows the new root by the invitation, and the old one with it.
    let third = settled(&office, &place, "371526", day(62));
    for known in [&first, &second] {
        meet(known, &third, day(62)).expect("by either root");
    }
    renew(&office, &second, day(62));
    // The office is as it was when it is opened again.
    let office = Office::at(&home(&place)).expect("read").expect("an office");
    // After the end of the old root all go on by the new one.
    let late = old.not_after() - 40 * DAY;
    for folder in [&first, &second] {
        renew(&office, folder, late);
    }
    meet(&first, &second, old.not_after() + DAY).expect("by the new root");
}

#[test]
fn what_is_taken_back_is_told_to_whoever_knows_one_of_the_roots() {
    let place = tempfile::tempdir().expect("a folder");
    let office = founded(&place);
    let first = settled(&office, &place, "371524", now());
    let later = now() + DAY;
    let office = office.replace_root(10, later).expect("another root");
    let by_new = settled(&office, &place, "371526", later);
    let by_old = settled(&founded_again(&place), &place, "371525", later);
    let domain = office.domain().clone();
    for folder in [&first, &by_new] {
        let taken = chain(folder).leaf.serial().clone();
        office
            .revoke(&Which::Serial(taken), later)
            .expect("taken back");
    }
    let list = home(&place).list(&domain).expect("read").expect("a list");
    assert!(
        first
            .keep_list(&domain, &list)
            .expect("signed by a known root")
    );
    assert!(
        by_new
            .keep_list(&domain, &list)
            .expect("signed by a known root")
    );
    drop(by_old);
    for (by, shown) in [(&first, &by_new), (&by_new, &first)] {
        let chain = chain(shown);
        let trust = by.trust().expect("somebody");
        let refused = trust.check(
            &chain.leaf.der(),
            &chain.ders()[1..],
            Usage::Client,
            unix(later),
        );
        assert!(
            matches!(refused, Err(Refused::Revoked { .. })),
            "{refused:?}"
        );
    }
}

fn founded_again(place: &TempDir) -> Office {
    Office::at(&home(place)).expect("read").expect("an office")
}

#[test]
fn a_root_that_no_known_one_speaks_for_is_not_taken_up() {
    let place = tempfile::tempdir().expect("a folder");
    let office = founded(&place);
    let folder = settled(&office, &place, "371524", now());
    let elsewhere = tempfile::tempdir().expect("a folder");
    let stranger = founded(&elsewhere);
    let (key, mut package) = issue(&stranger, "371524", now());
    package.roots.insert_str(0, &office.root_pem());
    package.chain.above = vec![stranger.root().clone()];
    let refused = package.install(&folder, key, None, Introduction::Folder, now());
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(roots(&folder), 1);
}

#[test]
fn a_root_is_replaced_once_while_the_one_before_is_valid() {
    let place = tempfile::tempdir().expect("a folder");
    let office = founded(&place).replace_root(20, now()).expect("another");
    let ends = office
        .former_root(now())
        .expect("the one before")
        .not_after();
    let again = office.replace_root(20, now());
    assert!(matches!(again, Err(OfficeError::Replacing { until }) if until == ends));
    let office = founded_again(&place);
    let late = ends + DAY;
    assert!(office.former_root(late).is_none());
    // The list is signed by the root that is left.
    assert!(office.publish(late).expect("signed anew"));
    assert!(!office.publish(late).expect("nothing new"));
    office.replace_root(10, late).expect("in turn");
}

#[test]
fn signatures_of_before_hold_after() {
    let place = tempfile::tempdir().expect("a folder");
    let office = founded(&place);
    let folder = settled(&office, &place, "371524", now());
    let own = folder.own().expect("read").expect("a certificate");
    let digest = [7; 32];
    let said = Attestation::give(&own.key, Purpose::Documents, &digest, now()).expect("signed");
    let office = office.replace_root(10, now() + DAY).expect("another");
    renew(&office, &folder, now() + DAY * 61);
    let trust = folder.trust().expect("somebody");
    let before = own.chain.leaf;
    let identity = trust.attested(&before, &[], Purpose::Documents, &digest, &said);
    assert_eq!(Some(&identity.expect("it holds")), before.identity());
}
