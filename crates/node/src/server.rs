//! The one port of a node: gRPC with health and reflection, the metrics page and the console.
//!
//! Whoever can reach the port may try to wear the node down, so everything a caller can make grow
//! has a bound here: connections and their age, streams and unanswered requests on a connection,
//! headers, messages, resets, requests in memory, what one identity has of all this, and the time
//! that any of it may take.

mod accept;
mod body;
mod foreign;
mod guard;
mod handshake;
mod line;
mod method;
mod places;
mod quota;
mod reflection;
mod strangers;
mod turned_away;

pub(crate) use handshake::Shown;

use std::sync::Arc;
use std::time::Duration;

use liandong_wire::admin::v1::admin_service_server::AdminServiceServer;
use liandong_wire::collaboration::v1::collaboration_service_server::CollaborationServiceServer;
use liandong_wire::identity::v1::identity_service_server::IdentityServiceServer;
use liandong_wire::link::v1::link_file_service_server::LinkFileServiceServer;
use liandong_wire::link::v1::link_service_server::LinkServiceServer;
use liandong_wire::progress::intake::progress_service_server::ProgressServiceServer;
use liandong_wire::rollup::v1::rollup_service_server::RollupServiceServer;
use liandong_wire::task::v1::task_service_server::TaskServiceServer;
use metrics_exporter_prometheus::PrometheusHandle;
use thiserror::Error;
use tokio::sync::watch;
use tonic::codec::CompressionEncoding;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use self::accept::Bounds;
use crate::config::Quotas;
use crate::context::Context;
use crate::link::LARGEST_FRAME;
use crate::pages;
use crate::service::{
    AdminService, CollaborationService, IdentityService, LinkFileService, LinkService,
    ProgressService, RollupService, TaskService,
};
use crate::surroundings::Incoming;

/// How long whoever watches the health has to hear the last of it.
const LAST_STATUS: Duration = Duration::from_millis(100);

/// The largest message to the service that strangers may ask: a request for a certificate fits.
const LARGEST_ASKED_OF_IDENTITY: usize = 16 << 10;

/// Why the port cannot be served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The reflection service could not be built: a fault of the build.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// Serves until the node stops, then lets open requests finish.
pub(crate) async fn serve(
    context: Arc<Context>,
    incoming: Incoming,
    metrics: PrometheusHandle,
    quotas: watch::Receiver<Quotas>,
    stopping: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let (health, health_service) = tonic_health::server::health_reporter();
    let routes = routes(&context, metrics, &stopping)?.add_service(health_service);
    set_health(&health, ServingStatus::Serving).await;
    let bounds = Bounds {
        limits: context.config.limits,
        quotas,
    };
    let mut stop = stopping;
    let stopped = async move {
        // A sender that is gone means the same as a true.
        let _ = stop.wait_for(|stop| *stop).await;
        // Whoever balances load learns it on the connections that are still open.
        set_health(&health, ServingStatus::NotServing).await;
        end_health_watches(health).await;
    };
    let surroundings = context.surroundings.clone();
    let router = routes.prepare().into_axum_router();
    let identities = context.identities.clone();
    accept::run(incoming, router, bounds, identities, surroundings, stopped).await;
    Ok(())
}

/// The services that tell how they are, besides the node as a whole.
const SERVICES: [&str; 8] = [
    <TaskServiceServer<TaskService> as NamedService>::NAME,
    <ProgressServiceServer<ProgressService> as NamedService>::NAME,
    <RollupServiceServer<RollupService> as NamedService>::NAME,
    <CollaborationServiceServer<CollaborationService> as NamedService>::NAME,
    <AdminServiceServer<AdminService> as NamedService>::NAME,
    <LinkServiceServer<LinkService> as NamedService>::NAME,
    <LinkFileServiceServer<LinkFileService> as NamedService>::NAME,
    <IdentityServiceServer<IdentityService> as NamedService>::NAME,
];

/// The name under which health is told of the node as a whole.
const WHOLE_NODE: &str = "";

async fn set_health(health: &HealthReporter, status: ServingStatus) {
    health.set_service_status(WHOLE_NODE, status).await;
    for service in SERVICES {
        health.set_service_status(service, status).await;
    }
}

/// Lets streams that watch the health end, which would keep the port from closing; they have been
/// told the last status first.
async fn end_health_watches(mut health: HealthReporter) {
    tokio::time::sleep(LAST_STATUS).await;
    for service in SERVICES {
        health.clear_service_status(service).await;
    }
    health.clear_service_status(WHOLE_NODE).await;
}

fn routes(
    context: &Arc<Context>,
    metrics: PrometheusHandle,
    stopping: &watch::Receiver<bool>,
) -> Result<Routes, ServeError> {
    let limit = context.config.limits.message_bytes;
    let shared = || Arc::clone(context);
    // Every service takes compressed messages; the limit is on what they unpack to.
    macro_rules! bounded {
        ($server:expr) => {
            $server
                .accept_compressed(CompressionEncoding::Gzip)
                .max_decoding_message_size(limit)
                .max_encoding_message_size(limit)
        };
    }
    let task = bounded!(TaskServiceServer::new(TaskService::new(shared())));
    let progress = bounded!(ProgressServiceServer::new(ProgressService::new(shared())));
    let rollup = RollupService::new(shared(), stopping.clone());
    let rollup = bounded!(RollupServiceServer::new(rollup));
    let aid = bounded!(CollaborationServiceServer::new(CollaborationService::new(
        shared()
    )));
    let admin = bounded!(AdminServiceServer::new(AdminService::new(shared())));
    let link_file = bounded!(LinkFileServiceServer::new(LinkFileService::new(shared())));
    // Strangers speak to it, and nothing that it is asked is large.
    let identity = IdentityServiceServer::new(IdentityService::new(shared()))
        .max_decoding_message_size(LARGEST_ASKED_OF_IDENTITY)
        .max_encoding_message_size(limit);
    let link = LinkService::new(shared(), stopping.clone());
    // A frame is as large as the largest document; see the links.
    let link = LinkServiceServer::new(link)
        .accept_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(LARGEST_FRAME)
        .max_encoding_message_size(LARGEST_FRAME);
    let pages = pages::routes(context, metrics).merge(reflection::routes()?);
    Ok(Routes::from(pages)
        .add_service(task)
        .add_service(progress)
        .add_service(rollup)
        .add_service(aid)
        .add_service(admin)
        .add_service(link)
        .add_service(link_file)
        .add_service(identity))
}
