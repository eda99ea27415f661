//! The consumer: reads the stream in a process of its own and keeps the cities' sums.

use anyhow::{Context, Result, ensure};
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use liandong_client::wire::bytes;
use liandong_client::wire::progress::v1::PushReportsRequest;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio_stream::StreamExt;

use super::STREAM;
use crate::peer::Own;
use crate::province::{Ledger, Rollup};
use liandong_load::Sum;

/// The argument that turns this program into the consumer; the server's address follows.
pub(crate) const CONSUMER: &str = "--jetstream-consumer";
/// Stands behind the last cell of an answer.
const END: &str = "end";

/// Consumes until the process is killed. Told a number, it answers with all sums as soon as it has
/// taken the message of that number.
pub(crate) async fn serve(url: &str) -> Result<()> {
    let client = async_nats::connect(url).await?;
    let stream = async_nats::jetstream::new(client)
        .get_stream(STREAM)
        .await?;
    let consumer = stream
        .create_consumer(pull::OrderedConfig {
            deliver_policy: DeliverPolicy::All,
            ..pull::OrderedConfig::default()
        })
        .await?;
    let mut messages = consumer.messages().await?;
    println!("ready");
    let mut asked = BufReader::new(tokio::io::stdin()).lines();
    let mut wanted: Option<u64> = None;
    let mut taken = 0;
    let mut ledger = Ledger::default();
    loop {
        if wanted.is_some_and(|wanted| taken >= wanted) {
            wanted = None;
            for ((city, indicator, period), sum) in ledger.sums() {
                println!(
                    "{city} {indicator} {period} {} {} {}",
                    sum.reported, sum.numerator, sum.denominator
                );
            }
            println!("{END}");
        }
        tokio::select! {
            message = messages.next() => {
                let message = message.context("the stream has ended")??;
                let request: PushReportsRequest = bytes::decode(&message.payload)?;
                for row in request.batch.iter().flat_map(|batch| &batch.rows) {
                    ledger.take(row)?;
                }
                let info = message.info();
                taken = info.map_err(|error| anyhow::anyhow!("no place: {error}"))?.stream_sequence;
            }
            line = asked.next_line() => {
                let line = line?.context("nobody asks any more")?;
                wanted = Some(line.parse()?);
            }
        }
    }
}

/// Asks for the sums with everything up to a message.
pub(super) async fn ask(consumer: &mut Own, upto: u64) -> Result<Rollup> {
    use tokio::io::AsyncWriteExt;
    consumer
        .told
        .write_all(format!("{upto}\n").as_bytes())
        .await?;
    consumer.told.flush().await?;
    let mut rollup = Rollup::new();
    loop {
        let line = consumer.says.next_line().await?;
        let line = line.context("the consumer has ended")?;
        if line == END {
            return Ok(rollup);
        }
        let words: Vec<&str> = line.split(' ').collect();
        ensure!(words.len() == 6, "not a cell: {line}");
        let sum = Sum {
            reported: words[3].parse()?,
            numerator: words[4].parse()?,
            denominator: words[5].parse()?,
        };
        let cell = (
            words[0].to_owned(),
            words[1].to_owned(),
            words[2].to_owned(),
        );
        rollup.insert(cell, sum);
    }
}
