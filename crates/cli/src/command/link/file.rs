//! Writing and reading link files.

mod notes;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use liandong_client::wire::link::v1;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use self::notes::{note, note_of_lives};
use crate::failure::{Failure, Verdict};
use crate::output::{Cell, Column, Format, Listing, Said};
use crate::progress;
use crate::session::Session;

/// How many bytes of a file travel at once.
const CHUNK: usize = 256 * 1024;

/// Writes beside each file and renames, so that a broken export is never taken for a whole one.
pub(super) async fn export(
    session: &Session,
    asked: v1::ExportLinkRequest,
    path: &Path,
) -> Result<Verdict, Failure> {
    let peer = asked.peer.clone();
    let in_parts = asked.part_bytes > 0;
    let mut pieces = session.client.link().export_link(asked).await?;
    let bar = progress::spinner();
    let mut writing: Option<Writing> = None;
    let mut written = Vec::new();
    let mut bytes: u64 = 0;
    let mut summary = None;
    while let Some(piece) = pieces.next_piece().await? {
        if let Some(last) = piece.summary {
            summary = Some(last);
            continue;
        }
        if writing.as_ref().is_none_or(|file| file.part != piece.part) {
            if let Some(whole) = writing.take() {
                written.push(whole.finish()?);
            }
            writing = Some(Writing::begin(path, piece.part, in_parts)?);
        }
        if let Some(file) = &mut writing {
            file.write(&piece.chunk)?;
        }
        bytes += piece.chunk.len() as u64;
        bar.set_message(indicatif::BinaryBytes(bytes).to_string());
    }
    let Some(summary) = summary else {
        return Err(Failure::file(path)(
            std::io::ErrorKind::UnexpectedEof.into(),
        ));
    };
    written.extend(writing.map(Writing::finish).transpose()?);
    bar.finish_and_clear();
    let v1::ExportLinkSummary {
        after,
        upto,
        documents,
        cells,
    } = summary;
    let files: Vec<String> = written
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let (shown, count) = (files.join(session.output.pick("、", ", ")), files.len());
    let said = Said::new(
        format!(
            "给 {peer} 的 {documents} 份文书、{cells} 个汇总格（第 {after} 号之后至第 {upto} 号变更）已写入 {shown}（{bytes} 字节）"
        ),
        format!(
            "wrote {documents} documents and {cells} cells for {peer} (changes after {after} up to {upto}) to {shown} ({bytes} bytes)"
        ),
    );
    let said = said
        .fact("peer", Cell::Text(peer))
        .fact("after", Cell::Count(after))
        .fact("upto", Cell::Count(upto))
        .fact("documents", Cell::Count(documents))
        .fact("cells", Cell::Count(cells))
        .fact("files", Cell::Count(count as u64))
        .fact("bytes", Cell::Count(bytes));
    session.output.said(&said)?;
    Ok(Verdict::Done)
}

/// A file that is being written; what is there when it is dropped unfinished is removed.
struct Writing {
    part: u32,
    path: PathBuf,
    unfinished: PathBuf,
    file: File,
    finished: bool,
}

impl Writing {
    fn begin(path: &Path, part: u32, in_parts: bool) -> Result<Self, Failure> {
        let mut name = path.as_os_str().to_owned();
        if in_parts {
            name.push(format!(".{part:03}"));
        }
        let path = PathBuf::from(&name);
        name.push(".part");
        let unfinished = PathBuf::from(name);
        let file = File::create(&unfinished).map_err(Failure::file(&unfinished))?;
        Ok(Self {
            part,
            path,
            unfinished,
            file,
            finished: false,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.file.write_all(bytes);
        written.map_err(Failure::file(&self.unfinished))
    }

    fn finish(mut self) -> Result<PathBuf, Failure> {
        let synced = self.file.sync_all();
        synced.map_err(Failure::file(&self.unfinished))?;
        let renamed = std::fs::rename(&self.unfinished, &self.path);
        renamed.map_err(Failure::file(&self.path))?;
        self.finished = true;
        Ok(self.path.clone())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.finished {
            // A rest that stays is overwritten by the next export.
            let _ = std::fs::remove_file(&self.unfinished);
        }
    }
}

const TAKEN: [Column; 9] = [
    Column::text("file", "文件", "file"),
    Column::text("exporter", "来自", "from"),
    Column::number("after", "起", "after"),
    Column::number("upto", "止", "up to"),
    Column::number("documents", "文书", "documents"),
    Column::number("cells", "汇总格", "cells"),
    Column::number("applied", "新采用", "new"),
    Column::number("set_aside", "搁置", "set aside"),
    Column::number("held", "连续收到", "held"),
];

/// Takes files, in the order of their names on the command line; one that is refused stops nothing
/// behind it.
pub(super) async fn import(session: &Session, paths: &[PathBuf]) -> Result<Verdict, Failure> {
    let mut listing = Listing::new(&TAKEN);
    let mut notes = Vec::new();
    let mut all_taken = true;
    for path in paths {
        match import_one(session, path).await {
            Ok(taken) => {
                all_taken &= !taken.forked;
                notes.extend(note(session, path, &taken));
                notes.extend(note_of_lives(session, path, &taken));
                listing.row(vec![
                    Cell::text(path.display().to_string()),
                    Cell::Text(taken.exporter),
                    Cell::Count(taken.after),
                    Cell::Count(taken.upto),
                    Cell::Count(taken.documents),
                    Cell::Count(taken.cells),
                    Cell::Count(taken.applied),
                    Cell::Count(taken.set_aside),
                    Cell::Count(taken.held),
                ]);
            }
            // The same for every file: the node is not there, or the path says what is wrong.
            Err(failure) if paths.len() == 1 && !is_about_the_file(&failure) => {
                return Err(failure);
            }
            Err(failure) => {
                let why = failure.message(session.language());
                let path = path.display();
                notes.push(session.output.pick(
                    format!("{path} 未导入：{why}"),
                    format!("{path} was not imported: {why}"),
                ));
                all_taken = false;
            }
        }
    }
    if !listing.is_empty() || session.output.format != Format::Table {
        session.output.listing(&listing)?;
    }
    for note in &notes {
        // Beside the listing, which programs read.
        crate::tell(note);
    }
    Ok(if all_taken {
        Verdict::Done
    } else {
        Verdict::Incomplete
    })
}

/// Whether the node refused the file, of which it does not know the name.
fn is_about_the_file(failure: &Failure) -> bool {
    matches!(failure, Failure::Client(error) if error.refusal().is_some())
}

async fn import_one(session: &Session, path: &Path) -> Result<v1::ImportLinkResponse, Failure> {
    let file = tokio::fs::File::open(path)
        .await
        .map_err(Failure::file(path))?;
    let size = file.metadata().await.map_err(Failure::file(path))?.len();
    let bar = progress::bytes(size);
    let (sender, receiver) = mpsc::channel::<std::io::Result<Vec<u8>>>(4);
    let reading = tokio::spawn(read_chunks(file, sender, bar.clone()));
    // A file that cannot be read to its end ends the stream early, which the node notices.
    let chunks = ReceiverStream::new(receiver).map_while(Result::ok);
    let answer = session.client.link().import_link(chunks).await;
    bar.finish_and_clear();
    if let Ok(Err(error)) = reading.await {
        return Err(Failure::file(path)(error));
    }
    Ok(answer?)
}

async fn read_chunks(
    mut file: tokio::fs::File,
    sender: mpsc::Sender<std::io::Result<Vec<u8>>>,
    bar: ProgressBar,
) -> std::io::Result<()> {
    loop {
        let mut chunk = vec![0; CHUNK];
        let read = match file.read(&mut chunk).await {
            Ok(read) => read,
            Err(error) => {
                let kind = error.kind();
                let _nobody_listens = sender.send(Err(kind.into())).await;
                return Err(error);
            }
        };
        chunk.truncate(read);
        bar.inc(read as u64);
        if read == 0 || sender.send(Ok(chunk)).await.is_err() {
            return Ok(());
        }
    }
}
