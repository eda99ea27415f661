//! Figures that went back: the node that tells of them began a new life with older data, or with
//! none, and told above what it had told before. What reports had made of them since is nowhere but
//! here, so it is listed with the figure that was held, until that is reached again or a person has
//! seen to it. One that its node tells as nothing was seen to: that is only told when a person there
//! has taken the figure back. What finds no room in the list is counted there.

use std::ops::RangeInclusive;

use crate::document::CellDocument;
use crate::event::{Content, Quarantined, Subject, Unapplied};
use crate::region::RegionCode;
use crate::rollup::Sums;
use crate::state::fold::EPOCH_SHIFT;
use crate::state::{SetAside, State, Watermark};

/// The most figures of one peer that are listed: each cell that is told is compared with them.
const MOST_OF_A_PEER: usize = 500;

/// The most figures of all peers that are listed: as many as memory and a listing bear.
const MOST: usize = 2_000;

/// The code of the reason.
const REASON: &str = "WENT_BACK";

/// Figures of one peer's that went back.
pub(super) struct WentBack<'a> {
    state: &'a State,
    from: RegionCode,
    /// The change number of this node up to which what is held is of an earlier life of the peer.
    earlier: Option<u64>,
    /// The change numbers that the batch covers, of the node that tells it.
    numbers: RangeInclusive<u64>,
    listed: Vec<&'a SetAside>,
    room: usize,
    unlisted: u32,
    found: Vec<Unapplied>,
    reached: Vec<Subject>,
}

/// What was found of figures that went back.
pub(super) struct Found {
    /// What is to be listed.
    pub(super) found: Vec<Unapplied>,
    /// What is listed and was reached again, or is listed anew.
    pub(super) reached: Vec<Subject>,
    /// How many there was no room for.
    pub(super) unlisted: u32,
}

impl<'a> WentBack<'a> {
    pub(super) fn of(state: &'a State, from: RegionCode, told: Watermark) -> Self {
        let known = state.watermark(from);
        let same_life = known.filter(|known| known.incarnation == told.incarnation);
        let after = same_life.map_or(0, |known| known.upto.min(told.upto));
        // What comes late of a life that has ended takes nothing back: that is what went back.
        let has_ended = known.is_some_and(|known| known.incarnation > told.incarnation);
        let earlier = state.earlier_life_of(from, told.incarnation);
        let all = state.set_aside().iter();
        let figures = all.filter(|known| known.subject.is_lost_figure());
        let (mut of_all, mut of_peer) = (0, 0);
        for known in figures.clone() {
            let is_listed = !known.subject.is_unlisted_figures();
            of_all += usize::from(is_listed);
            of_peer += usize::from(is_listed && known.from == from);
        }
        let room = MOST.saturating_sub(of_all);
        let room = room.min(MOST_OF_A_PEER.saturating_sub(of_peer));
        Self {
            state,
            from,
            earlier: earlier.filter(|_| !has_ended),
            numbers: after..=told.upto,
            listed: figures.filter(|known| known.from == from).collect(),
            room,
            unlisted: 0,
            found: Vec::new(),
            reached: Vec::new(),
        }
    }

    /// Looks at a cell that is about to take the place of what is held of it.
    pub(super) fn look(&mut self, cell: &CellDocument) {
        let held = self.state.cell(cell.region, cell.indicator, cell.period);
        if let (Some(held), Some(earlier)) = (held, self.earlier)
            && (held.change <= earlier || self.state.is_unowned_cell(&cell.name()))
            && self.is_by_its_node(held.version, cell.version)
        {
            self.list(cell, held.sums, held.version);
        }
        let subject = (!self.listed.is_empty()).then(|| cell.subject());
        let Some(subject) = subject else {
            return;
        };
        let mut reached = Vec::new();
        for (known, lost) in self.known(&subject) {
            if lost == Some(cell.sums) || is_taken_back(cell) {
                reached.push(known.subject.clone());
            }
        }
        self.reached.append(&mut reached);
    }

    /// Whether the node that tells of a cell counted it itself, and not one below that may be in the
    /// same life as ever: it begins a life with a new epoch, and where two lives began with one
    /// backup in the same, it has numbered the cell among the changes that it tells of now.
    fn is_by_its_node(&self, held: u64, told: u64) -> bool {
        let number = told & ((1 << EPOCH_SHIFT) - 1);
        held >> EPOCH_SHIFT < told >> EPOCH_SHIFT || self.numbers.contains(&number)
    }

    fn list(&mut self, cell: &CellDocument, held: Sums, version: u64) {
        let is_nothing = held == Sums::default();
        let subject = cell.subject();
        if is_nothing
            || is_taken_back(cell)
            || held == cell.sums
            || self.known(&subject).any(|(_, lost)| lost == Some(held))
        {
            return;
        }
        if self.room == 0 {
            self.unlisted = self.unlisted.saturating_add(1);
            return;
        }
        self.room -= 1;
        let what = format!("figure {}/{} version {version}", subject.owner, subject.id);
        let message = format!(
            "its node began anew with older data or none: {} before, {} now; what was reported in \
             between has to be reported again",
            shown(&held),
            shown(&cell.sums)
        );
        self.found.push(Unapplied {
            subject: Subject {
                kind: Subject::LOST_FIGURE.to_owned(),
                version,
                ..subject
            },
            what: Quarantined {
                what,
                reason: REASON.to_owned(),
                message,
            },
            content: Content::Cell(CellDocument {
                sums: held,
                version,
                ..*cell
            }),
        });
    }

    /// What is to be listed, and what is done with.
    pub(super) fn done(mut self) -> Found {
        if self.unlisted > 0 {
            self.count_unlisted();
        }
        Found {
            found: self.found,
            reached: self.reached,
            unlisted: self.unlisted,
        }
    }

    /// One line stands for all that there was no room for, those of before among them.
    fn count_unlisted(&mut self) {
        let mut listed = self.listed.iter();
        let before = listed.find(|known| known.subject.is_unlisted_figures());
        let count = before.map_or(0, |known| known.subject.version) + u64::from(self.unlisted);
        self.reached
            .extend(before.map(|known| known.subject.clone()));
        let what = Quarantined {
            what: format!("{count} more figures of {}", self.from),
            reason: REASON.to_owned(),
            message: format!(
                "{count} more figures went back than there was room to list, which of them is not \
                 known any more; what was reported to their node after its backup has to be reported \
                 again"
            ),
        };
        self.found.push(Unapplied {
            subject: Subject {
                kind: Subject::LOST_FIGURE.to_owned(),
                owner: self.from.to_string(),
                id: String::new(),
                version: count,
            },
            what,
            content: Content::Nothing,
        });
    }

    /// What is listed of a cell, each with what was lost: it may have gone back more than once.
    fn known(&self, cell: &Subject) -> impl Iterator<Item = (&'a SetAside, Option<Sums>)> {
        let is_it = |known: &&&SetAside| {
            let subject = &known.subject;
            (&subject.owner, &subject.id) == (&cell.owner, &cell.id)
        };
        self.listed.iter().filter(is_it).map(|known| {
            let lost = match &known.content {
                Content::Cell(lost) => Some(lost.sums),
                _ => None,
            };
            (*known, lost)
        })
    }
}

fn is_taken_back(cell: &CellDocument) -> bool {
    cell.sums == Sums::default()
}

fn shown(sums: &Sums) -> String {
    let Sums {
        numerator,
        denominator,
        reported,
        ..
    } = sums;
    format!("numerator {numerator}, denominator {denominator}, {reported} reported")
}
