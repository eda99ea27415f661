//! NATS JetStream: a stream in files with `sync_interval: always`, publishers that wait for every
//! acknowledgement, repetitions dropped by their message's id, and a consumer beside it that keeps the
//! roll-up: the acknowledgement is of the message, the sums follow.

mod tally;

use std::fs::File;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use async_nats::jetstream::context::PublishError;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, stream};
use liandong_client::wire::bytes;
use liandong_client::wire::progress::v1::{PushReportsRequest, Report, ReportBatch};
use liandong_load::{PushError, Requests, Target, process, rows_of};
use tempfile::TempDir;

use crate::peer::{Own, ended_with_this, folder, free_port, program, tail, until};
use crate::province::Rollup;

pub(crate) use tally::{CONSUMER, serve};

/// The program `nats-server`.
const PROGRAM: &str = "LIANDONG_BENCH_NATS";
const STREAM: &str = "REPORTS";
const SUBJECT: &str = "reports";

/// What it runs with; printed with the figures.
pub(crate) const SETTINGS: [&str; 5] = [
    "sync_interval: always",
    "storage: file",
    "replicas: 1",
    "duplicate_window: 2 min",
    "max_payload: 8 MB",
];

/// A server, its stream and the consumer.
pub(crate) struct JetStream {
    process: Child,
    url: String,
    consumer: Own,
    /// Removed after the server is gone.
    _home: TempDir,
}

/// One connection, by which each batch is published as a message.
#[derive(Clone)]
pub(crate) struct Line {
    context: jetstream::Context,
}

impl JetStream {
    pub(crate) async fn start() -> Result<Self> {
        let home = folder()?;
        let port = free_port()?;
        let configuration = home.path().join("nats.conf");
        std::fs::write(
            &configuration,
            format!(
                "listen: 127.0.0.1:{port}\nmax_payload: 8388608\n\
                 jetstream {{ store_dir: {:?}, sync_interval: always }}\n",
                home.path().join("data")
            ),
        )?;
        let log = home.path().join("log");
        let said = File::create(&log)?;
        let mut process = ended_with_this("KILL")
            .arg("--")
            .arg(program(PROGRAM)?)
            .arg("--config")
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said)
            .spawn()?;
        let url = format!("nats://127.0.0.1:{port}");
        let prepared = prepare(&url).await;
        let consumer = match prepared {
            Ok(()) => Own::start(&[CONSUMER, &url]).await,
            Err(error) => Err(error),
        };
        match consumer {
            Ok((consumer, _)) => Ok(Self {
                process,
                url,
                consumer,
                _home: home,
            }),
            Err(error) => {
                let _ = process.kill();
                let _ = process.wait();
                bail!("{error:#}\n{}", tail(&log))
            }
        }
    }

    pub(crate) async fn lines(&self, count: usize) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        for _ in 0..count {
            let client = async_nats::connect(&self.url).await?;
            let context = jetstream::new(client);
            lines.push(Line { context });
        }
        Ok(lines)
    }

    /// Of the server, and of the consumer.
    pub(crate) fn cpu(&self) -> Result<(Duration, Duration)> {
        let server = process::cpu_time(self.process.id())?;
        Ok((server, self.consumer.cpu()?))
    }

    /// The sums, as soon as the consumer has everything that was acknowledged.
    pub(crate) async fn rollup(&mut self) -> Result<Rollup> {
        let client = async_nats::connect(&self.url).await?;
        let mut stream = jetstream::new(client).get_stream(STREAM).await?;
        let last = stream.info().await?.state.last_sequence;
        tally::ask(&mut self.consumer, last).await
    }
}

async fn prepare(url: &str) -> Result<()> {
    let connected = until("nats-server", async || async_nats::connect(url).await.ok());
    let context = jetstream::new(connected.await?);
    let wanted = stream::Config {
        name: STREAM.to_owned(),
        subjects: vec![SUBJECT.to_owned()],
        storage: stream::StorageType::File,
        num_replicas: 1,
        duplicate_window: Duration::from_secs(120),
        ..stream::Config::default()
    };
    context.create_stream(wanted).await?;
    Ok(())
}

impl Drop for JetStream {
    fn drop(&mut self) {
        // What it stored goes with its folder.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What is pushed, as messages of at most so many reports. A message has an id of its own, by which its
/// repetition is known.
pub(crate) fn messages(requests: &Requests, rows: usize) -> Requests {
    let messages = requests.iter().flat_map(|request| match &request.batch {
        Some(batch) if batch.rows.len() > rows => parts(batch, rows),
        _ => vec![Arc::clone(request)],
    });
    Arc::new(messages.collect())
}

fn parts(batch: &ReportBatch, rows: usize) -> Vec<Arc<PushReportsRequest>> {
    let part = |(number, rows): (usize, &[Report])| {
        Arc::new(PushReportsRequest {
            batch: Some(ReportBatch {
                id: format!("{}/{number}", batch.id),
                by: batch.by.clone(),
                rows: rows.to_vec(),
                ..ReportBatch::default()
            }),
            all_outcomes: false,
        })
    };
    batch.rows.chunks(rows).enumerate().map(part).collect()
}

impl Target for Line {
    type Error = PublishError;

    async fn push(&self, request: Arc<PushReportsRequest>) -> Result<u64, PushError<PublishError>> {
        let id = request.batch.as_ref().map_or("", |batch| &batch.id);
        let message = PublishMessage::build()
            .payload(bytes::encode(&*request).into())
            .message_id(id);
        let published = self.context.send_publish(SUBJECT, message).await;
        let acknowledged = published.map_err(PushError::Target)?;
        acknowledged.await.map_err(PushError::Target)?;
        Ok(u64::try_from(rows_of(&request)).unwrap_or(u64::MAX))
    }
}
