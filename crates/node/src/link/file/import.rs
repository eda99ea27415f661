//! Importing: a file is spooled while it is checked, and applied only when all of it was.

mod applying;
mod place;
mod returned;
#[cfg(test)]
mod tests;

pub(crate) use applying::Outcome;

use std::sync::Arc;

use liandong_core::access::Relation;
use liandong_core::language::Language;
use liandong_core::lineage::Lineage;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_store::{Spool, SpoolError};
use liandong_wire::link::StreamReader;
use liandong_wire::link::file::{FileEnd, FileFault, FileHeader, FileReader, FileSection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::commit::Origin;
use crate::context::Context;
use crate::link::admission::relation;
use crate::link::file::shown::{Told, told};
use crate::signing::PublicKey;

/// A file as it comes in.
pub(crate) struct Import {
    context: Arc<Context>,
    file: FileReader,
    changes: StreamReader,
    spool: Spool,
    head: Option<Head>,
    /// What was counted, to be compared with what the file says of itself.
    counted: FileEnd,
    end: Option<(FileEnd, Lineage)>,
    _until_done: OwnedSemaphorePermit,
}

/// Who wrote the file, once that is known and may be.
#[derive(Clone, Debug)]
struct Head {
    header: FileHeader,
    relation: Relation,
    key: PublicKey,
}

/// What a file that was checked says of itself.
#[derive(Clone, Debug)]
struct Whole {
    head: Head,
    end: FileEnd,
    /// The marks of the exporter's files, the last of this one.
    lineage: Lineage,
}

impl Import {
    /// Begins to take a file; `importing` lets one be taken at a time.
    ///
    /// # Errors
    /// When one is being taken, or nothing can be spooled.
    pub(crate) fn begin(
        context: &Arc<Context>,
        importing: &Arc<Semaphore>,
    ) -> Result<Self, Refusal> {
        let permit = Arc::clone(importing).try_acquire_owned().map_err(|_| {
            let (zh, en) = (
                "正在导入另一份文件，请稍后重试",
                "another file is being imported: try again later",
            );
            Refusal::advise(Reason::Overloaded, "", "", zh, en)
        })?;
        let config = &context.config;
        let spool = Spool::create(&config.data, config.free_floor);
        Ok(Self {
            context: Arc::clone(context),
            file: FileReader::default(),
            changes: StreamReader::new(),
            spool: spool.map_err(|error| spool_failed(&error))?,
            head: None,
            counted: FileEnd::default(),
            end: None,
            _until_done: permit,
        })
    }

    /// Takes some more bytes.
    ///
    /// # Errors
    /// As soon as it is clear that the file cannot be taken.
    pub(crate) async fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.spool
            .write(bytes)
            .map_err(|error| spool_failed(&error))?;
        self.file.feed(bytes);
        while let Some(section) = self.file.next_section().map_err(|fault| bad(&fault))? {
            self.check(section).await?;
        }
        Ok(())
    }

    async fn check(&mut self, section: FileSection) -> Result<(), Refusal> {
        match section {
            FileSection::Header(header) => {
                self.counted.upto = header.after;
                self.head = Some(admit(&self.context, *header).await?);
            }
            FileSection::Changes(packed) => {
                let read = self.changes.packed(packed).map_err(|refusal| {
                    tracing::warn!(%refusal, "a section of a file cannot be read");
                    let place = self.counted.frames + 1;
                    bad(&FileFault::Section { place })
                })?;
                if read.after < self.counted.upto || read.upto < read.after {
                    return Err(disagrees());
                }
                self.counted.upto = read.upto;
                self.counted.frames += 1;
            }
            FileSection::End(end, lineage) => {
                if end.frames != self.counted.frames || end.upto < self.counted.upto {
                    return Err(disagrees());
                }
                self.end = Some((end, lineage));
            }
        }
        Ok(())
    }

    /// Checks the end and the signature, then applies all of it.
    ///
    /// # Errors
    /// When the file is not whole, not what was written, or not signed by its exporter: then nothing
    /// was applied. When the node stops: the file can be imported again.
    pub(crate) async fn finish(self, origin: Origin) -> Result<Outcome, Refusal> {
        let Self {
            context,
            file,
            spool,
            head,
            end,
            ..
        } = self;
        let seal = file.finish().map_err(|fault| bad(&fault))?;
        let (Some(head), Some(end)) = (head, end) else {
            return Err(bad(&FileFault::Short { bytes: 0 }));
        };
        if !head.key.has_signed_file(&seal.digest, &seal.signature) {
            let exporter = head.header.exporter;
            return Err(Refusal::advise(
                Reason::Malformed,
                "signature",
                "",
                format!("不是 {exporter} 的签名，文件不予导入；请向对方重新索取"),
                format!("it is not the signature of {exporter}: ask for the file again"),
            ));
        }
        let (end, lineage) = end;
        let whole = Whole { head, end, lineage };
        applying::apply(&context, spool, whole, origin).await
    }
}

/// Whether a file of this exporter is taken here at all.
async fn admit(context: &Context, header: FileHeader) -> Result<Head, Refusal> {
    let here = context.config.region;
    if header.recipient != here {
        return Err(Refusal::new(
            Reason::ForeignRegion,
            "recipient",
            header.recipient,
            Accepted::OneOf(vec![here.to_string()]),
        ));
    }
    let exporter = header.exporter;
    let relation = relation(context, "exporter", exporter).await?;
    let read = PublicKey::from_bytes(&header.key);
    let configured = context.config.link_keys.get(&exporter).copied();
    if let Ok(key) = read {
        match told(context, exporter, &header) {
            Told::Theirs => {
                return Ok(Head {
                    header,
                    relation,
                    key,
                });
            }
            Told::Bad(refusal) => return Err(refusal),
            Told::NoMore(refusal) if configured.is_none() => return Err(refusal),
            Told::NoMore(_) | Told::Nothing => {}
        }
    }
    let shown = read;
    let shown = shown.map_or_else(|error| error.to_string(), |key| key.to_string());
    let Some(key) = configured else {
        return Err(Refusal::advise(
            Reason::NotEntitled,
            "exporter",
            exporter,
            format!("配置中没有它的公钥；文件上写的是 {shown}，请与对方核对后写入配置"),
            format!(
                "the configuration trusts no key of it; the file names {shown}: compare it with \
                 the peer, then add it to the configuration"
            ),
        ));
    };
    if key.to_string() != shown {
        return Err(Refusal::advise(
            Reason::NotEntitled,
            "key",
            shown,
            format!("配置中 {exporter} 的公钥是 {key}"),
            format!("the configuration trusts {key} for {exporter}"),
        ));
    }
    Ok(Head {
        header,
        relation,
        key,
    })
}

fn bad(fault: &FileFault) -> Refusal {
    Refusal::advise(
        Reason::Malformed,
        "file",
        "",
        fault.message(Language::Zh),
        fault.message(Language::En),
    )
}

fn disagrees() -> Refusal {
    Refusal::advise(
        Reason::Malformed,
        "file",
        "",
        "文件自身的记载前后不一",
        "what it says of itself does not agree",
    )
}

fn spool_failed(error: &SpoolError) -> Refusal {
    tracing::error!(%error, "cannot spool a file");
    match error {
        SpoolError::NoSpace { .. } => Refusal::advise(
            Reason::NoSpace,
            "",
            "",
            "请联系节点管理员清理磁盘后重试",
            "ask the operator to free disk space, then try again",
        ),
        SpoolError::File(_) => Refusal::advise(
            Reason::Corrupt,
            "spool",
            "",
            "请查看节点日志",
            "see the node's log",
        ),
    }
}
