//! What an authority issues, and what it does not.

#![expect(clippy::expect_used, reason = "tests")]

use jiff::{SignedDuration, Timestamp};
use liandong_identity::{
    Authority, AuthorityError, Certificate, Chain, Grant, Key, Request, has_signed,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn now() -> Timestamp {
    "2026-09-01T08:00:00Z".parse().expect("a time")
}

fn root() -> Authority {
    let domain = "edu.example".parse().expect("a domain");
    Authority::create(domain, [0xff; 16], now(), now() + 3650 * DAY).expect("a root")
}

fn grant(identity: &str) -> Grant {
    Grant {
        identity: identity.parse().expect("an identity"),
        names: vec![
            "10.1.2.3".to_owned(),
            "dong-e.example".to_owned(),
            "::1".to_owned(),
        ],
        serial: [9; 16],
        from: now(),
        until: now() + 90 * DAY,
    }
}

#[test]
fn a_certificate_says_whose_it_is_for_how_long_and_under_which_number() {
    let authority = root();
    let key = Key::generate().expect("a key");
    let request = Request::of(&key).expect("a request");
    let grant = grant("spiffe://edu.example/region/371524/node");
    let made = authority.issue(&request, &grant).expect("a certificate");
    assert_eq!(made.identity(), Some(&grant.identity));
    assert_eq!(made.names(), ["10.1.2.3", "dong-e.example", "::1"]);
    assert_eq!(made.not_after(), grant.until);
    assert!(made.not_before() < now());
    assert!(!made.is_authority());
    assert_eq!(
        made.serial().to_string(),
        "49".to_owned() + &"09".repeat(15)
    );
    assert_eq!(made.serial().to_string().parse(), Ok(made.serial().clone()));
    let chain = Chain {
        leaf: made.clone(),
        above: vec![authority.certificate().clone()],
    };
    assert_eq!(Chain::from_pem(&chain.to_pem()), Ok(chain));
    let root = authority.certificate();
    assert!(root.is_authority() && root.identity().is_none());
    assert_eq!(root.root_of(), Some(authority.domain()));
    assert_ne!(root.fingerprint(), made.fingerprint());

    let signature = key.sign(b"a figure").expect("signed");
    assert!(has_signed(&made, b"a figure", &signature));
    assert!(!has_signed(&made, b"another figure", &signature));
    assert!(!has_signed(root, b"a figure", &signature));
}

#[test]
fn an_authority_is_opened_with_its_own_key_only() {
    let authority = root();
    let pem = authority.root_pem();
    let key = || Key::from_pem(&authority.key().to_pem()).expect("the key");
    assert!(Authority::open(&pem, key()).is_ok());
    let other = Key::generate().expect("a key");
    let opened = Authority::open(&pem, other).map(|_| ());
    assert_eq!(opened, Err(AuthorityError::AnotherKey));
    let request = Request::of(&key()).expect("a request");
    let leaf = authority.issue(&request, &grant("spiffe://edu.example/region/371524/node"));
    let leaf = Chain {
        leaf: leaf.expect("a certificate"),
        above: Vec::new(),
    };
    let opened = Authority::open(&leaf.to_pem(), key()).map(|_| ());
    assert_eq!(opened, Err(AuthorityError::NotARoot));
}

#[test]
fn what_an_authority_may_not_issue_is_refused() {
    let authority = root();
    let key = Key::generate().expect("a key");
    let request = Request::of(&key).expect("a request");
    let foreign = grant("spiffe://other.example/region/371524/node");
    let refused = authority.issue(&request, &foreign);
    assert!(matches!(refused, Err(AuthorityError::ForeignDomain { .. })));
    let mut long = grant("spiffe://edu.example/region/371524/node");
    long.until = now() + 3651 * DAY;
    let refused = authority.issue(&request, &long);
    assert!(matches!(refused, Err(AuthorityError::Times { .. })));
    let mut named = grant("spiffe://edu.example/region/371524/node");
    named.names = vec!["东阿".to_owned()];
    let refused = authority.issue(&request, &named);
    assert!(
        matches!(refused, Err(AuthorityError::Name { .. })),
        "{refused:?}"
    );
    let good = grant("spiffe://edu.example/region/371524/node");
    let text = request.as_str();
    let cut = Request::from_text(text[..text.len() / 2].to_owned());
    let refused = authority.issue(&cut, &good);
    assert!(matches!(refused, Err(AuthorityError::Request(_))));
    // Somebody else's key under a request's signature.
    let other = Request::of(&Key::generate().expect("a key")).expect("a request");
    let (mine, theirs): (Vec<&str>, Vec<&str>) =
        (text.lines().collect(), other.as_str().lines().collect());
    let mut mixed = theirs;
    mixed[1] = mine[1];
    let mixed = Request::from_text(mixed.join("\n"));
    assert!(authority.issue(&mixed, &good).is_err());
}

#[test]
fn bytes_that_are_no_certificate_are_refused_and_never_panic() {
    let authority = root();
    let der = authority.certificate().der();
    for place in 0..der.len() {
        let mut bad = der.to_vec();
        bad[place] ^= 0x55;
        // Reading checks no signature, so some of these are certificates all the same.
        let _ = Certificate::from_der(&bad);
        assert!(
            Certificate::from_der(&der[..place]).is_err(),
            "cut at {place}"
        );
    }
}
