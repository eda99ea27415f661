//! Calls about a node's links: keys, files that carry what a peer does not hold, and changes that
//! were set aside.

use liandong_wire::link::v1;
use tokio_stream::Stream;
use tonic::{Request, Streaming};

use crate::call::unary_calls;
use crate::connect::{Client, Wires};
use crate::error::ClientError;

/// A node's links.
#[derive(Clone, Debug)]
pub struct Link {
    client: Client,
}

unary_calls! {
    Link over v1::link_file_service_client::LinkFileServiceClient<Wires>;

    /// The node's public key, and its peers as far as files are concerned.
    again list_link_peers(ListLinkPeersRequest) -> ListLinkPeersResponse;
    /// Tries changes again that were set aside; repeating it is harmless.
    again retry_set_aside(RetrySetAsideRequest) -> RetrySetAsideResponse;
}

impl Link {
    /// What a peer does not hold yet, as one or more signed files.
    ///
    /// # Errors
    /// A refusal of the node, or a node that could not be reached.
    pub async fn export_link(
        &self,
        request: v1::ExportLinkRequest,
    ) -> Result<LinkExportStream, ClientError> {
        let answer = self.grpc().export_link(Request::new(request)).await;
        let pieces = answer.map_err(|status| self.client.error(&status))?;
        Ok(LinkExportStream {
            client: self.client.clone(),
            pieces: pieces.into_inner(),
        })
    }

    /// Takes a file of a peer from its bytes, in order.
    ///
    /// # Errors
    /// A refusal of the node, or a node that could not be reached.
    pub async fn import_link(
        &self,
        chunks: impl Stream<Item = Vec<u8>> + Send + 'static,
    ) -> Result<v1::ImportLinkResponse, ClientError> {
        use tokio_stream::StreamExt;
        let messages = chunks.map(|chunk| v1::ImportLinkRequest { chunk });
        let answer = self.grpc().import_link(Request::new(messages)).await;
        let taken = answer.map_err(|status| self.client.error(&status))?;
        Ok(taken.into_inner())
    }
}

/// The pieces of an export.
#[derive(Debug)]
pub struct LinkExportStream {
    client: Client,
    pieces: Streaming<v1::ExportLinkResponse>,
}

impl LinkExportStream {
    /// The next piece; `None` after the last, which carries the summary.
    ///
    /// # Errors
    /// The export broke off; the file that was being written is of no use.
    pub async fn next_piece(&mut self) -> Result<Option<v1::ExportLinkResponse>, ClientError> {
        let next = self.pieces.message().await;
        next.map_err(|status| self.client.error(&status))
    }
}
