//! Callers that mean harm or do not know what they do: the node refuses them and lives.

use anyhow::{Context, Result, bail, ensure};
use liandong_client::wire::progress::v1::progress_service_client::ProgressServiceClient;
use liandong_client::wire::progress::v1::{PushReportsRequest, ReportBatch, UploadReportsRequest};
use liandong_tests::figures::{DROPOUTS, arrives, count, push_new};
use liandong_tests::node::Node;
use liandong_tests::settings::{Settings, school};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request};

const MIB: usize = 1 << 20;
/// What a node may hold at most while it is sent a gigabyte.
const MEMORY_KIB: u64 = 400 * 1024;

fn batch_of(bytes: usize) -> ReportBatch {
    ReportBatch {
        id: "large".to_owned(),
        by: "x".repeat(bytes),
        rows: vec![count(&school("371524", 1), 1)],
        ..ReportBatch::default()
    }
}

async fn alive(node: &Node, round: i64) -> Result<()> {
    let unit = school("371524", usize::try_from(round)?);
    push_new(node, &format!("alive-{round}"), vec![count(&unit, 1)]).await?;
    let reported = u32::try_from(round)?;
    arrives(node, "371524", DROPOUTS, round, reported).await?;
    Ok(())
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_gigabyte_is_refused_and_costs_little_memory() -> Result<()> {
    let node = Node::start(Settings::new("371524").schools("371524", 4).plain()).await?;
    let mut client = ProgressServiceClient::connect(node.url()).await?;

    // One message of a gigabyte.
    let request = PushReportsRequest {
        batch: Some(batch_of(1024 * MIB)),
        all_outcomes: false,
    };
    let Err(status) = client.push_reports(Request::new(request)).await else {
        bail!("a gigabyte was taken");
    };
    println!(
        "measured: a gigabyte in one message: {:?} {}",
        status.code(),
        status.message()
    );
    alive(&node, 1).await?;

    // A stream that ends in one that is too large; what came before counts.
    let good = UploadReportsRequest {
        batch: Some(ReportBatch {
            id: "first".to_owned(),
            rows: vec![count(&school("371524", 2), 1)],
            ..ReportBatch::default()
        }),
    };
    let large = UploadReportsRequest {
        batch: Some(batch_of(64 * MIB)),
    };
    let mut client = ProgressServiceClient::connect(node.url()).await?;
    let sent = client
        .upload_reports(Request::new(tokio_stream::iter([good, large])))
        .await;
    ensure!(sent.is_err(), "64 MiB in one message were taken");
    arrives(&node, "371524", DROPOUTS, 2, 2).await?;

    // A small message that unpacks to half a gigabyte.
    let bomb = PushReportsRequest {
        batch: Some(batch_of(512 * MIB)),
        all_outcomes: false,
    };
    let mut client = ProgressServiceClient::connect(node.url())
        .await?
        .send_compressed(CompressionEncoding::Gzip);
    let Err(status) = client.push_reports(Request::new(bomb)).await else {
        bail!("a bomb was unpacked");
    };
    println!("measured: a bomb: {:?} {}", status.code(), status.message());
    ensure!(status.code() != Code::Ok, "{status:?}");
    alive(&node, 3).await?;
    let peak = node.peak_memory_kib()?;
    println!("measured: at most {} MiB were resident", peak / 1024);
    ensure!(peak < MEMORY_KIB, "{peak} KiB were resident");
    Ok(())
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn what_is_no_protocol_at_all_harms_nobody() -> Result<()> {
    let node = Node::start(Settings::new("371524").schools("371524", 4).plain()).await?;
    let inputs: [&[u8]; 5] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        &[0; 4096],
        b"POST /liandong.progress.v1.ProgressService/PushReports HTTP/1.1\r\nHost: localhost\r\n\
          Content-Type: application/grpc\r\nContent-Length: 5\r\n\r\n\xff\xff\xff\xff\xff",
    ];
    for input in inputs {
        let mut stream = TcpStream::connect(node.address()).await?;
        stream.write_all(input).await?;
        stream.shutdown().await?;
        let mut answer = Vec::new();
        // Whether it answers or hangs up is its own affair.
        let _ = stream.read_to_end(&mut answer).await;
        let text = String::from_utf8_lossy(&answer);
        ensure!(!text.contains("root:"), "a file of the machine was served");
    }
    let mut open = Vec::new();
    for _ in 0..500 {
        open.push(TcpStream::connect(node.address()).await?);
    }
    alive(&node, 1).await?;
    drop(open);
    alive(&node, 2).await?;
    let log = node.log();
    let panicked = log.lines().find(|line| line.contains("panicked"));
    ensure!(panicked.is_none(), "{}", panicked.context("no line")?);
    Ok(())
}
