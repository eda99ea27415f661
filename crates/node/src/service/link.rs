//! The service that peers dial.

use std::pin::Pin;
use std::sync::Arc;

use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_wire::link::v1::link_service_server::LinkService as Served;
use liandong_wire::link::v1::{ExchangeRequest, ExchangeResponse};
use liandong_wire::link::{Incoming, StreamReader};
use liandong_wire::refusal::status;
use tokio::sync::watch;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use crate::context::Context;
use crate::link::{Frames, HELLO_PATIENCE, Session, admit, check_for_twin, hello, outbox, run};

/// Admits peers and runs their streams.
pub(crate) struct LinkService {
    context: Arc<Context>,
    stopping: watch::Receiver<bool>,
}

impl LinkService {
    pub(crate) fn new(context: Arc<Context>, stopping: watch::Receiver<bool>) -> Self {
        Self { context, stopping }
    }
}

#[tonic::async_trait]
impl Served for LinkService {
    type ExchangeStream = Pin<Box<dyn Stream<Item = Result<ExchangeResponse, Status>> + Send>>;

    async fn exchange(
        &self,
        request: Request<Streaming<ExchangeRequest>>,
    ) -> Result<Response<Self::ExchangeStream>, Status> {
        let frames = request.into_inner().map(|said| said.map(|said| said.frame));
        let mut frames: Frames = Box::pin(frames);
        let mut reader = StreamReader::new();
        let refuse = |refusal: Refusal| status(&refusal, Language::En);
        let first = tokio::time::timeout(HELLO_PATIENCE, frames.next()).await;
        let Ok(Some(first)) = first else {
            return Err(refuse(no_hello()));
        };
        let Incoming::Hello(greeting) = reader.frame(first?).map_err(refuse)? else {
            return Err(refuse(no_hello()));
        };
        let peer = greeting.region;
        let relation = admit(&self.context, "hello.region", peer).await;
        let relation = relation.map_err(|refusal| {
            tracing::warn!(%peer, %refusal, "a peer was not admitted");
            refuse(refusal)
        })?;
        check_for_twin(&self.context, &greeting)
            .await
            .map_err(refuse)?;
        let (outbox, said) = outbox();
        let answer = hello(&self.context, peer).await.map_err(refuse)?;
        // A new outbox has room for it.
        let _ = outbox.send(answer).await;
        let session = Session {
            context: Arc::clone(&self.context),
            peer,
            relation,
            hello: greeting,
            frames,
            reader,
            outbox,
        };
        tokio::spawn(run(session, self.stopping.clone()));
        let responses = ReceiverStream::new(said).map(|said| Ok(ExchangeResponse::from(said)));
        Ok(Response::new(Box::pin(responses)))
    }
}

fn no_hello() -> Refusal {
    Refusal::new(Reason::Missing, "hello", "", Accepted::Nothing)
}
