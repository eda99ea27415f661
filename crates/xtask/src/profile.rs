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
/// The load goes on for so many seconds more: perf takes its time to begin, and one that loses its
/// process before it ends has failed.
const AROUND: u32 = 10;
/// Not a multiple of what anything in the program does by the clock.
const TIMES_A_SECOND: &str = "997";
/// How many functions are listed.
const LISTED: usize = 30;
const FRAME_POINTERS: &str = "-Cforce-frame-pointers=yes";

/// What `cargo xtask profile` was asked for.
#[derive(Debug, PartialEq, Eq)]
enum Asked<'a> {
    /// A node under load, for so many seconds.
    Node(u32),
    /// What perf has recorded of any program with names.
    Recording(&'a Path),
}

/// `cargo xtask profile [--seconds N | --data FILE]`.
///
/// # Errors
/// A wrong argument, a program that does not build, or a machine on which perf cannot look.
pub(crate) fn command(root: &Path, arguments: &[&str]) -> Result<bool> {
    if matches!(arguments, ["help" | "-h" | "--help"]) {
        print_help();
        return Ok(true);
    }
    let asked = asked(arguments)?;
    let mut bench = Bench::begin(root, "profile")?;
    tools::install_perf(&mut bench)?;
    let folder = bench.target.join("profile");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    let data = match asked {
        Asked::Recording(data) => data.to_owned(),
        Asked::Node(seconds) => {
            may_look(&mut bench, &folder)?;
            let built = build(&mut bench)?;
            let data = folder.join("perf.data");
            let mut load = Load::start(&built, seconds + AROUND)?;
            record(&mut bench, &load.node, seconds, &data)?;
            load.finish()?;
            data
        }
    };
    show(&mut bench, &folder, &data)?;
    Ok(true)
}

/// Prints what a recording says and leaves it as files.
fn show(bench: &mut Bench<'_>, folder: &Path, data: &Path) -> Result<()> {
    let mut script = bench.command("perf");
    script.args([
        "script",
        "--no-inline",
        "--fields",
        "comm,ip,sym",
        "--input",
    ]);
    let stacks = Stacks::read(&bench.output(script.arg(data))?);
    ensure!(
        stacks.samples() > 0,
        "there is not one sample in {}",
        data.display()
    );
    print!("{}", costs::table(&stacks, LISTED));
    keep(&folder.join("stacks.folded"), &stacks.folded())?;
    let title = format!("{} samples of the processor's time", stacks.samples());
    let picture = folder.join("flame.svg");
    keep(&picture, &flame::svg(&stacks, &title))?;
    println!("open {} in a browser", picture.display());
    Ok(())
}

fn print_help() {
    println!("cargo xtask profile [--seconds N | --data FILE]");
    println!();
    println!(
        "Builds the program as it is shipped, with names; puts a node under load for N seconds"
    );
    println!(
        "({DEFAULT_SECONDS} unless told); prints what its time went into, and leaves in target/profile"
    );
    println!("flame.svg (for a browser), stacks.folded (for other tools) and perf.data.");
    println!("--data FILE shows what `perf record --call-graph fp` has left in a file.");
}

fn asked<'a>(arguments: &[&'a str]) -> Result<Asked<'a>> {
    match arguments {
        [] => Ok(Asked::Node(DEFAULT_SECONDS)),
        ["--seconds", text] => {
            let seconds = text.parse().ok();
            let seconds = seconds.filter(|seconds| (1..=MOST_SECONDS).contains(seconds));
            seconds.map(Asked::Node).with_context(|| {
                format!("--seconds {text}: a whole number from 1 to {MOST_SECONDS}")
            })
        }
        ["--data", file] => Ok(Asked::Recording(Path::new(*file))),
        [other, ..] => bail!("unknown option {other:?}; accepted: --seconds N, --data FILE"),
    }
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Asked, DEFAULT_SECONDS, asked};

    #[test]
    fn what_is_asked_for_is_read_or_refused() {
        let read = |words: &[&str]| asked(words).map(|asked| format!("{asked:?}")).ok();
        let node = |seconds| Some(format!("{:?}", Asked::Node(seconds)));
        assert_eq!(read(&[]), node(DEFAULT_SECONDS));
        assert_eq!(read(&["--seconds", "3"]), node(3));
        let file = Asked::Recording(Path::new("perf.data"));
        assert_eq!(read(&["--data", "perf.data"]), Some(format!("{file:?}")));
        for wrong in [
            &["--seconds", "0"][..],
            &["--seconds"],
            &["--seconds", "601"],
            &["fast"],
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
