//! Looking after a node: `liandong.admin.v1`.

mod audit;
mod catalogue;
mod export;
mod format;
mod import;
mod status;
mod verify;

use std::sync::Arc;

use liandong_core::access::Right;
use liandong_core::command::{Answer, Command};
use liandong_wire::admin::v1::admin_service_server::AdminService as Service;
use liandong_wire::admin::v1::{
    ExportRegionRequest, ExportRegionResponse, GetStatusRequest, GetStatusResponse,
    HostRegionsRequest, HostRegionsResponse, ImportRegionRequest, ImportRegionResponse,
    ListAuditRequest, ListAuditResponse, ListIndicatorsRequest, ListIndicatorsResponse,
    ListRegionsRequest, ListRegionsResponse, VerifyNodeRequest, VerifyNodeResponse,
};
use liandong_wire::admin::{AuditPage, Export, IndicatorFilter, RegionFilter, Verification};
use tokio::sync::Semaphore;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use tracing::info_span;

use super::call::{Failure, Method, entitled_still, serve, unexpected};
use crate::context::Context;

/// Looks after one node.
#[derive(Clone, Debug)]
pub(crate) struct AdminService {
    context: Arc<Context>,
    /// One verification at a time: each copies the state.
    verifying: Arc<Semaphore>,
    /// Few exports at a time: each reads the whole journal.
    exporting: Arc<Semaphore>,
}

impl AdminService {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            verifying: Arc::new(Semaphore::new(1)),
            exporting: Arc::new(Semaphore::new(2)),
        }
    }

    fn method(&self, name: &'static str) -> Method {
        Method::new("admin", name, self.context.config.limits.timeout)
    }
}

#[tonic::async_trait]
impl Service for AdminService {
    async fn get_status(
        &self,
        request: Request<GetStatusRequest>,
    ) -> Result<Response<GetStatusResponse>, Status> {
        let context = &self.context;
        let span = info_span!("get_status");
        serve(
            self.method("GetStatus"),
            span,
            request,
            |caller, message| async move {
                let GetStatusRequest {} = message;
                context.require_here(&caller, Right::Inspect)?;
                Ok(status::status(context).await?)
            },
        )
        .await
    }

    async fn verify_node(
        &self,
        request: Request<VerifyNodeRequest>,
    ) -> Result<Response<VerifyNodeResponse>, Status> {
        let context = &self.context;
        let verifying = &self.verifying;
        let span = info_span!("verify_node");
        serve(
            self.method("VerifyNode").unhurried(),
            span,
            request,
            |caller, message| async move {
                let asked = Verification::try_from(message)?;
                context.require_here(&caller, Right::Inspect)?;
                Ok(verify::verify(context, verifying, caller.language, asked).await?)
            },
        )
        .await
    }

    async fn list_regions(
        &self,
        request: Request<ListRegionsRequest>,
    ) -> Result<Response<ListRegionsResponse>, Status> {
        let context = &self.context;
        let span = info_span!("list_regions");
        serve(
            self.method("ListRegions").long(&context.long_answers),
            span,
            request,
            |caller, message| async move {
                let filter = RegionFilter::try_from(message)?;
                // Plans and figures cannot be read without the names of regions.
                context.require_here(&caller, Right::ReadPlans)?;
                let catalogue = &context.catalogue;
                let known = context.reader.read(|state| state.regions().clone());
                Ok(ListRegionsResponse {
                    regions: catalogue::regions(&known.await?, catalogue, filter)?,
                })
            },
        )
        .await
    }

    async fn list_indicators(
        &self,
        request: Request<ListIndicatorsRequest>,
    ) -> Result<Response<ListIndicatorsResponse>, Status> {
        let context = &self.context;
        let span = info_span!("list_indicators");
        serve(
            self.method("ListIndicators").long(&context.long_answers),
            span,
            request,
            |caller, message| async move {
                let filter = IndicatorFilter::try_from(message)?;
                context.require_here(&caller, Right::ReadPlans)?;
                let who = context.asking(&caller);
                let catalogue = &context.catalogue;
                let listed = context.reader.read(|state| {
                    let sight = context.sight(state, &who);
                    catalogue::indicators(state, catalogue, &filter, &sight)
                });
                Ok(ListIndicatorsResponse {
                    indicators: listed.await??,
                })
            },
        )
        .await
    }

    async fn host_regions(
        &self,
        request: Request<HostRegionsRequest>,
    ) -> Result<Response<HostRegionsResponse>, Status> {
        let context = &self.context;
        let span = info_span!("host_regions", regions = request.get_ref().regions.len());
        serve(
            self.method("HostRegions"),
            span,
            request,
            |caller, message| async move {
                let command = Command::try_from(message)?;
                context.require_here(&caller, Right::Administer)?;
                let changed = context
                    .reader
                    .read(|state| catalogue::differing(state, &command));
                let changed = changed.await?;
                match context.committer.submit(command, caller.origin()).await? {
                    Answer::Done => Ok(HostRegionsResponse { changed }),
                    other => Err(Failure::Refused(unexpected(&other))),
                }
            },
        )
        .await
    }

    type ExportRegionStream = ReceiverStream<Result<ExportRegionResponse, Status>>;

    async fn export_region(
        &self,
        request: Request<ExportRegionRequest>,
    ) -> Result<Response<Self::ExportRegionStream>, Status> {
        let context = &self.context;
        let exporting = &self.exporting;
        let span = info_span!("export_region", region = request.get_ref().region);
        serve(
            self.method("ExportRegion"),
            span,
            request,
            |caller, message| async move {
                let asked = Export::try_from(message)?;
                context.require(&caller, Right::Administer, asked.region)?;
                if asked.move_out {
                    context.require_here(&caller, Right::Administer)?;
                }
                let (right, region) = (Right::Administer, asked.region);
                let is_entitled = entitled_still(context, &caller, right, region);
                Ok(export::export(context, exporting, &caller, asked, is_entitled).await?)
            },
        )
        .await
    }

    async fn import_region(
        &self,
        request: Request<Streaming<ImportRegionRequest>>,
    ) -> Result<Response<ImportRegionResponse>, Status> {
        let context = &self.context;
        let span = info_span!("import_region");
        serve(
            self.method("ImportRegion").unhurried(),
            span,
            request,
            |caller, mut chunks| async move {
                context.require_here(&caller, Right::Administer)?;
                let mut reader = import::Reader::new(context).await?;
                while let Some(ImportRegionRequest { chunk }) = chunks.message().await? {
                    reader.take(&chunk)?;
                }
                Ok(import::import(context, &caller, reader).await?)
            },
        )
        .await
    }

    async fn list_audit(
        &self,
        request: Request<ListAuditRequest>,
    ) -> Result<Response<ListAuditResponse>, Status> {
        let context = &self.context;
        let span = info_span!("list_audit", region = request.get_ref().region);
        serve(
            self.method("ListAudit"),
            span,
            request,
            |caller, message| async move {
                let page = AuditPage::try_from(message)?;
                Ok(audit::list(context, &caller, page).await?)
            },
        )
        .await
    }
}
