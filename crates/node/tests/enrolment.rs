//! What somebody without a certificate may ask of an authority's node: to be enrolled, and nothing
//! else; and what of that is told.

#![expect(clippy::expect_used, reason = "tests")]

use std::io;
use std::sync::{Arc, Mutex};

use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use liandong_identity::{
    Folder, Introduction, Invitation, Key, Office, Request, Wanted, invited_config,
};
use liandong_node::Node;
use liandong_node::config::Config;
use liandong_wire::admin::v1::GetStatusRequest;
use liandong_wire::admin::v1::admin_service_client::AdminServiceClient;
use liandong_wire::identity::v1::identity_service_client::IdentityServiceClient;
use liandong_wire::identity::v1::{EnrolRequest, GetTrustRequest, RenewRequest};
use metrics_exporter_prometheus::PrometheusBuilder;
use rustls::pki_types::ServerName;
use rustls::time_provider::DefaultTimeProvider;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

struct Authority {
    _place: TempDir,
    office: Office,
    node: Node,
}

fn wanted(region: &str) -> Wanted {
    let identity = format!("spiffe://edu.example/region/{region}/node");
    Wanted {
        identity: identity.parse().expect("an identity"),
        names: Vec::new(),
    }
}

async fn authority() -> Authority {
    let place = tempfile::tempdir().expect("a folder");
    let (folder, now) = (Folder::at(place.path().join("identity")), Timestamp::now());
    let domain = "edu.example".parse().expect("a domain");
    let office = Office::found(&folder, domain, 10, now).expect("founded");
    let key = Key::generate().expect("a key");
    let request = Request::of(&key).expect("a request");
    let package = office.issue(&request, wanted("371500"), 90, now);
    let package = package.expect("issued");
    package
        .install(&folder, key, None, Introduction::Folder, now)
        .expect("installed");
    let text = "region = '371500'\ndata = 'data'\nlisten = '127.0.0.1:0'\n\
                [journal]\nsegment_mb = 1\nfree_floor_mb = 0\n[identity]\nfolder = 'identity'\n";
    let config = Config::read(text, &place.path().join("node.toml")).expect("a configuration");
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let node = Node::start(config, metrics).await.expect("it starts");
    Authority {
        _place: place,
        office,
        node,
    }
}

impl Authority {
    fn invite(&self, until: Timestamp) -> Invitation {
        let address = format!("https://{}", self.node.address());
        let invited = self.office.invite(wanted("371524"), address, until);
        invited.expect("invited")
    }

    /// A connection of somebody who shows nothing.
    async fn stranger(&self) -> Channel {
        let (root, at) = (self.office.root().fingerprint(), self.node.address());
        let domain = self.office.domain().clone();
        let config = invited_config(root, domain, Arc::new(DefaultTimeProvider));
        let tls = TlsConnector::from(Arc::new(config.expect("a configuration")));
        let connector = tower::service_fn(move |_| {
            let tls = tls.clone();
            async move {
                let line = TcpStream::connect(at).await?;
                let name = ServerName::try_from("node.example").map_err(io::Error::other)?;
                Ok::<_, io::Error>(TokioIo::new(tls.connect(name, line).await?))
            }
        });
        let endpoint = Endpoint::from_static("https://node.example:7410");
        let connected = endpoint.connect_with_connector(connector).await;
        connected.expect("a connection")
    }
}

fn asking(secret: &[u8]) -> EnrolRequest {
    let key = Key::generate().expect("a key");
    EnrolRequest {
        secret: secret.to_vec(),
        request: Request::of(&key).expect("a request").as_str().to_owned(),
    }
}

#[tokio::test]
async fn a_stranger_may_enrol_and_nothing_else() {
    let authority = authority().await;
    let channel = authority.stranger().await;
    let mut identities = IdentityServiceClient::new(channel.clone());
    let code =
        |answer: Result<(), Status>| answer.map_or_else(|status| status.code(), |()| Code::Ok);
    let trust = GetTrustRequest {
        domain: String::new(),
    };
    let asked = identities.get_trust(trust).await.map(|_| ());
    assert_eq!(code(asked), Code::Unauthenticated);
    let request = asking(&[]).request;
    let asked = identities.renew(RenewRequest { request }).await.map(|_| ());
    assert_eq!(code(asked), Code::Unauthenticated);
    let mut admin = AdminServiceClient::new(channel);
    let asked = admin.get_status(GetStatusRequest {}).await.map(|_| ());
    assert_eq!(code(asked), Code::Unauthenticated);

    let invitation = authority.invite(Timestamp::now() + HOUR);
    let issued = identities.enrol(asking(&invitation.secret.0)).await;
    let issued = issued.expect("issued").into_inner().issued;
    let issued = issued.expect("a certificate");
    assert!(issued.certificates.contains("BEGIN CERTIFICATE"));
    assert!(issued.roots.contains("BEGIN CERTIFICATE"));
    assert!(!issued.revoked.is_empty());
    authority.node.stop().await.expect("it stops");
}

/// What the nodes of this program have logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines(&self, with: &str) -> usize {
        let log = self.0.lock().expect("the log");
        let text = String::from_utf8_lossy(&log).into_owned();
        text.lines().filter(|line| line.contains(with)).count()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn whoever_shows_nothing_leaves_a_reason_in_the_log_and_a_crowd_no_flood() {
    let log = Log::default();
    let writer = log.clone();
    let written = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _logged = tracing::subscriber::set_default(written);
    let authority = authority().await;
    let ask = async || {
        let mut admin = AdminServiceClient::new(authority.stranger().await);
        let first = admin.get_status(GetStatusRequest {}).await;
        let again = admin.get_status(GetStatusRequest {}).await;
        [first, again].map(|asked| asked.expect_err("a stranger").code())
    };
    assert_eq!(ask().await, [Code::Unauthenticated; 2]);
    let why = "no certificate was shown";
    // Of one caller once, whatever it goes on asking.
    assert_eq!(log.lines(why), 1);
    // What is no TLS is another reason.
    for _ in 0..30 {
        let _codes = ask().await;
        let mut line = TcpStream::connect(authority.node.address())
            .await
            .expect("taken");
        line.write_all(b"GET / HTTP/1.1\r\n\r\n")
            .await
            .expect("sent");
        let _ended = line.read_to_end(&mut Vec::new()).await;
    }
    let told = log.lines("a caller was not let in");
    assert_eq!(log.lines(why), 10);
    assert!((12..=30).contains(&told), "{told} lines");
    authority.node.stop().await.expect("it stops");
    // The others are counted: twenty-one of the one, and twenty of the other.
    assert_eq!(log.lines("more callers were not let in"), 1);
    assert_eq!(log.lines("count=41"), 1);
}

#[tokio::test]
async fn whoever_lost_the_answer_asks_again_with_the_same_key() {
    let authority = authority().await;
    let mut identities = IdentityServiceClient::new(authority.stranger().await);
    let invitation = authority.invite(Timestamp::now() + HOUR);
    let asked = asking(&invitation.secret.0);
    let first = identities.enrol(asked.clone()).await.expect("issued");
    let mut identities = IdentityServiceClient::new(authority.stranger().await);
    let again = identities.enrol(asked).await.expect("given again");
    assert_eq!(again.into_inner(), first.into_inner());
    let other = identities.enrol(asking(&invitation.secret.0)).await;
    let other = other.expect_err("another key");
    assert_eq!(other.code(), Code::PermissionDenied);
    authority.node.stop().await.expect("it stops");
}

#[tokio::test]
async fn whoever_is_not_enrolled_learns_nothing_of_why() {
    let authority = authority().await;
    let mut identities = IdentityServiceClient::new(authority.stranger().await);
    let now = Timestamp::now();
    let (used, late) = (authority.invite(now + HOUR), authority.invite(now - HOUR));
    identities
        .enrol(asking(&used.secret.0))
        .await
        .expect("issued");
    let mut told = Vec::new();
    for secret in [[9; 16], used.secret.0, late.secret.0] {
        let refused = identities.enrol(asking(&secret)).await;
        let refused = refused.expect_err("not invited");
        assert_eq!(refused.code(), Code::PermissionDenied);
        told.push((refused.message().to_owned(), refused.details().to_vec()));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
    // A request that is none is told from a secret that is none, whatever the secret.
    let good = authority.invite(now + HOUR);
    let mut told = Vec::new();
    for secret in [[9; 16], good.secret.0] {
        let request = "nothing".to_owned();
        let secret = secret.to_vec();
        let refused = identities.enrol(EnrolRequest { secret, request }).await;
        let refused = refused.expect_err("no request");
        assert_eq!(refused.code(), Code::InvalidArgument);
        told.push(refused.message().to_owned());
    }
    assert_eq!(told[0], told[1]);
    authority.node.stop().await.expect("it stops");
}

#[tokio::test]
async fn what_is_too_large_or_too_often_is_refused() {
    let authority = authority().await;
    let mut identities = IdentityServiceClient::new(authority.stranger().await);
    let invitation = authority.invite(Timestamp::now() + HOUR);
    let large = |len: usize| EnrolRequest {
        secret: invitation.secret.0.to_vec(),
        request: "a".repeat(len),
    };
    for len in [(8 << 10) + 1, 1 << 20] {
        assert!(identities.enrol(large(len)).await.is_err(), "{len}");
    }
    let short = identities.enrol(asking(&[1; 15])).await;
    assert_eq!(short.expect_err("short").code(), Code::InvalidArgument);
    let mut slowed = false;
    for _ in 0..100 {
        let refused = identities.enrol(asking(&[1; 16])).await;
        slowed |= refused.expect_err("unknown").code() == Code::Unavailable;
    }
    assert!(slowed, "a hundred tries were all listened to");
    authority.node.stop().await.expect("it stops");
}
