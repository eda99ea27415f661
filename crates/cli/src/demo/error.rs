//! What can go wrong with a demonstration, told in two languages.

use std::io;

use liandong_catalog::CatalogError;
use liandong_client::{ClientError, InvalidAddress};
use liandong_core::indicator::IndicatorCode;
use liandong_core::language::Language;
use liandong_core::region::{InvalidRegionCode, RegionCode};
use thiserror::Error;

use crate::local::{CertificatesError, LocalError};

/// Something that a step waits for, to be named when it does not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// Every node is linked with those it knows.
    Links,
    /// A comment has reached the region that consults.
    Comment,
    /// The tasks have reached the region that has to do them.
    Tasks,
    /// A step in a task has reached the other side.
    TaskStep,
    /// All reports have reached the province.
    Reports,
    /// The figure of a single report has reached the province.
    Freshness,
    /// What one side of a pairing said has reached the other side.
    Aid,
    /// The summary of the aid project has reached a superior.
    Summary,
}

impl Awaited {
    fn text(self, language: Language) -> &'static str {
        let (zh, en) = match self {
            Self::Links => ("各节点互联", "the links between the nodes"),
            Self::Comment => ("意见到达", "a comment to arrive"),
            Self::Tasks => ("任务到达", "tasks to arrive"),
            Self::TaskStep => ("任务办理状态到达", "a step in a task to arrive"),
            Self::Reports => ("全部数据汇总到省", "all reports to reach the province"),
            Self::Freshness => ("单条数据汇总到省", "a single report to reach the province"),
            Self::Aid => (
                "对方的援助登记到达",
                "the partner's aid documents to arrive",
            ),
            Self::Summary => ("援助摘要到达上级", "the aid summary to reach a superior"),
        };
        language.pick(zh, en)
    }
}

/// Why a demonstration ended early.
#[derive(Debug, Error)]
pub(super) enum DemoError {
    #[error("the built-in catalogue cannot be read: {0:?}")]
    Catalogue(Vec<CatalogError>),
    #[error("the built-in catalogue has no plan {0}")]
    NoPlan(&'static str),
    #[error("no school reports {0}")]
    NobodyReports(IndicatorCode),
    #[error(transparent)]
    Code(#[from] InvalidRegionCode),
    #[error("no school year lies before today")]
    Calendar,
    #[error(transparent)]
    Local(#[from] LocalError),
    #[error("the certificates: {0}")]
    Certificates(#[from] CertificatesError),
    #[error("the node of {0} is not running")]
    NotRunning(RegionCode),
    #[error(transparent)]
    Address(#[from] InvalidAddress),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("{region} refused {refused} sample reports, the first one thus: {first}")]
    Refused {
        region: RegionCode,
        refused: usize,
        first: String,
    },
    #[error("waited in vain for {}", .0.text(Language::En))]
    Waited(Awaited),
    #[error("a step broke off: {0}")]
    Broken(#[from] tokio::task::JoinError),
    #[error("cannot wait for signals: {0}")]
    Signals(#[source] io::Error),
    #[error("cannot write the result: {0}")]
    Output(#[source] io::Error),
    #[error("interrupted")]
    Interrupted,
}

impl DemoError {
    /// The whole sentence for a person.
    pub(super) fn message(&self, language: Language) -> String {
        if language == Language::En {
            return match self {
                Self::Client(error) => error.message(language),
                Self::Local(error) => error.message(language),
                other => other.to_string(),
            };
        }
        match self {
            Self::Catalogue(errors) => format!("内置目录无法读取：{errors:?}"),
            Self::NoPlan(code) => format!("内置目录中没有方案 {code}"),
            Self::NobodyReports(code) => format!("没有学校填报 {code}"),
            Self::Code(error) => error.to_string(),
            Self::Calendar => "今天之前没有完整的学年".to_owned(),
            Self::Local(error) => error.message(language),
            Self::Certificates(error) => format!("证书：{error}"),
            Self::NotRunning(region) => format!("节点 {region} 没有运行"),
            Self::Address(error) => error.to_string(),
            Self::Client(error) => error.message(language),
            Self::Refused {
                region,
                refused,
                first,
            } => format!("{region} 拒收 {refused} 条样例数据，第一条：{first}"),
            Self::Waited(awaited) => format!("没有等到：{}", awaited.text(language)),
            Self::Broken(error) => format!("步骤中断：{error}"),
            Self::Signals(source) => format!("无法等待信号：{source}"),
            Self::Output(source) => format!("无法写出结果：{source}"),
            Self::Interrupted => "已中断".to_owned(),
        }
    }
}
