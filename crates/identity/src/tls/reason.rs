//! Why two sides did not come together, told in words that help whoever dialled.
//!
//! What this side refused it knows exactly; of the other side's refusal it hears one word of TLS,
//! and the reason stands in the other side's log.

use std::error::Error as StdError;

use liandong_core::language::Language;
use rustls::{AlertDescription, CertificateError, Error};
use thiserror::Error as ThisError;

use super::NotMeant;
use crate::trust::Refused;

/// Why there is no connection, as far as certificates go.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
pub enum NoHandshake {
    /// This side does not believe the other.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The other side is somebody else.
    #[error(transparent)]
    NotMeant(#[from] NotMeant),
    /// The other side wants a certificate.
    #[error("the other side lets nobody in without a certificate")]
    CertificateWanted,
    /// The other side's trust does not reach here.
    #[error("the other side does not know the authority that issued the certificate shown to it")]
    UnknownAuthority,
    /// The other side says that it is over.
    #[error("the other side says that the certificate shown to it has expired; is a clock wrong?")]
    Expired,
    /// The other side says that it was taken back.
    #[error("the other side says that the certificate shown to it was revoked")]
    Revoked,
    /// The other side refuses and does not say why.
    #[error("the other side does not accept the certificate shown to it; its log says why")]
    NotAccepted,
    /// The other side speaks in plain text, or something else.
    #[error("the other side does not speak TLS")]
    NoTls,
    /// Anything else.
    #[error("TLS: {why}")]
    Other {
        /// In the library's words.
        why: String,
    },
}

impl NoHandshake {
    /// Finds it behind the errors that stand in front of it; `None` where it was not TLS that
    /// failed.
    pub fn behind(error: &(dyn StdError + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(known) = error.downcast_ref::<Self>() {
                return Some(known.clone());
            }
            if let Some(tls) = error.downcast_ref::<Error>() {
                return Some(Self::of(tls));
            }
            // What such an error wraps is not its source, but the same thing said by another.
            let io = error.downcast_ref::<std::io::Error>();
            let inner = io.and_then(std::io::Error::get_ref);
            next = match inner {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        None
    }

    fn of(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(CertificateError::Other(other)) => {
                if let Some(refused) = other.0.downcast_ref::<Refused>() {
                    return Self::Refused(refused.clone());
                }
                if let Some(not_meant) = other.0.downcast_ref::<NotMeant>() {
                    return Self::NotMeant(not_meant.clone());
                }
                let why = other.0.to_string();
                Self::Other { why }
            }
            Error::AlertReceived(alert) => Self::of_alert(*alert),
            Error::InvalidMessage(_) => Self::NoTls,
            other => Self::Other {
                why: other.to_string(),
            },
        }
    }

    fn of_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
                Self::CertificateWanted
            }
            AlertDescription::UnknownCA => Self::UnknownAuthority,
            AlertDescription::CertificateExpired => Self::Expired,
            AlertDescription::CertificateRevoked => Self::Revoked,
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::AccessDenied => Self::NotAccepted,
            other => Self::Other {
                why: format!("the other side ended it: {other:?}"),
            },
        }
    }

    /// The whole sentence for a person, with what to do.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Refused(refused) => refused.message(language),
            Self::NotMeant(not_meant) => not_meant.message(language),
            Self::CertificateWanted => language.pick(
                "对方要求出示证书：请用 --identity 指明证书目录".to_owned(),
                format!("{self}: name the folder of yours with --identity"),
            ),
            Self::UnknownAuthority => language.pick(
                "对方不信任签发本证书的机构".to_owned(),
                self.to_string(),
            ),
            Self::Expired => language.pick(
                "对方认为所出示的证书已过期：请核对两边时钟，或用 liandong cert renew 换发".to_owned(),
                format!("{self} Compare the clocks, or `liandong cert renew`"),
            ),
            Self::Revoked => language.pick(
                "对方认为所出示的证书已被吊销：请向机构申请新的邀请".to_owned(),
                format!("{self}: ask its authority for another invitation"),
            ),
            Self::NotAccepted => language.pick(
                "对方不接受所出示的证书（可能已过期、被吊销，或签发机构不受信任）：原因见对方日志；\
                 liandong cert show 查看本方证书"
                    .to_owned(),
                format!("{self} (expired, revoked, or of an authority that it does not trust); `liandong cert show` shows yours"),
            ),
            Self::NoTls => language.pick(
                "对方不使用 TLS：请核对端口，或对方是否以明文运行（用 --insecure-loopback，不带 --identity）".to_owned(),
                format!("{self}: check the port; a node in plain text is reached with --insecure-loopback and without --identity"),
            ),
            Self::Other { why } => format!("TLS{}{why}", language.pick("：", ": ")),
        }
    }
}

impl Refused {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let chinese = match self {
            Self::Unreadable(_) => "对方的证书无法识别".to_owned(),
            Self::Nameless => "对方的证书没有写明身份".to_owned(),
            Self::ForeignDomain { identity } => {
                format!(
                    "{identity} 属于本方不信任的信任域：如应信任，请把它的根证书放入 roots 目录"
                )
            }
            Self::ForeignRegion { identity } => {
                format!("{identity}：其信任域在本方不能代表该区域；cert trust 写明外域可代表的区域")
            }
            Self::UnknownIssuer { identity } => {
                format!("{identity} 的证书不是其信任域的根签发的")
            }
            Self::Expired {
                identity,
                serial,
                until,
            } => {
                format!("{identity} 的证书 {serial} 已于 {until} 过期")
            }
            Self::NotYet {
                identity,
                serial,
                from,
            } => {
                format!("{identity} 的证书 {serial} 从 {from} 起才有效：请核对时钟")
            }
            Self::Revoked { identity, serial } => format!("{identity} 的证书 {serial} 已被吊销"),
            Self::NotForThis { identity, .. } => format!("{identity} 的证书不能用于此处"),
            Self::Bad { identity, why } => format!("{identity} 的证书有误：{why}"),
        };
        language.pick(chinese, self.to_string())
    }
}

impl NotMeant {
    /// The whole sentence for a person.
    pub fn message(&self, language: Language) -> String {
        let chinese = match self {
            Self::NoNode { role } => format!("对方不是节点：它的证书是 {role} 的"),
            Self::AnotherRegion { found, meant } => {
                format!("对方是 {found} 的节点，而不是 {meant} 的")
            }
            Self::AnotherRoot { root } => {
                format!(
                    "对方不属于发出邀请的机构：它的根证书指纹都不是 {root}，请勿继续，并与机构核对地址；\
                     机构刚换过根（cert replace-root）的，其节点几秒内换用，请稍后重试"
                )
            }
        };
        let english = match self {
            Self::NoNode { .. } | Self::AnotherRegion { .. } => self.to_string(),
            Self::AnotherRoot { .. } => format!(
                "{self}: do not go on, and compare the address with the authority; where its root was \
                 replaced just now (`cert replace-root`) its node takes that up within seconds: try again"
            ),
        };
        language.pick(chinese, english)
    }
}
