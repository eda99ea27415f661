//! A client with an identity against a server with one: who gets through, and what is said when
//! somebody does not.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on has nothing better to do than to stop"
)]

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use liandong_client::wire::admin::v1::GetStatusRequest;
use liandong_client::{
    Address, Client, ClientError, ConnectOptions, Credentials, CredentialsError, NoHandshake,
    RetryPolicy,
};
use liandong_core::language::Language;
use liandong_identity::{Folder, Introduction, Key, Office, Request, Wanted, Which, server_config};
use rustls::time_provider::DefaultTimeProvider;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Puts a certificate into a folder.
fn furnish(office: &Office, folder: &Folder, role: &str) {
    let key = Key::generate().unwrap();
    let identity = format!("spiffe://{}/region/371500/{role}", office.domain());
    let wanted = Wanted {
        identity: identity.parse().unwrap(),
        names: Vec::new(),
    };
    let now = Timestamp::now();
    let package = office.issue(&Request::of(&key).unwrap(), wanted, 30, now);
    let package = package.unwrap();
    package
        .install(folder, key, None, Introduction::Folder, now)
        .unwrap();
}

fn office(place: &Path, domain: &str) -> Office {
    let folder = Folder::at(place);
    Office::found(&folder, domain.parse().unwrap(), 1, Timestamp::now()).unwrap()
}

/// Shakes hands with whoever comes and says no more; where it listens.
async fn listen(folder: &Folder) -> Address {
    let own = folder.own().unwrap().unwrap();
    let trust = Arc::new(folder.trust().unwrap());
    let clock = Arc::new(DefaultTimeProvider);
    let config = server_config(&own.chain, &own.key, trust, clock, false).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((line, _)) = listener.accept().await {
            open.extend(acceptor.accept(line).await);
        }
    });
    address.to_string().parse().unwrap()
}

fn showing(folder: &Folder) -> ConnectOptions {
    ConnectOptions {
        credentials: Some(Credentials::of_folder(folder.clone()).unwrap()),
        ..ConnectOptions::default()
    }
}

fn why(error: ClientError) -> NoHandshake {
    match error {
        ClientError::NoHandshake { why, .. } => *why,
        other => panic!("{other}"),
    }
}

struct Scene {
    _place: TempDir,
    office: Office,
    node: Folder,
    clerk: Folder,
}

fn scene() -> Scene {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| Folder::at(place.path().join(name));
    let (node, clerk) = (at("node"), at("clerk"));
    let office = office(node.path(), "edu.example");
    furnish(&office, &node, "node");
    furnish(&office, &clerk, "reporter");
    Scene {
        _place: place,
        office,
        node,
        clerk,
    }
}

#[tokio::test]
async fn whoever_shows_a_good_certificate_is_through() {
    let scene = scene();
    let address = listen(&scene.node).await;
    let client = Client::connect_with(&address, showing(&scene.clerk)).await;
    assert!(client.unwrap().address().starts_with("https://"));
}

#[tokio::test]
async fn the_innermost_reason_is_told_whichever_side_refuses() {
    let scene = scene();
    let address = listen(&scene.node).await;
    // Of another domain: this side does not believe the other.
    let elsewhere = tempfile::tempdir().unwrap();
    let other = Folder::at(elsewhere.path());
    furnish(
        &office(elsewhere.path(), "other.example"),
        &other,
        "reporter",
    );
    let error = Client::connect_with(&address, showing(&other)).await;
    let error = error.unwrap_err();
    let told = error.message(Language::En);
    assert!(told.contains("trust domain that is not trusted"), "{told}");
    assert!(matches!(why(error), NoHandshake::Refused(_)));
    // Now it does, and the other does not believe this one; at once, not in the first call.
    let roots = scene.node.roots(scene.office.domain()).unwrap().unwrap();
    let regions = ["37*".parse().unwrap()];
    let domain = scene.office.domain();
    other.keep_foreign(domain, &roots, &regions).unwrap();
    for _ in 0..10 {
        let error = Client::connect_with(&address, showing(&other)).await;
        assert_eq!(why(error.unwrap_err()), NoHandshake::NotAccepted);
    }
    // Taken back, which the server knows.
    let identity = "spiffe://edu.example/region/371500/reporter";
    let which = Which::Identity(identity.parse().unwrap());
    scene.office.revoke(&which, Timestamp::now()).unwrap();
    let address = listen(&scene.node).await;
    let error = Client::connect_with(&address, showing(&scene.clerk)).await;
    assert_eq!(why(error.unwrap_err()), NoHandshake::NotAccepted);
}

#[tokio::test]
async fn a_server_without_tls_is_told_from_one_that_is_not_there() {
    let scene = scene();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: Address = listener.local_addr().unwrap().to_string().parse().unwrap();
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        while let Ok((mut line, _)) = listener.accept().await {
            line.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await
                .unwrap();
        }
    });
    let error = Client::connect_with(&address, showing(&scene.clerk)).await;
    assert_eq!(why(error.unwrap_err()), NoHandshake::NoTls);
}

#[tokio::test]
async fn whoever_speaks_plainly_to_a_node_with_certificates_is_told_so() {
    let scene = scene();
    let address = listen(&scene.node).await;
    let plain: Address = address.to_string().parse().unwrap();
    let options = ConnectOptions {
        insecure_loopback: true,
        ..ConnectOptions::default()
    };
    let client = Client::connect_with(&plain, options).await.unwrap();
    let error = client.admin().get_status(GetStatusRequest {}).await;
    let error = error.unwrap_err();
    assert!(error.message(Language::En).contains("--identity"));
    assert_eq!(why(error), NoHandshake::CertificateWanted);
}

#[tokio::test]
async fn address_and_identity_go_together_or_nothing_is_dialled() {
    let scene = scene();
    let nobody_there = |scheme: &str| format!("{scheme}127.0.0.1:1").parse::<Address>().unwrap();
    let plain = Client::connect_with(&nobody_there("http://"), showing(&scene.clerk)).await;
    let mixed = |error: &ClientError, expected| match error {
        ClientError::Scheme { has_identity, .. } => *has_identity == expected,
        _ => false,
    };
    assert!(mixed(&plain.unwrap_err(), true));
    let nothing = ConnectOptions::default();
    let secret = Client::connect_with(&nobody_there("https://"), nothing).await;
    assert!(mixed(&secret.unwrap_err(), false));
    let impatient = ConnectOptions {
        retry: RetryPolicy {
            attempts: 0,
            ..RetryPolicy::default()
        },
        ..showing(&scene.clerk)
    };
    let lazy = Client::connect_lazy(&nobody_there(""), impatient).unwrap();
    let once = ConnectOptions::default();
    let refused = Client::connect_lazy(&nobody_there(""), once);
    assert!(matches!(
        refused,
        Err(ClientError::PlainText {
            asked_for: false,
            ..
        })
    ));
    let asked_for = || ConnectOptions {
        insecure_loopback: true,
        ..ConnectOptions::default()
    };
    assert!(Client::connect_lazy(&nobody_there("http://"), asked_for()).is_ok());
    for away in ["10.1.2.3:1", "http://10.1.2.3:1", "http://node.example:1"] {
        let refused = Client::connect_lazy(&away.parse().unwrap(), asked_for());
        let refused = refused.unwrap_err();
        assert!(matches!(
            refused,
            ClientError::PlainText {
                asked_for: true,
                ..
            }
        ));
    }
    let lazy = lazy.with_deadline(std::time::Duration::from_millis(300));
    let error = lazy.admin().get_status(GetStatusRequest {}).await;
    let error = error.unwrap_err();
    assert!(
        matches!(
            error,
            ClientError::Unreachable { .. } | ClientError::TimedOut { .. }
        ),
        "{error}"
    );
}

#[test]
fn a_folder_without_a_certificate_is_no_identity() {
    let place = tempfile::tempdir().unwrap();
    let error = Credentials::of_folder(Folder::at(place.path())).unwrap_err();
    assert!(matches!(error, CredentialsError::None { .. }));
    std::fs::write(place.path().join("certificate.pem"), "nothing").unwrap();
    let error = Credentials::of_folder(Folder::at(place.path())).unwrap_err();
    assert!(matches!(error, CredentialsError::Folder(_)));
    assert!(error.message(Language::Zh).contains("BEGIN CERTIFICATE"));
}
