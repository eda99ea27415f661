//! Calls about the node itself, its regions and its indicators.

use liandong_wire::admin::v1;
use tokio_stream::Stream;
use tonic::{Request, Streaming};

use crate::call::{AS_LONG_AS_NEEDED, unary_calls};
use crate::connect::{Client, Wires};
use crate::error::ClientError;

/// The node itself.
#[derive(Clone, Debug)]
pub struct Admin {
    client: Client,
}

unary_calls! {
    Admin over v1::admin_service_client::AdminServiceClient<Wires>;

    /// What the node is, what it holds and how its links are.
    again get_status(GetStatusRequest) -> GetStatusResponse;
    /// Verifies the node within the client's deadline; see [`Admin::verify_patiently`].
    again verify_node(VerifyNodeRequest) -> VerifyNodeResponse;
    /// Regions that the node knows.
    again list_regions(ListRegionsRequest) -> ListRegionsResponse;
    /// Indicators that the node knows.
    again list_indicators(ListIndicatorsRequest) -> ListIndicatorsResponse;
    /// One page of who changed what, newest first; see [`Admin::audit`].
    again list_audit(ListAuditRequest) -> ListAuditResponse;
    /// Hosts regions, or updates those that are hosted; repeating it is harmless.
    again host_regions(HostRegionsRequest) -> HostRegionsResponse;
}

impl Admin {
    /// Verifies some parts of the node, however long it takes.
    ///
    /// # Errors
    /// A refusal of the node, or a node that could not be reached.
    pub async fn verify_patiently(
        &self,
        parts: &[v1::VerifyPart],
    ) -> Result<v1::VerifyNodeResponse, ClientError> {
        let patient = self.client.with_deadline(AS_LONG_AS_NEEDED).admin();
        let parts = parts.iter().map(|part| (*part).into()).collect();
        patient.verify_node(v1::VerifyNodeRequest { parts }).await
    }

    /// What was done, newest first, at most `most` entries, in as many pages as it takes. Where
    /// `request` names a page, from that on. Returns whether there may be more, too.
    ///
    /// # Errors
    /// A refusal of the node, or a node that could not be reached.
    pub async fn audit(
        &self,
        mut request: v1::ListAuditRequest,
        most: usize,
    ) -> Result<(Vec<v1::AuditEntry>, bool), ClientError> {
        let mut entries = Vec::new();
        loop {
            let wanted = most.saturating_sub(entries.len());
            if wanted == 0 {
                return Ok((entries, true));
            }
            request.page_size = i32::try_from(wanted).unwrap_or(0);
            let page = self.list_audit(request.clone()).await?;
            entries.extend(page.entries);
            // A node that names the same page again would be asked for ever.
            if page.next_page_token.is_empty() || page.next_page_token == request.page_token {
                return Ok((entries, false));
            }
            request.page_token = page.next_page_token;
        }
    }

    /// Everything that the node holds of a region and of all below it, chunk by chunk.
    ///
    /// # Errors
    /// A refusal of the node, or a node that could not be reached.
    pub async fn export_region(
        &self,
        request: v1::ExportRegionRequest,
    ) -> Result<ExportStream, ClientError> {
        let answer = self.grpc().export_region(Request::new(request)).await;
        let chunks = answer.map_err(|status| self.client.error(&status))?;
        Ok(ExportStream {
            client: self.client.clone(),
            chunks: chunks.into_inner(),
        })
    }

    /// Takes over a region from the chunks of another node's export, in order.
    ///
    /// # Errors
    /// A refusal of the node, or a node that could not be reached.
    pub async fn import_region(
        &self,
        chunks: impl Stream<Item = Vec<u8>> + Send + 'static,
    ) -> Result<v1::ImportRegionResponse, ClientError> {
        use tokio_stream::StreamExt;
        let messages = chunks.map(|chunk| v1::ImportRegionRequest { chunk });
        let answer = self.grpc().import_region(Request::new(messages)).await;
        let taken = answer.map_err(|status| self.client.error(&status))?;
        Ok(taken.into_inner())
    }
}

/// The chunks of an export.
#[derive(Debug)]
pub struct ExportStream {
    client: Client,
    chunks: Streaming<v1::ExportRegionResponse>,
}

impl ExportStream {
    /// The next chunk; `None` after the last.
    ///
    /// # Errors
    /// The export broke off; what was written so far is of no use.
    pub async fn next_chunk(&mut self) -> Result<Option<Vec<u8>>, ClientError> {
        let next = self.chunks.message().await;
        let message = next.map_err(|status| self.client.error(&status))?;
        Ok(message.map(|message| message.chunk))
    }
}
