//! Why a node does not start, or stopped.

use std::net::SocketAddr;

use liandong_core::refusal::Refusal;
use liandong_store::{FileError, OpenError};
use thiserror::Error;

use crate::config::ConfigError;
use crate::hosting::CatalogueError;
use crate::identity::IdentityError;
use crate::plain::PlainTextError;
use crate::server::ServeError;
use crate::telemetry::TelemetryError;

/// Why a node does not start, or stopped by itself.
#[derive(Debug, Error)]
pub enum NodeError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Logs, spans or metrics cannot be set up.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// The catalogue or the tree cannot be used.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The data directory cannot be opened.
    #[error("data directory: {0}")]
    Store(#[from] OpenError),
    /// The address cannot be announced in the data directory.
    #[error("data directory: {0}")]
    Announce(#[from] FileError),
    /// The regions cannot be hosted as configured.
    #[error("hosting: {0}")]
    Hosting(Refusal),
    /// The node would speak in plain text where it must not.
    #[error(transparent)]
    PlainText(#[from] PlainTextError),
    /// The node has no identity to show.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The port could not be served.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Signals cannot be waited for.
    #[error("cannot wait for signals: {0}")]
    Signals(#[source] std::io::Error),
    /// The system gives no thread for checkpoints.
    #[error("the system gives no thread for checkpoints: {0}")]
    Thread(#[source] std::io::Error),
}
