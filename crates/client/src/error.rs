//! What can go wrong with a call, as a type that can be matched and told in two languages.

use std::time::Duration;

use liandong_core::language::Language;
use liandong_wire::refusal::RemoteRefusal;
use thiserror::Error;
use tonic::{Code, Status};

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
        match status.code() {
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
            // The channel's own timer ends a call as cancelled; nobody else cancels calls here.
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

    /// The refusal, when the node refused.
    pub fn refusal(&self) -> Option<&RemoteRefusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Failed { .. } => None,
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

/// The innermost cause, which says more than "transport error".
fn cause_of(status: &Status) -> String {
    let mut source = std::error::Error::source(status);
    let mut innermost = None;
    while let Some(error) = source {
        innermost = Some(error.to_string());
        source = error.source();
    }
    innermost.unwrap_or_else(|| status.message().to_owned())
}
