//! Arbitrary documents of aid between regions.

use liandong_core::aid::{AidFact, AidProject, AidSummary, Milestone, PairingKind, PairingSide};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any};
use proptest::sample::select;

use super::{date, region_code, steps, text};

pub(super) fn pairing() -> impl Strategy<Value = PairingSide> {
    let agreed = (
        region_code(),
        select(&PairingKind::ALL[..]),
        text(),
        date(),
        option::of(date()),
    );
    let parts = (agreed, steps(), any::<bool>(), any::<bool>());
    parts.prop_map(|(agreed, steps, signed, ended)| {
        let (partner, kind, terms, from, until) = agreed;
        PairingSide {
            partner,
            kind,
            terms,
            from,
            until,
            steps,
            signed,
            ended,
        }
    })
}

pub(super) fn aid_project() -> impl Strategy<Value = AidProject> {
    let milestone = (any::<u32>(), text(), date(), region_code());
    let milestone = milestone.prop_map(|(number, title, due, owner)| Milestone {
        number,
        title,
        due,
        owner,
    });
    let words = (text(), text(), text());
    let sides = (region_code(), region_code());
    let parts = (words, sides, any::<i64>(), vec(milestone, 0..3), steps());
    parts.prop_map(|(words, sides, fund, milestones, steps)| {
        let (pairing, name, content) = words;
        let (donor, recipient) = sides;
        AidProject {
            pairing,
            name,
            content,
            donor,
            recipient,
            fund,
            milestones,
            steps,
        }
    })
}

pub(super) fn fact() -> impl Strategy<Value = AidFact> {
    let parts = (
        0..6,
        any::<i64>(),
        any::<u32>(),
        date(),
        date(),
        text(),
        text(),
    );
    parts.prop_map(|(which, amount, count, on, until, one, two)| match which {
        0 => AidFact::Disbursement {
            amount,
            on,
            purpose: one,
        },
        1 => AidFact::Receipt {
            disbursement: one,
            amount,
            on,
        },
        2 => AidFact::Expenditure {
            amount,
            on,
            purpose: one,
        },
        3 => AidFact::Placement {
            teachers: count,
            from: on,
            until,
            subject: one,
            host: two,
        },
        4 => AidFact::PlacementConfirmed {
            placement: one,
            teachers: count,
        },
        _ => AidFact::MilestoneReached { number: count, on },
    })
}

pub(super) fn aid_summary() -> impl Strategy<Value = AidSummary> {
    let names = (region_code(), text(), text(), region_code(), region_code());
    let parts = (names, any::<bool>(), any::<[i64; 4]>(), any::<[u32; 5]>());
    parts.prop_map(|(names, agreed, amounts, counts)| {
        let (proposer, project, name, donor, recipient) = names;
        let [fund, disbursed, received, spent] = amounts;
        let [
            milestones,
            milestones_reached,
            teachers_sent,
            teachers_confirmed,
            differences,
        ] = counts;
        AidSummary {
            proposer,
            project,
            name,
            donor,
            recipient,
            agreed,
            fund,
            disbursed,
            received,
            spent,
            milestones,
            milestones_reached,
            teachers_sent,
            teachers_confirmed,
            differences,
        }
    })
}
