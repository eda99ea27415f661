//! The table of the parts of one region's figure, and whether it may stand beside their sum.

use super::{HiddenParts, Published};
use crate::indicator::Indicator;
use crate::privacy::{FEW, is_few, suppress};
use crate::query::Question;
use crate::region::RegionCode;
use crate::rollup::Sums;

/// How far below a region its parts are looked at. No real tree is this deep; two trees glued
/// together could form a loop that neither has, and what lies in one is hidden.
const DEEPEST: usize = 32;

pub(super) struct Table {
    parts: Vec<Part>,
    pub(super) shows_total: bool,
}

/// The figure of a region below, or, where `region` is `None`, what the region reported itself.
pub(super) struct Part {
    region: Option<RegionCode>,
    sums: Option<Sums>,
    shown: bool,
}

impl Part {
    fn counts(&self) -> bool {
        self.sums
            .is_some_and(|sums| sums.numerator > 0 || sums.denominator > 0)
    }
}

impl Published<'_, '_> {
    /// The parts of a region that is shown itself, or is not.
    pub(super) fn decide(
        &self,
        region: RegionCode,
        indicator: &Indicator,
        is_hidden: bool,
    ) -> HiddenParts {
        let parts = self.parts(region, indicator).collect();
        let Table {
            mut parts,
            shows_total,
        } = self.table(region, parts, indicator, 0);
        let none_hidden = parts.iter().all(|part| part.shown);
        if is_hidden
            && none_hidden
            && let Some(first) = parts.iter_mut().find(|part| part.counts())
        {
            // Or else the sum of the parts would be the figure.
            first.shown = false;
        }
        let hidden = parts.iter().filter(|part| !part.shown);
        HiddenParts {
            own: hidden.clone().any(|part| part.region.is_none()),
            rows: hidden.filter_map(|part| part.region).collect(),
            total: is_hidden || !shows_total,
        }
    }

    pub(super) fn parts(
        &self,
        region: RegionCode,
        indicator: &Indicator,
    ) -> impl Iterator<Item = Part> {
        let question = self.question;
        let (state, code) = (question.state, indicator.code);
        let period = question.period_of(indicator);
        let below = state.children(question.catalogue, region).into_iter();
        let below = below.map(move |child| Part {
            region: Some(child),
            sums: state.cell(child, code, period).map(|cell| cell.sums),
            shown: true,
        });
        let own = state.report(region, code, period);
        below.chain([Part {
            region: None,
            sums: own.map(|head| head.sums),
            shown: true,
        }])
    }

    /// The table of the parts of a region, as it is whatever stands above.
    pub(super) fn table(
        &self,
        region: RegionCode,
        mut parts: Vec<Part>,
        indicator: &Indicator,
        depth: usize,
    ) -> Table {
        let total = self.question.sums(region, indicator);
        let mut shows_total = true;
        for aspect in aspects(indicator) {
            let figures: Vec<Option<i64>> = parts
                .iter()
                .map(|part| part.sums.as_ref().map(aspect))
                .collect();
            let shown = suppress(&figures, aspect(&total));
            for (part, shown) in parts.iter_mut().zip(shown.figures) {
                part.shown &= shown;
            }
            shows_total &= shown.total;
        }
        for part in &mut parts {
            // What is hidden already needs no look at what it is made of.
            if let Some(child) = part.region.filter(|_| part.shown && part.sums.is_some()) {
                part.shown = self.shows_total(child, indicator, depth + 1);
            }
        }
        // One that is hidden alone is what the others leave of the sum.
        if shows_total && parts.iter().filter(|part| !part.shown).count() == 1 {
            let first = parts.iter().position(|part| !part.shown).unwrap_or(0);
            let around = (first + 1..parts.len()).chain(0..first);
            let mut larger = around.filter(|place| parts[*place].counts());
            match larger.next() {
                Some(place) => parts[place].shown = false,
                None => shows_total = false,
            }
        }
        Table { parts, shows_total }
    }

    /// Whether the parts of a region, whose sum is not few itself, leave it shown. As
    /// [`Published::table`] says, which is made only where a look at some of the parts does not tell.
    pub(super) fn shows_total(
        &self,
        region: RegionCode,
        indicator: &Indicator,
        depth: usize,
    ) -> bool {
        if depth >= DEEPEST {
            return false;
        }
        let key = (region, indicator.code);
        if let Some(known) = self.totals.borrow().get(&key) {
            return *known;
        }
        let question = self.question;
        if is_leaf(question, region) {
            // Its sum is its only part.
            return true;
        }
        let total = question.sums(region, indicator);
        let mut plenty = Plenty::new(indicator, &total);
        let mut parts = Vec::new();
        let mut shown = plenty.suffices();
        for part in self.parts(region, indicator) {
            if shown {
                break;
            }
            plenty.add(&part);
            shown = plenty.suffices();
            parts.push(part);
        }
        let shown = shown || self.table(region, parts, indicator, depth).shows_total;
        self.totals.borrow_mut().insert(key, shown);
        shown
    }
}

fn is_leaf(question: &Question<'_>, region: RegionCode) -> bool {
    question.state.tree().children(region).is_empty()
        && question.catalogue.regions.children(region).is_empty()
}

/// Tells of a table, of which only some parts have been seen, that its sum is shown. In each aspect
/// one of these is enough, whatever else there is: two figures so large that one of them hides all
/// the few beside it and the other stays shown; several few that hide each other; a sum of nothing,
/// whose parts are all nothing.
struct Plenty {
    aspects: &'static [fn(&Sums) -> i64],
    /// What has been seen in each aspect; `None` where none of it can be told so.
    seen: Option<[Seen; 3]>,
}

#[derive(Clone, Copy, Default)]
struct Seen {
    is_nothing: bool,
    large: u8,
    few: i64,
    /// Few that are more than one, and less than the most.
    above_least: bool,
    below_most: bool,
}

impl Seen {
    fn suffices(self) -> bool {
        let few_hide = self.few > FEW && self.above_least && self.below_most;
        self.is_nothing || self.large >= 2 || few_hide
    }
}

impl Plenty {
    /// The next larger figure is hidden with the few, and that does when it is larger than the
    /// smallest that it could be.
    const LARGE: i64 = FEW + 2;

    fn new(indicator: &Indicator, total: &Sums) -> Self {
        let aspects = aspects(indicator);
        let mut seen = [Seen::default(); 3];
        for (place, seen) in seen.iter_mut().enumerate() {
            seen.is_nothing = aspects.get(place).is_none_or(|aspect| aspect(total) == 0);
        }
        // Where what is counted may be more than what it is counted out of, the rest may be less
        // than nothing.
        let untold =
            indicator.numerator_may_exceed || aspects.iter().any(|aspect| is_few(aspect(total)));
        Self {
            aspects,
            seen: (!untold).then_some(seen),
        }
    }

    fn add(&mut self, part: &Part) {
        let (Some(seen), Some(sums)) = (&mut self.seen, &part.sums) else {
            return;
        };
        for (seen, aspect) in seen.iter_mut().zip(self.aspects) {
            let figure = aspect(sums);
            if figure >= Self::LARGE {
                seen.large = seen.large.saturating_add(1);
            } else if is_few(figure) {
                seen.few += figure;
                seen.above_least |= figure > 1;
                seen.below_most |= figure < FEW;
            }
        }
    }

    fn suffices(&self) -> bool {
        let all = |seen: [Seen; 3]| seen.into_iter().all(Seen::suffices);
        self.seen.is_some_and(all)
    }
}

/// What a reader could take from a figure: what is counted, what it is counted out of, and the rest.
fn aspects(indicator: &Indicator) -> &'static [fn(&Sums) -> i64] {
    if indicator.kind.has_denominator() {
        &[
            |sums| sums.numerator,
            |sums| sums.denominator,
            |sums| sums.denominator.saturating_sub(sums.numerator),
        ]
    } else {
        &[|sums| sums.numerator]
    }
}
