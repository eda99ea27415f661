//! Clients in other languages, with nothing from this workspace but `proto/`.
//!
//! `cargo xtask test foreign` sets them up and says in the environment where they are.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use liandong_tests::figures::MONTH;
use liandong_tests::node::Node;
use liandong_tests::program::workspace;
use liandong_tests::settings::Settings;

const COUNTY: &str = "371524";

fn told(variable: &str) -> Result<PathBuf> {
    let value = std::env::var_os(variable);
    let value =
        value.with_context(|| format!("{variable} is not set: cargo xtask test foreign"))?;
    Ok(PathBuf::from(value))
}

fn run(mut command: Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(status.success(), "{command:?}: {status}");
    Ok(())
}

#[tokio::test]
#[ignore = "needs Python and Node clients: cargo xtask test foreign"]
async fn python_and_node_push_pull_are_refused_and_look_around() -> Result<()> {
    let node = Node::start(Settings::new(COUNTY).schools(COUNTY, 4)).await?;
    let address = node.address().to_string();
    let mut python = Command::new(told("LIANDONG_TEST_PYTHON")?);
    python
        .arg(workspace()?.join("tests/foreign/client.py"))
        .args([address.as_str(), COUNTY, MONTH])
        .env("PYTHONPATH", told("LIANDONG_TEST_STUBS")?)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    run(python)?;

    let mut javascript = Command::new("node");
    javascript
        .arg(told("LIANDONG_TEST_NODE_PROJECT")?.join("client.mjs"))
        .args([address.as_str(), COUNTY, MONTH])
        .arg(workspace()?.join("proto"));
    run(javascript)?;
    ensure!(node.recount().await? > 0, "nothing was counted");
    Ok(())
}
