//! What was done, and by which role, in the words of the audit trail.

use liandong_core::audit::Deed;
use liandong_core::identity::Role;

use super::{UNKNOWN, Word};

/// What was done.
pub(crate) fn deed(code: &str) -> Word {
    let Some(deed) = Deed::from_word(code) else {
        return UNKNOWN;
    };
    let (zh, en) = match deed {
        Deed::HostRegions => ("承载区域", "host regions"),
        Deed::BeginLife => ("数据启用", "begin the data's life"),
        Deed::Split => ("改换数据标识", "go on under another incarnation"),
        Deed::Heal => ("按对方更正", "put right by a peer"),
        Deed::Reconcile => ("向对方更正", "put a peer right"),
        Deed::WithdrawCells => ("撤下汇总格", "withdraw cells"),
        Deed::MoveOut => ("区域迁出", "move a region out"),
        Deed::MoveIn => ("区域迁入", "move a region in"),
        Deed::PushReports => ("上报", "push reports"),
        Deed::ImportPlan => ("导入方案", "import a plan"),
        Deed::ConsultPlan => ("征求意见", "consult on a plan"),
        Deed::CommentPlan => ("提出意见", "comment on a plan"),
        Deed::IssuePlan => ("印发方案", "issue a plan"),
        Deed::AssignTasks => ("下达任务", "assign tasks"),
        Deed::AcknowledgeTask => ("签收任务", "acknowledge a task"),
        Deed::CompleteTask => ("办结任务", "complete a task"),
        Deed::AcceptTask => ("验收任务", "accept a task"),
        Deed::ReturnTask => ("退回任务", "return a task"),
        Deed::CloseTask => ("任务销号", "close a task"),
        Deed::RevokeTask => ("撤销任务", "revoke a task"),
        Deed::ProposePairing => ("提议结对", "propose a pairing"),
        Deed::SignPairing => ("签署结对", "sign a pairing"),
        Deed::EndPairing => ("结束结对", "end a pairing"),
        Deed::ProposeProject => ("提议项目", "propose a project"),
        Deed::ConsentProject => ("同意项目", "consent to a project"),
        Deed::RecordAid => ("记录援助", "record aid"),
        Deed::Receive => ("接收变更", "receive changes"),
        Deed::RetrySetAside => ("重试搁置的变更", "retry what was set aside"),
    };
    Word::new(deed.word(), zh, en)
}

/// A role, or whoever showed no certificate.
pub(crate) fn role(code: &str) -> Word {
    match Role::from_word(code) {
        Some(role @ Role::Node) => Word::new(role.word(), "节点", "node"),
        Some(role @ Role::Admin) => Word::new(role.word(), "管理员", "admin"),
        Some(role @ Role::Reviewer) => Word::new(role.word(), "审核员", "reviewer"),
        Some(role @ Role::Reporter) => Word::new(role.word(), "填报员", "reporter"),
        Some(role @ Role::Viewer) => Word::new(role.word(), "查看者", "viewer"),
        None if code == "local" => Word::new("local", "本机", "local"),
        None => UNKNOWN,
    }
}
