//! What can go wrong with nodes of this machine, told in two languages.

use std::io;
use std::path::PathBuf;

use liandong_client::{ClientError, InvalidAddress};
use liandong_core::language::Language;
use liandong_core::region::RegionCode;
use thiserror::Error;

use super::realm::CertificatesError;

/// Why a node of this machine cannot be used.
#[derive(Debug, Error)]
pub(crate) enum LocalError {
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the certificates: {0}")]
    Certificates(#[from] CertificatesError),
    #[error("cannot start a node: {0}")]
    Start(#[source] io::Error),
    #[error("the node of {region} ended before it listened; the end of its log:\n{log}")]
    Ended { region: RegionCode, log: String },
    #[error("the node of {region} did not listen in time; the end of its log:\n{log}")]
    Silent { region: RegionCode, log: String },
    #[error(transparent)]
    Address(#[from] InvalidAddress),
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl LocalError {
    /// The whole sentence for a person.
    pub(crate) fn message(&self, language: Language) -> String {
        if let Self::Client(error) = self {
            return error.message(language);
        }
        if language == Language::En {
            return self.to_string();
        }
        match self {
            Self::File { path, source, .. } => format!("无法处理 {}：{source}", path.display()),
            Self::Certificates(error) => format!("证书：{error}"),
            Self::Start(source) => format!("无法启动节点：{source}"),
            Self::Ended { region, log } => {
                format!("节点 {region} 尚未监听就已退出，日志末尾：\n{log}")
            }
            Self::Silent { region, log } => {
                format!("节点 {region} 未能按时监听，日志末尾：\n{log}")
            }
            Self::Address(_) | Self::Client(_) => self.to_string(),
        }
    }
}
