//! What can be wrong with statements, told to people in both languages.

use thiserror::Error;

use crate::identity::Identity;
use crate::language::Language;
use crate::region::RegionCode;
use crate::rollup::Sums;

/// The first thing in a proof that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{region}: {kind}")]
pub struct Fault {
    /// The region that it is about.
    pub region: RegionCode,
    /// What does not fit.
    pub kind: FaultKind,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FaultKind {
    /// The statement is of another indicator or period.
    #[error("the statement is of another indicator or period than the figure that is proven")]
    OtherFigure,
    /// Nothing in the proof leans on it.
    #[error("no statement above names this region without its report")]
    NotNamed,
    /// The region comes twice.
    #[error("the region comes twice, or not in the order of codes")]
    Twice,
    /// The statement above gives other sums.
    #[error(
        "the statement above says {}, the region's own says {}",
        text(above),
        text(own)
    )]
    OtherSums {
        /// What the statement above says.
        above: Sums,
        /// What the region's own statement says.
        own: Sums,
    },
    /// The parts do not add up.
    #[error(
        "the statement says {}, its parts add up to {}",
        text(said),
        text(recounted)
    )]
    DoesNotAddUp {
        /// What it says.
        said: Sums,
        /// What the parts add up to.
        recounted: Sums,
    },
    /// Sums that no honest region has.
    #[error("the sums are negative, too large, or of nothing")]
    Sums,
    /// A report that no rule would have let in.
    #[error("the report is none that a node would have taken")]
    Report,
    /// The report is not what the cell says.
    #[error("the report does not make the sums that stand with it")]
    ReportSums,
    /// The report is said to stand where it cannot.
    #[error("the report's place in the journal is not one before the statement")]
    Journal,
    /// The signer may not speak for the region.
    #[error("{signer} may not speak for this region")]
    Signer {
        /// Who signed.
        signer: Identity,
    },
    /// The region asked about is spoken for by another node than its own.
    #[error(
        "{signer} speaks for this region; if that node hosts it, say so with --hosted-by {}",
        signer.region
    )]
    Host {
        /// Who signed.
        signer: Identity,
    },
    /// A statement is not there.
    #[error("the region's own statement is missing")]
    Missing,
    /// More levels than any tree has.
    #[error("the region lies deeper than any does")]
    TooDeep,
}

impl Fault {
    pub(super) fn new(region: RegionCode, kind: FaultKind) -> Self {
        Self { region, kind }
    }

    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        language.pick(
            format!("{}：{}", self.region, self.kind.chinese()),
            self.to_string(),
        )
    }
}

impl FaultKind {
    fn chinese(&self) -> String {
        match self {
            Self::OtherFigure => "陈述的指标或周期与所证明的不同".to_owned(),
            Self::NotNamed => "上面没有陈述需要该区域的陈述".to_owned(),
            Self::Twice => "该区域重复，或未按代码排序".to_owned(),
            Self::OtherSums { above, own } => {
                format!(
                    "上级陈述为 {}，该区域自己的陈述为 {}",
                    text(above),
                    text(own)
                )
            }
            Self::DoesNotAddUp { said, recounted } => {
                format!("陈述为 {}，各部分合计为 {}", text(said), text(recounted))
            }
            Self::Sums => "合计为负、过大，或什么也没有".to_owned(),
            Self::Report => "这样的填报不会被任何节点接收".to_owned(),
            Self::ReportSums => "填报与所列合计不一致".to_owned(),
            Self::Journal => "填报在日志中的位置不在陈述之前".to_owned(),
            Self::Signer { signer } => format!("{signer} 无权代表该区域"),
            Self::Host { signer } => format!(
                "由 {signer} 代表该区域；如该区域由那个节点承载，请加 --hosted-by {}",
                signer.region
            ),
            Self::Missing => "缺少该区域自己的陈述".to_owned(),
            Self::TooDeep => "层级过深".to_owned(),
        }
    }
}

/// Sums in a message: numerator, denominator, reported, in time.
fn text(sums: &Sums) -> String {
    let Sums {
        numerator,
        denominator,
        reported,
        on_time,
    } = sums;
    format!("{numerator}/{denominator} ({reported}, {on_time})")
}
