//! Arbitrary plans.

use liandong_core::plan::{Bound, Plan, PlanItem, PlanStatus, PlanText, Target};
use liandong_core::quantity::Exact;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any};
use proptest::sample::select;

use super::{date, indicator_code, period, region_code, steps, text};

fn exact() -> impl Strategy<Value = Exact> + Clone {
    let unit = select(vec!["", "%", "元"]);
    (0i64..1_000_000, 0usize..=6, any::<u16>(), unit).prop_map(|(whole, digits, rest, unit)| {
        let decimals = format!("{rest:06}");
        let number = if digits == 0 {
            format!("{whole}{unit}")
        } else {
            format!("{whole}.{}{unit}", &decimals[..digits])
        };
        number.parse().expect("a number")
    })
}

fn bound() -> impl Strategy<Value = Bound> + Clone {
    (exact(), 0..3).prop_map(|(value, which)| match which {
        0 => Bound::AtLeast(value),
        1 => Bound::AtMost(value),
        _ => Bound::Equals(value),
    })
}

pub(super) fn target() -> impl Strategy<Value = Target> + Clone {
    let parts = (
        indicator_code(),
        option::of(period()),
        option::of(bound()),
        text(),
    );
    parts.prop_map(|(indicator, due, bound, text)| Target {
        indicator,
        due,
        bound,
        text,
    })
}

pub(super) fn plan() -> impl Strategy<Value = Plan> {
    let offices = || vec(text(), 0..3);
    let item = (
        (text(), text(), text(), text(), text()),
        (offices(), offices(), offices()),
        vec(target(), 0..3),
    );
    let item = item.prop_map(|(words, offices, targets)| {
        let (number, group, name, content, goal) = words;
        let (lead, participants, offices) = offices;
        PlanItem {
            number,
            group,
            name,
            content,
            goal,
            lead,
            participants,
            offices,
            targets,
        }
    });
    let status = (0..3, date()).prop_map(|(which, until)| match which {
        0 => PlanStatus::Draft,
        1 => PlanStatus::Consultation { until },
        _ => PlanStatus::Issued,
    });
    let words = (text(), text(), text(), text(), text());
    let named = (
        option::of(region_code()),
        option::of(date()),
        option::of(date()),
    );
    let parts = (words, named, vec(item, 0..3), status, steps());
    parts.prop_map(|(words, named, items, status, steps)| {
        let (code, title, document, source, note) = words;
        let (issuer, issued_on, consultation_until) = named;
        let text = PlanText {
            code,
            title,
            document,
            issuer,
            issued_on,
            consultation_until,
            source,
            note,
            items,
        };
        Plan {
            text,
            status,
            steps,
        }
    })
}
