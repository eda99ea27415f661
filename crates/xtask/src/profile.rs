//! `cargo xtask profile`: where a node under load spends its time, by the names of its functions.
//!
//! The program is built as it is shipped, with names and frame pointers. A county's schools push to
//! a node with certificates for as long as is asked; perf looks at the node's process a thousand
//! times a second of processor time. What it saw is added up here.

mod costs;
mod flame;
mod samples;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::run::{Bench, Show};
use crate::tools;
use samples::Stacks;

const DEFAULT_SECONDS: u32 = 15;
const MOST_SECONDS: u32 = 600;
/// Not a multiple of what anything in the program does by the clock.
const TIMES_A_SECOND: &str = "997";
/// How many functions are listed.
const LISTED: usize = 25;
const FRAME_POINTERS: &str = "-Cforce-frame-pointers=yes";

/// `cargo xtask profile [--seconds N]`.
///
/// # Errors
/// A wrong argument, a program that does not build, or a machine on which perf cannot look.
pub(crate) fn command(root: &Path, arguments: &[&str]) -> Result<bool> {
    if matches!(arguments, ["help" | "-h" | "--help"]) {
        print_help();
        return Ok(true);
    }
    let seconds = seconds(arguments)?;
    let mut bench = Bench::new(root, "profile")?;
    tools::install_perf(&mut bench)?;
    let folder = bench.target.join("profile");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    may_look(&mut bench, &folder)?;
    let built = build(&mut bench)?;
    let data = folder.join("perf.data");
    let mut load = Load::start(&built, seconds)?;
    record(&mut bench, &load.node, seconds, &data)?;
    load.finish()?;
    let mut script = bench.command("perf");
    script.args([
        "script",
        "--no-inline",
        "--fields",
        "comm,ip,sym",
        "--input",
    ]);
    let stacks = Stacks::read(&bench.output(script.arg(&data))?);
    ensure!(
        stacks.samples() > 0,
        "perf saw nothing of the node; {} has its words",
        bench.target.join("xtask/profile.log").display()
    );
    print!("{}", costs::table(&stacks, LISTED));
    keep(&folder.join("stacks.folded"), &stacks.folded())?;
    let title = format!("liandong serve under load, {} samples", stacks.samples());
    let picture = folder.join("flame.svg");
    keep(&picture, &flame::svg(&stacks, &title))?;
    println!("open {} in a browser", picture.display());
    Ok(true)
}

fn print_help() {
    println!("cargo xtask profile [--seconds N]");
    println!();
    println!(
        "Builds the program as it is shipped, with names; puts a node under load for N seconds"
    );
    println!(
        "({DEFAULT_SECONDS} unless told); prints what its time went into, and leaves in target/profile"
    );
    println!("flame.svg (for a browser), stacks.folded (for other tools) and perf.data.");
}

fn seconds(arguments: &[&str]) -> Result<u32> {
    let text = match arguments {
        [] => return Ok(DEFAULT_SECONDS),
        ["--seconds", text] => text,
        [other, ..] => bail!("unknown option {other:?}; accepted: --seconds N"),
    };
    let seconds = text.parse().ok();
    let seconds = seconds.filter(|seconds| (1..=MOST_SECONDS).contains(seconds));
    seconds.with_context(|| format!("--seconds {text}: a whole number from 1 to {MOST_SECONDS}"))
}

/// Whether perf may look at processes here, asked before anything takes long.
fn may_look(bench: &mut Bench<'_>, folder: &Path) -> Result<()> {
    let mut trial = bench.command("perf");
    trial
        .args(["record", "--event", "cpu-clock", "--output"])
        .arg(folder.join("trial.data"))
        .args(["--", "true"]);
    bench.run(&mut trial, Show::Nothing).context(
        "perf may not look at processes here; run this as root, or let it: \
         sysctl kernel.perf_event_paranoid=1",
    )
}

/// The programs that are needed.
struct Built {
    node: PathBuf,
    load: PathBuf,
}

fn build(bench: &mut Bench<'_>) -> Result<Built> {
    let profile = ["build", "--locked", "--profile", "profiling"];
    let wanted: [&[&str]; 2] = [
        &["--package", "liandong", "--bin", "liandong"],
        &["--package", "liandong-tests", "--example", "ingest"],
    ];
    for what in wanted {
        let mut cargo = bench.cargo(&profile);
        let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
        cargo.args(what).env(
            "RUSTFLAGS",
            format!("{flags} {FRAME_POINTERS}").trim_start(),
        );
        bench.run(&mut cargo, Show::Nothing)?;
    }
    let folder = bench.target.join("profiling");
    Ok(Built {
        node: folder.join("liandong"),
        load: folder.join("examples/ingest"),
    })
}

/// What pushes, with the node that it has started.
struct Load {
    process: Child,
    said: BufReader<std::process::ChildStdout>,
    /// The node's process.
    node: String,
}

impl Load {
    fn start(built: &Built, seconds: u32) -> Result<Self> {
        let mut process = Command::new(&built.load)
            .arg(seconds.to_string())
            .env("LIANDONG_BIN", &built.node)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", built.load.display()))?;
        let said = process.stdout.take().context("a load without an output")?;
        let mut said = BufReader::new(said);
        let mut line = String::new();
        said.read_line(&mut line)
            .context("cannot read what the load says")?;
        let node = line.trim().strip_prefix("node: ");
        let node = node.with_context(|| format!("the load did not begin; it said {line:?}"))?;
        let node = node.to_owned();
        Ok(Self {
            process,
            said,
            node,
        })
    }

    fn finish(&mut self) -> Result<()> {
        for line in (&mut self.said).lines() {
            println!("{}", line.context("cannot read what the load says")?);
        }
        let status = self.process.wait().context("cannot wait for the load")?;
        ensure!(status.success(), "the load: {status}");
        Ok(())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // One that has ended already needs no ending; its node ends with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn record(bench: &mut Bench<'_>, node: &str, seconds: u32, data: &Path) -> Result<()> {
    println!("looking at the node for {seconds} s");
    let mut record = bench.command("perf");
    record
        .args(["record", "--event", "cpu-clock", "--freq", TIMES_A_SECOND])
        .args(["--call-graph", "fp", "--pid", node, "--output"])
        .arg(data)
        .args(["--", "sleep", &seconds.to_string()]);
    bench.run(&mut record, Show::Nothing)
}

fn keep(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
