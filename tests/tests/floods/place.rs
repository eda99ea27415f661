//! A node that is flooded, in plain text or with certificates, and the ways to it.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use liandong_client::Client;
use liandong_core::identity::Role;
use liandong_identity::{Folder, client_config};
use liandong_tests::certificates::furnish;
use liandong_tests::node::Node;
use liandong_tests::settings::Settings;
use rustls::time_provider::DefaultTimeProvider;
use tokio_rustls::TlsConnector;

/// The region of every node here.
pub(crate) const COUNTY: &str = "371524";

/// Where the attacker's certificate is, in the node's folder.
const ATTACKER: &str = "attacker";

/// A node and what is needed to speak to it.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) node: Node,
}

/// How an attacker reaches the node.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) to: SocketAddr,
    /// TLS, with a certificate that the node believes.
    pub(crate) tls: Option<TlsConnector>,
}

impl Place {
    /// A node that speaks in plain text.
    pub(crate) async fn plain(settings: Settings) -> Result<Self> {
        Self::begun(Node::prepare(settings.plain())?).await
    }

    /// A node with a certificate.
    pub(crate) async fn encrypted(settings: Settings) -> Result<Self> {
        Self::begun(Node::prepare(settings)?).await
    }

    /// Starts a node that was prepared.
    pub(crate) async fn begun(mut node: Node) -> Result<Self> {
        node.resume().await?;
        furnish(&node.path(ATTACKER), COUNTY, Role::Viewer)?;
        Ok(Self { node })
    }

    /// Whether callers show certificates.
    pub(crate) fn is_encrypted(&self) -> bool {
        !self.node.settings().is_plain()
    }

    /// A new connection of somebody honest.
    pub(crate) async fn client(&self) -> Result<Client> {
        self.node.client().await
    }

    /// The same where the node has more than one address.
    pub(crate) async fn client_at(&self, address: SocketAddr) -> Result<Client> {
        let url = format!("https://{address}").parse()?;
        Ok(Client::connect_with(&url, self.node.options()).await?)
    }

    /// The way of an attacker, who has a certificate of its own where one is needed.
    pub(crate) fn way(&self) -> Result<Way> {
        let to = self.node.address();
        if !self.is_encrypted() {
            return Ok(Way { to, tls: None });
        }
        let folder = Folder::at(self.node.path(ATTACKER));
        let own = folder.own()?.context("no certificate")?;
        let clock = Arc::new(DefaultTimeProvider);
        let trust = Arc::new(folder.trust()?);
        let config = client_config(Some((&own.chain, &own.key)), trust, clock, None)?;
        let tls = Some(TlsConnector::from(Arc::new(config)));
        Ok(Way { to, tls })
    }
}
