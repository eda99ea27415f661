//! The fixed words of plans, tasks, roll-ups and aid, for people in both languages and as stable
//! codes for programs.

mod deed;

pub(crate) use deed::{deed, role};

use liandong_client::wire::admin::v1 as admin;
use liandong_client::wire::collaboration::v1 as collaboration;
use liandong_client::wire::rollup::v1 as rollup;
use liandong_client::wire::task::v1 as task;
use liandong_core::language::Language;
use liandong_node::maintenance::Check;

/// The colour of a light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tint {
    Green,
    Yellow,
    Red,
    Grey,
}

/// One of a fixed set of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// What programs read.
    pub(crate) code: &'static str,
    zh: &'static str,
    en: &'static str,
    pub(crate) tint: Option<Tint>,
}

impl Word {
    const fn new(code: &'static str, zh: &'static str, en: &'static str) -> Self {
        Self {
            code,
            zh,
            en,
            tint: None,
        }
    }

    const fn light(code: &'static str, zh: &'static str, tint: Tint) -> Self {
        Self {
            code,
            zh,
            en: code,
            tint: Some(tint),
        }
    }

    pub(crate) fn for_people(&self, language: Language) -> String {
        let word = language.pick(self.zh, self.en);
        if self.tint.is_some() {
            format!("● {word}")
        } else {
            word.to_owned()
        }
    }
}

/// A value that this version of the program does not know.
const UNKNOWN: Word = Word::new("unknown", "未知", "unknown");

/// A status light.
pub(crate) fn light(number: i32) -> Word {
    use rollup::Light;
    match Light::try_from(number) {
        Ok(Light::Green) => Word::light("green", "绿", Tint::Green),
        Ok(Light::Yellow) => Word::light("yellow", "黄", Tint::Yellow),
        Ok(Light::Red) => Word::light("red", "红", Tint::Red),
        Ok(Light::Grey) => Word::light("grey", "灰", Tint::Grey),
        Ok(Light::Unspecified) | Err(_) => UNKNOWN,
    }
}

/// Where a plan stands.
pub(crate) fn plan_status(number: i32) -> Word {
    use task::PlanStatus;
    match PlanStatus::try_from(number) {
        Ok(PlanStatus::Draft) => Word::new("draft", "草稿", "draft"),
        Ok(PlanStatus::Consultation) => Word::new("consultation", "征求意见", "consultation"),
        Ok(PlanStatus::Issued) => Word::new("issued", "已印发", "issued"),
        Ok(PlanStatus::Unspecified) | Err(_) => UNKNOWN,
    }
}

/// Where a task stands.
pub(crate) fn stage(number: i32) -> Word {
    use task::Stage;
    match Stage::try_from(number) {
        Ok(Stage::Assigned) => Word::new("assigned", "已下达", "assigned"),
        Ok(Stage::Acknowledged) => Word::new("acknowledged", "已签收", "acknowledged"),
        Ok(Stage::Completed) => Word::new("completed", "已办结", "completed"),
        Ok(Stage::Returned) => Word::new("returned", "已退回", "returned"),
        Ok(Stage::Accepted) => Word::new("accepted", "已验收", "accepted"),
        Ok(Stage::Closed) => Word::new("closed", "已销号", "closed"),
        Ok(Stage::Revoked) => Word::new("revoked", "已撤销", "revoked"),
        Ok(Stage::Unspecified) | Err(_) => UNKNOWN,
    }
}

/// A step.
pub(crate) fn action(number: i32) -> Word {
    use task::Action;
    match Action::try_from(number) {
        Ok(Action::Import) => Word::new("import", "导入", "import"),
        Ok(Action::Consult) => Word::new("consult", "征求意见", "consult"),
        Ok(Action::Comment) => Word::new("comment", "提出意见", "comment"),
        Ok(Action::Issue) => Word::new("issue", "印发", "issue"),
        Ok(Action::Assign) => Word::new("assign", "下达", "assign"),
        Ok(Action::Acknowledge) => Word::new("acknowledge", "签收", "acknowledge"),
        Ok(Action::Complete) => Word::new("complete", "办结", "complete"),
        Ok(Action::Accept) => Word::new("accept", "验收", "accept"),
        Ok(Action::Return) => Word::new("return", "退回", "return"),
        Ok(Action::Close) => Word::new("close", "销号", "close"),
        Ok(Action::Revoke) => Word::new("revoke", "撤销", "revoke"),
        Ok(Action::Propose) => Word::new("propose", "提出", "propose"),
        Ok(Action::Sign) => Word::new("sign", "签署", "sign"),
        Ok(Action::End) => Word::new("end", "终止", "end"),
        Ok(Action::Record) => Word::new("record", "登记", "record"),
        Ok(Action::Unspecified) | Err(_) => UNKNOWN,
    }
}

/// The rung of a region.
pub(crate) fn level(number: i32) -> Word {
    use admin::Level;
    match Level::try_from(number) {
        Ok(Level::Nation) => Word::new("nation", "国家", "nation"),
        Ok(Level::Province) => Word::new("province", "省级", "province"),
        Ok(Level::Prefecture) => Word::new("prefecture", "地级", "prefecture"),
        Ok(Level::County) => Word::new("county", "县级", "county"),
        Ok(Level::Township) => Word::new("township", "乡级", "township"),
        Ok(Level::Unit) => Word::new("unit", "单位", "unit"),
        Ok(Level::Unspecified) | Err(_) => UNKNOWN,
    }
}

/// What a region is.
pub(crate) fn region_kind(number: i32) -> Word {
    use admin::RegionKind;
    match RegionKind::try_from(number) {
        Ok(RegionKind::Bureau) => Word::new("bureau", "教育局", "bureau"),
        Ok(RegionKind::PrimarySchool) => Word::new("primary-school", "小学", "primary school"),
        Ok(RegionKind::MiddleSchool) => Word::new("middle-school", "初中", "middle school"),
        Ok(RegionKind::NineYearSchool) => {
            Word::new("nine-year-school", "九年一贯制学校", "nine-year school")
        }
        Ok(RegionKind::HighSchool) => Word::new("high-school", "普通高中", "high school"),
        Ok(RegionKind::VocationalSchool) => {
            Word::new("vocational-school", "职业学校", "vocational school")
        }
        Ok(RegionKind::SpecialSchool) => {
            Word::new("special-school", "特殊教育学校", "special school")
        }
        Ok(RegionKind::Kindergarten) => Word::new("kindergarten", "幼儿园", "kindergarten"),
        Ok(RegionKind::TeachingPoint) => Word::new("teaching-point", "教学点", "teaching point"),
        Ok(RegionKind::OtherUnit) => Word::new("other-unit", "其他", "other unit"),
        Ok(RegionKind::Unspecified) | Err(_) => UNKNOWN,
    }
}

/// What kind of figure an indicator is.
pub(crate) fn indicator_kind(number: i32) -> Word {
    use admin::IndicatorKind;
    match IndicatorKind::try_from(number) {
        Ok(IndicatorKind::Count) => Word::new("count", "计数", "count"),
        Ok(IndicatorKind::Money) => Word::new("money", "金额", "money"),
        Ok(IndicatorKind::Ratio) => Word::new("ratio", "比率", "ratio"),
        Ok(IndicatorKind::Milestone) => Word::new("milestone", "完成与否", "milestone"),
        Ok(IndicatorKind::RatioOfRatios) => {
            Word::new("ratio-of-ratios", "比率之比", "ratio of ratios")
        }
        Ok(IndicatorKind::Unspecified) | Err(_) => UNKNOWN,
    }
}

/// Which way is better.
pub(crate) fn direction(number: i32) -> Word {
    use admin::Direction;
    match Direction::try_from(number) {
        Ok(Direction::Up) => Word::new("up", "越高越好", "up"),
        Ok(Direction::Down) => Word::new("down", "越低越好", "down"),
        Ok(Direction::Zero) => Word::new("zero", "须为零", "zero"),
        Ok(Direction::Unspecified) | Err(_) => UNKNOWN,
    }
}

/// How often an indicator is reported.
pub(crate) fn period_kind(number: i32) -> Word {
    use admin::PeriodKind;
    match PeriodKind::try_from(number) {
        Ok(PeriodKind::Day) => Word::new("day", "日", "day"),
        Ok(PeriodKind::Week) => Word::new("week", "周", "week"),
        Ok(PeriodKind::Month) => Word::new("month", "月", "month"),
        Ok(PeriodKind::Quarter) => Word::new("quarter", "季度", "quarter"),
        Ok(PeriodKind::Half) => Word::new("half", "半年", "half-year"),
        Ok(PeriodKind::Year) => Word::new("year", "年", "year"),
        Ok(PeriodKind::SchoolYear) => Word::new("school-year", "学年", "school year"),
        Ok(PeriodKind::Semester) => Word::new("semester", "学期", "semester"),
        Ok(PeriodKind::Unspecified) | Err(_) => UNKNOWN,
    }
}

/// How the second copy of the journal is.
pub(crate) fn mirror_state(number: i32) -> Word {
    use admin::MirrorState;
    match MirrorState::try_from(number) {
        Ok(MirrorState::None) => Word::new("none", "未配置", "none"),
        Ok(MirrorState::Kept) => Word::new("kept", "同步", "kept"),
        Ok(MirrorState::Behind) => Word::new("behind", "落后", "behind"),
        Ok(MirrorState::Unspecified) | Err(_) => UNKNOWN,
    }
}

/// A part of a verification.
pub(crate) fn verify_part(number: i32) -> Word {
    use admin::VerifyPart;
    match VerifyPart::try_from(number) {
        Ok(VerifyPart::Journal) => Word::new("journal", "日志", "journal"),
        Ok(VerifyPart::Mirror) => Word::new("mirror", "镜像", "mirror"),
        Ok(VerifyPart::State) => Word::new("state", "检查点和状态", "state"),
        Ok(VerifyPart::Cells) => Word::new("cells", "汇总格", "cells"),
        Ok(VerifyPart::Evidence) => Word::new("evidence", "签名和封签", "signatures"),
        Ok(VerifyPart::Peers) => Word::new("peers", "与对方比对", "peer"),
        Ok(VerifyPart::Unspecified) | Err(_) => UNKNOWN,
    }
}

/// What is checked of files at rest.
pub(crate) fn check(what: Check) -> Word {
    match what {
        Check::Journal => Word::new("journal", "日志", "journal"),
        Check::Mirror => Word::new("mirror", "镜像", "mirror"),
        Check::Backup => Word::new("backup", "备份", "backup"),
        Check::Identity => Word::new("identity", "身份", "identity"),
        Check::Checkpoint => Word::new("checkpoint", "检查点", "checkpoint"),
        Check::Cells => Word::new("cells", "汇总格", "cells"),
        Check::Evidence => Word::new("evidence", "签名", "signatures"),
        Check::Seals => Word::new("seals", "封签", "seals"),
        Check::Handovers => Word::new(
            "handovers",
            "原签名者同意的变更",
            "changes that the former signer agreed to",
        ),
        Check::Turns => Word::new("signers", "签名者变更", "changes of signers"),
    }
}

/// How a part of a verification is.
pub(crate) fn verify_result(number: i32) -> Word {
    use admin::VerifyResult;
    match VerifyResult::try_from(number) {
        Ok(VerifyResult::Fits) => Word::light("fits", "相符", Tint::Green),
        Ok(VerifyResult::Differs) => Word::light("differs", "不符", Tint::Red),
        Ok(VerifyResult::NotChecked) => Word {
            en: "not checked",
            ..Word::light("not-checked", "未核对", Tint::Grey)
        },
        Ok(VerifyResult::Healed) => Word {
            en: "healed",
            ..Word::light("healed", "已修复", Tint::Yellow)
        },
        Ok(VerifyResult::Unspecified) | Err(_) => UNKNOWN,
    }
}

/// What a peer is.
pub(crate) fn relation(number: i32) -> Word {
    use admin::Relation;
    match Relation::try_from(number) {
        Ok(Relation::Parent) => Word::new("parent", "上级", "parent"),
        Ok(Relation::Child) => Word::new("child", "下级", "child"),
        Ok(Relation::Partner) => Word::new("partner", "结对方", "partner"),
        Ok(Relation::Unspecified) | Err(_) => UNKNOWN,
    }
}

/// What kind of pairing it is.
pub(crate) fn pairing_kind(number: i32) -> Word {
    use collaboration::PairingKind;
    match PairingKind::try_from(number) {
        Ok(PairingKind::AcrossProvinces) => {
            Word::new("across-provinces", "东西部协作", "across provinces")
        }
        Ok(PairingKind::WithinProvince) => {
            Word::new("within-province", "区县协同", "within a province")
        }
        Ok(PairingKind::Counterpart) => Word::new("counterpart", "对口帮扶", "counterpart"),
        Ok(PairingKind::Unspecified) | Err(_) => UNKNOWN,
    }
}
