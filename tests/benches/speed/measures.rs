//! What is measured, by name, a value for each round; printed, and written as JSON for whoever makes
//! a table of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use liandong_load::{FileSystem, Machine, Pushed, Spread, cpu_ms_per_million};
use serde_json::{Value, json};

/// The folder for results.
const RESULTS: &str = "LIANDONG_BENCH_RESULTS";

/// All rounds of everything, in the order in which it was first measured.
#[derive(Default)]
pub(crate) struct Measures {
    names: Vec<(String, &'static str)>,
    rounds: BTreeMap<String, Vec<u64>>,
}

impl Measures {
    /// Adds a round.
    pub(crate) fn add(&mut self, name: &str, unit: &'static str, value: u64) {
        if !self.rounds.contains_key(name) {
            self.names.push((name.to_owned(), unit));
        }
        self.rounds.entry(name.to_owned()).or_default().push(value);
    }

    /// Adds a round of a time.
    pub(crate) fn time(&mut self, name: &str, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.add(name, "us", micros);
    }

    /// Adds a round of ingest: rate, processor time and latencies, and says it.
    pub(crate) fn ingest(&mut self, who: &str, pushed: &Pushed, cpu: Duration) {
        let rate = pushed.per_second();
        let cpu = cpu_ms_per_million(cpu, pushed.reports);
        let acks = pushed.acks.quantiles();
        self.add(&format!("ingest_{who}_reports_per_second"), "1/s", rate);
        self.add(&format!("cpu_{who}_ms_per_million"), "ms", cpu);
        self.time(&format!("ack_{who}_p50_us"), acks.p50);
        self.time(&format!("ack_{who}_p99_us"), acks.p99);
        println!(
            "  {who}: {rate} reports/s, {cpu} ms of CPU a million, answered after {:?} (p50) {:?} \
             (p99)",
            acks.p50, acks.p99
        );
    }

    /// The last round's value.
    pub(crate) fn last(&self, name: &str) -> Option<u64> {
        self.rounds.get(name)?.last().copied()
    }

    /// Prints medians and spreads.
    pub(crate) fn print(&self) {
        for (name, unit) in &self.names {
            let values = self.rounds.get(name).into_iter().flatten().copied();
            if let Some(spread) = Spread::of(values) {
                let Spread {
                    rounds,
                    least,
                    median,
                    most,
                } = spread;
                println!("measured: {name}: {median} {unit} ({least} to {most}, {rounds} rounds)");
            }
        }
    }

    /// Writes `NAME.json` into the folder for results; where it is.
    pub(crate) fn write(&self, name: &str, settings: &Value) -> Result<PathBuf> {
        let folder = std::env::var_os(RESULTS).map_or("target/bench".into(), PathBuf::from);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let mut measures = Vec::new();
        for (name, unit) in &self.names {
            let rounds = self.rounds.get(name).cloned().unwrap_or_default();
            let Some(spread) = Spread::of(rounds.iter().copied()) else {
                continue;
            };
            measures.push(json!({
                "name": name,
                "unit": unit,
                "rounds": rounds,
                "median": spread.median,
                "low": spread.least,
                "high": spread.most,
            }));
        }
        let mut machine = serde_json::to_value(Machine::here()?)?;
        let disk = FileSystem::of(&std::env::temp_dir())?;
        if let Some(machine) = machine.as_object_mut() {
            machine.insert("file_system".to_owned(), serde_json::to_value(disk)?);
        }
        let today = jiff::Zoned::now().date().to_string();
        let all = json!({
            "machine": machine,
            "date": today,
            "settings": settings,
            "measures": measures,
        });
        let path = folder.join(format!("{name}.json"));
        std::fs::write(&path, serde_json::to_string_pretty(&all)?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}
