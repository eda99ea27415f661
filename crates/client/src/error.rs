//! What can go wrong with a call, as a type that can be matched and told in two languages.

use std::time::Duration;

use liandong_core::language::Language;
use liandong_identity::NoHandshake;
use liandong_wire::refusal::RemoteRefusal;
use thiserror::Error;
use tonic::{Code, Status, TimeoutExpired};

use crate::address::Address;
use crate::credentials::CredentialsError;

/// Why a call did not do what it was asked.
#[derive(Clone, Debug, Error)]
pub enum ClientError {
    /// The node refused it: the rule, the field, the value and what would be accepted.
    #[error("{0}")]
    Refused(Box<RemoteRefusal>),
    /// The node could not be reached, or the connection broke before an answer came.
    #[error("{address} cannot be reached: {cause}")]
    Unreachable {
        /// The node's address.
        address: String,
        /// What the network said.
        cause: String,
    },
    /// The two sides did not come together: one does not believe the other.
    #[error("{address}: {why}")]
    NoHandshake {
        /// The node's address.
        address: String,
        /// Which of them, and why.
        why: Box<NoHandshake>,
    },
    /// The node answers nobody who shows no certificate.
    #[error("{address} answers nobody without a certificate")]
    NobodyShown {
        /// The node's address.
        address: String,
    },
    /// There is nothing to show.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// Address and identity do not go together: an identity is shown over `https` only, and `https`
    /// needs one.
    #[error("{address} does not go with {}", if *has_identity { "an identity" } else { "no identity" })]
    Scheme {
        /// The address.
        address: String,
        /// Whether there is an identity.
        has_identity: bool,
    },
    /// Without an identity there is only plain text, and that is for nodes of this machine, when it
    /// is asked for.
    #[error(
        "{address} is not reached in plain text: {}",
        if *asked_for { "it is not of this machine" } else { "nobody asked for it" }
    )]
    PlainText {
        /// The address.
        address: String,
        /// Whether plain text was asked for.
        asked_for: bool,
    },
    /// No answer came in time; whether the node did it is not known.
    #[error("{address} gave no answer within {waited:?}")]
    TimedOut {
        /// The node's address.
        address: String,
        /// How long the call waited.
        waited: Duration,
    },
    /// Any other failure.
    #[error("{code:?}: {message}")]
    Failed {
        /// The status code.
        code: Code,
        /// The node's words.
        message: String,
    },
}

impl ClientError {
    /// What a status tells, for a call of the node at `address` that was given `deadline`.
    pub(crate) fn from_status(status: &Status, address: &str, deadline: Duration) -> Self {
        if let Some(refusal) = RemoteRefusal::from_status(status) {
            return Self::Refused(Box::new(refusal));
        }
        if let Some(why) = NoHandshake::behind(status).or_else(|| wanted_by_tls(status)) {
            return Self::NoHandshake {
                address: address.to_owned(),
                why: Box::new(why),
            };
        }
        match status.code() {
            Code::Unauthenticated => Self::NobodyShown {
                address: address.to_owned(),
            },
            Code::Unavailable => Self::Unreachable {
                address: address.to_owned(),
                cause: cause_of(status),
            },
            // The channel reports a stream that broke in the middle as unknown, with its source.
            Code::Unknown | Code::Internal if std::error::Error::source(status).is_some() => {
                Self::Unreachable {
                    address: address.to_owned(),
                    cause: cause_of(status),
                }
            }
            Code::DeadlineExceeded => Self::TimedOut {
                address: address.to_owned(),
                waited: deadline,
            },
            // The channel's own timer ends a call as cancelled, and so does a connection that is gone.
            Code::Cancelled if !is_over(status) => Self::Unreachable {
                address: address.to_owned(),
                cause: cause_of(status),
            },
            Code::Cancelled => Self::TimedOut {
                address: address.to_owned(),
                waited: deadline,
            },
            code => Self::Failed {
                code,
                message: status.message().to_owned(),
            },
        }
    }

    /// Why the node at `address` could not be dialled.
    pub(crate) fn no_connection(error: &tonic::transport::Error, address: &Address) -> Self {
        let address = address.to_string();
        match NoHandshake::behind(error) {
            Some(why) => Self::NoHandshake {
                address,
                why: Box::new(why),
            },
            None => Self::Unreachable {
                address,
                cause: innermost(error).unwrap_or_else(|| error.to_string()),
            },
        }
    }

    /// Why there is no line to the node at `address`.
    pub(crate) fn no_line(error: &std::io::Error, address: &Address) -> Self {
        let address = address.to_string();
        match NoHandshake::behind(error) {
            Some(why) => Self::NoHandshake {
                address,
                why: Box::new(why),
            },
            None => Self::Unreachable {
                address,
                cause: error.to_string(),
            },
        }
    }

    /// The refusal, when the node refused.
    pub fn refusal(&self) -> Option<&RemoteRefusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Unreachable { .. }
            | Self::NoHandshake { .. }
            | Self::NobodyShown { .. }
            | Self::Credentials(_)
            | Self::Scheme { .. }
            | Self::PlainText { .. }
            | Self::TimedOut { .. }
            | Self::Failed { .. } => None,
        }
    }

    /// The whole sentence for a person. The words of a refusal are the node's, in the language that
    /// the client asked for.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Refused(refusal) => refusal.message.clone(),
            Self::Unreachable { address, cause } => language.pick(
                format!("无法连接节点 {address}：{cause}；请确认节点已启动，地址由 --node 或 LIANDONG_NODE 指定"),
                format!(
                    "cannot reach the node at {address}: {cause}; make sure that it runs; --node \
                     or LIANDONG_NODE names its address"
                ),
            ),
            Self::NoHandshake { address, why } => {
                let why = why.message(language);
                language.pick(
                    format!("与节点 {address} 建立加密连接失败：{why}"),
                    format!("no encrypted connection to the node at {address}: {why}"),
                )
            }
            Self::NobodyShown { address } => language.pick(
                format!("节点 {address} 只答复出示证书的来者：请用 --identity 或 LIANDONG_IDENTITY 指明证书目录"),
                format!(
                    "the node at {address} answers nobody without a certificate: name the folder \
                     of yours with --identity or LIANDONG_IDENTITY"
                ),
            ),
            Self::Credentials(error) => error.message(language),
            Self::Scheme { address, has_identity: true } => language.pick(
                format!("{address} 是明文地址，不能出示身份：请填 https://，或不带 --identity（LIANDONG_IDENTITY）"),
                format!(
                    "{address} is in plain text, where no identity can be shown: write https://, \
                     or leave out --identity (LIANDONG_IDENTITY)"
                ),
            ),
            Self::Scheme { address, has_identity: false } => language.pick(
                format!("{address} 需要身份：请用 --identity 或 LIANDONG_IDENTITY 指明证书目录"),
                format!(
                    "{address} needs an identity: name the folder of yours with --identity or \
                     LIANDONG_IDENTITY"
                ),
            ),
            Self::PlainText { address, asked_for: false } => language.pick(
                format!(
                    "没有可向节点 {address} 出示的身份：请用 --identity 或 LIANDONG_IDENTITY 指明证书目录；\
                     本机上以明文试用的节点用 --insecure-loopback"
                ),
                format!(
                    "there is no identity to show to the node at {address}: name the folder of your \
                     certificate with --identity or LIANDONG_IDENTITY; a node of this machine in plain \
                     text is reached with --insecure-loopback"
                ),
            ),
            Self::PlainText { address, asked_for: true } => language.pick(
                format!(
                    "{address} 不在本机：--insecure-loopback 的明文只用于回环地址，请用 --identity 指明证书目录"
                ),
                format!(
                    "{address} is not of this machine, and plain text (--insecure-loopback) never leaves \
                     it: name the folder of your certificate with --identity"
                ),
            ),
            Self::TimedOut { address, waited } => {
                let seconds = waited.as_secs();
                language.pick(
                    format!("节点 {address} 在 {seconds} 秒内没有答复，是否已办理不得而知"),
                    format!(
                        "the node at {address} gave no answer within {seconds} s; whether it did \
                         what was asked is not known"
                    ),
                )
            }
            Self::Failed { code, message } => language.pick(
                format!("调用失败（{code:?}）：{message}"),
                format!("the call failed ({code:?}): {message}"),
            ),
        }
    }
}

/// Whether the time was over, as far as the status tells.
fn is_over(status: &Status) -> bool {
    let mut source = std::error::Error::source(status);
    if source.is_none() {
        return true;
    }
    while let Some(error) = source {
        if error.is::<TimeoutExpired>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// What a line in plain text heard from TLS: HTTP/2 hands an error of the line on as words alone.
fn wanted_by_tls(status: &Status) -> Option<NoHandshake> {
    let wanted = NoHandshake::CertificateWanted;
    cause_of(status)
        .contains(&wanted.to_string())
        .then_some(wanted)
}

/// What the status or its innermost cause says.
fn cause_of(status: &Status) -> String {
    innermost(status).unwrap_or_else(|| status.message().to_owned())
}

/// The innermost cause, which says more than "transport error".
fn innermost(error: &dyn std::error::Error) -> Option<String> {
    let mut source = error.source();
    let mut innermost = None;
    while let Some(error) = source {
        innermost = Some(error.to_string());
        source = error.source();
    }
    innermost
}
