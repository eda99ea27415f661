//! What signing and checking cost of what a node under full load does. The share is computed from
//! processor time, so that it holds on a machine that does other things as well.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use liandong_core::document::CellDocument;
use liandong_core::evidence::Tree;
use liandong_core::seal::Seal;
use liandong_identity::{Attestation, Folder, Purpose};
use liandong_wire::progress::v1::progress_service_client::ProgressServiceClient;
use liandong_wire::progress::v1::{PushReportsRequest, Report};
use tokio::task::JoinSet;
use tonic::transport::Channel;

use super::{COUNTY, evidence, line, sealed};
use crate::support::certificates::Realm;
use crate::support::{batch, dropouts};

/// How long reports are pushed.
const LASTS: Duration = Duration::from_secs(10);
/// Batches under way at a time.
const PUSHERS: u32 = 8;
const SCHOOLS: [&str; 3] = ["371524-A", "371524-B", "371524-C"];
/// Reports in a batch.
const ROWS: u32 = 1_000;
/// Regions of a county that are sealed each second: its own and its townships.
const REGIONS: u32 = 13;
/// Figures of each: of as many indicators and periods as a year has.
const FIGURES: usize = 600;

/// Processor time that this process has used.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("a statistic");
    let fields = stat.rsplit(") ").next().expect("fields");
    let fields: Vec<u64> = fields
        .split(' ')
        .map(|one| one.parse().unwrap_or(0))
        .collect();
    // User and system time, in hundredths of a second.
    Duration::from_millis(10 * (fields[11] + fields[12]))
}

fn figures() -> Vec<CellDocument> {
    let figure = |number: usize| CellDocument {
        region: COUNTY.parse().expect("a region"),
        indicator: format!("indicator-of-usual-{}", number / 12)
            .parse()
            .expect("an indicator"),
        period: format!("2025-{:02}", number % 12 + 1)
            .parse()
            .expect("a month"),
        sums: liandong_core::rollup::Sums {
            numerator: number as i64,
            reported: 3,
            on_time: 3,
            ..liandong_core::rollup::Sums::default()
        },
        version: 1 << 40 | number as u64,
    };
    (0..FIGURES).map(figure).collect()
}

/// Processor time that something takes.
fn cost(mut what: impl FnMut()) -> Duration {
    let (times, before) = (200, processor());
    let mut done = 0;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        for _ in 0..times {
            what();
        }
        done += times;
    }
    (processor() - before) / done
}

/// Pushes batches, one after the other; how many reports they were.
async fn push(mut client: ProgressServiceClient<Channel>, pusher: u32, began: Instant) -> u32 {
    let mut pushed = 0;
    while began.elapsed() < LASTS {
        let row = |number: u32| Report {
            period: format!("20{:02}-{:02}", pusher + 10, number % 12 + 1),
            ..dropouts(SCHOOLS[number as usize % 3], i64::from(pushed + number))
        };
        let rows = (0..ROWS).map(row).collect();
        let request = PushReportsRequest {
            batch: Some(batch(&format!("{pusher}-{pushed}"), rows)),
            all_outcomes: false,
        };
        client.push_reports(request).await.expect("taken");
        pushed += ROWS;
    }
    pushed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "a measurement of some thirty seconds"]
async fn what_signing_and_checking_cost_under_full_load() {
    let realm = Realm::new("edu.example");
    let (province, city, county) = line(&realm).await;
    let before = processor();
    let began = Instant::now();
    let mut pushing = JoinSet::new();
    for pusher in 0..PUSHERS {
        let client = county.progress();
        pushing.spawn(push(client, pusher, began));
    }
    let mut pushed = 0;
    while let Some(count) = pushing.join_next().await {
        pushed += count.expect("a pusher");
    }
    let (lasted, spent) = (began.elapsed(), processor() - before);
    sealed(&province).await;
    let rate = u128::from(pushed) * 1_000 / lasted.as_millis();
    println!(
        "{rate} reports a second for {lasted:?}, {spent:?} of processor time: three nodes, the client"
    );
    println!("{:?}", evidence(&city).await);

    let cells = figures();
    let own = realm.issue(COUNTY, "node");
    let trust = Folder::at(city.dir.path().join("identity"))
        .trust()
        .expect("trust");
    let seal = cost(|| {
        assert!(Seal::of(cells.clone()).is_some());
    });
    let root = Tree::over(vec![[7; 32]; 40]).expect("a tree").root();
    let sign = cost(|| {
        let given = Attestation::give(&own.key, Purpose::Documents, &root, Timestamp::now());
        assert!(given.is_ok());
    });
    let given = Attestation::give(&own.key, Purpose::Documents, &root, Timestamp::now());
    let given = given.expect("a signature");
    let check = cost(|| {
        let by = trust.attested(&own.chain.leaf, &[], Purpose::Documents, &root, &given);
        assert!(by.is_ok());
    });
    // At the county each second: the seals, one signature. At the city and the province: one check.
    let each_second = seal * REGIONS + sign + 2 * check;
    let of_all = each_second.as_nanos() * lasted.as_millis() * 10_000 / 1_000 / spent.as_nanos();
    println!(
        "a seal of {FIGURES} figures {seal:?}, a signature {sign:?}, a check {check:?}; {REGIONS} \
         seals, a signature and two checks each second are {}.{:02} % of it",
        of_all / 100,
        of_all % 100,
    );
    assert!(of_all < 1_000);
}
