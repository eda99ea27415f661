//! A node's pages in a browser that has no certificate, over a person's own.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use liandong_tests::node::Node;
use liandong_tests::program::liandong;
use liandong_tests::settings::Settings;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

/// What is answered to a request with that path and those further headers.
async fn get(at: &str, path: &str, headers: &str) -> Result<String> {
    let mut line = TcpStream::connect(at).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {at}\r\n{headers}\r\n");
    line.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    line.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
#[ignore = "starts real processes: cargo xtask test mesh"]
async fn a_browser_sees_the_pages_with_the_key_that_was_printed_and_not_without() -> Result<()> {
    let node = Node::start(Settings::new("371500")).await?;
    let mut relay = Command::new(liandong()?)
        .args(["--format", "json"])
        .args(node.asked())
        .arg("console")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let said = relay.stdout.take().context("no output")?;
    let said = BufReader::new(said).lines().next_line().await?;
    let said: serde_json::Value = serde_json::from_str(&said.context("nothing")?)?;
    let url = said["url"].as_str().context("no address")?;
    let (at, entry) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
        .context("a strange address")?;
    ensure!(at.starts_with("127.0.0.1:"), "{url}");

    let stranger = get(at, "/console", "").await?;
    ensure!(stranger.starts_with("HTTP/1.1 401"), "{stranger}");
    let entered = get(at, &format!("/{entry}"), "").await?;
    ensure!(entered.starts_with("HTTP/1.1 303"), "{entered}");
    let cookie = entered
        .lines()
        .find_map(|line| line.strip_prefix("Set-Cookie: "));
    let cookie = cookie.and_then(|cookie| cookie.split(';').next());
    let cookie = format!("Cookie: {}\r\n", cookie.context("no cookie")?);
    let page = get(at, "/console?period=2026-06", &cookie).await?;
    ensure!(page.starts_with("HTTP/1.1 200"), "{page}");
    ensure!(page.contains("聊城市"), "{page}");
    let other = get(at, "/metrics", &cookie).await?;
    ensure!(other.starts_with("HTTP/1.1 404"), "{other}");
    Ok(())
}
