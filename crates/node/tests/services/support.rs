//! A node in this process, and the messages that the tests send it.

pub(crate) mod certificates;

use std::path::Path;
use std::time::{Duration, Instant};

use liandong_node::config::Config;
use liandong_node::{Node, NodeError};
use liandong_wire::admin::v1::admin_service_client::AdminServiceClient;
use liandong_wire::admin::v1::{
    GetStatusRequest, LinkStatus, VerifyNodeRequest, VerifyPart, VerifyResult,
};
use liandong_wire::collaboration::v1::collaboration_service_client::CollaborationServiceClient;
use liandong_wire::progress::v1::progress_service_client::ProgressServiceClient;
use liandong_wire::progress::v1::{PushReportsRequest, PushReportsResponse, Report, ReportBatch};
use liandong_wire::rollup::v1::DrillRollupRequest;
use liandong_wire::rollup::v1::rollup_service_client::RollupServiceClient;
use liandong_wire::task::v1::Author;
use liandong_wire::task::v1::task_service_client::TaskServiceClient;
use metrics_exporter_prometheus::PrometheusBuilder;
use tempfile::TempDir;
use tonic::transport::Channel;

/// Dong'e with two schools in a town and one directly below the county.
pub(crate) const TREE: &str = "code,name,parent,level,kind\n\
    371524001,铜城街道,371524,township,\n\
    371524-A,铜城街道中心小学,371524001,unit,primary-school\n\
    371524-B,铜城街道初级中学,371524001,unit,middle-school\n\
    371524-C,东阿县实验小学,371524,unit,primary-school\n";

/// A running node with its data.
pub(crate) struct Running {
    pub(crate) dir: TempDir,
    pub(crate) node: Node,
    pub(crate) channel: Channel,
}

impl Running {
    pub(crate) fn progress(&self) -> ProgressServiceClient<Channel> {
        ProgressServiceClient::new(self.channel.clone())
    }

    pub(crate) fn rollup(&self) -> RollupServiceClient<Channel> {
        RollupServiceClient::new(self.channel.clone())
    }

    pub(crate) fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.channel.clone())
    }

    pub(crate) fn task(&self) -> TaskServiceClient<Channel> {
        TaskServiceClient::new(self.channel.clone())
    }

    pub(crate) fn aid(&self) -> CollaborationServiceClient<Channel> {
        CollaborationServiceClient::new(self.channel.clone())
    }

    /// A region's sum of the pupils out of school in March 2025, and how many units it is of.
    pub(crate) async fn sum(&self, region: &str) -> (i64, u32) {
        let request = DrillRollupRequest {
            region: region.to_owned(),
            indicator: "compulsory-dropouts".to_owned(),
            period: "2025-03".to_owned(),
            live: false,
        };
        let drilled = self.rollup().drill_rollup(request).await;
        let drill = drilled.expect("an answer").into_inner().drill;
        let total = drill.and_then(|drill| drill.total).expect("a total");
        (total.numerator, total.expected)
    }

    /// The links as the node sees them.
    pub(crate) async fn links(&self) -> Vec<LinkStatus> {
        let status = self.admin().get_status(GetStatusRequest {}).await;
        status.expect("a status").into_inner().links
    }

    /// Checks that the recount finds nothing and the journal is whole.
    pub(crate) async fn verify(&self) {
        let parts = [VerifyPart::Journal, VerifyPart::State, VerifyPart::Cells];
        let request = VerifyNodeRequest {
            parts: parts.map(i32::from).to_vec(),
        };
        let verified = self.admin().verify_node(request).await;
        let verified = verified.expect("an answer").into_inner();
        assert_eq!(verified.mismatches, []);
        assert!(verified.cells_checked > 0 && verified.journal_frames_checked > 0);
        for part in &verified.parts {
            assert_eq!(part.result(), VerifyResult::Fits, "{part:?}");
        }
    }

    /// Stops the node; returns its data.
    pub(crate) async fn stop(self) -> TempDir {
        let Self { dir, node, channel } = self;
        drop(channel);
        node.stop().await.expect("it stops");
        dir
    }

    /// Pushes rows as one batch.
    pub(crate) async fn push(&self, id: &str, rows: Vec<Report>) -> PushReportsResponse {
        let request = PushReportsRequest {
            batch: Some(batch(id, rows)),
            all_outcomes: true,
        };
        let pushed = self.progress().push_reports(request).await;
        pushed.expect("the batch is taken").into_inner()
    }
}

/// What a node is told when it starts.
#[derive(Clone, Copy)]
pub(crate) struct Setup<'a> {
    pub(crate) region: &'a str,
    pub(crate) tree: &'a str,
    /// Added to the configuration.
    pub(crate) more: &'a str,
    pub(crate) listen: &'a str,
    /// Keys of the journal, besides the size of segments.
    pub(crate) journal: &'a str,
}

impl<'a> Setup<'a> {
    pub(crate) fn new(region: &'a str, tree: &'a str, more: &'a str) -> Self {
        Self {
            region,
            tree,
            more,
            listen: "127.0.0.1:0",
            journal: "free_floor_mb = 1",
        }
    }

    /// Starts a node on data that may be there already.
    pub(crate) async fn start_in(self, dir: TempDir) -> Result<Running, NodeError> {
        let node = self.start_node(dir.path()).await?;
        let address = format!("http://{}", node.address());
        let endpoint = Channel::from_shared(address).expect("an address");
        let channel = endpoint.connect().await.expect("the node listens");
        Ok(Running { dir, node, channel })
    }

    /// Starts the node alone.
    pub(crate) async fn start_node(self, dir: &Path) -> Result<Node, NodeError> {
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        Node::start(self.config(dir), metrics).await
    }

    /// The configuration of a node, with what it names.
    pub(crate) fn config(self, dir: &Path) -> Config {
        let Self {
            region,
            tree,
            more,
            listen,
            journal,
        } = self;
        let listed = if tree.is_empty() { "" } else { "'tree.csv'" };
        std::fs::write(dir.join("tree.csv"), tree).expect("the tree is written");
        let text = format!(
            "region = '{region}'\ndata = 'data'\nlisten = '{listen}'\ntree = [{listed}]\n{more}\n\
             [journal]\nsegment_mb = 1\n{journal}\n"
        );
        let path = dir.join("node.toml");
        std::fs::write(&path, text).expect("the configuration is written");
        let mut config = Config::load(&path).expect("a configuration");
        config.insecure_loopback = config.identity.is_none();
        config
    }
}

/// Starts a node; `more` is added to its configuration.
pub(crate) async fn start(region: &str, tree: &str, more: &str) -> Running {
    let dir = tempfile::tempdir().expect("a directory");
    start_in(dir, region, tree, more).await
}

/// Starts a node on data that may be there already.
pub(crate) async fn start_in(dir: TempDir, region: &str, tree: &str, more: &str) -> Running {
    let started = Setup::new(region, tree, more).start_in(dir).await;
    started.expect("the node starts")
}

/// Waits for something that is about to be so.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) fn batch(id: &str, rows: Vec<Report>) -> ReportBatch {
    ReportBatch {
        id: id.to_owned(),
        by: "教务处".to_owned(),
        first_row: 0,
        rows,
        all_or_nothing: false,
    }
}

/// Pupils out of school in March 2025.
pub(crate) fn dropouts(source: &str, count: i64) -> Report {
    Report {
        id: String::new(),
        source: source.to_owned(),
        indicator: "compulsory-dropouts".to_owned(),
        period: "2025-03".to_owned(),
        numerator: count,
        denominator: None,
        revision: 0,
        note: String::new(),
    }
}

/// Teachers with a degree, of all teachers, in March 2025.
pub(crate) fn bachelors(source: &str, indicator: &str, of: (i64, i64)) -> Report {
    Report {
        indicator: indicator.to_owned(),
        denominator: Some(of.1),
        ..dropouts(source, of.0)
    }
}

pub(crate) fn author() -> Option<Author> {
    Some(Author {
        name: "教育股".to_owned(),
        why: "依原文".to_owned(),
    })
}
