//! What is kept of what comes, and of whom.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use liandong_core::proof::{Figure, JournalPlace, Part, ProvenReport, SignedStatement, Statement};
use liandong_core::refusal::{Reason, Refusal};
use liandong_core::report::Role;
use liandong_identity::{
    Attestation, Authority, Certificate, Domain, Grant, Key, Purpose, Request, Revocation, Trust,
};
use liandong_proof::{digest, statement_line};

use super::super::wanted::Wanted;
use super::{Kept, LARGEST, weight};
use crate::identity::TrustedNow;

const CITY: &str = "371500";
const COUNTY: &str = "371524";
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn start() -> Timestamp {
    "2026-09-01T08:00:00Z".parse().expect("a time")
}

fn statement(region: &str) -> Statement {
    let place = JournalPlace {
        frame: 7,
        hash: [9; 32],
    };
    let own = ProvenReport {
        numerator: 3,
        denominator: 0,
        revision: 1,
        role: Role::Bureau,
        on_time: true,
        received_micros: 1,
        place,
    };
    Statement {
        figure: Figure {
            region: region.parse().expect("a region"),
            indicator: "schools".parse().expect("an indicator"),
            period: "2025-03".parse().expect("a period"),
        },
        sums: own.sums(),
        place,
        own: Some(own),
        parts: Vec::new(),
    }
}

/// An authority, and somebody with a certificate for 90 days.
struct Signer {
    authority: Authority,
    key: Key,
    certificate: Certificate,
}

impl Signer {
    fn new(region: &str, role: &str) -> Self {
        let name = "edu.example".parse().expect("a domain");
        let authority = Authority::create(name, [0xff; 16], start(), start() + 3650 * DAY);
        let authority = authority.expect("a root");
        let key = Key::generate().expect("a key");
        let request = Request::of(&key).expect("a request");
        let identity = format!("spiffe://edu.example/region/{region}/{role}");
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

    fn trusted(&self, now: Timestamp, revoked_at: Option<Timestamp>) -> TrustedNow {
        let serial = self.certificate.serial().clone();
        let list = revoked_at.map(|at| {
            let revocations = [Revocation { serial, at }];
            let list = self.authority.revoked(&revocations, 1, at);
            list.expect("a list")
        });
        let name = self.authority.domain().clone();
        let domain = Domain::new(name, &self.authority.root_pem(), list.as_deref());
        let trust = Trust::new(vec![domain.expect("a domain")]).expect("trust");
        let trust = Arc::new(trust);
        TrustedNow { trust, now }
    }

    fn sign(&self, statement: &Statement) -> SignedStatement {
        let content = statement_line(statement).expect("a line");
        let digest = digest(&content);
        let given = Attestation::give(&self.key, Purpose::Figure, &digest, start() + DAY);
        let given = given.expect("signed");
        SignedStatement {
            content,
            certificates: vec![self.certificate.der().to_vec()],
            at_micros: given.at.as_microsecond(),
            signature: given.signature.0,
        }
    }
}

/// The statement of the county, as the one of the city above wants it.
fn county() -> Wanted {
    let mut city = statement(CITY);
    city.own = None;
    city.parts = vec![Part {
        region: COUNTY.parse().expect("a region"),
        sums: city.sums,
        report: None,
    }];
    let signer = format!("spiffe://edu.example/region/{CITY}/node");
    let signer = signer.parse().expect("an identity");
    let first = Wanted::first(city.figure.region);
    let below = first.below(&city, &signer, &mut BTreeSet::new());
    below.expect("it is named").remove(0)
}

#[track_caller]
fn is_refused(taken: Result<(), Refusal>, kept: &Kept) {
    assert_eq!(taken.expect_err("refused").reason, Reason::Corrupt);
    assert_eq!((kept.heard.len(), kept.bytes), (0, 0));
}

#[test]
fn a_statement_is_kept_of_whoever_may_speak_for_the_region() {
    for (region, role, may) in [
        (COUNTY, "node", true),
        (CITY, "node", true),
        ("370000", "node", false),
        ("371525", "node", false),
        (COUNTY, "admin", false),
    ] {
        let signer = Signer::new(region, role);
        let trust = signer.trusted(start() + DAY, None);
        let mut kept = Kept::new(statement(CITY).figure);
        let signed = signer.sign(&statement(COUNTY));
        let taken = kept.take(&county(), signed, &trust, |_| true);
        if may {
            taken.expect("it may");
            assert_eq!(kept.heard.len(), 1);
        } else {
            is_refused(taken, &kept);
        }
    }
    // Of the first, a node above the region may.
    let signer = Signer::new(CITY, "node");
    let trust = signer.trusted(start() + DAY, None);
    let wanted = Wanted::first(county().region);
    for is_above in [true, false] {
        let mut kept = Kept::new(statement(COUNTY).figure);
        let signed = signer.sign(&statement(COUNTY));
        let taken = kept.take(&wanted, signed, &trust, |_| is_above);
        assert_eq!(taken.is_ok(), is_above);
    }
}

#[test]
fn a_statement_is_kept_while_its_certificate_is_trusted() {
    let signer = Signer::new(COUNTY, "node");
    let taken = |trust| {
        let mut kept = Kept::new(statement(CITY).figure);
        let signed = signer.sign(&statement(COUNTY));
        (kept.take(&county(), signed, &trust, |_| true), kept)
    };
    let (kept, _) = taken(signer.trusted(start() + 2 * DAY, None));
    kept.expect("trusted");
    // A thief says a moment from before.
    let (refused, kept) = taken(signer.trusted(start() + 3 * DAY, Some(start() + 2 * DAY)));
    is_refused(refused, &kept);
    let (refused, kept) = taken(signer.trusted(start() + 91 * DAY, None));
    is_refused(refused, &kept);
}

#[test]
fn all_that_a_statement_brings_takes_room() {
    let signer = Signer::new(COUNTY, "node");
    let trust = signer.trusted(start() + DAY, None);
    let mut signed = signer.sign(&statement(COUNTY));
    let (content, leaf) = (signed.content.len(), signed.certificates[0].len());
    signed.certificates.push(vec![1; 16 << 10]);
    let bytes = content + leaf + (16 << 10) + signed.signature.len();
    assert_eq!(weight(&signed), bytes);
    let mut kept = Kept::new(statement(CITY).figure);
    for _ in 0..2 {
        // The second takes the place of the first.
        let taken = kept.take(&county(), signed.clone(), &trust, |_| true);
        taken.expect("there is room");
        assert_eq!(kept.bytes, bytes);
    }
    kept.remove(county().region);
    assert_eq!(kept.bytes, 0);

    kept.bytes = LARGEST - bytes + 1;
    let full = kept.take(&county(), signed.clone(), &trust, |_| true);
    assert_eq!(full.expect_err("no room").reason, Reason::TooManyRows);
    assert_eq!(kept.heard.len(), 0);
    kept.bytes = LARGEST - bytes;
    let fits = kept.take(&county(), signed.clone(), &trust, |_| true);
    fits.expect("there is just room");

    let mut kept = Kept::new(statement(CITY).figure);
    signed.certificates.push(vec![1; 16 << 10]);
    is_refused(kept.take(&county(), signed, &trust, |_| true), &kept);
}
