//! Backup, restore, verification and repair, as an operator does them with the program beside
//! running and stopped nodes.

mod damage;
mod divergence;
mod refused;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use liandong_tests::chance::Chance;
use liandong_tests::figures::{DROPOUTS, arrives, count, push_new};
use liandong_tests::ledger::Ledger;
use liandong_tests::load::{Load, Work};
use liandong_tests::node::Node;
use liandong_tests::program::liandong;
use liandong_tests::settings::{Settings, school};
use serde_json::Value;
use tempfile::TempDir;

const CITY: &str = "371500";
const COUNTY: &str = "371524";
const TOWN: &str = "371524102";
const SCHOOLS: usize = 200;

/// Runs the program in a language; the runtime of the test goes on meanwhile.
async fn run(language: &str, words: &[&str]) -> Result<Output> {
    let mut command = Command::new(liandong()?);
    command.args(["--lang", language]).args(words);
    let ended = tokio::task::spawn_blocking(move || command.output()).await?;
    let output = ended.context("cannot start the program")?;
    let said = printed(&output);
    ensure!(!said.contains("panicked"), "{words:?}: {said}");
    Ok(output)
}

/// Runs the program in English against a node, as its administrator.
async fn ask(node: &Node, words: &[&str]) -> Result<Output> {
    let asked = node.asked();
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    run("en", &[&asked[..], words].concat()).await
}

/// Likewise, which must succeed; returns what it says to programs.
async fn ask_for_facts(node: &Node, words: &[&str]) -> Result<Value> {
    let asked = node.asked();
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    run_for_facts(&[&asked[..], words].concat()).await
}

/// All that was printed.
fn printed(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text
}

/// Runs the program, which must succeed; returns what it says to programs.
async fn run_for_facts(words: &[&str]) -> Result<Value> {
    let output = run("en", &[words, &["--format", "json"]].concat()).await?;
    ensure!(output.status.success(), "{words:?}: {}", printed(&output));
    // A pipe gets no progress.
    ensure!(output.stderr.is_empty(), "{words:?}: {}", printed(&output));
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn number(facts: &Value, key: &str) -> Result<u64> {
    let value = facts.get(key).and_then(Value::as_u64);
    value.with_context(|| format!("no {key} in {facts}"))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().context("a path with a strange name")
}

/// A city, its county, and a town of the county with a node of its own.
struct Mesh {
    city: Node,
    county: Node,
    town: Node,
    /// Where backups go.
    disk: TempDir,
}

impl Mesh {
    async fn start() -> Result<Self> {
        let city = Node::start(Settings::new(CITY)).await?;
        let county = Settings::new(COUNTY)
            .parent(&city)
            .child(TOWN)
            .schools(COUNTY, SCHOOLS)
            .section("[journal]\nsegment_mb = 1");
        let county = Node::start(county).await?;
        let town = Settings::new(TOWN)
            .parent(&county)
            .below(COUNTY, TOWN, "township", "bureau")
            .schools(TOWN, 2);
        let town = Node::start(town).await?;
        Ok(Self {
            city,
            county,
            town,
            disk: tempfile::tempdir()?,
        })
    }

    fn data(&self) -> PathBuf {
        self.county.path("data")
    }

    fn backup(&self) -> PathBuf {
        self.disk.path().join("backup")
    }

    /// Backs the county up, which must succeed.
    async fn back_up(&self) -> Result<Value> {
        let (config, to) = (self.county.path("node.toml"), self.backup());
        run_for_facts(&["backup", "--config", text(&config)?, "--to", text(&to)?]).await
    }

    /// The city lists a figure that is another than before the county was restored, also where it
    /// has grown meanwhile; whoever runs it looks, and takes the line away.
    async fn see_to_what_went_back(&self) -> Result<()> {
        let listed = self.city.status().await?.quarantined;
        for line in &listed {
            ensure!(line.reason == "WENT_BACK", "set aside: {line:?}");
        }
        if !listed.is_empty() {
            let tried = ask(&self.city, &["link", "retry", "--seen"]).await?;
            ensure!(tried.status.success(), "{}", printed(&tried));
        }
        Ok(())
    }

    /// Every node fits in itself and with its peers, as soon as they are together.
    async fn fits(&self) -> Result<()> {
        for node in [&self.city, &self.county, &self.town] {
            node.recount().await?;
            liandong_tests::wait::eventually("all of it fits", async || {
                let output = ask(node, &["verify"]).await?;
                ensure!(output.status.success(), "{}", printed(&output));
                Ok(Some(()))
            })
            .await?;
        }
        Ok(())
    }
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_node_backed_up_while_it_is_pushed_to_is_restored_and_everybody_agrees() -> Result<()> {
    let mut mesh = Mesh::start().await?;
    let mut chance = Chance::begin("backup")?;
    let numbers = Arc::new(AtomicI64::new(1));
    let work = Work {
        url: mesh.county.url(),
        options: mesh.county.options(),
        schools: (1..=SCHOOLS).map(|n| school(COUNTY, n)).collect(),
        clerks: 4,
        // Not the month of the town, whose figures are in the county's sums.
        period: "2025-04".to_owned(),
        stubborn: true,
        deadline: Duration::from_secs(20),
        note: String::new(),
    };
    // More than one segment holds.
    for year in 2000..2025 {
        let mut rows = Vec::new();
        for month in 1..=12 {
            for number in 1..=SCHOOLS {
                let mut row = count(&school(COUNTY, number), 1);
                row.period = format!("{year}-{month:02}");
                rows.push(row);
            }
        }
        push_new(&mesh.county, &year.to_string(), rows).await?;
    }
    let mut ledger = Ledger::default();
    let load = Load::start(&work, &numbers, &mut chance);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = mesh.county.status().await?.journal_frame;
    let first = mesh.back_up().await?;
    let after = mesh.county.status().await?.journal_frame;
    let last = number(&first, "last_frame")?;
    ensure!(
        (before..=after).contains(&last) && before < after,
        "backed up to {last}, between {before} and {after}"
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    ledger.add(load.finish().await?);
    push_new(&mesh.town, "1", vec![count(&school(TOWN, 1), 5)]).await?;
    arrives(&mesh.county, TOWN, DROPOUTS, 5, 1).await?;

    // Only what is new is copied, and a third time nothing.
    let second = mesh.back_up().await?;
    let reached = number(&second, "last_frame")?;
    ensure!(reached >= after, "{second}");
    ensure!(
        number(&second, "new_frames")? == reached - last,
        "{second} after {first}"
    );
    ensure!(
        number(&second, "copied_files")? < number(&second, "segments")?,
        "{second}"
    );
    // The node may have sealed its figures meanwhile, which is the last that happens by itself.
    liandong_tests::wait::eventually("a backup that copies nothing", async || {
        let again = mesh.back_up().await?;
        let is_new = number(&again, "new_frames")? > 0;
        let is_copied = number(&again, "copied_files")? > 0;
        ensure!(is_new == is_copied, "{again}");
        Ok((!is_copied && number(&again, "copied_bytes")? == 0).then_some(()))
    })
    .await?;
    let reached = mesh.county.status().await?.journal_frame;
    let backup = mesh.backup();
    // Who signed what is checked by whom the county trusts.
    let identity = mesh.county.path("identity");
    let trusting = ["--identity", text(&identity)?, "verify"];
    let sound = run_for_facts(&[&trusting[..], &["--backup", text(&backup)?]].concat()).await?;
    ensure!(
        number(&sound, "journal_frames_checked")? == reached,
        "{sound}"
    );
    println!("measured: first backup {first}, second {second}");

    // The disk is gone, and the town learns something more meanwhile.
    mesh.county.kill()?;
    let data = mesh.data();
    std::fs::rename(&data, mesh.county.path("lost"))?;
    push_new(&mesh.town, "2", vec![count(&school(TOWN, 2), 7)]).await?;
    let restored = run(
        "en",
        &["restore", "--from", text(&backup)?, "--data", text(&data)?],
    )
    .await?;
    ensure!(restored.status.success(), "{}", printed(&restored));
    ensure!(
        printed(&restored).contains("new incarnation"),
        "{}",
        printed(&restored)
    );
    let at_rest = run_for_facts(&[&trusting[..], &["--data", text(&data)?]].concat()).await?;
    ensure!(
        number(&at_rest, "journal_frames_checked")? == reached,
        "{at_rest}"
    );
    mesh.county.resume().await?;
    ledger.settle_all(&mesh.county).await?;
    arrives(&mesh.county, TOWN, DROPOUTS, 12, 2).await?;
    arrives(&mesh.city, TOWN, DROPOUTS, 12, 2).await?;
    mesh.see_to_what_went_back().await?;
    mesh.fits().await?;
    let tally = ledger.tally();
    ensure!(
        tally.lost == 0 && tally.doubled == 0 && tally.torn == 0 && tally.acknowledged > 0,
        "{tally}"
    );
    println!("measured: after the restore {tally}");
    // The old backup is of another history now, as far as it went on differently; a new one works.
    mesh.disk = tempfile::tempdir()?;
    mesh.back_up().await?;
    Ok(())
}
