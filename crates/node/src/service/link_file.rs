//! Links by file, keys, and what was set aside: `LinkFileService` of `liandong.link.v1`.

use std::sync::Arc;

use liandong_core::access::Right;
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_wire::admin::v1::Relation;
use liandong_wire::link::v1::link_file_service_server::LinkFileService as Service;
use liandong_wire::link::v1::{
    ExportLinkRequest, ExportLinkResponse, ExportLinkSummary, ImportLinkRequest,
    ImportLinkResponse, LinkPeer, ListLinkPeersRequest, ListLinkPeersResponse,
    RetrySetAsideRequest, RetrySetAsideResponse,
};
use liandong_wire::link::{optional_peer, peer};
use liandong_wire::refusal::status;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use tracing::info_span;

use super::call::{Caller, Method, serve};
use crate::context::Context;
use crate::link::file::{Export, Import, Outcome, Piece, Summary, export, own_signer, peers};
use crate::link::retry;

/// Pieces that wait for a slow receiver.
const QUEUE: usize = 4;

/// Looks after the links.
#[derive(Clone, Debug)]
pub(crate) struct LinkFileService {
    context: Arc<Context>,
    /// Few exports at a time: each looks through the changes.
    exporting: Arc<Semaphore>,
    /// One import at a time: what it takes goes through the one writer anyway.
    importing: Arc<Semaphore>,
}

impl LinkFileService {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            exporting: Arc::new(Semaphore::new(2)),
            importing: Arc::new(Semaphore::new(1)),
        }
    }

    fn method(&self, name: &'static str) -> Method {
        Method::new("link_file", name, self.context.config.limits.timeout)
    }
}

#[tonic::async_trait]
impl Service for LinkFileService {
    async fn list_link_peers(
        &self,
        request: Request<ListLinkPeersRequest>,
    ) -> Result<Response<ListLinkPeersResponse>, Status> {
        let context = &self.context;
        let span = info_span!("list_link_peers");
        serve(
            self.method("ListLinkPeers"),
            span,
            request,
            |caller, message| async move {
                let ListLinkPeersRequest {} = message;
                context.require_here(&caller, Right::Administer)?;
                Ok(list(context).await?)
            },
        )
        .await
    }

    type ExportLinkStream = ReceiverStream<Result<ExportLinkResponse, Status>>;

    async fn export_link(
        &self,
        request: Request<ExportLinkRequest>,
    ) -> Result<Response<Self::ExportLinkStream>, Status> {
        let (context, exporting) = (&self.context, &self.exporting);
        let span = info_span!("export_link", peer = request.get_ref().peer);
        serve(
            self.method("ExportLink"),
            span,
            request,
            |caller, message| async move {
                let ExportLinkRequest {
                    peer: for_peer,
                    all,
                    part_bytes,
                } = message;
                let asked = Export {
                    peer: peer(&for_peer)?,
                    all,
                    part_bytes,
                };
                context.require_here(&caller, Right::Administer)?;
                let pieces = export(context, exporting, asked).await?;
                Ok(hand_on(caller, pieces))
            },
        )
        .await
    }

    async fn import_link(
        &self,
        request: Request<Streaming<ImportLinkRequest>>,
    ) -> Result<Response<ImportLinkResponse>, Status> {
        let (context, importing) = (&self.context, &self.importing);
        let span = info_span!("import_link");
        let imported = serve(
            self.method("ImportLink").unhurried(),
            span,
            request,
            |caller, mut chunks| async move {
                context.require_here(&caller, Right::Administer)?;
                let mut import = Import::begin(context, importing)?;
                while let Some(ImportLinkRequest { chunk }) = chunks.message().await? {
                    import.take(&chunk).await?;
                }
                Ok(outcome(import.finish(caller.origin()).await?))
            },
        )
        .await;
        let result = if imported.is_ok() { "taken" } else { "refused" };
        metrics::counter!("liandong_link_imports_total", "result" => result).increment(1);
        imported
    }

    async fn retry_set_aside(
        &self,
        request: Request<RetrySetAsideRequest>,
    ) -> Result<Response<RetrySetAsideResponse>, Status> {
        let context = &self.context;
        let span = info_span!("retry_set_aside");
        serve(
            self.method("RetrySetAside"),
            span,
            request,
            |caller, message| async move {
                let RetrySetAsideRequest {
                    peer: of,
                    unsigned,
                    seen,
                } = message;
                let only: Option<RegionCode> = optional_peer(&of)?;
                context.require_here(&caller, Right::Administer)?;
                let retried = retry(context, only, (unsigned, seen), &caller.origin()).await?;
                Ok(RetrySetAsideResponse {
                    tried: retried.tried,
                    applied: retried.applied,
                    remaining: retried.remaining,
                    seen: retried.seen,
                })
            },
        )
        .await
    }
}

async fn list(context: &Context) -> Result<ListLinkPeersResponse, Refusal> {
    let key = own_signer(context)?.public().to_string();
    let (peers, change) = peers(context).await?;
    let peers = peers.into_iter().map(|peer| LinkPeer {
        region: peer.region.to_string(),
        relation: Relation::from(peer.relation).into(),
        key: peer.key.map(|key| key.to_string()).unwrap_or_default(),
        holds: peer.holds,
        change,
        held: peer.held,
    });
    Ok(ListLinkPeersResponse {
        region: context.config.region.to_string(),
        key,
        peers: peers.collect(),
    })
}

/// Hands the pieces on as messages, in the caller's language where they end with a refusal.
fn hand_on(
    caller: Caller,
    mut pieces: mpsc::Receiver<Result<Piece, Refusal>>,
) -> ReceiverStream<Result<ExportLinkResponse, Status>> {
    let (messages, stream) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        while let Some(piece) = pieces.recv().await {
            let message = piece
                .map(message_of)
                .map_err(|refusal| status(&refusal, caller.language));
            if messages.send(message).await.is_err() {
                return;
            }
        }
    });
    ReceiverStream::new(stream)
}

fn message_of(piece: Piece) -> ExportLinkResponse {
    match piece {
        Piece::Bytes { part, bytes } => ExportLinkResponse {
            part,
            chunk: bytes,
            summary: None,
        },
        Piece::Summary(Summary {
            after,
            upto,
            documents,
            cells,
        }) => ExportLinkResponse {
            part: 0,
            chunk: Vec::new(),
            summary: Some(ExportLinkSummary {
                after,
                upto,
                documents,
                cells,
            }),
        },
    }
}

fn outcome(outcome: Outcome) -> ImportLinkResponse {
    let Outcome {
        header,
        end,
        applied,
        set_aside,
        held,
        gap,
        earlier_life,
        acknowledged,
        answer_wanted,
        taken_back,
        told_again,
        copy,
        forked,
    } = outcome;
    ImportLinkResponse {
        exporter: header.exporter.to_string(),
        after: header.after,
        upto: end.upto,
        documents: end.documents,
        cells: end.cells,
        applied,
        set_aside,
        held,
        gap,
        earlier_life,
        acknowledged,
        answer_wanted,
        taken_back,
        told_again,
        copy,
        forked,
    }
}
