//! Calls about reports.

use std::sync::Arc;

use liandong_wire::progress::v1;
use liandong_wire::shared::SharedCodec;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Response, Status};

use crate::call::unary_calls;
use crate::connect::{Client, MAX_ANSWER_BYTES, Wires};
use crate::error::ClientError;
use crate::pusher::Pusher;
use crate::retry::{Repeat, RetryPolicy};

/// The path of the call that takes a batch.
const PUSH_REPORTS: &str = "/liandong.progress.v1.ProgressService/PushReports";

/// Reports of a node.
#[derive(Clone, Debug)]
pub struct Progress {
    client: Client,
}

unary_calls! {
    Progress over v1::progress_service_client::ProgressServiceClient<Wires>;

    /// One page of the versions of a figure, newest first. [`Progress::every_version`] reads them all.
    again list_history(ListHistoryRequest) -> ListHistoryResponse;
}

impl Progress {
    /// Takes one batch of reports. The ids of its rows make repeating it harmless. A batch is not copied
    /// to be sent again; one that the caller keeps can be lent in an [`Arc`].
    ///
    /// # Errors
    /// A refusal of the node, or a node that could not be reached.
    pub async fn push_reports(
        &self,
        request: impl Into<Arc<v1::PushReportsRequest>>,
    ) -> Result<v1::PushReportsResponse, ClientError> {
        let request = request.into();
        let send = |attempt| push_shared(self.client.wires(), attempt);
        self.client.unary(Repeat::Harmless, request, send).await
    }

    /// Every version of one figure, newest first, in as many pages as it takes. Where `request` names
    /// a page, that page and all that follow it.
    ///
    /// # Errors
    /// A refusal of the node, or a node that could not be reached.
    pub async fn every_version(
        &self,
        mut request: v1::ListHistoryRequest,
    ) -> Result<Vec<v1::ReportVersion>, ClientError> {
        let mut versions = Vec::new();
        loop {
            let page = self.list_history(request.clone()).await?;
            versions.extend(page.versions);
            // A node that names the same page again would be asked for ever.
            if page.next_page_token.is_empty() || page.next_page_token == request.page_token {
                return Ok(versions);
            }
            request.page_token = page.next_page_token;
        }
    }

    /// A pusher of any number of reports, which waits about two minutes for a node that went away
    /// unless the client itself is more patient. `batch` names the rows that have no id of their own: the
    /// same rows pushed again under the same name change nothing.
    pub fn pusher(&self, batch: &str, by: &str) -> Pusher {
        let mut patient = self.client.clone();
        if patient.retry.attempts > 0 && patient.retry.attempts < RetryPolicy::PATIENT.attempts {
            patient.retry = RetryPolicy::PATIENT;
        }
        Pusher::new(patient.progress(), batch, by)
    }
}

/// As the generated client does it, but for the message, which stays the caller's.
async fn push_shared(
    wires: Wires,
    attempt: Request<Arc<v1::PushReportsRequest>>,
) -> Result<Response<v1::PushReportsResponse>, Status> {
    let mut grpc = Grpc::new(wires).max_decoding_message_size(MAX_ANSWER_BYTES);
    let ready = grpc.ready().await;
    ready.map_err(|error| Status::unknown(format!("the connection is not ready: {error}")))?;
    let path = PathAndQuery::from_static(PUSH_REPORTS);
    grpc.unary(attempt, path, SharedCodec::default()).await
}
