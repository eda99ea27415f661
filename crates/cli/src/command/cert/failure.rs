//! Why a command about certificates was not done, in both languages.

use std::path::PathBuf;

use jiff::Timestamp;
use liandong_core::language::Language;
use liandong_identity::{
    CertificateError, Fingerprint, FolderError, KeyError, NoInvitation, OfficeError, PackageError,
    RegisterError,
};
use thiserror::Error;

/// Why it was not done.
#[derive(Debug, Error)]
pub(crate) enum CertFailure {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The authority did not do it.
    #[error(transparent)]
    Office(#[from] OfficeError),
    /// A certificate is not installed.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The text is no invitation.
    #[error(transparent)]
    Invitation(#[from] NoInvitation),
    /// The invitation stands where everybody on the machine sees it.
    #[error(
        "an invitation on the command line is seen by everybody on this machine: give it as `echo INVITATION | liandong cert issue -`, or name a file that holds it"
    )]
    Exposed,
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The invitation is over.
    #[error("the invitation expired at {until}: ask the authority for another")]
    Expired {
        /// When.
        until: Timestamp,
    },
    /// No authority is here.
    #[error("{} is not the home of an authority: `cert init`, or --identity names another", folder.display())]
    NoAuthority {
        /// The folder.
        folder: PathBuf,
    },
    /// No certificate is here.
    #[error("{} has no certificate: `cert issue` with an invitation, or --identity names another", folder.display())]
    NoCertificate {
        /// The folder.
        folder: PathBuf,
    },
    /// Nobody asked for a certificate here.
    #[error("{} has no key that asks for a certificate: `cert request` first", folder.display())]
    NothingRequested {
        /// The folder.
        folder: PathBuf,
    },
    /// A file without the root that was meant.
    #[error("no certificate in {} has the fingerprint {expected}: compare it with what `cert show` says at the other authority", file.display())]
    AnotherRoot {
        /// The file.
        file: PathBuf,
        /// The fingerprint that was given.
        expected: Fingerprint,
    },
    /// A certificate that is no root.
    #[error("the certificate in {} is not the root of a trust domain: ask the other authority for its identity/roots/DOMAIN.pem", file.display())]
    NotARoot {
        /// The file.
        file: PathBuf,
    },
    /// Nobody noted where the authority is.
    #[error("where the authority is was not noted: name its node with --address")]
    NoAddress,
}

impl CertFailure {
    /// The whole sentence for a person.
    pub(crate) fn message(&self, language: Language) -> String {
        let chinese = match self {
            Self::Folder(error) => return error.message(language),
            Self::Office(error) => return error.message(language),
            Self::Package(error) => return error.message(language),
            Self::Invitation(_) => {
                "不是邀请：请给出 cert invite 所显示的、以 liandong-1- 开头的全文".to_owned()
            }
            Self::Exposed => "写在命令行上的邀请，本机任何人都能在进程列表中看到：请用 echo 邀请全文 | liandong cert issue -，或写出存有邀请的文件".to_owned(),
            Self::Key(_) => "私钥无法生成或使用".to_owned(),
            Self::Expired { until } => format!("邀请已于 {until} 过期：请向机构另要一份"),
            Self::NoAuthority { folder } => format!(
                "{} 不是签发机构的目录：请用 cert init 建立，或用 --identity 另指定",
                folder.display()
            ),
            Self::NoCertificate { folder } => format!(
                "{} 中没有证书：请凭邀请运行 cert issue，或用 --identity 另指定",
                folder.display()
            ),
            Self::NothingRequested { folder } => format!(
                "{} 中没有待领证书的私钥：请先运行 cert request",
                folder.display()
            ),
            Self::AnotherRoot { file, expected } => format!(
                "{} 中没有指纹为 {expected} 的证书：请与对方机构 cert show 所示核对",
                file.display()
            ),
            Self::NotARoot { file } => format!(
                "{} 中的证书不是信任域的根证书：请向对方机构索取 identity/roots/信任域.pem",
                file.display()
            ),
            Self::NoAddress => "没有记下机构的地址：请用 --address 填写机构节点的地址".to_owned(),
        };
        language.pick(chinese, self.to_string())
    }
}

impl From<RegisterError> for CertFailure {
    fn from(error: RegisterError) -> Self {
        Self::Office(error.into())
    }
}

impl From<CertificateError> for CertFailure {
    fn from(error: CertificateError) -> Self {
        Self::Package(error.into())
    }
}
