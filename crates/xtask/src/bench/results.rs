//! What was measured: `NAME.json` of each measuring program, by the names of its measures.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// A measure over all rounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Measure {
    /// The round in the middle.
    pub(super) median: u64,
    /// The least.
    pub(super) low: u64,
    /// The most.
    pub(super) high: u64,
}

/// All that is in the folder.
#[derive(Debug, Default)]
pub(super) struct Results {
    measures: BTreeMap<String, Measure>,
    /// Where and when each program measured, in one line each.
    pub(super) origins: Vec<String>,
}

impl Results {
    /// Reads every `*.json` of a folder.
    ///
    /// # Errors
    /// When one of them is not what a measuring program writes.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let mut paths = Vec::new();
        let entries = std::fs::read_dir(folder)
            .with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                paths.push(path);
            }
        }
        paths.sort();
        let mut results = Self::default();
        for path in paths {
            let shown = path.display();
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {shown}"))?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            results
                .take(&name, &text)
                .with_context(|| format!("{shown} is not what a bench writes; remove it"))?;
        }
        Ok(results)
    }

    /// Takes what one program wrote.
    pub(super) fn take(&mut self, name: &str, text: &str) -> Result<()> {
        let all: Value = serde_json::from_str(text)?;
        let date = all["date"].as_str().context("no date")?;
        let measures = all["measures"].as_array().context("no measures")?;
        let mut rounds = 0;
        for one in measures {
            let called = one["name"].as_str().context("a measure without a name")?;
            let number = |key: &str| {
                // Memory may shrink; no row is about less than nothing.
                let found = one[key].as_i64().map(|found| found.max(0).unsigned_abs());
                found.with_context(|| format!("{called} has no {key} that is a whole number"))
            };
            let measure = Measure {
                median: number("median")?,
                low: number("low")?,
                high: number("high")?,
            };
            rounds = rounds.max(one["rounds"].as_array().map_or(0, Vec::len));
            self.measures.insert(called.to_owned(), measure);
        }
        let machine = &all["machine"];
        let said = |key: &str| machine[key].as_str().unwrap_or("unknown");
        self.origins.push(format!(
            "{name}: {date}, {rounds} rounds, {} cores of {}, {} GiB, {} on {}{}",
            machine["cores"].as_u64().unwrap_or(0),
            said("processor"),
            machine["memory_bytes"].as_u64().unwrap_or(0) >> 30,
            said("kernel"),
            machine["file_system"]["kind"].as_str().unwrap_or("unknown"),
            match machine["unoptimised"].as_bool() {
                Some(true) => "; NOT AN OPTIMISED BUILD",
                _ => "",
            },
        ));
        Ok(())
    }

    /// A measure by its name; `None` when it was not measured.
    pub(super) fn get(&self, name: &str) -> Option<&Measure> {
        self.measures.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::Results;

    #[test]
    fn what_a_program_writes_is_read() {
        let mut results = Results::default();
        let text = r#"{"machine":{"cores":2,"processor":"P","memory_bytes":4294967296,"kernel":"K",
            "file_system":{"kind":"ext4"}},"date":"2026-11-22","settings":{},
            "measures":[{"name":"a","unit":"us","rounds":[3,1,2],"median":2,"low":1,"high":3},
            {"name":"grown","unit":"bytes","rounds":[-5],"median":-5,"low":-5,"high":-5}]}"#;
        results.take("speed", text).expect("readable");
        let read = results.get("a").expect("measured");
        assert_eq!((read.low, read.median, read.high), (1, 2, 3));
        assert_eq!(
            results.origins,
            ["speed: 2026-11-22, 3 rounds, 2 cores of P, 4 GiB, K on ext4"]
        );
        assert!(results.get("b").is_none());
        assert_eq!(results.get("grown").map(|grown| grown.median), Some(0));
    }

    #[test]
    fn fractions_and_noise_are_refused() {
        let mut results = Results::default();
        let fraction = r#"{"date":"d","measures":[{"name":"a","median":1.5,"low":1,"high":2}]}"#;
        let said = results.take("speed", fraction).expect_err("a fraction");
        assert!(said.to_string().contains("median"), "{said}");
        assert!(results.take("speed", "{").is_err());
        assert!(results.take("speed", "{}").is_err());
    }
}
