//! Arbitrary values of core for the tests of the conversions.

mod aid;
mod plan;

use jiff::Timestamp;
use jiff::civil::Date;
use liandong_core::aid::{AidConsent, AidEntry};
use liandong_core::document::{Body, CellDocument, Document, Kind, Roster};
use liandong_core::handover::Handover;
use liandong_core::indicator::{Direction, Indicator, IndicatorCode, IndicatorKind};
use liandong_core::period::{Period, PeriodKind};
use liandong_core::plan::Comment;
use liandong_core::region::{Level, Region, RegionCode, RegionKind};
use liandong_core::rollup::Sums;
use liandong_core::seal::Seal;
use liandong_core::step::{Action, Step};
use liandong_core::task::{Task, TaskProgress};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, any};
use proptest::sample::select;
use proptest::strategy::BoxedStrategy;

use aid::{aid_project, aid_summary, fact, pairing};
use plan::{plan, target};

pub(crate) fn region_code() -> impl Strategy<Value = RegionCode> + Clone {
    "[0-9A-Za-z-]{1,23}".prop_map(|text| text.parse().expect("a region code"))
}

pub(crate) fn indicator_code() -> impl Strategy<Value = IndicatorCode> + Clone {
    "[0-9a-z-]{1,47}".prop_map(|text| text.parse().expect("an indicator code"))
}

pub(crate) fn period() -> impl Strategy<Value = Period> + Clone {
    (select(&PeriodKind::ALL[..]), date()).prop_map(|(kind, day)| {
        Period::containing(kind, day).expect("a day between the first and the last year")
    })
}

fn date() -> impl Strategy<Value = Date> + Clone {
    (1950i16..2199, 1i8..=12, 1i8..=28)
        .prop_map(|(year, month, day)| Date::new(year, month, day).expect("a date"))
}

fn text() -> impl Strategy<Value = String> + Clone {
    "[\\PC]{0,12}"
}

fn step() -> impl Strategy<Value = Step> + Clone {
    let at = (-5_000_000_000_000_000i64..5_000_000_000_000_000)
        .prop_map(|micros| Timestamp::from_microsecond(micros).expect("a moment"));
    let parts = (select(&Action::ALL[..]), text(), at, text());
    parts.prop_map(|(action, by, at, why)| Step {
        action,
        by,
        at,
        why,
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> + Clone {
    vec(step(), 0..4)
}

fn region() -> impl Strategy<Value = Region> {
    let parts = (
        region_code(),
        text(),
        option::of(region_code()),
        select(&Level::ALL[..]),
        select(&RegionKind::ALL[..]),
    );
    parts.prop_map(|(code, name, parent, level, kind)| Region {
        code,
        name,
        parent,
        level,
        kind,
    })
}

fn indicator() -> impl Strategy<Value = Indicator> {
    let kinds = [
        IndicatorKind::Count,
        IndicatorKind::Money,
        IndicatorKind::Ratio,
        IndicatorKind::Milestone,
        IndicatorKind::RatioOfRatios,
    ];
    let names = (
        indicator_code(),
        text(),
        text(),
        text(),
        text(),
        option::of(text()),
    );
    let rules = (
        select(kinds.to_vec()),
        select(vec![Direction::Up, Direction::Down, Direction::Zero]),
        any::<bool>(),
        option::of([indicator_code(), indicator_code()]),
        select(&PeriodKind::ALL[..]),
        vec(select(&RegionKind::ALL[..]), 0..4),
    );
    (names, rules).prop_map(|(names, rules)| {
        let (code, name, name_en, unit, numerator, denominator) = names;
        let (kind, direction, numerator_may_exceed, of, period, reported_by) = rules;
        Indicator {
            code,
            name,
            name_en,
            unit,
            kind,
            direction,
            numerator,
            denominator,
            numerator_may_exceed,
            of,
            period,
            reported_by,
        }
    })
}

fn task() -> impl Strategy<Value = Task> {
    let names = (region_code(), text(), text(), text(), region_code());
    let parts = (
        names,
        vec(target(), 0..3),
        option::of(date()),
        steps(),
        any::<u32>(),
    );
    parts.prop_map(|(names, targets, due, steps, reviewed)| {
        let (plan_issuer, plan, item, name, assignee) = names;
        Task {
            plan_issuer,
            plan,
            item,
            name,
            assignee,
            targets,
            due,
            steps,
            reviewed,
        }
    })
}

/// A body of the kind.
fn body(kind: Kind) -> BoxedStrategy<Body> {
    match kind {
        Kind::Region => region().prop_map(Body::Region).boxed(),
        Kind::Roster => {
            let units = btree_map(select(&RegionKind::ALL[..]), any::<u32>(), 0..5);
            (units, any::<u32>(), any::<u32>())
                .prop_map(|(units, bureaus, standing_in)| {
                    Body::Roster(Roster {
                        units,
                        bureaus,
                        standing_in,
                    })
                })
                .boxed()
        }
        Kind::Indicator => indicator().prop_map(Body::Indicator).boxed(),
        Kind::Plan => plan().prop_map(Body::Plan).boxed(),
        Kind::Comment => (region_code(), text(), text(), text(), step())
            .prop_map(|(issuer, plan, item, text, made)| {
                Body::Comment(Comment {
                    issuer,
                    plan,
                    item,
                    text,
                    made,
                })
            })
            .boxed(),
        Kind::Task => task().prop_map(Body::Task).boxed(),
        Kind::TaskProgress => (region_code(), text(), steps())
            .prop_map(|(issuer, task, steps)| {
                Body::TaskProgress(TaskProgress {
                    issuer,
                    task,
                    steps,
                })
            })
            .boxed(),
        Kind::Pairing => pairing().prop_map(Body::Pairing).boxed(),
        Kind::AidProject => aid_project().prop_map(Body::AidProject).boxed(),
        Kind::AidConsent => (region_code(), text(), any::<u64>(), step())
            .prop_map(|(proposer, project, version, step)| {
                Body::AidConsent(AidConsent {
                    proposer,
                    project,
                    version,
                    step,
                })
            })
            .boxed(),
        Kind::AidEntry => (region_code(), text(), fact(), steps())
            .prop_map(|(proposer, project, fact, steps)| {
                Body::AidEntry(AidEntry {
                    proposer,
                    project,
                    fact,
                    steps,
                })
            })
            .boxed(),
        Kind::AidSummary => aid_summary().prop_map(Body::AidSummary).boxed(),
        Kind::Seal => any::<(u64, u64, [u8; 32])>()
            .prop_map(|(upto, cells, root)| Body::Seal(Seal { upto, cells, root }))
            .boxed(),
        Kind::Handover => (region_code(), any::<u64>())
            .prop_map(|(from, since)| Body::Handover(Handover { from, since }))
            .boxed(),
    }
}

/// A document of the kind.
pub(crate) fn document(kind: Kind) -> impl Strategy<Value = Document> {
    let parts = (region_code(), "[\\PC]{1,20}", any::<u64>(), body(kind));
    parts.prop_map(|(owner, id, version, body)| Document {
        owner,
        id,
        version,
        body,
    })
}

/// Cells of few regions, indicators and periods, so that they share groups; any sums a node can
/// hold, and versions near and far.
pub(crate) fn cells() -> impl Strategy<Value = Vec<CellDocument>> {
    let names = (
        vec(region_code(), 1..4),
        vec(indicator_code(), 1..20),
        vec(period(), 1..3),
    );
    names.prop_flat_map(|(regions, indicators, periods)| {
        let sums = (any::<i64>(), any::<i64>(), any::<u32>(), any::<u32>());
        let sums = sums.prop_map(|(numerator, denominator, one, other)| Sums {
            numerator,
            denominator,
            reported: one.max(other),
            on_time: one.min(other),
        });
        let plain = (0i64..100_000, 0u32..300).prop_map(|(numerator, reported)| Sums {
            numerator,
            denominator: 0,
            reported,
            on_time: reported,
        });
        let any_sums = proptest::prop_oneof![sums, plain, Just(Sums::default())];
        let version = proptest::prop_oneof![any::<u64>(), 1u64..50];
        let cell = (
            select(regions),
            select(indicators),
            select(periods),
            any_sums,
            version,
        );
        let cell = cell.prop_map(|(region, indicator, period, sums, version)| CellDocument {
            region,
            indicator,
            period,
            sums,
            version,
        });
        vec(cell, 0..80)
    })
}
