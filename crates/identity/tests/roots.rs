//! Roots that somebody got by hand: a file, a folder, an identity's folder.

#![expect(clippy::expect_used, reason = "tests")]

use std::fs;

use jiff::{SignedDuration, Timestamp};
use liandong_identity::{
    Authority, FolderError, Grant, Key, Request, Revocation, Trust, read_roots,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn now() -> Timestamp {
    "2026-09-01T08:00:00Z".parse().expect("a time")
}

fn authority(domain: &str) -> Authority {
    let domain = domain.parse().expect("a domain");
    Authority::create(domain, [3; 16], now(), now() + 3650 * DAY).expect("a root")
}

fn list(authority: &Authority, number: u64) -> Vec<u8> {
    let serial = "0102".parse().expect("a serial");
    let revocation = Revocation { serial, at: now() };
    let list = authority.revoked(&[revocation], number, now());
    list.expect("a list")
}

fn domains(trust: &Trust) -> Vec<(&str, bool)> {
    let domains = trust.domains().iter();
    domains
        .map(|domain| (domain.name().as_str(), domain.has_list()))
        .collect()
}

#[test]
fn a_file_may_hold_the_roots_of_several_domains() {
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("roots.pem");
    let (one, other) = (authority("one.example"), authority("other.example"));
    fs::write(&file, one.root_pem() + &other.root_pem()).expect("written");
    let trust = read_roots(&file).expect("roots");
    let expected = [("one.example", false), ("other.example", false)];
    assert_eq!(domains(&trust), expected);
}

#[test]
fn a_folder_may_hold_lists_and_each_is_of_whoever_signed_it() {
    let place = tempfile::tempdir().expect("a folder");
    let at = |name: &str| place.path().join(name);
    assert!(domains(&read_roots(place.path()).expect("nobody")).is_empty());
    let (one, other) = (authority("one.example"), authority("other.example"));
    fs::write(at("a.pem"), one.root_pem()).expect("written");
    fs::write(at("b.pem"), other.root_pem()).expect("written");
    fs::write(at("list.crl"), list(&other, 1)).expect("written");
    fs::write(at("notes.txt"), "no root").expect("written");
    let trust = read_roots(place.path()).expect("roots");
    let expected = [("one.example", false), ("other.example", true)];
    assert_eq!(domains(&trust), expected);
    // A second list of one domain, and one of nobody here.
    for stray in [list(&other, 2), list(&authority("third.example"), 1)] {
        fs::write(at("stray.crl"), stray).expect("written");
        let refused = read_roots(place.path()).expect_err("astray");
        assert!(
            matches!(refused, FolderError::StrayList { .. }),
            "{refused}"
        );
    }
}

#[test]
fn what_is_no_root_is_refused_by_its_file() {
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("roots.pem");
    assert!(matches!(read_roots(&file), Err(FolderError::File(_))));
    fs::write(&file, "no certificate").expect("written");
    let refused = read_roots(&file).expect_err("no certificate");
    assert!(
        matches!(refused, FolderError::Certificate { .. }),
        "{refused}"
    );
    let authority = authority("one.example");
    let request = Request::of(&Key::generate().expect("a key")).expect("a request");
    let identity = "spiffe://one.example/region/371524/node";
    let grant = Grant {
        identity: identity.parse().expect("an identity"),
        names: Vec::new(),
        serial: [1; 16],
        from: now(),
        until: now() + DAY,
    };
    let leaf = authority.issue(&request, &grant).expect("a certificate");
    let chain = liandong_identity::Chain {
        leaf,
        above: Vec::new(),
    };
    fs::write(&file, chain.to_pem()).expect("written");
    let refused = read_roots(&file).expect_err("a node's");
    assert!(matches!(refused, FolderError::NotARoot { .. }), "{refused}");
}
