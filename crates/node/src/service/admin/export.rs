//! Exporting a region: what the journal says of it and of all below it, oldest first.

mod selection;

use std::sync::Arc;

use liandong_core::command::{Answer, Command};
use liandong_core::event::Event;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_core::state::State;
use liandong_store::history::History;
use liandong_store::record;
use liandong_wire::admin::Export;
use liandong_wire::admin::v1::ExportRegionResponse;
use liandong_wire::refusal;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::super::call::{Caller, internal, unexpected};
use super::format::{Header, Kind, MARK, Writer};
use super::import::MAX_EVENTS;
use crate::context::Context;
use crate::evidence::hand_over;
use selection::Selection;

/// Bytes of one message.
const CHUNK: usize = 512 << 10;
/// Messages that wait for a slow receiver.
const QUEUE: usize = 4;
/// Rows and documents that are put into one section.
const SECTION_ITEMS: usize = 4_096;
/// The most bytes of events that a region moves out with: what is reported between the measuring and
/// the move must not make it too large to be taken.
const MAX_MOVED: usize = MAX_EVENTS - (4 << 20);

/// Asks anew whether the caller may have it.
type Entitled = Box<dyn Fn() -> Result<(), Refusal> + Send>;

type Chunks = mpsc::Sender<Result<ExportRegionResponse, Status>>;

/// Begins an export. When the region moves, the node stops taking its reports before the journal
/// is read, so that the export holds everything that was ever accepted; an export that broke off
/// can be asked for again. `exporting` bounds how many read the journal at a time. Rights are asked for
/// again before every piece: one that ends, ends the export.
pub(super) async fn export(
    context: &Context,
    exporting: &Arc<Semaphore>,
    caller: &Caller,
    asked: Export,
    is_entitled: impl Fn() -> Result<(), Refusal> + Send + 'static,
) -> Result<ReceiverStream<Result<ExportRegionResponse, Status>>, Refusal> {
    let permit = Arc::clone(exporting).try_acquire_owned().map_err(|_| {
        let (zh, en) = (
            "正在导出，请稍后重试",
            "exports are running: try again later",
        );
        Refusal::advise(Reason::Overloaded, "", "", zh, en)
    })?;
    let region = asked.region;
    let hosted = context
        .reader
        .read(|state| require_held(state, region))
        .await??;
    if asked.move_out && hosted {
        require_importable(context, region).await?;
        let command = Command::MoveOut {
            region,
            handovers: hand_over(context, region).await?,
        };
        match context.committer.submit(command, caller.origin()).await? {
            Answer::Done => tracing::info!(%region, "the region has moved out"),
            other => return Err(unexpected(&other)),
        }
    }
    let catalogue = &context.catalogue;
    let mut selection = context
        .reader
        .read(|state| Selection::of(state, catalogue, region))
        .await?;
    let last = context.history.last();
    let header = Header {
        region,
        node: context.config.region,
        frame: last,
        moved: asked.move_out || !hosted,
    };
    let history = context.history.clone();
    let language = caller.language;
    let (chunks, stream) = mpsc::channel(QUEUE);
    tokio::task::spawn_blocking(move || {
        let _until_written = permit;
        let mut output = Output::new(chunks.clone(), Box::new(is_entitled));
        let written = write(&history, &mut selection, header, &mut output);
        if let Err(Stop::Failed(refused)) = written {
            // A receiver that went away needs no answer.
            let _ = chunks.blocking_send(Err(refusal::status(&refused, language)));
        }
    });
    Ok(ReceiverStream::new(stream))
}

/// Refuses to let a region move out whose history is more than any node takes: it could not come back
/// either.
async fn require_importable(context: &Context, region: RegionCode) -> Result<(), Refusal> {
    let catalogue = &context.catalogue;
    let mut selection = context
        .reader
        .read(|state| Selection::of(state, catalogue, region))
        .await?;
    let history = context.history.clone();
    let measuring = tokio::task::spawn_blocking(move || {
        let last = history.last();
        let mut bytes = 0;
        let mut measure = |events: &[Event]| {
            let payload = record::encode(events).map_err(|error| failed(&error, "events"))?;
            bytes += payload.len();
            Ok(())
        };
        select(&history, &mut selection, last, &mut measure)?;
        Ok(bytes)
    });
    let measured = measuring.await.map_err(|error| {
        tracing::error!(%error, "cannot measure an export");
        internal("export")
    })?;
    let bytes = match measured {
        Ok(bytes) => bytes,
        Err(Stop::Failed(refusal)) => return Err(refusal),
        // Nobody receives while it is measured.
        Err(Stop::Gone) => return Err(internal("export")),
    };
    if bytes <= MAX_MOVED {
        return Ok(());
    }
    let (is, most) = (bytes.div_ceil(1 << 20), MAX_MOVED >> 20);
    Err(Refusal::advise(
        Reason::TooLong,
        "region",
        region,
        format!("历史共 {is} MiB，至多可迁 {most} MiB：请先分别迁出其下的区划"),
        format!(
            "its history is {is} MiB and a node takes {most} MiB at most: move regions below it out first, one by one"
        ),
    ))
}

/// Whether the region is hosted; refuses one that never was.
fn require_held(state: &State, region: RegionCode) -> Result<bool, Refusal> {
    if state.hosts(region) {
        return Ok(true);
    }
    if state.has_moved_out(region) {
        return Ok(false);
    }
    let hosted = state.hosted().map(|(code, _)| code.to_string()).collect();
    let accepted = Accepted::OneOf(hosted);
    Err(Refusal::new(
        Reason::ForeignRegion,
        "region",
        region,
        accepted,
    ))
}

/// Why writing ends early.
enum Stop {
    /// Nobody receives any more.
    Gone,
    /// The node cannot go on.
    Failed(Refusal),
}

fn failed(error: &dyn std::error::Error, what: &str) -> Stop {
    tracing::error!(%error, what, "cannot export");
    Stop::Failed(internal(what))
}

fn write(
    history: &History,
    selection: &mut Selection,
    header: Header,
    output: &mut Output,
) -> Result<(), Stop> {
    output.bytes.extend_from_slice(MARK);
    output.section(Kind::Header, header.write().as_bytes())?;
    let last = header.frame;
    select(history, selection, last, &mut |events| {
        output.events(events)
    })?;
    let end = output.event_sections.to_string();
    output.section(Kind::End, end.as_bytes())?;
    output.send_rest()
}

/// Hands on what belongs to the region, up to a frame, in pieces of a section each.
fn select(
    history: &History,
    selection: &mut Selection,
    last: u64,
    take: &mut dyn FnMut(&[Event]) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut events: Vec<Event> = Vec::new();
    let mut items = 0;
    for batch in history.iter_from(1) {
        let (frame, batch) = batch.map_err(|error| failed(&error, "journal"))?;
        if frame > last {
            break;
        }
        for event in batch {
            let Some(event) = selection.part_of(event) else {
                continue;
            };
            items += weight(&event);
            events.push(event);
            if items >= SECTION_ITEMS {
                take(&events)?;
                events.clear();
                items = 0;
            }
        }
    }
    events.extend(selection.rest());
    if !events.is_empty() {
        take(&events)?;
    }
    Ok(())
}

fn weight(event: &Event) -> usize {
    match event {
        Event::Reports(batch) => batch.rows.len(),
        Event::Received(received) => received.cells.len() + received.documents.len() + 1,
        Event::Hosted { .. }
        | Event::MovedOut { .. }
        | Event::Put(_)
        | Event::SetAside(_)
        | Event::SetAsideFairly(_)
        | Event::Released(_)
        | Event::PeerHolds(_)
        | Event::LifeBegan(_)
        | Event::Met(_)
        | Event::Marked(_)
        | Event::Traced(_)
        | Event::Parted(_)
        | Event::Overtaken(_) => 1,
        Event::Healed(healed) => healed.cells.len() + healed.documents.len() + 1,
        Event::Withdrawn(cells) => cells.len(),
        Event::Attested(attested) => attested.documents.len(),
        Event::Repeated(repeated) => repeated.len(),
        Event::BureauReports(reports) => reports.indicators.len(),
    }
}

/// Sections on their way to the receiver.
struct Output {
    chunks: Chunks,
    writer: Writer,
    bytes: Vec<u8>,
    event_sections: u64,
    is_entitled: Entitled,
}

impl Output {
    fn new(chunks: Chunks, is_entitled: Entitled) -> Self {
        Self {
            chunks,
            writer: Writer::default(),
            bytes: Vec::new(),
            event_sections: 0,
            is_entitled,
        }
    }

    fn events(&mut self, events: &[Event]) -> Result<(), Stop> {
        let payload = record::encode(events).map_err(|error| failed(&error, "events"))?;
        self.event_sections += 1;
        self.section(Kind::Events, &payload)
    }

    fn section(&mut self, kind: Kind, payload: &[u8]) -> Result<(), Stop> {
        let written = self.writer.section(kind, payload, &mut self.bytes);
        written.map_err(|error| failed(&error, "section"))?;
        while self.bytes.len() >= CHUNK {
            let chunk = self.bytes.drain(..CHUNK).collect();
            self.send(chunk)?;
        }
        Ok(())
    }

    fn send_rest(&mut self) -> Result<(), Stop> {
        let rest = std::mem::take(&mut self.bytes);
        self.send(rest)
    }

    fn send(&self, chunk: Vec<u8>) -> Result<(), Stop> {
        (self.is_entitled)().map_err(Stop::Failed)?;
        let sent = self
            .chunks
            .blocking_send(Ok(ExportRegionResponse { chunk }));
        sent.map_err(|_| Stop::Gone)
    }
}
