//! Every request that a client can send: bytes, message, conversion to core, and the refusal back.
//!
//! The first byte chooses the request, the rest is the message.

use liandong_core::aid::PairingKind;
use liandong_core::command::Command;
use liandong_core::language::Language;
use liandong_core::refusal::Refusal;
use liandong_wire::bytes::{Message, decode, encode};
use liandong_wire::progress::ReadBatch;
use liandong_wire::refusal::{RemoteRefusal, message, status};
use liandong_wire::{admin, collaboration, progress, rollup, task};

/// The details of a refusal must fit the headers that any peer takes.
const MOST_DETAILS: usize = 6 << 10;

/// How one request is read.
struct Request {
    read: fn(&[u8]),
    /// A message to begin with.
    seed: fn() -> Vec<u8>,
}

/// Decodes and converts; a message that decodes must decode again from its own bytes.
fn through<M, C>(bytes: &[u8])
where
    M: Message + PartialEq,
    C: TryFrom<M, Error = Refusal>,
{
    let Ok(request) = decode::<M>(bytes) else {
        return;
    };
    decodes_again(&request);
    if let Err(refusal) = C::try_from(request) {
        travels(&refusal);
    }
}

/// Decodes only: the service takes the message apart itself.
fn decoded<M: Message + PartialEq>(bytes: &[u8]) {
    if let Ok(request) = decode::<M>(bytes) {
        decodes_again(&request);
    }
}

fn decodes_again<M: Message + PartialEq>(request: &M) {
    let again = decode::<M>(&encode(request));
    assert!(
        again.as_ref() == Ok(request),
        "it decodes to something else"
    );
}

/// What is refused is said in both languages and arrives with its reason and field.
pub(crate) fn travels(refusal: &Refusal) {
    for language in [Language::Zh, Language::En] {
        let said = status(refusal, language);
        assert!(said.details().len() < MOST_DETAILS, "details: {refusal:?}");
        let Some(read) = RemoteRefusal::from_status(&said) else {
            panic!("{said:?} does not come back");
        };
        assert_eq!(read.reason, Some(refusal.reason), "{refusal:?}");
        assert_eq!(read.field, refusal.field, "{refusal:?}");
        let inside = RemoteRefusal::from(message(refusal, language));
        assert_eq!(inside.reason, read.reason, "{refusal:?}");
    }
}

/// A batch is read row by row, out of the bytes of its rows: no row may be lost, and each is what the
/// generated code reads.
fn batch(bytes: &[u8]) {
    let unread = decode::<progress::UnreadPush>(bytes);
    if let Ok(request) = decode::<progress::v1::PushReportsRequest>(bytes) {
        decodes_again(&request);
        assert!(unread.is_ok(), "{request:?}: {unread:?}");
    }
    let Some(batch) = unread.ok().and_then(|request| request.batch) else {
        return;
    };
    let pushed = batch.rows.clone();
    let rows = pushed.len();
    let first = batch.first_row.max(1);
    match ReadBatch::try_from(batch) {
        Ok(read) => {
            assert_eq!(read.push.rows.len() + read.refused.len(), rows);
            for (number, report) in &read.push.rows {
                let row = &pushed[(number - first) as usize];
                let Ok(said) = decode::<progress::v1::Report>(row) else {
                    panic!("{report:?} was read of what is no row");
                };
                assert_eq!(said.period.parse(), Ok(report.period));
                // A period may be spelt in more than one way.
                let period = report.period.to_string();
                let said = progress::v1::Report { period, ..said };
                assert_eq!(said, progress::v1::Report::from(report));
            }
            for (_, refusal) in &read.refused {
                travels(refusal);
            }
            let (push, outcomes) = read.split();
            let pushed = push.map_or(0, |push| push.rows.len());
            assert!(pushed + outcomes.len() >= rows, "rows were lost");
        }
        Err(refusal) => travels(&refusal),
    }
}

macro_rules! requests {
    ($($read:expr, $seed:expr;)+) => {
        const REQUESTS: &[Request] = &[
            $(Request { read: $read, seed: || encode(&$seed) },)+
        ];
    };
}

requests! {
    batch, seeds::push();
    decoded::<progress::v1::UploadReportsRequest>,
        progress::v1::UploadReportsRequest { batch: seeds::push().batch };
    through::<progress::v1::ListHistoryRequest, progress::HistoryPage>, seeds::history();
    through::<task::v1::ImportPlanRequest, Command>, seeds::import();
    through::<task::v1::ConsultPlanRequest, Command>, task::v1::ConsultPlanRequest {
        plan: "p1".into(), until: "2025-05-01".into(), ..Default::default() };
    through::<task::v1::CommentPlanRequest, Command>, task::v1::CommentPlanRequest {
        region: "371524".into(), issuer: "371500".into(), plan: "p1".into(),
        text: "意见".into(), ..Default::default() };
    through::<task::v1::IssuePlanRequest, Command>, task::v1::IssuePlanRequest {
        plan: "p1".into(), ..Default::default() };
    through::<task::v1::AssignTasksRequest, Command>, seeds::assign();
    through::<task::v1::StepTaskRequest, Command>, task::v1::StepTaskRequest {
        region: "371524".into(), issuer: "371500".into(), task: "t1".into(),
        ..Default::default() };
    through::<task::v1::ListPlansRequest, task::PlanFilter>, task::v1::ListPlansRequest::default();
    through::<task::v1::ListTasksRequest, task::TaskFilter>, task::v1::ListTasksRequest::default();
    through::<task::v1::GetPlanRequest, task::Named>, task::v1::GetPlanRequest::default();
    through::<task::v1::GetTaskRequest, task::Named>, task::v1::GetTaskRequest::default();
    through::<rollup::v1::GetRollupRequest, rollup::Question>, seeds::rollup();
    through::<rollup::v1::WatchRollupRequest, rollup::WatchQuestion>,
        rollup::v1::WatchRollupRequest { regions: vec!["371500".into()], ..Default::default() };
    through::<rollup::v1::DrillRollupRequest, rollup::DrillQuestion>,
        rollup::v1::DrillRollupRequest { region: "371500".into(),
            indicator: "compulsory-dropouts".into(), period: "2025-03".into(), live: true };
    through::<rollup::v1::GetCompletenessRequest, rollup::Question>,
        rollup::v1::GetCompletenessRequest { region: "371500".into(), period: "2025".into(),
            ..Default::default() };
    through::<rollup::v1::RankRegionsRequest, rollup::Question>,
        rollup::v1::RankRegionsRequest { region: "371500".into(), period: "2025-Q1".into(),
            ..Default::default() };
    through::<rollup::v1::WithdrawCellsRequest, rollup::Withdrawal>,
        rollup::v1::WithdrawCellsRequest { cells: vec![rollup::v1::CellName {
            region: "371524".into(), indicator: "compulsory-dropouts".into(),
            period: "2025-03".into() }], lost: true };
    through::<collaboration::v1::ProposePairingRequest, Command>, seeds::pairing();
    through::<collaboration::v1::SignPairingRequest, Command>,
        collaboration::v1::SignPairingRequest { region: "371500".into(), partner: "500243".into(),
            ..Default::default() };
    through::<collaboration::v1::EndPairingRequest, Command>,
        collaboration::v1::EndPairingRequest { region: "371500".into(), partner: "500243".into(),
            ..Default::default() };
    through::<collaboration::v1::ProposeProjectRequest, Command>, seeds::project();
    through::<collaboration::v1::ConsentProjectRequest, Command>,
        collaboration::v1::ConsentProjectRequest { region: "371500".into(),
            proposer: "500243".into(), project: "a1".into(), ..Default::default() };
    through::<collaboration::v1::RecordEntryRequest, Command>,
        collaboration::v1::RecordEntryRequest { region: "371500".into(), id: "e1".into(),
            proposer: "500243".into(), project: "a1".into(), ..Default::default() };
    through::<collaboration::v1::ListPairingsRequest, collaboration::PairingFilter>,
        collaboration::v1::ListPairingsRequest::default();
    through::<collaboration::v1::ListProjectsRequest, collaboration::ProjectFilter>,
        collaboration::v1::ListProjectsRequest::default();
    through::<collaboration::v1::GetProjectRequest, collaboration::ProjectKey>,
        collaboration::v1::GetProjectRequest::default();
    through::<collaboration::v1::ReconcileProjectRequest, collaboration::ProjectKey>,
        collaboration::v1::ReconcileProjectRequest::default();
    through::<admin::v1::HostRegionsRequest, Command>, seeds::host();
    through::<admin::v1::ListRegionsRequest, admin::RegionFilter>,
        admin::v1::ListRegionsRequest::default();
    through::<admin::v1::ListIndicatorsRequest, admin::IndicatorFilter>,
        admin::v1::ListIndicatorsRequest::default();
    through::<admin::v1::ExportRegionRequest, admin::Export>,
        admin::v1::ExportRegionRequest { region: "371524".into(), ..Default::default() };
    through::<admin::v1::ListAuditRequest, admin::AuditPage>,
        admin::v1::ListAuditRequest { region: "371524".into(), role: "reporter".into(),
            action: "push-reports".into(), certificate: "0a1b".into(), ..Default::default() };
    decoded::<admin::v1::ImportRegionRequest>, admin::v1::ImportRegionRequest::default();
    decoded::<admin::v1::VerifyNodeRequest>, admin::v1::VerifyNodeRequest::default();
}

pub(crate) fn run(data: &[u8]) {
    let Some((which, message)) = data.split_first() else {
        return;
    };
    let request = &REQUESTS[usize::from(*which) % REQUESTS.len()];
    (request.read)(message);
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (which, request) in (0u8..).zip(REQUESTS) {
        let mut seed = vec![which];
        seed.extend((request.seed)());
        seeds.push(seed);
    }
    seeds
}

/// Requests as clients send them.
mod seeds {
    use super::{PairingKind, admin, collaboration, progress, rollup, task};

    pub(super) fn push() -> progress::v1::PushReportsRequest {
        let row = |number: i64| progress::v1::Report {
            source: format!("371524-{number:03}"),
            indicator: "compulsory-dropouts".to_owned(),
            period: "2025-03".to_owned(),
            numerator: number,
            denominator: (number > 1).then_some(100),
            revision: 2,
            note: "补报".to_owned(),
            ..Default::default()
        };
        progress::v1::PushReportsRequest {
            batch: Some(progress::v1::ReportBatch {
                id: "b1".to_owned(),
                by: "东阿县".to_owned(),
                first_row: 1,
                rows: vec![row(1), row(2), row(3)],
                all_or_nothing: false,
            }),
            all_outcomes: true,
        }
    }

    pub(super) fn history() -> progress::v1::ListHistoryRequest {
        progress::v1::ListHistoryRequest {
            source: "371524-001".to_owned(),
            indicator: "compulsory-dropouts".to_owned(),
            period: "2025-03".to_owned(),
            ..progress::v1::ListHistoryRequest::default()
        }
    }

    pub(super) fn rollup() -> rollup::v1::GetRollupRequest {
        rollup::v1::GetRollupRequest {
            region: "371500".to_owned(),
            period: "2024-2025-S1".to_owned(),
            subject: Some(rollup::v1::get_rollup_request::Subject::Indicator(
                "compulsory-dropouts".to_owned(),
            )),
        }
    }

    pub(super) fn import() -> task::v1::ImportPlanRequest {
        let plan = crate::sources::plan();
        task::v1::ImportPlanRequest {
            plan: Some((&plan.plan).into()),
            ..Default::default()
        }
    }

    pub(super) fn assign() -> task::v1::AssignTasksRequest {
        let target = task::v1::Target {
            indicator: "compulsory-dropouts".to_owned(),
            due: "2025".to_owned(),
            text: "100%".to_owned(),
            ..Default::default()
        };
        let part = task::v1::Part {
            assignee: "371524".to_owned(),
            targets: vec![target],
            due: "2025-12-31".to_owned(),
        };
        task::v1::AssignTasksRequest {
            plan: "p1".to_owned(),
            item: "1".to_owned(),
            parts: vec![part],
            ..Default::default()
        }
    }

    pub(super) fn pairing() -> collaboration::v1::ProposePairingRequest {
        let kind = collaboration::v1::PairingKind::from(PairingKind::ALL[0]);
        collaboration::v1::ProposePairingRequest {
            region: "371500".to_owned(),
            partner: "500243".to_owned(),
            kind: kind.into(),
            terms: "帮扶".to_owned(),
            from: "2025-01-01".to_owned(),
            ..Default::default()
        }
    }

    pub(super) fn project() -> collaboration::v1::ProposeProjectRequest {
        let milestone = collaboration::v1::Milestone {
            number: 1,
            title: "开工".to_owned(),
            due: "2025-06-30".to_owned(),
            owner: "500243".to_owned(),
        };
        collaboration::v1::ProposeProjectRequest {
            region: "371500".to_owned(),
            id: "a1".to_owned(),
            partner: "500243".to_owned(),
            donor: "371500".to_owned(),
            name: "宿舍".to_owned(),
            fund_fen: 1_000_000,
            milestones: vec![milestone],
            ..Default::default()
        }
    }

    pub(super) fn host() -> admin::v1::HostRegionsRequest {
        let mut regions = Vec::new();
        for region in crate::sources::county() {
            regions.push((&region).into());
        }
        admin::v1::HostRegionsRequest { regions }
    }
}
