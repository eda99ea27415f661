//! The audit trail: who is told what of who did what.

use std::time::Duration;

use jiff::Timestamp;
use liandong_identity::Own;
use liandong_wire::admin::v1::admin_service_client::AdminServiceClient;
use liandong_wire::admin::v1::{
    AuditEntry, ExportRegionRequest, HostRegionsRequest, Level, ListAuditRequest, Region,
    RegionKind,
};
use liandong_wire::progress::v1::PushReportsRequest;
use liandong_wire::progress::v1::progress_service_client::ProgressServiceClient;
use liandong_wire::task::v1::task_service_client::TaskServiceClient;
use liandong_wire::task::v1::{
    Action, AssignTasksRequest, Author, ImportPlanRequest, IssuePlanRequest, Part, PlanItem,
    PlanText, StepTaskRequest,
};
use tempfile::TempDir;
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::{CITY, COUNTY, PARTNER, SCHOOL, TOWN, World};
use crate::support::certificates::Realm;
use crate::support::{Running, Setup, TREE, author, batch, dropouts};

const SECOND_SCHOOL: &str = "371524-B";

/// A county's node and its people.
struct County {
    realm: Realm,
    node: Running,
    admin: Own,
    reviewer: Own,
    reporter: Own,
}

async fn open(realm: &Realm, dir: TempDir) -> Running {
    let more = "\n[identity]\nfolder = 'identity'\n";
    let setup = Setup {
        journal: "free_floor_mb = 1\ncheckpoint_frames = 4",
        ..Setup::new(COUNTY, TREE, more)
    };
    let node = setup.start_node(dir.path()).await.expect("it starts");
    let own = realm.issue(COUNTY, "admin");
    let channel = realm.dial(node.address(), Some(&own));
    let channel = channel.await.expect("it listens");
    Running { dir, node, channel }
}

impl County {
    async fn new() -> Self {
        let realm = Realm::new("edu.sd.example");
        let dir = tempfile::tempdir().expect("a directory");
        let own = realm.issue(COUNTY, "node");
        realm.settle(&dir.path().join("identity"), &own, &[]);
        Self {
            node: open(&realm, dir).await,
            admin: realm.issue(COUNTY, "admin"),
            reviewer: realm.issue(COUNTY, "reviewer"),
            reporter: realm.issue(COUNTY, "reporter"),
            realm,
        }
    }

    async fn channel(&self, own: &Own) -> Channel {
        let dialled = self.realm.dial(self.node.node.address(), Some(own));
        dialled
            .await
            .expect("the node lets everybody in whom it trusts")
    }

    async fn list(&self, own: &Own, asked: ListAuditRequest) -> Result<Vec<AuditEntry>, Status> {
        list(self.channel(own).await, asked).await
    }
}

/// All pages.
async fn list(channel: Channel, mut asked: ListAuditRequest) -> Result<Vec<AuditEntry>, Status> {
    let mut admin = AdminServiceClient::new(channel);
    let mut entries = Vec::new();
    loop {
        let page = admin.list_audit(asked.clone()).await?.into_inner();
        entries.extend(page.entries);
        if page.next_page_token.is_empty() {
            return Ok(entries);
        }
        asked.page_token = page.next_page_token;
    }
}

fn of_region(region: &str) -> ListAuditRequest {
    ListAuditRequest {
        region: region.to_owned(),
        ..ListAuditRequest::default()
    }
}

fn serial(own: &Own) -> String {
    own.chain.leaf.serial().to_string()
}

async fn push(channel: Channel, id: &str, sources: &[(&str, i64)]) {
    let rows = sources
        .iter()
        .map(|(source, count)| dropouts(source, *count));
    let asked = PushReportsRequest {
        batch: Some(batch(id, rows.collect())),
        all_outcomes: true,
    };
    let pushed = ProgressServiceClient::new(channel)
        .push_reports(asked)
        .await;
    pushed.expect("it is taken");
}

/// A plan with a task for the town; the reviewer writes, issues and assigns.
async fn assign(task: &mut TaskServiceClient<Channel>) -> String {
    let item = PlanItem {
        number: "1".to_owned(),
        name: "控辍保学".to_owned(),
        ..PlanItem::default()
    };
    let plan = PlanText {
        code: "plan-1".to_owned(),
        title: "控辍保学方案".to_owned(),
        issuer: COUNTY.to_owned(),
        items: vec![item],
        ..PlanText::default()
    };
    let import = ImportPlanRequest {
        issuer: COUNTY.to_owned(),
        plan: Some(plan),
        indicators: Vec::new(),
        author: author(),
    };
    task.import_plan(import).await.expect("a draft");
    let issue = IssuePlanRequest {
        issuer: COUNTY.to_owned(),
        plan: "plan-1".to_owned(),
        author: author(),
    };
    task.issue_plan(issue).await.expect("issued");
    let part = Part {
        assignee: TOWN.to_owned(),
        ..Part::default()
    };
    let assigning = AssignTasksRequest {
        issuer: COUNTY.to_owned(),
        plan_issuer: COUNTY.to_owned(),
        plan: "plan-1".to_owned(),
        item: "1".to_owned(),
        parts: vec![part],
        author: author(),
    };
    let assigned = task.assign_tasks(assigning).await.expect("a task");
    assigned.into_inner().tasks.remove(0)
}

fn host(code: &str, name: &str) -> HostRegionsRequest {
    HostRegionsRequest {
        regions: vec![Region {
            code: code.to_owned(),
            name: name.to_owned(),
            parent: COUNTY.to_owned(),
            level: Level::Unit.into(),
            kind: RegionKind::Kindergarten.into(),
        }],
    }
}

/// What an entry says, but when.
fn told(entry: &AuditEntry) -> (&str, &str, &str, &str, &str) {
    let AuditEntry {
        action,
        region,
        role,
        certificate,
        id,
        ..
    } = entry;
    (action, region, role, certificate, id)
}

#[tokio::test]
async fn it_says_who_when_why_and_by_which_certificate_and_says_so_after_a_restart() {
    let county = County::new().await;
    let began = Timestamp::now();
    let reporter = county.channel(&county.reporter).await;
    push(reporter.clone(), "b-1", &[(SCHOOL, 7), (SECOND_SCHOOL, 2)]).await;
    // Known already: nothing was changed, and nothing is told.
    push(reporter.clone(), "b-1", &[(SCHOOL, 7), (SECOND_SCHOOL, 2)]).await;
    let mut task = TaskServiceClient::new(county.channel(&county.reviewer).await);
    let id = assign(&mut task).await;
    let mut step = StepTaskRequest {
        region: COUNTY.to_owned(),
        issuer: COUNTY.to_owned(),
        task: id.clone(),
        action: Action::Accept.into(),
        author: author(),
    };
    task.step_task(step.clone()).await.expect_err("not now");
    step.action = Action::Revoke.into();
    step.author = Some(Author {
        name: "督导室".to_owned(),
        why: "并入新任务".to_owned(),
    });
    task.step_task(step).await.expect("revoked");
    let mut admin = AdminServiceClient::new(county.channel(&county.admin).await);
    let hosted = admin.host_regions(host("371524-K", "幼儿园")).await;
    hosted.expect("hosted");

    let listed = county.list(&county.admin, of_region("")).await;
    let listed = listed.expect("a list");
    let [by_admin, by_reviewer, by_reporter] =
        [&county.admin, &county.reviewer, &county.reporter].map(serial);
    let expected = [
        (
            "host-regions",
            "371524-K",
            "admin",
            by_admin.as_str(),
            "371524-K",
        ),
        ("revoke-task", COUNTY, "reviewer", &by_reviewer, &id),
        ("assign-tasks", COUNTY, "reviewer", &by_reviewer, &id),
        ("issue-plan", COUNTY, "reviewer", &by_reviewer, "plan-1"),
        ("import-plan", COUNTY, "reviewer", &by_reviewer, "plan-1"),
        ("push-reports", TOWN, "reporter", &by_reporter, "b-1"),
    ];
    let found: Vec<_> = listed.iter().map(told).collect();
    assert_eq!(found[1..], expected[1..]);
    let (action, region, role, certificate, _) = found[0];
    assert_eq!(
        (action, region, role, certificate),
        ("host-regions", "371524-K", "admin", by_admin.as_str())
    );
    let revoked = &listed[1];
    assert_eq!(
        (revoked.by.as_str(), revoked.why.as_str()),
        ("督导室", "并入新任务")
    );
    assert_eq!(
        (revoked.kind.as_str(), revoked.owner.as_str()),
        ("task", COUNTY)
    );
    assert!(revoked.version > 0);
    assert_eq!(
        revoked.identity,
        "spiffe://edu.sd.example/region/371524/reviewer"
    );
    let pushed = &listed[5];
    assert_eq!(
        (pushed.by.as_str(), pushed.kind.as_str()),
        ("教务处", "report")
    );
    assert_eq!((pushed.reports, pushed.regions), (2, 2));
    assert_eq!(pushed.periods, ["2025-03"]);
    for entry in &listed {
        let at = entry.at.as_ref().expect("a time");
        let at = Timestamp::new(at.seconds, at.nanos).expect("a time");
        assert!(began <= at && at <= Timestamp::now(), "{entry:?}");
    }
    // A page at a time it is the same.
    let mut by_pages = of_region("");
    by_pages.page_size = 2;
    let by_pages = county.list(&county.admin, by_pages).await;
    assert_eq!(by_pages.expect("pages"), listed);

    let County {
        realm, node, admin, ..
    } = county;
    let dir = node.stop().await;
    let node = open(&realm, dir).await;
    let channel = realm.dial(node.node.address(), Some(&admin)).await;
    let again = list(channel.expect("it listens"), of_region("")).await;
    assert_eq!(again.expect("a list"), listed);
}

#[tokio::test]
async fn it_is_told_by_region_role_action_certificate_and_time() {
    let county = County::new().await;
    let reporter = county.channel(&county.reporter).await;
    let other = county.realm.issue(SECOND_SCHOOL, "reporter");
    push(reporter, "b-1", &[(SCHOOL, 7), (SECOND_SCHOOL, 2)]).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let between = Timestamp::now();
    push(county.channel(&other).await, "b-2", &[(SECOND_SCHOOL, 3)]).await;
    let mut admin = AdminServiceClient::new(county.channel(&county.admin).await);
    admin
        .host_regions(host("371524-K", "幼儿园"))
        .await
        .expect("hosted");
    let asked = async |change: fn(&mut ListAuditRequest, &str), with: &str| {
        let mut asked = ListAuditRequest::default();
        change(&mut asked, with);
        let listed = county.list(&county.reviewer, asked).await;
        let listed = listed.expect("a list").into_iter();
        listed
            .map(|one| (one.action, one.reports))
            .collect::<Vec<_>>()
    };
    let push_of = |reports| ("push-reports".to_owned(), reports);
    let hosting = ("host-regions".to_owned(), 0);
    // Of a region only what was done there is counted.
    let region = |asked: &mut ListAuditRequest, with: &str| asked.region = with.to_owned();
    assert_eq!(asked(region, SCHOOL).await, [push_of(1)]);
    assert_eq!(asked(region, SECOND_SCHOOL).await, [push_of(1), push_of(1)]);
    assert_eq!(asked(region, TOWN).await, [push_of(1), push_of(2)]);
    let all = [hosting, push_of(1), push_of(2)];
    assert_eq!(asked(region, COUNTY).await, all);
    let role = |asked: &mut ListAuditRequest, with: &str| asked.role = with.to_owned();
    assert_eq!(asked(role, "admin").await, all[..1]);
    assert_eq!(asked(role, "reporter").await, all[1..]);
    assert_eq!(asked(role, "local").await, []);
    let by_node = asked(role, "node").await;
    let names: Vec<&str> = by_node.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(
        names,
        ["host-regions", "begin-life"],
        "what it was started with"
    );
    let action = |asked: &mut ListAuditRequest, with: &str| asked.action = with.to_owned();
    assert_eq!(asked(action, "push-reports").await, all[1..]);
    let shown = |asked: &mut ListAuditRequest, with: &str| asked.certificate = with.to_owned();
    assert_eq!(asked(shown, &serial(&other)).await, [push_of(1)]);
    let when = |at: Timestamp| Some(liandong_wire::timestamp(at));
    let earlier = ListAuditRequest {
        until: when(between),
        ..ListAuditRequest::default()
    };
    let later = ListAuditRequest {
        since: when(between),
        ..ListAuditRequest::default()
    };
    let count = async |asked| {
        county
            .list(&county.reviewer, asked)
            .await
            .expect("a list")
            .len()
    };
    assert_eq!((count(earlier).await, count(later).await), (1, 2));
}

#[tokio::test]
async fn a_caller_is_told_of_regions_whose_trail_they_may_read() {
    let county = County::new().await;
    let reporter = county.channel(&county.reporter).await;
    push(reporter, "b-1", &[(SCHOOL, 7), (SECOND_SCHOOL, 2)]).await;
    push(
        county.channel(&county.reporter).await,
        "b-2",
        &[(SECOND_SCHOOL, 3)],
    )
    .await;
    let of = async |region: &str, role: &str, asked: &str| {
        let own = county.realm.issue(region, role);
        county.list(&own, of_region(asked)).await
    };
    for (region, role) in [
        (COUNTY, "viewer"),
        (COUNTY, "reporter"),
        (CITY, "admin"),
        ("371525", "admin"),
    ] {
        for asked in ["", COUNTY, SCHOOL] {
            let refused = of(region, role, asked).await.expect_err(role);
            assert_eq!(
                refused.code(),
                Code::PermissionDenied,
                "{region} {role} {asked}"
            );
        }
    }
    // A school's own reviewer: what was done to the school, and nothing of its neighbour.
    let own = of(SCHOOL, "reviewer", "").await.expect("a list");
    assert_eq!(own.len(), 1);
    let told = (own[0].region.as_str(), own[0].reports, own[0].regions);
    assert_eq!(told, (SCHOOL, 1, 1));
    let refused = of(SCHOOL, "reviewer", SECOND_SCHOOL)
        .await
        .expect_err("not theirs");
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(of(TOWN, "admin", "").await.expect("a list").len(), 2);
    let unknown = of(COUNTY, "admin", "371599")
        .await
        .expect_err("no such region");
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test]
async fn a_region_that_moves_leaves_its_trail_behind() {
    let county = County::new().await;
    let reporter = county.channel(&county.reporter).await;
    push(reporter, "b-1", &[(SCHOOL, 7), (SECOND_SCHOOL, 2)]).await;
    let mut admin = AdminServiceClient::new(county.channel(&county.admin).await);
    let asked = ExportRegionRequest {
        region: TOWN.to_owned(),
        move_out: true,
    };
    let mut chunks = admin
        .export_region(asked)
        .await
        .expect("an export")
        .into_inner();
    let mut export = Vec::new();
    while let Some(piece) = chunks.message().await.expect("a piece") {
        export.extend(piece.chunk);
    }
    let has = |text: &str| {
        export
            .windows(text.len())
            .any(|piece| piece == text.as_bytes())
    };
    assert!(
        // The node signs that it hands the region over, and shows its certificate with that.
        has(SCHOOL) && !has("/reporter") && !has("/admin"),
        "whose the reports were stays here"
    );
    let listed = county
        .list(&county.admin, of_region(TOWN))
        .await
        .expect("a list");
    let found: Vec<_> = listed.iter().map(told).collect();
    let by = [serial(&county.admin), serial(&county.reporter)];
    let expected = [
        ("move-out", TOWN, "admin", by[0].as_str(), "handover"),
        ("push-reports", TOWN, "reporter", &by[1], "b-1"),
    ];
    assert_eq!(found, expected);
}

/// Whichever side dialled, what a peer brought is told with the certificate that it showed.
#[tokio::test]
async fn what_a_peer_brought_is_told_with_its_certificate() {
    let mut world = World::new().await;
    let of_nodes = || ListAuditRequest {
        role: "node".to_owned(),
        action: "receive".to_owned(),
        ..ListAuditRequest::default()
    };
    let channel = world.channel(COUNTY, "admin").await;
    let at_county = list(channel, of_nodes()).await.expect("a list");
    let at_partner = list(world._partner.channel.clone(), of_nodes()).await;
    let at_partner = at_partner.expect("a list");
    let sides = [
        (
            at_county,
            COUNTY,
            PARTNER,
            "spiffe://edu.cq.example/region/500243/node",
        ),
        (
            at_partner,
            PARTNER,
            COUNTY,
            "spiffe://edu.sd.example/region/371524/node",
        ),
    ];
    for (entries, here, peer, identity) in sides {
        assert!(!entries.is_empty());
        for entry in &entries {
            assert_eq!((entry.region.as_str(), entry.peer.as_str()), (here, peer));
            assert_eq!(entry.identity, identity);
            assert_eq!(entry.certificate.len(), 32, "{entry:?}");
        }
        assert!(entries.iter().any(|entry| entry.documents > 0));
    }
}
