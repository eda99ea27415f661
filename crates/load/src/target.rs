//! Who takes the load.

use std::future::Future;
use std::sync::Arc;

use liandong_client::wire::progress::v1::PushReportsRequest;
use liandong_client::{Address, Client, ClientError, ConnectOptions};

use crate::error::PushError;
use crate::load::rows_of;

/// One connection to whoever takes batches: a node, or what it is compared with. Clones share the
/// connection. A batch is taken when all of it is durable.
pub trait Target: Clone + Send + Sync + 'static {
    /// What it says when it does not take a batch.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Pushes one batch, which stays where it is, and waits for its acknowledgement; how many reports
    /// it had.
    ///
    /// # Errors
    /// When not every report of it was taken or known already.
    fn push(
        &self,
        request: Arc<PushReportsRequest>,
    ) -> impl Future<Output = Result<u64, PushError<Self::Error>>> + Send;
}

impl Target for Client {
    type Error = ClientError;

    async fn push(&self, request: Arc<PushReportsRequest>) -> Result<u64, PushError> {
        let sent = u64::try_from(rows_of(&request)).unwrap_or(u64::MAX);
        let answer = self.progress().push_reports(request).await;
        let answer = answer.map_err(PushError::Target)?;
        let counts = answer.counts.unwrap_or_default();
        let taken = counts.accepted + counts.superseded + counts.duplicate + counts.stale;
        if taken != sent || counts.refused > 0 {
            return Err(PushError::NotTaken {
                sent,
                taken,
                refused: counts.refused,
            });
        }
        Ok(sent)
    }
}

/// So many connections to one node, each a TCP connection of its own.
///
/// # Errors
/// Those of [`Client::connect_with`].
pub async fn connect(
    address: &Address,
    options: &ConnectOptions,
    connections: usize,
) -> Result<Vec<Client>, ClientError> {
    let mut clients = Vec::with_capacity(connections);
    for _ in 0..connections {
        clients.push(Client::connect_with(address, options.clone()).await?);
    }
    Ok(clients)
}
