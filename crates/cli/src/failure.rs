//! Why a command did not do what it was asked, in both languages.

use std::fmt;
use std::path::{Path, PathBuf};

use liandong_catalog::CatalogError;
use liandong_client::{ClientError, CredentialsError};
use liandong_core::language::Language;
use liandong_core::refusal::Refusal;
use liandong_input::InputError;
use liandong_node::config::ConfigError;
use liandong_node::maintenance::MaintenanceError;
use liandong_node::spoken;
use thiserror::Error;

use crate::bench::BenchError;
use crate::command::cert::CertFailure;
use crate::command::proof::ProofFailure;

/// Whether everything that was asked was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Verdict {
    /// All of it.
    Done,
    /// Not all; what was not done has been said.
    Incomplete,
    /// What could be checked is as it should be; something could not be checked.
    NotCompared,
}

/// Why a command failed.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The node refused or could not be reached.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// What was asked is wrong, which was seen before the node was asked.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A catalogue file is wrong; everything in it.
    #[error("{}: {} mistakes", path.display(), errors.len())]
    Catalogue {
        /// The file.
        path: PathBuf,
        /// Its mistakes.
        errors: Vec<CatalogError>,
    },
    /// A file of reports cannot be read on.
    #[error("{}: {error}", path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// Why.
        error: InputError,
    },
    /// A file cannot be opened, read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// The answer of the node lacks something that this version needs.
    #[error("the node's answer cannot be read: {0}")]
    Answer(Refusal),
    /// A node's configuration cannot be used.
    #[error(transparent)]
    Config(ConfigError),
    /// Something was not done with the files of a node.
    #[error(transparent)]
    Maintenance(#[from] MaintenanceError),
    /// Something about certificates was not done.
    #[error(transparent)]
    Cert(Box<CertFailure>),
    /// Something was not measured.
    #[error(transparent)]
    Bench(Box<BenchError>),
    /// A proof was not written, or is not to be believed.
    #[error(transparent)]
    Proof(Box<ProofFailure>),
    /// The node that is using a data directory does not answer.
    #[error("the node that is using {} does not answer", data.display())]
    NotAnswering {
        /// The data directory.
        data: PathBuf,
        /// Why, as far as it is known.
        error: Option<ClientError>,
    },
    /// Work on a thread of its own ended without a result: a fault of this program.
    #[error("the work was broken off: {0}")]
    Thread(tokio::task::JoinError),
    /// The output cannot be written.
    #[error("cannot write: {0}")]
    Output(#[from] std::io::Error),
}

impl From<CertFailure> for Failure {
    fn from(failure: CertFailure) -> Self {
        Self::Cert(Box::new(failure))
    }
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        Self::Bench(Box::new(error))
    }
}

impl From<CredentialsError> for Failure {
    fn from(error: CredentialsError) -> Self {
        Self::Client(error.into())
    }
}

impl Failure {
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, error }
    }

    pub(crate) fn input(path: &Path) -> impl Fn(InputError) -> Self {
        let path = path.to_owned();
        move |error| Self::Input {
            path: path.clone(),
            error,
        }
    }

    /// Whether the reader of the output has gone, of which nobody needs to be told.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }

    /// What a person is told.
    pub(crate) fn message(&self, language: Language) -> String {
        match self {
            Self::Client(error) => in_words_of_the_command_line(error, language),
            Self::Refused(refusal) => refusal.message(language),
            Self::Catalogue { path, errors } => {
                const SHOWN: usize = 50;
                let mut text = path.display().to_string();
                for error in errors.iter().take(SHOWN) {
                    text.push_str("\n  ");
                    text.push_str(&error.message(language));
                }
                if errors.len() > SHOWN {
                    let more = errors.len() - SHOWN;
                    text.push_str(&language.pick(
                        format!("\n  ……另有 {more} 处"),
                        format!("\n  … and {more} more"),
                    ));
                }
                text
            }
            Self::Input { path, error } => {
                format!("{} {}", path.display(), error.message(language))
            }
            Self::File { path, error } => {
                let (path, why) = (path.display(), spoken::system(error, language));
                let mark = language.pick("：", ": ");
                format!("{path}{mark}{why}")
            }
            Self::Answer(refusal) => {
                let what = refusal.message(language);
                language.pick(
                    format!("节点的答复无法识别（{what}）；请检查两边的版本"),
                    format!("the node's answer cannot be read ({what}); compare the versions"),
                )
            }
            Self::Config(error) => error.message(language),
            Self::Maintenance(error) => error.message(language),
            Self::Cert(error) => error.message(language),
            Self::Bench(error) => error.message(language),
            Self::Proof(error) => error.message(language),
            Self::NotAnswering { data, error } => {
                let data = data.display();
                let why = error.as_ref().map_or_else(String::new, |error| {
                    format!("{}{}", language.pick("：", ": "), error.message(language))
                });
                language.pick(
                    format!("正在使用 {data} 的节点没有答复{why}。请稍后重试，或先停止该节点"),
                    format!("the node that is using {data} does not answer{why}. Try again shortly, or stop that node first"),
                )
            }
            Self::Thread(error) => error.to_string(),
            Self::Output(error) => language.pick(
                format!("无法输出：{error}"),
                format!("cannot write: {error}"),
            ),
        }
    }
}

/// The author's fields come from options, by whose names people know them.
fn in_words_of_the_command_line(error: &ClientError, language: Language) -> String {
    let message = error.message(language);
    let field = error.refusal().map_or("", |refusal| refusal.field.as_str());
    match field {
        "author.why" => message.replacen(field, "--why", 1),
        "author.name" | "batch.by" => message.replacen(field, "--by", 1),
        _ => message,
    }
}

/// A refusal as the error of an argument: clap shows it in English, the localiser in Chinese.
#[derive(Clone, Debug)]
pub(crate) struct BadArgument {
    pub(crate) refusal: Refusal,
}

impl fmt::Display for BadArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.refusal.accepted.message(Language::En))
    }
}

impl std::error::Error for BadArgument {}
