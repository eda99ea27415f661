//! The one table of rights: what a role may do to which region's data. Everything that is not
//! granted here is denied.
//!
//! A service asks [`Right`] of an identity before it does anything; what a *node* may see and give
//! on a link, document by document, is decided by [`may_see`](super::may_see) and
//! [`may_give`](super::may_give).

use std::fmt;

use super::standing::Standing;
use crate::identity::Role;
use crate::language::Language;

/// Something that can be done to the data of a region, or to the node that hosts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// Look at plans and at the indicators they need.
    ReadPlans,
    /// Look at figures as they are published: counts of few people are hidden.
    ReadPublished,
    /// Look at exact figures and at the reports behind them.
    ReadExact,
    /// Look at tasks and their progress.
    ReadTasks,
    /// Look at pairings, projects and their entries.
    ReadAid,
    /// Look at the sums of an aid project, and at nothing inside it.
    ReadAidSummary,
    /// Report figures.
    Report,
    /// Acknowledge and complete tasks, and comment on plans in consultation.
    Work,
    /// Write, consult and issue plans; assign tasks, accept them, send them back, close them.
    Supervise,
    /// Pair with another region, propose aid projects and agree to them.
    Pair,
    /// Record what an aid project does.
    RecordAid,
    /// Look at the state of the node and verify what it holds.
    Inspect,
    /// Read the audit trail.
    Audit,
    /// Host, export and import regions, exchange link files, issue and revoke certificates.
    Administer,
    /// Exchange changes on a link.
    Exchange,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 15] = [
        Self::ReadPlans,
        Self::ReadPublished,
        Self::ReadExact,
        Self::ReadTasks,
        Self::ReadAid,
        Self::ReadAidSummary,
        Self::Report,
        Self::Work,
        Self::Supervise,
        Self::Pair,
        Self::RecordAid,
        Self::Inspect,
        Self::Audit,
        Self::Administer,
        Self::Exchange,
    ];

    /// The word used in logs and messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::ReadPlans => "read plans",
            Self::ReadPublished => "read published figures",
            Self::ReadExact => "read exact figures",
            Self::ReadTasks => "read tasks",
            Self::ReadAid => "read aid projects",
            Self::ReadAidSummary => "read sums of aid projects",
            Self::Report => "report",
            Self::Work => "work on tasks",
            Self::Supervise => "supervise",
            Self::Pair => "pair regions",
            Self::RecordAid => "record aid",
            Self::Inspect => "inspect the node",
            Self::Audit => "read the audit trail",
            Self::Administer => "administer the node",
            Self::Exchange => "exchange changes",
        }
    }

    /// The words used in messages, which follow "may not".
    pub fn describe(self, language: Language) -> &'static str {
        match self {
            Self::ReadPlans => language.pick("查看方案", self.word()),
            Self::ReadPublished => language.pick("查看公布数据", self.word()),
            Self::ReadExact => language.pick("查看精确数据", self.word()),
            Self::ReadTasks => language.pick("查看任务", self.word()),
            Self::ReadAid => language.pick("查看援助项目", self.word()),
            Self::ReadAidSummary => language.pick("查看援助汇总", self.word()),
            Self::Report => language.pick("填报", self.word()),
            Self::Work => language.pick("办理任务", self.word()),
            Self::Supervise => language.pick("编制方案、督办任务", self.word()),
            Self::Pair => language.pick("结对", self.word()),
            Self::RecordAid => language.pick("记录援助", self.word()),
            Self::Inspect => language.pick("查看节点状态", self.word()),
            Self::Audit => language.pick("查看审计记录", self.word()),
            Self::Administer => language.pick("管理节点", self.word()),
            Self::Exchange => language.pick("交换变更", self.word()),
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Whether the role may do that to the data of a region it stands to in that way.
pub fn allows(role: Role, right: Right, standing: Standing) -> bool {
    granted(role, standing).contains(&right)
}

/// What may be looked at by somebody who is entitled to exact figures.
macro_rules! reading {
    ($($more:ident),* $(,)?) => {
        &[
            Right::ReadPlans,
            Right::ReadPublished,
            Right::ReadExact,
            Right::ReadTasks,
            Right::ReadAid,
            Right::ReadAidSummary,
            $(Right::$more),*
        ]
    };
}

/// The table. A region's own people and a node that hosts it do what their role is for; who reports
/// does not judge what was reported, and the other way round, but for the administrator of a small
/// bureau, who could issue certificates for both anyway.
fn granted(role: Role, standing: Standing) -> &'static [Right] {
    match (standing, role) {
        (Standing::Own | Standing::Hosted, Role::Admin) => reading![
            Report, Work, Supervise, Pair, RecordAid, Inspect, Audit, Administer,
        ],
        (Standing::Own | Standing::Hosted, Role::Reviewer) => {
            reading![Supervise, Pair, Inspect, Audit]
        }
        (Standing::Own | Standing::Hosted, Role::Reporter) => {
            reading![Report, Work, RecordAid, Inspect]
        }
        (Standing::Own | Standing::Hosted, Role::Viewer) => &[
            Right::ReadPlans,
            Right::ReadPublished,
            Right::ReadTasks,
            Right::ReadAidSummary,
        ],
        // What their own node hides beside its neighbours, the node below shows by itself: it knows
        // no neighbours. So those who may not see exact figures see all of them at one node.
        (Standing::Superior, Role::Viewer) => {
            &[Right::ReadPlans, Right::ReadTasks, Right::ReadAidSummary]
        }
        // A superior sets tasks and judges them at its own node and in its own name, and never acts
        // in the name of a region below; what lies inside a pairing is the pair's own.
        (Standing::Superior, Role::Admin | Role::Reviewer | Role::Reporter) => &[
            Right::ReadPlans,
            Right::ReadPublished,
            Right::ReadExact,
            Right::ReadTasks,
            Right::ReadAidSummary,
        ],
        // What a superior asks for has to be readable for those who are asked.
        (Standing::Subordinate, Role::Admin | Role::Reviewer | Role::Reporter | Role::Viewer) => {
            &[Right::ReadPlans]
        }
        (Standing::Partner, Role::Admin | Role::Reviewer | Role::Reporter) => {
            &[Right::ReadAid, Right::ReadAidSummary]
        }
        (Standing::Partner, Role::Viewer)
        | (
            Standing::PartnersSuperior,
            Role::Admin | Role::Reviewer | Role::Reporter | Role::Viewer,
        ) => &[Right::ReadAidSummary],
        (Standing::Superior | Standing::Subordinate | Standing::Partner, Role::Node) => {
            &[Right::Exchange]
        }
        // Whoever has the node's own key looks after it: its backups are made beside it.
        (Standing::Own, Role::Node) => &[Right::Inspect],
        (Standing::Hosted | Standing::PartnersSuperior, Role::Node) | (Standing::Stranger, _) => {
            &[]
        }
    }
}

#[cfg(test)]
mod tests;
