//! The table cell by cell: (role × right × standing), each through a method that the right is asked
//! for in.

use liandong_core::access::{Right, Standing};
use liandong_core::identity::Role;
use liandong_core::refusal::Reason;
use liandong_wire::admin::v1::admin_service_client::AdminServiceClient;
use liandong_wire::admin::v1::{ExportRegionRequest, GetStatusRequest, ListAuditRequest};
use liandong_wire::collaboration::v1::collaboration_service_client::CollaborationServiceClient;
use liandong_wire::collaboration::v1::{
    AidFact, Disbursement, EndPairingRequest, GetProjectRequest, ListProjectsRequest,
    RecordEntryRequest, aid_fact,
};
use liandong_wire::progress::v1::progress_service_client::ProgressServiceClient;
use liandong_wire::progress::v1::{ListHistoryRequest, PushReportsRequest};
use liandong_wire::refusal::RemoteRefusal;
use liandong_wire::rollup::v1::rollup_service_client::RollupServiceClient;
use liandong_wire::rollup::v1::{GetRollupRequest, get_rollup_request};
use liandong_wire::task::v1::task_service_client::TaskServiceClient;
use liandong_wire::task::v1::{
    Action, AssignTasksRequest, ListPlansRequest, ListTasksRequest, StepTaskRequest,
};
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::{
    CHILD, CITY, COUNTY, NEIGHBOUR, PARTNER, PARTNERS_SUPERIOR, SCHOOL, TOWN, World, word,
};
use crate::peers::{dial, hello};
use crate::support::{author, batch, dropouts};

/// As the table is written down, and not as it is computed. A line for each right, a group of letters
/// for each standing; a letter is there when that role may. N node, A admin, E reviewer, R reporter,
/// V viewer; `/` where no method leads there, as the note after the line says.
const TABLE: &str = "
    right             own    hosted superior subordinate partner partners-superior stranger
    ReadPlans         AERV   AERV   AERV     AERV        -       -                 -
    ReadPublished     AERV   AERV   AER      -           -       -                 -
    ReadExact         AER    AER    AER      -           -       -                 -
    ReadTasks         AERV   AERV   AERV     -           -       -                 -
    ReadAid           AER    AER    -        -           AER     -                 -
    ReadAidSummary    AERV   AERV   AERV     -           AERV    AERV              -
    Report            AR     AR     -        -           -       -                 -
    Work              AR     AR     -        -           -       -                 -
    Supervise         AE     AE     -        -           -       -                 -
    Pair              AE     AE     -        -           -       -                 -
    RecordAid         AR     AR     -        -           -       -                 -
    Inspect           NAER   /      -        -           -       -                 -   (a node is its region's)
    Audit             AE     AE     -        -           -       -                 -
    Administer        A      A      -        -           -       -                 -
    Exchange          -      /      /        N           N       -                 -   (see below)
";

/// Exchange: a superior is dialled and does not dial, and what a node hosts has no node of its own.
const CELLS: usize = 510;

fn letter(role: Role) -> char {
    match role {
        Role::Node => 'N',
        Role::Admin => 'A',
        Role::Reviewer => 'E',
        Role::Reporter => 'R',
        Role::Viewer => 'V',
    }
}

/// Whose certificate is shown, and whose data is asked for, for that standing.
fn cast(right: Right, standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Subordinate if right == Right::Exchange => (CHILD, COUNTY),
        Standing::Own => (COUNTY, COUNTY),
        Standing::Hosted => (COUNTY, SCHOOL),
        Standing::Superior => (CITY, COUNTY),
        Standing::Subordinate => (TOWN, COUNTY),
        Standing::Partner => (PARTNER, COUNTY),
        Standing::PartnersSuperior => (PARTNERS_SUPERIOR, COUNTY),
        Standing::Stranger => (NEIGHBOUR, COUNTY),
    }
}

/// Does what the right is for, to that region.
async fn attempt(channel: Channel, caller: &str, right: Right, target: &str) -> Result<(), Status> {
    let target = target.to_owned();
    let mut task = TaskServiceClient::new(channel.clone());
    let mut progress = ProgressServiceClient::new(channel.clone());
    let mut aid = CollaborationServiceClient::new(channel.clone());
    let mut admin = AdminServiceClient::new(channel.clone());
    let (indicator, period) = ("compulsory-dropouts".to_owned(), "2025-03".to_owned());
    match right {
        Right::ReadPlans => {
            let asked = ListPlansRequest {
                issuer: target,
                status: 0,
            };
            task.list_plans(asked).await.map(drop)
        }
        Right::ReadPublished => {
            let asked = GetRollupRequest {
                region: target,
                subject: Some(get_rollup_request::Subject::Indicator(indicator)),
                period,
            };
            let mut rollup = RollupServiceClient::new(channel);
            rollup.get_rollup(asked).await.map(drop)
        }
        Right::ReadExact => {
            let asked = ListHistoryRequest {
                source: target,
                indicator,
                period,
                ..ListHistoryRequest::default()
            };
            progress.list_history(asked).await.map(drop)
        }
        Right::ReadTasks => {
            let asked = ListTasksRequest {
                assignee: target,
                ..ListTasksRequest::default()
            };
            task.list_tasks(asked).await.map(drop)
        }
        Right::ReadAid => {
            let asked = GetProjectRequest {
                proposer: target,
                project: "p-1".to_owned(),
            };
            aid.get_project(asked).await.map(drop)
        }
        Right::ReadAidSummary => {
            let asked = ListProjectsRequest {
                region: target,
                partner: String::new(),
            };
            aid.list_projects(asked).await.map(drop)
        }
        Right::Report => {
            let asked = PushReportsRequest {
                batch: Some(batch("m", vec![dropouts(&target, 2)])),
                all_outcomes: true,
            };
            progress.push_reports(asked).await.map(drop)
        }
        Right::Work => {
            let asked = StepTaskRequest {
                region: target,
                issuer: CITY.to_owned(),
                task: "t-1".to_owned(),
                action: Action::Acknowledge.into(),
                author: author(),
            };
            task.step_task(asked).await.map(drop)
        }
        Right::Supervise => {
            let asked = AssignTasksRequest {
                issuer: target,
                plan_issuer: COUNTY.to_owned(),
                plan: "none".to_owned(),
                item: "1".to_owned(),
                parts: Vec::new(),
                author: author(),
            };
            task.assign_tasks(asked).await.map(drop)
        }
        Right::Pair => {
            let asked = EndPairingRequest {
                region: target,
                partner: NEIGHBOUR.to_owned(),
                author: author(),
            };
            aid.end_pairing(asked).await.map(drop)
        }
        Right::RecordAid => {
            let paid = Disbursement {
                amount_fen: 1,
                on: "2025-05-01".to_owned(),
                purpose: String::new(),
            };
            let asked = RecordEntryRequest {
                region: target,
                id: "d-1".to_owned(),
                proposer: PARTNER.to_owned(),
                project: "none".to_owned(),
                fact: Some(AidFact {
                    fact: Some(aid_fact::Fact::Disbursement(paid)),
                }),
                author: author(),
            };
            aid.record_entry(asked).await.map(drop)
        }
        Right::Inspect => admin.get_status(GetStatusRequest {}).await.map(drop),
        Right::Administer => {
            let asked = ExportRegionRequest {
                region: target,
                move_out: false,
            };
            admin.export_region(asked).await.map(drop)
        }
        Right::Exchange => {
            let mut line = dial(&channel, Some(hello(caller))).await?;
            line.hear_hello().await;
            Ok(())
        }
        Right::Audit => {
            let asked = ListAuditRequest {
                region: target,
                ..ListAuditRequest::default()
            };
            admin.list_audit(asked).await.map(drop)
        }
    }
}

/// Whether the node said that it is not the caller's to ask; what else it says is none of rights.
fn is_denied(right: Right, status: &Status) -> bool {
    let reason = RemoteRefusal::from_status(status).and_then(|refusal| refusal.reason);
    let denied = reason == Some(Reason::NoRight)
        || (right == Right::Exchange && reason == Some(Reason::NotEntitled));
    assert!(
        !denied || status.code() == Code::PermissionDenied,
        "{status}"
    );
    denied
}

#[tokio::test]
async fn every_cell_is_answered_as_it_is_written_down() {
    let mut world = World::new().await;
    let lines: Vec<&str> = TABLE.trim().lines().skip(1).collect();
    assert_eq!(lines.len(), Right::ALL.len());
    let (mut cells, mut wrong) = (0, Vec::new());
    for (line, right) in lines.into_iter().zip(Right::ALL) {
        let mut columns = line.split_whitespace();
        assert_eq!(columns.next(), Some(format!("{right:?}").as_str()));
        for standing in Standing::ALL {
            let letters = columns.next().expect("a column for each standing");
            if letters == "/" {
                continue;
            }
            let (caller, target) = cast(right, standing);
            for role in Role::ALL {
                let channel = world.channel(caller, word(role)).await;
                let done = attempt(channel, caller, right, target).await;
                let denied = done.err().filter(|status| is_denied(right, status));
                let written = letters.contains(letter(role));
                if denied.is_none() != written {
                    wrong.push(format!("{role:?}, {right:?}, {standing:?}: {denied:?}"));
                }
                cells += 1;
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(cells, CELLS);
}
