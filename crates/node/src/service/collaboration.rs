//! Pairings and aid projects: `liandong.collaboration.v1`.

mod pairings;
mod projects;

use std::sync::Arc;

use liandong_core::access::Right;
use liandong_core::command::Command;
use liandong_core::refusal::Refusal;
use liandong_core::region::RegionCode;
use liandong_wire::collaboration::v1::collaboration_service_server::CollaborationService as Service;
use liandong_wire::collaboration::v1::{
    ConsentProjectRequest, ConsentProjectResponse, EndPairingRequest, EndPairingResponse,
    GetProjectRequest, GetProjectResponse, ListPairingsRequest, ListPairingsResponse,
    ListProjectsRequest, ListProjectsResponse, ProposePairingRequest, ProposePairingResponse,
    ProposeProjectRequest, ProposeProjectResponse, ReconcileProjectRequest,
    ReconcileProjectResponse, RecordEntryRequest, RecordEntryResponse, SignPairingRequest,
    SignPairingResponse,
};
use liandong_wire::collaboration::{PairingFilter, ProjectFilter, ProjectKey};
use tonic::{Request, Response, Status};
use tracing::info_span;

use super::call::{Method, Sight, serve, write};
use crate::context::Context;

/// Pairs regions and keeps their aid projects.
#[derive(Clone, Debug)]
pub(crate) struct CollaborationService {
    context: Arc<Context>,
}

impl CollaborationService {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    fn method(&self, name: &'static str) -> Method {
        Method::new("collaboration", name, self.context.config.limits.timeout)
    }
}

#[tonic::async_trait]
impl Service for CollaborationService {
    async fn propose_pairing(
        &self,
        request: Request<ProposePairingRequest>,
    ) -> Result<Response<ProposePairingResponse>, Status> {
        let context = &self.context;
        let span = info_span!("propose_pairing");
        serve(
            self.method("ProposePairing"),
            span,
            request,
            |caller, message| async move {
                let command = Command::try_from(message)?;
                let (pairing, version) = write(context, &caller, command).await?;
                Ok(ProposePairingResponse { pairing, version })
            },
        )
        .await
    }

    async fn sign_pairing(
        &self,
        request: Request<SignPairingRequest>,
    ) -> Result<Response<SignPairingResponse>, Status> {
        let context = &self.context;
        let span = info_span!("sign_pairing");
        serve(
            self.method("SignPairing"),
            span,
            request,
            |caller, message| async move {
                let command = Command::try_from(message)?;
                let (_, version) = write(context, &caller, command).await?;
                Ok(SignPairingResponse { version })
            },
        )
        .await
    }

    async fn end_pairing(
        &self,
        request: Request<EndPairingRequest>,
    ) -> Result<Response<EndPairingResponse>, Status> {
        let context = &self.context;
        let span = info_span!("end_pairing");
        serve(
            self.method("EndPairing"),
            span,
            request,
            |caller, message| async move {
                let command = Command::try_from(message)?;
                let (_, version) = write(context, &caller, command).await?;
                Ok(EndPairingResponse { version })
            },
        )
        .await
    }

    async fn list_pairings(
        &self,
        request: Request<ListPairingsRequest>,
    ) -> Result<Response<ListPairingsResponse>, Status> {
        let context = &self.context;
        let span = info_span!("list_pairings");
        serve(
            self.method("ListPairings").long(&context.long_answers),
            span,
            request,
            |caller, message| async move {
                let filter = PairingFilter::try_from(message)?;
                let today = context.moment().today;
                let who = context.asking(&caller);
                let listed = context.reader.read(|state| {
                    let sight = context.sight(state, &who);
                    require(&sight, Right::ReadAid, filter.region)?;
                    pairings::list(state, filter, today, &sight)
                });
                Ok(ListPairingsResponse {
                    pairings: listed.await??,
                })
            },
        )
        .await
    }

    async fn propose_project(
        &self,
        request: Request<ProposeProjectRequest>,
    ) -> Result<Response<ProposeProjectResponse>, Status> {
        let context = &self.context;
        let span = info_span!("propose_project");
        serve(
            self.method("ProposeProject"),
            span,
            request,
            |caller, message| async move {
                let command = Command::try_from(message)?;
                let (_, version) = write(context, &caller, command).await?;
                Ok(ProposeProjectResponse { version })
            },
        )
        .await
    }

    async fn consent_project(
        &self,
        request: Request<ConsentProjectRequest>,
    ) -> Result<Response<ConsentProjectResponse>, Status> {
        let context = &self.context;
        let span = info_span!("consent_project");
        serve(
            self.method("ConsentProject"),
            span,
            request,
            |caller, message| async move {
                let command = Command::try_from(message)?;
                let (_, version) = write(context, &caller, command).await?;
                Ok(ConsentProjectResponse { version })
            },
        )
        .await
    }

    async fn record_entry(
        &self,
        request: Request<RecordEntryRequest>,
    ) -> Result<Response<RecordEntryResponse>, Status> {
        let context = &self.context;
        let span = info_span!("record_entry");
        serve(
            self.method("RecordEntry"),
            span,
            request,
            |caller, message| async move {
                let command = Command::try_from(message)?;
                let (id, version) = write(context, &caller, command).await?;
                Ok(RecordEntryResponse { id, version })
            },
        )
        .await
    }

    async fn list_projects(
        &self,
        request: Request<ListProjectsRequest>,
    ) -> Result<Response<ListProjectsResponse>, Status> {
        let context = &self.context;
        let span = info_span!("list_projects");
        serve(
            self.method("ListProjects").long(&context.long_answers),
            span,
            request,
            |caller, message| async move {
                let filter = ProjectFilter::try_from(message)?;
                let catalogue = &context.catalogue;
                let who = context.asking(&caller);
                let listed = context.reader.read(|state| {
                    let sight = context.sight(state, &who);
                    require(&sight, Right::ReadAidSummary, filter.region)?;
                    projects::list(state, catalogue, filter, &sight)
                });
                Ok(listed.await??)
            },
        )
        .await
    }

    async fn get_project(
        &self,
        request: Request<GetProjectRequest>,
    ) -> Result<Response<GetProjectResponse>, Status> {
        let context = &self.context;
        let span = info_span!("get_project");
        serve(
            self.method("GetProject"),
            span,
            request,
            |caller, message| async move {
                let key = ProjectKey::try_from(message)?;
                let who = context.asking(&caller);
                let got = context
                    .reader
                    .read(|state| projects::get(state, &key, &context.sight(state, &who)));
                Ok(got.await??)
            },
        )
        .await
    }

    async fn reconcile_project(
        &self,
        request: Request<ReconcileProjectRequest>,
    ) -> Result<Response<ReconcileProjectResponse>, Status> {
        let context = &self.context;
        let span = info_span!("reconcile_project");
        serve(
            self.method("ReconcileProject"),
            span,
            request,
            |caller, message| async move {
                let key = ProjectKey::try_from(message)?;
                let who = context.asking(&caller);
                let got = context
                    .reader
                    .read(|state| projects::reconciled(state, &key, &context.sight(state, &who)));
                Ok(got.await??)
            },
        )
        .await
    }
}

/// Refuses a caller that could be shown nothing of a region, or of any where none is named.
fn require(sight: &Sight<'_>, right: Right, region: Option<RegionCode>) -> Result<(), Refusal> {
    match region {
        Some(region) => sight.require(right, region),
        None => sight.require_somewhere(right),
    }
}
