//! Why files of a node could not be backed up, restored, verified or repaired.

use std::io;
use std::path::PathBuf;

use liandong_core::language::Language;
use liandong_identity::FolderError;
use liandong_store::journal::JournalError;
use liandong_store::{
    BackupError, Fault, FileError, IdentityError, LockError, ManifestError, RepairError,
    RestoreError, VerifyError,
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
    /// A node is running in the directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The identity cannot be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The journal is damaged or cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Nothing was verified.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// A journal was not repaired, or not completely.
    #[error(transparent)]
    Repair(#[from] RepairError),
    /// The folder of certificates cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
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
            Self::Lock(error) => spoken::lock(error, language),
            Self::Identity(error) => spoken::identity(error, language),
            Self::Journal(error) => spoken::journal(error, language),
            Self::Verify(error) => verify(error, language),
            Self::Folder(error) => error.message(language),
            Self::Repair(error) => repair(error, language),
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

fn verify(error: &VerifyError, language: Language) -> String {
    match error {
        VerifyError::Lock(error) => spoken::lock(error, language),
        VerifyError::NothingThere { dir } => {
            let dir = dir.display();
            language.pick(
                format!("{dir} 里既没有日志也没有备份"),
                format!("{dir} has neither a journal nor a backup"),
            )
        }
        VerifyError::Manifest(error) => manifest(error, language),
        VerifyError::File(error) => spoken::file(error, language),
    }
}

fn repair(error: &RepairError, language: Language) -> String {
    match error {
        RepairError::Lock(error) => spoken::lock(error, language),
        RepairError::NoCopy { dir } => {
            let dir = dir.display();
            language.pick(
                format!("{dir} 不是备份、镜像或数据目录"),
                format!("{dir} is no backup, mirror or data folder"),
            )
        }
        RepairError::Manifest(error) => manifest(error, language),
        RepairError::Copy(error) => {
            let what = spoken::journal(error, language);
            language.pick(
                format!("这份副本不能用：{what}"),
                format!("the copy cannot be used: {what}"),
            )
        }
        RepairError::NotCovered(error) => {
            let what = spoken::journal(error, language);
            language.pick(
                format!("副本里没有损坏的那部分：{what}。可以再用别的副本修复"),
                format!(
                    "the copy does not have what is damaged: {what}. Another copy may be tried"
                ),
            )
        }
        RepairError::File(error) => spoken::file(error, language),
    }
}

/// What a check found, for a person.
pub fn fault_message(fault: &Fault, language: Language) -> String {
    match fault {
        Fault::Identity(error) => spoken::identity(error, language),
        Fault::Journal(error) | Fault::Mirror(error) => spoken::journal(error, language),
        Fault::Backup(RestoreError::Changed { path }) => {
            let path = path.display();
            language.pick(
                format!("{path} 与清单不符"),
                format!("{path} is not what the manifest says"),
            )
        }
        Fault::Backup(RestoreError::Journal(error)) => spoken::journal(error, language),
        Fault::Backup(error) => restore(error, language),
        Fault::Checkpoint(reason) => language.pick(
            format!("检查点损坏，下次启动会由日志重建：{reason}"),
            format!("the checkpoint is damaged, the next start builds it from the journal: {reason}"),
        ),
        Fault::OtherState { sequence } => language.pick(
            format!("检查点与日志折叠到第 {sequence} 帧的状态不同：删除 sled 目录后重启"),
            format!("the checkpoint is not what the journal folds to at frame {sequence}: remove the folder sled and start the node"),
        ),
        Fault::JournalBehind {
            journal,
            checkpoint,
        } => language.pick(
            format!("日志止于第 {journal} 帧，而检查点已到第 {checkpoint} 帧：缺少已落盘的帧"),
            format!("the journal ends at frame {journal}, but a checkpoint stands at {checkpoint}: durable frames are missing"),
        ),
        Fault::Recount { cells } => {
            let count = cells.len();
            let first = cells.first().map_or_else(String::new, |first| {
                format!("{} {} {}", first.region, first.indicator, first.period)
            });
            language.pick(
                format!("{first} 与清点不符，共 {count} 格"),
                format!("{first} is not what the recount finds, {count} in all"),
            )
        }
        Fault::Evidence {
            sequence,
            document,
            refusal,
            count,
        } => {
            let why = refusal.message(language);
            language.pick(
                format!("第 {sequence} 帧的 {document}：{why}；共 {count} 件"),
                format!("frame {sequence}: {document}: {why}; {count} in all"),
            )
        }
        Fault::Unsigned {
            sequence,
            document,
            count,
        } => language.pick(
            format!("第 {sequence} 帧的 {document} 没有签名，共 {count} 件"),
            format!("frame {sequence}: {document} came without a signature, {count} in all"),
        ),
        Fault::Sealed {
            sequence,
            region,
            held,
            sealed,
            count,
        } => language.pick(
            format!("{region} 的数字与其封签（第 {sequence} 帧）不符：现有 {held} 格，封签 {sealed} 格；共 {count} 个区域"),
            format!("the figures of {region} are not what its node sealed (frame {sequence}): {held} held, {sealed} sealed; {count} regions in all"),
        ),
        Fault::Beyond {
            sequence,
            region,
            version,
            count,
        } => language.pick(
            format!("{region} 的数字中有版本 {version}，其节点后来的封签（第 {sequence} 帧）并未到此：不是该节点给出的；共 {count} 个区域"),
            format!("the figures of {region} have a version {version} that its later seal (frame {sequence}) does not reach: its node never gave it; {count} regions in all"),
        ),
        Fault::Turned {
            sequence,
            region,
            from,
            to,
            told_by,
            count,
        } => {
            let by = told_by.map_or_else(String::new, |peer| peer.to_string());
            language.pick(
                format!("第 {sequence} 帧起由 {to} 代 {region} 签名，此前是 {from}（由 {by} 告知）：{from} 是否同意未见证明，请向其核实；共 {count} 个区域"),
                format!("since frame {sequence} {to} signs for {region}, where {from} did before (told by {by}): nothing shows that {from} agreed, ask it; {count} regions in all"),
            )
        }
    }
}
