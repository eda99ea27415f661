//! Why a proof was not written or is not to be believed, in both languages.

use std::path::{Path, PathBuf};

use liandong_client::ProofError;
use liandong_core::language::Language;
use liandong_identity::FolderError;
use liandong_proof::NotProven;
use thiserror::Error;

/// Why not.
#[derive(Debug, Error)]
pub(crate) enum ProofFailure {
    /// The roots cannot be used.
    #[error(transparent)]
    Roots(#[from] FolderError),
    /// It was not had.
    #[error(transparent)]
    NotHad(#[from] ProofError),
    /// It is not to be believed.
    #[error("{}: {why}", path.display())]
    NotProven {
        /// The file.
        path: PathBuf,
        /// The first thing that does not fit.
        why: Box<NotProven>,
    },
    /// Nobody is trusted.
    #[error(
        "no roots to check signatures with: name those you trust with --roots FILE or a folder, or an identity with --identity"
    )]
    NoRoots,
    /// There are no certificates to check with what was had.
    #[error("a proof needs certificates: name an identity with --identity")]
    NoIdentity,
}

impl From<ProofFailure> for crate::failure::Failure {
    fn from(failure: ProofFailure) -> Self {
        Self::Proof(Box::new(failure))
    }
}

impl ProofFailure {
    pub(super) fn not_proven(path: &Path, why: NotProven) -> Self {
        let (path, why) = (path.to_owned(), Box::new(why));
        Self::NotProven { path, why }
    }

    /// The whole sentence for a person.
    pub(crate) fn message(&self, language: Language) -> String {
        match self {
            Self::Roots(error) => error.message(language),
            Self::NotHad(ProofError::Client(error)) => error.message(language),
            Self::NotHad(ProofError::Answer(refusal)) => {
                let what = refusal.message(language);
                language.pick(
                    format!("节点的答复无法识别（{what}）；请检查两边的版本"),
                    format!("the node's answer cannot be read ({what}); compare the versions"),
                )
            }
            Self::NotHad(ProofError::Region(error)) => language.pick(
                format!("节点的答复无法识别（{error}）；请检查两边的版本"),
                format!("the node's answer cannot be read ({error}); compare the versions"),
            ),
            Self::NotHad(ProofError::Output(error)) => language.pick(
                format!("无法写入证明：{error}"),
                format!("cannot write the proof: {error}"),
            ),
            Self::NotProven { path, why } => {
                let (path, why) = (path.display(), why.message(language));
                language.pick(
                    format!("{path} 不可信：{why}"),
                    format!("{path} is not to be believed: {why}"),
                )
            }
            Self::NoRoots => language.pick(
                "没有可信的根证书：用 --roots 指定文件或目录，或用 --identity 指定证书目录"
                    .to_owned(),
                self.to_string(),
            ),
            Self::NoIdentity => language.pick(
                "证明需要证书：用 --identity 指定证书目录".to_owned(),
                self.to_string(),
            ),
        }
    }
}
