//! What the machine lets a test do: programs that are there, and commands that must go well.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Runs a command to its end and returns what it printed.
///
/// # Errors
/// When it cannot be started or does not exit with 0; with what it said.
pub fn run(words: &[&str]) -> Result<String> {
    let (program, arguments) = words.split_first().context("no command")?;
    let said = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    ensure!(
        said.status.success(),
        "{}: {}: {}",
        words.join(" "),
        said.status,
        String::from_utf8_lossy(&said.stderr).trim()
    );
    Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

/// Why a test that is to be run as root and needs these programs cannot be run here; `None` when
/// it can.
pub fn lacks(programs: &[&str]) -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("needs root".to_owned());
    }
    lacks_program(programs)
}

/// The programs that are not installed here, as a reason; `None` when all are.
pub fn lacks_program(programs: &[&str]) -> Option<String> {
    let places = [
        "/usr/local/sbin",
        "/usr/local/bin",
        "/usr/sbin",
        "/usr/bin",
        "/sbin",
        "/bin",
    ];
    let missing: Vec<&str> = programs
        .iter()
        .copied()
        .filter(|program| {
            !places
                .iter()
                .any(|place| Path::new(place).join(program).exists())
        })
        .collect();
    (!missing.is_empty()).then(|| format!("needs {}", missing.join(", ")))
}

/// Whether a process of that id is there.
pub fn is_running(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}
