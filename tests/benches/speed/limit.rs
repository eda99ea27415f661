//! The limit: a server that decodes what a node would take, counts it and answers.

use std::process::Stdio;

use anyhow::{Context, Result};
use liandong_client::ConnectOptions;
use liandong_client::wire::progress::v1::progress_service_server::{
    ProgressService, ProgressServiceServer,
};
use liandong_client::wire::progress::v1::{
    ListHistoryRequest, ListHistoryResponse, OutcomeCounts, PushReportsRequest,
    PushReportsResponse, UploadReportsRequest, UploadReportsResponse,
};
use liandong_load::rows_of;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

use crate::LIMIT_SERVER;

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

/// The server in a process of its own, killed when dropped.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) async fn start() -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(LIMIT_SERVER)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let said = process.stdout.take().context("no output")?;
        let first = BufReader::new(said).lines().next_line().await?;
        let url = first.context("the limit's server did not start")?;
        Ok(Self { process, url })
    }

    /// How it is spoken to: the limit is one without TLS.
    pub(crate) fn options(&self) -> ConnectOptions {
        ConnectOptions {
            insecure_loopback: true,
            ..ConnectOptions::default()
        }
    }
}
