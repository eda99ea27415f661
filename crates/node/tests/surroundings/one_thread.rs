//! Two nodes in one thread, on a network in memory and with a clock that only the test moves.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use liandong_node::Node;
use liandong_node::config::Config;
use liandong_node::surroundings::{
    Clock, Connection, Incoming, Network, Pending, Random, Surroundings, Threads,
};
use liandong_wire::progress::v1::progress_service_client::ProgressServiceClient;
use liandong_wire::progress::v1::{PushReportsRequest, Report, ReportBatch};
use liandong_wire::rollup::v1::DrillRollupRequest;
use liandong_wire::rollup::v1::rollup_service_client::RollupServiceClient;
use metrics_exporter_prometheus::PrometheusBuilder;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::transport::{Channel, Endpoint, Uri};

const SYNC_TAKES: Duration = Duration::from_secs(2);

/// Who listens on which port; there is one host.
#[derive(Clone, Debug, Default)]
struct Memory {
    listeners: Arc<Mutex<BTreeMap<u16, mpsc::UnboundedSender<Connection>>>>,
}

impl Network for Memory {
    fn is_made_up(&self) -> bool {
        true
    }

    fn listen(&self, at: SocketAddr) -> Pending<(SocketAddr, Incoming)> {
        let (accept, accepted) = mpsc::unbounded_channel();
        self.listeners.lock().unwrap().insert(at.port(), accept);
        let incoming: Incoming = Box::pin(UnboundedReceiverStream::new(accepted).map(Ok));
        Box::pin(async move { Ok((at, incoming)) })
    }

    fn connect(&self, authority: String) -> Pending<Connection> {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let listeners = Arc::clone(&self.listeners);
        Box::pin(async move {
            let at: SocketAddr = authority.parse().map_err(io::Error::other)?;
            let (near, far) = tokio::io::duplex(64 << 10);
            let listeners = listeners.lock().unwrap();
            let listener = listeners.get(&at.port()).ok_or_else(refused)?;
            let far = Connection::new(far, Some(([127, 0, 0, 1], 1).into()));
            listener.send(far).map_err(|_| refused())?;
            Ok(Connection::new(near, Some(at)))
        })
    }
}

/// The time that the runtime says, from a beginning in 2026 on.
#[derive(Debug)]
struct FromTheStart(Instant);

impl Clock for FromTheStart {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
        let passed = SignedDuration::try_from(self.0.elapsed()).unwrap();
        start + passed
    }
}

#[derive(Debug)]
struct Counted(AtomicU64);

impl Random for Counted {
    fn bytes16(&self) -> [u8; 16] {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        (u128::from(count) << 64 | u128::from(count)).to_be_bytes()
    }
}

fn surroundings(network: &Memory) -> Surroundings {
    Surroundings {
        clock: Arc::new(FromTheStart(Instant::now())),
        network: Arc::new(network.clone()),
        random: Arc::new(Counted(AtomicU64::new(1))),
        threads: Threads::Tasks {
            sync_takes: SYNC_TAKES,
        },
    }
}

async fn start(network: &Memory, dir: &TempDir, region: &str, port: u16, more: &str) -> Node {
    let data = dir.path().join(region);
    let text = format!(
        "region = '{region}'\ndata = '{}'\nlisten = '127.0.0.1:{port}'\n{more}\n\
         [journal]\nsegment_mb = 1\nfree_floor_mb = 0\n",
        data.display()
    );
    let config = Config::read(&text, Path::new("node.toml")).unwrap();
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let surroundings = surroundings(network);
    Node::start_in(config, metrics, surroundings).await.unwrap()
}

async fn connect(network: &Memory, port: u16) -> Channel {
    let network = network.clone();
    let connector = tower::service_fn(move |uri: Uri| {
        let connecting = network.connect(uri.authority().unwrap().to_string());
        async { connecting.await.map(TokioIo::new) }
    });
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).unwrap();
    endpoint.connect_with_connector(connector).await.unwrap()
}

fn push(count: i64) -> PushReportsRequest {
    let report = Report {
        source: "371524".to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
        numerator: count,
        ..Report::default()
    };
    PushReportsRequest {
        batch: Some(ReportBatch {
            id: format!("batch-{count}"),
            by: "教务处".to_owned(),
            rows: vec![report],
            ..ReportBatch::default()
        }),
        all_outcomes: true,
    }
}

/// The sum of a region at whoever is asked; `None` while there is none.
async fn sum(channel: &Channel, region: &str) -> Option<i64> {
    let request = DrillRollupRequest {
        region: region.to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
        live: false,
    };
    let mut rollup = RollupServiceClient::new(channel.clone());
    let drilled = rollup.drill_rollup(request).await.ok()?;
    Some(drilled.into_inner().drill?.total?.numerator)
}

async fn until_sum(channel: &Channel, region: &str, wanted: i64) {
    let following = async {
        while sum(channel, region).await != Some(wanted) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let followed = tokio::time::timeout(Duration::from_secs(60), following).await;
    followed.expect("the figure arrives within a simulated minute");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn two_nodes_in_one_thread_keep_a_report_and_its_parent_shows_it() {
    let (network, dir) = (Memory::default(), tempfile::tempdir().unwrap());
    let began = (Instant::now(), std::time::Instant::now());
    let city = start(&network, &dir, "371500", 1, "").await;
    let parent = "[parent]\nregion = '371500'\naddress = 'http://127.0.0.1:1'";
    let county = start(&network, &dir, "371524", 2, parent).await;
    let county_channel = connect(&network, 2).await;
    let city_channel = connect(&network, 1).await;

    let pushed_at = Instant::now();
    let mut progress = ProgressServiceClient::new(county_channel.clone());
    let pushed = progress.push_reports(push(7)).await.unwrap().into_inner();
    assert_eq!(pushed.counts.unwrap_or_default().accepted, 1);
    assert!(
        pushed_at.elapsed() >= SYNC_TAKES,
        "acknowledged before the sync was done"
    );
    until_sum(&city_channel, "371524", 7).await;
    assert_eq!(county.unsynced().extents(), []);

    // A crash takes the runtime's tasks with it; here the node is dropped while a sync is due.
    let mut cut_off = progress.clone();
    let pushing = tokio::spawn(async move { cut_off.push_reports(push(8)).await });
    tokio::time::sleep(SYNC_TAKES / 2).await;
    let unsynced = county.unsynced();
    assert_eq!(unsynced.extents().len(), 1);
    assert!(!pushing.is_finished());
    pushing.abort();

    drop((progress, county_channel, city_channel));
    county.stop().await.unwrap();
    city.stop().await.unwrap();
    let simulated = began.0.elapsed();
    assert!(simulated > Duration::from_secs(4));
    assert!(
        began.1.elapsed() < simulated,
        "time was waited for instead of moved"
    );
}

/// All that runs is dropped in the middle, and what was acknowledged is there after a new start.
#[test]
fn a_runtime_that_is_dropped_takes_everything_with_it_but_what_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let first = runtime();
    let unsynced = first.block_on(async {
        let network = Memory::default();
        let county = start(&network, &dir, "371524", 2, "").await;
        let mut progress = ProgressServiceClient::new(connect(&network, 2).await);
        progress.push_reports(push(7)).await.unwrap();
        tokio::spawn(async move { progress.push_reports(push(8)).await });
        tokio::time::sleep(SYNC_TAKES / 2).await;
        let unsynced = county.unsynced();
        // It runs on, without anybody who could stop it, until the runtime goes.
        tokio::spawn(async move {
            let _running = county;
            std::future::pending::<()>().await;
        });
        unsynced
    });
    drop(first);
    // The power goes, too: what no sync covered is not there.
    let extents = unsynced.extents();
    assert_eq!(extents.len(), 1);
    for extent in extents {
        let file = std::fs::OpenOptions::new()
            .write(true)
            .open(&extent.path)
            .unwrap();
        let zeros = vec![0; usize::try_from(extent.to - extent.from).unwrap()];
        std::os::unix::fs::FileExt::write_all_at(&file, &zeros, extent.from).unwrap();
    }
    let second = runtime();
    second.block_on(async {
        let network = Memory::default();
        let county = start(&network, &dir, "371524", 2, "").await;
        let channel = connect(&network, 2).await;
        assert_eq!(sum(&channel, "371524").await, Some(7));
        drop(channel);
        county.stop().await.unwrap();
    });
}
