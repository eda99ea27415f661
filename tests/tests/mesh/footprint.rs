//! What a node costs an operator: the size of the program, the memory of an idle node, and how
//! long it takes to be ready (measured and printed; a slow machine fails no test).

use anyhow::{Context, Result, ensure};
use liandong_tests::node::Node;
use liandong_tests::program;
use liandong_tests::settings::Settings;

const MOST_PROGRAM_BYTES: u64 = 40 << 20;
const MOST_IDLE_KIB: u64 = 60 << 10;

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_node_is_small_and_soon_ready() -> Result<()> {
    let bytes = std::fs::metadata(program::liandong()?)?.len();
    println!("measured: the program has {bytes} bytes");
    ensure!(bytes < MOST_PROGRAM_BYTES, "{bytes} bytes");
    let mut node = Node::start(Settings::new("371500")).await?;
    for _ in 0..4 {
        node.terminate().await?;
        node.resume().await?;
    }
    let log = node.log();
    let mut ready: Vec<u64> = Vec::new();
    for line in log.lines().filter(|line| line.contains("took_ms")) {
        let (_, after) = line.split_once("\"took_ms\":").context("a JSON log line")?;
        let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
        ready.push(digits.parse()?);
    }
    ready.sort_unstable();
    ensure!(ready.len() == 5, "five starts were logged:\n{log}");
    let (median, worst) = (ready[2], ready[4]);
    println!("measured: an idle node is ready after {median} ms (median of 5, worst {worst})");
    let memory = node.peak_memory_kib()?;
    println!("measured: an idle node has used at most {memory} KiB");
    ensure!(memory < MOST_IDLE_KIB, "{memory} KiB");
    Ok(())
}
