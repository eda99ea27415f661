//! What a node has for the stages, and a batch's way through it.

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use liandong_core::audit::{Actor, Deed, Entry};
use liandong_core::command::{Answer, Command};
use liandong_core::decide::{Setting, apply, decide};
use liandong_core::document::CellDocument;
use liandong_core::event::Event;
use liandong_core::language::Language;
use liandong_core::report::Outcome;
use liandong_core::state::State;
use liandong_store::journal::{Journal, JournalOptions};
use liandong_store::record::Batch;
use liandong_wire::bytes::{decode_sharing, encode};
use liandong_wire::progress::{ReadBatch, UnreadPush, push_response};
use tempfile::TempDir;

use crate::county::County;
use crate::stage::{Meter, Stage};

/// When everything is decided: the year is over.
const TODAY: Date = date(2026, 1, 8);
/// The same moment in seconds since 1970.
const NOW: i64 = 1_767_830_400;
const GRACE_DAYS: u16 = 10;
/// Room for a year of figures; nothing is measured where segments change.
const SEGMENT_BYTES: u64 = 8 << 20;

/// A county's node as far as batches go through it.
#[derive(Debug)]
pub struct Path<'a> {
    county: &'a County,
    state: State,
    journal: Option<(Journal, TempDir)>,
    now: Timestamp,
    frame: u64,
}

impl<'a> Path<'a> {
    /// A node that hosts the county and its schools and has no figures yet; with a journal in a
    /// folder for temporary files if asked for, or else without the stage.
    ///
    /// # Errors
    /// When the folder cannot be written, or the county cannot be hosted.
    pub fn new(county: &'a County, with_journal: bool) -> Result<Self> {
        let mut path = Self {
            county,
            state: State::default(),
            journal: with_journal.then(journal).transpose()?,
            now: Timestamp::from_second(NOW)?,
            frame: 0,
        };
        let host = Command::Host {
            regions: county.regions()?,
            configured: true,
        };
        let decision = decide(&path.state, host, &path.setting())?;
        path.frame += 1;
        apply(&mut path.state, decision.events, path.frame, |_| {});
        Ok(path)
    }

    fn setting(&self) -> Setting<'a> {
        Setting {
            now: self.now,
            today: TODAY,
            catalogue: &self.county.catalogue,
            grace_days: GRACE_DAYS,
            here: self.county.code,
            frame: self.frame + 1,
        }
    }

    /// Takes a request through all stages; what became of its rows. One that changes nothing gets no
    /// further than the decision and has its answer.
    ///
    /// # Errors
    /// When the request is none, or a row is refused.
    pub fn push(
        &mut self,
        request: Vec<u8>,
        meter: &mut impl Meter,
    ) -> Result<Vec<(u32, Outcome)>> {
        let request: UnreadPush = meter.around(Stage::Decode, || decode_sharing(request))?;
        let batch = request.batch.context("a request without a batch")?;
        let read = meter.around(Stage::Check, || ReadBatch::try_from(batch))?;
        let (Some(push), _) = read.split() else {
            bail!("a row cannot be read");
        };
        let setting = self.setting();
        let command = Command::PushReports(push);
        let state = &mut self.state;
        let decision = meter.around(Stage::Decide, || decide(state, command, &setting))?;
        if !decision.events.is_empty() {
            self.frame = setting.frame;
            let before = self.state.last_change();
            let (state, frame) = (&mut self.state, self.frame);
            let mut events = Vec::with_capacity(1);
            let keep = |event| events.push(event);
            meter.around(Stage::Fold, || apply(state, decision.events, frame, keep));
            let record = meter.around(Stage::Encode, || record(&events, self.now))?;
            if let Some((journal, _)) = &mut self.journal {
                meter.around(Stage::Append, || append(journal, &record))?;
            }
            drop(meter.around(Stage::List, || self.above_after(before)));
        }
        let Answer::Reports(outcomes) = decision.answer else {
            bail!("a push is not answered with what became of its rows");
        };
        let told = outcomes.clone();
        let answer = meter.around(Stage::Answer, || {
            encode(&push_response(told, false, Language::Zh))
        });
        drop(answer);
        Ok(outcomes)
    }

    /// What the node above is told of the changes after this one.
    fn above_after(&self, change: u64) -> Vec<CellDocument> {
        let goes_up = |region| self.state.cell_goes_up(self.county.code, region);
        let changes = &self.state;
        let found = changes.changes_after(change, usize::MAX, |_| true, goes_up, true);
        found.cells
    }

    /// Every figure that is held, in the order of the last changes.
    pub fn figures(&self) -> Vec<CellDocument> {
        let found = self
            .state
            .changes_after(0, usize::MAX, |_| false, |_| true, true);
        found.cells
    }

    /// How many cells differ when they are counted again from the reports.
    pub fn differing(&self) -> usize {
        self.state.recount().1.len()
    }
}

fn journal() -> Result<(Journal, TempDir)> {
    let folder = tempfile::tempdir()?;
    let options = JournalOptions {
        segment_bytes: SEGMENT_BYTES,
        free_floor: 0,
        prepare_ahead: false,
        ..JournalOptions::default()
    };
    let (journal, _) = Journal::open(folder.path(), options, 1, &mut |_, _| Ok(()))?;
    Ok((journal, folder))
}

fn append(journal: &mut Journal, record: &Batch) -> Result<()> {
    let (head, events) = record.parts()?;
    journal.append_checked(&[&head, events])?;
    Ok(())
}

fn record(events: &[Event], now: Timestamp) -> Result<Batch> {
    let mut batch = Batch::new();
    for event in events {
        batch.push(event)?;
    }
    let entry = Entry {
        actor: 0,
        deed: Deed::PushReports,
        first: 0,
        events: u32::try_from(events.len())?,
        author: None,
    };
    batch.note(now.as_microsecond(), &Actor::Local, entry)?;
    Ok(batch)
}
