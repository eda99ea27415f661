//! Certificates for tests: an authority, folders with identities, and channels that show one.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use liandong_identity::{
    Authority, Certificate, Chain, Domain, Folder, Grant, Key, Own, Request, Revocation, Serial,
    Trust, client_config,
};
use rustls::pki_types::{ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A trust domain.
pub(crate) struct Realm {
    authority: Authority,
    numbers: AtomicU8,
}

#[derive(Debug)]
struct Now;

impl TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::now())
    }
}

impl Realm {
    pub(crate) fn new(domain: &str) -> Self {
        let domain = domain.parse().expect("a domain");
        let now = Timestamp::now();
        let authority = Authority::create(domain, [1; 16], now, now + 3650 * DAY);
        Self {
            authority: authority.expect("a root"),
            numbers: AtomicU8::new(1),
        }
    }

    /// A certificate for a month.
    pub(crate) fn issue(&self, region: &str, role: &str) -> Own {
        self.issue_for(region, role, 31 * DAY)
    }

    /// A certificate that was issued a day ago, for so long.
    pub(crate) fn issue_for(&self, region: &str, role: &str, lasting: SignedDuration) -> Own {
        let key = Key::generate().expect("a key");
        let request = Request::of(&key).expect("a request");
        let identity = format!(
            "spiffe://{}/region/{region}/{role}",
            self.authority.domain()
        );
        let from = Timestamp::now() - DAY;
        let grant = Grant {
            identity: identity.parse().expect("an identity"),
            names: Vec::new(),
            serial: [self.numbers.fetch_add(1, Ordering::Relaxed); 16],
            from,
            until: from + DAY + lasting,
        };
        let leaf = self.authority.issue(&request, &grant);
        let leaf = leaf.expect("a certificate");
        let above = Vec::new();
        let chain = Chain { leaf, above };
        Own { chain, key }
    }

    /// Puts an identity into a folder that trusts this domain, and others for some regions.
    pub(crate) fn settle(&self, folder: &Path, own: &Own, others: &[(&Self, &[&str])]) {
        let folder = Folder::at(folder);
        folder.keep_own(own).expect("kept");
        let roots = self.authority.root_pem();
        let kept = folder.keep_roots(self.authority.domain(), &roots);
        kept.expect("kept");
        for (realm, regions) in others {
            let regions = regions.iter().map(|named| named.parse());
            let regions: Result<Vec<_>, _> = regions.collect();
            let regions = regions.expect("regions");
            let (domain, roots) = (realm.authority.domain(), realm.authority.root_pem());
            let kept = folder.keep_foreign(domain, &roots, &regions);
            kept.expect("kept");
        }
    }

    /// Somebody who trusts this domain and no other.
    pub(crate) fn trust(&self) -> Trust {
        let domain = self.authority.domain().clone();
        let domain = Domain::new(domain, &self.authority.root_pem(), None).expect("a domain");
        Trust::new(vec![domain]).expect("trust")
    }

    /// Makes it known in a folder that certificates were taken back.
    pub(crate) fn revoke(&self, folder: &Path, serials: &[&Serial], number: u64) {
        let at = Timestamp::now();
        let revocation = |serial: &&Serial| Revocation {
            serial: (*serial).clone(),
            at,
        };
        let revocations: Vec<Revocation> = serials.iter().map(revocation).collect();
        let list = self.authority.revoked(&revocations, number, at);
        let list = list.expect("a list");
        let kept = Folder::at(folder).keep_list(self.authority.domain(), &list);
        assert!(kept.expect("kept"));
    }

    /// The certificate that a node shows now.
    pub(crate) async fn shown(&self, address: SocketAddr) -> Certificate {
        let line = TcpStream::connect(address).await.expect("it listens");
        let name = ServerName::from(address.ip());
        let line = self.connector(None).connect(name, line).await;
        let line = line.expect("a handshake");
        let shown = line.get_ref().1.peer_certificates().expect("certificates");
        Certificate::from_der(&shown[0]).expect("a certificate")
    }

    /// Connects and shows a certificate, or none.
    pub(crate) async fn dial(
        &self,
        address: SocketAddr,
        own: Option<&Own>,
    ) -> Result<Channel, tonic::transport::Error> {
        self.dial_over(address, own, endpoint(address)).await
    }

    /// As [`Realm::dial`]; so many bytes of an answer come before more are asked for.
    pub(crate) async fn dial_narrow(
        &self,
        address: SocketAddr,
        own: Option<&Own>,
        window: u32,
    ) -> Result<Channel, tonic::transport::Error> {
        let endpoint = endpoint(address).initial_stream_window_size(window);
        self.dial_over(address, own, endpoint).await
    }

    async fn dial_over(
        &self,
        address: SocketAddr,
        own: Option<&Own>,
        endpoint: Endpoint,
    ) -> Result<Channel, tonic::transport::Error> {
        let tls = self.connector(own);
        let connector = tower::service_fn(move |_: Uri| {
            let tls = tls.clone();
            async move {
                let line = TcpStream::connect(address).await?;
                let name = ServerName::from(address.ip());
                Ok::<_, std::io::Error>(TokioIo::new(tls.connect(name, line).await?))
            }
        });
        endpoint
            .timeout(Duration::from_secs(20))
            .connect_with_connector(connector)
            .await
    }

    fn connector(&self, own: Option<&Own>) -> TlsConnector {
        let trust = Arc::new(self.trust());
        let own = own.map(|own| (&own.chain, &own.key));
        let config = client_config(own, trust, Arc::new(Now), None).expect("a configuration");
        TlsConnector::from(Arc::new(config))
    }
}

fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint::from_shared(format!("https://{address}")).expect("an address")
}
