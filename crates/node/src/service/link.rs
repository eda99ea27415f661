//! The service that peers dial.

use std::pin::Pin;
use std::sync::Arc;

use liandong_core::access::Relation;
use liandong_core::identity::{Identity, Role};
use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_wire::link::v1::link_service_server::LinkService as Served;
use liandong_wire::link::v1::{ExchangeRequest, ExchangeResponse};
use liandong_wire::link::{Incoming, StreamReader};
use liandong_wire::refusal::status;
use tokio::sync::watch;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

use super::call::Who;
use crate::commit::actor;
use crate::context::Context;
use crate::link::{Frames, HELLO_PATIENCE, Session, admit, check_for_twin, hello, outbox, run};
use crate::server::Shown;

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
        let shown = request.extensions().get::<Shown>().cloned();
        let frames = request.into_inner().map(|said| said.map(|said| said.frame));
        let mut frames: Frames = Box::pin(frames);
        let mut reader = StreamReader::new();
        let refuse = |refusal: Refusal| status(&refusal, Language::En);
        is_node(&self.context.who(shown.as_ref())).map_err(refuse)?;
        let first = tokio::time::timeout(HELLO_PATIENCE, frames.next()).await;
        let Ok(Some(first)) = first else {
            return Err(refuse(no_hello()));
        };
        let Incoming::Hello(greeting) = reader.frame(first?).map_err(refuse)? else {
            return Err(refuse(no_hello()));
        };
        let peer = greeting.region;
        is_shown(peer, shown.as_ref()).map_err(|refusal| {
            tracing::warn!(%peer, %refusal, "a peer was not admitted");
            refuse(refusal)
        })?;
        let relation = admit(&self.context, "hello.region", peer).await;
        let relation = relation.map_err(|refusal| {
            tracing::warn!(%peer, %refusal, "a peer was not admitted");
            refuse(refusal)
        })?;
        is_in_line(&self.context, relation, shown.as_ref()).map_err(|refusal| {
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
            actor: actor(shown.as_ref()),
            shown: None,
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

/// Only nodes exchange changes: whoever shows another certificate is not even listened to.
fn is_node(who: &Who) -> Result<(), Refusal> {
    let identity = match who {
        // Where nobody shows a certificate, peers do not either.
        Who::Here => return Ok(()),
        Who::Shown { identity, .. } if identity.role == Role::Node => return Ok(()),
        Who::Shown { identity, .. } => identity.to_string(),
        Who::Nobody => String::new(),
    };
    Err(Refusal::advise(
        Reason::NoRight,
        "",
        identity,
        "只有节点之间才交换变更",
        "only nodes exchange changes",
    ))
}

/// A peer is the region whose certificate it shows; where nobody shows any, what it says is taken.
fn is_shown(peer: RegionCode, shown: Option<&Shown>) -> Result<(), Refusal> {
    let Some(Shown(certificate)) = shown else {
        return Ok(());
    };
    let is_peers = |found: &&Identity| found.role == Role::Node && found.region == peer;
    if certificate.identity().filter(is_peers).is_some() {
        return Ok(());
    }
    let found = certificate.identity();
    let found = found.map_or_else(String::new, ToString::to_string);
    Err(Refusal::advise(
        Reason::NotEntitled,
        "hello.region",
        peer,
        format!("所示证书属于 {found}"),
        format!("the certificate that was shown is {found}"),
    ))
}

/// Nodes above and below are vouched for by this node's own trust domain: another one vouches for
/// partners alone.
fn is_in_line(context: &Context, relation: Relation, shown: Option<&Shown>) -> Result<(), Refusal> {
    let Who::Shown {
        identity,
        foreign: true,
    } = context.who(shown)
    else {
        return Ok(());
    };
    if relation == Relation::Partner {
        return Ok(());
    }
    Err(Refusal::advise(
        Reason::NotEntitled,
        "hello.region",
        identity.region,
        format!("所示证书属于另一信任域：{identity}"),
        format!("the certificate that was shown is of another trust domain: {identity}"),
    ))
}
