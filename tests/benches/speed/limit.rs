//! The limit: a server that decodes what a node would take, counts it and answers.

use anyhow::Result;
use liandong_client::Client;
use liandong_client::wire::progress::v1::PushReportsRequest;
use liandong_load::rows_of;
use tonic::Status;

use crate::peer::Own;
use crate::server::{self, Taking};

/// The argument that turns this program into the server.
pub(crate) const SERVER: &str = "--limit-server";

struct Counting;

impl Taking for Counting {
    async fn take(&self, request: PushReportsRequest) -> Result<u64, Status> {
        Ok(u64::try_from(rows_of(&request)).unwrap_or(u64::MAX))
    }
}

/// Serves until the process is killed; the address is the first line that is printed.
pub(crate) async fn serve() -> Result<()> {
    server::serve(Counting).await
}

/// The server in a process of its own.
pub(crate) struct Limit {
    pub(crate) server: Own,
    url: String,
}

impl Limit {
    pub(crate) async fn start() -> Result<Self> {
        let (server, url) = Own::start(&[SERVER]).await?;
        Ok(Self { server, url })
    }

    /// Connections to it: the limit is one without TLS.
    pub(crate) async fn lines(&self, count: usize) -> Result<Vec<Client>> {
        server::lines(&self.url, count).await
    }
}
