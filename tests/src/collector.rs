//! A collector of spans, as small as one can be, which speaks OTLP over gRPC.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

/// The attribute by which a node says which region's it is.
const REGION: &str = "liandong.region";

/// A span that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The region of the node that made it.
    pub region: String,
    /// The trace it belongs to, in 32 hexadecimal digits.
    pub trace: String,
    /// Its name.
    pub name: String,
    /// The span it was made under, in hexadecimal digits; empty for none.
    pub parent: String,
}

/// A running collector; stops when dropped.
#[derive(Debug)]
pub struct Collector {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    server: JoinHandle<()>,
}

impl Collector {
    /// Starts a collector on a free port.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let seen = Arc::default();
        let service = TraceServiceServer::new(Intake {
            seen: Arc::clone(&seen),
        });
        let server = tokio::spawn(async move {
            let incoming = TcpListenerStream::new(listener);
            let served = Server::builder()
                .add_service(service)
                .serve_with_incoming(incoming)
                .await;
            if let Err(error) = served {
                eprintln!("the collector stopped: {error}");
            }
        });
        Ok(Self {
            address,
            seen,
            server,
        })
    }

    /// Where spans are taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every span of a trace so far.
    pub fn of_trace(&self, trace: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.iter()
            .filter(|span| span.trace == trace)
            .cloned()
            .collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Intake {
    seen: Arc<Mutex<Vec<Seen>>>,
}

#[tonic::async_trait]
impl TraceService for Intake {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for of_resource in request.into_inner().resource_spans {
            let attributes = of_resource.resource.unwrap_or_default().attributes;
            let named = attributes
                .into_iter()
                .find(|attribute| attribute.key == REGION);
            let value = named
                .and_then(|attribute| attribute.value)
                .and_then(|any| any.value);
            let region = match value {
                Some(Value::StringValue(text)) => text,
                _ => String::new(),
            };
            for span in of_resource
                .scope_spans
                .into_iter()
                .flat_map(|scope| scope.spans)
            {
                seen.push(Seen {
                    region: region.clone(),
                    trace: hexadecimal(&span.trace_id),
                    name: span.name,
                    parent: hexadecimal(&span.parent_span_id),
                });
            }
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
