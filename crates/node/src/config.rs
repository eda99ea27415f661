//! A node's configuration: one TOML file, checked once into typed values, every bad key reported
//! at once.

mod quota;
mod raw;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use liandong_core::language::Language;
use liandong_core::refusal::Accepted;
use liandong_core::region::RegionCode;
use thiserror::Error;

pub use quota::{Quota, Quotas};

use crate::signing::PublicKey;
use crate::spoken;

/// Everything a node is told when it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file that this was read from; `None` where there is none. Of its limits those of identities
    /// are taken up again whenever it changes.
    pub file: Option<PathBuf>,
    /// The node's own region: what it is called on its links.
    pub region: RegionCode,
    /// A name for people; empty means the region's name.
    pub name: String,
    /// Further regions that this node hosts, besides its own.
    pub hosts: Vec<RegionCode>,
    /// The data directory.
    pub data: PathBuf,
    /// The folder with the node's certificate and those it trusts.
    pub identity: Option<PathBuf>,
    /// Whether the node may speak in plain text, with its own machine alone. No file says so, but
    /// whoever starts the node.
    pub insecure_loopback: bool,
    /// Where the authority is that renews the certificate, as `https://host:port`; `None` asks where
    /// the certificate came from.
    pub authority: Option<String>,
    /// The address to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// CSV files of a bureau's own tree (code, name, parent, level, kind); what stands below a
    /// hosted region is hosted too.
    pub tree: Vec<PathBuf>,
    /// The node above.
    pub parent: Option<Peer>,
    /// Regions of other branches that this one is paired with.
    pub partners: Vec<Peer>,
    /// Regions below whose nodes may connect; empty admits every region directly below.
    pub children: Vec<RegionCode>,
    /// The keys that files of peers have to be signed with.
    pub link_keys: BTreeMap<RegionCode, PublicKey>,
    /// How many days after the end of its period a report still counts as in time.
    pub grace_days: u16,
    /// Green from this share of the scheduled progress, in basis points.
    pub green_from: i64,
    /// Yellow from this share of the scheduled progress, in basis points.
    pub yellow_from: i64,
    /// Size of a journal segment in bytes.
    pub segment_bytes: u64,
    /// Intake stops while fewer bytes than this are free.
    pub free_floor: u64,
    /// Where a second copy of the journal is kept, on another disk; `None` keeps none.
    pub mirror: Option<PathBuf>,
    /// Whether complete journal segments are sealed and compressed.
    pub seal: bool,
    /// A checkpoint is written after this many journal frames.
    pub checkpoint_frames: u64,
    /// How the log is written.
    pub log: Log,
    /// Where spans are exported to (OTLP over gRPC); `None` exports none.
    pub otlp: Option<String>,
    /// Bounds on what callers may do.
    pub limits: Limits,
}

/// Another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its region.
    pub region: RegionCode,
    /// Where it is dialled, as `https://host:port`, or `http` where the node
    /// speaks in plain text; `None` waits for it to dial.
    pub address: Option<String>,
}

/// How the log is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// One JSON object a line instead of text.
    pub json: bool,
    /// Filter directives, as in `info,liandong_node::link=debug`.
    pub filter: String,
}

/// Bounds on what callers may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest message in bytes.
    pub message_bytes: usize,
    /// Unanswered requests on one connection.
    pub requests_per_connection: usize,
    /// Streams on one connection.
    pub streams_per_connection: u32,
    /// Connections in all.
    pub connections: usize,
    /// Connections from one address; those of a loopback address count only in all.
    pub connections_per_address: usize,
    /// How old a connection may become that carries no link.
    pub connection_age: Duration,
    /// How soon a connection has to say something, and a request's head to be there.
    pub handshake: Duration,
    /// Requests that may be in memory together, in bytes.
    pub in_flight_bytes: usize,
    /// Commands that wait for the commit loop; more are refused as overloaded.
    pub queue: usize,
    /// The longest a request may take until its answer begins.
    pub timeout: Duration,
    /// What one identity may have.
    pub quotas: Quotas,
}

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML, or has a key that is not known.
    #[error("{}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and what, as the parser says it.
        message: String,
    },
    /// Some values cannot be used.
    #[error("{}: {}", path.display(), list(problems, Language::En))]
    Values {
        /// The file.
        path: PathBuf,
        /// Every key that has a bad value.
        problems: Vec<Problem>,
    },
}

/// One key with a bad value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", self.message(Language::En))]
pub struct Problem {
    /// The key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// What would be accepted.
    pub accepted: Accepted,
}

impl Problem {
    /// What a person is told.
    pub fn message(&self, language: Language) -> String {
        let Self {
            key,
            value,
            accepted,
        } = self;
        let mark = language.pick("：", ": ");
        format!("{key} = {value:?}{mark}{}", accepted.message(language))
    }
}

fn list(problems: &[Problem], language: Language) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| format!("\n  {}", problem.message(language)))
        .collect();
    lines.concat()
}

impl ConfigError {
    /// What a person is told.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Unreadable { path, source } => {
                let (path, why) = (path.display(), spoken::system(source, language));
                language.pick(
                    format!("无法读取配置文件 {path}：{why}"),
                    format!("cannot read the configuration {path}: {why}"),
                )
            }
            Self::Syntax { path, message } => {
                let path = path.display();
                language.pick(
                    format!("配置文件 {path} 的写法有误：\n{message}"),
                    format!("the configuration {path} cannot be read:\n{message}"),
                )
            }
            Self::Values { path, problems } => {
                let (path, problems) = (path.display(), list(problems, language));
                language.pick(
                    format!("配置文件 {path} 有不能用的值：{problems}"),
                    format!("the configuration {path} has values that cannot be used:{problems}"),
                )
            }
        }
    }
}

impl Config {
    /// Reads and checks a configuration file. Relative paths are taken from the file's directory.
    ///
    /// # Errors
    /// See [`ConfigError`]; all bad keys are reported together.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let config = Self::read(&text, path)?;
        let file = Some(path.to_owned());
        Ok(Self { file, ..config })
    }

    /// Checks the text of a configuration file that stands, or would stand, at `path`.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] and [`ConfigError::Values`].
    pub fn read(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let raw: raw::File = toml::from_str(text).map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            message: error.to_string(),
        })?;
        let base = path.parent().unwrap_or(Path::new("."));
        raw.check(base).map_err(|problems| ConfigError::Values {
            path: path.to_owned(),
            problems,
        })
    }
}

#[cfg(test)]
mod tests;
