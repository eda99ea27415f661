//! A node that is flooded, in plain text or with certificates, and the ways to it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use liandong_client::{Client, ConnectOptions, Credentials};
use liandong_identity::{Authority, Chain, Folder, Grant, Key, Own, Request, client_config};
use liandong_tests::node::Node;
use liandong_tests::settings::Settings;
use liandong_tests::wait::eventually;
use rustls::time_provider::DefaultTimeProvider;
use tempfile::TempDir;
use tokio_rustls::TlsConnector;

/// The region of every node here.
pub(crate) const COUNTY: &str = "371524";

/// A node and what is needed to speak to it.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) node: Node,
    /// The folders of those who call; none in plain text.
    callers: Option<TempDir>,
}

/// How an attacker reaches the node.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) to: SocketAddr,
    /// TLS, with a certificate that the node believes.
    pub(crate) tls: Option<TlsConnector>,
}

/// Settings of a node that has a certificate.
pub(crate) fn with_identity(settings: Settings) -> Settings {
    settings.section("[identity]\nfolder = \"identity\"\n")
}

impl Place {
    /// A node that speaks in plain text.
    pub(crate) async fn plain(settings: Settings) -> Result<Self> {
        let node = Node::start(settings).await?;
        let callers = None;
        Ok(Self { node, callers })
    }

    /// A node with a certificate.
    pub(crate) async fn encrypted(settings: Settings) -> Result<Self> {
        Self::founded(Node::prepare(with_identity(settings))?).await
    }

    /// Founds a domain for a node that was prepared with settings with an identity, and starts it.
    pub(crate) async fn founded(mut node: Node) -> Result<Self> {
        let callers = TempDir::new()?;
        let now = Timestamp::now();
        let day = SignedDuration::from_hours(24);
        let domain = "edu.example".parse()?;
        let authority = Authority::create(domain, [1; 16], now - day, now + day * 30)?;
        let roles = [
            (node.path("identity"), "node"),
            (callers.path().join("reporter"), "reporter"),
            (callers.path().join("viewer"), "viewer"),
        ];
        for (number, (path, role)) in (2..).zip(roles) {
            let key = Key::generate()?;
            let identity = format!("spiffe://edu.example/region/{COUNTY}/{role}");
            let grant = Grant {
                identity: identity.parse()?,
                names: Vec::new(),
                serial: [number; 16],
                from: now - day,
                until: now + day,
            };
            let leaf = authority.issue(&Request::of(&key)?, &grant)?;
            let above = Vec::new();
            let chain = Chain { leaf, above };
            let folder = Folder::at(path);
            folder.keep_own(&Own { chain, key })?;
            folder.keep_roots(authority.domain(), &authority.root_pem())?;
        }
        node.begin()?;
        let place = Self {
            node,
            callers: Some(callers),
        };
        let up = eventually("the node answers", async || place.client().await.map(Some));
        up.await.with_context(|| place.node.log())?;
        Ok(place)
    }

    /// Whether callers show certificates.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.callers.is_some()
    }

    fn folder(&self, role: &str) -> Option<PathBuf> {
        let callers = self.callers.as_ref()?;
        Some(callers.path().join(role))
    }

    /// A new connection of somebody honest.
    pub(crate) async fn client(&self) -> Result<Client> {
        self.client_at(self.node.address()).await
    }

    /// The same where the node has more than one address.
    pub(crate) async fn client_at(&self, address: SocketAddr) -> Result<Client> {
        let Some(folder) = self.folder("reporter") else {
            return self.node.client().await;
        };
        let options = ConnectOptions {
            credentials: Some(Credentials::of_folder(Folder::at(folder))?),
            ..ConnectOptions::default()
        };
        let address = format!("https://{address}").parse()?;
        Ok(Client::connect_with(&address, options).await?)
    }

    /// The way of an attacker, who has a certificate of its own where one is needed.
    pub(crate) fn way(&self) -> Result<Way> {
        let to = self.node.address();
        let Some(folder) = self.folder("viewer").map(Folder::at) else {
            return Ok(Way { to, tls: None });
        };
        let own = folder.own()?.context("no certificate")?;
        let clock = Arc::new(DefaultTimeProvider);
        let trust = Arc::new(folder.trust()?);
        let config = client_config(Some((&own.chain, &own.key)), trust, clock, None)?;
        let tls = Some(TlsConnector::from(Arc::new(config)));
        Ok(Way { to, tls })
    }
}
