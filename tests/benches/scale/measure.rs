//! Figures: whole numbers with a name and a unit, one of each round.

use std::path::PathBuf;

use anyhow::{Context, Result};
use jiff::Timestamp;
use liandong_load::Machine;
use serde_json::{Value, json};

use crate::sizes::Sizes;

/// Everything that was measured so far.
pub(crate) struct Measures {
    machine: Machine,
    all: Vec<Value>,
}

impl Measures {
    /// None yet.
    pub(crate) fn begin() -> Result<Self> {
        let machine = Machine::here()?;
        println!("{machine}");
        let all = Vec::new();
        Ok(Self { machine, all })
    }

    /// Prints a figure and keeps it; `rounds` are not empty.
    pub(crate) fn add(&mut self, name: &str, unit: &str, rounds: Vec<i64>) {
        let mut sorted = rounds.clone();
        sorted.sort_unstable();
        let at = |place: usize| sorted.get(place).copied().unwrap_or(0);
        let (low, high) = (at(0), at(sorted.len().saturating_sub(1)));
        // Of an even number the higher: none of these is better when it is more.
        let median = at(sorted.len() / 2);
        println!(
            "measured: {name}: {median} {unit} (from {low} to {high}, rounds: {})",
            rounds.len()
        );
        self.all.push(json!({
            "name": name,
            "unit": unit,
            "rounds": rounds,
            "median": median,
            "low": low,
            "high": high,
        }));
    }

    /// Writes `target/bench/scale.json`.
    pub(crate) fn write(&self, sizes: &Sizes) -> Result<()> {
        // target/PROFILE/deps/PROGRAM
        let own = std::env::current_exe()?;
        let target = own.ancestors().nth(3).map(PathBuf::from);
        let folder = target.context("in no target folder")?.join("bench");
        std::fs::create_dir_all(&folder)?;
        let written = json!({
            "machine": self.machine,
            "date": Timestamp::now().to_string(),
            "settings": sizes.to_json(),
            "measures": self.all,
        });
        let text = serde_json::to_string_pretty(&written)?;
        std::fs::write(folder.join("scale.json"), text)?;
        Ok(())
    }
}
