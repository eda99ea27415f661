//! How deep and for how long statements are asked for.

use std::collections::BTreeSet;
use std::future::pending;

use liandong_core::identity::Identity;
use liandong_core::proof::{DEEPEST, Figure, JournalPlace, Part, Statement};
use liandong_core::refusal::Reason;
use liandong_core::rollup::Sums;
use tokio::time::timeout;

use super::wanted::Wanted;
use super::{LONGEST, in_time};

/// A statement that leans on one other.
fn leaning(region: &str, below: &str) -> Statement {
    let sums = Sums {
        numerator: 3,
        denominator: 0,
        reported: 1,
        on_time: 1,
    };
    Statement {
        figure: Figure {
            region: region.parse().expect("a region"),
            indicator: "schools".parse().expect("an indicator"),
            period: "2025-03".parse().expect("a period"),
        },
        sums,
        place: JournalPlace {
            frame: 1,
            hash: [0; 32],
        },
        own: None,
        parts: vec![Part {
            region: below.parse().expect("a region"),
            sums,
            report: None,
        }],
    }
}

#[test]
fn nobody_is_asked_deeper_than_any_tree_goes() {
    let signer: Identity = "spiffe://edu.example/region/R0/node"
        .parse()
        .expect("an identity");
    let mut wanted = Wanted::first("R0".parse().expect("a region"));
    let mut seen = BTreeSet::new();
    for level in 1..=DEEPEST {
        let said = leaning(wanted.region.as_str(), &format!("R{level}"));
        let below = wanted.below(&said, &signer, &mut seen);
        wanted = below.expect("not too deep").remove(0);
    }
    let said = leaning(wanted.region.as_str(), "DEEP");
    let refusal = wanted.below(&said, &signer, &mut seen);
    let refusal = refusal.expect_err("too deep");
    assert_eq!(
        (refusal.reason, refusal.value.as_str()),
        (Reason::Corrupt, "DEEP")
    );
}

#[tokio::test(start_paused = true)]
async fn a_proof_that_takes_too_long_is_given_up() {
    let region = "370000".parse().expect("a region");
    let gathering = in_time(region, pending::<Result<(), _>>());
    let refusal = timeout(LONGEST * 2, gathering).await.expect("given up");
    let refusal = refusal.expect_err("it never comes");
    assert_eq!(refusal.reason, Reason::NotAllowedNow);
    let quick = in_time(region, async { Ok(7) }).await;
    assert_eq!(quick.expect("in time"), 7);
}
