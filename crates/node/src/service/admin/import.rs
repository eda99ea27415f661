//! Importing a region that another node has exported.

use std::collections::BTreeSet;

use liandong_core::command::{Answer, Command};
use liandong_core::event::Event;
use liandong_core::refusal::{Accepted, Reason, Refusal};
use liandong_core::region::RegionCode;
use liandong_store::journal::MAX_PAYLOAD;
use liandong_store::record;
use liandong_wire::admin::v1::ImportRegionResponse;

use super::super::call::{Caller, unexpected};
use super::format::{FormatError, Header, Kind, Sections};
use crate::context::Context;

/// The most bytes of events that are taken: they are written as one journal frame, together with
/// what else is decided at that moment and with some numbers that take more room than before.
pub(super) const MAX_EVENTS: usize = MAX_PAYLOAD / 8 * 5;

/// Reads an export as it comes.
#[derive(Debug)]
pub(super) struct Reader {
    here: RegionCode,
    /// Regions that moved out of this node, and that nobody has heard of elsewhere.
    unheard: BTreeSet<RegionCode>,
    most_bytes: usize,
    sections: Sections,
    header: Option<Header>,
    ended: bool,
    bytes: usize,
    content: Content,
}

/// What an export holds.
#[derive(Debug, Default)]
struct Content {
    history: Vec<Event>,
    hosted: BTreeSet<RegionCode>,
    reports: u64,
    documents: u64,
}

impl Reader {
    /// Before the first byte comes to this node.
    pub(super) async fn new(context: &Context) -> Result<Self, Refusal> {
        let unheard = context
            .reader
            .read(|state| state.left_unheard().collect())
            .await?;
        Ok(Self::at(context.config.region, unheard, MAX_EVENTS))
    }

    fn at(here: RegionCode, unheard: BTreeSet<RegionCode>, most_bytes: usize) -> Self {
        Self {
            here,
            unheard,
            most_bytes,
            sections: Sections::default(),
            header: None,
            ended: false,
            bytes: 0,
            content: Content::default(),
        }
    }

    /// Whether the region comes home to the node that it left, where all that it has reported is: how
    /// a move is undone that nobody took up, however large the region is.
    fn comes_home(&self) -> bool {
        let header = self.header.as_ref();
        header
            .is_some_and(|header| header.node == self.here && self.unheard.contains(&header.region))
    }

    /// Takes some more bytes of the export.
    pub(super) fn take(&mut self, chunk: &[u8]) -> Result<(), Refusal> {
        self.sections.feed(chunk);
        while let Some((kind, payload)) = self.sections.next().map_err(|error| malformed(&error))? {
            self.section(kind, &payload)?;
        }
        Ok(())
    }

    fn section(&mut self, kind: Kind, payload: &[u8]) -> Result<(), Refusal> {
        let place = self.sections.count().saturating_sub(1);
        let out_of_order = || malformed(&FormatError::Order(place));
        match kind {
            Kind::Header if self.header.is_none() => {
                let header = Header::read(payload);
                self.header = Some(header.ok_or_else(|| malformed(&FormatError::Header))?);
                Ok(())
            }
            Kind::Events if self.header.is_some() && !self.ended => {
                let comes_home = self.comes_home();
                self.bytes += payload.len();
                if self.bytes > self.most_bytes && !comes_home {
                    return Err(too_large());
                }
                let events = record::decode(payload).map_err(|error| malformed(&error))?;
                self.content.add(events)?;
                if comes_home {
                    let stands = |event: &Event| {
                        matches!(event, Event::Hosted { .. } | Event::MovedOut { .. })
                    };
                    self.content.history.retain(stands);
                }
                Ok(())
            }
            Kind::End if self.header.is_some() && !self.ended => {
                // Header and end stand beside the sections of events.
                let counted = place.saturating_sub(1).to_string();
                if payload != counted.as_bytes() {
                    return Err(out_of_order());
                }
                self.ended = true;
                Ok(())
            }
            Kind::Header | Kind::Events | Kind::End => Err(out_of_order()),
        }
    }

    fn finish(self) -> Result<(Header, Content), Refusal> {
        match self.header {
            Some(header) if self.ended && !self.sections.has_rest() => Ok((header, self.content)),
            _ => Err(malformed(&FormatError::Short)),
        }
    }
}

impl Content {
    /// Takes events, oldest first. An export speaks of its own regions only.
    fn add(&mut self, events: Vec<Event>) -> Result<(), Refusal> {
        for event in events {
            let stranger = match &event {
                Event::Hosted { region, .. } => {
                    self.hosted.insert(region.code);
                    None
                }
                Event::Reports(batch) => {
                    self.reports += batch.rows.len() as u64;
                    batch
                        .sources
                        .iter()
                        .find(|source| !self.hosted.contains(source))
                        .copied()
                }
                Event::Put(document) => {
                    self.documents += 1;
                    Some(document.owner).filter(|owner| !self.hosted.contains(owner))
                }
                Event::Received(received) => {
                    self.documents += received.documents.len() as u64;
                    None
                }
                Event::MovedOut { .. }
                | Event::SetAside(_)
                | Event::SetAsideFairly(_)
                | Event::Released(_)
                | Event::PeerHolds(_)
                | Event::LifeBegan(_)
                | Event::Met(_)
                | Event::Marked(_)
                | Event::Traced(_)
                | Event::Parted(_)
                | Event::Overtaken(_)
                | Event::Withdrawn(_)
                | Event::Attested(_)
                | Event::Repeated(_)
                | Event::BureauReports(_) => None,
                Event::Healed(healed) => {
                    self.documents += healed.documents.len() as u64;
                    None
                }
            };
            if let Some(stranger) = stranger {
                let hosted = self.hosted.iter().map(ToString::to_string).collect();
                let accepted = Accepted::OneOf(hosted);
                return Err(Refusal::new(
                    Reason::ForeignRegion,
                    "chunk",
                    stranger,
                    accepted,
                ));
            }
            self.history.push(event);
        }
        Ok(())
    }
}

/// Takes over what was read; durable when this returns.
pub(super) async fn import(
    context: &Context,
    caller: &Caller,
    reader: Reader,
) -> Result<ImportRegionResponse, Refusal> {
    let (header, content) = reader.finish()?;
    let Header {
        region,
        node,
        frame,
        moved,
    } = header;
    if !moved {
        // Two nodes that both host a region would each count what the other does not know.
        return Err(Refusal::advise(
            Reason::NotAllowedNow,
            "region",
            region,
            format!("它仍由 {node} 的节点承载：请用 --move-out 重新导出"),
            format!("the node of {node} still hosts it: export it again with --move-out"),
        ));
    }
    let response = ImportRegionResponse {
        region: region.to_string(),
        regions: u32::try_from(content.hosted.len()).unwrap_or(u32::MAX),
        reports: content.reports,
        documents: content.documents,
    };
    let command = Command::MoveIn {
        region,
        history: content.history,
    };
    match context
        .committer
        .submit_waiting(command, caller.origin())
        .await?
    {
        Answer::Done => {
            tracing::info!(%region, %node, frame, reports = content.reports, "the region moved in");
            Ok(response)
        }
        other => Err(unexpected(&other)),
    }
}

fn malformed(error: &dyn std::error::Error) -> Refusal {
    Refusal::advise(
        Reason::Malformed,
        "chunk",
        "",
        format!("文件不是完整的导出：{error}"),
        format!("send the whole of an export, unchanged: {error}"),
    )
}

fn too_large() -> Refusal {
    let most = format!("<= {} MiB", MAX_EVENTS >> 20);
    Refusal::new(Reason::TooLong, "chunk", "", Accepted::Form(most))
}

#[cfg(test)]
mod tests;
