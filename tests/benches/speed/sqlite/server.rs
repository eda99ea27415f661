//! The same gRPC service as a node's over SQLite.

use std::path::Path;

use anyhow::Result;
use liandong_client::wire::progress::v1::progress_service_server::{
    ProgressService, ProgressServiceServer,
};
use liandong_client::wire::progress::v1::{
    ListHistoryRequest, ListHistoryResponse, OutcomeCounts, PushReportsRequest,
    PushReportsResponse, UploadReportsRequest, UploadReportsResponse,
};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

use super::writer::{TOGETHER, Waiting, Writer};

struct Service {
    to_writer: mpsc::Sender<Waiting>,
}

#[tonic::async_trait]
impl ProgressService for Service {
    async fn push_reports(
        &self,
        request: Request<PushReportsRequest>,
    ) -> Result<Response<PushReportsResponse>, Status> {
        let batch = request.into_inner().batch.unwrap_or_default();
        let (durable, told) = oneshot::channel();
        let gone = || Status::internal("the writer has stopped");
        let waiting = Waiting { batch, durable };
        self.to_writer.send(waiting).await.map_err(|_| gone())?;
        let accepted = told.await.map_err(|_| gone())?;
        Ok(Response::new(PushReportsResponse {
            counts: Some(OutcomeCounts {
                accepted,
                ..OutcomeCounts::default()
            }),
            outcomes: Vec::new(),
        }))
    }

    async fn upload_reports(
        &self,
        _: Request<Streaming<UploadReportsRequest>>,
    ) -> Result<Response<UploadReportsResponse>, Status> {
        Err(Status::unimplemented("only pushes are taken"))
    }

    async fn list_history(
        &self,
        _: Request<ListHistoryRequest>,
    ) -> Result<Response<ListHistoryResponse>, Status> {
        Err(Status::unimplemented("only pushes are taken"))
    }
}

/// Serves until the process is killed; the address is the first line that is printed.
pub(crate) async fn serve(path: &Path, keeps_versions: bool) -> Result<()> {
    let writer = Writer::create(path, keeps_versions)?;
    let (to_writer, waiting) = mpsc::channel(4 * TOGETHER);
    let writing = std::thread::spawn(move || writer.run(waiting));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let service = ProgressServiceServer::new(Service { to_writer });
    tonic::transport::Server::builder()
        .tcp_nodelay(true)
        .add_service(service.max_decoding_message_size(16 << 20))
        .serve_with_incoming(TcpListenerStream::new(listener))
        .await?;
    match writing.join() {
        Ok(ended) => ended,
        Err(_) => anyhow::bail!("the writer panicked"),
    }
}
