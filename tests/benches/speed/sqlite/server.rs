//! The same gRPC service as a node's over SQLite.

use std::path::Path;

use anyhow::Result;
use liandong_client::wire::progress::v1::PushReportsRequest;
use tokio::sync::{mpsc, oneshot};
use tonic::Status;

use super::writer::{TOGETHER, Waiting, Writer};
use crate::server::{self, Taking};

struct ToWriter(mpsc::Sender<Waiting>);

impl Taking for ToWriter {
    async fn take(&self, request: PushReportsRequest) -> Result<u64, Status> {
        let batch = request.batch.unwrap_or_default();
        let (durable, told) = oneshot::channel();
        let gone = || Status::internal("the writer has stopped");
        let waiting = Waiting { batch, durable };
        self.0.send(waiting).await.map_err(|_| gone())?;
        told.await.map_err(|_| gone())
    }
}

/// Serves until the process is killed; the address is the first line that is printed.
pub(crate) async fn serve(path: &Path, keeps_versions: bool) -> Result<()> {
    let writer = Writer::create(path, keeps_versions)?;
    let (to_writer, waiting) = mpsc::channel(4 * TOGETHER);
    let writing = std::thread::spawn(move || writer.run(waiting));
    server::serve(ToWriter(to_writer)).await?;
    match writing.join() {
        Ok(ended) => ended,
        Err(_) => anyhow::bail!("the writer panicked"),
    }
}
