//! Malformed HTTP/2 and gRPC: valid exchanges with something changed in them, frames in any order
//! with anything in them, gRPC that lies about itself, HTTP/1 and noise. Each on a connection of
//! its own.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use liandong_client::wire::bytes::encode;
use liandong_client::wire::link::v1::{ExchangeRequest, Frame, Hello, frame as said};
use liandong_client::wire::progress::v1::{PushReportsRequest, ReportBatch};
use liandong_client::wire::rollup::v1::GetRollupRequest;
use liandong_client::wire::rollup::v1::get_rollup_request::Subject;
use liandong_tests::chance::Chance;
use liandong_tests::figures::{DROPOUTS, MONTH, count};
use liandong_tests::outcome::{counted, times};
use liandong_tests::settings::{Settings, school};
use tokio::task::JoinSet;

use crate::attack::acknowledged;
use crate::flood::{serves_on, takes_a_figure};
use crate::h2::{
    DATA, END_HEADERS, END_STREAM, Ended, HEADERS, PREFACE, Raw, frame, header, message, request,
    request_head, settings,
};
use crate::honest::use_it;
use crate::place::{Place, Way};
use crate::resources::{Watch, files, resident};

/// How many connections there are at a time.
const AT_ONCE: usize = 40;

/// How long an answer is waited for; many of the cases never get one.
const PATIENCE: Duration = Duration::from_millis(15);

const MOST_MEMORY: u64 = 64 << 10;

/// The kinds of cases, in turn.
const KINDS: [&str; 5] = ["changed", "frames", "lies", "http1", "noise"];

/// What became of the cases of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Came {
    /// The node hung up.
    closed: u64,
    /// It answered and stayed.
    answered: u64,
    /// It waited for more.
    silent: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "starts real processes: cargo xtask test fuzz"]
async fn malformed_exchanges_are_refused_and_harm_nobody() -> Result<()> {
    let cases = times(5_000, 100_000)?;
    let mut chance = Chance::begin("malformed exchanges")?;
    let place = Place::plain(Settings::new("371524").schools("371524", 12)).await?;
    let (pid, way) = (place.node.pid()?, place.way()?);
    use_it(&place, Duration::from_secs(2)).await?;
    let (memory_before, files_before) = (resident(pid)?, files(pid)?);
    let watch = Watch::begin(pid);
    let exchanges = Arc::new(exchanges());
    let mut came = [Came::default(); KINDS.len()];
    let mut running = JoinSet::new();
    let mut refused = 0;
    for case in 0..cases {
        if running.len() >= AT_ONCE {
            let done = running.join_next().await.context("nothing runs")??;
            note(&mut came, &mut refused, done);
        }
        let kind = usize::try_from(case)? % KINDS.len();
        let bytes = made(KINDS[kind], &exchanges, &mut chance);
        running.spawn(exchange(kind, way.clone(), bytes));
        if case % 10_000 == 9_999 {
            takes_a_figure(&place, &format!("between-{case}"), i64::try_from(case)?).await?;
        }
    }
    while let Some(done) = running.join_next().await {
        note(&mut came, &mut refused, done?);
    }
    let grown = watch.end().await?.saturating_sub(memory_before) / 1024;
    for (kind, came) in KINDS.iter().zip(&came) {
        println!("measured: malformed: {kind}: {came:?}");
    }
    ensure!(refused == 0, "{refused} connections were not taken");
    let sum = |of: fn(&Came) -> u64| came.iter().map(of).sum::<u64>();
    ensure!(sum(|one| one.closed) > cases / 10, "nothing was refused");
    ensure!(sum(|one| one.answered) > 0, "nothing was answered");
    ensure!(grown <= MOST_MEMORY / 1024, "{grown} MiB more memory");
    serves_on(&place, pid, files_before).await?;
    let closed = sum(|one| one.closed);
    counted(
        "row 15",
        &format!(
            "{cases} malformed exchanges, {closed} hung up on: 0 crashes, +{grown} MiB, the node \
             serves on"
        ),
    );
    Ok(())
}

fn note(came: &mut [Came; KINDS.len()], refused: &mut u64, done: Option<(usize, bool, Ended)>) {
    let Some((kind, answered, ended)) = done else {
        *refused += 1;
        return;
    };
    match (answered, ended) {
        (_, Ended::Closed) => came[kind].closed += 1,
        (true, Ended::Open) => came[kind].answered += 1,
        (false, Ended::Open) => came[kind].silent += 1,
    }
}

/// One case on one connection; `None` when it cannot be made.
async fn exchange(kind: usize, way: Way, bytes: Vec<u8>) -> Option<(usize, bool, Ended)> {
    let mut raw = Raw::connect(&way).await.ok()?;
    // The node may hang up in the middle.
    let sent = tokio::time::timeout(Duration::from_secs(2), raw.send(&bytes)).await;
    let (said, ended) = raw.listen(PATIENCE, 1 << 20).await;
    let ended = match sent {
        Ok(Ok(())) => ended,
        Ok(Err(_)) | Err(_) => Ended::Closed,
    };
    Some((kind, !said.is_empty(), ended))
}

/// Exchanges as honest callers make them, whole.
fn exchanges() -> Vec<Vec<u8>> {
    let push = PushReportsRequest {
        batch: Some(ReportBatch {
            id: "malformed".to_owned(),
            by: "测试".to_owned(),
            rows: vec![
                count(&school("371524", 1), 1),
                count(&school("371524", 2), 2),
            ],
            ..ReportBatch::default()
        }),
        all_outcomes: true,
    };
    let rollup = GetRollupRequest {
        region: "371524".to_owned(),
        subject: Some(Subject::Indicator(DROPOUTS.to_owned())),
        period: MONTH.to_owned(),
    };
    let hello = ExchangeRequest {
        frame: Some(Frame {
            frame: Some(said::Frame::Hello(Hello {
                protocol: 1,
                region: "371500".to_owned(),
                incarnation: vec![7; 16],
                ..Hello::default()
            })),
        }),
    };
    let calls: [(&str, Vec<u8>); 6] = [
        (
            "/liandong.progress.v1.ProgressService/PushReports",
            encode(&push),
        ),
        (
            "/liandong.progress.v1.ProgressService/UploadReports",
            encode(&push),
        ),
        (
            "/liandong.rollup.v1.RollupService/GetRollup",
            encode(&rollup),
        ),
        ("/liandong.link.v1.LinkService/Exchange", encode(&hello)),
        ("/liandong.admin.v1.AdminService/GetStatus", Vec::new()),
        ("/grpc.health.v1.Health/Check", Vec::new()),
    ];
    let mut exchanges = Vec::new();
    for (path, body) in calls {
        let mut bytes = PREFACE.to_vec();
        bytes.extend(settings(&[(3, 100), (4, 65_535)]));
        bytes.extend(acknowledged());
        bytes.extend(request(1, path, &body));
        bytes.extend(request(3, path, &body));
        exchanges.push(bytes);
    }
    exchanges
}

fn made(kind: &str, exchanges: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    match kind {
        "changed" => changed(pick(exchanges, chance), PREFACE.len(), chance),
        "frames" => frames(chance),
        "lies" => lies(exchanges, chance),
        "http1" => http1(chance),
        _ => noise(chance, 600),
    }
}

fn index(chance: &mut Chance, length: usize) -> usize {
    let below = u64::try_from(length).unwrap_or(u64::MAX);
    usize::try_from(chance.below(below)).unwrap_or(0)
}

fn byte(chance: &mut Chance) -> u8 {
    let [low, ..] = chance.number().to_le_bytes();
    low
}

fn pick<'a, T: ?Sized + 'a, I: AsRef<T>>(from: &'a [I], chance: &mut Chance) -> &'a T {
    from[index(chance, from.len())].as_ref()
}

fn noise(chance: &mut Chance, most: usize) -> Vec<u8> {
    let length = index(chance, most);
    (0..length).map(|_| byte(chance)).collect()
}

/// A valid exchange with up to eight changes behind its first bytes.
fn changed(exchange: &[u8], from: usize, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = exchange.to_vec();
    for _ in 0..=chance.below(8) {
        let room = bytes.len().saturating_sub(from).max(1);
        let at = (from + index(chance, room)).min(bytes.len().saturating_sub(1));
        match chance.below(6) {
            0 => bytes.truncate(at),
            1 => {
                let end = (at + index(chance, 40)).min(bytes.len());
                bytes.drain(at..end);
            }
            2 => {
                let copied: Vec<u8> = bytes[at..].iter().take(60).copied().collect();
                bytes.splice(at..at, copied);
            }
            3 => {
                let more = noise(chance, 20);
                bytes.splice(at..at, more);
            }
            _ => {
                if let Some(changed) = bytes.get_mut(at) {
                    *changed ^= 1 << chance.below(8);
                }
            }
        }
    }
    bytes
}

/// Frames of any type in any order, with anything in them.
fn frames(chance: &mut Chance) -> Vec<u8> {
    let mut bytes = PREFACE.to_vec();
    if !chance.one_in(8) {
        bytes.extend(settings(&[]));
    }
    for _ in 0..chance.below(20) {
        let kind = u8::try_from(chance.below(12)).unwrap_or(0);
        let flags = if chance.one_in(3) {
            byte(chance)
        } else {
            END_HEADERS
        };
        let stream = match chance.below(4) {
            0 => 0,
            1 => u32::MAX,
            _ => u32::try_from(chance.below(9)).unwrap_or(0),
        };
        let payload = match chance.below(5) {
            0 => request_head("/liandong.rollup.v1.RollupService/GetRollup"),
            1 => Vec::new(),
            2 => vec![0; 4],
            3 => noise(chance, 12),
            _ => noise(chance, 300),
        };
        let mut made = frame(kind, flags, stream, &payload);
        if chance.one_in(6) {
            // A length that is not there.
            let place = index(chance, 3);
            made[place] = byte(chance);
        }
        bytes.extend(made);
    }
    bytes
}

/// HTTP/2 as it should be, around gRPC that is not.
fn lies(exchanges: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let paths = [
        "/liandong.progress.v1.ProgressService/PushReports",
        "/liandong.progress.v1.ProgressService/UploadReports",
        "/liandong.rollup.v1.RollupService/WatchRollup",
        "/liandong.link.v1.LinkService/Exchange",
        "/liandong.admin.v1.AdminService/ImportRegion",
        "/liandong.admin.v1.AdminService/NoSuchMethod",
        "/no.such.Service/Method",
        "/",
        "no slash",
        "//liandong..v1/",
        "/console",
    ];
    let mut bytes = PREFACE.to_vec();
    bytes.extend(settings(&[]));
    for stream in [1, 3, 5, 7] {
        let mut head = request_head(pick::<str, _>(&paths, chance));
        let extras: [(&str, &[u8]); 10] = [
            ("grpc-timeout", b"0n"),
            ("grpc-timeout", b"99999999999999999999S"),
            ("grpc-encoding", b"gzip"),
            ("grpc-encoding", b"br"),
            ("accept-language", b"\xff\xfe"),
            (
                "traceparent",
                b"00-00000000000000000000000000000000-0000000000000000-01",
            ),
            ("content-length", b"7"),
            ("content-type", b"text/plain"),
            ("Upper-Case", b"x"),
            (":path", b"/again"),
        ];
        for _ in 0..chance.below(3) {
            let (name, value) = extras[index(chance, extras.len())];
            head.extend(header(name, value));
        }
        let is_over = chance.one_in(6);
        let flags = if is_over {
            END_HEADERS | END_STREAM
        } else {
            END_HEADERS
        };
        bytes.extend(frame(HEADERS, flags, stream, &head));
        let source = pick::<[u8], _>(exchanges, chance);
        let from = index(chance, source.len());
        let body: Vec<u8> = source[from..].iter().take(200).copied().collect();
        let mut framed = message(&body);
        match chance.below(5) {
            0 => framed[0] = byte(chance),
            1 => {
                let place = 1 + index(chance, 4);
                framed[place] = byte(chance);
            }
            2 => framed.truncate(index(chance, 8)),
            3 => framed.extend(noise(chance, 50)),
            _ => framed = changed(&framed, 0, chance),
        }
        let flags = if chance.one_in(5) { 0 } else { END_STREAM };
        bytes.extend(frame(DATA, flags, stream, &framed));
    }
    bytes
}

fn http1(chance: &mut Chance) -> Vec<u8> {
    let requests = [
        "GET /console?region=371524&period=2025-03 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n",
        "POST /liandong.admin.v1.AdminService/GetStatus HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n\0\0\0\0\0\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nContent-Length: 18446744073709551616\r\n\r\n",
        "GET http://[::1 HTTP/1.1\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    let request = pick::<str, _>(&requests, chance);
    changed(request.as_bytes(), 0, chance)
}
