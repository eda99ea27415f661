//! What a county was not able to say for a month, and a plan that is far too long.

use std::time::Duration;

use tokio::time::Instant;

use crate::county::{County, parent_at, start, until};
use crate::slow::{Line, Memory};

/// 50 kbit/s.
const BYTES_A_SECOND: u64 = 6_250;
const ONE_WAY: Duration = Duration::from_millis(150);

/// Of 200, for a quick run.
fn schools() -> usize {
    let asked = std::env::var("LIANDONG_LINE_SCHOOLS").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(40)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_county_a_month_offline_catches_up_over_a_slow_line() {
    let (carried, took, breaks, cells) = catch_up(None, BYTES_A_SECOND).await;
    println!(
        "{cells} cells changed: {carried} bytes up, {} a cell with all that goes with them, \
         in {took:?}; {breaks} streams broke",
        carried / cells
    );
    assert_eq!(breaks, 0);
    assert!(took < Duration::from_secs(60), "{took:?}");
    assert!(carried / cells <= 12, "{carried} bytes for {cells} cells");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_line_that_is_cut_every_five_seconds_gets_on_all_the_same() {
    let (carried, took, breaks, cells) = catch_up(Some(Duration::from_secs(5)), 1_500).await;
    println!("{cells} cells changed: {carried} bytes up in {took:?}; {breaks} streams broke");
    assert!(breaks >= 2, "{breaks}");
    assert!(took < Duration::from_secs(300), "{took:?}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_plan_of_megabytes_comes_through_and_holds_up_no_question() {
    let (network, dir) = (Memory::default(), tempfile::tempdir().unwrap());
    let city = start(&network, &dir, "371500", 1, "", "").await;
    let tree = County::tree(10);
    let county = start(&network, &dir, "371524", 2, &tree, &parent_at(3)).await;
    let (above, below) = (network.client(1).await, network.client(2).await);
    let county_data = County::of(below.clone(), 10).await;
    network.join(3, 1, Line::fast());
    county_data.push(0).await;
    until("they agree", || county_data.agrees(&above)).await;
    network.cut(3);
    let slow = Line {
        bytes_a_second: BYTES_A_SECOND,
        one_way: ONE_WAY,
        cut_every: None,
    };
    let carried = network.join(3, 1, slow);
    until("they agree", || county_data.agrees(&above)).await;

    let began = Instant::now();
    let texts = crate::plan::import_large(&above, 300_000).await;
    crate::plan::issue(&above).await;
    let mut slowest = Duration::ZERO;
    let mut asked = 0;
    while !crate::plan::is_issued(&below).await {
        assert!(began.elapsed() < Duration::from_secs(600), "it never comes");
        let question = Instant::now();
        let answered = county_data.ask_live(&above).await;
        assert!(answered, "after {:?}", began.elapsed());
        slowest = slowest.max(question.elapsed());
        asked += 1;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let (took, breaks) = (began.elapsed(), carried.lines() - 1);
    println!(
        "a plan of {texts} bytes came in {took:?}; {asked} questions meanwhile, answered within \
         {slowest:?}; {breaks} streams broke"
    );
    assert_eq!(breaks, 0);
    assert!(
        took > Duration::from_secs(30),
        "it was not as large as meant"
    );
    assert!(slowest < Duration::from_secs(6), "{slowest:?}");
    drop((above, below, county_data));
    county.stop().await.unwrap();
    city.stop().await.unwrap();
}

/// Lets a county and its city agree, cuts them off, changes every figure several times, and lets
/// them agree again over a slow line. Returns the bytes that went up, the simulated time, how many
/// streams broke, and how many cells had changed.
async fn catch_up(cut_every: Option<Duration>, bytes_a_second: u64) -> (u64, Duration, u64, u64) {
    let (network, dir) = (Memory::default(), tempfile::tempdir().unwrap());
    let city = start(&network, &dir, "371500", 1, "", "").await;
    let tree = County::tree(schools());
    let county = start(&network, &dir, "371524", 2, &tree, &parent_at(3)).await;
    let (above, below) = (network.client(1).await, network.client(2).await);
    let county_data = County::of(below.clone(), schools()).await;

    network.join(3, 1, Line::fast());
    county_data.push(0).await;
    until("they agree", || county_data.agrees(&above)).await;
    network.cut(3);
    // A month in which every figure is corrected again and again: it costs one catch-up.
    for round in 1..=4 {
        county_data.push(round).await;
    }
    let cells = county_data.cells();
    let (changes, sent) = county_data.would_send().await;
    println!("{changes} changes of {cells} cells: {sent} would be sent");
    assert_eq!(sent, cells, "each cell once, however often it changed");

    let line = Line {
        bytes_a_second,
        one_way: ONE_WAY,
        cut_every,
    };
    let began = Instant::now();
    let carried = network.join(3, 1, line);
    until("they agree again", || county_data.agrees(&above)).await;
    let took = began.elapsed();
    let result = (carried.up(), took, carried.lines().saturating_sub(1), cells);
    drop((above, below, county_data));
    county.stop().await.unwrap();
    city.stop().await.unwrap();
    result
}
