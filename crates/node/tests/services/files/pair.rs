//! A county and a city that trust each other's keys, and files between them.

use liandong_wire::admin::v1::GetStatusRequest;
use liandong_wire::link::v1::link_file_service_client::LinkFileServiceClient;
use liandong_wire::link::v1::{
    ExportLinkRequest, ImportLinkRequest, ImportLinkResponse, LinkPeer, ListLinkPeersRequest,
    ListLinkPeersResponse,
};
use liandong_wire::rollup::v1::DrillRollupRequest;
use liandong_wire::task::v1::{
    Action, AssignTasksRequest, Bound, ConsultPlanRequest, ImportPlanRequest, IssuePlanRequest,
    ListTasksRequest, Part, PlanItem, PlanText, Stage, StepTaskRequest, Target, TaskRecord, bound,
};
use tokio::sync::mpsc;
use tokio_stream::iter;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::support::{Running, TREE, author, start, start_in};

/// A county and its city.
pub(crate) struct Pair {
    pub(crate) city: Running,
    pub(crate) county: Running,
}

impl Pair {
    /// No line between them: files only.
    pub(crate) async fn start() -> Self {
        let county = start("371524", TREE, "").await;
        let city = start("371500", "", &trusts(&county, "371524").await).await;
        let more = format!(
            "[parent]\nregion = '371500'\nkey = '{}'\n",
            key(&city).await
        );
        let county = start_in(county.stop().await, "371524", TREE, &more).await;
        Self { city, county }
    }

    /// A line between them.
    pub(crate) async fn linked() -> Self {
        let city = start("371500", "", "").await;
        let address = city.node.address();
        let more = format!("[parent]\nregion = '371500'\naddress = 'http://{address}'\n");
        let county = start("371524", TREE, &more).await;
        Self { city, county }
    }

    /// The city begins again with nothing but its key.
    pub(crate) async fn with_emptied_city(self) -> Self {
        let Self { city, county } = self;
        let more = trusts(&county, "371524").await;
        let dir = city.stop().await;
        let data = dir.path().join("data");
        let key = std::fs::read(data.join("link-key")).expect("a key");
        std::fs::remove_dir_all(&data).expect("emptied");
        std::fs::create_dir(&data).expect("a directory");
        let path = data.join("link-key");
        std::fs::write(&path, key).expect("the key");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, mode).expect("the owner's alone");
        let city = start_in(dir, "371500", "", &more).await;
        Self { city, county }
    }

    /// Whether a line has carried all there is, both ways.
    pub(crate) async fn is_settled(&self) -> bool {
        for node in [&self.city, &self.county] {
            let status = node.admin().get_status(GetStatusRequest {}).await;
            let status = status.expect("a status").into_inner();
            let change = status.change;
            let mut links = status.links.iter();
            if status.links.is_empty() || links.any(|link| link.acked_upto != change) {
                return false;
            }
        }
        true
    }

    /// The city's last change.
    pub(crate) async fn city_change(&self) -> u64 {
        let status = self.city.admin().get_status(GetStatusRequest {}).await;
        status.expect("a status").into_inner().change
    }

    /// Cells and documents of both.
    pub(crate) async fn sizes(&self) -> Vec<(u64, u64)> {
        let mut sizes = Vec::new();
        for node in [&self.city, &self.county] {
            let status = node.admin().get_status(GetStatusRequest {}).await;
            let status = status.expect("a status").into_inner();
            let held = status.sizes.expect("sizes");
            sizes.push((held.cells, held.documents));
        }
        sizes
    }
}

/// The configuration that trusts a node.
pub(crate) async fn trusts(node: &Running, region: &str) -> String {
    format!("[link.keys]\n\"{region}\" = '{}'\n", key(node).await)
}

pub(crate) fn links(node: &Running) -> LinkFileServiceClient<Channel> {
    LinkFileServiceClient::new(node.channel.clone())
}

async fn peers(node: &Running) -> ListLinkPeersResponse {
    let listed = links(node).list_link_peers(ListLinkPeersRequest {}).await;
    listed.expect("a list").into_inner()
}

/// A node's public key.
pub(crate) async fn key(node: &Running) -> String {
    peers(node).await.key
}

/// One of a node's peers.
pub(crate) async fn peer(node: &Running, region: &str) -> LinkPeer {
    let listed = peers(node).await.peers;
    let found = listed.into_iter().find(|peer| peer.region == region);
    found.expect("it is a peer")
}

/// What a peer does not hold yet, as one file.
pub(crate) async fn export(node: &Running, to: &str, all: bool) -> Vec<u8> {
    let files = export_files(node, to, all, 0).await;
    assert_eq!(files.len(), 1);
    files.into_iter().next().expect("one")
}

/// The same in files of about so many bytes.
pub(crate) async fn export_parts(node: &Running, to: &str, bytes: u64) -> Vec<Vec<u8>> {
    export_files(node, to, false, bytes).await
}

async fn export_files(node: &Running, to: &str, all: bool, part_bytes: u64) -> Vec<Vec<u8>> {
    let asked = ExportLinkRequest {
        peer: to.to_owned(),
        all,
        part_bytes,
    };
    let exported = links(node).export_link(asked).await.expect("an export");
    let mut pieces = exported.into_inner();
    let mut files: Vec<Vec<u8>> = Vec::new();
    let mut has_summary = false;
    while let Some(piece) = pieces.message().await.expect("a piece") {
        if piece.summary.is_some() {
            has_summary = true;
            continue;
        }
        let part = piece.part as usize;
        files.resize(part.max(files.len()), Vec::new());
        files[part - 1].extend(piece.chunk);
    }
    assert!(has_summary);
    files
}

/// Gives a file to a node.
pub(crate) async fn import(node: &Running, file: &[u8]) -> Result<ImportLinkResponse, Status> {
    let chunks: Vec<ImportLinkRequest> = file
        .chunks(500)
        .map(|chunk| ImportLinkRequest {
            chunk: chunk.to_vec(),
        })
        .collect();
    let imported = links(node).import_link(Request::new(iter(chunks))).await;
    imported.map(tonic::Response::into_inner)
}

/// Gives a node a part of a file, and goes away.
pub(crate) async fn break_off(node: &Running, part: &[u8]) {
    let (sender, chunks) = mpsc::channel(4);
    let mut client = links(node);
    let importing = tokio::spawn(async move {
        let _ = client
            .import_link(Request::new(ReceiverStream::new(chunks)))
            .await;
    });
    for chunk in part.chunks(500) {
        let chunk = ImportLinkRequest {
            chunk: chunk.to_vec(),
        };
        if sender.send(chunk).await.is_err() {
            break;
        }
    }
    importing.abort();
    // The node notices in a moment, and takes no second file until then.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
}

/// The county's and its town's sums of every month, as a node shows them.
pub(crate) async fn figures(node: &Running) -> Vec<Option<(i64, u32)>> {
    let mut figures = Vec::new();
    for region in ["371524", "371524001"] {
        for month in 1..=12 {
            let request = DrillRollupRequest {
                region: region.to_owned(),
                indicator: "compulsory-dropouts".to_owned(),
                period: format!("2025-{month:02}"),
                live: false,
            };
            let drilled = node.rollup().drill_rollup(request).await;
            let total = drilled.expect("an answer").into_inner().drill;
            let total = total.and_then(|drill| drill.total);
            figures.push(total.map(|total| (total.numerator, total.reported)));
        }
    }
    assert!(figures.iter().flatten().any(|(sum, _)| *sum > 0));
    figures
}

/// A city issues a plan and gives the county a task of it.
pub(crate) async fn assign(city: &Running, plan: &str, assignee: &str) {
    let target = Target {
        indicator: "compulsory-dropouts".to_owned(),
        due: "2099".to_owned(),
        bound: Some(Bound {
            bound: Some(bound::Bound::AtMost("10".to_owned())),
        }),
        text: "失学辍学不超过10人".to_owned(),
    };
    let text = PlanText {
        code: plan.to_owned(),
        title: "控辍保学方案".to_owned(),
        issuer: "371500".to_owned(),
        items: vec![PlanItem {
            number: "1".to_owned(),
            name: "控辍保学".to_owned(),
            targets: vec![target],
            ..PlanItem::default()
        }],
        ..PlanText::default()
    };
    let mut client = city.task();
    let imported = ImportPlanRequest {
        issuer: "371500".to_owned(),
        plan: Some(text),
        indicators: Vec::new(),
        author: author(),
    };
    client.import_plan(imported).await.expect("a draft");
    let consulted = ConsultPlanRequest {
        issuer: "371500".to_owned(),
        plan: plan.to_owned(),
        until: "2099-01-01".to_owned(),
        author: author(),
    };
    client
        .consult_plan(consulted)
        .await
        .expect("in consultation");
    let issued = IssuePlanRequest {
        issuer: "371500".to_owned(),
        plan: plan.to_owned(),
        author: author(),
    };
    client.issue_plan(issued).await.expect("issued");
    let assigned = AssignTasksRequest {
        issuer: "371500".to_owned(),
        plan_issuer: "371500".to_owned(),
        plan: plan.to_owned(),
        item: "1".to_owned(),
        parts: vec![Part {
            assignee: assignee.to_owned(),
            targets: Vec::new(),
            due: "2099-12-31".to_owned(),
        }],
        author: author(),
    };
    client.assign_tasks(assigned).await.expect("a task");
}

async fn tasks_of(node: &Running, plan: &str) -> Vec<TaskRecord> {
    let asked = ListTasksRequest {
        plan: plan.to_owned(),
        ..ListTasksRequest::default()
    };
    let listed = node.task().list_tasks(asked).await;
    listed.expect("a list").into_inner().tasks
}

/// The county takes a step in the task of a plan.
pub(crate) async fn step(county: &Running, region: &str, plan: &str, action: Action) {
    let task = tasks_of(county, plan).await;
    let request = StepTaskRequest {
        region: region.to_owned(),
        issuer: "371500".to_owned(),
        task: task.first().expect("the task has come").id.clone(),
        action: action.into(),
        author: author(),
    };
    county.task().step_task(request).await.expect("a step");
}

/// How far the task of a plan is.
pub(crate) async fn stage(node: &Running, plan: &str) -> Stage {
    let tasks = tasks_of(node, plan).await;
    tasks.first().expect("a task").stage()
}

/// Every task and how far it is.
pub(crate) async fn tasks(node: &Running) -> Vec<(String, String, Stage)> {
    let tasks = tasks_of(node, "").await;
    let shown = tasks.iter().map(|task| {
        let assignee = task.task.as_ref().map(|task| task.assignee.clone());
        (task.id.clone(), assignee.unwrap_or_default(), task.stage())
    });
    shown.collect()
}
