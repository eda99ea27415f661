//! Calls about reports.

use liandong_wire::progress::v1;

use crate::call::unary_calls;
use crate::connect::{Client, Wires};
use crate::error::ClientError;
use crate::pusher::Pusher;
use crate::retry::RetryPolicy;

/// Reports of a node.
#[derive(Clone, Debug)]
pub struct Progress {
    client: Client,
}

unary_calls! {
    Progress over v1::progress_service_client::ProgressServiceClient<Wires>;

    /// Takes one batch of reports. The ids of its rows make repeating it harmless.
    again push_reports(PushReportsRequest) -> PushReportsResponse;
    /// One page of the versions of a figure, newest first. [`Progress::every_version`] reads them all.
    again list_history(ListHistoryRequest) -> ListHistoryResponse;
}

impl Progress {
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
