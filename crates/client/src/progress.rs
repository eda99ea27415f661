//! Calls about reports.

use liandong_wire::progress::v1;

use crate::call::unary_calls;
use crate::connect::{Client, Wires};
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
    /// Every version of one figure, newest first.
    again list_history(ListHistoryRequest) -> ListHistoryResponse;
}

impl Progress {
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
