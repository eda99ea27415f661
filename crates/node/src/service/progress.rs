//! Reports in, and what became of them: `liandong.progress.v1`.

mod history;
mod push;

use std::sync::Arc;

use liandong_core::access::Right;
use liandong_wire::progress::intake::progress_service_server::ProgressService as Service;
use liandong_wire::progress::v1::{
    ListHistoryRequest, ListHistoryResponse, PushReportsResponse, UploadReportsResponse,
};
use liandong_wire::progress::{
    HistoryPage, UnreadPush, UnreadUpload, add_to_upload, push_response,
};
use tonic::{Request, Response, Status, Streaming};
use tracing::info_span;

use super::call::{Method, serve};
use crate::context::Context;

/// Takes reports and shows their history.
#[derive(Clone, Debug)]
pub(crate) struct ProgressService {
    context: Arc<Context>,
}

impl ProgressService {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    fn method(&self, name: &'static str) -> Method {
        Method::new("progress", name, self.context.config.limits.timeout)
    }
}

#[tonic::async_trait]
impl Service for ProgressService {
    async fn push_reports(
        &self,
        request: Request<UnreadPush>,
    ) -> Result<Response<PushReportsResponse>, Status> {
        let rows = request
            .get_ref()
            .batch
            .as_ref()
            .map_or(0, |batch| batch.rows.len());
        let span = info_span!("push_reports", rows);
        let context = &self.context;
        serve(
            self.method("PushReports"),
            span,
            request,
            |caller, message| async move {
                let UnreadPush {
                    batch,
                    all_outcomes,
                } = message;
                let mut batch = push::read(context, batch)?;
                push::check_rights(context, &caller, &mut batch)?;
                let outcomes = push::take(context, &caller, batch, push::Pace::Refuse).await?;
                Ok(push_response(outcomes, all_outcomes, caller.language))
            },
        )
        .await
    }

    async fn upload_reports(
        &self,
        request: Request<Streaming<UnreadUpload>>,
    ) -> Result<Response<UploadReportsResponse>, Status> {
        let span = info_span!("upload_reports");
        let context = &self.context;
        serve(
            self.method("UploadReports").unhurried(),
            span,
            request,
            |caller, mut batches| async move {
                let mut response = UploadReportsResponse::default();
                // Of an upload without batches, too.
                context.ask_rights(&caller, |sight| sight.require_somewhere(Right::Report))?;
                while let Some(UnreadUpload { batch }) = batches.message().await? {
                    let mut batch = push::read(context, batch)?;
                    push::check_rights(context, &caller, &mut batch)?;
                    let id = batch.push.id.clone();
                    let outcomes = push::take(context, &caller, batch, push::Pace::Wait).await?;
                    add_to_upload(&mut response, &id, outcomes, caller.language);
                }
                Ok(response)
            },
        )
        .await
    }

    async fn list_history(
        &self,
        request: Request<ListHistoryRequest>,
    ) -> Result<Response<ListHistoryResponse>, Status> {
        let context = &self.context;
        let span = info_span!("list_history");
        serve(
            self.method("ListHistory"),
            span,
            request,
            |caller, message| async move {
                let page = HistoryPage::try_from(message)?;
                context.require(&caller, Right::ReadExact, page.figure.source)?;
                Ok(history::list(context, page).await?)
            },
        )
        .await
    }
}
