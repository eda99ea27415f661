//! A node in this process, and the messages that the tests send it.

use std::path::Path;

use liandong_node::Node;
use liandong_node::config::Config;
use liandong_wire::admin::v1::admin_service_client::AdminServiceClient;
use liandong_wire::collaboration::v1::collaboration_service_client::CollaborationServiceClient;
use liandong_wire::progress::v1::progress_service_client::ProgressServiceClient;
use liandong_wire::progress::v1::{PushReportsRequest, PushReportsResponse, Report, ReportBatch};
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

/// Starts a node; `more` is added to its configuration.
pub(crate) async fn start(region: &str, tree: &str, more: &str) -> Running {
    let dir = tempfile::tempdir().expect("a directory");
    start_in(dir, region, tree, more).await
}

/// Starts a node on data that may be there already.
pub(crate) async fn start_in(dir: TempDir, region: &str, tree: &str, more: &str) -> Running {
    let config = config(dir.path(), region, tree, more);
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let node = Node::start(config, metrics).await.expect("the node starts");
    let address = format!("http://{}", node.address());
    let endpoint = Channel::from_shared(address).expect("an address");
    let channel = endpoint.connect().await.expect("the node listens");
    Running { dir, node, channel }
}

fn config(dir: &Path, region: &str, tree: &str, more: &str) -> Config {
    let listed = if tree.is_empty() { "" } else { "'tree.csv'" };
    std::fs::write(dir.join("tree.csv"), tree).expect("the tree is written");
    let text = format!(
        "region = '{region}'\ndata = 'data'\nlisten = '127.0.0.1:0'\ntree = [{listed}]\n{more}\n\
         [journal]\nsegment_mb = 1\nfree_floor_mb = 1\n"
    );
    let path = dir.join("node.toml");
    std::fs::write(&path, text).expect("the configuration is written");
    Config::load(&path).expect("a configuration")
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
