//! The rules that can be broken, one word each.

use crate::language::Language;

/// How a caller should take a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The request itself is wrong; sending it again changes nothing.
    Invalid,
    /// What it names does not exist here.
    Missing,
    /// It is not the caller's to do.
    Denied,
    /// It clashes with something already accepted.
    Conflict,
    /// It is not possible in the present state.
    State,
    /// It may work later, unchanged.
    Unavailable,
    /// It is more than the caller may have; the refusal says of what, and from when on again.
    Exhausted,
    /// The node is at fault.
    Internal,
}

/// The rule that a refused request broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The value cannot be read.
    Malformed,
    /// The value is required but missing.
    Missing,
    /// The value is too long.
    TooLong,
    /// The value is not a known region or unit.
    UnknownRegion,
    /// The value does not belong to this node.
    ForeignRegion,
    /// The value is not a known indicator.
    UnknownIndicator,
    /// The value is computed from other indicators and cannot be reported.
    DerivedIndicator,
    /// The value is not the reporting period of this indicator.
    WrongPeriodKind,
    /// The value has not begun yet.
    FuturePeriod,
    /// The value is out of range.
    OutOfRange,
    /// The value is larger than the denominator.
    NumeratorOverDenominator,
    /// The value does not belong to an indicator without a denominator.
    DenominatorNotAllowed,
    /// The value needs a denominator.
    DenominatorMissing,
    /// The value was already used for a different figure.
    IdReused,
    /// The value is already taken by another report of this cell.
    RevisionConflict,
    /// The value is not a known plan.
    UnknownPlan,
    /// The value is not an item of the plan.
    UnknownItem,
    /// The value is not a known task.
    UnknownTask,
    /// The value is not a known pairing.
    UnknownPairing,
    /// The value is not a known aid project.
    UnknownProject,
    /// The value is not a milestone of the project.
    UnknownMilestone,
    /// The value already exists.
    AlreadyExists,
    /// The value is not a region directly below.
    NotAChild,
    /// The value cannot be done in the present state.
    NotAllowedNow,
    /// The value may be done only by the region concerned.
    NotYours,
    /// The value is after the consultation has ended.
    ConsultationOver,
    /// The value needs a reason.
    ReasonRequired,
    /// The value holds what looks like the number of a person.
    PersonalNumber,
    /// The value is not something this peer is entitled to give or see.
    NotEntitled,
    /// The value is a region that whoever asks has no such right to.
    NoRight,
    /// The value has moved out of this node.
    RegionMoved,
    /// The value is in use by another node that is there now.
    IdentityInUse,
    /// The value is not what an earlier row says of the same figure. Told by what reads files for people;
    /// a node takes the later row of a push as a correction.
    Contradiction,
    /// The value has too many rows.
    TooManyRows,
    /// The value was refused because other rows of the all-or-nothing batch were.
    BatchRefused,
    /// The value cannot be taken now: the node is busy.
    Overloaded,
    /// The value is what one identity may have, and it has had it.
    LimitReached,
    /// The value cannot be taken now: the node is short of disk space.
    NoSpace,
    /// The value cannot be taken now: the node is shutting down.
    Stopping,
    /// The value cannot be reached now.
    Unreachable,
    /// The value could not be read back from the store.
    Corrupt,
    /// The value came without a signature.
    NotSigned,
    /// The value is not signed by who may sign it.
    BadSignature,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 43] = [
        Self::Malformed,
        Self::Missing,
        Self::TooLong,
        Self::UnknownRegion,
        Self::ForeignRegion,
        Self::UnknownIndicator,
        Self::DerivedIndicator,
        Self::WrongPeriodKind,
        Self::FuturePeriod,
        Self::OutOfRange,
        Self::NumeratorOverDenominator,
        Self::DenominatorNotAllowed,
        Self::DenominatorMissing,
        Self::IdReused,
        Self::RevisionConflict,
        Self::UnknownPlan,
        Self::UnknownItem,
        Self::UnknownTask,
        Self::UnknownPairing,
        Self::UnknownProject,
        Self::UnknownMilestone,
        Self::AlreadyExists,
        Self::NotAChild,
        Self::NotAllowedNow,
        Self::NotYours,
        Self::ConsultationOver,
        Self::ReasonRequired,
        Self::PersonalNumber,
        Self::NotEntitled,
        Self::NoRight,
        Self::RegionMoved,
        Self::IdentityInUse,
        Self::Contradiction,
        Self::TooManyRows,
        Self::BatchRefused,
        Self::Overloaded,
        Self::LimitReached,
        Self::NoSpace,
        Self::Stopping,
        Self::Unreachable,
        Self::Corrupt,
        Self::NotSigned,
        Self::BadSignature,
    ];

    /// The stable word for programs, as it stands on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "MALFORMED",
            Self::Missing => "MISSING",
            Self::TooLong => "TOO_LONG",
            Self::UnknownRegion => "UNKNOWN_REGION",
            Self::ForeignRegion => "FOREIGN_REGION",
            Self::UnknownIndicator => "UNKNOWN_INDICATOR",
            Self::DerivedIndicator => "DERIVED_INDICATOR",
            Self::WrongPeriodKind => "WRONG_PERIOD_KIND",
            Self::FuturePeriod => "FUTURE_PERIOD",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::NumeratorOverDenominator => "NUMERATOR_OVER_DENOMINATOR",
            Self::DenominatorNotAllowed => "DENOMINATOR_NOT_ALLOWED",
            Self::DenominatorMissing => "DENOMINATOR_MISSING",
            Self::IdReused => "ID_REUSED",
            Self::RevisionConflict => "REVISION_CONFLICT",
            Self::UnknownPlan => "UNKNOWN_PLAN",
            Self::UnknownItem => "UNKNOWN_ITEM",
            Self::UnknownTask => "UNKNOWN_TASK",
            Self::UnknownPairing => "UNKNOWN_PAIRING",
            Self::UnknownProject => "UNKNOWN_PROJECT",
            Self::UnknownMilestone => "UNKNOWN_MILESTONE",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::NotAChild => "NOT_A_CHILD",
            Self::NotAllowedNow => "NOT_ALLOWED_NOW",
            Self::NotYours => "NOT_YOURS",
            Self::ConsultationOver => "CONSULTATION_OVER",
            Self::ReasonRequired => "REASON_REQUIRED",
            Self::PersonalNumber => "PERSONAL_NUMBER",
            Self::NotEntitled => "NOT_ENTITLED",
            Self::NoRight => "NO_RIGHT",
            Self::RegionMoved => "REGION_MOVED",
            Self::IdentityInUse => "IDENTITY_IN_USE",
            Self::Contradiction => "CONTRADICTION",
            Self::TooManyRows => "TOO_MANY_ROWS",
            Self::BatchRefused => "BATCH_REFUSED",
            Self::Overloaded => "OVERLOADED",
            Self::LimitReached => "LIMIT_REACHED",
            Self::NoSpace => "NO_SPACE",
            Self::Stopping => "STOPPING",
            Self::Unreachable => "UNREACHABLE",
            Self::Corrupt => "CORRUPT",
            Self::NotSigned => "NOT_SIGNED",
            Self::BadSignature => "BAD_SIGNATURE",
        }
    }

    /// Reads [`Reason::code`].
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// How a caller should take it.
    pub fn class(self) -> Class {
        match self {
            Self::Malformed
            | Self::Missing
            | Self::TooLong
            | Self::DerivedIndicator
            | Self::WrongPeriodKind
            | Self::FuturePeriod
            | Self::OutOfRange
            | Self::NumeratorOverDenominator
            | Self::DenominatorNotAllowed
            | Self::DenominatorMissing
            | Self::NotAChild
            | Self::ReasonRequired
            | Self::PersonalNumber
            | Self::Contradiction
            | Self::TooManyRows => Class::Invalid,
            Self::UnknownRegion
            | Self::UnknownIndicator
            | Self::UnknownPlan
            | Self::UnknownItem
            | Self::UnknownTask
            | Self::UnknownPairing
            | Self::UnknownProject
            | Self::UnknownMilestone => Class::Missing,
            Self::ForeignRegion
            | Self::NotYours
            | Self::NotEntitled
            | Self::NoRight
            | Self::RegionMoved
            | Self::NotSigned
            | Self::BadSignature => Class::Denied,
            Self::IdReused | Self::RevisionConflict | Self::AlreadyExists | Self::IdentityInUse => {
                Class::Conflict
            }
            Self::NotAllowedNow | Self::ConsultationOver | Self::BatchRefused => Class::State,
            Self::Overloaded | Self::NoSpace | Self::Stopping | Self::Unreachable => {
                Class::Unavailable
            }
            Self::LimitReached => Class::Exhausted,
            Self::Corrupt => Class::Internal,
        }
    }

    /// What a person is told, after the field and the value.
    pub fn describe(self, language: Language) -> &'static str {
        match self {
            Self::Malformed => language.pick("无法识别", "cannot be read"),
            Self::Missing => language.pick("缺少必填内容", "is required but missing"),
            Self::TooLong => language.pick("过长", "is too long"),
            Self::UnknownRegion => {
                language.pick("不是已知的行政区划或单位", "is not a known region or unit")
            }
            Self::ForeignRegion => language.pick("不属于本节点", "does not belong to this node"),
            Self::UnknownIndicator => language.pick("不是已知的指标", "is not a known indicator"),
            Self::DerivedIndicator => language.pick(
                "是由其他指标计算得出的，不能填报",
                "is computed from other indicators and cannot be reported",
            ),
            Self::WrongPeriodKind => language.pick(
                "不是该指标的填报周期",
                "is not the reporting period of this indicator",
            ),
            Self::FuturePeriod => language.pick("尚未开始", "has not begun yet"),
            Self::OutOfRange => language.pick("超出允许范围", "is out of range"),
            Self::NumeratorOverDenominator => {
                language.pick("分子大于分母", "is larger than the denominator")
            }
            Self::DenominatorNotAllowed => language.pick(
                "该指标没有分母",
                "does not belong to an indicator without a denominator",
            ),
            Self::DenominatorMissing => language.pick("该指标必须填写分母", "needs a denominator"),
            Self::IdReused => language.pick(
                "同一编号已用于不同的内容",
                "was already used for a different figure",
            ),
            Self::RevisionConflict => language.pick(
                "该修订号已被另一条填报使用",
                "is already taken by another report of this cell",
            ),
            Self::UnknownPlan => language.pick("不是已知的方案", "is not a known plan"),
            Self::UnknownItem => language.pick("方案中没有该项目", "is not an item of the plan"),
            Self::UnknownTask => language.pick("不是已知的任务", "is not a known task"),
            Self::UnknownPairing => language.pick("不是已知的结对关系", "is not a known pairing"),
            Self::UnknownProject => {
                language.pick("不是已知的援助项目", "is not a known aid project")
            }
            Self::UnknownMilestone => {
                language.pick("项目中没有该节点", "is not a milestone of the project")
            }
            Self::AlreadyExists => language.pick("已存在", "already exists"),
            Self::NotAChild => language.pick("不是直接下级", "is not a region directly below"),
            Self::NotAllowedNow => language.pick(
                "在当前状态下不能执行",
                "cannot be done in the present state",
            ),
            Self::NotYours => language.pick(
                "只能由有关区域自己办理",
                "may be done only by the region concerned",
            ),
            Self::ConsultationOver => {
                language.pick("征求意见已截止", "is after the consultation has ended")
            }
            Self::ReasonRequired => language.pick("必须说明理由", "needs a reason"),
            Self::PersonalNumber => language.pick(
                "含有个人号码，不予接收",
                "holds the number of a person and is not taken",
            ),
            Self::NoRight => language.pick(
                "不在来者的权限之内",
                "is outside the rights of whoever asks",
            ),
            Self::NotEntitled => language.pick(
                "无权提供或查看",
                "is not something this peer is entitled to give or see",
            ),
            Self::RegionMoved => language.pick("已迁出本节点", "has moved out of this node"),
            Self::IdentityInUse => language.pick(
                "正由另一个在线节点使用",
                "is in use by another node that is there now",
            ),
            Self::Contradiction => language.pick(
                "与前面一行对同一数字的填报不一致",
                "is not what an earlier row says of the same figure",
            ),
            Self::TooManyRows => language.pick("行数过多", "has too many rows"),
            Self::BatchRefused => language.pick(
                "同批有被拒的行，按要求整批未收",
                "was refused because other rows of the all-or-nothing batch were",
            ),
            Self::Overloaded => language.pick("节点繁忙", "cannot be taken now: the node is busy"),
            Self::LimitReached => language.pick(
                "是本身份的上限，已达到",
                "is the limit of this identity, and it is reached",
            ),
            Self::NoSpace => language.pick(
                "节点磁盘空间不足，暂停接收",
                "cannot be taken now: the node is short of disk space",
            ),
            Self::Stopping => language.pick(
                "节点正在停止",
                "cannot be taken now: the node is shutting down",
            ),
            Self::Unreachable => language.pick("暂时无法连接", "cannot be reached now"),
            Self::Corrupt => language.pick("存储内容损坏", "could not be read back from the store"),
            Self::NotSigned => language.pick("没有签名", "came without a signature"),
            Self::BadSignature => language.pick("的签名无效", "is not signed by who may sign it"),
        }
    }
}
