//! Logs, spans and metrics of the process.

use std::io::IsTerminal;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::KeyValue;
use opentelemetry::global;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use thiserror::Error;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::Config;

/// How long observations wait to be entered into their buckets.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// Why telemetry cannot be started.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The log filter cannot be read.
    #[error("log.filter: {0}; write for example info,liandong_node=debug")]
    Filter(#[from] ParseError),
    /// Another logger was installed before.
    #[error("cannot install the logger: {0}")]
    Logger(#[from] TryInitError),
    /// The exporter of spans cannot be built.
    #[error("otlp.endpoint: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// The recorder of metrics cannot be built.
    #[error("cannot install the recorder of metrics: {0}")]
    Metrics(#[from] BuildError),
}

/// Keeps the exporter alive; spans that wait are sent when it is shut down.
#[derive(Debug)]
pub struct Telemetry {
    spans: Option<SdkTracerProvider>,
    /// Renders the metrics page.
    pub metrics: PrometheusHandle,
}

/// Installs logs, spans and metrics for this process; call once, inside the runtime.
///
/// # Errors
/// See [`TelemetryError`].
pub fn install(config: &Config) -> Result<Telemetry, TelemetryError> {
    global::set_text_map_propagator(TraceContextPropagator::new());
    let filter = EnvFilter::builder().parse(&config.log.filter)?;
    let lines = if config.log.json {
        fmt::layer().json().with_writer(std::io::stderr).boxed()
    } else {
        fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .boxed()
    };
    let spans = match &config.otlp {
        Some(endpoint) => Some(span_provider(config, endpoint)?),
        None => None,
    };
    let exported = spans
        .as_ref()
        .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("liandong")));
    tracing_subscriber::registry()
        .with(filter)
        .with(exported)
        .with(lines)
        .try_init()?;
    let metrics = install_metrics()?;
    tokio::spawn(tidy_up(metrics.clone()));
    Ok(Telemetry { spans, metrics })
}

/// Enters what was observed into its buckets again and again: until then every observation is kept
/// by itself, and where nobody asks for the metrics page that is without end.
async fn tidy_up(metrics: PrometheusHandle) {
    let mut due = tokio::time::interval(TIDY_EVERY);
    loop {
        due.tick().await;
        metrics.run_upkeep();
    }
}

fn span_provider(config: &Config, endpoint: &str) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()?;
    let resource = Resource::builder()
        .with_service_name("liandong")
        .with_attribute(KeyValue::new("liandong.region", config.region.to_string()))
        .build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build())
}

fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    let seconds = [
        0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0,
    ];
    let sizes = [
        1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0,
    ];
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)?
        .set_buckets_for_metric(Matcher::Suffix("_commands".to_owned()), &sizes)?
        .install_recorder()
}

impl Telemetry {
    /// Sends the spans that wait.
    pub fn shutdown(self) {
        if let Some(spans) = self.spans
            && let Err(error) = spans.shutdown()
        {
            tracing::warn!(%error, "spans were not all exported");
        }
    }
}
