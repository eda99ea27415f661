//! A node's gRPC service over something else that takes batches, in a process of its own and in plain
//! text.

use std::future::Future;

use anyhow::Result;
use liandong_client::wire::progress::v1::progress_service_server::{
    ProgressService, ProgressServiceServer,
};
use liandong_client::wire::progress::v1::{
    ListHistoryRequest, ListHistoryResponse, OutcomeCounts, PushReportsRequest,
    PushReportsResponse, UploadReportsRequest, UploadReportsResponse,
};
use liandong_client::{Client, ConnectOptions};
use liandong_load::connect;
use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

/// What takes the batches.
pub(crate) trait Taking: Send + Sync + 'static {
    /// Takes a batch; how many reports it had.
    fn take(&self, request: PushReportsRequest)
    -> impl Future<Output = Result<u64, Status>> + Send;
}

struct Service<T>(T);

#[tonic::async_trait]
impl<T: Taking> ProgressService for Service<T> {
    async fn push_reports(
        &self,
        request: Request<PushReportsRequest>,
    ) -> Result<Response<PushReportsResponse>, Status> {
        let accepted = self.0.take(request.into_inner()).await?;
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
pub(crate) async fn serve(taking: impl Taking) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let service = ProgressServiceServer::new(Service(taking));
    // Asked of the listener: of a server it would only hold for one that opens its own.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    tonic::transport::Server::builder()
        .add_service(service.max_decoding_message_size(16 << 20))
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}

/// Connections to such a server.
pub(crate) async fn lines(url: &str, count: usize) -> Result<Vec<Client>> {
    let options = ConnectOptions {
        insecure_loopback: true,
        ..ConnectOptions::default()
    };
    Ok(connect(&url.parse()?, &options, count).await?)
}
