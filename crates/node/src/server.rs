//! The one port of a node: gRPC with health and reflection, the metrics page and the console.

use std::sync::Arc;
use std::time::Duration;

use liandong_wire::FILE_DESCRIPTOR_SET;
use liandong_wire::admin::v1::admin_service_server::AdminServiceServer;
use liandong_wire::collaboration::v1::collaboration_service_server::CollaborationServiceServer;
use liandong_wire::link::v1::link_service_server::LinkServiceServer;
use liandong_wire::progress::v1::progress_service_server::ProgressServiceServer;
use liandong_wire::rollup::v1::rollup_service_server::RollupServiceServer;
use liandong_wire::task::v1::task_service_server::TaskServiceServer;
use metrics_exporter_prometheus::PrometheusHandle;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic::transport::Server;

use crate::context::Context;
use crate::pages;
use crate::service::{
    AdminService, CollaborationService, LinkService, ProgressService, RollupService, TaskService,
};

/// Why the port cannot be served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The reflection service could not be built: a fault of the build.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The transport failed.
    #[error("serving: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves until the node stops, then lets open requests finish.
pub(crate) async fn serve(
    context: Arc<Context>,
    listener: TcpListener,
    metrics: PrometheusHandle,
    stopping: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let routes = routes(&context, metrics, &stopping).await?;
    let limits = context.config.limits;
    let mut stop = stopping;
    Server::builder()
        .accept_http1(true)
        .tcp_nodelay(true)
        .concurrency_limit_per_connection(limits.requests_per_connection)
        .load_shed(true)
        .max_concurrent_streams(limits.streams_per_connection)
        .http2_max_header_list_size(8 << 10)
        .http2_max_pending_accept_reset_streams(Some(20))
        .http2_keepalive_interval(Some(Duration::from_secs(20)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .add_routes(routes)
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), async move {
            // A sender that is gone means the same as a true.
            let _ = stop.wait_for(|stop| *stop).await;
        })
        .await?;
    Ok(())
}

async fn routes(
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
    let link = LinkService::new(shared(), stopping.clone());
    let link = bounded!(LinkServiceServer::new(link));
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<TaskServiceServer<TaskService>>().await;
    health
        .set_serving::<ProgressServiceServer<ProgressService>>()
        .await;
    health
        .set_serving::<RollupServiceServer<RollupService>>()
        .await;
    health
        .set_serving::<CollaborationServiceServer<CollaborationService>>()
        .await;
    health
        .set_serving::<AdminServiceServer<AdminService>>()
        .await;
    health.set_serving::<LinkServiceServer<LinkService>>().await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    Ok(Routes::from(pages::routes(context, metrics))
        .add_service(task)
        .add_service(progress)
        .add_service(rollup)
        .add_service(aid)
        .add_service(admin)
        .add_service(link)
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?))
}
