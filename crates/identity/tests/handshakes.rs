//! Two sides shake hands in memory: who gets in, who does not, and what the refusing side knows.

#![expect(clippy::expect_used, reason = "tests")]

use std::io::{Read, Write};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use liandong_identity::{
    Authority, Chain, Domain, Grant, Key, NoHandshake, NotMeant, Refused, Regions, Request,
    Revocation, Trust, client_config, invited_config, server_config,
};
use rustls::pki_types::{ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConnection, Connection, ServerConnection};

const DAY: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug)]
struct At(Timestamp);

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.as_second()).ok()?;
        let since = std::time::Duration::from_secs(seconds);
        Some(UnixTime::since_unix_epoch(since))
    }
}

fn now() -> Timestamp {
    "2026-09-01T08:00:00Z".parse().expect("a time")
}

fn root(domain: &str) -> Authority {
    let domain = domain.parse().expect("a domain");
    Authority::create(domain, [7; 16], now(), now() + 3650 * DAY).expect("a root")
}

struct Own {
    chain: Chain,
    key: Key,
}

fn grant(authority: &Authority, region: &str, role: &str, number: u8) -> Grant {
    let text = format!("spiffe://{}/region/{region}/{role}", authority.domain());
    Grant {
        identity: text.parse().expect("an identity"),
        names: vec!["127.0.0.1".to_owned(), "node.example".to_owned()],
        serial: [number; 16],
        from: now(),
        until: now() + 90 * DAY,
    }
}

fn issued(authority: &Authority, grant: &Grant) -> Own {
    let key = Key::generate().expect("a key");
    let request = Request::of(&key).expect("a request");
    let leaf = authority.issue(&request, grant).expect("a certificate");
    assert!(key.is_of(&leaf));
    let above = Vec::new();
    Own {
        chain: Chain { leaf, above },
        key,
    }
}

fn own(authority: &Authority, region: &str, role: &str, number: u8) -> Own {
    issued(authority, &grant(authority, region, role, number))
}

fn trusting(domains: &[(&Authority, Option<&[u8]>)]) -> Arc<Trust> {
    let domains = domains.iter().map(|(authority, list)| {
        Domain::new(authority.domain().clone(), &authority.root_pem(), *list).expect("a domain")
    });
    Arc::new(Trust::new(domains.collect()).expect("trust"))
}

/// Shakes hands and says a word in each direction; what the server and the client end with.
fn shake(
    server: (&Own, Arc<Trust>),
    client: (Option<&Own>, Arc<Trust>, &str),
    at: Timestamp,
) -> (Result<(), rustls::Error>, Result<(), rustls::Error>) {
    let clock = Arc::new(At(at));
    let (own, trust) = server;
    let config = server_config(&own.chain, &own.key, trust, clock.clone(), true);
    let listening = ServerConnection::new(Arc::new(config.expect("a configuration")));
    let (own, trust, meant) = client;
    let own = own.map(|own| (&own.chain, &own.key));
    let meant = meant.parse().expect("a region");
    let config = client_config(own, trust, clock, Some(meant)).expect("a configuration");
    meet(listening.expect("a connection"), config)
}

/// Has the two meet; what each ended with.
fn meet(
    listening: ServerConnection,
    config: rustls::ClientConfig,
) -> (Result<(), rustls::Error>, Result<(), rustls::Error>) {
    let name = ServerName::try_from("anything.example").expect("a name");
    let dialling = ClientConnection::new(Arc::new(config), name);
    let mut listening = Connection::Server(listening);
    let mut dialling = Connection::Client(dialling.expect("a connection"));
    let (mut heard, mut told) = (Ok(()), Ok(()));
    for _ in 0..10 {
        told = told.and(
            carry(&mut dialling, &mut listening)
                .err()
                .map_or(Ok(()), Err),
        );
        heard = heard.and(
            carry(&mut listening, &mut dialling)
                .err()
                .map_or(Ok(()), Err),
        );
    }
    if told.is_ok() && heard.is_ok() {
        assert_eq!(say(&mut dialling, &mut listening), b"word");
        assert_eq!(say(&mut listening, &mut dialling), b"word");
    }
    // What the one could not take of the other is the first one's verdict.
    (told, heard)
}

/// Carries what one side has to say to the other; the error is the hearing side's.
fn carry(from: &mut Connection, to: &mut Connection) -> Result<(), rustls::Error> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).expect("memory");
    }
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        if to.read_tls(&mut rest).expect("memory") == 0 {
            break;
        }
        to.process_new_packets()?;
    }
    Ok(())
}

fn say(from: &mut Connection, to: &mut Connection) -> Vec<u8> {
    from.writer().write_all(b"word").expect("memory");
    carry(from, to).expect("carried");
    let mut heard = vec![0; 4];
    to.reader().read_exact(&mut heard).expect("heard");
    heard
}

fn refused_with(error: &rustls::Error) -> Refused {
    let rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) = error else {
        panic!("not refused by us: {error:?}");
    };
    other.0.downcast_ref::<Refused>().expect("ours").clone()
}

#[test]
fn both_sides_of_one_domain_and_of_two_that_trust_each_other_get_in() {
    let (shandong, chongqing) = (root("edu.sd.example"), root("edu.cq.example"));
    let city = own(&shandong, "371500", "node", 1);
    let county = own(&shandong, "371524", "node", 2);
    let partner = own(&chongqing, "500243", "node", 1);
    let ours = || trusting(&[(&shandong, None)]);
    let both = || trusting(&[(&shandong, None), (&chongqing, None)]);
    let (listening, dialling) = shake((&city, ours()), (Some(&county), ours(), "371500"), now());
    assert_eq!((listening, dialling), (Ok(()), Ok(())));
    let (listening, dialling) = shake((&city, both()), (Some(&partner), both(), "371500"), now());
    assert_eq!((listening, dialling), (Ok(()), Ok(())));
}

#[test]
fn whoever_has_no_good_certificate_stays_outside_and_the_reason_is_known() {
    let (ours, foreign, false_root) = (
        root("edu.example"),
        root("other.example"),
        root("edu.example"),
    );
    let city = own(&ours, "371500", "node", 1);
    let good = own(&ours, "371524", "node", 2);
    let revoked = own(&ours, "371525", "node", 3);
    let stranger = own(&foreign, "371524", "node", 2);
    let forged = own(&false_root, "371524", "node", 2);
    let mut short = grant(&ours, "371524", "node", 4);
    short.until = now() + DAY;
    let short = issued(&ours, &short);
    let taken_back = [Revocation {
        serial: revoked.chain.leaf.serial().clone(),
        at: now(),
    }];
    let list = ours.revoked(&taken_back, 2, now()).expect("a list");
    let trust = || trusting(&[(&ours, Some(&list))]);
    let everything = || trusting(&[(&ours, None)]);
    let later = now() + 2 * DAY;
    let enter = |own: &Own, at| shake((&city, trust()), (Some(own), everything(), "371500"), at).0;

    assert_eq!(enter(&good, later), Ok(()));
    let refused = refused_with(&enter(&revoked, later).expect_err("revoked"));
    assert!(matches!(refused, Refused::Revoked { .. }), "{refused}");
    let refused = refused_with(&enter(&short, later).expect_err("expired"));
    assert!(matches!(refused, Refused::Expired { .. }), "{refused}");
    assert!(refused.to_string().contains("371524"), "{refused}");
    let mut early = grant(&ours, "371524", "node", 5);
    early.from = now() + DAY;
    let early = issued(&ours, &early);
    let refused = refused_with(&enter(&early, now()).expect_err("not yet"));
    assert!(matches!(refused, Refused::NotYet { .. }), "{refused}");
    let refused = refused_with(&enter(&stranger, now()).expect_err("foreign"));
    assert!(
        matches!(refused, Refused::ForeignDomain { .. }),
        "{refused}"
    );
    let refused = refused_with(&enter(&forged, now()).expect_err("forged"));
    assert!(
        matches!(refused, Refused::UnknownIssuer { .. }),
        "{refused}"
    );

    // Long after the list should have been renewed it still counts, and nobody else is shut out.
    let late = now() + 60 * DAY;
    assert_eq!(enter(&good, late), Ok(()));
    assert!(enter(&revoked, late).is_err());
}

#[test]
fn another_domain_speaks_for_its_own_regions_only() {
    let (ours, foreign) = (root("edu.example"), root("other.example"));
    let city = own(&ours, "371500", "node", 1);
    let partner = own(&foreign, "500243", "node", 2);
    let pretender = own(&foreign, "371524", "node", 3);
    let trust = || {
        let domains = [(&ours, "37*"), (&foreign, "50*")].map(|(authority, regions)| {
            let name = authority.domain().clone();
            let domain = Domain::new(name, &authority.root_pem(), None).expect("a domain");
            domain.speaking_for(Regions::read(regions).expect("regions"))
        });
        Arc::new(Trust::new(domains.into()).expect("trust"))
    };
    let enter = |own: &Own| shake((&city, trust()), (Some(own), trust(), "371500"), now()).0;
    assert_eq!(enter(&partner), Ok(()));
    let refused = refused_with(&enter(&pretender).expect_err("a region of ours"));
    assert!(
        matches!(refused, Refused::ForeignRegion { .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("371524"), "{refused}");
}

#[test]
fn whoever_shows_no_certificate_stays_outside() {
    let ours = root("edu.example");
    let city = own(&ours, "371500", "node", 1);
    let trust = || trusting(&[(&ours, None)]);
    let (listening, _) = shake((&city, trust()), (None, trust(), "371500"), now());
    assert_eq!(listening, Err(rustls::Error::NoCertificatesPresented));
}

#[test]
fn whoever_dials_reaches_the_node_it_means_or_nobody() {
    let ours = root("edu.example");
    let city = own(&ours, "371500", "node", 1);
    let clerk = own(&ours, "371500", "reporter", 2);
    let county = own(&ours, "371524", "node", 3);
    let trust = || trusting(&[(&ours, None)]);
    let (_, dialling) = shake((&city, trust()), (Some(&county), trust(), "370000"), now());
    let error = dialling.expect_err("another region").to_string();
    assert!(
        error.contains("371500") && error.contains("370000"),
        "{error}"
    );
    // A clerk's certificate is not for listening.
    let (_, dialling) = shake((&clerk, trust()), (Some(&county), trust(), "371500"), now());
    let refused = refused_with(&dialling.expect_err("no server"));
    assert!(matches!(refused, Refused::NotForThis { .. }), "{refused}");
}

#[test]
fn a_list_is_taken_from_its_own_root_only() {
    let (ours, other) = (root("edu.example"), root("edu.example"));
    let list = other.revoked(&[], 1, now()).expect("a list");
    let domain = Domain::new(ours.domain().clone(), &ours.root_pem(), Some(&list));
    assert!(domain.is_err());
    let list = ours.revoked(&[], 41, now()).expect("a list");
    assert_eq!(liandong_identity::list_number(&list), Some(41));
    for place in 0..list.len() {
        let mut bad = list.clone();
        bad[place] ^= 1;
        let domain = Domain::new(ours.domain().clone(), &ours.root_pem(), Some(&bad));
        assert!(domain.is_err(), "byte {place}");
    }
}

#[test]
fn whoever_was_invited_knows_the_authority_by_its_roots_fingerprint_alone() {
    let (ours, forged) = (root("edu.example"), root("edu.example"));
    let (city, false_city) = (
        own(&ours, "371500", "node", 1),
        own(&forged, "371500", "node", 1),
    );
    let invited = |city: &Own, by: &Authority, domain: &str| {
        let (clock, trust) = (Arc::new(At(now())), trusting(&[(by, None)]));
        let config = server_config(&city.chain, &city.key, trust, clock.clone(), false);
        let listening = ServerConnection::new(Arc::new(config.expect("a configuration")));
        let fingerprint = ours.certificate().fingerprint();
        let domain = domain.parse().expect("a domain");
        let config = invited_config(fingerprint, domain, clock).expect("a configuration");
        meet(listening.expect("a connection"), config).1
    };
    assert_eq!(invited(&city, &ours, "edu.example"), Ok(()));
    let error = invited(&false_city, &forged, "edu.example").expect_err("forged");
    let behind = NoHandshake::behind(&std::io::Error::other(error));
    let fingerprint = ours.certificate().fingerprint();
    let expected = NotMeant::AnotherRoot { root: fingerprint };
    assert_eq!(behind, Some(NoHandshake::NotMeant(expected)));
    assert!(invited(&city, &ours, "other.example").is_err());
}
