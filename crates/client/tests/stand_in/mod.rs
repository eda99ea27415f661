//! A stand-in for a node: it notes what it is asked and fails on command.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use liandong_client::wire::progress::v1;
use liandong_client::wire::progress::v1::progress_service_server::{
    ProgressService, ProgressServiceServer,
};
use liandong_client::wire::refusal::{message, status};
use liandong_client::wire::rollup::v1 as rollup;
use liandong_client::wire::rollup::v1::rollup_service_server::{
    RollupService, RollupServiceServer,
};
use liandong_client::{Client, ConnectOptions, RetryPolicy};
use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::report::Report;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, iter};
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

/// What the stand-in saw and what it is to do.
#[derive(Default)]
pub(crate) struct Notes {
    /// Batches in the order in which they were answered: id, first row, figures.
    pub(crate) batches: Vec<(String, u32, Vec<i64>)>,
    /// How many calls are still to fail, and how.
    pub(crate) failures: Vec<Status>,
    /// Metadata of the last call.
    pub(crate) trace: String,
    pub(crate) language: String,
    /// Requests of watches.
    pub(crate) watches: Vec<rollup::WatchRollupRequest>,
}

#[derive(Clone, Default)]
pub(crate) struct StandIn {
    notes: Arc<Mutex<Notes>>,
}

impl StandIn {
    /// Reads or changes the notes.
    pub(crate) fn note<T>(&self, write: impl FnOnce(&mut Notes) -> T) -> T {
        write(&mut self.notes.lock().unwrap())
    }
}

#[tonic::async_trait]
impl ProgressService for StandIn {
    async fn push_reports(
        &self,
        request: Request<v1::PushReportsRequest>,
    ) -> Result<Response<v1::PushReportsResponse>, Status> {
        let said = |key: &str| {
            let value = request.metadata().get(key);
            value
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        let (trace, language) = (said("traceparent"), said("accept-language"));
        let failure = self.note(|notes| {
            notes.trace = trace;
            notes.language = language;
            notes.failures.pop()
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
        let batch = request.into_inner().batch.unwrap_or_default();
        // Earlier batches take longer, so that batches under way together end out of order.
        let pause = 40_u64.saturating_sub(u64::from(batch.first_row));
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let figures: Vec<i64> = batch.rows.iter().map(|row| row.numerator).collect();
        let mut answer = v1::PushReportsResponse::default();
        let mut counts = v1::OutcomeCounts::default();
        for (row, figure) in (batch.first_row..).zip(&figures) {
            if *figure < 0 {
                let refusal =
                    Refusal::new(Reason::OutOfRange, "numerator", figure, Accepted::Nothing);
                counts.refused += 1;
                answer.outcomes.push(v1::RowOutcome {
                    row,
                    outcome: v1::Outcome::Refused.into(),
                    revision: 0,
                    refusal: Some(message(&refusal, Language::Zh)),
                });
            } else {
                counts.accepted += 1;
            }
        }
        answer.counts = Some(counts);
        self.note(|notes| notes.batches.push((batch.id, batch.first_row, figures)));
        Ok(Response::new(answer))
    }

    async fn upload_reports(
        &self,
        _request: Request<Streaming<v1::UploadReportsRequest>>,
    ) -> Result<Response<v1::UploadReportsResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn list_history(
        &self,
        request: Request<v1::ListHistoryRequest>,
    ) -> Result<Response<v1::ListHistoryResponse>, Status> {
        let asked = request.into_inner();
        if !asked.source.is_empty() {
            // Pages of one version each: 3, 2, 1.
            let revision = asked.page_token.parse().unwrap_or(3);
            let next = revision - 1;
            return Ok(Response::new(v1::ListHistoryResponse {
                versions: vec![v1::ReportVersion {
                    revision,
                    ..v1::ReportVersion::default()
                }],
                next_page_token: if next > 0 {
                    next.to_string()
                } else {
                    String::new()
                },
            }));
        }
        let refusal = Refusal::new(Reason::UnknownRegion, "source", "9", Accepted::Nothing);
        Err(status(&refusal, Language::Zh))
    }
}

type Parts = Pin<Box<dyn Stream<Item = Result<rollup::ProveRollupResponse, Status>> + Send>>;

type Cells = Pin<Box<dyn Stream<Item = Result<rollup::WatchRollupResponse, Status>> + Send>>;

#[tonic::async_trait]
impl RollupService for StandIn {
    type WatchRollupStream = Cells;

    async fn watch_rollup(
        &self,
        request: Request<rollup::WatchRollupRequest>,
    ) -> Result<Response<Cells>, Status> {
        let asked = request.into_inner();
        let change = asked.after_change + 1;
        // The node is restored before the third connection.
        let incarnation = self.note(|notes| {
            notes.watches.push(asked);
            vec![u8::from(notes.watches.len() >= 3); 16]
        });
        let one = rollup::WatchRollupResponse {
            change,
            incarnation,
            ..rollup::WatchRollupResponse::default()
        };
        // One answer, then the connection breaks.
        let stream = iter(vec![Ok(one), Err(Status::unavailable("stopping"))]);
        Ok(Response::new(Box::pin(stream)))
    }

    async fn get_rollup(
        &self,
        _request: Request<rollup::GetRollupRequest>,
    ) -> Result<Response<rollup::GetRollupResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn drill_rollup(
        &self,
        _request: Request<rollup::DrillRollupRequest>,
    ) -> Result<Response<rollup::DrillRollupResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    type ProveRollupStream = Parts;

    async fn prove_rollup(
        &self,
        request: Request<rollup::ProveRollupRequest>,
    ) -> Result<Response<Parts>, Status> {
        use rollup::prove_rollup_response::Part;
        let rollup::ProveRollupRequest {
            region, partial, ..
        } = request.into_inner();
        // No node's bytes; whoever hands them on does not read them.
        let statement = rollup::Statement {
            content: region.into_bytes(),
            certificates: vec![vec![1], vec![2]],
            at_micros: 1_000_001,
            signature: vec![3],
        };
        let part = |part| rollup::ProveRollupResponse { part: Some(part) };
        let mut parts = vec![
            Ok(part(Part::Statement(statement.clone()))),
            Ok(rollup::ProveRollupResponse::default()),
            Ok(part(Part::Statement(statement))),
        ];
        parts.push(match partial {
            true => Ok(part(Part::Missing("371525".to_owned()))),
            false => Err(Status::unavailable("stopping")),
        });
        Ok(Response::new(Box::pin(iter(parts))))
    }

    async fn get_completeness(
        &self,
        _request: Request<rollup::GetCompletenessRequest>,
    ) -> Result<Response<rollup::GetCompletenessResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn rank_regions(
        &self,
        _request: Request<rollup::RankRegionsRequest>,
    ) -> Result<Response<rollup::RankRegionsResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn compare_regions(
        &self,
        _request: Request<rollup::CompareRegionsRequest>,
    ) -> Result<Response<rollup::CompareRegionsResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn withdraw_cells(
        &self,
        _request: Request<rollup::WithdrawCellsRequest>,
    ) -> Result<Response<rollup::WithdrawCellsResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }
}

/// A stand-in on a free port and a client of it.
pub(crate) async fn start(options: ConnectOptions) -> (StandIn, Client) {
    let stand_in = StandIn::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let server = Server::builder()
        .add_service(ProgressServiceServer::new(stand_in.clone()))
        .add_service(RollupServiceServer::new(stand_in.clone()));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    let address = format!("http://{address}").parse().unwrap();
    let client = Client::connect_with(&address, options).await.unwrap();
    (stand_in, client)
}

/// Retries without long pauses.
pub(crate) fn quick() -> ConnectOptions {
    ConnectOptions {
        language: Language::Zh,
        retry: RetryPolicy {
            attempts: 15,
            first_pause: Duration::from_millis(1),
            longest_pause: Duration::from_millis(5),
        },
        deadline: Duration::from_secs(5),
        credentials: None,
        insecure_loopback: true,
    }
}

/// A report of a unit.
pub(crate) fn report(unit: u32, figure: i64) -> Report {
    Report {
        id: String::new(),
        source: format!("u-{unit}").parse().unwrap(),
        indicator: "compulsory-dropouts".parse().unwrap(),
        period: "2025-03".parse().unwrap(),
        numerator: figure,
        denominator: None,
        revision: 0,
        note: String::new(),
    }
}
