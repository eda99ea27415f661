//! What went wrong, as people are told: in Chinese or English.
//!
//! The errors of this crate and of the store say in English what happened, for logs. What an
//! operator reads on a terminal comes from here; what has no sentence of its own here is told in
//! English rather than not at all.

use std::io::{self, ErrorKind};

use liandong_core::language::Language;
use liandong_store::history::HistoryError;
use liandong_store::journal::{FrameFault, JournalError};
use liandong_store::{FileError, IdentityError, LockError, OpenError};

use crate::hosting::CatalogueError;
use crate::node::NodeError;

impl NodeError {
    /// What a person is told.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::Config(error) => error.message(language),
            Self::Catalogue(error) => catalogue(error, language),
            Self::Store(error) => open(error, language),
            Self::Announce(error) => file(error, language),
            Self::Hosting(refusal) => refusal.message(language),
            Self::PlainText(error) => error.message(language),
            Self::Identity(error) => error.message(language),
            Self::Listen { address, source } => {
                let why = system(source, language);
                language.pick(
                    format!("无法监听 {address}：{why}"),
                    format!("cannot listen on {address}: {why}"),
                )
            }
            Self::Signals(source) => {
                let why = system(source, language);
                language.pick(
                    format!("无法等待信号：{why}"),
                    format!("cannot wait for signals: {why}"),
                )
            }
            other => other.to_string(),
        }
    }
}

/// What the operating system said; the usual cases in the reader's language.
pub fn system(error: &io::Error, language: Language) -> String {
    let known = match error.kind() {
        ErrorKind::NotFound => ("没有这个文件或目录", "no such file or directory"),
        ErrorKind::PermissionDenied => ("没有权限", "permission denied"),
        ErrorKind::AlreadyExists => ("已经存在", "it exists already"),
        ErrorKind::NotADirectory => ("不是目录", "not a directory"),
        ErrorKind::IsADirectory => ("是目录，不是文件", "it is a directory"),
        ErrorKind::ReadOnlyFilesystem => ("文件系统只读", "the file system is read-only"),
        ErrorKind::StorageFull => ("磁盘已满", "the disk is full"),
        ErrorKind::QuotaExceeded => ("超出磁盘配额", "the disk quota is exceeded"),
        ErrorKind::AddrInUse => ("地址已被占用", "the address is in use"),
        ErrorKind::AddrNotAvailable => ("本机没有这个地址", "this machine has no such address"),
        _ => return error.to_string(),
    };
    language.pick(known.0, known.1).to_owned()
}

/// A failed operation on a file.
pub fn file(error: &FileError, language: Language) -> String {
    let (path, why) = (error.path.display(), system(&error.source, language));
    let action = error.action;
    language.pick(
        format!("{path}：{why}"),
        format!("cannot {action} {path}: {why}"),
    )
}

/// Why the journal is not readable or not writable.
pub fn journal(error: &JournalError, language: Language) -> String {
    if language == Language::En {
        return error.to_string();
    }
    match error {
        JournalError::Corrupt {
            segment,
            offset,
            sequence,
            fault,
        } => format!(
            "日志第 {segment} 段第 {offset} 字节处损坏，第 {sequence} 帧：{}",
            frame_fault(fault, language)
        ),
        JournalError::SegmentHeader { segment } => format!("日志第 {segment} 段的段头损坏"),
        JournalError::SealedTable { segment } => {
            format!("日志第 {segment} 段（已封存）的目录损坏")
        }
        JournalError::SegmentVersion {
            segment,
            found,
            supported,
        } => format!("日志第 {segment} 段的格式版本是 {found}，本程序只识别 {supported}"),
        JournalError::MissingSegment { segment, path } => {
            format!("缺少日志第 {segment} 段：{} 不存在", path.display())
        }
        JournalError::NoSpace { free, floor } => {
            format!("磁盘剩余 {free} 字节，低于下限 {floor} 字节：未写入任何内容")
        }
        JournalError::NoSuchFrame { sequence, last } => {
            format!("没有第 {sequence} 帧，最后一帧是 {last}")
        }
        JournalError::Stopped => "一次写盘失败后日志已停止写入，请重启节点".to_owned(),
        JournalError::Diverged {
            segment,
            offset,
            sequence,
        } => format!(
            "日志的两份副本从第 {sequence} 帧起不同（第 {segment} 段第 {offset} 字节处）：\
             如果镜像是别的节点的或已过时，请清空镜像目录"
        ),
        JournalError::Replay { sequence, source } => {
            format!("第 {sequence} 帧无法识别：{source}")
        }
        JournalError::File(error) => file(error, language),
        other => other.to_string(),
    }
}

/// What is wrong with a frame.
pub fn frame_fault(fault: &FrameFault, language: Language) -> String {
    if language == Language::En {
        return fault.to_string();
    }
    match fault {
        FrameFault::Header => "帧头与校验和不符".to_owned(),
        FrameFault::Payload => "内容与校验和不符".to_owned(),
        FrameFault::Block => "压缩块与校验和不符".to_owned(),
        FrameFault::Short => "文件在帧中间结束".to_owned(),
        FrameFault::OutOfOrder { found } => format!("此处是第 {found} 帧"),
        FrameFault::Chain => "与前一帧不相接".to_owned(),
        FrameFault::Missing => "帧不存在".to_owned(),
        other => other.to_string(),
    }
}

/// Why the past cannot be read.
pub(crate) fn history(error: &HistoryError, language: Language) -> String {
    match error {
        HistoryError::Journal(error) => journal(error, language),
        HistoryError::Record { sequence, source } => language.pick(
            format!("第 {sequence} 帧无法识别：{source}"),
            format!("frame {sequence}: {source}"),
        ),
    }
}

/// Who has a data directory.
pub fn lock(error: &LockError, language: Language) -> String {
    match error {
        LockError::InUse { dir, holder } => {
            let dir = dir.display();
            let zh = holder.map_or_else(|| "另一进程".to_owned(), |pid| format!("进程 {pid}"));
            let en = holder.map_or_else(
                || "another process".to_owned(),
                |pid| format!("process {pid}"),
            );
            language.pick(
                format!("数据目录 {dir} 正由{zh}使用：先停止该节点，或另指定目录"),
                format!("data directory {dir} is in use by {en}: stop that node, or name another directory"),
            )
        }
        LockError::File(error) => file(error, language),
    }
}

/// Why an identity cannot be read.
pub(crate) fn identity(error: &IdentityError, language: Language) -> String {
    match error {
        IdentityError::Damaged { path } => {
            let path = path.display();
            language.pick(
                format!("身份文件 {path} 损坏：删除后重新启动，各对方会重新同步"),
                format!("identity file {path} is damaged: remove it and start again, peers will resynchronise"),
            )
        }
        IdentityError::Version {
            path,
            found,
            supported,
        } => {
            let path = path.display();
            language.pick(
                format!("身份文件 {path} 的格式版本为 {found}，本程序只识别 {supported}：请用较新的程序启动"),
                format!("identity file {path} has format version {found}, this program reads {supported}: start it with a newer program"),
            )
        }
        IdentityError::File(error) => file(error, language),
    }
}

/// Why a data directory cannot be opened.
pub fn open(error: &OpenError, language: Language) -> String {
    match error {
        OpenError::Lock(error) => lock(error, language),
        OpenError::Identity(error) => identity(error, language),
        OpenError::Journal(error) => {
            let what = journal(error, language);
            let is_damage = matches!(
                error,
                JournalError::Corrupt { .. }
                    | JournalError::SegmentHeader { .. }
                    | JournalError::SealedTable { .. }
                    | JournalError::MissingSegment { .. }
            );
            if !is_damage {
                return what;
            }
            language.pick(
                format!("{what}。\n未改动任何文件。用 liandong repair --data 目录 --from mirror 或 --from 备份目录 修复"),
                format!("{what}.\nNothing was changed. Repair it with liandong repair --data DIR --from mirror, or --from BACKUP"),
            )
        }
        OpenError::JournalBehind {
            journal,
            checkpoint,
        } => language.pick(
            format!("日志止于第 {journal} 帧，而检查点已到第 {checkpoint} 帧：缺少已落盘的帧，用 liandong repair 从镜像或备份补回"),
            format!("the journal ends at frame {journal}, but a checkpoint stands at {checkpoint}: durable frames are missing; bring them back with liandong repair from the mirror or a backup"),
        ),
        OpenError::UnfinishedRestore { dir } => {
            let dir = dir.display();
            language.pick(
                format!("上一次向 {dir} 的恢复没有完成：请重新执行 liandong restore"),
                format!("a backup was not restored completely into {dir}: run liandong restore again"),
            )
        }
        OpenError::File(error) => file(error, language),
    }
}

fn catalogue(error: &CatalogueError, language: Language) -> String {
    match error {
        CatalogueError::Unreadable { path, source } => {
            let (path, why) = (path.display(), system(source, language));
            language.pick(
                format!("无法读取 {path}：{why}"),
                format!("cannot read {path}: {why}"),
            )
        }
        CatalogueError::Tree { path, problems } => {
            let mut text = path.display().to_string();
            for problem in problems {
                text.push_str("\n  ");
                text.push_str(&problem.message(language));
            }
            text
        }
        CatalogueError::UnknownRegion(region) => language.pick(
            format!("区域 {region} 既不是国家代码，也不在 tree 所列文件中：请把它加到其中一个文件里"),
            format!("region {region} is neither a GB/T 2260 code nor in a tree file: add it to one under `tree`"),
        ),
        other => other.to_string(),
    }
}
