//! A client's line to one node.

use std::io;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use liandong_wire::admin::v1::admin_service_client::AdminServiceClient;
use liandong_wire::collaboration::v1::collaboration_service_client::CollaborationServiceClient;
use liandong_wire::progress::v1::progress_service_client::ProgressServiceClient;
use liandong_wire::rollup::v1::rollup_service_client::RollupServiceClient;
use liandong_wire::task::v1::task_service_client::TaskServiceClient;
use tonic::codegen::http::Uri;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Response, Status};
use turmoil::net::TcpStream;

use crate::around::Traced;
use crate::places::{PORT, Place};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Said<T> {
    /// It was answered.
    Answer(T),
    /// It was refused for good.
    Refused(Status),
    /// Nobody knows whether it was done.
    Nothing(String),
}

/// A line to one node, made anew after each request without an answer.
pub(crate) struct Line {
    place: &'static Place,
    channel: Channel,
}

impl Line {
    pub(crate) fn new(place: &'static Place) -> Self {
        Self {
            place,
            channel: channel(place),
        }
    }

    /// Forgets the connection: it may be half dead.
    pub(crate) fn renew(&mut self) {
        self.channel = channel(self.place);
    }

    pub(crate) fn progress(&self) -> ProgressServiceClient<Channel> {
        ProgressServiceClient::new(self.channel.clone())
    }

    pub(crate) fn rollup(&self) -> RollupServiceClient<Channel> {
        RollupServiceClient::new(self.channel.clone())
    }

    pub(crate) fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.channel.clone())
    }

    pub(crate) fn task(&self) -> TaskServiceClient<Channel> {
        TaskServiceClient::new(self.channel.clone())
    }

    pub(crate) fn aid(&self) -> CollaborationServiceClient<Channel> {
        CollaborationServiceClient::new(self.channel.clone())
    }
}

fn channel(place: &Place) -> Channel {
    let uri = format!("http://{}:{PORT}", place.host());
    // The names of the places are fit for an address.
    let endpoint = Endpoint::from_shared(uri).unwrap_or_else(|_| Endpoint::from_static("http://n"));
    endpoint
        .connect_timeout(PATIENCE)
        .connect_with_connector_lazy(tower::service_fn(connect))
}

async fn connect(uri: Uri) -> io::Result<TokioIo<Traced>> {
    let authority = uri.authority().map(ToString::to_string);
    let stream = TcpStream::connect(authority.unwrap_or_default()).await?;
    Ok(TokioIo::new(Traced::new(stream)))
}

/// Waits for an answer as long as a client does.
pub(crate) async fn ask<T>(request: impl Future<Output = Result<Response<T>, Status>>) -> Said<T> {
    match tokio::time::timeout(PATIENCE, request).await {
        Err(_) => Said::Nothing("no answer in time".to_owned()),
        Ok(Ok(answer)) => Said::Answer(answer.into_inner()),
        Ok(Err(status)) => match status.code() {
            Code::InvalidArgument
            | Code::NotFound
            | Code::PermissionDenied
            | Code::AlreadyExists
            | Code::FailedPrecondition
            | Code::OutOfRange
            | Code::Unimplemented => Said::Refused(status),
            _ => Said::Nothing(status.message().to_owned()),
        },
    }
}
