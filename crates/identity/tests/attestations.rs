//! What was attested is believed for what it was given, by whom, and while they were to be believed.

#![expect(clippy::expect_used, reason = "tests")]

use jiff::{SignedDuration, Timestamp};
use liandong_identity::{
    Attestation, Authority, Certificate, Chain, Domain, Grant, Key, NotAttested, Purpose, Refused,
    Request, Revocation, Trust,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const DIGEST: [u8; 32] = [7; 32];

fn start() -> Timestamp {
    "2026-09-01T08:00:00Z".parse().expect("a time")
}

/// An authority, and a county's node with its key, trusted for 90 days.
struct Fixture {
    authority: Authority,
    key: Key,
    certificate: Certificate,
}

impl Fixture {
    fn new(domain: &str) -> Self {
        let name = domain.parse().expect("a domain");
        let authority = Authority::create(name, [0xff; 16], start(), start() + 3650 * DAY);
        let authority = authority.expect("a root");
        let key = Key::generate().expect("a key");
        let request = Request::of(&key).expect("a request");
        let identity = format!("spiffe://{domain}/region/371524/node");
        let grant = Grant {
            identity: identity.parse().expect("an identity"),
            names: Vec::new(),
            serial: [9; 16],
            from: start(),
            until: start() + 90 * DAY,
        };
        let certificate = authority.issue(&request, &grant).expect("a certificate");
        Self {
            authority,
            key,
            certificate,
        }
    }

    fn trust(&self, revoked_at: Option<Timestamp>) -> Trust {
        let serial = self.certificate.serial().clone();
        let list = revoked_at.map(|at| {
            let revocations = [Revocation { serial, at }];
            let list = self.authority.revoked(&revocations, 1, at);
            list.expect("a list")
        });
        let name = self.authority.domain().clone();
        let root = Chain {
            leaf: self.authority.certificate().clone(),
            above: Vec::new(),
        };
        let domain = Domain::new(name, &root.to_pem(), list.as_deref()).expect("a domain");
        Trust::new(vec![domain]).expect("trust")
    }

    fn attest(&self, at: Timestamp) -> Attestation {
        Attestation::give(&self.key, Purpose::Figure, &DIGEST, at).expect("an attestation")
    }

    fn check(&self, trust: &Trust, attestation: &Attestation) -> Result<String, NotAttested> {
        let who = trust.attested(
            &self.certificate,
            &[],
            Purpose::Figure,
            &DIGEST,
            attestation,
        )?;
        Ok(who.to_string())
    }
}

#[test]
fn what_was_attested_is_believed_and_nothing_else() {
    let county = Fixture::new("edu.example");
    let trust = county.trust(None);
    let given = county.attest(start() + DAY);
    let who = county.check(&trust, &given).expect("to be believed");
    assert_eq!(who, "spiffe://edu.example/region/371524/node");

    let asked = |purpose, digest: &[u8; 32], given: &Attestation| {
        trust.attested(&county.certificate, &[], purpose, digest, given)
    };
    let is_other = |result| matches!(result, Err(NotAttested::OtherContent { .. }));
    assert!(is_other(asked(Purpose::Documents, &DIGEST, &given)));
    assert!(is_other(asked(Purpose::LinkFile, &DIGEST, &given)));
    for place in 0..DIGEST.len() {
        let mut digest = DIGEST;
        digest[place] ^= 1;
        assert!(is_other(asked(Purpose::Figure, &digest, &given)), "{place}");
    }
    let mut later = given.clone();
    later.at += SignedDuration::from_micros(1);
    assert!(is_other(asked(Purpose::Figure, &DIGEST, &later)));
    for place in 0..given.signature.0.len() {
        let mut flipped = given.clone();
        flipped.signature.0[place] ^= 1;
        assert!(
            is_other(asked(Purpose::Figure, &DIGEST, &flipped)),
            "{place}"
        );
    }
}

#[test]
fn a_certificate_attests_while_it_is_valid_and_that_stays_good() {
    let county = Fixture::new("edu.example");
    let trust = county.trust(None);
    let believed = |at| county.check(&trust, &county.attest(at));
    assert!(believed(start() + 89 * DAY).is_ok());
    let refused = |at| match believed(at) {
        Err(NotAttested::Refused(refused)) => refused,
        other => panic!("{other:?}"),
    };
    assert!(matches!(
        refused(start() + 91 * DAY),
        Refused::Expired { .. }
    ));
    assert!(matches!(refused(start() - DAY), Refused::NotYet { .. }));
}

#[test]
fn what_was_attested_before_the_certificate_was_revoked_stays_good() {
    let county = Fixture::new("edu.example");
    let revoked = start() + 10 * DAY;
    let trust = county.trust(Some(revoked));
    let believed = |at| county.check(&trust, &county.attest(at));
    assert!(believed(start() + 9 * DAY).is_ok());
    for at in [revoked, start() + 11 * DAY] {
        let found = believed(at);
        assert!(
            matches!(found, Err(NotAttested::RevokedBefore { .. })),
            "{found:?}"
        );
    }
}

#[test]
fn nobody_attests_for_a_domain_that_is_not_trusted() {
    let (county, other) = (Fixture::new("edu.example"), Fixture::new("edu.other"));
    let given = other.attest(start() + DAY);
    let found = other.check(&county.trust(None), &given);
    assert!(matches!(
        found,
        Err(NotAttested::Refused(Refused::ForeignDomain { .. }))
    ));
    // The same name under a root of somebody's own.
    let pretender = Fixture::new("edu.example");
    let given = pretender.attest(start() + DAY);
    let found = pretender.check(&county.trust(None), &given);
    assert!(matches!(
        found,
        Err(NotAttested::Refused(Refused::UnknownIssuer { .. }))
    ));
}

#[test]
fn a_chain_that_was_looked_at_is_believed_no_longer_than_it_should_be() {
    let county = Fixture::new("edu.example");
    let trust = county.trust(None);
    let within = county.attest(start() + DAY);
    for _ in 0..3 {
        assert!(county.check(&trust, &within).is_ok());
    }
    // Known or not: not after its end, and nothing that it did not sign.
    for at in [start() + 91 * DAY, start() - DAY] {
        let refused = county.check(&trust, &county.attest(at)).expect_err("over");
        assert!(matches!(refused, NotAttested::Refused(_)), "{refused}");
    }
    let mut other = within.clone();
    other.at = start() + 2 * DAY;
    let refused = county.check(&trust, &other).expect_err("another moment");
    assert!(matches!(refused, NotAttested::OtherContent { .. }));
    // A newer list, and other roots, come with a trust of their own.
    let taken_back = county.trust(Some(start() + DAY));
    let refused = county.check(&taken_back, &within).expect_err("revoked");
    assert!(matches!(refused, NotAttested::RevokedBefore { .. }));
    let elsewhere = Fixture::new("edu.example").trust(None);
    assert!(county.check(&elsewhere, &within).is_err());
}

#[test]
#[ignore = "measures: cargo test -p liandong-identity --release --test attestations -- --ignored --nocapture"]
fn what_a_signature_costs_to_check() {
    const TIMES: u32 = 2_000;
    let county = Fixture::new("edu.example");
    let attested = county.attest(start() + DAY);
    let cold: Vec<Trust> = (0..TIMES).map(|_| county.trust(None)).collect();
    let began = std::time::Instant::now();
    for trust in &cold {
        assert!(county.check(trust, &attested).is_ok());
    }
    let first = began.elapsed() / TIMES;
    let warm = county.trust(None);
    let began = std::time::Instant::now();
    for _ in 0..TIMES {
        assert!(county.check(&warm, &attested).is_ok());
    }
    let again = began.elapsed() / TIMES;
    println!("a chain seen for the first time {first:?}, a known one {again:?}");
}
