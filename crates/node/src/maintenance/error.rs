//! Why files of a node could not be backed up, restored, verified or repaired.

use std::io;
use std::path::PathBuf;

use liandong_core::language::Language;
use liandong_core::region::RegionCode;
use liandong_store::history::HistoryError;
use liandong_store::journal::JournalError;
use liandong_store::{
    BackupError, FileError, IdentityError, LockError, ManifestError, RestoreError,
};
use thiserror::Error;

use crate::spoken;

/// Why something was not done with the files of a node.
#[derive(Debug, Error)]
pub enum MaintenanceError {
    /// The directory is no data directory.
    #[error("{} is not a node's data folder: it has no journal", dir.display())]
    NotAStore {
        /// The directory.
        dir: PathBuf,
    },
    /// A path cannot be looked at.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: io::Error,
    },
    /// A backup would be written into the data directory itself.
    #[error("{} is inside the data folder: name a folder on another disk", dir.display())]
    InsideData {
        /// The target.
        dir: PathBuf,
    },
    /// A cell is not what a recount finds.
    #[error("{region} {indicator} {period} is not what the recount finds, and {differing} in all")]
    Cell {
        /// The region of the first.
        region: RegionCode,
        /// Its indicator.
        indicator: String,
        /// Its period.
        period: String,
        /// How many differ.
        differing: usize,
    },
    /// A node is running in the directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The identity cannot be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The journal is damaged or cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A batch of the journal cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// There is no backup.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// Nothing was restored.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The manifest of a backup cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file operation failed.
    #[error(transparent)]
    File(#[from] FileError),
}

impl MaintenanceError {
    /// Whether the journal could not be read as it was expected to be.
    pub(super) fn is_of_the_journal(&self) -> bool {
        matches!(
            self,
            Self::Journal(_) | Self::Backup(BackupError::Journal(_))
        )
    }

    /// What a person is told.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::NotAStore { dir } => {
                let dir = dir.display();
                language.pick(
                    format!("{dir} 不是节点的数据目录：其中没有日志"),
                    format!("{dir} is not a node's data folder: it has no journal"),
                )
            }
            Self::Unreadable { path, source } => {
                let (path, why) = (path.display(), spoken::system(source, language));
                language.pick(
                    format!("无法读取 {path}：{why}"),
                    format!("cannot read {path}: {why}"),
                )
            }
            Self::InsideData { dir } => {
                let dir = dir.display();
                language.pick(
                    format!("{dir} 在数据目录之内：请填另一块磁盘上的目录"),
                    format!("{dir} is inside the data folder: name a folder on another disk"),
                )
            }
            Self::Cell {
                region,
                indicator,
                period,
                differing,
            } => language.pick(
                format!("{region} {indicator} {period} 与清点不符，共 {differing} 格"),
                format!("{region} {indicator} {period} is not what the recount finds, {differing} in all"),
            ),
            Self::Lock(error) => spoken::lock(error, language),
            Self::Identity(error) => spoken::identity(error, language),
            Self::Journal(error) => spoken::journal(error, language),
            Self::History(error) => spoken::history(error, language),
            Self::Backup(error) => backup(error, language),
            Self::Restore(error) => restore(error, language),
            Self::Manifest(error) => manifest(error, language),
            Self::File(error) => spoken::file(error, language),
        }
    }
}

fn backup(error: &BackupError, language: Language) -> String {
    match error {
        BackupError::NotEmpty { dir } => {
            let dir = dir.display();
            language.pick(
                format!("{dir} 不是空目录，也不是备份：请填新目录，或本节点以前的备份"),
                format!("{dir} is not empty and not a backup: name a new folder, or an earlier backup of this node"),
            )
        }
        BackupError::OtherHistory { dir, last } => {
            let dir = dir.display();
            language.pick(
                format!("{dir} 是另一段历史的备份（到第 {last} 帧）：请填别的目录，旧备份留着"),
                format!("{dir} holds a backup of another history, up to frame {last}: name another folder and keep that one"),
            )
        }
        BackupError::Empty => language
            .pick(
                "日志是空的，没有可备份的内容",
                "the journal is empty, there is nothing to back up",
            )
            .to_owned(),
        BackupError::Manifest(error) => manifest(error, language),
        BackupError::Journal(error) => spoken::journal(error, language),
        BackupError::File(error) => spoken::file(error, language),
    }
}

fn restore(error: &RestoreError, language: Language) -> String {
    match error {
        RestoreError::NotEmpty { dir } => {
            let dir = dir.display();
            language.pick(
                format!("{dir} 不是空目录：请恢复到新目录，或先把原有内容移走"),
                format!(
                    "{dir} is not empty: restore into a new folder, or move away what is there"
                ),
            )
        }
        RestoreError::Lock(error) => spoken::lock(error, language),
        RestoreError::Manifest(error) => manifest(error, language),
        RestoreError::Changed { path } => {
            let path = path.display();
            language.pick(
                format!("备份已损坏：{path} 与清单不符；什么也没有恢复"),
                format!("the backup is damaged: {path} is not what the manifest says; nothing was restored"),
            )
        }
        RestoreError::Journal(error) => {
            let what = spoken::journal(error, language);
            language.pick(
                format!("备份已损坏：{what}；什么也没有恢复"),
                format!("the backup is damaged: {what}; nothing was restored"),
            )
        }
        RestoreError::File(error) => spoken::file(error, language),
    }
}

fn manifest(error: &ManifestError, language: Language) -> String {
    match error {
        ManifestError::Missing { dir } => {
            let dir = dir.display();
            language.pick(
                format!("{dir} 不是备份：其中没有清单 manifest"),
                format!("{dir} is not a backup: it has no manifest"),
            )
        }
        ManifestError::Damaged { path, line } => {
            let path = path.display();
            language.pick(
                format!("备份清单 {path} 第 {line} 行损坏"),
                format!("the manifest {path} is damaged at line {line}"),
            )
        }
        ManifestError::Version { found, supported } => language.pick(
            format!("备份的格式版本是 {found}，本程序只识别到 {supported}"),
            format!("the backup has format version {found}, this program reads up to {supported}"),
        ),
        ManifestError::File(error) => spoken::file(error, language),
    }
}
