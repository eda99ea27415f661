//! Storms: a county and a city that only files join say figures, are copied and put back by hand, and
//! get files of any age and of any of their histories in any order. Once three files have gone each
//! way what the county says is what the city says.

use liandong_wire::progress::v1::Report;
use tempfile::TempDir;

use super::super::{Backed, CITY, COUNTY, agree, copied, down, up};
use crate::files::pair::{export, figures, import, trusts};
use crate::support::{Running, TREE, dropouts, start_in};

const STEPS: u32 = 40;
const MONTHS: usize = 6;
const SCHOOLS: [&str; 3] = ["371524-A", "371524-B", "371524-C"];

/// How many storms; `LIANDONG_FILE_STORMS` asks for more.
fn seeds() -> u64 {
    let asked = std::env::var("LIANDONG_FILE_STORMS").ok();
    asked.and_then(|count| count.parse().ok()).unwrap_or(4)
}

/// What a school says of a month, from 0.
fn report(school: &str, month: usize, figure: i64) -> Report {
    Report {
        period: format!("2025-{:02}", month + 1),
        ..dropouts(school, figure)
    }
}

/// Numbers that one seed gives.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// A node that can be stopped, with copies of its data.
struct Side {
    node: Option<Running>,
    region: &'static str,
    tree: &'static str,
    more: String,
    copies: Vec<TempDir>,
    files: Vec<Vec<u8>>,
}

impl Side {
    fn node(&self) -> &Running {
        self.node.as_ref().expect("it runs")
    }

    async fn start(&mut self, dir: TempDir) {
        self.node = Some(start_in(dir, self.region, self.tree, &self.more).await);
    }

    async fn copy(&mut self) {
        let dir = self.node.take().expect("it runs").stop().await;
        self.copies.push(copied(dir.path()));
        self.start(dir).await;
    }

    async fn put_back(&mut self, draw: &mut Draw) {
        if self.copies.is_empty() {
            return;
        }
        drop(self.node.take().expect("it runs").stop().await);
        let which = draw.below(self.copies.len());
        let dir = copied(self.copies[which].path());
        self.start(dir).await;
    }
}

#[derive(Default)]
struct Counts {
    put_back: u32,
    forked: u32,
    copies: u32,
    files: u32,
}

async fn storm(seed: u64, counts: &mut Counts) {
    let mut draw = Draw(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let Backed {
        city, county, more, ..
    } = Backed::start().await;
    // Every life has a figure of every month, so that none is left of a life that is lost.
    for month in 0..MONTHS {
        let reports = SCHOOLS.map(|school| report(school, month, 1));
        county.push(&format!("{month}"), reports.to_vec()).await;
    }
    let trusted = trusts(&county, COUNTY).await;
    let side = |node, region, tree, more| Side {
        node: Some(node),
        region,
        tree,
        more,
        copies: Vec::new(),
        files: Vec::new(),
    };
    let mut county = side(county, COUNTY, TREE, more);
    let mut city = side(city, CITY, "", trusted);
    for step in 0..STEPS {
        match draw.below(16) {
            0..6 => {
                let count = 1 + draw.below(6);
                say(&county, &mut draw, count, &format!("{seed} {step}")).await;
            }
            6..8 => county.files.push(export(county.node(), CITY, false).await),
            8 => city.files.push(export(city.node(), COUNTY, false).await),
            9..11 => take(&city, &county, &mut draw, counts).await,
            11 => take(&county, &city, &mut draw, counts).await,
            12 => {
                county.files.push(export(county.node(), CITY, false).await);
                take(&city, &county, &mut draw, counts).await;
                city.copy().await;
            }
            13 => county.copy().await,
            14 => {
                // The city is told of what the copy does not have, in the same numbers.
                say(&county, &mut draw, 6, &format!("{seed} {step} before")).await;
                county.files.push(export(county.node(), CITY, false).await);
                take(&city, &county, &mut draw, counts).await;
                county.put_back(&mut draw).await;
                counts.put_back += 1;
                say(&county, &mut draw, 3, &format!("{seed} {step} after")).await;
                for more in 0..15 {
                    let id = format!("{seed} {step} outgrown {more}");
                    let report = report(SCHOOLS[0], 0, 500 + more);
                    county.node().push(&id, vec![report]).await;
                }
            }
            _ if draw.below(2) == 0 => {
                city.put_back(&mut draw).await;
                counts.put_back += 1;
            }
            _ => {}
        }
    }
    let (city, county) = (city.node(), county.node());
    for _ in 0..4 {
        up(county, city).await;
        down(city, county).await;
    }
    let (figure, _) = county.sum(COUNTY).await;
    agree(city, county, figure).await;
    assert_eq!(figures(city).await, figures(county).await);
}

/// The county's schools say figures of any month.
async fn say(county: &Side, draw: &mut Draw, count: usize, id: &str) {
    for more in 0..count {
        let (school, month) = (SCHOOLS[draw.below(3)], draw.below(MONTHS));
        let figure = 1 + draw.below(1_000) as i64;
        let reports = vec![report(school, month, figure)];
        county.node().push(&format!("{id} {more}"), reports).await;
    }
}

/// A node takes one of the other's files, mostly the newest.
async fn take(to: &Side, from: &Side, draw: &mut Draw, counts: &mut Counts) {
    let Some(last) = from.files.len().checked_sub(1) else {
        return;
    };
    let which = if draw.below(3) == 0 {
        draw.below(last + 1)
    } else {
        last
    };
    let taken = import(to.node(), &from.files[which]).await.expect("taken");
    counts.files += 1;
    counts.forked += u32::from(taken.forked);
    counts.copies += u32::from(taken.copy);
}

#[tokio::test]
async fn whatever_is_put_back_and_whatever_file_comes_the_city_has_the_countys_figures() {
    let mut counts = Counts::default();
    for seed in 1..=seeds() {
        println!("seed {seed}");
        storm(seed, &mut counts).await;
    }
    let Counts {
        put_back,
        forked,
        copies,
        files,
    } = counts;
    println!(
        "{} storms: {put_back} put back, {files} files taken, {forked} of another history, {copies} copies noticed in the storm",
        seeds()
    );
}
