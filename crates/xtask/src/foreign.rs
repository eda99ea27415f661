//! Clients in other languages, made from the same `proto/`, against a real node.

use anyhow::{Context, Result};

use crate::run::{Bench, Show};
use crate::steps::program;
use crate::tools;

/// The protocol's files, as the client's stubs are made from them.
const PROTOS: [&str; 6] = [
    "admin",
    "collaboration",
    "link",
    "progress",
    "rollup",
    "task",
];

/// Prepares both clients and runs the test that starts a node and lets them at it.
pub(crate) fn run(bench: &mut Bench<'_>) -> Result<()> {
    let python = tools::python(bench)?;
    let stubs = bench.target.join("tools/stubs");
    std::fs::create_dir_all(&stubs).with_context(|| format!("cannot make {}", stubs.display()))?;
    let mut generate = bench.command(&python);
    generate.args(["-m", "grpc_tools.protoc", "--proto_path", "proto"]);
    for kind in ["--python_out", "--grpc_python_out"] {
        generate.arg(kind).arg(&stubs);
    }
    generate.args(PROTOS.map(|noun| format!("liandong/{noun}/v1/{noun}.proto")));
    bench.run(&mut generate, Show::Nothing)?;
    let node_project = tools::node_project(bench)?;
    let program = program(bench)?;
    let arguments = [
        "test",
        "--locked",
        "-p",
        "liandong-tests",
        "--test",
        "foreign",
    ];
    let mut test = bench.cargo(&arguments);
    test.args(["--", "--ignored", "--nocapture"])
        .env("LIANDONG_BIN", program)
        .env("LIANDONG_TEST_PYTHON", python)
        .env("LIANDONG_TEST_STUBS", stubs)
        .env("LIANDONG_TEST_NODE_PROJECT", node_project);
    bench.run(&mut test, Show::Findings)
}
