//! Portions are handed out and put back without an engine.

use std::time::{Duration, Instant};

use super::{Left, PORTION, Part, Shared};
use crate::fuzz::engine::{Ended, Found, Limits, Ran};
use crate::fuzz::targets::TARGETS;

fn shared(asked: &[Left]) -> Shared {
    let parts = TARGETS.iter().zip(asked);
    Shared {
        parts: parts
            .map(|(target, asked)| Part::new(*target, *asked))
            .collect(),
        is_stopped: false,
        begun: Instant::now(),
    }
}

fn ran(limits: Limits, ended: Ended) -> Ran {
    Ran {
        found: Found {
            executions: limits.runs.div_ceil(2),
            ..Found::default()
        },
        took: Duration::from_secs(1),
        ended,
    }
}

#[test]
fn every_execution_that_was_asked_for_is_made() {
    let mut shared = shared(&[Left::Runs(10_000_000), Left::Runs(700)]);
    let mut portions = 0;
    while let Some(at) = shared.next() {
        let limits = shared.parts[at].take();
        shared.parts[at].note(limits, &ran(limits, Ended::Well));
        portions += 1;
        assert!(portions < 1_000, "it never ends");
    }
    let made: Vec<u64> = shared.parts.iter().map(|part| part.executions).collect();
    assert_eq!(made, [10_000_000, 700]);
    assert!(portions > 2, "{portions}");
}

#[test]
fn engines_spread_over_the_targets() {
    let time = Left::Time(PORTION * 3);
    let mut shared = shared(&[time, time, Left::Time(PORTION)]);
    let mut chosen = Vec::new();
    while let Some(at) = shared.next() {
        shared.parts[at].take();
        chosen.push(at);
    }
    assert_eq!(chosen[..3], [0, 1, 2]);
    assert_eq!(chosen.len(), 7);
}

#[test]
fn what_is_broken_or_stopped_does_not_go_on() {
    let mut shared = shared(&[Left::Runs(9_000_000), Left::Runs(9_000_000)]);
    let limits = shared.parts[0].take();
    let broken = Ended::Broken("how".to_owned());
    shared.parts[0].note(limits, &ran(limits, broken));
    assert_eq!(shared.next(), Some(1));
    shared.is_stopped = true;
    assert_eq!(shared.next(), None);
}
