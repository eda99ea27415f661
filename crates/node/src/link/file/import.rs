//! Importing: a file is spooled while it is checked, and applied only when all of it was.

use std::sync::Arc;

use liandong_core::access::Relation;
use liandong_core::command::{Answer, Command, Incoming};
use liandong_core::event::PeerHolds;
use liandong_core::language::Language;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::state::State;
use liandong_store::{Spool, SpoolError};
use liandong_wire::link::file::{FileEnd, FileFault, FileHeader, FileReader, FileSection};
use liandong_wire::link::{ReadChanges, StreamReader};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::context::Context;
use crate::link::admission::relation;
use crate::signing::PublicKey;

/// Bytes read from the spool at a time.
const CHUNK: usize = 256 << 10;

/// A file as it comes in.
pub(crate) struct Import {
    context: Arc<Context>,
    file: FileReader,
    changes: StreamReader,
    spool: Spool,
    head: Option<Head>,
    /// What was counted, to be compared with what the file says of itself.
    counted: FileEnd,
    end: Option<FileEnd>,
    _until_done: OwnedSemaphorePermit,
}

/// Who wrote the file, once that is known and may be.
#[derive(Clone, Debug)]
struct Head {
    header: FileHeader,
    relation: Relation,
    key: PublicKey,
}

/// What became of a file.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// Who wrote it, and where it begins.
    pub(crate) header: FileHeader,
    /// What it holds.
    pub(crate) end: FileEnd,
    /// How much of it was news.
    pub(crate) applied: u64,
    /// How much was set aside.
    pub(crate) set_aside: u64,
    /// The last of the exporter's change numbers held now, with nothing missing before it.
    pub(crate) held: u64,
    /// Whether a file in between is missing.
    pub(crate) gap: bool,
    /// Whether it comes from an earlier life of the exporter.
    pub(crate) earlier_life: bool,
    /// The last of this node's change numbers that the exporter says it holds.
    pub(crate) acknowledged: u64,
}

/// How a file stands to what is held of its exporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// It goes on where what is held ends, or before.
    Follows,
    /// A file in between is missing.
    Gap,
    /// It is of an earlier life of the exporter.
    Earlier,
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
                self.head = Some(admit(&self.context, header).await?);
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
            FileSection::End(end) => {
                if end.frames != self.counted.frames || end.upto < self.counted.upto {
                    return Err(disagrees());
                }
                self.end = Some(end);
            }
        }
        Ok(())
    }

    /// Checks the end and the signature, then applies all of it.
    ///
    /// # Errors
    /// When the file is not whole, not what was written, or not signed by its exporter: then nothing
    /// was applied. When the node stops: the file can be imported again.
    pub(crate) async fn finish(self, trace: String) -> Result<Outcome, Refusal> {
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
        apply(&context, spool, head, end, trace).await
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
    let shown = PublicKey::from_bytes(&header.key);
    let shown = shown.map_or_else(|error| error.to_string(), |key| key.to_string());
    let Some(key) = context.config.link_keys.get(&exporter).copied() else {
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

async fn apply(
    context: &Arc<Context>,
    spool: Spool,
    head: Head,
    end: FileEnd,
    trace: String,
) -> Result<Outcome, Refusal> {
    let Head {
        header, relation, ..
    } = head;
    let peer = header.exporter;
    context.links.expect(peer, relation, "");
    let place = place(context, &header).await?;
    let mut outcome = Outcome {
        header,
        end,
        applied: 0,
        set_aside: 0,
        held: 0,
        gap: place == Place::Gap,
        earlier_life: place == Place::Earlier,
        acknowledged: 0,
    };
    let mut again = Again::new(spool)?;
    while let Some(changes) = again.next().await? {
        take(context, relation, place, changes, &mut outcome, &trace).await?;
    }
    if place == Place::Follows {
        // What the recipient may not see ends the file without a section of its own.
        let rest = ReadChanges {
            after: end.upto,
            upto: end.upto,
            documents: Vec::new(),
            cells: Vec::new(),
            unreadable: Vec::new(),
            trace_parent: String::new(),
        };
        take(context, relation, place, rest, &mut outcome, &trace).await?;
    }
    if place != Place::Earlier {
        outcome.acknowledged = acknowledge(context, &outcome.header, &trace).await?;
    }
    let mark = context.reader.read(|state| state.watermark(peer)).await?;
    outcome.held = mark.map_or(0, |mark| mark.upto);
    context.links.heard(peer);
    let Outcome {
        applied, set_aside, ..
    } = outcome;
    let gap = outcome.gap;
    tracing::info!(%peer, upto = end.upto, applied, set_aside, gap, "imported a file of a peer");
    Ok(outcome)
}

/// Where the file stands. An incarnation begins with the time when it began, so of two the smaller
/// one is the earlier life.
async fn place(context: &Context, header: &FileHeader) -> Result<Place, Refusal> {
    let known = context
        .reader
        .read(|state| state.watermark(header.exporter))
        .await?;
    Ok(match known {
        Some(known) if known.incarnation == header.incarnation => {
            if header.after <= known.upto {
                Place::Follows
            } else {
                Place::Gap
            }
        }
        Some(known) if known.incarnation > header.incarnation => Place::Earlier,
        Some(_) | None if header.after == 0 => Place::Follows,
        Some(_) | None => Place::Gap,
    })
}

async fn take(
    context: &Context,
    relation: Relation,
    place: Place,
    changes: ReadChanges,
    outcome: &mut Outcome,
    trace: &str,
) -> Result<(), Refusal> {
    let incoming = Incoming {
        from: outcome.header.exporter,
        relation,
        incarnation: outcome.header.incarnation,
        upto: changes.upto,
        documents: changes.documents,
        cells: changes.cells,
        unreadable: changes.unreadable,
    };
    let command = match place {
        Place::Follows => Command::Receive(incoming),
        Place::Gap | Place::Earlier => Command::ReceiveApart(incoming),
    };
    let taken = context
        .committer
        .submit_waiting(command, trace.to_owned())
        .await?;
    if let Answer::Received {
        applied,
        quarantined,
    } = taken
    {
        outcome.applied += u64::from(applied);
        outcome.set_aside += u64::from(quarantined);
    }
    Ok(())
}

/// Notes what the exporter holds of this node's changes; returns it. What it holds of another life
/// of this node, or beyond what this one has, says nothing.
async fn acknowledge(context: &Context, header: &FileHeader, trace: &str) -> Result<u64, Refusal> {
    let peer = header.exporter;
    let read = |state: &State| {
        let own = state.incarnation(context.incarnation);
        (own, state.last_change())
    };
    let (incarnation, last) = context.reader.read(read).await?;
    let upto = match header.holds {
        Some((of, upto)) if of == incarnation && upto <= last => upto,
        _ => 0,
    };
    let command = Command::NotePeerHolds(PeerHolds {
        peer,
        peer_incarnation: header.incarnation,
        incarnation,
        upto,
    });
    context
        .committer
        .submit_waiting(command, trace.to_owned())
        .await?;
    let noted = context
        .reader
        .read(|state| state.peer_holds(peer).map_or(0, |holds| holds.upto))
        .await?;
    context.links.holds(peer, noted);
    Ok(noted)
}

/// The sections of a file that was checked, read once more.
struct Again {
    spool: Spool,
    file: FileReader,
    changes: StreamReader,
}

impl Again {
    fn new(mut spool: Spool) -> Result<Self, Refusal> {
        spool.rewind().map_err(|error| spool_failed(&error))?;
        Ok(Self {
            spool,
            file: FileReader::default(),
            changes: StreamReader::new(),
        })
    }

    async fn next(&mut self) -> Result<Option<ReadChanges>, Refusal> {
        loop {
            match self.file.next_section().map_err(|fault| bad(&fault))? {
                Some(FileSection::Changes(packed)) => return self.changes.packed(packed).map(Some),
                Some(FileSection::Header(_) | FileSection::End(_)) => {}
                None => {
                    let bytes = self.spool.read(CHUNK);
                    let bytes = bytes.map_err(|error| spool_failed(&error))?;
                    if bytes.is_empty() {
                        return Ok(None);
                    }
                    self.file.feed(&bytes);
                }
            }
        }
    }
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
