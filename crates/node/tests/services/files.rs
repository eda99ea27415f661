//! Links by file: a county and its city that no line joins.

pub(crate) mod pair;
mod refused;
mod restored;

use std::time::Duration;

use liandong_wire::progress::v1::Report;
use liandong_wire::task::v1::{Action, Stage};

use crate::support::{TREE, dropouts, start, until};
use pair::{Pair, assign, export, export_parts, figures, import, peer, stage, step, tasks};

/// What happens at a county and its city in three months, in steps; files or a line may carry it
/// between any two of them.
const STEPS: usize = 6;

async fn do_step(pair: &Pair, number: usize) {
    let (city, county) = (&pair.city, &pair.county);
    let month = |month: u32, count: i64| -> Vec<Report> {
        let rows = ["371524-A", "371524-B", "371524-C"].map(|school| Report {
            period: format!("2025-{month:02}"),
            ..dropouts(school, count)
        });
        rows.to_vec()
    };
    match number {
        0 => {
            county.push("march", month(3, 5)).await;
            assign(city, "plan-1", "371524").await;
        }
        1 => {
            county.push("april", month(4, 4)).await;
        }
        2 => {
            // A correction, and a year of other figures.
            county.push("march again", month(3, 2)).await;
            for other in 5..=12 {
                county
                    .push(&format!("month {other}"), month(other, 9))
                    .await;
            }
        }
        3 => {
            assign(city, "plan-2", "371524").await;
            county.push("april again", month(4, 1)).await;
        }
        4 => {
            step(county, "371524", "plan-1", Action::Acknowledge).await;
        }
        _ => {
            step(county, "371524", "plan-1", Action::Complete).await;
            step(county, "371524", "plan-2", Action::Acknowledge).await;
        }
    }
}

#[tokio::test]
async fn a_county_and_its_city_exchange_everything_by_files() {
    let pair = Pair::start().await;
    let (city, county) = (&pair.city, &pair.county);
    let mut carried = Vec::new();
    let mut imports = 0;
    for number in 0..STEPS {
        do_step(&pair, number).await;
        let up = export(county, "371500", false).await;
        let down = export(city, "371524", false).await;
        carried.push(up.len());
        for _ in 0..2 {
            import(city, &up).await.expect("taken");
            import(county, &down).await.expect("taken");
            imports += 2;
        }
        let again = import(city, &up).await.expect("taken");
        assert_eq!((again.applied, again.gap), (0, false), "the third time");
    }
    println!("{imports} imports; files up of {carried:?} bytes");
    assert_eq!(stage(city, "plan-1").await, Stage::Completed);
    assert_eq!(stage(city, "plan-2").await, Stage::Acknowledged);
    assert_eq!(figures(city).await, figures(county).await);
    // Each file took the other side's acknowledgement along, so an export begins after it.
    let (first, second) = (peer(county, "371500").await, peer(city, "371524").await);
    assert!(first.holds > 0 && second.holds > 0, "{first:?} {second:?}");
    let silent = export(county, "371500", false).await;
    assert!(silent.len() < 500, "{} bytes of nothing", silent.len());
    city.verify().await;
    county.verify().await;

    // The same over a line ends with the same.
    let live = Pair::linked().await;
    for number in 0..STEPS {
        do_step(&live, number).await;
        until("the link has carried it", async || {
            live.is_settled().await.then_some(())
        })
        .await;
    }
    assert_eq!(figures(&live.city).await, figures(city).await);
    assert_eq!(tasks(&live.city).await, tasks(city).await);
    assert_eq!(tasks(&live.county).await, tasks(county).await);
    assert_eq!(live.sizes().await, pair.sizes().await);
}

#[tokio::test]
async fn files_in_any_order_and_any_number_of_times_come_to_the_same() {
    let pair = Pair::start().await;
    let (city, county) = (&pair.city, &pair.county);
    // Step after step without an answer: each file begins where the county knows that it was heard.
    let mut up = Vec::new();
    for number in 0..4 {
        do_step(&pair, number).await;
        let parts = export_parts(county, "371500", 40).await;
        assert!(parts.len() > 1 || number == 0, "step {number}");
        up.extend(parts);
    }
    let mut gaps = 0;
    // The last first, every second one twice, then a few turns in between.
    let mut order: Vec<usize> = (0..up.len()).rev().collect();
    order.extend((0..up.len()).step_by(2));
    order.extend((0..up.len()).map(|place| place * 7 % up.len()));
    for place in order {
        let held = peer(city, "371524").await.held;
        let taken = import(city, &up[place]).await.expect("taken");
        if taken.gap {
            gaps += 1;
            assert_eq!(taken.held, held, "a gap is not counted as held");
            assert!(taken.after > taken.held, "{taken:?}");
        }
        assert!(taken.held >= held, "what is held never shrinks");
    }
    for file in &up {
        import(city, file).await.expect("taken");
    }
    println!("{} files, {gaps} taken across a gap", up.len());
    assert!(gaps > 0);
    let change = peer(county, "371500").await.change;
    assert_eq!(peer(city, "371524").await.held, change);
    assert_eq!(figures(city).await, figures(county).await);
    city.verify().await;
}

#[tokio::test]
async fn a_file_that_begins_too_late_brings_what_it_has_and_says_what_is_missing() {
    let pair = Pair::start().await;
    let (city, county) = (&pair.city, &pair.county);
    do_step(&pair, 0).await;
    let first = export(county, "371500", false).await;
    import(city, &first).await.expect("taken");
    import(county, &export(city, "371524", false).await)
        .await
        .expect("taken");
    do_step(&pair, 1).await;
    let lost = export(county, "371500", false).await;
    // It is on its way, as far as the county was told: a second one begins where the first did.
    do_step(&pair, 2).await;
    let second = export(county, "371500", false).await;
    let taken = import(city, &second).await.expect("taken");
    assert!(!taken.gap, "it holds what was lost, too: {taken:?}");
    assert_eq!(figures(city).await, figures(county).await);
    assert_eq!(import(city, &lost).await.expect("taken").applied, 0);
}

#[tokio::test]
async fn an_import_that_is_broken_off_applies_nothing_and_can_be_made_again() {
    let pair = Pair::start().await;
    let (city, county) = (&pair.city, &pair.county);
    for number in 0..3 {
        do_step(&pair, number).await;
    }
    let file = export(county, "371500", false).await;
    let before = pair.city_change().await;
    for share in 1..8 {
        let part = &file[..file.len() * share / 8];
        import(city, part).await.expect_err("a part of a file");
        pair::break_off(city, part).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(pair.city_change().await, before, "nothing was applied");
    let taken = import(city, &file).await.expect("taken");
    assert!(taken.applied > 0);
    assert_eq!(figures(city).await, figures(county).await);
}

#[tokio::test]
async fn a_city_that_lost_everything_gets_everything_again() {
    let mut pair = Pair::start().await;
    for number in 0..4 {
        do_step(&pair, number).await;
        let up = export(&pair.county, "371500", false).await;
        import(&pair.city, &up).await.expect("taken");
        let down = export(&pair.city, "371524", false).await;
        import(&pair.county, &down).await.expect("taken");
    }
    assert!(peer(&pair.county, "371500").await.holds > 0);
    pair = pair.with_emptied_city().await;
    // The county believes that the city holds much: its file cannot be counted as held.
    let up = export(&pair.county, "371500", false).await;
    let taken = import(&pair.city, &up).await.expect("taken");
    assert!(taken.gap && taken.held == 0, "{taken:?}");
    // The city's next file says that it holds nothing, and the county begins from the start.
    let down = export(&pair.city, "371524", false).await;
    import(&pair.county, &down).await.expect("taken");
    assert_eq!(peer(&pair.county, "371500").await.holds, 0);
    let up = export(&pair.county, "371500", false).await;
    let taken = import(&pair.city, &up).await.expect("taken");
    assert!(!taken.gap, "{taken:?}");
    assert_eq!(figures(&pair.city).await, figures(&pair.county).await);
}

#[tokio::test]
async fn a_key_is_made_once_and_survives_a_restart() {
    let node = start("371524", TREE, "").await;
    let key = pair::key(&node).await;
    assert!(key.starts_with("ed25519:") && key.len() == 72, "{key}");
    let dir = node.stop().await;
    let again = crate::support::start_in(dir, "371524", TREE, "").await;
    assert_eq!(pair::key(&again).await, key);
}
