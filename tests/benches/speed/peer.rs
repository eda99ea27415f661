//! What every system is started, asked and counted by.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use liandong_load::process;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The variable that names a peer's program, which `cargo xtask bench` sets.
pub(crate) fn program(variable: &str) -> Result<std::path::PathBuf> {
    let named = std::env::var_os(variable);
    let named = named.with_context(|| {
        format!("{variable} names no program; `cargo xtask bench speed` installs it and sets it")
    })?;
    Ok(named.into())
}

/// A folder for data, where the nodes have theirs, that another user may be let into.
pub(crate) fn folder() -> Result<TempDir> {
    Ok(tempfile::Builder::new()
        .prefix("liandong-bench-")
        .tempdir()?)
}

/// A part of this program as a server in a process of its own, killed when dropped. It is told what
/// to do by lines and answers by lines.
pub(crate) struct Own {
    process: Child,
    pub(crate) says: Lines<BufReader<ChildStdout>>,
    pub(crate) told: ChildStdin,
}

impl Own {
    /// Starts it with these arguments; what its first line says.
    pub(crate) async fn start(arguments: &[&str]) -> Result<(Self, String)> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let says = process.stdout.take().context("no output")?;
        let told = process.stdin.take().context("no input")?;
        let mut says = BufReader::new(says).lines();
        let first = says.next_line().await?;
        let first = first.with_context(|| format!("{arguments:?} did not start"))?;
        let own = Self {
            process,
            says,
            told,
        };
        Ok((own, first))
    }

    pub(crate) fn pid(&self) -> Result<u32> {
        self.process.id().context("the server has ended")
    }

    pub(crate) fn cpu(&self) -> Result<Duration> {
        Ok(process::cpu_time(self.pid()?)?)
    }

    /// Ends it and waits until it is gone.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.process.kill().await?;
        Ok(())
    }
}

/// Serves until whoever started this is gone, however it went.
pub(crate) async fn while_told(serving: impl Future<Output = Result<()>>) -> Result<()> {
    let (mut input, mut told) = (tokio::io::stdin(), Vec::new());
    tokio::select! {
        served = serving => served,
        _ = input.read_to_end(&mut told) => Ok(()),
    }
}

/// A command that gets a signal when this process is gone, however it went.
pub(crate) fn ended_with_this(signal: &str) -> std::process::Command {
    let mut command = std::process::Command::new("setpriv");
    command.arg(format!("--pdeathsig={signal}"));
    command
}

/// A port of the loopback address that nobody has just now.
pub(crate) fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?.port())
}

/// Waits for something that is asked again and again, for half a minute.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> Result<T> {
    for _ in 0..600 {
        if let Some(found) = ask().await {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("{what} was not ready within 30 s")
}

/// The end of a log, for a message.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(20).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut std::process::Command) -> Result<()> {
    let said = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(
        said.status.success(),
        "{command:?}: {}: {}{}",
        said.status,
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr)
    );
    Ok(())
}
