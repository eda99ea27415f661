//! The limit: a server that decodes what a node would take, counts it and answers.

use anyhow::Result;
use liandong_client::wire::progress::v1::progress_service_server::{
    ProgressService, ProgressServiceServer,
};
use liandong_client::wire::progress::v1::{
    ListHistoryRequest, ListHistoryResponse, OutcomeCounts, PushReportsRequest,
    PushReportsResponse, UploadReportsRequest, UploadReportsResponse,
};
use liandong_client::{Client, ConnectOptions};
use liandong_load::{connect, rows_of};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

use crate::peer::Own;

/// The argument that turns this program into the server.
pub(crate) const SERVER: &str = "--limit-server";

struct Counting;

#[tonic::async_trait]
impl ProgressService for Counting {
    async fn push_reports(
        &self,
        request: Request<PushReportsRequest>,
    ) -> Result<Response<PushReportsResponse>, Status> {
        let accepted = u64::try_from(rows_of(request.get_ref())).unwrap_or(u64::MAX);
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
        Err(Status::unimplemented("only pushes are counted"))
    }

    async fn list_history(
        &self,
        _: Request<ListHistoryRequest>,
    ) -> Result<Response<ListHistoryResponse>, Status> {
        Err(Status::unimplemented("only pushes are counted"))
    }
}

/// Serves until the process is killed; the address is the first line that is printed.
pub(crate) async fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    tonic::transport::Server::builder()
        .tcp_nodelay(true)
        .add_service(ProgressServiceServer::new(Counting).max_decoding_message_size(16 << 20))
        .serve_with_incoming(TcpListenerStream::new(listener))
        .await?;
    Ok(())
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
        let options = ConnectOptions {
            insecure_loopback: true,
            ..ConnectOptions::default()
        };
        Ok(connect(&self.url.parse()?, &options, count).await?)
    }
}
